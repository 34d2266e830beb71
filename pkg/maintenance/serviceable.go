package maintenance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// Serviceable lists what must hold before the nodes are switched off, and
// whether it does: no guest is on them, the cluster keeps its quorum, and Ceph
// keeps answering every client without them.
func Serviceable(e Evidence) Checklist {
	var c Checklist
	d := pve.DrainOf(e.PVE)
	e.drained(&c, d)
	if len(d.Doubts) == 0 {
		e.quorum(&c)
		e.others(&c)
	}
	e.ceph(&c)
	return c
}

// drained: whoever is still there would be switched off with the node.
func (e Evidence) drained(c *Checklist, d pve.Drain) {
	const name = "no guest is left"
	for _, text := range d.Doubts {
		c.add(Unknown, name, text, "ask again when this can be told")
	}
	for _, l := range d.Left {
		c.add(Fails, name, l.Guest.String()+" "+l.Why, l.Next)
	}
	for _, text := range slices.Concat(d.Arriving, d.Finishing) {
		c.add(Fails, name, text, "wait until it has ended")
	}
	// A list that may be five minutes old does not prove an empty node.
	for _, n := range d.Unconfirmed {
		c.add(Unknown, name, n+" did not give its own list of guests", "find out why pveproxy on "+n+" does not answer")
	}
	if len(d.Doubts)+len(d.Left)+len(d.Arriving)+len(d.Finishing)+len(d.Unconfirmed) == 0 {
		c.add(Holds, name, "no guest runs on "+e.names(), "")
	}
	const ha = "HA keeps away"
	for _, n := range d.Returns {
		c.add(Reserved, ha, "HA may bring guests back to "+n+", its maintenance is not requested", "ha-manager crm-command node-maintenance enable "+n)
	}
	for _, n := range d.Pending {
		c.add(Reserved, ha, "HA maintenance of "+n+" is requested and not yet in force", "wait some seconds and ask again")
	}
	if d.Disarmed {
		c.add(Reserved, ha, "HA is disarmed, it would recover no guest", "ha-manager crm-command arm-ha, once the node is back")
	}
	for _, text := range d.Busy {
		c.add(Reserved, "no task runs", text, "wait until it has ended, or stop it")
	}
}

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
	switch {
	case p.Standalone:
		c.add(Holds, name, p.Name+" stands alone, there is no quorum to lose", "")
	case !p.Quorate || p.Lost:
		c.add(Fails, name, "there is no quorum already", "bring the missing nodes back first")
	case !v.Known:
		c.add(Unknown, name, "the votes of the cluster are not known", "let the token read /cluster/config (Sys.Audit on /)")
	case !v.Survives(e.PVE.Leaving...):
		c.add(Fails, name, sum, e.quorumNext())
	default:
		c.add(Holds, name, sum, "")
	}
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
		return "bring " + strings.Join(off, " and ") + " back first"
	case len(e.PVE.Leaving) > 1:
		return "service one node after the other"
	}
	return "add a qdevice (pvecm qdevice setup) or a node"
}

// others: two nodes in trouble at once are one too many, whatever the sums say.
func (e Evidence) others(c *Checklist) {
	const name = "the other nodes are well"
	ha := e.PVE.Cluster.HA
	fine := true
	for _, n := range e.PVE.Cluster.Nodes {
		if slices.Contains(e.PVE.Leaving, n.Name) {
			continue
		}
		switch {
		case ha.Nodes[n.Name] == "fence":
			c.add(Fails, name, n.Name+" is being fenced", "wait until HA has recovered its guests, and find out why")
		case !n.Online && !ha.Maintenance(n.Name):
			c.add(Fails, name, n.Name+" is offline and in no maintenance", "find out what is wrong with "+n.Name+" first")
		case ha.Maintenance(n.Name):
			c.add(Reserved, name, n.Name+" is in HA maintenance too", "finish one node before the next")
		default:
			continue
		}
		fine = false
	}
	for _, s := range ha.Services {
		switch s.State {
		case "fence", "recovery":
			c.add(Fails, name, "HA is recovering "+s.SID, "wait until it runs again")
			fine = false
		case "error":
			c.add(Reserved, name, "HA gave up on "+s.SID, "ha-manager set "+s.SID+" --state disabled, then started")
			fine = false
		}
	}
	if fine {
		c.add(Holds, name, "every other node is online", "")
	}
}
