package maintenance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	Fans    *Fans
	FansErr error
}

// heartbeat is how long a part of HA may be silent: all write every five to
// ten seconds.
const heartbeat = time.Minute

// Reintegrated lists what must hold before the nodes count as fully back, and
// whether it does: nothing of the maintenance is left, and nothing was left
// behind.
func Reintegrated(r Return) Checklist {
	var c Checklist
	if r.believable(&c) {
		r.alive(&c)
		for _, name := range r.PVE.Leaving {
			if r.online(&c, name) {
				r.ha(&c, name)
				r.storages(&c, name)
				r.node(&c, name)
			}
		}
		r.services(&c)
		r.moving(&c)
		r.homes(&c)
	}
	r.cephBack(&c)
	switch {
	case r.FansErr != nil:
		c.add(Unknown, "the fans are quiet", r.FansErr.Error(), "let the management controller be asked, or leave --bmc out")
	case r.Fans != nil:
		r.Fans.quiet(&c)
	}
	return c
}

// believable says whether the cluster's answers may be believed at all.
func (r Return) believable(c *Checklist) bool {
	const name = "the cluster can be asked"
	p := r.PVE.Cluster
	n := len(*c)
	if len(p.Rights) > 0 {
		c.add(Unknown, name, "this token lacks "+strings.Join(p.Rights, " and "), "give it the role PVEAuditor on /")
	}
	if hidden := p.Hidden(); len(hidden) > 0 {
		c.add(Unknown, name, "this token does not see "+list(hidden, 4), "give it the role PVEAuditor on /")
	}
	for _, g := range p.Gaps {
		c.add(Unknown, name, g.Err.Error(), "ask again when the node answers whole")
	}
	if len(r.PVE.Leaving) == 0 {
		c.add(Unknown, name, "no node is named", "say which one with --node")
	}
	if len(*c) == n && !p.Quorate {
		c.add(Unknown, name, p.Asked+" has no quorum, what it lists is old", "bring the quorum back")
	}
	if p.HA.Used() && p.HA.Disarm == "" && p.HA.MasterSilence() > heartbeat {
		c.add(Unknown, name, "the HA manager on "+p.HA.Master+" is silent", "see systemctl status pve-ha-crm on "+p.HA.Master)
	}
	for _, node := range r.PVE.Leaving {
		if _, known := p.Node(node); !known && len(*c) == n {
			c.add(Unknown, name, "there is no node "+node, "the cluster has "+list(nodeNames(p), 12))
		}
	}
	if len(*c) > n {
		return false
	}
	c.add(Holds, name, p.Asked+" has quorum, and this token sees everything", "")
	return true
}

func nodeNames(p pve.Cluster) []string {
	var out []string
	for _, n := range p.Nodes {
		out = append(out, n.Name)
	}
	return out
}

func (r Return) online(c *Checklist, name string) bool {
	const what = "the node is online"
	n, _ := r.PVE.Cluster.Node(name)
	switch {
	case !n.Online:
		c.add(Fails, what, name+" is offline", "start it, and wait until it has joined the cluster")
		return false
	case n.Status != "online":
		c.add(Unknown, what, name+" is in the cluster, its pvestatd is silent", "see systemctl status pvestatd on "+name)
		return false
	}
	c.add(Holds, what, name+" is online", "")
	return true
}

