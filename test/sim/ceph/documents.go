package ceph

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// status is the document of the same name.
func (w *World) status() object {
	n := w.numbers()
	ranks := []any{}
	for i := range w.mons {
		if w.mons[i].up {
			ranks = append(ranks, i)
		}
	}
	s := object{
		"fsid": w.config.FSID, "health": w.healthDocument(false), "election_epoch": 8,
		"quorum": ranks, "quorum_names": w.quorum(), "quorum_age": 230,
		"monmap": object{"epoch": 1, "min_mon_release_name": "reef", "num_mons": len(w.mons)},
		"pgmap":  w.pgmap(n), "fsmap": w.fsmap(),
		"mgrmap":          object{"available": w.Active() != nil, "num_standbys": w.standbys(), "modules": []any{"dashboard"}, "services": object{}},
		"servicemap":      object{"epoch": 1, "services": object{}},
		"progress_events": object{},
	}
	osds := object{"epoch": w.epoch, "num_osds": len(w.osds), "num_up_osds": w.ups(), "num_in_osds": w.ins(), "num_remapped_pgs": 0}
	if w.config.Nested {
		s["monmap"] = w.monmap()
		s["osdmap"] = object{"osdmap": osds}
		return s
	}
	osds["osd_up_since"], osds["osd_in_since"] = w.upped.Unix(), w.inned.Unix()
	s["osdmap"] = osds
	return s
}

func (w *World) ups() int {
	n := 0
	for _, o := range w.osds {
		if o.up {
			n++
		}
	}
	return n
}

func (w *World) ins() int {
	n := 0
	for _, o := range w.osds {
		if o.in {
			n++
		}
	}
	return n
}

func (w *World) standbys() int {
	n := 0
	for _, m := range w.mgrs {
		if m.up && !m.active {
			n++
		}
	}
	return n
}

func (w *World) pgmap(n *snapshot) object {
	states := []any{}
	for _, s := range slices.Sorted(maps.Keys(n.states)) {
		states = append(states, object{"state_name": s, "count": n.states[s]})
	}
	m := object{
		"pgs_by_state": states, "num_pgs": n.total, "num_pools": len(w.pools), "num_objects": n.total * objects,
		"bytes_used": int64(n.used), "bytes_avail": int64(n.bytes - n.used), "bytes_total": int64(n.bytes),
	}
	for key, v := range map[string]int{"degraded_objects": n.degraded, "misplaced_objects": n.misplaced, "unfound_objects": n.unfound} {
		if v > 0 {
			m[key] = v
		}
	}
	return m
}

// addr is the address of a daemon on a host: each host has one in 192.0.2.0/24.
func (w *World) addr(host string, port int) string {
	i := slices.IndexFunc(w.config.Hosts, func(h Host) bool { return h.Name == host })
	if i < 0 { // a machine without an OSD
		i = len(w.config.Hosts) + slices.Index(slices.Sorted(maps.Keys(w.config.Sites)), host)
	}
	return fmt.Sprintf("192.0.2.%d:%d/0", 11+i, port)
}

func (w *World) monmap() object {
	mons := []any{}
	for i, m := range w.mons {
		row := object{"rank": i, "name": m.Name, "addr": w.addr(m.Host, 6789), "public_addr": w.addr(m.Host, 6789)}
		if site := w.config.Sites[m.Host]; site != "" {
			row["crush_location"] = "{datacenter=" + site + "}"
		}
		mons = append(mons, row)
	}
	return object{"epoch": 1, "fsid": w.config.FSID, "min_mon_release_name": "reef", "disallowed_leaders: ": "", "mons": mons}
}

func (w *World) quorumStatus() object {
	return object{"election_epoch": 8, "quorum_names": w.quorum(), "quorum_leader_name": w.quorum()[0], "quorum_age": 230, "monmap": w.monmap()}
}

