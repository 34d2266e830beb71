package pve

import (
	"maps"
	"slices"
)

// manage moves every service one state on.
func (w *World) manage() {
	h := &w.ha
	for _, g := range w.guests {
		_, known := h.services[g.ID]
		switch {
		case g.HA == "" && known:
			delete(h.services, g.ID)
		case g.HA != "" && !known:
			h.services[g.ID] = service{node: g.Node, state: g.HA}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.services)) {
		h.services[id] = w.next(w.guests[id], h.services[id])
	}
}

func (w *World) next(g *guest, s service) service {
	h := &w.ha
	switch s.state {
	case "freeze":
		s.state = g.HA
	case "stopped":
		s.node = g.Node
		if g.HA == "started" {
			s.state = "started"
		}
	case "request_stop":
		g.status, s.state, s.running = "stopped", "stopped", false
	case "error":
		if g.HA != "started" {
			s.state, s.fails = "stopped", 0
		}
	case "recovery":
		if to := w.refuge(s.node); to != "" {
			g.Node = to
			s.node, s.state, s.running = to, "started", false
		}
	case "started":
		return w.nextStarted(g, s)
	case "migrate", "relocate":
		if h.nodes[s.node] == "fence" {
			s.state, s.target = "fence", ""
		} else if g.Node == s.target {
			s.node, s.state, s.target, s.running = s.target, "started", "", false
		}
	}
	return s
}

func (w *World) nextStarted(g *guest, s service) service {
	h := &w.ha
	switch {
	case g.HA == "stopped":
		s.state = "request_stop"
		return s
	case h.nodes[s.node] == "fence":
		s.state, s.running = "fence", false
		return s
	case h.nodes[s.node] == "maintenance" && w.node(s.node).up:
		if to := w.refuge(s.node); to != "" {
			if s.home == "" {
				s.home = s.node
			}
			return w.send(g, s, to)
		}
	case s.home != "" && s.home != s.node && h.nodes[s.home] == "online":
		to := s.home
		s.home = ""
		return w.send(g, s, to)
	}
	return s
}

// send begins a migration; a service whose guest cannot leave stays.
func (w *World) send(g *guest, s service, to string) service {
	if g.lock != "" || w.migrate(g, to, haMoveTime) != nil {
		return s
	}
	s.state, s.target, s.running = "migrate", to, false
	if g.Container {
		s.state = "relocate"
	}
	return s
}

// refuge is the node with the fewest services that can take one more.
func (w *World) refuge(from string) string {
	best, fewest := "", 0
	for _, n := range w.nodes {
		if n.Name == from || !n.up || w.ha.nodes[n.Name] != "online" || w.ha.request[n.Name] {
			continue
		}
		count := 0
		for _, s := range w.ha.services {
			if s.node == n.Name {
				count++
			}
		}
		if best == "" || count < fewest {
			best, fewest = n.Name, count
		}
	}
	return best
}
