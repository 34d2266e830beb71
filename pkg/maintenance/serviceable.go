package maintenance

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// Serviceable lists what must hold before the nodes are switched off, and
// whether it does: no guest is on them, the cluster keeps its quorum, and Ceph
// keeps answering every client without them.
func Serviceable(e Evidence) Checklist {
	var c Checklist
	d := pve.DrainOf(e.PVE)
	e.drained(&c, d)
	switch {
	case len(d.Doubts) == 0:
		e.alive(&c)
		e.quorum(&c)
		e.others(&c)
	case e.PVE.Cluster.Lost:
		e.quorum(&c) // whatever else is not known
	}
	e.ceph(&c)
	return c
}

// drained: whoever is still there would be switched off with the node.
func (e Evidence) drained(c *Checklist, d pve.Drain) {
	const name = "no guest is left"
	if len(e.PVE.Leaving) == 0 {
		c.add(Unknown, name, "no node is named", "say which one with --node")
	}
	for _, text := range d.Doubts {
		c.add(Unknown, name, text, e.doubtNext())
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
	if len(e.PVE.Leaving) > 0 && len(d.Doubts)+len(d.Left)+len(d.Arriving)+len(d.Finishing)+len(d.Unconfirmed) == 0 {
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
	if len(d.Astray) > 0 {
		names := make([]string, len(d.Astray))
		for i, g := range d.Astray {
			names[i] = g.String() + " on " + g.Node
		}
		c.add(Reserved, "every guest has its node", "on a node that the cluster does not know, with no status: "+list(names, 4), "remove what an old node has left below /etc/pve/nodes")
	}
	for _, text := range d.Busy {
		c.add(Reserved, "no task runs", text, "wait until it has ended, or stop it")
	}
}

// doubtNext is what to do about what is not known of the guests. The most
// fundamental reason comes first: with it mended the others may be gone.
func (e Evidence) doubtNext() string {
	p := e.PVE.Cluster
	switch {
	case len(p.Rights)+len(p.Hidden()) > 0:
		return "give it the role PVEAuditor on /"
	case p.Lost:
		return "bring the missing nodes back first"
	case slices.ContainsFunc(e.PVE.Leaving, func(n string) bool { _, known := p.Node(n); return !known }) && len(p.Gaps) == 0:
		return "name it with --node as the cluster does"
	}
	return "ask again when this can be told"
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
		doubt, risk := e.resources(n.Name)
		switch {
		case ha.Nodes[n.Name] == "fence":
			c.add(Fails, name, n.Name+" is being fenced", "wait until HA has recovered its guests, and find out why")
		case !n.Online && !ha.Maintenance(n.Name):
			c.add(Fails, name, n.Name+" is offline and in no maintenance", "find out what is wrong with "+n.Name+" first")
		case n.Online && doubt != "" && risk:
			c.add(Fails, name, doubt+", "+n.Name+" may be fenced at any moment", "see systemctl status pve-ha-lrm on "+n.Name)
		case ha.Maintenance(n.Name):
			c.add(Reserved, name, n.Name+" is in HA maintenance too", "finish one node before the next")
		case doubt != "":
			c.add(Reserved, name, doubt, "see systemctl status pve-ha-lrm on "+n.Name)
		case n.Status != "online":
			c.add(Reserved, name, "pvestatd of "+n.Name+" is silent", "see systemctl status pvestatd on "+n.Name)
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

// resources says what is wrong with the HA resource manager of a node that
// stays. One that held its lock and went silent is a node whose watchdog runs
// out: risk is true.
func (e Evidence) resources(node string) (doubt string, risk bool) {
	ha := e.PVE.Cluster.HA
	if !ha.Used() {
		return "", false
	}
	lrm := ha.LRM[node]
	if state := ha.Nodes[node]; state != "" && state != "online" && state != "maintenance" {
		return "HA says that " + node + " is " + state, true
	}
	if ha.Disarm != "" {
		return "", false // no watchdog is armed, and the lock is given back
	}
	if lrm.State == "lost_agent_lock" {
		return "the local resource manager of " + node + " lost its lock", true
	}
	if silence, wrote := ha.Silence(node); wrote && silence > heartbeat {
		return "the local resource manager of " + node + " is silent", lrm.State == "active"
	} else if !wrote {
		return "the local resource manager of " + node + " never said anything", false
	}
	return "", false
}

// alive: what HA last wrote must not be old. Its parts are compared with one
// another elsewhere; when all of them stand still only the node's clock tells.
func (e Evidence) alive(c *Checklist) {
	p := e.PVE.Cluster
	if !p.HA.Used() || p.HA.Disarm != "" {
		return
	}
	if newest := newest(p.HA); newest.IsZero() || !p.Time.IsZero() && p.Time.Sub(newest) > heartbeat {
		c.add(Unknown, "HA is alive", "no part of HA has written anything for more than a minute", "see ha-manager status, and pve-ha-crm and pve-ha-lrm on the nodes")
	}
}

func newest(ha pve.HA) time.Time {
	t := ha.Time
	for _, l := range ha.LRM {
		if l.Time.After(t) {
			t = l.Time
		}
	}
	return t
}
