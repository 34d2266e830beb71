package main

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// TestUnconfirmed: a silence that may be our own path is no outage of a customer's,
// who is not told of it; and he is not told that all is well either.
func TestUnconfirmed(t *testing.T) {
	entry := func(minute int, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: itoa(minute), At: after(minute), Cluster: "a", Guest: &journal.Guest{ID: 1, Name: "a1", Pool: "acme"}, Fact: fact}
	}
	for name, c := range map[string]struct {
		classes []string
		outage  bool
	}{
		"never told": {[]string{journal.ClassUnconfirmed}, false},
		"path":       {[]string{journal.ClassUnconfirmed, journal.ClassPath}, false},
		"guest":      {[]string{journal.ClassUnconfirmed, journal.ClassGuest}, true},
	} {
		all := []journal.Entry{answering("a", 1), seeing("a", after(-60), after(600))}
		for i, class := range c.classes {
			all = append(all, entry(10+i, &journal.GuestSilent{Class: class}))
		}
		s := storyOf(append(all, entry(30, &journal.GuestAnswers{}))...)
		acme := customerOf(t, "acme")
		r, text := read(t, s, acme, "UTC")
		if c.outage && (*r.Servers[0].Silences[0].MostS != 20*60 || r.Servers[0].Silences[0].LeastS != 0) {
			t.Errorf("%s: %+v", name, r.Servers[0].Silences)
		}
		if c.outage != (len(r.Servers[0].Silences) == 1) || strings.Contains(text, "each time") || strings.Contains(text, "a1: whether it answered could not be told") != (c.classes[0] == journal.ClassUnconfirmed) {
			t.Errorf("%s: %+v\n%s", name, r.Servers[0].Silences, text)
		}
	}
}
