package ceph

import (
	"fmt"
	"slices"
)

// holder is the MDS that has the rank: the first that is up. Where none is, the
// one that was killed keeps it: the cluster goes on listing it, says HEALTH_OK,
// and its clients hang (seen on 16.2.15).
func (w *World) holder() *daemon {
	for _, which := range []func(*daemon) bool{func(d *daemon) bool { return d.up }, func(d *daemon) bool { return d.killed }} {
		if i := slices.IndexFunc(w.mds, which); i >= 0 {
			return w.mds[i]
		}
	}
	return nil
}

func (w *World) fsmap() object {
	ranks, standbys := []any{}, 0
	for i, d := range w.mds {
		switch {
		case d == w.holder():
			status := "up:active"
			if !d.up {
				status += "(laggy or crashed)"
			}
			ranks = append(ranks, object{"filesystem_id": 1, "rank": 0, "name": d.Name, "status": status, "gid": 4000 + i})
		case d.up:
			standbys++
		}
	}
	return object{"epoch": 1, "by_rank": ranks, "up:standby": standbys}
}

func (w *World) fsDump() object {
	info, standbys, systems := object{}, []any{}, []any{}
	for i, d := range w.mds {
		row := object{"gid": 4000 + i, "name": d.Name, "addr": w.addr(d.Host, 6820+i), "state": "up:standby", "rank": -1}
		switch {
		case d == w.holder():
			row["state"], row["rank"] = "up:active", 0
			if !d.up {
				row["laggy_since"] = stamp(w.clock.Now())
			}
			info[fmt.Sprintf("gid_%d", 4000+i)] = row
		case d.up:
			standbys = append(standbys, row)
		}
	}
	if len(w.mds) > 0 {
		systems = append(systems, object{"id": 1, "mdsmap": object{"fs_name": "cephfs", "info": info}})
	}
	return object{"epoch": 1, "standbys": standbys, "filesystems": systems}
}

// nodeList is node ls: daemons by the machine they said they run on, also those
// that are away.
func (w *World) nodeList() object {
	out := object{}
	for kind, list := range map[string][]*daemon{"mon": w.mons, "mgr": w.mgrs, "mds": w.mds} {
		by := object{}
		for _, d := range list {
			names, _ := by[d.Host].([]any)
			by[d.Host] = append(names, d.Name)
		}
		out[kind] = by
	}
	by := object{}
	for _, o := range w.osds {
		ids, _ := by[o.host].([]any)
		by[o.host] = append(ids, o.id)
	}
	out["osd"] = by
	return out
}

// placed is the number of PGs of an OSD.
func (w *World) placed(osd int) int {
	n := 0
	for _, p := range w.pools {
		for _, g := range p.pgs {
			if slices.Contains(w.alive(g), osd) {
				n++
			}
		}
	}
	return n
}
