package pve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reserve is what a cluster falls back on, and how it is told to use it.
type Reserve struct {
	// Backups that lie somewhere.
	Backups []Backup
	// Unscheduled guests are in no backup job.
	Unscheduled []int
	// Rules of HA since release 9, groups of those before.
	Rules []Rule
	// Scheduler is the crs setting ha; empty: none is set.
	Scheduler string
	// HAVersion of pve-ha-manager; empty: 5.2.0.
	HAVersion string
	Mappings  []Mapping
}

// Backup of a guest in a storage. One that is not shared has it on one node.
type Backup struct {
	Guest         int
	Storage, Node string
	At            time.Time
	// Failed says that its verification failed, Unfinished that it is being written
	// or was broken off: it has no manifest yet, and Proxmox VE gives it the size 1.
	Failed, Unfinished bool
}

// Rule of HA. Nodes make it a node affinity, Affinity one between guests.
type Rule struct {
	ID               string
	Guests           []int
	Nodes            string // pve1:2,pve2
	Affinity         string // positive, negative
	Strict, Disabled bool
}

// Mapping is a device of a node that guests name.
type Mapping struct{ Kind, Name, Node string }

func (r Reserve) managerVersion() string {
	if r.HAVersion == "" {
		return "5.2.0"
	}
	return r.HAVersion
}

// groupOf a service, by the rules that stand for groups.
func (r Reserve) groupOf(sid string) string {
	for _, rule := range r.Rules {
		if rule.Nodes != "" && slices.ContainsFunc(rule.Guests, func(id int) bool { return strings.HasSuffix(sid, ":"+itoa(id)) }) {
			return rule.ID
		}
	}
	return ""
}

func (q question) haRules() []object {
	out := []object{}
	for _, r := range q.w.config.Rules {
		var sids []string
		for _, id := range r.Guests {
			sids = append(sids, q.w.sid(id))
		}
		row := object{"rule": r.ID, "type": "resource-affinity", "resources": strings.Join(sids, ","), "affinity": r.Affinity, "digest": "0123"}
		if r.Nodes != "" {
			row = object{"rule": r.ID, "type": "node-affinity", "resources": strings.Join(sids, ","), "nodes": r.Nodes, "strict": bit(r.Strict), "digest": "0123"}
		}
		if r.Disabled {
			row["disable"] = 1
		}
		out = append(out, row)
	}
	return out
}

func (q question) haGroups() []object {
	out := []object{}
	for _, r := range q.w.config.Rules {
		if r.Nodes != "" {
			out = append(out, object{"group": r.ID, "nodes": r.Nodes, "restricted": bit(r.Strict), "nofailback": 0, "type": "group", "digest": "0123"})
		}
	}
	return out
}

func (q question) options() object {
	out := object{"keyboard": "de"}
	if s := q.w.config.Scheduler; s != "" {
		out["crs"] = object{"ha": s}
	}
	return out
}

// unscheduled are the guests that no job backs up.
func (q question) unscheduled() []object {
	out := []object{}
	for _, id := range slices.Sorted(maps.Keys(q.w.guests)) {
		if g := q.w.guests[id]; slices.Contains(q.w.config.Unscheduled, id) {
			kind := "qemu"
			if g.Container {
				kind = "lxc"
			}
			out = append(out, object{"vmid": id, "name": g.Name, "type": kind})
		}
	}
	return out
}

// mappings are filtered in silence.
func (q question) mappings(kind string) []object {
	nodes := map[string][]string{}
	for _, m := range q.w.config.Mappings {
		if m.Kind == kind && q.rights.has(q.w, "/mapping/"+kind+"/"+m.Name, "Mapping.Audit") {
			nodes[m.Name] = append(nodes[m.Name], "id=10de:2204,node="+m.Node+",path=0000:01:00.0")
		}
	}
	out := []object{}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		out = append(out, object{"id": name, "map": nodes[name]})
	}
	return out
}

