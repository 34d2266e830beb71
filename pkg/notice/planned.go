package notice

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// planned is what there is to tell of announced work.
func (d *desk) planned(p Plan) *Notice {
	e, known := d.ledger.Event(p.ID)
	if known && !e.Closed.IsZero() {
		return nil
	}
	servers := d.concerned(p, e)
	if len(servers) == 0 {
		return nil // he has none there, or no more
	}
	begun := d.story.begun(p, d.Now)
	k, due := d.stage(p, e, servers)
	unsaid := slices.DeleteFunc(d.unsaid(e, p.Made), func(s Sentence) bool {
		return s.Node == "" && (begun.IsZero() || s.At.Before(begun)) // nobody is affected yet
	})
	switch {
	case k != "":
	case known && len(unsaid) > 0:
		k, due = Update, unsaid[0].At
	default:
		return nil
	}
	n := d.notice(p.ID, k, due)
	n.Servers = servers
	n.Work = &Work{p.From, p.Until, p.Reason, d.impact(p, servers)}
	n.Changed = k == Announced && known
	n.Begun = begun
	if k == Finished {
		n.Ended = d.story.finished(p, begun)
	}
	if k == Moved || k == Finished {
		n.Live, n.GapMS = d.carried(p, servers, begun)
	}
	n.say(slices.Concat(d.unheard(e), unsaid))
	return n
}

// rank of the kinds in the life of planned work: none goes after a later one.
var rank = map[Kind]int{"": 0, Announced: 1, Reminded: 2, Begun: 3, Moved: 4, Finished: 5, Cancelled: 5}

// stage is the furthest that the work has come, and since when; empty when that is
// told already.
func (d *desk) stage(p Plan, e Event, servers []Server) (Kind, time.Time) {
	begun := d.story.begun(p, d.Now)
	finished := d.story.finished(p, begun)
	moved, all := d.moved(p, servers, begun)
	remind := p.From.Add(-d.Remind)
	told := rank[e.Stage]
	switch {
	case !p.Cancelled.IsZero():
		if told > 0 {
			return Cancelled, p.Cancelled
		}
		return "", time.Time{}
	case !finished.IsZero():
		if d.silent() || slices.ContainsFunc(servers, d.story.doubts) || told == 0 && d.Now.Sub(finished) > mostCalm {
			return "", time.Time{} // never while anything of his does not answer, nor as old news
		}
		return Finished, finished
	case !begun.IsZero() && all && told < rank[Moved]:
		return Moved, moved
	case !begun.IsZero() && told < rank[Begun]:
		if d.impact(p, servers) == ImpactNone && slices.ContainsFunc(servers, d.disturbed) {
			return "", time.Time{} // an outage is told as one, and not that none is expected
		}
		return Begun, begun
	case !begun.IsZero() && told > 0 && e.Revision < p.Revision:
		return Update, p.Revised // it goes on, and takes longer or less long
	case !begun.IsZero() || !d.Now.Before(p.Until):
		return "", time.Time{}
	case told == 0 || e.Revision < p.Revision:
		return Announced, p.Revised
	case told < rank[Reminded] && d.Remind > 0 && !d.Now.Before(remind) && d.Now.Before(p.From) && e.Last.At.Before(remind.Add(-d.Remind/2)):
		return Reminded, remind
	}
	return "", time.Time{}
}

// silent says whether any of the customer's guests does not answer, or a
// disturbance of his is open.
func (d *desk) silent() bool {
	if slices.ContainsFunc(d.ledger.Events, func(e Event) bool { return !e.Last.Planned() && e.Closed.IsZero() }) {
		return true
	}
	return slices.ContainsFunc(d.mine(), func(g *guest) bool { s := g.open(); return s != nil && !s.idle && !g.gone })
}

// disturbed says whether a server is in an outage that is told, or has to be.
func (d *desk) disturbed(x Server) bool {
	if d.overdue(d.story.guests[x.place()]) {
		return true
	}
	return slices.ContainsFunc(d.ledger.Open(), func(e Event) bool {
		return !e.Last.Planned() && slices.ContainsFunc(e.Last.Servers, func(y Server) bool { return y.place() == x.place() })
	})
}

// concerned are the customer's servers on the node of a plan, and those that were
// there when he was told.
func (d *desk) concerned(p Plan, e Event) []Server {
	out := []Server{}
	begun := d.story.begun(p, d.Now)
	for _, g := range d.mine() {
		told := slices.ContainsFunc(e.Last.Servers, func(x Server) bool { return x.place() == g.place })
		home := g.home
		if !begun.IsZero() {
			home = g.homeAt(begun)
		}
		there := host{g.cluster, home} == p.host()
		rests := g.open() != nil && g.open().idle
		if !g.gone && (told || there && !rests) {
			out = append(out, g.server())
		}
	}
	return out
}

