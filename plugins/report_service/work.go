package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// work is the maintenance of one node: from the first question whether it is
// empty, HA's maintenance or noout for it, to the answer that it is fully back.
type work struct {
	place
	begun, emptied, allowed, back step
	off                           []trouble
	moves                         []move
	// seen is when anything of it was seen last.
	seen time.Time
	asks []journal.Entry
	// done says that something was done, not only asked.
	done bool
}

// step of the work: when, and which entry says so.
type step struct {
	at  time.Time
	ref string
	but bool // not without reservation
}

func (s step) known() bool { return !s.at.IsZero() }

// span is the time of the work; an open one reaches to the last that was seen.
func (w *work) span() journal.Period {
	if w.back.known() {
		return journal.Period{From: w.begun.at, Until: w.back.at}
	}
	return journal.Period{From: w.begun.at, Until: w.seen}
}

// ahead is how long before the first question a guest may have left the node for
// this work: who asks whether a node is empty has begun to empty it.
const ahead = time.Hour

// forgotten is the time without a sign of it after which a work that was begun is
// not the one that begins now.
const forgotten = 24 * time.Hour

// The gates, by the names they write.
const (
	gateDrained      = "check_drained"
	gateServiceable  = "check_serviceable"
	gateReintegrated = "check_reintegrated"
)

// worksOf finds the works in the entries. off are the times in which nodes were
// off.
func worksOf(entries []journal.Entry, off []trouble) []*work {
	var all []*work
	open, left := map[place]*work{}, map[place][]journal.Entry{}
	for _, e := range entries {
		for _, node := range nodesOf(e) {
			at := place{e.Cluster, node}
			w := open[at]
			if w != nil && e.At.Sub(w.seen) > forgotten && !away(off, at, e.At) {
				delete(open, at)
				w = nil
			}
			if w == nil && begins(e) {
				w = &work{place: at, begun: step{at: e.At, ref: e.ID}}
				open[at] = w
				all = append(all, w)
				w.before(left[at], e.At)
			}
			moved, is := e.Fact.(*journal.GuestMoved)
			switch {
			case w != nil && w.take(e):
				delete(open, at)
				delete(left, at)
			case w == nil && is && moved.From == node:
				left[at] = append(left[at], e)
			}
		}
	}
	for _, w := range all {
		for _, t := range off {
			if t.place == w.place && t.within(w.span()) {
				w.off = append(w.off, t)
				w.done = true
			}
		}
	}
	all = slices.DeleteFunc(all, func(w *work) bool { return !w.done })
	slices.SortStableFunc(all, func(a, b *work) int { return cmp.Or(a.begun.at.Compare(b.begun.at), strings.Compare(a.name, b.name)) })
	return all
}

// before takes guests that left the node shortly before anybody asked.
func (w *work) before(left []journal.Entry, asked time.Time) {
	for _, e := range left {
		if asked.Sub(e.At) > ahead {
			continue
		}
		w.take(e)
		if m := w.moves[len(w.moves)-1]; m.Started.Before(w.begun.at) && !m.Started.IsZero() {
			w.begun = step{at: m.Started, ref: e.ID}
		} else if m.ended.Before(w.begun.at) {
			w.begun = step{at: m.ended, ref: e.ID}
		}
	}
	w.seen = asked
}

// away says whether a node was off then.
func away(off []trouble, at place, when time.Time) bool {
	return slices.ContainsFunc(off, func(t trouble) bool {
		return t.place == at && !t.from.After(when) && (t.open() || !t.until.Before(when))
	})
}

// nodesOf are the nodes whose work an entry may belong to.
func nodesOf(e journal.Entry) []string {
	switch fact := e.Fact.(type) {
	case *journal.Asked:
		return fact.Nodes
	case *journal.GuestMoved:
		return []string{fact.From, fact.To}
	case *journal.NodeOffline, *journal.NodeOnline, *journal.HAMaintenance:
		return []string{e.Node}
	}
	return nil
}

// begins says whether a work begins with an entry.
func begins(e journal.Entry) bool {
	switch fact := e.Fact.(type) {
	case *journal.Asked:
		return fact.Gate == gateDrained
	case *journal.HAMaintenance:
		return fact.On
	}
	return false
}

// take adds an entry, and says whether the work is over.
func (w *work) take(e journal.Entry) (over bool) {
	w.seen = e.At
	switch fact := e.Fact.(type) {
	case *journal.Asked:
		w.asks = append(w.asks, e)
		if fact.Answer != journal.AnswerYes && fact.Answer != journal.AnswerYesBut {
			return false
		}
		first := func(s *step) {
			if !s.known() {
				*s = step{e.At, e.ID, fact.Answer == journal.AnswerYesBut}
			}
		}
		switch fact.Gate {
		case gateDrained:
			first(&w.emptied)
		case gateServiceable:
			first(&w.allowed)
		case gateReintegrated:
			w.back = step{e.At, e.ID, fact.Answer == journal.AnswerYesBut}
			return true
		}
	case *journal.GuestMoved:
		w.done = true
		w.moves = append(w.moves, moveOf(e))
	case *journal.HAMaintenance:
		w.done = w.done || fact.On
	}
	return false
}

// left are the moves by which guests left the node before it went off, and did not
// come back.
func (w *work) left() []move {
	if len(w.off) == 0 {
		return nil
	}
	last := map[int]move{}
	for _, m := range w.moves {
		if before, is := last[m.guest.ID]; !m.ended.After(w.off[0].from) && (!is || !m.ended.Before(before.ended)) {
			last[m.guest.ID] = m
		}
	}
	out := slices.DeleteFunc(slices.Collect(maps.Values(last)), func(m move) bool { return m.From != w.name })
	slices.SortFunc(out, func(a, b move) int { return cmp.Or(a.ended.Compare(b.ended), cmp.Compare(a.guest.ID, b.guest.ID)) })
	return out
}
