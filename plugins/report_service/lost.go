package main

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// timely leaves out what was written by a clock that was ahead and was set back since.
// How things are was told anew then; what was over is lost, and that is noted.
func (s *story) timely() {
	var stale []journal.Entry
	words := wordsOf(s.entries, s.anew)
	s.entries = slices.DeleteFunc(s.entries, func(e journal.Entry) bool {
		is := s.anew.Stale(e)
		if is {
			stale = append(stale, e)
		}
		return is
	})
	for _, e := range stale {
		if at, _ := s.anew.Set(e); words.lost(e) {
			s.lost = append(s.lost, at)
		}
	}
}

// said are what the poller whose clock was wrong wrote of the same guest, node or
// cluster: beginnings and ends, in the order in which they were written.
type said map[subject][]journal.Entry

// subject of one poller's words; kind is the one that ends them.
type subject struct {
	source string
	place
	kind journal.Kind
}

func subjectOf(e journal.Entry) subject {
	x := subject{sourceOf(e), placeOf(e), e.Kind().Ends()}
	if x.kind == "" {
		x.kind = e.Kind()
	}
	if e.Guest == nil {
		x.name = e.Node
	}
	return x
}

// wordsOf are those of subjects of which one is stale.
func wordsOf(entries []journal.Entry, anew journal.Anew) said {
	all := said{}
	for _, e := range entries {
		if e.Kind().Ends() != "" && anew.Stale(e) {
			all[subjectOf(e)] = nil
		}
	}
	if len(all) == 0 {
		return nil // as nearly always
	}
	for _, e := range entries {
		x := subjectOf(e)
		if _, is := all[x]; is {
			all[x] = append(all[x], e)
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b journal.Entry) int { return a.Line - b.Line })
	}
	return all
}

// lost says whether nobody tells anew what a stale entry tells. A beginning is lost
// when the next word of it is its end, and else told by the next; an end has nothing
// to tell alone.
func (all said) lost(e journal.Entry) bool {
	switch e.Fact.(type) {
	case *journal.GuestListed, *journal.GuestAnswers, *journal.NodeOnline, *journal.PGActive, *journal.CopiesWhole:
		return false
	case *journal.OSDDown, *journal.OSDUp, *journal.NooutSet, *journal.NooutGone: // nobody reads of them
		return false
	}
	list := all[subjectOf(e)]
	i := slices.IndexFunc(list, func(x journal.Entry) bool { return x.Line > e.Line })
	return i < 0 || list[i].Kind() != e.Kind()
}

// lostIn is how much was lost in a time.
func (s *story) lostIn(p journal.Period) int {
	n := 0
	for _, at := range s.lost {
		if p.Contains(at) || at.Equal(p.Until) {
			n++
		}
	}
	return n
}
