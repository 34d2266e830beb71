package maintenance

import (
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// quorum: the votes that stay must be more than half of all.
func (e Evidence) quorum(c *Checklist) {
	const name = "quorum survives"
	p := e.PVE.Cluster
	v := p.Votes
	left, need := v.Present(e.PVE.Leaving...), v.Need()
	sum := fmt.Sprintf("%d of %d votes stay, %d needed", left, v.Expected(), need)
	if v.Device.Present && !v.Device.Connected() {
		sum += ", the qdevice is not connected (" + v.Device.State + ")"
	}
	doubt, next := e.voters()
	if doubt == "" {
		doubt, next = e.device()
	}
	switch {
	case p.Standalone:
		c.add(Holds, name, p.Name+" stands alone, there is no quorum to lose", "")
	case p.Lost:
		c.add(Fails, name, "there is no quorum already", "bring the missing nodes back first")
	case !p.Quorate:
		c.add(Unknown, name, "nobody says whether there is quorum", "ask again when the cluster answers whole")
	case !v.Known:
		c.add(Unknown, name, "the votes of the cluster are not known", "let the token read /cluster/config (Sys.Audit on /)")
	case !v.Survives(e.PVE.Leaving...):
		c.add(Fails, name, sum, e.quorumNext())
	case doubt != "":
		c.add(Unknown, name, doubt, next)
	default:
		c.add(Holds, name, sum, "")
	}
}

// voters says what is wrong with the list of votes: it must name every node
// once, or the sums are of another cluster.
func (e Evidence) voters() (doubt, next string) {
	p := e.PVE.Cluster
	seen := map[string]bool{}
	for _, v := range p.Votes.Voters {
		if _, member := p.Node(v.Node); !member || seen[v.Node] || v.Votes < 0 {
			return "the votes of " + v.Node + " cannot be right", "compare pvecm status with /etc/pve/corosync.conf"
		}
		seen[v.Node] = true
	}
	for _, n := range p.Nodes {
		if !seen[n.Name] {
			return "the votes of " + n.Name + " are not known", "compare pvecm status with /etc/pve/corosync.conf"
		}
	}
	return "", ""
}

// vanished is for how long a qdevice that is not told of any more is missed.
const vanished = 24 * time.Hour

// device says why the votes of a qdevice may be others than were told. Each
// node has a connection of its own to it and tells of no other; and a node on
// which its daemon does not run tells of no qdevice at all.
func (e Evidence) device() (doubt, next string) {
	p, last := e.PVE.Cluster, e.PVE.Memory.Device
	v := p.Votes
	switch {
	case v.Device.Connected() && e.leaves(p.Asked):
		v.Device.State = "not told"
		if !v.Survives(e.PVE.Leaving...) {
			return "only " + p.Asked + ", which leaves, was asked whether the qdevice is connected", "ask a node that stays, with -H"
		}
	case !v.Device.Present && !last.IsZero() && e.Now.Sub(last) < vanished:
		// pvecm qdevice setup gives one vote to an even number of nodes, and
		// one less than the nodes to an odd one.
		v.Device = pve.Device{Present: true, State: "not told", Votes: 1}
		if n := len(v.Voters); n%2 == 1 {
			v.Device.Votes = n - 1
		}
		if !v.Survives(e.PVE.Leaving...) {
			return fmt.Sprintf("%s knows of no qdevice, there was one until %s", p.Asked, last.Local().Format(time.RFC3339)), "see pvecm status there"
		}
	}
	return "", ""
}

func (e Evidence) quorumNext() string {
	var off []string
	for _, n := range e.PVE.Cluster.Nodes {
		if !n.Online && !slices.Contains(e.PVE.Leaving, n.Name) {
			off = append(off, n.Name)
		}
	}
	if d := e.PVE.Cluster.Votes.Device; d.Present && !d.Connected() {
		off = append(off, "the qdevice")
	}
	switch {
	case len(off) > 0:
		return "bring " + list(off, 6) + " back first"
	case len(e.PVE.Leaving) > 1:
		return "service one node after the other"
	}
	return "add a qdevice (pvecm qdevice setup) or a node"
}
