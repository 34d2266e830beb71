package pve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// taskList is that of a node, or with none named what all of them replicate.
func (q question) taskList(node string) []object {
	out := []object{}
	if !q.rights.has(q.w, "/", "Sys.Audit") {
		return out
	}
	for _, t := range slices.Backward(q.w.tasks) {
		if node != "" && t.node != node {
			continue
		}
		running := t.end.IsZero() || t.end.After(q.w.now)
		if !running && q.w.now.Sub(t.end) > time.Hour {
			continue // only recent ones are replicated
		}
		row := object{
			"upid": fmt.Sprintf("UPID:%s:%08X:%08X:%08X:%s:%s:%s:", t.node, 1000+t.serial, t.serial, t.start.Unix(), t.kind, t.id, t.user),
			"node": t.node, "type": t.kind, "id": t.id, "user": t.user, "starttime": t.start.Unix(), "saved": "1",
		}
		if running || node != "" {
			row["pid"] = 1000 + t.serial
		}
		if node != "" {
			row["pstart"] = t.serial
		}
		if running {
			row["saved"] = "0"
		} else {
			row["endtime"], row["status"] = t.end.Unix(), t.status
		}
		out = append(out, row)
	}
	return out
}

func (q question) jobList(node string) []object {
	out := []object{}
	for _, j := range q.w.jobs {
		g := q.w.guests[j.Guest]
		if g == nil || node != "" && g.Node != node || !q.rights.has(q.w, "/vms/"+strconv.Itoa(j.Guest), "VM.Audit") {
			continue
		}
		row := object{
			"id": fmt.Sprintf("%d-0", j.Guest), "guest": j.Guest, "jobnum": 0, "type": "local",
			"target": j.Target, "source": g.Node, "schedule": "*/15",
		}
		if node != "" { // only the node knows how it went
			last := q.w.now.Add(-5 * time.Minute).Unix()
			maps.Copy(row, object{"vmtype": "qemu", "fail_count": j.Fails, "last_try": last, "last_sync": last, "next_sync": last + 900, "duration": 2.5})
			if j.Fails > 0 {
				row["error"] = j.Error
			}
		}
		out = append(out, row)
	}
	return out
}
