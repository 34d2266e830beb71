package maintenance

import (
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Serviceable lists what must hold before the nodes are switched off, and
// whether it does: no guest is on them, the cluster keeps its quorum, and Ceph
// keeps answering every client without them.
func Serviceable(e Evidence) Checklist {
	d := DrainOf(e)
	c := e.drained(d)
	switch {
	case len(d.Doubts) == 0:
		c = append(c, e.alive()...)
		c = append(c, e.quorum())
		c = append(c, e.others()...)
		c = append(c, e.replicated()...)
	case e.PVE.Cluster.Lost:
		c = append(c, e.quorum()) // whatever else is not known
	}
	return append(c, e.storage()...).held()
}

// Drained lists what must hold before a node counts as empty.
func Drained(e Evidence, d Drain) Checklist { return e.drained(d).held() }

const (
	noGuestLeft question = "no guest is left"
	haKeepsAway question = "HA keeps away"
	guestsHome  question = "every guest has its node"
	noTask      question = "no task runs"
)

// drained: whoever is still there would be switched off with the node.
func (e Evidence) drained(d Drain) Checklist {
	var c Checklist
	if len(e.PVE.Leaving) == 0 {
		c = append(c, noGuestLeft.unknown("no node is named", say("say which one with --node")))
	}
	for _, text := range d.Doubts {
		c = append(c, noGuestLeft.unknown(text, e.doubtNext()...))
	}
	for _, l := range d.Left {
		c = append(c, noGuestLeft.fails(l.Guest.String()+" "+l.Why, l.Next...))
	}
	for _, text := range slices.Concat(d.Arriving, d.Finishing) {
		c = append(c, noGuestLeft.fails(text, say("wait until it has ended")))
	}
	// A list that may be five minutes old does not prove an empty node.
	for _, n := range d.Unconfirmed {
		c = append(c, noGuestLeft.unknown(n+" did not give its own list of guests", run(n, "systemctl status pveproxy")))
	}
	if len(e.PVE.Leaving) > 0 && len(c) == 0 {
		c = append(c, noGuestLeft.holds("no guest runs on "+e.names()+stays(d)))
	}
	c = append(c, e.keptAway(d)...)
	if len(d.Astray) > 0 {
		names := make([]string, len(d.Astray))
		for i, g := range d.Astray {
			names[i] = g.String() + " on " + g.Node
		}
		c = append(c, guestsHome.reserved("on a node that the cluster does not know, with no status: "+phrase.List(names, 4), say("remove what an old node has left below /etc/pve/nodes")))
	}
	for _, text := range d.Busy {
		c = append(c, noTask.reserved(text, say("wait until it has ended, or stop it")))
	}
	return c
}

// stays names what is there and does not run.
func stays(d Drain) string {
	if len(d.Stopped) == 0 {
		return ""
	}
	names := make([]string, len(d.Stopped))
	for i, g := range d.Stopped {
		if names[i] = g.String() + " (stopped)"; g.Template {
			names[i] = g.String() + " (template)"
		}
	}
	return ", there stay " + phrase.List(names, phrase.Some)
}

// keptAway: HA must not bring guests back.
func (e Evidence) keptAway(d Drain) Checklist {
	var c Checklist
	for _, n := range d.Returns {
		c = append(c, haKeepsAway.reserved("HA may bring guests back to "+n+", its maintenance is not requested", e.enable(n)...))
	}
	for _, n := range d.Pending {
		c = append(c, haKeepsAway.reserved("HA maintenance of "+n+" is requested and not yet in force", say("wait some seconds and ask again")))
	}
	if d.Disarmed {
		c = append(c, haKeepsAway.reserved("HA is disarmed, it would recover no guest and takes no maintenance", say("arm it again in the end: ha-manager crm-command arm-ha")))
	}
	if len(c) > 0 || !e.PVE.Cluster.HA.Used() || len(d.Doubts) > 0 {
		return c
	}
	for _, name := range e.PVE.Leaving {
		text := name + " is in HA maintenance"
		if n, _ := e.PVE.Cluster.Node(name); !n.Online {
			text = name + " is off, in HA maintenance"
		}
		c = append(c, haKeepsAway.holds(text))
	}
	return c
}

// enable asks HA to empty a node.
func (e Evidence) enable(node string) []Step {
	there := containers(e.PVE.Cluster.HA, func(s pve.Service) bool { return s.Node == node })
	return agreed(there, e.pve("ha-manager crm-command node-maintenance enable "+node))
}

// containers under HA that run, by their services.
func containers(ha pve.HA, where func(pve.Service) bool) []string {
	var out []string
	for _, s := range ha.Services {
		if strings.HasPrefix(s.SID, "ct:") && where(s) && s.State != "stopped" {
			out = append(out, s.SID)
		}
	}
	return out
}

// agreed is a step that has HA move containers: each is shut down for that and
// started elsewhere (pve-ha-manager, PVE/HA/Resources/PVECT.pm: "always relocate
// container for now"), which its users notice.
func agreed(containers []string, step Step) []Step {
	if len(containers) == 0 {
		return []Step{step}
	}
	return []Step{say(agree + ", HA restarts " + phrase.List(containers, phrase.Few)), step}
}

// doubtNext is what to do about what is not known of the guests. The most
// fundamental reason comes first: with it mended the others may be gone.
func (e Evidence) doubtNext() []Step {
	p := e.PVE.Cluster
	switch {
	case len(p.Rights)+len(p.Hidden()) > 0:
		return []Step{say("give it the role PVEAuditor on /")}
	case p.Lost:
		return []Step{say("bring the missing nodes back first")}
	case slices.ContainsFunc(e.PVE.Leaving, func(n string) bool { _, known := p.Node(n); return !known }) && len(p.Gaps) == 0:
		return []Step{say("name it with --node as the cluster does")}
	}
	return nil
}

// onNodes are kinds of storages that keep their copies on the nodes themselves, as
// Ceph does, and whose state no answer of Proxmox VE tells.
var onNodes = []string{"drbd", "glusterfs", "sheepdog"}

const copiesElsewhere question = "other storages can do without it"

// replicated: such a storage may have its last good copy on the node, or need it.
func (e Evidence) replicated() Checklist {
	var c Checklist
	said := map[string]bool{}
	for _, s := range e.PVE.Cluster.Storages {
		if s.Shared && slices.Contains(onNodes, s.Plugin) && !said[s.Name] {
			said[s.Name] = true
			c = append(c, copiesElsewhere.reserved("storage "+s.Name+" ("+s.Plugin+") may keep copies on "+e.names()+", and Proxmox VE does not tell whether it can do without", say("see by its own tools that all copies are in sync")))
		}
	}
	return c
}

const othersWell question = "the other nodes are well"

// others: two nodes in trouble at once are one too many, whatever the sums say.
func (e Evidence) others() Checklist {
	var c Checklist
	ha := e.PVE.Cluster.HA
	for _, n := range e.PVE.Cluster.Nodes {
		if e.leaves(n.Name) {
			continue
		}
		doubt, risk := e.resources(n.Name)
		see := run(n.Name, "systemctl status pve-ha-lrm")
		switch {
		case ha.Nodes[n.Name] == "fence":
			c = append(c, othersWell.fails(n.Name+" is being fenced", say("wait until HA has recovered its guests, and find out why")))
		case !n.Online && !ha.Maintenance(n.Name):
			c = append(c, othersWell.fails(n.Name+" is offline and in no maintenance", say("find out what is wrong with "+n.Name+" first")))
		case n.Online && doubt != "" && risk:
			c = append(c, othersWell.fails(doubt+", "+n.Name+" may be fenced at any moment", see))
		case ha.Maintenance(n.Name):
			c = append(c, othersWell.reserved(n.Name+" is in HA maintenance too", say("finish one node before the next")))
		case doubt != "":
			c = append(c, othersWell.reserved(doubt, see))
		case n.Status != "online":
			c = append(c, othersWell.reserved("pvestatd of "+n.Name+" is silent", run(n.Name, "systemctl status pvestatd")))
		}
	}
	for _, s := range ha.Services {
		switch s.State {
		case "fence", "recovery":
			c = append(c, othersWell.fails("HA is recovering "+s.SID, say("wait until it runs again")))
		case "error":
			c = append(c, othersWell.reserved("HA gave up on "+s.SID, say("mend what it failed of, and "+agree), e.pve("ha-manager set "+s.SID+" --state disabled"), e.pve("ha-manager set "+s.SID+" --state started")))
		}
	}
	if len(c) == 0 {
		c = append(c, othersWell.holds("every other node is online"))
	}
	return c
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
	if silence, wrote := ha.Silence(node); wrote && silence > pve.Heartbeat {
		return "the local resource manager of " + node + " is silent", lrm.State == "active"
	} else if !wrote {
		return "the local resource manager of " + node + " never said anything", false
	}
	return "", false
}

// alive: what HA last wrote must not be old. Its parts are compared with one
// another elsewhere; when all of them stand still only the node's clock tells.
func (e Evidence) alive() Checklist {
	const name question = "HA is alive"
	p := e.PVE.Cluster
	if !p.HA.Used() || p.HA.Disarm != "" {
		return nil
	}
	if quiet, wrote := p.Quiet(); !wrote || quiet > pve.Heartbeat {
		return Checklist{name.unknown("no part of HA has written anything for more than a minute", e.pve("ha-manager status"), say("see pve-ha-crm and pve-ha-lrm on the nodes"))}
	}
	return nil
}
