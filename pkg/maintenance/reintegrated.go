package maintenance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Return is what is known about nodes that have come back.
type Return struct {
	Evidence
	// Baseline is what the cluster was like before; nil when there is none, and
	// BaselineErr says why when there should be one.
	Baseline    *pve.Baseline
	BaselineErr error
	// Fans is nil when no management controller was asked, or when it did not
	// answer, FansErr says why.
	Fans     *fans.Report
	FansErr  error
	Hardware Hardware
}

// Reintegrated lists what must hold before the nodes count as fully back, and
// whether it does: nothing of the maintenance is left, and nothing was left
// behind.
func Reintegrated(r Return) Checklist {
	c, ok := r.believable()
	if ok {
		c = append(c, r.nodes()...)
	}
	c = append(c, r.cephBack()...)
	switch {
	case r.FansErr != nil:
		c = append(c, fansQuiet.unknown(r.FansErr.Error(), say("let the management controller be asked, or leave --bmc out")))
	case r.Fans != nil:
		c = append(c, quiet(*r.Fans))
	}
	return c.held()
}

// off says that one of the nodes is off: what it lacks it lacks for that.
func (r Return) off() bool {
	return slices.ContainsFunc(r.PVE.Leaving, func(name string) bool {
		n, known := r.PVE.Cluster.Node(name)
		return known && r.PVE.Cluster.Quorate && !n.Online
	})
}

func (r Return) nodes() Checklist {
	c := r.alive()
	for _, name := range r.PVE.Leaving {
		online, ok := r.online(name)
		if c = append(c, online); !ok {
			continue
		}
		c = append(append(c, r.deviceBack(name)...), r.ha(name))
		c = append(c, r.storages(name)...)
		c = append(c, r.replication(name)...)
	}
	if r.off() {
		return c
	}
	return slices.Concat(c, r.services(), r.moving(), r.homes(), r.hardware())
}

// believable says whether the cluster's answers may be believed at all.
func (r Return) believable() (Checklist, bool) {
	const name question = "the cluster can be asked"
	p := r.PVE.Cluster
	var c Checklist
	if len(p.Rights) > 0 {
		c = append(c, name.unknown("this token lacks "+strings.Join(p.Rights, " and "), say("give it the role PVEAuditor on /")))
	}
	if hidden := p.Hidden(); len(hidden) > 0 {
		c = append(c, name.unknown("this token does not see "+phrase.List(hidden, 4), say("give it the role PVEAuditor on /")))
	}
	for _, g := range p.Gaps {
		c = append(c, name.unknown(g.Err.Error(), say("ask again when the node answers whole")))
	}
	if len(r.PVE.Leaving) == 0 {
		c = append(c, name.unknown("no node is named", say("say which one with --node")))
	}
	if len(c) == 0 && !p.Quorate {
		c = append(c, name.unknown(p.Asked+" has no quorum, what it lists is old", say("bring the quorum back")))
	}
	if p.HA.Used() && p.HA.Disarm == "" && p.HA.MasterSilence() > pve.Heartbeat {
		c = append(c, name.unknown("the HA manager on "+p.HA.Master+" is silent", run(p.HA.Master, "systemctl status pve-ha-crm")))
	}
	whole := len(c) == 0
	for _, node := range r.PVE.Leaving {
		if _, known := p.Node(node); !known && whole {
			c = append(c, name.unknown("there is no node "+node, say("the cluster has "+phrase.List(p.Members(), 12))))
		}
	}
	if len(c) > 0 {
		return c, false
	}
	return Checklist{name.holds(p.Asked + " has quorum, and this token sees everything")}, true
}

const nodeOnline question = "the node is online"

func (r Return) online(name string) (Condition, bool) {
	n, _ := r.PVE.Cluster.Node(name)
	switch {
	case !n.Online:
		return nodeOnline.fails(name+" is offline", say("start it, wait until it has joined the cluster, and ask again")), false
	case n.Status != "online":
		return nodeOnline.unknown(name+" is in the cluster, its pvestatd is silent", run(name, "systemctl status pvestatd")), false
	}
	return nodeOnline.holds(name + " is online"), true
}

const haUsesIt question = "HA uses the node again"

// ha: maintenance has ended, and the node's resource manager works again. HA
// moves guests to the node as soon as its maintenance ends, so the storages have
// to be there before.
func (r Return) ha(name string) Condition {
	ha := r.PVE.Cluster.HA
	lrm, known := ha.LRM[name]
	if !ha.Used() && !ha.Maintenance(name) && (!known || lrm.Mode == "active" || lrm.Mode == "") {
		return haUsesIt.holds("no guest is under HA")
	}
	silence, wrote := ha.Silence(name)
	silent := !known || !wrote || silence > pve.Heartbeat
	see := run(name, "systemctl status pve-ha-lrm")
	wait := []Step{say("wait"), r.pve("ha-manager status")}
	switch {
	case ha.Maintenance(name) && silent && ha.Used():
		return haUsesIt.fails(name+" is still in HA maintenance, and its local resource manager is silent", see)
	case ha.Maintenance(name):
		back := containers(ha, func(s pve.Service) bool { return s.Home == name })
		return haUsesIt.fails(name+" is still in HA maintenance", agreed(back, r.pve("ha-manager crm-command node-maintenance disable "+name).once(storagesThere))...)
	case ha.Disarm != "":
		return haUsesIt.fails("HA is "+ha.Disarm, r.pve("ha-manager crm-command arm-ha"))
	case ha.Nodes[name] != "online":
		return haUsesIt.fails("HA says that "+name+" is "+cmp.Or(ha.Nodes[name], "unknown"), wait...)
	case silent:
		return haUsesIt.unknown("the local resource manager of "+name+" is silent", see)
	case lrm.State == "lost_agent_lock":
		return haUsesIt.fails("the local resource manager of "+name+" lost its lock", see)
	case lrm.Mode != "active":
		return haUsesIt.fails("the local resource manager of "+name+" is in mode "+cmp.Or(lrm.Mode, "unknown"), wait...)
	}
	return haUsesIt.holds(name + " is out of maintenance, its resource manager is active")
}

