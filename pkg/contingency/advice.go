package contingency

import (
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// able are the nodes that stay on which a guest certainly can run.
func (x *stage) able(g pve.Guest, stay []string) []string {
	var out []string
	for _, n := range stay {
		if why, _ := x.obstacle(g, n); why == "" {
			out = append(out, n)
		}
	}
	return out
}

// byHand says whether those that stay down could be started elsewhere by hand,
// beside what HA has restarted.
func (x *stage) byHand(stay []string, c casualties) string {
	rooms := map[string]room{}
	for _, n := range stay {
		if rooms[n] = x.rooms[n]; !rooms[n].known {
			return ""
		}
	}
	wants := x.placed(c)
	bound, outside := 0, 0
	for _, d := range c.down {
		if d.waiting {
			continue
		}
		outside++
		nodes := x.able(d.guest, stay)
		if len(nodes) == 0 {
			bound++
			continue
		}
		wants = append(wants, x.demand(d.guest, nodes))
	}
	switch {
	case len(stay) == 0:
		return ""
	case bound == outside:
		return ", bound to it"
	}
	switch fitting(rooms, wants, func(a amount) int64 { return a.most }) {
	case fits:
		return ", room for them elsewhere"
	case perhaps:
		return ""
	}
	return ", no room for them elsewhere"
}

// placed are the guests that HA puts somewhere.
func (x *stage) placed(c casualties) []demand {
	out := make([]demand, 0, len(c.moves))
	for _, m := range c.moves {
		g, _ := x.guest(m.SID)
		nodes := m.Candidates
		if m.Node != "" {
			nodes = []string{m.Node}
		}
		out = append(out, x.demand(g, nodes))
	}
	return out
}

// helpNext is what to do about guests that HA cannot help.
func (x *stage) helpNext(f Failure, c casualties) []step {
	var out []step
	for _, d := range c.down {
		if !d.waiting || len(out) >= mostSteps {
			continue
		}
		if steps := x.unbind(d.guest); len(steps) > 0 && x.freed(d.guest, f) {
			out = append(out, steps...)
		}
	}
	if len(out) == 0 {
		out = append(out, say("change its rules, or what it needs of its node"))
	}
	return out
}

// unbind are the steps after which no disk keeps a guest on its node; none when
// one of them cannot be helped so, or when none does.
func (x *stage) unbind(g pve.Guest) []step {
	var out []step
	for _, disk := range slices.Concat(x.Configs[g.ID].Disks, x.Configs[g.ID].Snippets) {
		bound := slices.ContainsFunc(x.Cluster.Nodes, func(n pve.Node) bool {
			why, _ := x.blocked(g, disk, n.Name)
			return n.Online && n.Name != g.Node && why != ""
		})
		next, found := x.moveDisk(g, disk)
		if disk.CDROM && disk.Storage != "" && !disk.CloudInit && g.Kind == pve.VM {
			next, found = run(g.Node, fmt.Sprintf("qm set %d --%s none,media=cdrom", g.ID, disk.Slot)), true
		}
		switch {
		case !bound:
		case !found:
			return nil
		default:
			out = append(out, next)
		}
	}
	return out
}

// mostSteps bounds the steps about guests in one condition.
const mostSteps = 3

// moveDisk brings a disk to a storage that every online node shares, from one
// that they do not share.
func (x *stage) moveDisk(g pve.Guest, d pve.Disk) (step, bool) {
	if d.CDROM || d.CloudInit || d.Snippet || d.Storage == "" || !x.known[d.Storage] || x.shared[d.Storage] {
		return step{}, false
	}
	content, command := "images", "qm disk move"
	if g.Kind == pve.Container {
		content, command = "rootdir", "pct move-volume"
		if g.Status != "stopped" {
			return step{}, false // it has to be stopped for that
		}
	}
	for _, s := range x.Cluster.Storages {
		if s.Shared && s.Node == g.Node && slices.Contains(s.Content, content) && x.everywhere(s.Name) {
			return run(g.Node, fmt.Sprintf("%s %d %s %s", command, g.ID, d.Slot, s.Name)), true
		}
	}
	return step{}, false
}

// everywhere says that every online node has a storage and can use it.
func (x *stage) everywhere(storage string) bool {
	for _, n := range x.Cluster.Nodes {
		if s, found := x.rows[[2]string{n.Name, storage}]; n.Online && (!found || !s.Available) {
			return false
		}
	}
	return true
}

// downNext is what helps those that would stay down: HA for those that can run
// elsewhere, and that HA would then place where they fit.
func (x *stage) downNext(f Failure, c casualties) []step {
	var out []step
	for _, d := range c.down {
		_, managed := x.index.Service(d.guest.SID())
		if d.waiting || managed || len(out) == mostSteps {
			continue
		}
		if x.adopt(d.guest, f) {
			out = append(out, run(x.console(), "ha-manager add "+d.guest.SID()+" --state started"))
		}
	}
	for _, d := range c.down {
		if len(out) == 0 && !d.waiting {
			out = x.share(d.guest)
		}
	}
	return out
}

// share brings the disks of a guest to where every node has them, unless HA, which
// would restart it elsewhere then, has no room for it there.
func (x *stage) share(g pve.Guest) []step {
	var out []step
	for _, d := range x.Configs[g.ID].Disks {
		if next, found := x.moveDisk(g, d); found {
			out = append(out, next)
		}
	}
	if _, managed := x.index.Service(g.SID()); managed && len(out) > 0 && !x.freed(g, Failure{}) {
		return nil
	}
	return out
}

// backupNext is how a guest gets a backup that outlives its node.
func (x *stage) backupNext(c casualties, f Failure) []step {
	var out []step
	for _, g := range c.lost {
		age, _ := x.backup(g, f.Nodes)
		if age != nil && *age <= x.Backup && !x.unsaved(g) || len(out) == mostSteps {
			continue
		}
		for _, d := range x.Configs[g.ID].Disks {
			if d.Unsaved && !d.CDROM && (d.Storage == "" || !x.shared[d.Storage]) {
				out = append(out, say(fmt.Sprintf("include %s of %s in its backups", d.Slot, g)))
				break
			}
		}
		for _, p := range x.Cluster.BackupStorages() {
			if at, found := x.rows[[2]string{g.Node, p.Name}]; p.Node == "" && found && at.Available {
				out = append(out, run(g.Node, fmt.Sprintf("vzdump %d --storage %s --mode snapshot", g.ID, p.Name)))
				break
			}
		}
	}
	for _, g := range c.lost {
		if len(out) == 0 { // nowhere to back it up to
			out = x.share(g)
		}
	}
	if len(out) == 0 {
		out = append(out, say("back them up to a storage that does not die with "+names(f.Nodes)))
	}
	return out
}

// replicate is what brings data to a place that does not die with one node.
func (x *stage) replicate(c casualties) []step {
	var out []step
	for _, g := range c.lost {
		if len(out) < mostSteps {
			out = append(out, x.share(g)...)
		}
	}
	return out
}

// blindNext says what keeps backups from being known.
func (x *stage) blindNext() []step {
	if texts := x.blind(); len(texts) > 0 {
		return []step{say(phrase.List(texts, 2))}
	}
	return []step{say("ask again when the storages answer")}
}
