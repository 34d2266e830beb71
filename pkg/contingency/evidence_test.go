package contingency

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/pve"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

const giB = int64(1) << 30

// evidence is what the API would say about the world.
func (w *world) evidence(r *rand.Rand) (Evidence, error) {
	e := Evidence{Backup: 26 * time.Hour, Now: noon, Configs: map[int]pve.ConfigFacts{}}
	c := pve.Cluster{Name: "lab", Asked: w.nodes[0].name, Quorate: true, Standalone: len(w.nodes) == 1, Time: noon}
	c.HA = pve.HA{Nodes: map[string]string{}, Requested: map[string]bool{}, LRM: map[string]pve.LRM{}}
	if i := slices.IndexFunc(w.nodes, func(n machine) bool { return n.online }); i >= 0 {
		c.Asked = w.nodes[i].name
	}
	used := map[int]int{}
	for _, g := range w.guests {
		if g.running {
			used[g.on] += g.used
		}
	}
	for i, n := range w.nodes {
		c.Nodes = append(c.Nodes, pve.Node{Name: n.name, ID: i + 1, Online: n.online, Status: map[bool]string{true: "online", false: "offline"}[n.online],
			CPUs: 8, MaxMemory: int64(n.memory) * giB, Memory: int64(n.own+used[i]) * giB})
		c.HA.Nodes[n.name] = map[bool]string{true: "online", false: "unknown"}[n.online]
		if n.maint {
			c.HA.Nodes[n.name] = "maintenance"
		}
		c.Votes.Voters = append(c.Votes.Voters, pve.Voter{Node: n.name, Votes: n.votes, Online: n.online, Daemon: pve.Daemon{Told: true, Casts: n.daemon && w.qdevice > 0}})
		c.Storages = append(c.Storages, pve.Storage{Name: "ceph", Node: n.name, Shared: true, Available: n.online, Content: []string{"images"}},
			pve.Storage{Name: "zfs", Node: n.name, Available: n.online, Content: []string{"images"}},
			pve.Storage{Name: "pbs", Node: n.name, Shared: true, Available: n.online, Content: []string{"backup"}})
	}
	c.Votes.Known = !c.Standalone
	c.Votes.Device = pve.Device{Present: w.qdevice > 0, Votes: w.qdevice, Host: "q"}
	backups := pve.BackupList{Latest: map[int]int64{}, Time: noon}
	e.Reserve = pve.Reserve{Backups: map[string]pve.BackupList{"pbs": backups}, Jobs: map[string]pve.JobFacts{}}
	e.Reserve.Mappings = pve.Kept[map[string][]string]{Value: map[string][]string{"pci:gpu": w.gpus()}, Time: noon}
	e.Reserve.HAVersion = pve.Kept[string]{Value: map[bool]string{true: "5.2.0", false: "5.0.1"}[w.counts], Time: noon}
	if r.IntN(10) == 0 {
		e.Reserve.HAVersion = pve.Kept[string]{}
	}
	for _, g := range w.guests {
		w.tell(g, &c, &e)
		if g.backup > 0 {
			backups.Latest[g.id] = noon.Add(-time.Duration(g.backup) * time.Hour).Unix()
		}
	}
	for i, n := range w.nodes {
		if n.online && slices.ContainsFunc(w.guests, func(g vm) bool { return g.on == i && len(g.copies) > 0 }) {
			w.jobs(i, &e)
		}
	}
	e.Reserve.Replicated.Time = noon
	for i, set := range w.apart {
		rule := pve.HARule{ID: fmt.Sprintf("apart%d", i), Type: "resource-affinity", Affinity: "negative"}
		for _, id := range set {
			rule.Resources = append(rule.Resources, fmt.Sprintf("vm:%d", id))
		}
		e.HA.Rules = append(e.HA.Rules, rule)
	}
	e.Cluster = c
	return e, w.tellCeph(&e)
}

func (w *world) gpus() []string {
	var out []string
	for _, n := range w.nodes {
		if n.gpu {
			out = append(out, n.name)
		}
	}
	return out
}

