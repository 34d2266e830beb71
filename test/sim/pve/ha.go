package pve

import (
	"maps"
	"time"
)

// ha is the HA manager's state, replicated like a configuration file.
type ha struct {
	master   string
	time     time.Time
	nodes    map[string]string    // the master's opinion
	online   map[string]time.Time // when the master last saw it online
	request  map[string]bool      // maintenance
	lrm      map[string]lrm
	services map[int]service
	commands []func(*ha)
	disarm   string // disarming, disarmed
	mode     string // freeze, ignore
}

type lrm struct {
	mode, state string
	time        time.Time
}

type service struct {
	node, state, target, home string
	running                   bool
	fails                     int
}

// Times of the HA manager: fencing begins 60 s after a node was last seen, its
// lock expires after 120 s.
const (
	fenceDelay   = 60 * time.Second
	lockTime     = 120 * time.Second
	haMoveTime   = 20 * time.Second
	restartTries = 3
)

func (h *ha) clone() ha {
	c := *h
	c.nodes, c.online, c.request = maps.Clone(h.nodes), maps.Clone(h.online), maps.Clone(h.request)
	c.lrm, c.services = maps.Clone(h.lrm), maps.Clone(h.services)
	return c
}

func (w *World) startHA() {
	w.ha = ha{
		nodes: map[string]string{}, online: map[string]time.Time{}, request: map[string]bool{},
		lrm: map[string]lrm{}, services: map[int]service{},
	}
	used := false
	for _, g := range w.guests {
		used = used || g.HA != ""
	}
	if !used || w.config.Name == "" {
		return
	}
	w.ha.master = w.nodes[0].Name
	for _, n := range w.nodes {
		w.ha.nodes[n.Name], w.ha.online[n.Name] = "online", w.now
	}
	w.ha.time = w.now
	w.crm()
	for id, s := range w.ha.services {
		s.running = s.state == "started"
		w.ha.services[id] = s
	}
	w.lrm()
}

// lrm is one round of the local resource managers, which write only with
// quorum.
func (w *World) lrm() {
	if len(w.ha.nodes) == 0 {
		return
	}
	for _, n := range w.nodes {
		if !n.up || n.mute || !w.live(n) {
			continue
		}
		l := lrm{mode: "active", state: "wait_for_agent_lock", time: w.now}
		active := false
		for id, s := range w.ha.services {
			if s.node != n.Name {
				continue
			}
			active = active || s.state != "stopped" && s.state != "freeze"
			if s.state == "started" && w.ha.disarm == "" {
				w.ha.services[id] = w.keepRunning(id, s)
			}
		}
		switch {
		case w.ha.disarm != "":
			l.mode = "disarm"
		case w.ha.request[n.Name]:
			l.mode = "maintenance"
			if active || w.ha.lrm[n.Name].state == "maintenance" {
				l.state = "maintenance"
			}
		case active:
			l.state = "active"
		}
		w.ha.lrm[n.Name] = l
	}
}

// keepRunning is what a local resource manager does for a service that should
// run.
func (w *World) keepRunning(id int, s service) service {
	g := w.guests[id]
	switch {
	case g.status != "stopped":
		s.running, s.fails = true, 0
	case g.broken:
		s.running = false
		if s.fails++; s.fails >= restartTries {
			s.state = "error"
		}
	default:
		w.run(g)
		s.running = true
	}
	return s
}

// crm is one round of the master.
func (w *World) crm() {
	h := &w.ha
	if len(h.nodes) == 0 || w.headless || !w.elect() {
		return
	}
	commands := h.commands
	h.commands = nil
	for _, c := range commands {
		c(h)
	}
	h.time = w.now
	for _, n := range w.nodes {
		w.rate(n)
	}
	w.disarming()
	if h.disarm == "" {
		w.manage()
	}
}

// elect says whether there is a master, which may have to wait for the lock of
// one that died.
func (w *World) elect() bool {
	if m := w.node(w.ha.master); m != nil && m.up && w.live(m) {
		return true
	}
	if w.now.Sub(w.ha.time) < lockTime {
		return false
	}
	for _, n := range w.nodes {
		if n.up && w.live(n) {
			w.ha.master = n.Name
			return true
		}
	}
	return false
}

// rate forms the master's opinion about a node.
func (w *World) rate(n *node) {
	h := &w.ha
	master := w.node(h.master)
	state := h.nodes[n.Name]
	maintained := h.lrm[n.Name].mode == "maintenance"
	if master.sees(n) {
		h.online[n.Name] = w.now
		switch {
		case state == "fence":
		case maintained:
			h.nodes[n.Name] = "maintenance"
		default:
			h.nodes[n.Name] = "online"
		}
		return
	}
	switch {
	case state == "online", state == "maintenance" && !maintained:
		h.nodes[n.Name] = "unknown"
	case state == "unknown" && w.holds(n.Name) && w.now.Sub(h.online[n.Name]) >= fenceDelay:
		h.nodes[n.Name] = "fence"
	case state == "fence" && w.now.Sub(h.lrm[n.Name].time) >= lockTime:
		h.nodes[n.Name] = "unknown"
		for id, s := range h.services {
			if s.node == n.Name && s.state == "fence" {
				s.state = "recovery"
				h.services[id] = s
			}
		}
	}
}

// holds says whether HA has an active service on a node.
func (w *World) holds(node string) bool {
	for _, s := range w.ha.services {
		if s.node == node && s.state != "stopped" {
			return true
		}
	}
	return false
}

func (w *World) disarming() {
	h := &w.ha
	if h.disarm == "" {
		return
	}
	for id, s := range h.services {
		if h.mode == "freeze" && (s.state == "started" || s.state == "stopped") {
			s.state = "freeze"
			h.services[id] = s
		}
	}
	h.disarm = "disarmed"
	for _, n := range w.nodes {
		if n.up && h.lrm[n.Name].mode != "disarm" {
			h.disarm = "disarming"
		}
	}
}

// arrived tells HA nothing: the master sees it in its next round. A service
// that was moved by hand follows its guest.
func (h *ha) arrived(w *World, g *guest) {
	if s, found := h.services[g.ID]; found && s.target == "" {
		s.node = g.Node
		h.services[g.ID] = s
	}
}

// watchdog resets nodes that hold services and have been without quorum for
// too long.
func (w *World) watchdog() {
	for _, n := range w.nodes {
		if !n.up || n.alone.IsZero() || w.now.Sub(n.alone) < fenceDelay || w.ha.disarm != "" {
			continue
		}
		if n.kept.ha.lrm[n.Name].state != "active" {
			continue
		}
		w.off(n)
		n.boots = w.now.Add(time.Minute)
	}
}
