package ceph

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Token is the API token of Proxmox VE that may see everything.
const Token = "monitor@pve!noout=00000000-0000-4000-8000-000000000001"

// PVE is what a node of Proxmox VE answers about this cluster: its own cluster
// in the least that is needed to believe it, with the hosts that are in HA
// maintenance, and Ceph. Other paths are answered with 501.
func (s *Sim) PVE(node string) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		s.note(r)
		path := strings.TrimPrefix(r.URL.Path, "/api2/json")
		if r.Header.Get("Authorization") != "PVEAPIToken="+Token {
			out.WriteHeader(http.StatusUnauthorized)
			return
		}
		var doc any
		silent := false
		s.World.look(func() {
			silent = strings.Contains(path, "/ceph/") && s.World.quorum() == nil
			if !silent {
				doc = s.pveDocument(path, node)
				if path == "/nodes/"+node+"/ceph/cmd-safety" {
					doc = s.World.cmdSafety(r.URL.Query())
				}
			}
		})
		switch {
		case silent:
			s.hang(r)
		case doc == nil:
			out.WriteHeader(http.StatusNotImplemented)
		default:
			send(out, http.StatusOK, object{"data": doc})
		}
	})
}

func (s *Sim) pveDocument(path, node string) any {
	w := s.World
	switch path {
	case "/access/permissions":
		return object{"/": object{"Sys.Audit": 1, "Datastore.Audit": 1}, "/vms": object{"VM.Audit": 1}}
	case "/cluster/status":
		rows := []any{object{"type": "cluster", "id": "cluster", "name": "lab", "nodes": len(w.config.Hosts), "quorate": 1, "version": 3}}
		for i, h := range w.config.Hosts {
			local := 0
			if h.Name == node {
				local = 1
			}
			rows = append(rows, object{"type": "node", "id": "node/" + h.Name, "name": h.Name, "nodeid": i + 1, "ip": fmt.Sprintf("192.0.2.%d", 11+i), "local": local, "online": 1, "level": ""})
		}
		return rows
	case "/cluster/ha/status/manager_status":
		return s.manager()
	case "/cluster/resources", "/cluster/tasks":
		return []any{}
	case "/cluster/ceph/status":
		doc := w.status()
		doc["health"] = w.healthDocument(true)
		doc["monmap"] = w.monmap()
		doc["mgrmap"] = w.mgrDump()
		return doc
	case "/cluster/ceph/flags":
		rows := []any{}
		for _, f := range []string{"nobackfill", "nodeep-scrub", "nodown", "noin", "noout", "norebalance", "norecover", "noscrub", "notieragent", "noup", "pause"} {
			on := 0
			if w.flags[f] || f == "pause" && w.flags["pauserd"] {
				on = 1
			}
			rows = append(rows, object{"name": f, "value": on, "description": f})
		}
		return rows
	case "/nodes/" + node + "/ceph/osd":
		return w.pveOSDs()
	case "/nodes/" + node + "/ceph/pool":
		return w.osdDump()["pools"]
	case "/nodes/" + node + "/ceph/crush":
		return w.crushMap()
	}
	return nil
}

// manager is the HA manager's state; maintenance are the nodes it has been
// asked to empty.
func (s *Sim) manager() object {
	nodes, requests, lrm := object{}, object{}, object{}
	for _, h := range s.World.config.Hosts {
		nodes[h.Name] = "online"
		if slices.Contains(s.maintenance, h.Name) {
			nodes[h.Name] = "maintenance"
			requests[h.Name] = object{"maintenance": 1}
		}
		lrm[h.Name] = object{"mode": "active", "state": "wait_for_agent_lock", "timestamp": s.World.clock.Now().Unix()}
	}
	return object{
		"manager_status": object{"master_node": s.World.config.Hosts[0].Name, "timestamp": s.World.clock.Now().Unix(), "node_status": nodes, "node_request": requests, "service_status": object{}},
		"lrm_status":     lrm, "quorum": object{"node": s.World.config.Hosts[0].Name, "quorate": "1"},
	}
}

func (w *World) mgrDump() object {
	m := object{"available": w.Active() != nil, "active_name": "", "standbys": []any{}}
	standbys := []any{}
	for _, d := range w.mgrs {
		switch {
		case d.up && d.active:
			m["active_name"] = d.Name
			m["active_addr"] = w.addr(d.Host, 6810)
		case d.up:
			standbys = append(standbys, object{"gid": 4254, "name": d.Name})
		}
	}
	m["standbys"] = standbys
	return m
}

// pveOSDs is the tree of OSDs, nested, some numbers as text as Perl has them.
// It comes from the mgr; nil without one.
func (w *World) pveOSDs() any {
	if w.Active() == nil {
		return nil
	}
	word := map[bool]string{true: "up", false: "down"}
	number := map[bool]int{true: 1, false: 0}
	hosts := []any{}
	for i, h := range w.config.Hosts {
		children := []any{}
		for _, o := range w.osds {
			if o.host == h.Name {
				children = append(children, object{
					"id": o.id, "name": fmt.Sprintf("osd.%d", o.id), "type": "osd", "status": word[o.up], "in": number[o.in],
					"host": o.host, "device_class": o.class, "reweight": "1.0", "percent_used": o.used, "leaf": 1,
				})
			}
		}
		hosts = append(hosts, object{"id": fmt.Sprint(-2 - i), "name": h.Name, "type": "host", "leaf": 0, "children": children})
	}
	root := object{"id": "-1", "name": "default", "type": "root", "leaf": 0, "children": hosts}
	return object{"root": object{"leaf": 0, "children": []any{root}}, "flags": strings.Join(append(set(w.flags), "sortbitwise"), ",")}
}