func (w *world) jobs(node int, e *Evidence) {
	f := pve.JobFacts{Time: noon}
	for _, g := range w.guests {
		for _, to := range g.copies {
			if g.on == node {
				f.Jobs = append(f.Jobs, pve.Job{Guest: g.id, Target: w.nodes[to].name, LastSync: noon.Add(-time.Minute)})
			}
		}
	}
	e.Reserve.Jobs[w.nodes[node].name] = f
}

// tell adds one guest.
func (w *world) tell(g vm, c *pve.Cluster, e *Evidence) {
	x := pve.Guest{ID: g.id, Kind: pve.VM, Node: w.nodes[g.on].name, Status: map[bool]string{true: "running", false: "stopped"}[g.running],
		CPUs: 2, MaxMemory: int64(g.most) * giB, Memory: int64(g.used) * giB}
	c.Guests = append(c.Guests, x)
	config := pve.Config{Disks: []pve.Disk{{Slot: "scsi0", Storage: "ceph"}}}
	if g.local {
		config.Disks[0].Storage = "zfs"
	}
	switch g.gpu {
	case "raw":
		config.Devices = []string{"hostpci0"}
	case "mapped":
		config.Devices, config.Mapped = []string{"hostpci0"}, []string{"pci:gpu"}
	}
	e.Configs[g.id] = pve.ConfigFacts{Config: config, Time: noon}
	if len(g.copies) > 0 {
		e.Reserve.Replicated.Value = append(e.Reserve.Replicated.Value, g.id)
	}
	if g.ha == "" {
		return
	}
	state := g.ha
	request := g.ha
	if g.ha == "error" {
		request = "started"
	}
	if g.ha == "disabled" {
		state = "stopped"
	}
	c.HA.Services = append(c.HA.Services, pve.Service{SID: g.sid(), Node: x.Node, State: state, Running: g.running})
	e.HA.Resources = append(e.HA.Resources, pve.HAResource{SID: g.sid(), State: request, Relocations: 1})
	if g.only != nil {
		key := fmt.Sprintf("only%v", g.only)
		i := slices.IndexFunc(e.HA.Rules, func(r pve.HARule) bool { return r.ID == key })
		if i < 0 {
			i = len(e.HA.Rules)
			nodes := map[string]int{}
			for _, n := range g.only {
				nodes[w.nodes[n].name] = 0
			}
			e.HA.Rules = append(e.HA.Rules, pve.HARule{ID: key, Type: "node-affinity", Nodes: nodes, Strict: true})
		}
		e.HA.Rules[i].Resources = append(e.HA.Rules[i].Resources, g.sid())
	}
}

// tellCeph adds the storage, through the documents that Ceph would print, and
// its answers to ok-to-stop.
func (w *world) tellCeph(e *Evidence) error {
	if len(w.mons) == 0 {
		e.Ceph.Absent = "there is none"
		return nil
	}
	cluster, err := ceph.Read(strings.NewReader(w.documents()))
	if err != nil {
		return err
	}
	e.Ceph.Cluster = &cluster
	e.Safeties = map[string]*ceph.Safety{}
	for _, f := range e.Failures() {
		if ids := e.OSDs(f); len(ids) > 0 {
			s := w.okToStop(ids)
			e.Safeties[f.String()] = &s
		}
	}
	return nil
}

func (w *world) okToStop(ids []int) ceph.Safety {
	s := ceph.Safety{OSDs: ids}
	for _, p := range w.pools {
		for _, pg := range p.pgs {
			was, is := 0, 0
			for _, id := range pg {
				if w.osds[id].up {
					was++
					if !slices.Contains(ids, id) {
						is++
					}
				}
			}
			switch {
			case was == is:
			case is >= p.min:
				s.Judged++
			default:
				s.Inactives++
				s.Inactive = append(s.Inactive, "1.0")
			}
		}
	}
	s.Stop = s.Inactives == 0
	return s
}

