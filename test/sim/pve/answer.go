package pve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refusal is an answer that is none: a status line with its reason phrase.
type refusal struct {
	code   int
	reason string
	// delay is real time.
	delay time.Duration
	// bare refusals have no body and no content type, as those of the proxy.
	bare bool
}

type object = map[string]any

// question is a request that got through authentication.
type question struct {
	w      *World
	at     *node // that was asked
	rights rights
	path   []string // split at slashes
	// bare disks are listed without their health.
	bare bool
}

// answer finds the document, with the world locked.
func (q question) answer() (any, *refusal) {
	switch path := "/" + strings.Join(q.path, "/"); {
	case path == "/version":
		return q.version(q.at), nil
	case path == "/nodes":
		return q.nodeList(), nil
	case path == "/access/permissions":
		return q.rights.dump(q.w), nil
	case path == "/cluster/resources":
		return q.resources(), nil
	case path == "/cluster/tasks":
		return q.taskList(""), nil
	case path == "/cluster/replication":
		return q.jobList(""), nil
	case path == "/cluster/mapping/dir" && !q.release(8, 4):
		return nil, q.missing()
	case strings.HasPrefix(path, "/cluster/mapping/"):
		return q.mappings(q.path[2]), nil
	case q.path[0] == "cluster":
		if bad := q.need("/", "Sys.Audit"); bad != nil {
			return nil, bad
		}
		return q.cluster(path)
	case q.path[0] == "nodes" && len(q.path) > 2:
		return q.node()
	}
	return nil, q.missing()
}

func (q question) missing() *refusal {
	return &refusal{code: 501, reason: fmt.Sprintf("Method 'GET /%s' not implemented", strings.Join(q.path, "/"))}
}

func (q question) need(path, privilege string) *refusal {
	if q.rights.has(q.w, path, privilege) {
		return nil
	}
	return &refusal{code: 403, reason: fmt.Sprintf("Permission check failed (%s, %s)", path, privilege)}
}

func (q question) cluster(path string) (any, *refusal) {
	switch path {
	case "/cluster/status":
		return q.status(), nil
	case "/cluster/ha/status/manager_status":
		return q.managerStatus(), nil
	case "/cluster/ha/status/current":
		return q.currentStatus(), nil
	case "/cluster/ha/resources":
		return q.haResources(), nil
	case "/cluster/ha/rules":
		if !q.release(9, 0) {
			return nil, q.missing()
		}
		return q.haRules(), nil
	case "/cluster/ha/groups":
		if q.release(9, 0) {
			return nil, &refusal{code: 500, reason: "cannot index groups: ha groups have been migrated to rules"}
		}
		return q.haGroups(), nil
	case "/cluster/options":
		return q.options(), nil
	case "/cluster/backup-info/not-backed-up":
		return q.unscheduled(), nil
	case "/cluster/config/nodes":
		return q.votes(), nil
	case "/cluster/config/qdevice":
		return q.device(), nil
	}
	return nil, q.missing()
}

func (q question) version(n *node) object {
	release := strings.Join(strings.SplitN(n.Version, ".", 3)[:2], ".")
	return object{"version": n.Version, "release": release, "repoid": "0123456789abcdef"}
}

// release says whether the cluster runs at least the given release.
func (q question) release(major, minor int) bool {
	parts := strings.SplitN(q.w.config.Release, ".", 3)
	a, _ := strconv.Atoi(parts[0]) // what is no number is old
	b := 0
	if len(parts) > 1 {
		b, _ = strconv.Atoi(strings.SplitN(parts[1], "-", 2)[0])
	}
	return a > major || a == major && b >= minor
}

func (q question) status() []object {
	var out []object
	if q.w.config.Name != "" {
		out = append(out, object{
			"type": "cluster", "id": "cluster", "name": q.w.config.Name, "nodes": len(q.w.nodes),
			"version": len(q.w.nodes), "quorate": bit(q.at.quorate),
		})
	}
	for _, n := range q.w.nodes {
		row := object{
			"type": "node", "id": "node/" + n.Name, "name": n.Name, "nodeid": n.id, "ip": q.w.address(n),
			"local": bit(n == q.at), "online": bit(q.at.sees(n)), "level": "",
		}
		if q.w.config.Name == "" {
			row["nodeid"] = 0
		}
		out = append(out, row)
	}
	return out
}

func (w *World) address(n *node) string { return "192.0.2." + strconv.Itoa(n.id) }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (q question) votes() []object {
	out := []object{}
	if q.w.config.Name == "" {
		return out
	}
	for _, n := range q.w.nodes {
		out = append(out, object{
			"node": n.Name, "name": n.Name, "nodeid": strconv.Itoa(n.id), "ring0_addr": q.w.address(n),
			"quorum_votes": strconv.Itoa(n.Votes),
		})
	}
	return out
}

