package contingency

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ha"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// loss is what one failure takes.
func (x *stage) loss(f Failure) Loss {
	l := Loss{Failure: f}
	quorum := x.quorum(f, &l)
	if f.Kind != Device {
		x.storage(f, &l)
		x.guests(f, quorum, &l)
	}
	return l
}

// casualties are the guests of what died, by what becomes of them.
type casualties struct {
	moves  []*ha.Move
	plan   map[string]*ha.Move
	down   []casualty
	lost   []pve.Guest // data
	unread []pve.Guest
	// vague are those of whose data nobody can tell where else it is.
	vague []pve.Guest
}

// casualty is a guest that stays down, and why.
type casualty struct {
	guest pve.Guest
	why   string
	// waiting guests are HA's, and it cannot help them.
	waiting bool
}

// guests of what died: those that HA restarts, those that stay down, and those
// whose data is gone.
func (x *stage) guests(f Failure, quorum bool, l *Loss) {
	stay := x.survivors(f)
	c := casualties{plan: map[string]*ha.Move{}}
	if quorum && len(stay) > 0 { // else nobody recovers anything
		moves := x.ha.Recover(f.Nodes...).Moves
		for i := range moves {
			c.plan[moves[i].SID] = &moves[i]
		}
	}
	for _, node := range f.Nodes {
		for _, g := range x.on[node] {
			if x.running(g) {
				x.sort(g, stay, &c)
			}
		}
	}
	x.restarts(stay, c, l)
	x.stays(f, c, l)
	x.data(f, c, l)
	if len(c.unread) > 0 {
		l.add(maintenance.Unknown, "every guest's disks and devices are known",
			"the configuration of "+phrase.List(c.unread, phrase.Few)+" was not read yet", say("ask again, each run reads more of them"))
	}
	if len(c.vague) > 0 {
		var next []step // without the right no answer will tell, and that is said
		if x.audits() {
			next = append(next, say("ask again when the storages and nodes answer"))
		}
		l.add(maintenance.Unknown, "every guest's disks and devices are known",
			"where the disks of "+phrase.List(c.vague, phrase.Few)+" are, or whether they are replicated, is not known", next...)
	}
}

// sort finds what becomes of one running guest.
func (x *stage) sort(g pve.Guest, stay []string, c *casualties) {
	_, read := x.Configs[g.ID]
	if !read {
		c.unread = append(c.unread, g)
	}
	switch disks, known := x.local(g, stay); {
	case !known && read:
		c.vague = append(c.vague, g)
	case len(disks) > 0:
		c.lost = append(c.lost, g)
	}
	m, managed := c.plan[g.SID()]
	switch {
	case !managed:
		why := "is not under HA"
		if s, is := x.index.Service(g.SID()); is {
			why = "is not recovered, HA has no quorum"
			if x.Cluster.HA.Disarm != "" {
				why = "is not recovered, HA is disarmed"
			} else if s.State == "error" {
				why = "is in error for HA"
			}
		}
		c.down = append(c.down, casualty{guest: g, why: why})
	case m.Fate == ha.Restarted, m.Fate == ha.Unforeseen:
		c.moves = append(c.moves, m)
	case m.Fate == ha.Moved:
		// it was about to be stopped
	case m.Fate == ha.Left:
		c.down = append(c.down, casualty{guest: g, why: "stays down, " + m.Why})
	case m.Fate == ha.Failed:
		why := m.Why
		if m.Tried != nil {
			if text, _ := x.obstacle(g, m.Tried[0]); text != "" {
				why = text
			}
		}
		c.down = append(c.down, casualty{guest: g, why: "cannot start elsewhere, " + why, waiting: true})
	default:
		c.down = append(c.down, casualty{guest: g, why: "finds no node, " + m.Why, waiting: true})
	}
}

