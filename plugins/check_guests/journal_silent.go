package main

import (
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// restless is when a guest fell silent, answered again or was stopped last.
func (t *teller) restless() time.Time {
	for _, e := range t.events {
		switch e.Fact.(type) {
		case *journal.GuestSilent, *journal.GuestAnswers, *journal.GuestStopped:
			return t.now
		}
	}
	for _, silent := range t.hushed {
		if silent && t.now.Sub(t.old.Told.Watch.Until) > restless {
			return t.now // nobody has looked for a while, and it is silent still
		}
	}
	if t.old.Told.Restless.After(t.now) {
		return time.Time{} // our clock went back
	}
	return t.old.Told.Restless
}

// silences are guests that had answered and do not, or do again. Nobody is called
// silent in a round in which nobody was heard. The journal is told that a guest
// answers also when it was stopped before.
func (t *teller) silences() {
	blind := t.blind()
	// News of tens of thousands must not grow: each time all of it is there twice.
	t.events = slices.Grow(t.events, t.count(func(s *subject) bool {
		was := t.old.Guests[s.guest.ID]
		return s.reached() == (was.Answered == 0 || was.Silent != 0)
	}))
	for i := range t.subjects {
		s := &t.subjects[i]
		id := s.guest.ID
		was, is := t.old.Guests[id], t.next.Guests[id]
		_, told := t.hushed[id]
		switch {
		case t.anew() && is.Answered != 0 && s.reached():
			if t.hushed[id] && was.Silent != 0 { // until now, and since when by the clock as it is now
				t.happened(t.now, was.Silent.time(), *s.guest, &journal.GuestSilent{Class: was.Class, Again: true})
			}
			t.happened(t.now, time.Time{}, *s.guest, &journal.GuestAnswers{Again: true})
			delete(t.hushed, id)
		case t.anew() && is.Silent != 0 && (t.hushed[id] || t.silent(s) && !blind && was.Answered != 0):
			t.happened(t.now, is.Silent.time(), *s.guest, &journal.GuestSilent{Class: is.Class, Again: true})
			t.hushed[id] = true
		case was.Answered == 0 && s.reached() && !t.old.Told.At.IsZero():
			t.happened(t.now, time.Time{}, *s.guest, &journal.GuestAnswers{})
		case was.Answered == 0:
		case !t.hushed[id] && t.silent(s) && !blind:
			t.happened(t.now, was.Answered.time(), *s.guest, &journal.GuestSilent{Class: is.Class})
			t.hushed[id] = true
		case t.hushed[id] && t.silent(s) && judgedAnew(was.Class, is.Class):
			t.happened(t.now, t.since(), *s.guest, &journal.GuestSilent{Class: is.Class})
		case t.hushed[id] && t.silent(s) && !blind && t.turned():
			t.happened(t.now, is.Silent.time(), *s.guest, &journal.GuestSilent{Class: is.Class, Again: true})
		case (told || was.Silent != 0) && s.reached():
			t.happened(t.now, t.since(), *s.guest, &journal.GuestAnswers{})
			delete(t.hushed, id)
		}
	}
	maps.DeleteFunc(t.hushed, func(id int, _ bool) bool { _, there := t.next.Guests[id]; return !there })
}

// judgedAnew says that the second vantage point sees a silence otherwise now.
func judgedAnew(was, is string) bool {
	ours := func(class string) bool { return class == journal.ClassPath || class == journal.ClassUnconfirmed }
	return was != "" && was != is && (ours(was) || ours(is))
}

// class of a silence. Where a second vantage point is to be asked, a guest that
// only we find silent is nobody's outage: it may be our path. That a node is down
// its peers say as well.
func (f *facts) class(s *subject) string {
	switch {
	case s.there == answersThere:
		return journal.ClassPath
	case s.nodeDown:
		return journal.ClassNode
	case s.moving:
		return journal.ClassMigration
	case s.starting():
		return journal.ClassStart
	case f.second != nil && s.there != silentThere:
		return journal.ClassUnconfirmed
	}
	return journal.ClassGuest
}