// ha: maintenance has ended, and the node's resource manager works again.
func (r Return) ha(c *Checklist, name string) {
	const what = "HA uses the node again"
	ha := r.PVE.Cluster.HA
	lrm, known := ha.LRM[name]
	if !ha.Used() && !ha.Maintenance(name) && (!known || lrm.Mode == "active" || lrm.Mode == "") {
		c.add(Holds, what, "no guest is under HA", "")
		return
	}
	silence, wrote := ha.Silence(name)
	switch {
	case ha.Maintenance(name):
		c.add(Fails, what, name+" is still in HA maintenance", "ha-manager crm-command node-maintenance disable "+name)
	case ha.Disarm != "":
		c.add(Fails, what, "HA is "+ha.Disarm, "ha-manager crm-command arm-ha")
	case ha.Nodes[name] != "online":
		c.add(Fails, what, "HA says that "+name+" is "+orUnknown(ha.Nodes[name]), "wait, then see ha-manager status")
	case !known || !wrote || silence > heartbeat:
		c.add(Unknown, what, "the local resource manager of "+name+" is silent", "see systemctl status pve-ha-lrm on "+name)
	case lrm.State == "lost_agent_lock":
		c.add(Fails, what, "the local resource manager of "+name+" lost its lock", "see systemctl status pve-ha-lrm on "+name)
	case lrm.Mode != "active":
		c.add(Fails, what, "the local resource manager of "+name+" is in mode "+orUnknown(lrm.Mode), "wait, then see ha-manager status")
	default:
		c.add(Holds, what, name+" is out of maintenance, its resource manager is active", "")
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// services and guests on their way: the return is not over.
func (r Return) services(c *Checklist) {
	const what = "HA has finished"
	n := len(*c)
	for _, s := range r.PVE.Cluster.HA.Services {
		mine := slices.Contains(r.PVE.Leaving, s.Home) || slices.Contains(r.PVE.Leaving, s.Node) || slices.Contains(r.PVE.Leaving, s.Target)
		switch {
		case slices.Contains(r.PVE.Leaving, s.Home):
			c.add(Fails, what, s.SID+" has not returned to "+s.Home, "wait until HA has moved it")
		case s.Moving() && mine:
			c.add(Fails, what, s.SID+" is on its way to "+s.Target, "wait until it has arrived")
		case s.State == "error" || s.State == "fence" || s.State == "recovery":
			c.add(Fails, what, s.SID+" is in state "+s.State, "see ha-manager status")
		}
	}
	if len(*c) == n {
		c.add(Holds, what, "no service is on its way, none failed", "")
	}
}

func (r Return) moving(c *Checklist) {
	const what = "no migration runs"
	n := len(*c)
	for _, g := range r.PVE.Cluster.Guests {
		if g.Lock == "migrate" {
			c.add(Fails, what, g.String()+" is being migrated", "wait until it has arrived")
		}
	}
	for _, t := range r.PVE.Cluster.Tasks {
		n, _ := r.PVE.Cluster.Node(t.Node)
		if n.Online && t.Running() && (strings.Contains(t.Type, "migrate") || t.Type == "harelocate") {
			c.add(Fails, what, t.Type+" "+t.ID+" runs on "+t.Node, "wait until it has ended")
		}
	}
	if len(*c) == n {
		c.add(Holds, what, "no guest is on its way", "")
	}
}

// storages: what the peers can use the node must be able to use.
func (r Return) storages(c *Checklist, name string) {
	const what = "storages are there"
	p := r.PVE.Cluster
	own := map[string]bool{}
	n, rows := len(*c), 0
	for _, s := range p.Storages {
		if s.Node != name {
			continue
		}
		own[s.Name] = true
		rows++
		if !s.Available {
			c.add(Fails, what, "storage "+s.Name+" is not available on "+name, "see pvesm status on "+name)
		}
	}
	for _, s := range p.Storages {
		if s.Node != name && s.Shared && s.Available && !own[s.Name] && r.everywhere(s.Name, name) {
			c.add(Reserved, what, "storage "+s.Name+" is on every other node and not on "+name, "see Datacenter, Storage, Nodes")
			own[s.Name] = true
		}
	}
	switch {
	case rows == 0:
		c.add(Unknown, what, "no storage of "+name+" is known", "give the token Datastore.Audit on /storage")
	case len(*c) == n:
		c.add(Holds, what, count(len(own), "storage", "storages")+" on "+name, "")
	}
}

func (r Return) everywhere(storage, but string) bool {
	nodes := map[string]bool{}
	for _, s := range r.PVE.Cluster.Storages {
		if s.Name == storage {
			nodes[s.Node] = true
		}
	}
	for _, n := range r.PVE.Cluster.Nodes {
		if n.Name != but && !nodes[n.Name] {
			return false
		}
	}
	return true
}

// node: replication and version, which only the nodes themselves tell.
func (r Return) node(c *Checklist, name string) {
	facts, n := r.PVE.Memory.Nodes[name], len(*c)
	for _, p := range r.PVE.Cluster.Nodes {
		if told := r.PVE.Memory.Nodes[p.Name]; p.Online && told.Version == "" {
			c.add(Unknown, "replication works", p.Name+" did not tell its replication and its version", "ask again when it answers")
		}
	}
	if facts.Version == "" {
		return
	}
	for _, node := range slices.Sorted(maps.Keys(r.PVE.Memory.Nodes)) {
		for _, j := range r.PVE.Memory.Nodes[node].Jobs {
			if j.Fails > 0 && !j.Disabled && (node == name || j.Target == name) {
				c.add(Fails, "replication works", fmt.Sprintf("job %s of %s failed %s: %s", j.ID, node, count(j.Fails, "time", "times"), j.Error), "pvesr run --id "+j.ID)
			}
		}
	}
	if len(*c) == n {
		c.add(Holds, "replication works", "no replication job of "+name+" fails", "")
	}
	for _, other := range slices.Sorted(maps.Keys(r.PVE.Memory.Nodes)) {
		if v := r.PVE.Memory.Nodes[other].Version; other != name && v != facts.Version && v != "" && !slices.Contains(r.PVE.Leaving, other) {
			c.add(Reserved, "versions are equal", name+" runs "+facts.Version+", "+other+" runs "+v, "update the nodes to one version")
			return
		}
	}
	c.add(Holds, "versions are equal", name+" runs "+facts.Version, "")
}
