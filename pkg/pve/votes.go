package pve

import (
	"slices"
	"strings"
)

// Votes is the arithmetic of corosync's votequorum: the cluster works while
// more than half of the expected votes are present. Options that change it
// (two_node, last_man_standing, auto_tie_breaker, wait_for_all) are visible in
// no answer of the API; without a qdevice Proxmox VE sets none of them.
type Votes struct {
	Voters []Voter
	Device Device
	// Known is true when every figure the sums need was read. Sums of unknown
	// votes prove nothing.
	Known bool
}

// Voter is a node with its votes.
type Voter struct {
	Node   string
	Votes  int
	Online bool
}

// Device is the cluster's quorum device; the zero value is none.
type Device struct {
	Present   bool
	State     string // Connected, Connect failed, ...
	Algorithm string
	Host      string
	// Votes it casts while connected.
	Votes int
}

// Connected says whether the device casts its votes.
func (d Device) Connected() bool { return d.Present && d.State == "Connected" }

// deviceVotes is what a qdevice of the given algorithm adds in a cluster of n
// nodes: one for the fifty-fifty split and the two-node kind, one less than
// the nodes for last man standing (corosync-qdevice(8)). False for algorithms
// that are not known.
func deviceVotes(algorithm string, n int) (int, bool) {
	a := strings.ToLower(algorithm)
	switch {
	case strings.Contains(a, "fifty"), strings.Contains(a, "ffsplit"), strings.HasPrefix(a, "2"):
		return 1, true
	case strings.Contains(a, "lms"), strings.Contains(a, "last man"):
		return max(n-1, 0), true
	}
	return 0, false
}

// Expected is the sum of all votes, present or not.
func (v Votes) Expected() int {
	sum := v.Device.votes()
	for _, n := range v.Voters {
		sum += n.Votes
	}
	return sum
}

func (d Device) votes() int {
	if !d.Present {
		return 0
	}
	return d.Votes
}

// Need is how many votes must be present.
func (v Votes) Need() int { return v.Expected()/2 + 1 }

// Present is the sum of the votes that are there, leaving out the nodes named.
func (v Votes) Present(without ...string) int {
	sum := 0
	if v.Device.Connected() {
		sum = v.Device.Votes
	}
	for _, n := range v.Voters {
		if n.Online && !slices.Contains(without, n.Node) {
			sum += n.Votes
		}
	}
	return sum
}

// Survives says whether quorum holds once all the nodes named are gone, with
// those that are missing already still missing. Never true when the votes are
// not known.
func (v Votes) Survives(without ...string) bool {
	return v.Known && v.Present(without...) >= v.Need()
}

// Margin is how many of the voters that are present (nodes, and the qdevice
// as one) may fail, whichever they are, before quorum is lost; -1 when it is
// lost already or nothing is known.
func (v Votes) Margin() int {
	if !v.Known {
		return -1
	}
	var voters []int
	for _, n := range v.Voters {
		if n.Online {
			voters = append(voters, n.Votes)
		}
	}
	if v.Device.Connected() {
		voters = append(voters, v.Device.Votes)
	}
	// The worst that can happen is that the heaviest go first.
	slices.Sort(voters)
	margin, left := -1, v.Present()
	for left >= v.Need() {
		margin++
		if len(voters) == 0 {
			break
		}
		left -= voters[len(voters)-1]
		voters = voters[:len(voters)-1]
	}
	return margin
}

// With is the arithmetic as it would be if the nodes named were present, and
// the qdevice connected when device is set.
func (v Votes) With(device bool, nodes ...string) Votes {
	v.Voters = slices.Clone(v.Voters)
	for i, n := range v.Voters {
		if slices.Contains(nodes, n.Node) {
			v.Voters[i].Online = true
		}
	}
	if device && v.Device.Present {
		v.Device.State = "Connected"
	}
	return v
}

// Whole is the arithmetic with every voter present: what the cluster can bear
// by construction.
func (v Votes) Whole() Votes {
	names := make([]string, 0, len(v.Voters))
	for _, n := range v.Voters {
		names = append(names, n.Node)
	}
	return v.With(true, names...)
}
