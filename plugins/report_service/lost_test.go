package main

import (
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// TestHiddenByAClock: what a clock that was ahead wrote, and nobody told anew, is not
// shown as if nothing had happened.
func TestHiddenByAClock(t *testing.T) {
	guest := &journal.Guest{ID: 1, Name: "a1", Pool: "acme"}
	entry := func(line, minute int, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: "e" + itoa(line), At: after(minute), Cluster: "a", Guest: guest, Fact: fact, Sources: []string{"one"}, Line: line}
	}
	s := storyOf(answering("a", 1), entry(5, 127, &journal.GuestSilent{Class: journal.ClassGuest}), entry(6, 130, &journal.GuestAnswers{}), entry(7, 20, &journal.GuestAnswers{Again: true}), seeing("a", after(-60), after(600)))
	says(t, false, "each time", s, "acme")
	s = storyOf(answering("a", 1), entry(5, 127, &journal.GuestMoved{From: "pve3", To: "pve1"}), entry(7, 20, &journal.GuestAnswers{Again: true}), seeing("a", after(-60), after(600)))
	says(t, false, "No work that touched your servers", s, "acme")
}

// TestStoppedBefore: a server that a user stopped before the time, and that was not
// started since, has not answered each time; it is not one that never answered.
func TestStoppedBefore(t *testing.T) {
	shop := &journal.Guest{ID: 2, Name: "shop", Pool: "acme"}
	entry := func(minute int, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: itoa(minute), At: after(minute), Cluster: "a", Guest: shop, Fact: fact}
	}
	stopped, looks := entry(-3000, &journal.GuestStopped{User: "root@pam"}), seeing("a", after(-60), after(600))
	s := storyOf(answering("a", 1), stopped, looks)
	says(t, false, "each time", s, "acme")
	says(t, false, "never answered", s, "acme")
	says(t, true, "each time", storyOf(answering("a", 1), stopped, entry(-2000, &journal.GuestAnswers{}), looks), "acme")
}

// TestStoppedByItself: of a server that nobody stopped its customer is told that it does
// not answer, and since when it does again: so does the report.
func TestStoppedByItself(t *testing.T) {
	for user, want := range map[string]int{"": 1, "root@pam": 0} {
		shop := &journal.Guest{ID: 1, Name: "shop", Pool: "acme"}
		s := storyOf(answering("a", 1), journal.Entry{ID: "1", At: after(10), Since: after(9), Cluster: "a", Guest: shop, Fact: &journal.GuestStopped{User: user}},
			journal.Entry{ID: "2", At: after(50), Since: after(49), Cluster: "a", Guest: shop, Fact: &journal.GuestAnswers{}}, seeing("a", after(-60), after(600)))
		acme := customerOf(t, "acme")
		if x := reportOf(s, audience{who: &acme}, s.works).Servers[0]; len(x.Silences) != want || len(x.Stops) != 1 || want == 1 && *x.Silences[0].MostS != 41*60 {
			t.Errorf("%q: %+v", user, x)
		}
	}
}

// TestForward: a silence that was seen by a clock that was behind is as long as it was,
// and its bound is the one that was seen.
func TestForward(t *testing.T) {
	guest := &journal.Guest{ID: 1, Name: "shop", Pool: "acme"}
	entry := func(line, minute, since int, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: itoa(line), At: after(minute), Since: after(since), Cluster: "a", Guest: guest, Fact: fact, Sources: []string{"one"}, Line: line}
	}
	s := storyOf(answering("a", 1), entry(5, -50, -52, &journal.GuestSilent{Class: journal.ClassGuest}), entry(6, 10, 7, &journal.GuestSilent{Class: journal.ClassGuest, Again: true}), entry(7, 15, 14, &journal.GuestAnswers{}))
	got := s.guests[place{"a", "1"}].silences
	if len(got) != 1 || got[0].atMost() != 10*time.Minute || got[0].atLeast() != 7*time.Minute {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(outageText(t, s), "for at most 10\u00a0min") {
		t.Error(outageText(t, s))
	}
}

func outageText(t *testing.T, s *story) string {
	t.Helper()
	_, text := read(t, s, customerOf(t, "acme"), "UTC")
	return text
}
