package maintenance

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// tasks looks for what no status shows: a migration's task does not name its
// target, and a guest being started is not yet running.
func (d *drain) tasks() {
	flight, moving, rests := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, l := range d.Left {
		if l.Moving {
			moving[strconv.Itoa(l.Guest.ID)] = true
		}
	}
	for _, t := range d.PVE.Cluster.Tasks {
		n, _ := d.PVE.Cluster.Node(t.Node)
		if !t.Running() || !n.Online {
			continue
		}
		what := strings.TrimSpace(t.Type + " " + t.ID)
		migration := t.Migration()
		switch {
		case !d.leaves(t.Node):
			if migration && !d.elsewhere(t.ID) {
				flight[t.ID] = true
				d.Doubts = append(d.Doubts, fmt.Sprintf("a migration runs on %s (%s), and the API does not say where to", t.Node, what))
			}
			if t.BeginsAnywhere() {
				d.Doubts = append(d.Doubts, fmt.Sprintf("%s runs on %s, which may start guests on any node", what, t.Node))
			}
		case t.Console():
		case migration:
			if !moving[t.ID] {
				d.Finishing = append(d.Finishing, what+" has not ended on "+t.Node)
			}
		case t.Begins():
			d.Arriving = append(d.Arriving, what+" runs on "+t.Node)
		default:
			d.Busy = append(d.Busy, what+" runs on "+t.Node)
			if t.Type == "vzdump" && !rests[t.Node] {
				rests[t.Node] = true
				d.resting(t)
			}
		}
	}
	for _, g := range d.PVE.Cluster.Guests {
		if id := strconv.Itoa(g.ID); g.Lock == "migrate" && !d.leaves(g.Node) && !flight[id] && !d.elsewhere(id) {
			d.Doubts = append(d.Doubts, fmt.Sprintf("%s is being migrated from %s, and the API does not say where to", g, g.Node))
		}
	}
}

// resting are guests that are stopped with the lock of a backup that runs: one
// in mode stop starts its guest again, and no answer tells the mode.
func (d *drain) resting(t pve.Task) {
	for _, g := range d.Stopped {
		if g.Node == t.Node && g.Lock == "backup" && !g.Template {
			d.Doubts = append(d.Doubts, fmt.Sprintf("%s is stopped while its backup runs on %s, which may start it again: wait", g, t.Node))
		}
	}
}

// elsewhere says that HA moves the guest of this number, and to a node that
// stays.
func (d *drain) elsewhere(id string) bool {
	target, moves := d.moves[id]
	return moves && !d.leaves(target)
}
