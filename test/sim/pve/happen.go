package pve

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// boot brings nodes up that were switched on.
func (w *World) boot() {
	for _, n := range w.nodes {
		if n.up || n.boots.IsZero() || w.now.Before(n.boots) {
			continue
		}
		n.up, n.boots, n.started = true, time.Time{}, w.now
		n.heardGuest, n.heardNode = map[int]heard{}, map[string]time.Time{}
		for _, g := range w.guests {
			if g.Node == n.Name && g.Onboot && g.HA == "" && !g.Template {
				w.run(g)
			}
		}
		for _, o := range w.nodes {
			if n.sees(o) {
				maps.Copy(n.heardGuest, o.heardGuest)
				maps.Copy(n.heardNode, o.heardNode)
			}
		}
	}
}

func (w *World) run(g *guest) {
	g.status, g.since, g.lost = "running", w.now, ""
}

// off takes the power of a node away, and with it its guests'.
func (w *World) off(n *node) {
	n.up, n.boots = false, time.Time{}
	for _, g := range w.guests {
		if g.Node == n.Name {
			if g.status != "stopped" {
				g.lost = n.Name
			}
			g.status, g.lock = "stopped", ""
		}
	}
	w.moves = slices.DeleteFunc(w.moves, func(m *move) bool {
		gone := w.guests[m.guest].Node == n.Name || m.target == n.Name
		if gone {
			w.guests[m.guest].lock = ""
			w.end(m.task, "migration aborted")
		}
		return gone
	})
	for _, t := range w.tasks {
		if t.node == n.Name && t.end.IsZero() {
			w.end(t, "interrupted by signal")
		}
	}
}

// migrate lets a guest leave for another node.
func (w *World) migrate(g *guest, target string, takes time.Duration) error {
	from, to := w.node(g.Node), w.node(target)
	switch {
	case to == nil:
		return fmt.Errorf("there is no node %q", target)
	case g.lock != "":
		return fmt.Errorf("guest %d is locked (%s)", g.ID, g.lock)
	case !from.sees(to):
		return fmt.Errorf("%s does not reach %s", g.Node, target)
	}
	kind := "qmigrate"
	if g.Container {
		kind = "vzmigrate"
	}
	g.lock = "migrate"
	w.moves = append(w.moves, &move{g.ID, target, w.now.Add(takes), w.task(g.Node, kind, g.ID)})
	return nil
}

// arrive ends the migrations that are due.
func (w *World) arrive() {
	w.moves = slices.DeleteFunc(w.moves, func(m *move) bool {
		if w.now.Before(m.end) {
			return false
		}
		g := w.guests[m.guest]
		if from := w.node(g.Node); !from.sees(w.node(m.target)) || !w.live(from) {
			// The connection is lost, or the configuration cannot be written.
			if w.live(from) {
				g.lock = ""
			}
			w.end(m.task, "migration aborted")
			return true
		}
		g.Node, g.lock = m.target, ""
		w.end(m.task, "OK")
		w.ha.arrived(w, g)
		return true
	})
}

func (w *World) task(node, kind string, id int) *task {
	w.serial++
	t := &task{node: node, kind: kind, user: "root@pam", start: w.now, serial: w.serial}
	if id > 0 {
		t.id = fmt.Sprint(id)
	}
	w.tasks = append(w.tasks, t)
	return t
}

func (w *World) end(t *task, status string) {
	t.end, t.status = w.now, status
}