// backups in a storage, of which a token is shown those that it may restore: the
// others are left out, and no error tells (PVE::Storage, check_volume_access).
func (q question) backups(n *node, storage string) (any, *refusal) {
	path := "/storage/" + storage
	if !q.rights.has(q.w, path, "Datastore.Audit") && !q.rights.has(q.w, path, "Datastore.AllocateSpace") {
		return nil, &refusal{code: 403, reason: "Permission check failed (" + path + ", Datastore.Audit|Datastore.AllocateSpace)"}
	}
	i := slices.IndexFunc(n.Storages, func(s Storage) bool { return s.Name == storage })
	if i < 0 {
		return nil, &refusal{code: 500, reason: fmt.Sprintf("storage '%s' does not exist", storage)}
	}
	if n.Storages[i].Silent {
		return nil, &refusal{code: 500, reason: fmt.Sprintf("storage '%s' is not online", storage)}
	}
	out := []object{}
	for _, b := range q.w.config.Backups {
		here := b.Storage == storage && (n.Storages[i].Shared || b.Node == n.Name)
		all := q.rights.has(q.w, path, "Datastore.Allocate")
		some := q.rights.has(q.w, path, "Datastore.AllocateSpace") && q.rights.has(q.w, "/vms/"+itoa(b.Guest), "VM.Backup")
		if !here || !all && !some {
			continue
		}
		row := object{
			"volid": fmt.Sprintf("%s:backup/vm/%d/%s", storage, b.Guest, b.At.UTC().Format(time.RFC3339)), "vmid": b.Guest,
			"content": "backup", "format": "pbs-vm", "size": int64(20 << 30), "ctime": b.At.Unix(),
		}
		if b.Unfinished {
			row["size"] = 1
		}
		if b.Failed {
			row["verification"] = object{"state": "failed"}
		}
		out = append(out, row)
	}
	return out, nil
}

// backupVerb writes a backup: "backup?id=105&storage=pbs&ago=3h".
func backupVerb(w *World, c *call) {
	g, ago := c.guest(w), c.duration("ago", 0)
	w.when(c, func() {
		w.config.Backups = append(w.config.Backups, Backup{g.ID, c.Get("storage"), c.Get("node"), w.now.Add(-ago), c.Get("failed") == "1", c.Get("unfinished") == "1"})
	})
}

// ruleVerb makes one: "rule?name=apart&affinity=negative&ids=100,103".
func ruleVerb(w *World, c *call) {
	r := Rule{ID: c.Get("name"), Affinity: c.Get("affinity"), Nodes: c.Get("nodes"), Strict: c.Get("strict") == "1"}
	for word := range strings.SplitSeq(c.Get("ids"), ",") {
		id, err := strconv.Atoi(word)
		if err != nil || w.guests[id] == nil {
			c.fail("ids=%q: expected numbers of guests", c.Get("ids"))
		}
		r.Guests = append(r.Guests, id)
	}
	w.when(c, func() { w.config.Rules = append(w.config.Rules, r) })
}

// memoryVerb sets what a guest may use and what it uses, in GiB.
func memoryVerb(w *World, c *call) {
	g := c.guest(w)
	size := func(key string, was int64) int64 {
		if c.Get(key) == "" {
			return was
		}
		v, err := strconv.Atoi(c.Get(key))
		if err != nil {
			c.fail("%s=%q: expected GiB", key, c.Get(key))
		}
		return int64(v) << 30
	}
	most, used := size("max", g.Memory), size("used", g.Used)
	w.when(c, func() { g.Memory, g.Used = most, used })
}

// storageVerb breaks or mends one: "storage?name=pbs&on=0".
func storageVerb(w *World, c *call) {
	named := func(s Storage) bool { return s.Name == c.Get("name") }
	if !slices.ContainsFunc(w.nodes, func(n *node) bool { return slices.ContainsFunc(n.Storages, named) }) {
		c.fail("name=%q: no node has such a storage", c.Get("name"))
	}
	w.when(c, func() {
		for _, n := range w.nodes {
			n.Storages = slices.Clone(n.Storages)
			for i := range n.Storages {
				if named(n.Storages[i]) && (c.Get("node") == "" || c.Get("node") == n.Name) {
					n.Storages[i].Silent = !c.on()
				}
			}
		}
	})
}

// Saved is the lab with a backup of every guest on a storage that all nodes
// share, every guest under HA, and a token that is shown backups.
func Saved() Config {
	c := Lab()
	c.Tokens = map[string][]Grant{Token: {{Path: "/", Privileges: append(slices.Clone(Audit), "VM.Backup", "Datastore.AllocateSpace")}}}
	for i := range c.Nodes {
		c.Nodes[i].Storages = []Storage{{Name: "local", Plugin: "dir"}, {Name: "ceph", Plugin: "rbd", Shared: true}, {Name: "pbs", Plugin: "pbs", Shared: true, Content: "backup"}}
	}
	c.Clock = nil
	for i, g := range c.Guests {
		if !g.Template && g.HA == "" {
			c.Guests[i].HA = "started"
		}
	}
	return c
}
