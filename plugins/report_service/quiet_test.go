package main

import (
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// seeing is that check_guests looked at a cluster.
func seeing(cluster string, from, until time.Time) journal.Entry {
	return journal.Entry{ID: cluster + from.String(), By: "check_guests", Cluster: cluster, At: until, Fact: &journal.Observed{From: from, Until: until, Polls: 10, PauseS: 60}}
}

func answering(cluster string, id int) journal.Entry {
	return journal.Entry{ID: cluster + itoa(id), At: after(-59), Cluster: cluster, Guest: &journal.Guest{ID: id, Name: cluster + itoa(id), Pool: "acme"}, Fact: &journal.GuestListed{Answers: true}}
}

func read(t *testing.T, s *story, who customer.Customer, zone string) (report, string) {
	t.Helper()
	var err error
	if who.Zone, err = time.LoadLocation(zone); err != nil {
		t.Fatal(err)
	}
	a := audience{who: &who}
	r := reportOf(s, a, s.works)
	v, err := (&options{Lang: "en"}).voice(a)
	if err != nil {
		t.Fatal(err)
	}
	text := documentOf(v, r, s, words{}).plain()
	if v.Err != nil {
		t.Fatal(v.Err)
	}
	return r, text
}

// TestTwoClusters: whoever looks at one cluster has not looked at the other.
func TestTwoClusters(t *testing.T) {
	s := storyOf(answering("a", 1), answering("b", 2), seeing("a", after(-60), after(600)), seeing("b", after(-60), after(0)), seeing("b", after(120), after(600)))
	r, text := read(t, s, customerOf(t, "acme"), "UTC")
	if len(r.Watched.Unseen) != 1 || !r.Watched.Unseen[0].From.Equal(after(0)) || !r.Watched.Unseen[0].Until.Equal(after(120)) || r.Watched.Share > 0.83 {
		t.Errorf("%+v", r.Watched)
	}
	if !strings.Contains(text, "nobody looked, 10 November 2026, 14:00–16:00") {
		t.Error(text)
	}
}

// TestShortHole: a time without a look that is too short to be named is the
// longest between two.
func TestShortHole(t *testing.T) {
	s := storyOf(answering("a", 1), seeing("a", after(-60), after(0)), seeing("a", after(4), after(600)))
	if r, _ := read(t, s, customerOf(t, "acme"), "UTC"); len(r.Watched.Unseen) != 0 || r.Watched.LongestS != 240 {
		t.Errorf("%+v", r.Watched)
	}
}

// TestChecksAtTheEdge: checks are counted that began before the time. If a server
// was silent at one of them, it did not answer each time.
func TestChecksAtTheEdge(t *testing.T) {
	silent := journal.Entry{ID: "silent", At: after(-80), Cluster: "a", Guest: &journal.Guest{ID: 1, Name: "shop", Pool: "acme"}, Fact: &journal.GuestSilent{Class: journal.ClassGuest}}
	again := journal.Entry{ID: "again", At: after(-70), Cluster: "a", Guest: silent.Guest, Fact: &journal.GuestAnswers{}}
	looks := []journal.Entry{answering("a", 1), seeing("a", after(-90), after(0)), seeing("a", after(0), after(700))}
	for want, entries := range map[bool][]journal.Entry{true: looks, false: append([]journal.Entry{silent, again}, looks...)} {
		if _, text := read(t, storyOf(entries...), customerOf(t, "acme"), "UTC"); want != strings.Contains(text, "- 20 checks whether your servers answer") {
			t.Error(text)
		}
	}
}

// TestStopped: a server that was stopped did not answer each time.
func TestStopped(t *testing.T) {
	stopped := journal.Entry{ID: "stop", At: after(10), Cluster: "a", Guest: &journal.Guest{ID: 1, Name: "shop", Pool: "acme"}, Fact: &journal.GuestStopped{User: "root@pam"}}
	s := storyOf(answering("a", 1), stopped, seeing("a", after(-60), after(600)))
	if _, text := read(t, s, customerOf(t, "acme"), "UTC"); !strings.Contains(text, "shop: was stopped") || strings.Contains(text, "each time") || strings.Contains(text, "root") {
		t.Error(text)
	}
}

// TestBackBut: what was answered with a reservation is not told as proven.
func TestBackBut(t *testing.T) {
	for answer, want := range map[string]string{journal.AnswerYes: "It was proven that all is", journal.AnswerYesBut: "it was not proven that all is"} {
		move := journal.Entry{ID: "move", At: after(11), Cluster: "lab", Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.GuestMoved{From: "pve3", To: "pve1"}}
		s := storyOf(asking(10, gateDrained, journal.AnswerYes), move, asking(60, gateReintegrated, answer))
		if _, text := read(t, s, customerOf(t, "acme"), "UTC"); !strings.Contains(text, want) {
			t.Errorf("%s\n%s", answer, text)
		}
	}
}

// TestClocksChange: an hour that is there twice is told apart.
func TestClocksChange(t *testing.T) {
	from := time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC) // 02:50 in Madrid, summer
	guest := &journal.Guest{ID: 1, Name: "shop", Pool: "acme"}
	s := tell([]journal.Entry{
		{ID: "1", At: from, Cluster: "a", Guest: guest, Fact: &journal.GuestSilent{Class: journal.ClassGuest}},
		{ID: "2", At: from.Add(20 * time.Minute), Cluster: "a", Guest: guest, Fact: &journal.GuestAnswers{}},
	}, journal.Period{From: from.Add(-time.Hour), Until: from.Add(time.Hour)})
	_, text := read(t, s, customerOf(t, "acme"), "Europe/Madrid")
	for _, want := range []string{"02:50 (UTC+2) – 25 October 2026, 02:10 (UTC+1)", "02:50:00 – 02:10:00 (UTC+1)"} {
		if !strings.Contains(strings.ReplaceAll(text, "(UTC+2)–", "(UTC+2) – 25 October 2026, "), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// TestCameBack: a guest that was on the node when it went off would not have been
// off, it was. Of two works at once each has its own guests.
func TestCameBack(t *testing.T) {
	moved := func(minute, id int, from, to string) journal.Entry {
		return journal.Entry{ID: "m" + itoa(minute), At: after(minute), Cluster: "lab", Guest: &journal.Guest{ID: id, Pool: "acme"}, Fact: &journal.GuestMoved{From: from, To: to}}
	}
	off := func(minute int, node string, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: node + itoa(minute), At: after(minute), Since: after(minute - 1), Cluster: "lab", Node: node, Fact: fact}
	}
	drained := func(minute int, node string) journal.Entry {
		return journal.Entry{ID: "d" + itoa(minute), At: after(minute), Cluster: "lab", Fact: &journal.Asked{Gate: gateDrained, Nodes: []string{node}, Answer: journal.AnswerNo}}
	}
	s := storyOf(
		drained(0, "pve3"), moved(1, 1, "pve3", "pve1"), moved(2, 2, "pve3", "pve2"), moved(3, 2, "pve2", "pve3"), drained(4, "pve1"), moved(5, 1, "pve1", "pve2"),
		off(10, "pve3", &journal.NodeOffline{}), off(11, "pve1", &journal.NodeOffline{}), off(40, "pve1", &journal.NodeOnline{}), off(70, "pve3", &journal.NodeOnline{}),
	)
	r := reportOf(s, audience{}, s.works)
	if len(r.Works) != 2 {
		t.Fatalf("%+v", r.Works)
	}
	for i, want := range []struct {
		node  string
		least float64
	}{{"pve3", 59 * 60}, {"pve1", 28 * 60}} {
		if w := r.Works[i]; w.Node != want.node || w.Else == nil || w.Else.Servers != 1 || w.Else.LeastS != want.least {
			t.Errorf("%s: %+v", w.Node, w.Else)
		}
	}
}

// TestClockWasSet: where the clock of a poller was set, its silences are those that it
// told anew: none lasts for ever because its end has an earlier time than its begin,
// and none is longer by what the clock was behind.
func TestClockWasSet(t *testing.T) {
	guest := &journal.Guest{ID: 1, Name: "shop", Pool: "acme"}
	entry := func(source string, line, minute int, fact journal.Fact) journal.Entry {
		return journal.Entry{ID: source + itoa(line), At: after(minute), Cluster: "a", Guest: guest, Fact: fact, Sources: []string{source}, Line: line}
	}
	anew := entry("one", 8, 10, &journal.GuestSilent{Class: journal.ClassGuest, Again: true})
	anew.Since = after(7)
	over := entry("one", 9, 15, &journal.GuestAnswers{})
	over.Since = after(14)
	for name, c := range map[string]struct {
		before    []journal.Entry
		from      int
		silences  int
		untilOpen bool
	}{
		"back":    {[]journal.Entry{entry("one", 5, 127, &journal.GuestSilent{Class: journal.ClassGuest})}, 7, 1, false},
		"forward": {[]journal.Entry{entry("one", 5, -50, &journal.GuestSilent{Class: journal.ClassGuest})}, 7, 1, false},
		// Whose clock was right is not doubted because of another's.
		"another": {[]journal.Entry{entry("two", 5, 127, &journal.GuestSilent{Class: journal.ClassGuest})}, 7, 2, true},
	} {
		s := storyOf(append(append([]journal.Entry{answering("a", 1)}, c.before...), anew, over)...)
		got := s.guests[place{"a", "1"}].silences
		if len(got) != c.silences || !got[0].begin().Equal(after(c.from)) || !got[0].until.Equal(after(15)) || got[len(got)-1].open() != c.untilOpen {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
