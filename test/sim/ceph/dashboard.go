package ceph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The dashboard's user, with the role read-only.
const (
	Username = "monitor"
	Password = "Lab-pass-1"
)

// lifetime is how long a token of the dashboard is good.
const lifetime = 8 * time.Hour

// accept are the versions of the API that each document is served in.
var accept = map[string]string{"/api/osd": "1.1"}

// dashboard is the module in the mgr called name; next is where the active one
// listens.
func (s *Sim) dashboard(name string) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		s.note(r)
		s.listen()
		var up, active bool
		var to string
		s.World.look(func() {
			for _, m := range s.World.mgrs {
				if m.Name == name {
					up, active = m.up, m.active
				}
			}
			if a := s.World.Active(); a != nil {
				to = s.addresses[a.Name]
			}
		})
		switch {
		case !up:
			reset(out)
		case !active && to == "":
			out.Header().Set("Server", "Ceph-Dashboard")
			// a client that left needs no answer
			_, _ = out.Write([]byte("<html>No active ceph-mgr instance is currently running the dashboard.</html>"))
		case !active:
			out.Header().Set("Location", "https://"+to+"/")
			out.WriteHeader(http.StatusSeeOther)
		default:
			s.serveDashboard(out, r)
		}
	})
}

func (s *Sim) serveDashboard(out http.ResponseWriter, r *http.Request) {
	out.Header().Set("Date", s.World.clock.Now().UTC().Format(http.TimeFormat))
	version := accept[r.URL.Path]
	if version == "" {
		version = "1.0"
	}
	if r.Header.Get("Accept") != "application/vnd.ceph.api.v"+version+"+json" {
		refuse(out, http.StatusUnsupportedMediaType, fmt.Sprintf("Incorrect version: endpoint is '%s'", version))
		return
	}
	if r.URL.Path == "/api/auth" {
		s.login(out, r)
		return
	}
	if !s.valid(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
		refuse(out, http.StatusUnauthorized, "You are not authorized to access that resource")
		return
	}
	var doc any
	s.World.look(func() {
		w := s.World
		switch r.URL.Path {
		case "/api/health/full":
			doc = w.dashboardHealth(s.heard)
		case "/api/osd":
			doc = w.dashboardOSDs()
		case "/api/monitor":
			doc = object{"mon_status": w.dashboardMons(s.heard)}
		}
	})
	if doc == nil || r.Method != http.MethodGet {
		refuse(out, http.StatusNotFound, "The path '"+r.URL.Path+"' was not found.")
		return
	}
	send(out, http.StatusOK, doc)
}

// login gives a token. It is written down by the monitors: without a quorum
// nothing comes back.
func (s *Sim) login(out http.ResponseWriter, r *http.Request) {
	quorum := false
	s.World.look(func() { quorum = s.World.quorum() != nil })
	if !quorum {
		s.hang(r)
		return
	}
	var who struct{ Username, Password string }
	if err := json.NewDecoder(http.MaxBytesReader(out, r.Body, 1<<16)).Decode(&who); err != nil || who.Username != Username || who.Password != Password {
		send(out, http.StatusBadRequest, object{"detail": "Invalid credentials", "code": "invalid_credentials", "component": "auth"})
		return
	}
	s.mu.Lock()
	s.logins++
	token := fmt.Sprintf("token-%d", s.logins)
	s.tokens[token] = s.World.clock.Now().Add(lifetime)
	s.mu.Unlock()
	send(out, http.StatusCreated, object{"token": token, "username": Username, "permissions": object{}, "pwdUpdateRequired": false})
}

func (s *Sim) valid(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.World.clock.Now().Before(s.tokens[token])
}

// heard is what the active mgr knows of the monitors: who was in quorum when
// there last was one, and when each last reported.
type heard struct {
	quorum []int
	last   map[string]time.Time
}

// listen keeps up with the monitors, as the active mgr does.
func (s *Sim) listen() {
	s.World.look(func() {
		w := s.World
		if s.heard.last == nil {
			s.heard.last = map[string]time.Time{}
		}
		var ranks []int
		for i, m := range w.mons {
			if m.up {
				s.heard.last[m.Name] = w.clock.Now()
				ranks = append(ranks, i)
			}
		}
		if w.quorum() != nil {
			s.heard.quorum = ranks
		}
	})
}

func (w *World) dashboardMons(h heard) object {
	m := w.monmap()
	for _, row := range m["mons"].([]any) {
		mon := row.(object)
		at := h.last[mon["name"].(string)]
		mon["stats"] = object{"num_sessions": []any{[]any{float64(at.UnixMilli()) / 1000, 6}}}
	}
	return object{"name": w.mons[0].Name, "rank": 0, "state": "leader", "quorum": h.quorum, "monmap": m}
}

// dashboardHealth is /api/health/full: checks as a list, and what the mgr has
// in its memory of all the rest.
func (w *World) dashboardHealth(h heard) object {
	health := w.healthDocument(true)
	table := health["checks"].(object)
	checks := []any{}
	codes := []string{}
	for code := range table {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		c := table[code].(object)
		c["type"] = code
		checks = append(checks, c)
	}
	health["checks"] = checks
	n := w.numbers()
	osds := w.osdDump()
	osds["tree"] = object{"nodes": w.tree(false), "stray": []any{}}
	osds["crush"] = object{"rules": w.rules()}
	standbys := []any{}
	for _, m := range w.mgrs {
		if m.up && !m.active {
			standbys = append(standbys, object{"gid": 4254, "name": m.Name})
		}
	}
	return object{
		"health": health, "mon_status": w.dashboardMons(h), "fs_map": w.fsDump(), "osd_map": osds,
		"pg_info": object{
			"statuses":     n.states,
			"object_stats": object{"num_objects": n.total * objects, "num_objects_degraded": n.degraded, "num_objects_misplaced": n.misplaced, "num_objects_unfound": n.unfound},
		},
		"mgr_map":     object{"active_name": w.Active().Name, "available": true, "standbys": standbys},
		"df":          object{"stats": object{"total_bytes": int64(n.bytes), "total_used_raw_bytes": int64(n.used)}},
		"client_perf": object{"read_op_per_sec": 0, "write_op_per_sec": 0, "recovering_bytes_per_sec": 0},
	}
}

func (w *World) dashboardOSDs() []any {
	out := []any{}
	for _, o := range w.osds {
		row := w.osdRow(o)
		row["host"] = object{"name": o.host}
		row["stats"] = object{"stat_bytes": int64(capacity), "stat_bytes_used": int64(o.used / 100 * capacity)}
		out = append(out, row)
	}
	return out
}

func refuse(out http.ResponseWriter, code int, why string) {
	send(out, code, object{"status": fmt.Sprintf("%d %s", code, http.StatusText(code)), "detail": why})
}

func send(out http.ResponseWriter, code int, doc any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(code)
	// a client that left needs no answer
	_, _ = out.Write([]byte(marshal(doc)))
}
