package main

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// timely leaves out what was written by a clock that was ahead and was set back since.
// How things are was told anew then; what was over is lost, and that is noted.
func (s *story) timely() {
	var stale []journal.Entry
	s.entries = slices.DeleteFunc(s.entries, func(e journal.Entry) bool {
		is := s.anew.Stale(e)
		if is {
			stale = append(stale, e)
		}
		return is
	})
	for _, e := range stale {
		if at, _ := s.anew.Set(e); news(e, stale) {
			s.lost = append(s.lost, at)
		}
	}
}

// news says whether nobody tells anew what an entry tells: it is over, and its end is
// as stale, or it is no state.
func news(e journal.Entry, stale []journal.Entry) bool {
	over := func(kind journal.Kind) bool {
		return slices.ContainsFunc(stale, func(end journal.Entry) bool {
			return end.Kind() == kind && end.Line > e.Line && (e.Guest != nil || end.Node == e.Node) && placeOf(end) == placeOf(e) && slices.Equal(end.Sources, e.Sources)
		})
	}
	switch e.Fact.(type) {
	case *journal.GuestSilent:
		return over(journal.KindGuestAnswers)
	case *journal.NodeOffline:
		return over(journal.KindNodeOnline)
	case *journal.GuestListed, *journal.GuestAnswers, *journal.NodeOnline:
		return false
	}
	return true
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
