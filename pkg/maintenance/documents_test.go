package maintenance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// domains are the CRUSH rules there are.
var domains = []string{"host", "osd", "rack"}

// documents are what Ceph would print about it, one JSON document a line.
func (m *model) documents() string {
	type any = map[string]interface{}
	var b strings.Builder
	line := func(v interface{}) {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		b.Write(raw)
		b.WriteByte('\n')
	}
	line(m.status())
	line(m.osdDump())
	line(m.tree())
	rules := []any{}
	for i, d := range domains {
		rules = append(rules, any{"rule_id": i, "rule_name": d, "steps": []any{
			{"op": "take", "item": -1, "item_name": "default"}, {"op": "chooseleaf_firstn", "num": 0, "type": d}, {"op": "emit"},
		}})
	}
	line(rules)
	if m.ranks > 0 {
		info, standbys := any{}, []any{}
		for i, on := range m.mds {
			if i < m.ranks {
				info[fmt.Sprintf("gid_%d", i)] = any{"name": m.nodes[on].name}
			} else {
				standbys = append(standbys, any{"name": m.nodes[on].name})
			}
		}
		line(any{"epoch": 1, "standbys": standbys, "filesystems": []any{{"id": 1, "mdsmap": any{"fs_name": "f", "info": info}}}})
	}
	return b.String()
}

// status is the document of the same name.
func (m *model) status() map[string]interface{} {
	type any = map[string]interface{}
	pgmap, remapped := m.pgmap()
	quorum, mons := []string{}, []any{}
	for _, x := range m.mons {
		mons = append(mons, any{"name": m.nodes[x.on].name})
		if x.inQuorum {
			quorum = append(quorum, m.nodes[x.on].name)
		}
	}
	monmap := any{"num_mons": len(mons)}
	if len(quorum) < len(mons) || !m.terse {
		monmap["mons"] = mons
	}
	mgr := any{"available": len(m.mgrs) > 0, "active_name": "", "standbys": []any{}}
	for i, on := range m.mgrs {
		if i == 0 {
			mgr["active_name"] = m.nodes[on].name
			continue
		}
		mgr["standbys"] = append(mgr["standbys"].([]any), any{"name": m.nodes[on].name})
	}
	up, in := 0, 0
	for _, o := range m.osds {
		if o.up {
			up++
		}
		if o.in {
			in++
		}
	}
	ranks := []any{}
	for i := range m.ranks {
		ranks = append(ranks, any{"filesystem_id": 1, "rank": i, "name": "mds"})
	}
	return any{
		"fsid": "f", "health": any{"status": "HEALTH_OK", "checks": any{}, "mutes": []any{}},
		"quorum_names": quorum, "monmap": monmap,
		"osdmap":     any{"num_osds": len(m.osds), "num_up_osds": up, "num_in_osds": in, "num_remapped_pgs": remapped},
		"pgmap":      pgmap,
		"servicemap": any{"services": any{}},
		"mgrmap":     mgr, "fsmap": any{"by_rank": ranks, "up:standby": max(0, len(m.mds)-m.ranks)},
	}
}

// pgmap counts the PGs by state, and those that are not where they belong.
func (m *model) pgmap() (doc map[string]interface{}, remapped int) {
	type any = map[string]interface{}
	states := map[string]int{}
	total, degraded := 0, 0
	for _, p := range m.pools {
		for i, acting := range p.pgs {
			s := m.state(p, acting, i)
			states[s]++
			total++
			if strings.Contains(s, "degraded") {
				degraded += 3
			}
			if strings.Contains(s, "remapped") {
				remapped++
			}
		}
	}
	byState := []any{}
	for s, n := range states {
		byState = append(byState, any{"state_name": s, "count": n})
	}
	return any{"pgs_by_state": byState, "num_pgs": total, "degraded_objects": degraded, "misplaced_objects": remapped * 5, "bytes_used": 1, "bytes_total": 100}, remapped
}

func (m *model) state(p pool, acting []int, nth int) string {
	up, _ := m.living(acting)
	switch {
	case up < p.min:
		return "undersized+degraded+peered"
	case up < p.size && p.moving && nth == 0:
		return "active+undersized+degraded+remapped+backfill_wait"
	case up < p.size:
		return "active+undersized+degraded"
	case p.moving && nth == 0:
		return "active+remapped+backfilling"
	}
	return "active+clean"
}

func (m *model) osdDump() map[string]interface{} {
	type any = map[string]interface{}
	flags := []string{"sortbitwise"}
	if m.noout.global {
		flags = append(flags, "noout")
	}
	for f, on := range m.flags {
		switch {
		case !on:
		case f == "pause":
			flags = append(flags, "pauserd", "pausewr")
		default:
			flags = append(flags, f)
		}
	}
	nodeFlags := any{}
	for _, h := range m.noout.hosts {
		nodeFlags[m.nodes[h].crush] = []string{"noout"}
		nodeFlags[m.nodes[h].crush+"-ssd"] = []string{"noout"}
	}
	osds := []any{}
	for id, o := range m.osds {
		state := []string{"exists"}
		if o.up {
			state = append(state, "up")
		}
		if slices.Contains(m.noout.osds, id) {
			state = append(state, "noout")
		}
		osds = append(osds, any{"osd": id, "up": bit(o.up), "in": bit(o.in), "weight": bit(o.in), "state": state})
	}
	pools := []any{}
	for i, p := range m.pools {
		kind := 1
		if p.erasure {
			kind = 3
		}
		rule := slices.Index(domains, p.domain)
		pools = append(pools, any{"pool": i + 1, "pool_name": fmt.Sprintf("p%d", i), "type": kind, "size": p.size, "min_size": p.min, "pg_num": len(p.pgs), "crush_rule": rule, "flags_names": "hashpspool"})
	}
	return any{"fsid": "f", "epoch": 9, "last_up_change": noon.Add(-time.Minute), "flags": strings.Join(flags, ","), "flags_set": flags, "crush_node_flags": nodeFlags, "device_class_flags": any{}, "osds": osds, "pools": pools}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *model) tree() map[string]interface{} {
	type any = map[string]interface{}
	racks := map[int][]int{}
	nodes := []any{}
	for i, n := range m.nodes {
		for second, id := range map[bool]int{false: -100 - i, true: -200 - i} {
			var own []int
			name := n.crush
			for osd, o := range m.osds {
				if o.on == i && o.second == second {
					own = append(own, osd)
					name = m.bucket(o)
					nodes = append(nodes, any{"id": osd, "name": fmt.Sprintf("osd.%d", osd), "type": "osd", "device_class": "hdd"})
				}
			}
			if len(own) > 0 {
				racks[n.rack] = append(racks[n.rack], id)
				nodes = append(nodes, any{"id": id, "name": name, "type": "host", "children": own})
			}
		}
	}
	top := []int{}
	for rack, hosts := range racks {
		top = append(top, -10-rack)
		nodes = append(nodes, any{"id": -10 - rack, "name": fmt.Sprintf("rack%d", rack), "type": "rack", "children": hosts})
	}
	nodes = append(nodes, any{"id": -1, "name": "default", "type": "root", "children": top})
	return any{"nodes": nodes, "stray": []any{}}
}