// placed is the number of PGs that an OSD has a copy of.
func (w *world) placed(osd int) int {
	n := 0
	for _, p := range w.pools {
		for _, pg := range p.pgs {
			if w.osds[osd].up && slices.Contains(pg, osd) {
				n++
			}
		}
	}
	return n
}

func (w *world) documents() string {
	type any = map[string]interface{}
	var b strings.Builder
	line := func(v interface{}) {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		b.Write(append(raw, '\n'))
	}
	quorum, mons := []string{}, []any{}
	for _, on := range w.mons {
		quorum = append(quorum, w.nodes[on].name)
		mons = append(mons, any{"name": w.nodes[on].name})
	}
	for i := range w.gone {
		mons = append(mons, any{"name": fmt.Sprintf("gone%d", i)})
	}
	total, clean, up := 0, 0, 0
	for _, p := range w.pools {
		for _, pg := range p.pgs {
			total++
			alive := 0
			for _, id := range pg {
				if w.osds[id].up {
					alive++
				}
			}
			if alive == p.size {
				clean++
			}
		}
	}
	osds, nodes, racks := []any{}, []any{}, map[int][]int{}
	for i, n := range w.nodes {
		var own []int
		for id, o := range w.osds {
			if o.on == i {
				own = append(own, id)
				nodes = append(nodes, any{"id": id, "name": fmt.Sprintf("osd.%d", id), "type": "osd", "pgs": w.placed(id)})
			}
		}
		nodes = append(nodes, any{"id": -100 - i, "name": n.name, "type": "host", "children": own})
		racks[n.rack] = append(racks[n.rack], -100-i)
	}
	top := []int{}
	for rack, hosts := range racks {
		top = append(top, -10-rack)
		nodes = append(nodes, any{"id": -10 - rack, "name": fmt.Sprintf("rack%d", rack), "type": "rack", "children": hosts})
	}
	nodes = append(nodes, any{"id": -1, "name": "default", "type": "root", "children": top})
	for id, o := range w.osds {
		on := 0
		if o.up {
			on, up = 1, up+1
		}
		osds = append(osds, any{"osd": id, "up": on, "in": 1, "weight": 1, "state": []string{"exists"}})
	}
	line(any{"fsid": "f", "health": any{"status": "HEALTH_OK", "checks": any{}, "mutes": []any{}}, "quorum_names": quorum,
		"monmap": any{"num_mons": len(mons), "mons": mons}, "osdmap": any{"num_osds": len(w.osds), "num_up_osds": up, "num_in_osds": len(w.osds), "num_remapped_pgs": 0},
		"pgmap":      any{"pgs_by_state": []any{{"state_name": "active+clean", "count": clean}, {"state_name": "active+undersized+degraded", "count": total - clean}}, "num_pgs": total, "bytes_used": 1, "bytes_total": 100},
		"servicemap": any{"services": any{}}, "mgrmap": any{"available": true, "active_name": w.nodes[w.mons[0]].name, "standbys": []any{}}, "fsmap": any{"by_rank": []any{}, "up:standby": 0}})
	pools := []any{}
	domains := []string{"host", "osd", "rack"}
	for i, p := range w.pools {
		pools = append(pools, any{"pool": i + 1, "pool_name": fmt.Sprintf("p%d", i), "type": 1, "size": p.size, "min_size": p.min, "pg_num": len(p.pgs), "crush_rule": slices.Index(domains, p.domain), "flags_names": ""})
	}
	line(any{"fsid": "f", "epoch": 9, "flags": "sortbitwise", "flags_set": []string{"sortbitwise"}, "crush_node_flags": any{}, "device_class_flags": any{}, "osds": osds, "pools": pools})
	line(any{"nodes": nodes, "stray": []any{}})
	line(any{"nodes": nodes, "stray": []any{}, "summary": any{}}) // osd df tree
	rules := []any{}
	for i, d := range domains {
		rules = append(rules, any{"rule_id": i, "rule_name": d, "steps": []any{{"op": "take", "item": -1, "item_name": "default"}, {"op": "chooseleaf_firstn", "num": 0, "type": d}, {"op": "emit"}}})
	}
	line(rules)
	return b.String()
}
