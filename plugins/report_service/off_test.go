package main

import (
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// TestOffByAWrongClock: a machine was off for as long as it was, and not for ever or for
// what the poller's clock was set by: nobody's servers would have been off for so long.
func TestOffByAWrongClock(t *testing.T) {
	for name, from := range map[string]int{"ahead": 130, "behind": -110} {
		entry := func(line, minute, since int, fact journal.Fact) journal.Entry {
			return journal.Entry{ID: itoa(line), At: after(minute), Since: after(since), Cluster: "lab", Node: "pve3", Fact: fact, Sources: []string{"one"}, Line: line}
		}
		moved := journal.Entry{ID: "m", At: after(2), Cluster: "lab", Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.GuestMoved{From: "pve3", To: "pve1"}}
		s := storyOf(asking(0, gateDrained, journal.AnswerYes), moved, entry(5, from, from-1, &journal.NodeOffline{}), entry(6, 20, 10, &journal.NodeOffline{Again: true}),
			entry(7, 40, 39, &journal.NodeOnline{}), asking(60, gateReintegrated, journal.AnswerYes), asking(200, gateReintegrated, journal.AnswerYes))
		r := reportOf(s, audience{}, s.works)
		if len(r.Works) != 1 || len(r.Works[0].Off) != 1 {
			t.Fatalf("%s: %+v", name, r.Works)
		}
		if off := r.Works[0].Off[0]; off.Until == nil || off.LeastS != (29*time.Minute).Seconds() || !off.From.Equal(after(10)) {
			t.Errorf("%s: %+v", name, off)
		}
		if e := r.Works[0].Else; e == nil || e.LeastS != (29*time.Minute).Seconds() {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// TestTwoToldAnew: one of two pollers tells a silence anew, which the other saw first: it
// is as long as that one says.
func TestTwoToldAnew(t *testing.T) {
	guest := &journal.Guest{ID: 1, Name: "shop", Pool: "acme"}
	entry := func(source string, line, minute, since int, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: itoa(line), At: after(minute), Since: after(since), Cluster: "a", Guest: guest, Fact: fact, Sources: []string{source}, Line: line}
	}
	s := storyOf(answering("a", 1), entry("one", 5, 0, -1, &journal.GuestSilent{Class: journal.ClassGuest}), entry("two", 25, 3, 2, &journal.GuestSilent{Class: journal.ClassGuest}),
		entry("two", 26, 30, 3, &journal.GuestSilent{Class: journal.ClassGuest, Again: true}), entry("one", 6, 60, 59, &journal.GuestAnswers{}))
	if got := s.guests[place{"a", "1"}].silences; len(got) != 1 || got[0].atMost() != 61*time.Minute {
		t.Errorf("%+v", got)
	}
}

// TestDataByAWrongClock: data that could not be reached is not so for ever because it
// was by a clock that was ahead, nor for what one that was behind was set by. Where
// nobody told it anew, it is not as if nothing had happened.
func TestDataByAWrongClock(t *testing.T) {
	for name, from := range map[string]int{"ahead": 130, "behind": -110} {
		entry := func(line, minute, since int, fact journal.Fact) journal.Entry {
			return journal.Entry{ID: itoa(line), At: after(minute), Since: after(since), By: "check_ceph", Cluster: "f", Fact: fact, Sources: []string{"one"}, Line: line}
		}
		first := []journal.Entry{entry(5, from, from-1, &journal.PGInactive{PGs: 3}), entry(6, from, from-1, &journal.CopiesFew{})}
		again := []journal.Entry{entry(7, 20, 10, &journal.PGInactive{PGs: 3, Again: true}), entry(8, 20, 10, &journal.CopiesFew{Again: true})}
		over := []journal.Entry{entry(9, 40, 39, &journal.PGActive{}), entry(10, 40, 39, &journal.CopiesWhole{})}
		s := storyOf(slices.Concat(first, again, over)...)
		for _, all := range [][]trouble{s.halted, s.few} {
			if len(all) != 1 || !all[0].from.Equal(after(10)) || !all[0].until.Equal(after(40)) {
				t.Errorf("%s: %+v", name, all)
			}
		}
		if r := reportOf(s, audience{}, nil); r.Unread != 0 {
			t.Errorf("%s: %d", name, r.Unread)
		}
		if name == "ahead" { // by an older version
			s = storyOf(slices.Concat(first, over)...)
			if r := reportOf(s, audience{}, nil); len(s.halted)+len(s.few) > 0 || r.Unread != 2 {
				t.Errorf("%+v %+v %d", s.halted, s.few, r.Unread)
			}
		}
	}
}