// stays: what stays down until the node is back.
func (x *stage) stays(f Failure, c casualties, l *Loss) {
	stay := x.survivors(f)
	const name = "every guest is served again"
	var outside, helpless []string
	for _, d := range c.down {
		l.Down = append(l.Down, d.guest.String())
		if d.waiting {
			helpless = append(helpless, d.guest.String()+" "+d.why)
		} else {
			outside = append(outside, d.guest.String())
		}
	}
	if len(helpless) > 0 {
		l.add(maintenance.Fails, name, "HA cannot help "+phrase.Count(len(helpless), "guest", "guests")+": "+phrase.List(helpless, phrase.Few), x.helpNext(f, c)...)
	}
	if len(outside) > 0 {
		text := fmt.Sprintf("%s down%s: %s", phrase.Count(len(outside), "guest stays", "guests stay"), x.byHand(stay, c), strings.Join(x.why(c), ", "))
		l.add(maintenance.Reserved, name, text, x.downNext(f, c)...)
	}
	if len(c.down) == 0 {
		n := len(c.moves)
		text := "no guest runs there"
		if n > 0 {
			text = "HA restarts " + phrase.Count(n, "guest", "guests")
		}
		l.add(maintenance.Holds, name, text)
	}
}

// why groups those that stay down by their reason.
func (x *stage) why(c casualties) []string {
	var order []string
	by := map[string][]string{}
	for _, d := range c.down {
		if d.waiting {
			continue
		}
		if by[d.why] == nil {
			order = append(order, d.why)
		}
		by[d.why] = append(by[d.why], d.guest.String())
	}
	var out []string
	for _, why := range order {
		verb := why
		if len(by[why]) > 1 {
			verb = strings.Replace(strings.Replace(why, "is ", "are ", 1), "stays ", "stay ", 1)
		}
		out = append(out, phrase.List(by[why], phrase.Few)+" "+verb)
	}
	return out
}

// data that only what died has.
func (x *stage) data(f Failure, c casualties, l *Loss) {
	const name = "no guest's data is gone"
	var bare, covered []string
	unknown, copies := 0, 0
	for _, g := range c.lost {
		l.Data = append(l.Data, g.String())
		age, known := x.backup(g, f.Nodes)
		replica := x.replica(g, f)
		if replica != nil {
			copies++
		}
		switch {
		case age != nil && *age <= x.Backup && !x.unsaved(g):
			covered = append(covered, fmt.Sprintf("%s (%s)", g, ago(*age)))
		case replica != nil && *replica <= x.Backup:
			covered = append(covered, fmt.Sprintf("%s (its replication fails, the replica is %s)", g, ago(*replica)))
		case replica != nil && (age == nil || *replica <= *age):
			bare = append(bare, fmt.Sprintf("%s (the replica is %s, and its replication does not work)", g, ago(*replica)))
		case !known && age == nil:
			unknown++
			bare = append(bare, g.String()+" (its backups are not known)")
		case age == nil:
			bare = append(bare, g.String()+" (no backup elsewhere)")
		case x.unsaved(g):
			bare = append(bare, g.String()+" (a disk that no backup holds)")
		default:
			bare = append(bare, fmt.Sprintf("%s (last backup %s)", g, ago(*age)))
		}
	}
	what, all := "the only copy of its data is on "+names(f.Nodes)+": ", ", a backup is all there would be"
	if copies > 0 {
		what, all = "the only current copy of its data is on "+names(f.Nodes)+": ", ""
	}
	switch {
	case len(bare) > 0 && unknown == len(bare):
		l.add(maintenance.Unknown, name, what+phrase.List(bare, phrase.Few), x.blindNext()...)
	case len(bare) > 0:
		l.add(maintenance.Fails, name, what+phrase.List(bare, phrase.Few), x.backupNext(c, f)...)
	}
	if len(covered) > 0 {
		l.add(maintenance.Reserved, name, what+phrase.List(covered, phrase.Few)+all, x.replicate(c)...)
	}
	if len(c.lost) == 0 && len(c.unread) == 0 && !slices.ContainsFunc(l.Conditions, func(c maintenance.Condition) bool { return c.Name == name }) {
		l.add(maintenance.Holds, name, "no guest keeps data there alone")
	}
}
