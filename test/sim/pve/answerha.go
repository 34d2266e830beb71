package pve

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

func (q question) managerStatus() object {
	h := q.w.view(q.at).ha
	manager, locals := object{}, object{}
	if len(h.nodes) > 0 {
		services := object{}
		for id, s := range h.services {
			row := object{"node": s.node, "state": s.state, "uid": fmt.Sprintf("uid%d", id)}
			for key, value := range map[string]string{"target": s.target, "maintenance_node": s.home} {
				if value != "" {
					row[key] = value
				}
			}
			if s.running {
				row["running"] = 1
			}
			services[q.w.sid(id)] = row
		}
		manager = object{
			"master_node": h.master, "timestamp": h.time.Unix(), "node_status": h.nodes, "service_status": services,
		}
		if len(h.request) > 0 {
			requests := object{}
			for n, on := range h.request {
				requests[n] = object{}
				if on {
					requests[n] = object{"maintenance": 1}
				}
			}
			manager["node_request"] = requests
		}
		if h.disarm != "" {
			manager["disarm"] = object{"state": h.disarm, "mode": h.mode}
		}
	}
	for n, l := range h.lrm {
		locals[n] = object{"mode": l.mode, "state": l.state, "timestamp": l.time.Unix(), "results": object{}}
	}
	quorate := "" // as Perl prints truth
	if q.w.live(q.at) {
		quorate = "1"
	}
	return object{
		"manager_status": manager, "lrm_status": locals,
		"quorum": object{"node": q.at.Name, "quorate": quorate},
	}
}

func (w *World) sid(id int) string {
	if g := w.guests[id]; g != nil && g.Container {
		return fmt.Sprintf("ct:%d", id)
	}
	return fmt.Sprintf("vm:%d", id)
}

// currentStatus is the same for people, with its free text.
func (q question) currentStatus() []object {
	h := q.w.view(q.at).ha
	text := "OK"
	if !q.w.live(q.at) {
		text = fmt.Sprintf("No quorum on node '%s'!", q.at.Name)
	}
	out := []object{{"id": "quorum", "type": "quorum", "node": q.at.Name, "status": text, "quorate": bit(q.w.live(q.at))}}
	if len(h.nodes) == 0 {
		return out
	}
	out = append(out, object{
		"id": "master", "type": "master", "node": h.master, "timestamp": h.time.Unix(),
		"status": fmt.Sprintf("%s (active, %s)", h.master, h.time.Format(time.ANSIC)),
	})
	for _, n := range slices.Sorted(maps.Keys(h.nodes)) {
		l, told := h.lrm[n]
		row := object{"id": "lrm:" + n, "type": "lrm", "node": n, "status": n + " (unable to read lrm status)"}
		if told {
			state := l.state
			switch {
			case l.mode != "active":
				state = l.mode + " mode"
			case q.w.now.Sub(l.time) > 30*time.Second:
				state = "old timestamp - dead?"
			}
			row["timestamp"] = l.time.Unix()
			row["status"] = fmt.Sprintf("%s (%s, %s)", n, state, l.time.Format(time.ANSIC))
		}
		out = append(out, row)
	}
	for _, id := range slices.Sorted(maps.Keys(h.services)) {
		s, sid := h.services[id], q.w.sid(id)
		out = append(out, object{
			"id": "service:" + sid, "type": "service", "sid": sid, "node": s.node, "state": s.state, "crm_state": s.state,
			"request_state": q.w.guests[id].HA, "max_restart": 1, "max_relocate": 1,
			"status": fmt.Sprintf("%s (%s, %s)", sid, s.node, s.state),
		})
	}
	return out
}

func (q question) haResources() []object {
	out := []object{}
	for _, id := range slices.Sorted(maps.Keys(q.w.guests)) {
		if g := q.w.guests[id]; g.HA != "" {
			sid := q.w.sid(id)
			row := object{"sid": sid, "type": sid[:2], "state": g.HA, "digest": "0123", "max_relocate": 1, "max_restart": 1}
			if q.release(9, 0) {
				row["failback"] = 1
			} else if name := q.w.config.groupOf(sid); name != "" {
				row["group"] = name
			}
			out = append(out, row)
		}
	}
	return out
}
