package notice

import (
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// booting is how much longer a guest may be silent that has just been started.
const booting = 3 * time.Minute

// calm is how long everything has to answer until a disturbance is over, and by
// how long short answers in between do not end a silence. It doubles whenever the
// same comes back, up to mostCalm, within which it counts as the same.
const (
	calm     = 5 * time.Minute
	mostCalm = time.Hour
)

// away is how long a guest is proven to be silent, with what was silent shortly
// before; 0 when it answers, or need not.
func (d *desk) away(g *guest) time.Duration {
	s := g.open()
	if s == nil || s.idle || g.gone {
		return 0
	}
	proven := d.looked(g.cluster, s.sources).Sub(s.from)
	if proven <= 0 {
		return 0
	}
	from := s.from
	for _, was := range slices.Backward(g.silence[:len(g.silence)-1]) {
		if was.idle || from.Sub(was.until) >= calm {
			break
		}
		proven += was.until.Sub(was.from)
		from = was.from
	}
	return proven
}

// looked is until when somebody has looked at a cluster's guests; with sources, a
// poller whose journal is one of those.
func (d *desk) looked(cluster string, sources []string) time.Time {
	if t := d.story.until(cluster, sources); t.Before(d.Now) {
		return t
	}
	return d.Now
}

// overdue guests are away for so long that their owner has to be told.
func (d *desk) overdue(g *guest) bool {
	long := d.away(g)
	if s := g.open(); s != nil && s.class == journal.ClassStart {
		long -= booting
	}
	return long > 0 && long >= d.After
}

// disturbance is what there is to tell of guests that do not answer.
func (d *desk) disturbance() *Notice {
	if d.untold() {
		return nil
	}
	var over *Event
	for i := range d.ledger.Events {
		e := &d.ledger.Events[i]
		if e.Last.Planned() {
			continue
		}
		if e.Closed.IsZero() {
			return d.going(*e)
		}
		if over == nil || e.Closed.After(over.Closed) {
			over = e
		}
	}
	if !slices.ContainsFunc(d.mine(), d.overdue) {
		return nil
	}
	var servers []Server
	due := d.Now
	for _, g := range d.mine() {
		if d.away(g) > 0 {
			x := g.server()
			x.Silent = g.open().from
			servers = append(servers, x)
			due = earlier(due, x.Silent.Add(d.After))
		}
	}
	begun := slices.MinFunc(servers, func(a, b Server) int { return a.Silent.Compare(b.Silent) }).Silent
	id := event("D", begun, d.who.Key, servers[0].Cluster, itoa(servers[0].ID), itoa(int(begun.Unix())))
	if over != nil && d.Now.Sub(over.Closed) < mostCalm {
		id = over.ID
	}
	n := d.notice(id, Opened, due)
	d.tell(n, servers)
	return n
}

// going is what there is to tell of a disturbance that was opened.
func (d *desk) going(e Event) *Notice {
	servers, grown := d.servers(e)
	away, held, back := false, true, time.Time{}
	for _, x := range servers {
		if x.Away() {
			away = true
			held = held && d.resting(x)
		}
		back = later(back, x.Back)
	}
	if !away {
		return d.resolved(e, servers, back)
	}
	pause := d.Now.Sub(e.Last.At)
	if pause < -d.Every { // the clock was ahead and was set right: the customer waits for word all the same
		pause = d.Every
	}
	switch {
	case pause < 0 || !d.seen(servers) && len(d.unsaid(e, e.Last.Begun)) == 0:
		return nil
	case len(d.unsaid(e, e.Last.Begun)) > 0, grown && pause >= d.After, pause >= d.Every && !held:
	default:
		return nil
	}
	n := d.notice(e.ID, Update, earlier(d.Now, e.Last.At.Add(d.Every)))
	d.tell(n, servers)
	return n
}

// resolved says that all answer again, once it has been so for a while, and as
// long as nobody else of the customer's is silent, nor who was told as his.
func (d *desk) resolved(e Event, servers []Server, back time.Time) *Notice {
	quiet := min(calm<<min(e.Resolved, 10), mostCalm)
	quiet = min(quiet, max(calm, e.Last.Next.Sub(back))) // word was promised by then
	for _, x := range servers {
		if x.Lost && d.story.silent(x) {
			return nil
		}
		if !x.Gone && !x.Lost && (d.story.doubts(x) || d.looked(x.Cluster, nil).Before(back.Add(quiet))) {
			return nil
		}
	}
	if slices.ContainsFunc(d.mine(), func(g *guest) bool { s := g.open(); return s != nil && !s.idle }) {
		return nil
	}
	n := d.notice(e.ID, Resolved, earlier(d.Now, later(back.Add(quiet), e.Last.At)))
	d.tell(n, servers)
	n.Ended, n.Next = back, time.Time{}
	return n
}

// tell fills in what all notices of a disturbance say.
func (d *desk) tell(n *Notice, servers []Server) {
	n.Servers = servers
	for _, x := range servers {
		if n.Begun.IsZero() || x.Silent.Before(n.Begun) {
			n.Begun = x.Silent
		}
	}
	e, known := d.ledger.Event(n.Event)
	if known && e.Closed.IsZero() && e.Last.Begun.Before(n.Begun) {
		n.Begun = e.Last.Begun
	}
	n.Next = n.At.Add(d.Every)
	n.Cause = d.cause(servers)
	n.Work = d.meanwhile(servers)
	n.say(slices.Concat(d.unheard(e), d.unsaid(e, n.Begun)))
}

// say adds what humans said, a line each.
func (n *Notice) say(all []Sentence) {
	var lines []string
	for _, s := range all {
		lines, n.Said = append(lines, s.Text), append(n.Said, s.ID)
	}
	n.Text = strings.Join(lines, "\n")
}

// servers are those of a disturbance as they are now, and whether there are more.
func (d *desk) servers(e Event) (out []Server, grown bool) {
	for _, x := range e.Last.Servers {
		g := d.story.guests[x.place()]
		switch {
		case g == nil: // the journal does not reach back so far
		case g.gone:
			x.Gone = true
		case !slices.Contains(d.mine(), g):
			x.Lost = true // to another, to two by mistake, or the token sees less
		default:
			x.Lost = false
			x = g.since(x)
		}
		out = append(out, x)
	}
	for _, g := range d.mine() {
		known := slices.ContainsFunc(out, func(x Server) bool { return x.place() == g.place })
		if !known && d.overdue(g) {
			x := g.server()
			x.Silent = g.open().from
			out, grown = append(out, x), true
		}
	}
	return out, grown
}

// since is the server as its guest is now. That it answers again is told by an
// entry alone, and a silence that came after that is another. A guest that answered
// and that a user stopped then is not silent.
func (g *guest) since(x Server) Server {
	s := g.open()
	stopped := s != nil && s.idle && s.class == ""
	if s != nil && !stopped {
		// The same silence may be told by a clock that was set, to the minute.
		if s.from.After(x.Silent) || s.from.Sub(x.Silent).Abs() < state.ClockSkew {
			x.Silent, x.Back, x.Stopped = s.from, time.Time{}, false
		}
		return x
	}
	for _, was := range slices.Backward(g.silence) {
		if was.until.After(x.Silent) {
			x.Back, x.Gone, x.Stopped = later(was.until, g.cleared), was.gone, stopped
			return x
		}
	}
	if g.answered.After(x.Silent) { // the journal that is read does not reach back to its silence
		x.Back, x.Stopped = g.answered, stopped
	}
	return x
}

// silent says whether nothing proves that a server answers again.
func (s *Story) silent(x Server) bool {
	g := s.guests[x.place()]
	return g != nil && g.open() != nil && !g.open().idle
}

// doubts says whether a server was silent last and nobody could tell why.
func (s *Story) doubts(x Server) bool {
	g := s.guests[x.place()]
	return g != nil && g.doubt && !g.gone
}

// resting servers were stopped by a user meanwhile: whether they would answer is
// not known, and there is no news of them.
func (d *desk) resting(x Server) bool {
	g := d.story.guests[x.place()]
	return g != nil && g.open() != nil && g.open().idle
}

// recent is how old the last look may be for an update to say that it is still
// so. Looks are written down every half an hour.
const recent = 40 * time.Minute

// seen says whether somebody still looks at all that are away.
func (d *desk) seen(servers []Server) bool {
	return !slices.ContainsFunc(servers, func(x Server) bool {
		was, _ := d.story.spell(x)
		return x.Away() && d.Now.Sub(d.looked(x.Cluster, was.sources)) > recent
	})
}

// cause is what the entries of all servers name alike.
func (d *desk) cause(servers []Server) Cause {
	for _, x := range servers {
		if !d.story.off(x) {
			return ""
		}
	}
	return CauseMachine
}

// spell is the silence that a server is in, or was.
func (s *Story) spell(x Server) (spell, bool) {
	if g := s.guests[x.place()]; g != nil {
		for _, was := range slices.Backward(g.silence) {
			if was.from.Equal(x.Silent) {
				return was, true
			}
		}
	}
	return spell{}, false
}

// off says whether the node of a server was off when it fell silent, by the word
// of its peers. One that was seen online after that was switched off later. Who saw
// it may have another clock.
func (s *Story) off(x Server) bool {
	was, known := s.spell(x)
	if !known || was.class == journal.ClassNode {
		return known
	}
	n := s.nodes[host{x.Cluster, was.node}]
	return n != nil && slices.ContainsFunc(n.offline, func(o spell) bool {
		return !o.from.After(was.from.Add(calm)) && !o.on.After(was.from.Add(state.ClockSkew)) && (o.open() || o.until.After(was.from))
	})
}
