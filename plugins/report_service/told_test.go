package main

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// TestToldOfAnotherWork: what was told of work before, that is over or was called
// off, is not the word of this one.
func TestToldOfAnotherWork(t *testing.T) {
	told := func(minute int, notice string) journal.Entry {
		return journal.Entry{ID: notice, At: after(minute), Node: "pve3", Fact: &journal.Told{Customer: "acme", Notice: notice, Channel: "mail"}}
	}
	moved := func(minute int) journal.Entry {
		return journal.Entry{ID: "m" + itoa(minute), At: after(minute), Cluster: "lab", Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.GuestMoved{From: "pve3", To: "pve1"}}
	}
	elsewhere := told(100, "announced M-3")
	elsewhere.Cluster = "another"
	this := []journal.Entry{asking(210, gateDrained, journal.AnswerYes), moved(211), asking(260, gateReintegrated, journal.AnswerYes)}
	for name, c := range map[string]struct {
		before []journal.Entry
		told   int // 0: not
	}{
		"over":       {[]journal.Entry{told(0, "announced M-1"), asking(10, gateDrained, journal.AnswerYes), moved(11), told(12, "begun M-1"), asking(60, gateReintegrated, journal.AnswerYes), told(61, "finished M-1")}, 0},
		"called off": {[]journal.Entry{told(0, "announced M-1"), told(5, "cancelled M-1")}, 0},
		"and anew":   {[]journal.Entry{told(0, "announced M-1"), told(5, "cancelled M-1"), told(100, "announced M-2")}, 100},
		"both":       {[]journal.Entry{told(0, "announced M-1"), told(5, "announced M-2"), asking(10, gateDrained, journal.AnswerYes), moved(11), asking(60, gateReintegrated, journal.AnswerYes), told(100, "reminded M-2")}, 5},
		"elsewhere":  {[]journal.Entry{elsewhere}, 0},
		"this":       {[]journal.Entry{told(100, "announced M-2"), told(205, "reminded M-2")}, 100},
		"begun":      {[]journal.Entry{told(212, "begun M-2"), told(261, "finished M-2")}, 212},
	} {
		s := storyOf(append(c.before, this...)...)
		acme := customerOf(t, "acme")
		r := reportOf(s, audience{who: &acme}, s.works)
		w := r.Works[len(r.Works)-1]
		if c.told == 0 && w.Told != nil || c.told != 0 && (w.Told == nil || !w.Told.At.Equal(after(c.told))) {
			t.Errorf("%s: %+v", name, w.Told)
		}
	}
}
