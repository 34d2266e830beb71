package pve

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Votes is the arithmetic of corosync's votequorum. A node works while the
// votes it counts are more than half of the expected ones, and each node counts
// for itself: the votes of the nodes it sees, and those of the quorum device
// only while its own corosync-qdevice is given them. In one membership a node
// can be quorate and its neighbour not (seen on corosync 3.1.7, qdevice 3.0.3).
//
// Expected are the votes of all nodes and of the device, from the moment its
// section stands in corosync.conf, whether or not any daemon runs.
//
// What no answer of the API shows: quorum.expected_votes and device.votes set
// by hand, corosync-quorumtool -e and -v, and the options two_node,
// last_man_standing, auto_tie_breaker and wait_for_all; Proxmox VE sets none.
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
	// Daemon is its own connection to the quorum device.
	Daemon Daemon
}

// Daemon is what a node itself says of its corosync-qdevice. The zero value is
// that of a node that was not asked.
type Daemon struct {
	// Told is true when the node itself has answered, Err says why it has not.
	Told bool
	Err  error
	// State is Connected, Connect failed, ...; empty when no daemon runs.
	State string
	// Casts says that the device gave its votes to this node.
	Casts bool
}

// String says how the daemon is, in words for people.
func (d Daemon) String() string {
	switch {
	case !d.Told:
		return "not told"
	case d.State == "":
		return "not running"
	case d.State == "Connected" && !d.Casts:
		return "connected, and not given the vote"
	}
	return d.State
}

// Device is the cluster's quorum device; the zero value is none.
type Device struct {
	Present   bool
	Algorithm string
	Host      string
	// Votes it gives to each node that it gives any.
	Votes int
	// Seen is when a node last told of it, where no node does now; zero while
	// one does.
	Seen time.Time
	// On is the node whose failure takes it along, see [Cluster.DeviceNode].
	On string
}

// At says that the device answers at one of these names or addresses. Its daemons
// know it by either, with the port behind it and without brackets:
// 192.0.2.9:5403.
func (d Device) At(names ...string) bool {
	bare := d.Host
	if i := strings.LastIndexByte(bare, ':'); i > 0 {
		bare = bare[:i]
	}
	short, _, _ := strings.Cut(bare, ".")
	if _, err := netip.ParseAddr(bare); err == nil {
		short = bare
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && (strings.EqualFold(name, bare) || strings.EqualFold(name, d.Host) || strings.EqualFold(name, short))
	})
}

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
	sum := 0
	if v.Device.Present {
		sum = v.Device.Votes
	}
	for _, n := range v.Voters {
		sum += n.Votes
	}
	return sum
}

// Need is how many votes must be present.
func (v Votes) Need() int { return v.Expected()/2 + 1 }

// staying are the nodes that are online and not among those named.
func (v Votes) staying(without []string) []Voter {
	var out []Voter
	for _, n := range v.Voters {
		if n.Online && !slices.Contains(without, n.Node) {
			out = append(out, n)
		}
	}
	return out
}

// own are the device's votes for one node. A node that was not asked counts
// without.
func (v Votes) own(n Voter) int {
	if v.Device.Present && n.Daemon.Casts {
		return v.Device.Votes
	}
	return 0
}

// Weakest is the node that counts the fewest votes once all the nodes named
// are gone, with those that are missing already still missing, and how many.
// False when no node stays.
func (v Votes) Weakest(without ...string) (node string, votes int, found bool) {
	all := v.staying(without)
	nodes := 0
	for _, n := range all {
		nodes += n.Votes
	}
	for _, n := range all {
		if sum := nodes + v.own(n); !found || sum < votes {
			node, votes, found = n.Node, sum, true
		}
	}
	return node, votes, found
}

// Count is how many votes one node counts once all the nodes named are gone.
func (v Votes) Count(node string, without ...string) int {
	sum := 0
	for _, n := range v.staying(without) {
		if sum += n.Votes; n.Node == node {
			sum += v.own(n)
		}
	}
	return sum
}

// Present is how many votes the weakest node counts.
func (v Votes) Present(without ...string) int {
	_, votes, _ := v.Weakest(without...)
	return votes
}

// Survives says whether every node that stays keeps quorum once all the nodes
// named are gone. Never true when the votes are not known, or when no node
// stays.
func (v Votes) Survives(without ...string) bool {
	_, votes, found := v.Weakest(without...)
	return v.Known && found && votes >= v.Need()
}

// Margin is how many of the voters that are present (nodes, and the qdevice
// as one, unless it is on a node) may fail, whichever they are, before a node that
// is left has no quorum; -1 when one has none already or nothing is known.
func (v Votes) Margin() int {
	least, all := -1, v.staying(nil)
	for i, n := range all {
		var others []int
		device := v.own(n)
		for k, o := range all {
			if k == i {
				continue
			}
			if o.Node == v.Device.On {
				o.Votes, device = o.Votes+device, 0
			}
			others = append(others, o.Votes)
		}
		if device > 0 {
			others = append(others, device)
		}
		if m := v.spare(n.Votes, others); i == 0 || m < least {
			least = m
		}
	}
	if !v.Known {
		return -1
	}
	return least
}

// spare is how many of the others a node can lose, the heaviest first: the
// worst that can happen.
func (v Votes) spare(own int, others []int) int {
	slices.Sort(others)
	slices.Reverse(others)
	for _, o := range others {
		own += o
	}
	spare := -1
	for own >= v.Need() {
		spare++
		if spare == len(others) {
			break
		}
		own -= others[spare]
	}
	return spare
}

// Mute are the nodes that are online and told that the device gives them no
// votes, Unasked those that did not tell.
func (v Votes) Mute() []Voter { return v.daemons(func(d Daemon) bool { return d.Told && !d.Casts }) }

// Unasked are the nodes that are online and did not tell of their daemon.
func (v Votes) Unasked() []Voter { return v.daemons(func(d Daemon) bool { return !d.Told }) }

func (v Votes) daemons(which func(Daemon) bool) []Voter {
	if !v.Device.Present {
		return nil
	}
	return slices.DeleteFunc(v.staying(nil), func(n Voter) bool { return !which(n.Daemon) })
}

// With is the arithmetic as it would be if the nodes named were present and
// given the device's votes.
func (v Votes) With(nodes ...string) Votes {
	v.Voters = slices.Clone(v.Voters)
	for i, n := range v.Voters {
		if slices.Contains(nodes, n.Node) {
			v.Voters[i].Online = true
			v.Voters[i].Daemon = Daemon{Told: true, State: connected, Casts: v.Device.Present}
		}
	}
	return v
}

// Deviceless is the arithmetic once the device gives its votes to nobody.
func (v Votes) Deviceless() Votes {
	v.Voters = slices.Clone(v.Voters)
	for i := range v.Voters {
		v.Voters[i].Daemon.Casts = false
	}
	return v
}

// Hoped is the arithmetic as it would be if the device gave its votes to every
// node that did not tell.
func (v Votes) Hoped() Votes {
	return v.With(NodesOf(v.Unasked())...)
}

// Whole is the arithmetic with every voter present: what the cluster can bear
// by construction.
func (v Votes) Whole() Votes {
	return v.With(NodesOf(v.Voters)...)
}

// NodesOf are the names of voters.
func NodesOf(voters []Voter) []string {
	var out []string
	for _, v := range voters {
		out = append(out, v.Node)
	}
	return out
}
