package main

import (
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// answer takes what an entry tells of whether a guest answers.
func (f folding) answer(e journal.Entry) {
	at := placeOf(e)
	switch fact := e.Fact.(type) {
	case *journal.GuestSilent:
		if fact.Class == journal.ClassPath {
			f.end(at, e) // it was our path, and no outage of his
			return
		}
		t := f.begin(at, e)
		t.class = fact.Class
		if fact.Again && !e.Since.IsZero() {
			t.since, t.from = time.Time{}, e.Since // by the poller's clock as it is now
		}
	case *journal.GuestAnswers:
		f.end(at, e)
	case *journal.GuestListed:
		if fact.Gone { // who has its number next answers for himself
			f.end(at, e)
		}
	}
}