func (q question) device() object {
	d := q.w.device
	if d == nil || !q.at.daemon {
		return object{} // each node tells of its own daemon only
	}
	state, poll := "Connect failed", q.w.now.UTC().Format("2006-01-02T15:04:05")
	if d.Connected && q.at.reached {
		state = "Connected"
	}
	if q.w.given(q.at) {
		poll += " (cast vote)"
	}
	return object{
		"Model": "Net", "State": state, "Algorithm": d.Algorithm, "QNetd host": "192.0.2.250:5403",
		"Tie-breaker": "Node with lowest node ID", "Last poll call": poll,
	}
}

func (q question) nodeRow(n *node) object {
	row := object{"id": "node/" + n.Name, "node": n.Name, "type": "node", "status": "unknown", "level": ""}
	at, told := q.at.heardNode[n.Name]
	if told && q.w.now.Sub(at) < rrdAge && q.at.sees(n) {
		row["status"] = "online"
		if q.rights.has(q.w, "/nodes/"+n.Name, "Sys.Audit") {
			used := int64(0)
			for _, g := range q.w.guests {
				if g.Node == n.Name && g.status != "stopped" {
					used += g.Used
				}
			}
			maps.Copy(row, object{
				"uptime": int64(at.Sub(n.started).Seconds()), "cpu": 0.05, "maxcpu": 8,
				"mem": used, "maxmem": n.Memory, "disk": int64(20 << 30), "maxdisk": int64(100 << 30),
			})
		}
	}
	if !q.at.sees(n) {
		row["status"] = "offline"
	}
	return row
}

func (q question) nodeList() []object {
	out := []object{}
	for _, n := range q.w.nodes {
		row := q.nodeRow(n)
		row["ssl_fingerprint"] = strings.TrimSuffix(strings.Repeat("AB:", 32), ":")
		out = append(out, row)
	}
	return out
}

// resources is the list that is filtered in silence.
func (q question) resources() []object {
	out := []object{}
	view := q.w.view(q.at)
	for _, id := range slices.Sorted(maps.Keys(view.guests)) {
		g := view.guests[id]
		if q.rights.has(q.w, "/vms/"+strconv.Itoa(id), "VM.Audit") {
			out = append(out, q.guestRow(g, view))
		}
	}
	for _, n := range q.w.nodes {
		row := q.nodeRow(n)
		if s := view.ha.nodes[n.Name]; s != "" && q.release(8, 3) {
			row["hastate"] = s
		}
		out = append(out, row)
	}
	for _, n := range q.w.nodes {
		for _, s := range n.Storages {
			if !q.rights.has(q.w, "/storage/"+s.Name, "Datastore.Audit") {
				continue
			}
			out = append(out, object{
				"id": "storage/" + n.Name + "/" + s.Name, "type": "storage", "storage": s.Name, "node": n.Name,
				"status": map[bool]string{false: "available", true: "unknown"}[s.Silent], "shared": bit(s.Shared), "plugintype": s.Plugin, "content": s.content(),
				"disk": int64(20 << 30), "maxdisk": int64(100 << 30),
			})
		}
	}
	return out
}

func (q question) guestRow(g guest, view *replica) object {
	kind := "qemu"
	if g.Container {
		kind = "lxc"
	}
	row := object{"id": fmt.Sprintf("%s/%d", kind, g.ID), "vmid": g.ID, "type": kind, "node": g.Node, "status": "unknown"}
	if h, told := q.at.heardGuest[g.ID]; told && q.w.now.Sub(h.at) < rrdAge {
		maps.Copy(row, object{
			"status": h.status, "name": h.name, "template": bit(h.template), "uptime": int64(h.uptime.Seconds()),
			"cpu": 0.01, "maxcpu": 2, "mem": int64(0), "maxmem": g.Memory, "disk": 0, "maxdisk": int64(32 << 30),
			"netin": 1, "netout": 1, "diskread": 1, "diskwrite": 1,
		})
		if h.status != "stopped" {
			row["mem"] = g.Used
		}
		if q.release(9, 0) && kind == "qemu" {
			row["memhost"] = row["mem"]
		}
	}
	for key, value := range map[string]string{"pool": g.Pool, "tags": g.Tags, "lock": g.lock} {
		if value != "" {
			row[key] = value
		}
	}
	if s, found := view.ha.services[g.ID]; found {
		row["hastate"] = s.state
	}
	return row
}