// homeAt is the node that the guest was on at a time, or left at that moment.
func (g *guest) homeAt(t time.Time) string {
	for _, m := range g.moves {
		if !m.ended.Before(t) {
			return m.from
		}
	}
	return g.home
}

// impact is what the hoster said, or what follows from the guests.
func (d *desk) impact(p Plan, servers []Server) Impact {
	if p.Impact != "" {
		return p.Impact
	}
	for _, x := range servers {
		if g := d.story.guests[x.place()]; g != nil && g.last.Type == "ct" {
			return ImpactShort // containers cannot be moved while they run
		}
	}
	return ImpactNone
}

// moved says whether all servers have left the node since the work began, and when
// the last did.
func (d *desk) moved(p Plan, servers []Server, begun time.Time) (last time.Time, all bool) {
	for _, x := range servers {
		g := d.story.guests[x.place()]
		m, left := g.leaves(p.Node, begun)
		if !left || g.home == p.Node {
			return time.Time{}, false
		}
		last = later(last, m.ended)
	}
	return last, len(servers) > 0
}

// leaves is the last move of a guest off a node since a time.
func (g *guest) leaves(node string, since time.Time) (move, bool) {
	if g == nil || since.IsZero() {
		return move{}, false
	}
	for _, m := range slices.Backward(g.moves) {
		if m.from == node && !m.ended.Before(since.Add(-ahead)) {
			return m, true
		}
	}
	return move{}, false
}

// carried says how servers were moved, as far as it is known of all, and for how
// long they were interrupted at the longest, as far as it was measured.
func (d *desk) carried(p Plan, servers []Server, begun time.Time) (Live, *float64) {
	live, stopped := len(servers) > 0, len(servers) > 0
	var longest *float64
	for _, x := range servers {
		g := d.story.guests[x.place()]
		m, left := g.leaves(p.Node, begun)
		live = live && left && m.live != nil && *m.live
		stopped = stopped && left && m.live != nil && !*m.live
		if g == nil {
			continue
		}
		gap, open := g.longest(p.Node, begun)
		if open {
			return liveOf(live, stopped), nil // nobody knows how long it was
		}
		if gap != nil && (longest == nil || *gap > *longest) {
			longest = gap
		}
	}
	return liveOf(live, stopped), longest
}

func liveOf(live, stopped bool) Live {
	switch {
	case live:
		return LiveRunning
	case stopped:
		return LiveStopped
	}
	return ""
}

// longest gap that was measured of a guest since work on a node began, or while it
// left the node before, as large as it may have been at the most; open when one had
// not ended.
func (g *guest) longest(node string, since time.Time) (most *float64, open bool) {
	for _, p := range g.gaps {
		leaves := slices.ContainsFunc(g.moves, func(m move) bool {
			return m.from == node && !m.ended.Before(since.Add(-ahead)) && m.during(p)
		})
		if p.Until.Before(since) && !leaves {
			continue // of something else: it was restarted, perhaps
		}
		open = open || p.Open
		if most == nil || p.MostMS > *most {
			most = &p.MostMS
		}
	}
	return most, open
}

// during says whether a gap was measured while the guest was moved. Who measured
// may have ended before the task did.
func (m move) during(p journal.Gap) bool {
	started := m.started
	if started.IsZero() {
		started = m.ended
	}
	return !p.From.After(m.ended.Add(state.ClockSkew)) && !p.Until.Before(started.Add(-state.ClockSkew))
}

// overrun is for how long work is believed to go on after its time when nothing
// proves that it is over.
const overrun = 12 * time.Hour

// meanwhile is the work that was going on when servers fell silent.
func (d *desk) meanwhile(servers []Server) *Work {
	for _, p := range d.Orders.Plans {
		begun := d.story.begun(p, d.Now)
		if begun.IsZero() || !p.Cancelled.IsZero() {
			continue
		}
		finished := d.story.finished(p, begun)
		e, _ := d.ledger.Event(p.ID)
		for _, x := range servers {
			was, _ := d.story.spell(x)
			during := !x.Silent.Before(begun.Add(-booting)) && x.Silent.Before(p.Until.Add(overrun)) && (finished.IsZero() || x.Silent.Before(finished))
			told := slices.ContainsFunc(e.Last.Servers, func(y Server) bool { return y.place() == x.place() })
			if during && (host{x.Cluster, was.node} == p.host() || told) {
				return &Work{p.From, p.Until, p.Reason, d.impact(p, nil)}
			}
		}
	}
	return nil
}
