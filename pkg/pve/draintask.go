package pve

import (
	"fmt"
	"slices"
	"strings"
)

// Tasks that matter to a node that shall be empty, by their names in PVE.
var (
	migrationTasks = []string{"qmigrate", "vzmigrate", "migrateall", "hamigrate", "harelocate"}
	startTasks     = []string{"qmstart", "vzstart", "qmresume", "qmcreate", "vzcreate", "qmrestore", "vzrestore", "startall", "bulkstart", "qmreboot", "vzreboot", "qmrollback", "vzrollback",
		"qmtunnel", "vzmtunnel"} // a guest that arrives from another cluster
	consoleTasks = []string{"vncproxy", "vncshell", "termproxy", "spiceproxy", "spiceshell"}
)

// tasks looks for what no status shows: a migration's task does not name its
// target, and a guest being started is not yet running.
func (d *drain) tasks() {
	flight, moving, rests := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, l := range d.Left {
		if l.Moving {
			moving[guestNumber(l.Guest)] = true
		}
	}
	for _, t := range d.Cluster.Tasks {
		n, _ := d.Cluster.Node(t.Node)
		if !t.Running() || !n.Online {
			continue
		}
		what := strings.TrimSpace(t.Type + " " + t.ID)
		migration := slices.Contains(migrationTasks, t.Type)
		switch {
		case !d.leaving(t.Node):
			if migration && !d.elsewhere(t.ID) {
				flight[t.ID] = true
				d.Doubts = append(d.Doubts, fmt.Sprintf("a migration runs on %s (%s), and the API does not say where to", t.Node, what))
			}
		case slices.Contains(consoleTasks, t.Type):
		case migration:
			if !moving[t.ID] {
				d.Finishing = append(d.Finishing, what+" has not ended on "+t.Node)
			}
		case slices.Contains(startTasks, t.Type):
			d.Arriving = append(d.Arriving, what+" runs on "+t.Node)
		default:
			d.Busy = append(d.Busy, what+" runs on "+t.Node)
			if t.Type == "vzdump" && !rests[t.Node] {
				rests[t.Node] = true
				d.resting(t)
			}
		}
	}
	for _, g := range d.Cluster.Guests {
		if id := guestNumber(g); g.Lock == "migrate" && !d.leaving(g.Node) && !flight[id] && !d.elsewhere(id) {
			d.Doubts = append(d.Doubts, fmt.Sprintf("%s is being migrated from %s, and the API does not say where to", g, g.Node))
		}
	}
}

// resting are guests that are stopped with the lock of a backup that runs: one
// in mode stop starts its guest again, and no answer tells the mode.
func (d *drain) resting(t Task) {
	for _, g := range d.Stopped {
		if g.Node == t.Node && g.Lock == "backup" && !g.Template {
			d.Doubts = append(d.Doubts, fmt.Sprintf("%s is stopped while its backup runs on %s, which may start it again: wait", g, t.Node))
		}
	}
}

// elsewhere says that HA moves the guest of this number, and to a node that
// stays.
func (d *drain) elsewhere(id string) bool {
	target, moves := d.targets[id]
	return moves && !d.leaving(target)
}

// targets are the nodes that guests are moved to, by the guests' numbers.
func (h HA) targets() map[string]string {
	out := map[string]string{}
	for _, s := range h.Services {
		if _, number, _ := strings.Cut(s.SID, ":"); s.Moving() && s.Target != "" {
			first(out, number, s.Target)
		}
	}
	return out
}
