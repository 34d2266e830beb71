package contingency

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
			c.Outside = append(c.Outside, ha.Load{Node: g.Node, CPUs: float64(g.CPUs), Memory: float64(g.MaxMemory)})
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

func (x *stage) service(s pve.Service, r pve.HAResource) ha.Service {
	out := ha.Service{
		SID: s.SID, Node: s.Node, Target: s.Target, State: s.State, Request: r.State, Home: s.Home,
		Failback: r.Failback, Relocations: r.Relocations,
	}
	if r.SID == "" { // it was not told: what is usual
		out.Failback, out.Relocations = true, 1
	}
	if x.Cluster.HA.Disarm != "" {
		out.State = "freeze" // nothing is recovered
	}
	if slices.ContainsFunc(x.HA.Rules, func(h pve.HARule) bool { return h.Group && h.NoFailback && h.ID == r.Group }) {
		out.Failback = false
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
	for _, d := range facts.Disks {
		switch text, certain := x.blocked(g, d, node); {
		case text != "" && certain:
			return text, true
		case text != "":
			unsure = text
		}
	}
	return unsure, false
}

// passed says which device keeps a guest from running on another node.
func (x *stage) passed(g pve.Guest, node string) (why string, sure bool) {
	facts := x.Configs[g.ID]
	if len(facts.Devices) > len(facts.Mapped) {
		return "a device of " + g.Node + " is passed through (" + facts.Devices[0] + ")", true
	}
	for _, m := range facts.Mapped {
		nodes, known := x.Reserve.Mappings.Value[m]
		switch {
		case !x.Reserve.Mappings.Known(), !known:
			return "the mapping " + m + " is not known", false
		case !slices.Contains(nodes, node):
			return "the mapped device " + m + " is not on " + node, true
		}
		there, users := x.devices(m, node), x.users(m, node)
		if users[g.ID] == 0 {
			users[g.ID] = len(slices.DeleteFunc(slices.Clone(facts.Mapped), func(name string) bool { return name != m }))
		}
		need := 0
		for _, n := range users {
			need += n
		}
		if need > there {
			return fmt.Sprintf("the mapped device %s of %s is in use there", m, node), !slices.Contains(x.Reserve.Mediated, m)
		}
	}
	return "", true
}

// devices is how many a mapping has on a node.
func (x *stage) devices(mapping, node string) int {
	n := 0
	for _, on := range x.Reserve.Mappings.Value[mapping] {
		if on == node {
			n++
		}
	}
	return n
}

// users are the running guests of a node that have devices of a mapping, and how
// many.
func (x *stage) users(mapping, node string) map[int]int {
	out := map[int]int{}
	for _, g := range x.on[node] {
		for _, m := range x.Configs[g.ID].Mapped {
			if m == mapping && x.running(g) {
				out[g.ID]++
			}
		}
	}
	return out
}

// rivals are guests that may be put on a node for which it has not enough devices
// of a mapping: not all of them start there.
func (x *stage) rivals(wants []demand) []string {
	type at struct{ mapping, node string }
	need, who := map[at]int{}, map[at][]string{}
	var order []at
	for _, w := range wants {
		for _, m := range x.Configs[w.guest.ID].Mapped {
			for _, n := range w.nodes {
				key := at{m, n}
				if need[key] == 0 {
					order = append(order, key)
				}
				need[key]++
				if !slices.Contains(who[key], w.guest.String()) {
					who[key] = append(who[key], w.guest.String())
				}
			}
		}
	}
	var out []string
	for _, key := range order {
		taken := 0
		for _, n := range x.users(key.mapping, key.node) {
			taken += n
		}
		if len(who[key]) > 1 && need[key]+taken > x.devices(key.mapping, key.node) {
			out = append(out, strings.Join(who[key], " and ")+" may not all start on "+key.node+", which has not enough of the mapped device "+key.mapping)
		}
	}
	return out
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

// replicated says whether a replication job has brought the disk to a node.
func (x *stage) replicated(g pve.Guest, d pve.Disk, node string) (copied, known bool) {
	if d.Unreplicated || d.CDROM {
		return false, true
	}
	if !x.Reserve.Replicated.Known() {
		return false, false
	}
	if !slices.Contains(x.Reserve.Replicated.Value, g.ID) {
		return false, true
	}
	if _, asked := x.Reserve.Jobs[g.Node]; !asked {
		return false, false
	}
	_, copied = x.job(g, node)
	return copied, true
}

// job that brings a guest's disks to a node.
func (x *stage) job(g pve.Guest, node string) (pve.Job, bool) {
	for _, j := range x.Reserve.Jobs[g.Node].Jobs {
		if j.Guest == g.ID && j.Target == node && !j.Disabled && !j.LastSync.IsZero() {
			return j, true
		}
	}
	return pve.Job{}, false
}

// current says that the replica on a node is what the guest would want to be
// started from: a job that fails leaves one that grows older, and HA starts the
// guest from it all the same.
func (x *stage) current(g pve.Guest, node string) bool {
	j, found := x.job(g, node)
	return found && j.Fails == 0 && x.now().Sub(j.LastSync) <= x.Backup
}

// replica is the age of the newest one that stays, nil where a disk has none.
func (x *stage) replica(g pve.Guest, f Failure) *time.Duration {
	stay := x.survivors(f)
	disks, _ := x.local(g, stay)
	if slices.ContainsFunc(disks, func(d pve.Disk) bool { return d.Unreplicated || d.Storage == "" }) {
		return nil
	}
	var least *time.Duration
	for _, n := range stay {
		if j, found := x.job(g, n); found {
			if age := max(0, x.now().Sub(j.LastSync)); least == nil || age < *least {
				least = &age
			}
		}
	}
	return least
}

// local says that a guest has data that dies with its node: volumes of its own
// on a storage that is not shared, with no current replica on a node that stays.
func (x *stage) local(g pve.Guest, stay []string) (disks []pve.Disk, known bool) {
	facts, read := x.Configs[g.ID]
	if !read {
		return nil, false
	}
	known = true
	for _, d := range facts.Disks {
		if d.CDROM || d.CloudInit || d.Shared {
			continue
		}
		if d.Storage != "" && !x.known[d.Storage] {
			known = false
			continue
		}
		if d.Storage != "" && x.shared[d.Storage] {
			continue
		}
		safe := false
		for _, n := range stay {
			copied, told := x.replicated(g, d, n)
			safe, known = safe || copied && x.current(g, n), known && told
		}
		if !safe {
			disks = append(disks, d)
		}
	}
	return disks, known
}
