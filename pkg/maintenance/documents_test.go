package maintenance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// domains are the CRUSH rules there are.
var domains = []string{"host", "osd", "rack", "stretch"}

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
		choose := []any{{"op": "chooseleaf_firstn", "num": 0, "type": d}}
		if d == "stretch" {
			choose = []any{{"op": "choose_firstn", "num": 0, "type": "rack"}, {"op": "chooseleaf_firstn", "num": 2, "type": "host"}}
		}
		for k, root := range []string{"default", "fast"} {
			steps := append([]any{{"op": "take", "item": -1 - k, "item_name": root}}, choose...)
			rules = append(rules, any{"rule_id": i + k*len(domains), "rule_name": d, "steps": append(steps, any{"op": "emit"})})
		}
	}
	line(rules)
	if m.ranks > 0 {
		line(m.fsDump())
	}
	if !m.terse {
		line(m.nodeList())
	}
	if m.stretch {
		line(any{"quorum_names": m.quorum(), "monmap": m.monmap()})
	}
	fill := m.tree()
	fill["summary"] = any{}
	line(fill)
	return b.String()
}

// status is the document of the same name.
func (m *model) status() map[string]interface{} {
	type any = map[string]interface{}
	pgmap, remapped := m.pgmap()
	quorum, monmap := m.quorum(), m.monmap()
	if len(quorum) == len(m.mons) && m.terse {
		delete(monmap, "mons")
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
	ranks, standing := []any{}, 0
	for i, x := range m.mds {
		state := "up:active"
		if x.follows {
			state = "up:standby-replay"
		}
		if x.dead {
			state += "(laggy or crashed)"
		}
		if x.rank < 0 {
			standing++
			continue
		}
		ranks = append(ranks, any{"filesystem_id": 1 + x.rank%2, "rank": x.rank / 2, "name": m.mdsName(i), "status": state})
	}
	return any{
		"fsid": "f", "health": any{"status": "HEALTH_OK", "checks": any{}, "mutes": []any{}},
		"quorum_names": quorum, "monmap": monmap,
		"osdmap":     any{"num_osds": len(m.osds), "num_up_osds": up, "num_in_osds": in, "num_remapped_pgs": remapped},
		"pgmap":      pgmap,
		"servicemap": any{"services": any{}},
		"mgrmap":     mgr, "fsmap": any{"by_rank": ranks, "up:standby": standing},
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
	case !m.serves(p, acting, false):
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
		if p.fast {
			rule += len(domains)
		}
		sites := 0
		if m.stretch {
			sites = 2
		}
		pools = append(pools, any{"peering_crush_bucket_count": sites, "peering_crush_bucket_target": sites, "peering_crush_bucket_barrier": 3, "pool": i + 1, "pool_name": fmt.Sprintf("p%d", i), "type": kind, "size": p.size, "min_size": p.min, "pg_num": len(p.pgs), "crush_rule": rule, "flags_names": "hashpspool"})
	}
	return any{"fsid": "f", "epoch": 9, "last_up_change": noon.Add(-time.Minute), "flags": strings.Join(flags, ","), "flags_set": flags, "crush_node_flags": nodeFlags, "device_class_flags": any{}, "osds": osds, "pools": pools, "stretch_mode": any{"stretch_mode_enabled": m.stretch, "stretch_mode_bucket": 3}}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mdsName is the node's name for the first MDS of a node, as Proxmox VE has it.
func (m *model) mdsName(i int) string {
	on, nth := m.mds[i].on, 0
	for _, x := range m.mds[:i] {
		if x.on == on {
			nth++
		}
	}
	if nth == 0 {
		return m.nodes[on].name
	}
	return fmt.Sprintf("m%d-%d", on, nth)
}

func (m *model) fsDump() map[string]interface{} {
	type any = map[string]interface{}
	info, standbys := []any{{}, {}}, []any{}
	for i, x := range m.mds {
		row := any{"name": m.mdsName(i), "rank": x.rank / 2, "state": "up:active"}
		switch {
		case x.rank < 0:
			standbys = append(standbys, any{"name": m.mdsName(i)})
			continue
		case x.follows:
			row["state"] = "up:standby-replay"
		case x.dead:
			row["laggy_since"] = noon
		}
		info[x.rank%2][fmt.Sprintf("gid_%d", i)] = row
	}
	return any{"epoch": 1, "standbys": standbys, "filesystems": []any{{"id": 1, "mdsmap": any{"info": info[0]}}, {"id": 2, "mdsmap": any{"info": info[1]}}}}
}

// nodeList is node ls.
func (m *model) nodeList() map[string]interface{} {
	mons, mds := map[string][]string{}, map[string][]string{}
	for _, x := range m.mons {
		mons[m.nodes[x.on].name] = append(mons[m.nodes[x.on].name], m.nodes[x.on].name)
	}
	for i, x := range m.mds {
		mds[m.nodes[x.on].name] = append(mds[m.nodes[x.on].name], m.mdsName(i))
	}
	return map[string]interface{}{"mon": mons, "mds": mds, "osd": map[string]int{}, "mgr": map[string]int{}}
}

// placed is the number of PGs that an OSD has a copy of and works for.
func (m *model) placed(id int) int {
	n := 0
	for _, p := range m.pools {
		for _, acting := range p.pgs {
			if m.osds[id].up && slices.Contains(acting, id) {
				n++
			}
		}
	}
	return n
}

func (m *model) tree() map[string]interface{} {
	type any = map[string]interface{}
	racks := map[[2]int][]int{}
	nodes := []any{}
	for i, n := range m.nodes {
		for second, id := range map[bool]int{false: -100 - i, true: -200 - i} {
			var own []int
			name := n.crush
			for osd, o := range m.osds {
				if o.on == i && o.second == second {
					own = append(own, osd)
					name = m.bucket(o)
					nodes = append(nodes, any{"id": osd, "name": fmt.Sprintf("osd.%d", osd), "type": "osd", "device_class": "hdd", "pgs": m.placed(osd)})
				}
			}
			if len(own) > 0 {
				rack := [2]int{n.rack, bit(second && m.roots)}
				racks[rack] = append(racks[rack], id)
				nodes = append(nodes, any{"id": id, "name": name, "type": "host", "type_id": 1, "children": own})
			}
		}
	}
	tops := [2][]int{{}, {}}
	for rack, hosts := range racks {
		id := -10 - rack[0] - 20*rack[1]
		tops[rack[1]] = append(tops[rack[1]], id)
		nodes = append(nodes, any{"id": id, "name": fmt.Sprintf("rack%d", -id), "type": "rack", "type_id": 3, "children": hosts})
	}
	for k, root := range []string{"default", "fast"} {
		nodes = append(nodes, any{"id": -1 - k, "name": root, "type": "root", "type_id": 11, "children": tops[k]})
	}
	return any{"nodes": nodes, "stray": []any{}}
}
