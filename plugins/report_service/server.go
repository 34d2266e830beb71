package main

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// sorted are the guests by number.
func (s *story) sorted() []*guest {
	out := make([]*guest, 0, len(s.guests))
	for _, g := range s.guests {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *guest) int {
		return cmp.Or(cmp.Compare(a.called[0].ID, b.called[0].ID), strings.Compare(a.cluster, b.cluster))
	})
	return out
}

// is notes what an entry calls it.
func (g *guest) is(e journal.Entry) {
	listed, is := e.Fact.(*journal.GuestListed)
	now := identity{e.At, e.Guest, is && listed.Gone}
	if n := len(g.called); n > 0 {
		was := g.called[n-1]
		if !is {
			now.gone = was.gone
		}
		if now.gone == was.gone && (was.Guest == e.Guest || reflect.DeepEqual(was.Guest, e.Guest)) {
			return
		}
	}
	g.called = append(g.called, now)
}

func (g *guest) answers(at time.Time) {
	if g.answered.IsZero() {
		g.answered = at
	}
}

// before is what it was called and whose it was before a time, none when it was not
// there yet. What happens later is of no concern to what is told of that time.
func (g *guest) before(t time.Time) []identity {
	n := len(g.called)
	for n > 0 && !g.called[n-1].at.Before(t) {
		n--
	}
	return g.called[:n]
}

// calledBy is how a guest was called when it last belonged to the audience. Who
// had the number before, or has it now, may be another customer.
func (a audience) calledBy(all []identity) *journal.Guest {
	for _, was := range slices.Backward(all) {
		if a.owns(was.Guest) {
			return was.Guest
		}
	}
	return all[len(all)-1].Guest
}

// server is what of a guest concerns the audience: a guest that changed hands
// belongs to whoever it belonged to then.
func (s *story) server(g *guest, a audience) (server, bool) {
	called := g.before(s.period.Until)
	if len(called) == 0 {
		return server{}, false
	}
	last, named := called[len(called)-1], a.calledBy(called)
	x := server{
		ID: last.ID, Name: customer.Called(named.Name, named.Type, named.ID), Moves: make([]transfer, 0, len(g.moves)), Silences: []outage{},
		Answers: !g.answered.IsZero() && g.answered.Before(s.period.Until),
	}
	theirs := a.owns(last.Guest) && !last.gone
	if a.who == nil {
		x.Owner = a.owners(last.Guest)
	}
	for _, m := range g.moves {
		if !a.owns(m.guest) || !s.period.Contains(m.ended) {
			continue
		}
		theirs = true
		t := transfer{Ended: m.ended, Live: m.Live, Ref: m.ref, Measured: slices.ContainsFunc(g.gaps, m.measured)}
		if !m.Started.IsZero() {
			t.Started = &m.Started
		}
		if a.who == nil {
			t.From, t.To = m.From, m.To
		}
		x.Moves = append(x.Moves, t)
	}
	if x.Gap, x.Unended = s.longest(g, a); x.Gap != nil {
		theirs = true
	}
	for _, p := range g.stops {
		if a.owns(p.guest) && s.period.Contains(p.at) {
			theirs = true
			x.Stops = append(x.Stops, moment{p.at, p.ref})
		}
	}
	for _, t := range g.silences {
		if a.owns(t.guest) && t.within(s.period) {
			theirs = true
			x.Silences = append(x.Silences, outageOf(t))
		}
	}
	for _, t := range g.unsure {
		if a.owns(t.guest) && t.within(s.period) {
			theirs = true
			x.Unsure = append(x.Unsure, outageOf(t))
		}
	}
	return x, theirs
}

// longest of the gaps that concern the audience. Another one may be longer than it
// as far as it is bounded: no more than that is said of the longest. One that was not
// over when it was measured is bounded by nothing, and then no longest is.
func (s *story) longest(g *guest, a audience) (x, open *pause) {
	var theirs []gap
	for _, p := range g.gaps {
		if a.owns(p.guest) && s.period.Contains(p.Until) {
			theirs = append(theirs, p)
		}
	}
	for _, p := range theirs {
		if x == nil || p.MS > x.MS {
			x = pauseOf(p)
		}
		if p.Open && (open == nil || p.MS > open.MS) {
			open = pauseOf(p)
		}
	}
	switch {
	case x == nil || x.Open:
		return x, nil
	case open != nil:
		x.Open = true
		return x, open
	}
	for _, p := range theirs {
		if p.MostMS > x.MostMS {
			x.MostMS, x.MostRef = p.MostMS, p.ref
		}
	}
	return x, nil
}

func pauseOf(p gap) *pause {
	return &pause{p.MS, p.LeastMS, p.MostMS, p.Open, p.EveryMS, p.at, p.ref, ""}
}

// measured says whether a gap was measured when the guest was moved.
func (m move) measured(g gap) bool {
	started := m.Started
	if started.IsZero() {
		started = m.ended
	}
	return !g.From.After(m.ended) && !g.Until.Before(started)
}

func outageOf(t trouble) outage {
	o := outage{From: t.from, LeastS: t.atLeast().Seconds(), Refs: t.refs}
	if !t.open() {
		until, most := t.until, t.atMost().Seconds()
		o.Until, o.MostS = &until, &most
	}
	return o
}
