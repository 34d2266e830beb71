package main

import (
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

func says(t *testing.T, want bool, text string, s *story, customer string) {
	t.Helper()
	if _, page := read(t, s, customerOf(t, customer), "UTC"); want != strings.Contains(page, text) {
		t.Errorf("%q: %v\n%s", text, !want, page)
	}
}

// TestNumberGivenAnew: a server that was removed while it did not answer did not do
// so until another customer's has its number and answers.
func TestNumberGivenAnew(t *testing.T) {
	shop, payroll := &journal.Guest{ID: 105, Name: "shop", Pool: "acme"}, &journal.Guest{ID: 105, Name: "payroll", Pool: "gans"}
	entry := func(minute int, g *journal.Guest, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: itoa(minute), At: after(minute), Cluster: "a", Guest: g, Fact: fact}
	}
	s := storyOf(entry(-30, shop, &journal.GuestListed{Answers: true}), entry(0, shop, &journal.GuestSilent{Class: journal.ClassGuest}), entry(5, shop, &journal.GuestListed{Gone: true}),
		entry(120, payroll, &journal.GuestListed{}), entry(125, payroll, &journal.GuestAnswers{}), seeing("a", after(-60), after(600)))
	got := s.guests[place{"a", "105"}].silences
	if len(got) != 1 || !got[0].until.Equal(after(5)) {
		t.Errorf("%+v", got)
	}
}

// TestAfterTheTime: whose a server was in the time of a report is not changed by what
// happens later.
func TestAfterTheTime(t *testing.T) {
	shop := &journal.Guest{ID: 105, Name: "shop", Pool: "acme"}
	listed := func(minute int, g journal.Guest, gone bool) journal.Entry {
		return journal.Entry{ID: itoa(minute), At: after(minute), Cluster: "a", Guest: &g, Fact: &journal.GuestListed{Answers: !gone, Gone: gone}}
	}
	now := listed(-30, *shop, false)
	sold, young := *shop, *shop
	sold.Pool, young.ID = "gans", 106
	looks := seeing("a", after(-60), after(900))
	const all = "all of yours that had answered before did"
	says(t, true, all, storyOf(now, looks), "acme")
	says(t, true, all, storyOf(now, looks, listed(700, *shop, true)), "acme")
	says(t, true, all, storyOf(now, looks, listed(700, sold, false)), "acme")
	says(t, false, all, storyOf(now, looks, listed(700, sold, false)), "gans")
	says(t, false, all, storyOf(looks, listed(700, young, false)), "acme")
}

// TestListOfTheMonth: on the last day of a long month the list that was written on its
// first is read all the same.
func TestListOfTheMonth(t *testing.T) {
	o := &options{From: "2h"}
	wanted, err := o.asked(time.Date(2026, 12, 31, 22, 0, 0, 0, time.UTC))
	if first := time.Date(2026, 12, 1, 0, 5, 0, 0, time.UTC); err != nil || !wanted.read.Contains(first) {
		t.Errorf("%v, %+v", err, wanted)
	}
}