// services and guests on their way: the return is not over. While HA maintenance
// is requested nothing returns, which is said where it is.
func (r Return) services() Checklist {
	const what question = "HA has finished"
	var c Checklist
	ha := r.PVE.Cluster.HA
	for _, s := range ha.Services {
		mine := r.leaves(s.Home) || r.leaves(s.Node) || r.leaves(s.Target)
		switch {
		case r.leaves(s.Home):
			next := say("wait until HA has moved it")
			if ha.Maintenance(s.Home) {
				next = say("it returns when the maintenance of " + s.Home + " ends")
			}
			c = append(c, what.fails(s.SID+" has not returned to "+s.Home, next))
		case s.Moving() && mine:
			c = append(c, what.fails(s.SID+" is on its way to "+s.Target, say("wait until it has arrived")))
		case s.State == "error" || s.State == "fence" || s.State == "recovery":
			c = append(c, what.fails(s.SID+" is in state "+s.State, r.pve("ha-manager status")))
		}
	}
	if len(c) == 0 {
		c = append(c, what.holds("no service is on its way, none failed"))
	}
	return c
}

func (r Return) moving() Checklist {
	const what question = "no migration runs"
	var c Checklist
	for _, g := range r.PVE.Cluster.Guests {
		if g.Lock == "migrate" {
			c = append(c, what.fails(g.String()+" is being migrated", say("wait until it has arrived")))
		}
	}
	for _, t := range r.PVE.Cluster.Tasks {
		n, _ := r.PVE.Cluster.Node(t.Node)
		if n.Online && t.Running() && t.Migration() {
			c = append(c, what.fails(t.Type+" "+t.ID+" runs on "+t.Node, say("wait until it has ended")))
		}
	}
	if len(c) == 0 {
		c = append(c, what.holds("no guest is on its way"))
	}
	return c
}

const storagesThere question = "storages are there"

// storages: what the peers can use the node must be able to use.
func (r Return) storages(name string) Checklist {
	p := r.PVE.Cluster
	own := map[string]bool{}
	rows := 0
	var c Checklist
	for _, s := range p.Storages {
		if s.Node != name {
			continue
		}
		own[s.Name] = true
		rows++
		if !s.Available {
			c = append(c, storagesThere.fails("storage "+s.Name+" is not available on "+name, run(name, "pvesm status")))
		}
	}
	for _, s := range p.Storages {
		if s.Node != name && s.Shared && s.Available && !own[s.Name] && r.everywhere(s.Name, name) {
			c = append(c, storagesThere.reserved("storage "+s.Name+" is on every other node and not on "+name, say("see Datacenter, Storage, Nodes")))
			own[s.Name] = true
		}
	}
	switch {
	case rows == 0:
		c = append(c, storagesThere.unknown("no storage of "+name+" is known", say("give the token Datastore.Audit on /storage")))
	case len(c) == 0:
		c = append(c, storagesThere.holds(phrase.Count(len(own), "storage", "storages")+" on "+name))
	}
	return c
}

func (r Return) everywhere(storage, but string) bool {
	return !slices.ContainsFunc(r.PVE.Cluster.Nodes, func(n pve.Node) bool {
		on := func(s pve.Storage) bool { return s.Name == storage && s.Node == n.Name }
		return n.Name != but && !slices.ContainsFunc(r.PVE.Cluster.Storages, on)
	})
}

// replication and version, which only the nodes themselves tell.
func (r Return) replication(name string) Checklist {
	const works, equal question = "replication works", "versions are equal"
	facts := r.PVE.Memory.Nodes[name]
	var c Checklist
	for _, p := range r.PVE.Cluster.Nodes {
		if told := r.PVE.Memory.Nodes[p.Name]; p.Online && told.Version == "" {
			c = append(c, works.unknown(p.Name+" did not tell its replication and its version", say("ask again when it answers")))
		}
	}
	if facts.Version == "" {
		return c
	}
	all := slices.Sorted(maps.Keys(r.PVE.Memory.Nodes))
	for _, node := range all {
		for _, j := range r.PVE.Memory.Nodes[node].Jobs {
			if j.Fails > 0 && !j.Disabled && (node == name || j.Target == name) {
				c = append(c, works.fails(fmt.Sprintf("job %s of %s failed %s: %s", j.ID, node, phrase.Count(j.Fails, "time", "times"), j.Error), run(node, "pvesr run --id "+j.ID)))
			}
		}
	}
	if len(c) == 0 {
		c = append(c, works.holds("no replication job of "+name+" fails"))
	}
	for _, other := range all {
		if v := r.PVE.Memory.Nodes[other].Version; other != name && v != facts.Version && v != "" && !r.leaves(other) {
			return append(c, equal.reserved(name+" runs "+facts.Version+", "+other+" runs "+v, say("update the nodes to one version")))
		}
	}
	return append(c, equal.holds(name+" runs "+facts.Version))
}
