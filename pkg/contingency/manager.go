package contingency

import (
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/ha"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// manager is the cluster as the HA manager sees it.
func (x *stage) manager() ha.Cluster {
	c := ha.Cluster{Scheduler: ha.Scheduler(x.HA.Scheduler), Counting: counting(x.Reserve)}
	if c.Scheduler == "" {
		c.Scheduler = ha.Basic
	}
	for _, n := range x.Cluster.Nodes {
		state := x.Cluster.HA.Nodes[n.Name]
		if !n.Online && (state == "online" || state == "") {
			state = "unknown" // it takes a minute until the manager says so
		}
		if n.Online && state == "" {
			state = "online" // nothing was ever managed
		}
		c.Nodes = append(c.Nodes, ha.Node{Name: n.Name, State: state, CPUs: float64(n.CPUs), Memory: float64(n.MaxMemory)})
	}
	configured := make(map[string]pve.HAResource, len(x.HA.Resources))
	for _, r := range x.HA.Resources {
		configured[r.SID] = r
	}
	managed := make(map[string]bool, len(x.Cluster.HA.Services))
	c.Services = make([]ha.Service, 0, len(x.Cluster.HA.Services))
	for _, s := range x.Cluster.HA.Services {
		managed[s.SID] = true
		c.Services = append(c.Services, x.service(s, configured[s.SID]))
	}
	for _, g := range x.Cluster.Guests {
		if x.running(g) && !managed[g.SID()] {
			c.Outside = append(c.Outside, load(g))
		}
	}
	for _, r := range x.HA.Rules {
		rule := ha.Rule{ID: r.ID, Kind: ha.NodeAffinity, Services: r.Resources, Nodes: r.Nodes, Strict: r.Strict, Disabled: r.Disabled, Group: r.Group}
		if r.Type == "resource-affinity" {
			rule.Kind = ha.Kind(r.Affinity)
		}
		c.Rules = append(c.Rules, rule)
	}
	c.Starts = func(sid, node string) bool {
		g, found := x.guest(sid)
		if !found {
			return true
		}
		why, sure := x.obstacle(g, node)
		return why == "" || !sure
	}
	return c
}

// load is a guest that HA does not manage, as it counts it.
func load(g pve.Guest) ha.Load {
	return ha.Load{Node: g.Node, CPUs: float64(g.CPUs), Memory: float64(g.MaxMemory)}
}

func (x *stage) service(s pve.Service, r pve.HAResource) ha.Service {
	out := ha.Service{
		SID: s.SID, Node: s.Node, Target: s.Target, State: s.State, Request: r.State, Home: s.Home,
		Relocations: r.Relocations,
	}
	if r.SID == "" { // it was not told: what is usual
		out.Relocations = 1
	}
	if x.Cluster.HA.Disarm != "" {
		out.State = "freeze" // nothing is recovered
	}
	if g, found := x.guest(s.SID); found {
		out.CPUs, out.Memory = float64(g.CPUs), float64(g.MaxMemory)
	}
	return out
}

// guest behind a service.
func (x *stage) guest(sid string) (pve.Guest, bool) {
	id, is := pve.Service{SID: sid}.GuestID()
	if !is {
		return pve.Guest{}, false
	}
	return x.index.Guest(id)
}

func counting(r pve.Reserve) ha.Counting {
	switch all, known := pve.AtLeast(r.HAVersion.Value, "5.1.2"); {
	case !known:
		return ha.CountingUnknown
	case all:
		return ha.CountsAll
	}
	return ha.CountsHA
}

// obstacle says what keeps a guest from running on another node, empty when
// nothing does. Sure is false when that cannot be told.
func (x *stage) obstacle(g pve.Guest, node string) (why string, sure bool) {
	facts, read := x.Configs[g.ID]
	if !read {
		return "its configuration was not read", false
	}
	if why, sure := x.passed(g, node); why != "" {
		return why, sure
	}
	unsure := ""
	for _, d := range slices.Concat(facts.Disks, facts.Snippets) {
		switch text, certain := x.blocked(g, d, node); {
		case text != "" && certain:
			return text, true
		case text != "":
			unsure = text
		}
	}
	return unsure, false
}

// blocked says what keeps one disk from another node.
func (x *stage) blocked(g pve.Guest, d pve.Disk, node string) (why string, sure bool) {
	switch there, found := x.rows[[2]string{node, d.Storage}]; {
	case d.Shared, d.CloudInit && d.Storage != "" && found && there.Available:
		return "", true // a cloud-init drive is written anew
	case d.Storage == "":
		return d.Slot + " is a path of " + g.Node, true
	case !x.known[d.Storage]:
		if x.audits() {
			return "the storage " + d.Storage + " is listed nowhere", false
		}
		return "the storage " + d.Storage + " is hidden from this token", false
	case !found:
		return "the storage " + d.Storage + " is not on " + node, true
	case !there.Available:
		return "the storage " + d.Storage + " is not available on " + node, true
	case x.shared[d.Storage]:
		return "", true
	case d.Snippet:
		return fmt.Sprintf("whether the %s in %s of %s is there too is not known (on a shared one it is)", d.Slot, d.Storage, g.Node), false
	}
	copied, known := x.replicated(g, d, node)
	switch {
	case copied:
		return "", true
	case !known:
		return "whether " + d.Slot + " is replicated to " + node + " is not known", false
	case d.CDROM:
		return fmt.Sprintf("the image in %s is on the storage %s of %s", d.Slot, d.Storage, g.Node), true
	}
	return fmt.Sprintf("%s is on %s, which only %s has", d.Slot, d.Storage, g.Node), true
}