// osdDump is osd dump.
func (w *World) osdDump() object {
	flags := append(set(w.flags), "sortbitwise", "recovery_deletes", "purged_snapdirs", "pglog_hardlimit")
	nodes, classes := object{}, object{}
	for name, f := range w.nodeFlags {
		if s := set(f); len(s) > 0 {
			nodes[name] = s
		}
	}
	for name, f := range w.classFlags {
		if s := set(f); len(s) > 0 {
			classes[name] = s
		}
	}
	osds, pools := []any{}, []any{}
	for _, o := range w.osds {
		osds = append(osds, w.osdRow(o))
	}
	for _, p := range w.pools {
		names := "hashpspool"
		if w.poolFull(p) {
			names = "hashpspool,full"
		}
		row := object{"pool": p.id, "pool_name": p.Name, "type": 1, "size": p.Size, "min_size": w.least(p), "crush_rule": p.id, "pg_num": p.PGs, "flags_names": names}
		maps.Copy(row, w.peers(p))
		pools = append(pools, row)
	}
	dump := object{
		"epoch": w.epoch, "fsid": w.config.FSID, "created": stamp(w.created), "modified": stamp(w.modified),
		"last_up_change": stamp(w.upped), "last_in_change": stamp(w.inned),
		"flags": strings.Join(flags, ","), "flags_set": flags, "crush_node_flags": nodes, "device_class_flags": classes,
		"pools": pools, "osds": osds,
	}
	if w.config.Sites != nil {
		dump["stretch_mode"] = w.stretchMode()
	}
	return dump
}

func (w *World) osdRow(o *osd) object {
	state := append([]string{"exists"}, set(o.flags)...)
	if o.up {
		state = append(state, "up")
	}
	if o.used >= 95 {
		state = append(state, "full")
	} else if o.used >= 85 {
		state = append(state, "nearfull")
	}
	weight := map[bool]int{true: 1, false: 0}
	return object{"osd": o.id, "up": weight[o.up], "in": weight[o.in], "weight": weight[o.in], "state": state, "public_addr": w.addr(o.host, 6800+o.id), "uuid": fmt.Sprintf("uuid-%d", o.id)}
}

func (w *World) poolFull(p *pool) bool {
	return p.full || slices.ContainsFunc(w.osds, func(o *osd) bool { return o.up && o.used >= 95 })
}

// tree is osd tree; with usage it is osd df tree without its summary.
func (w *World) tree(usage bool) []any {
	word := map[bool]string{true: "up", false: "down"}
	var nodes, hosts []any
	for i, h := range w.config.Hosts {
		hosts = append(hosts, -2-i)
		children := []any{}
		for _, o := range w.osds {
			if o.host == h.Name {
				children = append(children, o.id)
			}
		}
		nodes = append(nodes, object{"id": -2 - i, "name": h.Name, "type": "host", "type_id": 1, "children": children})
		for _, o := range w.osds {
			if o.host != h.Name {
				continue
			}
			n := object{"id": o.id, "name": fmt.Sprintf("osd.%d", o.id), "type": "osd", "type_id": 0, "device_class": o.class, "crush_weight": 0.001, "depth": 2, "exists": 1, "status": word[o.up], "reweight": 1}
			if usage {
				n["utilization"], n["pgs"] = o.used, w.placed(o.id)
			}
			nodes = append(nodes, n)
		}
	}
	if w.config.Sites != nil {
		hosts = nil
		for _, site := range slices.Sorted(maps.Keys(w.sites())) {
			hosts = append(hosts, w.bucketOf(site))
			nodes = append(nodes, object{"id": w.bucketOf(site), "name": site, "type": "datacenter", "type_id": 8, "children": w.sites()[site]})
		}
	}
	return append([]any{object{"id": -1, "name": "default", "type": "root", "type_id": 11, "children": hosts}}, nodes...)
}

func (w *World) rules() []any {
	out := []any{}
	for _, p := range w.pools {
		root := object{"op": "take", "item": -1, "item_name": "default"}
		if p.Class != "" {
			root = object{"op": "take", "item": -10_000 - p.id, "item_name": "default~" + p.Class}
		}
		steps := []any{root}
		switch p.Domain {
		case "host":
			steps = append(steps, object{"op": "chooseleaf_firstn", "num": 0, "type": "host"})
		case "site":
			steps = append(steps, object{"op": "choose_firstn", "num": 0, "type": "datacenter"}, object{"op": "chooseleaf_firstn", "num": p.Size / 2, "type": "host"})
		default:
			steps = append(steps, object{"op": "choose_firstn", "num": 0, "type": "osd"})
		}
		out = append(out, object{"rule_id": p.id, "rule_name": p.Name, "type": 1, "steps": append(steps, object{"op": "emit"})})
	}
	return out
}

func (w *World) mgrMetadata() []any {
	out := []any{}
	for _, m := range w.mgrs {
		if m.up {
			out = append(out, object{"name": m.Name, "addr": strings.Split(w.addr(m.Host, 0), ":")[0], "hostname": m.Host, "ceph_release": "reef"})
		}
	}
	return out
}
