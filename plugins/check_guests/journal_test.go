package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// diary is a cluster of one guest that is looked at again and again.
type diary struct {
	memory memory
	now    time.Time
	theirs time.Duration // the nodes' clock is ahead of ours
	node   string
	name   string
	tasks  []pve.Task
	status string
	silent bool
	dark   bool // the gateway is silent
	gap    ping.Gap
	gone   bool
	second bool
	there  reachability
}

func (d *diary) look() string {
	g := pve.Guest{ID: 105, Kind: pve.VM, Name: d.name, Node: d.node, Status: d.status, Pool: "acme"}
	c := pve.Cluster{Name: "lab", Quorate: true, Time: d.now.Add(d.theirs), Tasks: d.tasks}
	for i, n := range []string{"pve1", "pve2", "pve3"} {
		c.Nodes = append(c.Nodes, pve.Node{Name: n, ID: i + 1, Online: true, Status: "online"})
	}
	f := facts{cluster: &c, now: d.now, parent: &subject{asked: true, place: nowhere(), reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5}}}}
	if d.dark {
		f.parent.reach = &ping.Watched{Reach: ping.Reach{Sent: 5}}
	}
	if !d.gone {
		c.Guests = []pve.Guest{g}
		s := subject{name: g.String(), asked: true, reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5}}, place: &place{guest: &g, node: g.Node, known: d.memory.Guests[105].past()}}
		if d.silent {
			s.reach = &ping.Watched{Reach: ping.Reach{Sent: 5}}
		}
		s.there = d.there
		if d.second {
			f.second = &vantage{}
		}
		if d.gap != (ping.Gap{}) {
			s.reach.Longest, s.reach.Gaps = d.gap, 1
			f.watched, f.began, f.ended, f.spacing = true, d.now, d.now.Add(time.Minute), 20*time.Millisecond
		}
		if d.status == "stopped" {
			f.idle = []int{105}
		} else {
			f.subjects = []subject{s}
		}
	}
	before := d.memory
	next := before
	next.PVE = next.PVE.After(pve.Look{Cluster: c, Now: d.now})
	next = observe(next, f)
	told, events := tell(before, next, f, true)
	d.memory = next.remembered(told)
	var out []string
	for _, e := range events {
		if e.Kind() == journal.KindObserved {
			continue
		}
		text := string(e.Kind())
		switch x := e.Fact.(type) {
		case *journal.GuestMoved:
			live := "?"
			if x.Live != nil {
				live = fmt.Sprint(*x.Live)
			}
			text += fmt.Sprintf(" %s-%s live %s ended %s", x.From, x.To, live, e.At.Sub(d.now))
		case *journal.Gap:
			text += fmt.Sprintf(" %v %v-%v", x.MS, x.LeastMS, x.MostMS)
		case *journal.GuestStopped:
			text += " by " + x.User
		case *journal.GuestListed:
			text += fmt.Sprintf(" %s %v", e.Guest.Name, x.Gone)
		case *journal.GuestSilent:
			text += " " + x.Class + " since " + e.Since.Sub(d.now).String()
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func (d *diary) task(kind, node string, start, end time.Duration) {
	now := d.now.Add(d.theirs)
	d.tasks = append(d.tasks, pve.Task{UPID: fmt.Sprint(kind, node, now.Unix()), Type: kind, ID: "105", Node: node, User: "admin@pve", Start: now.Add(start), End: now.Add(end), Status: "OK"})
}

// TestTell goes through the life of a guest, with a nodes' clock that is an hour
// ahead, and reads what is told.
func TestTell(t *testing.T) {
	d := &diary{now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), theirs: time.Hour, node: "pve3", name: "db1", status: "running"}
	for i, step := range []struct {
		after time.Duration
		do    func()
		want  string
	}{
		{0, func() { d.task("qmigrate", "pve2", -time.Minute, -time.Second) }, "guest_listed db1 false"}, // what was before is nobody's news
		{time.Minute, func() { d.tasks = nil }, ""},
		{time.Minute, func() { d.node = "pve1"; d.task("qmigrate", "pve3", -30*time.Second, -10*time.Second) }, "guest_moved pve3-pve1 live true ended -10s"},
		{time.Minute, func() {}, ""},                  // once
		{time.Minute, func() { d.node = "pve2" }, ""}, // no task yet
		{5 * time.Second, func() { d.task("qmigrate", "pve1", -30*time.Second, -8*time.Second) }, "guest_moved pve1-pve2 live true ended -8s"},
		{time.Minute, func() { d.node = "pve3" }, ""},
		{time.Minute, func() {}, "guest_moved pve2-pve3 live ? ended 0s"}, // and none at all
		{time.Minute, func() {}, ""},
		{time.Minute, func() { d.name = "db2" }, "guest_listed db2 false"},
		{time.Minute, func() { d.silent = true }, "guest_silent guest since -1m0s"},
		{time.Minute, func() {}, ""},
		{time.Minute, func() { d.silent = false }, "guest_answers"},
		{time.Minute, func() { d.gap = ping.Gap{AtLeast: 300 * time.Millisecond, AtMost: 340 * time.Millisecond, Lost: 15} }, "gap 320 300-340"},
		{time.Minute, func() {
			d.gap = ping.Gap{}
			d.status = "stopped"
			d.task("qmshutdown", "pve3", -9*time.Second, -time.Second)
		}, "guest_stopped by admin@pve"},
		{time.Minute, func() {}, ""},
		{time.Minute, func() { d.status = "running" }, "guest_answers"}, // who reads that it was stopped reads that too
		{time.Minute, func() { d.dark, d.silent = true, true }, ""},     // the way to it is down
		{time.Minute, func() { d.dark = false }, "guest_silent guest since -2m0s"},
		{time.Minute, func() { d.dark = true }, ""},
		{time.Minute, func() { d.status = "stopped" }, "guest_stopped by admin@pve"},
		{time.Minute, func() { d.status, d.dark = "running", false }, "guest_silent guest since -5m0s"}, // started, and silent still
		{time.Minute, func() { d.silent = false }, "guest_answers"},
		{time.Minute, func() {}, ""},
		{4 * 24 * time.Hour, func() { d.tasks = nil }, "guest_listed db2 false"}, // another month
		{time.Minute, func() { d.gone = true }, "guest_listed db2 true"},
	} {
		d.now = d.now.Add(step.after)
		step.do()
		if got := d.look(); got != step.want {
			t.Errorf("step %d: %q, expected %q", i, got, step.want)
		}
	}
}

// TestTellOfTwo: nobody is told of an outage that the second vantage point does
// not see, nor of one that it cannot tell of.
func TestTellOfTwo(t *testing.T) {
	d := &diary{now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), node: "pve3", name: "db1", status: "running", second: true}
	for i, step := range []struct {
		silent bool
		there  reachability
		want   string
	}{
		{false, answersThere, "guest_listed db1 false"},
		{true, answersThere, "guest_silent path since -1m0s"}, // it is our path
		{true, answersThere, ""},
		{true, silentThere, "guest_silent guest since -1m0s"}, // now it is he
		{true, silentThere, ""},
		{true, "", ""},                                        // what was seen stands
		{true, answersThere, "guest_silent path since -1m0s"}, // and it is over
		{true, "", ""},
		{false, answersThere, "guest_answers"},
		{true, "", "guest_silent unconfirmed since -1m0s"},
		{true, silentThere, "guest_silent guest since -1m0s"},
		{false, silentThere, "guest_answers"},
	} {
		d.now = d.now.Add(time.Minute)
		d.silent, d.there = step.silent, step.there
		if got := d.look(); got != step.want {
			t.Errorf("step %d: %q, expected %q", i, got, step.want)
		}
	}
}

// TestTellOnlyWholeLooks: who looks at one guest has not looked at all.
func TestTellOnlyWholeLooks(t *testing.T) {
	for _, p := range []filter{{pools: []string{"acme"}}, {tags: []string{"x"}}, {ids: []span{{1, 2}}}, {excludedTags: []string{"x"}}} {
		if p.unrestricted() {
			t.Errorf("%+v", p)
		}
	}
	c := pve.Cluster{Name: "lab", Quorate: true}
	f := facts{cluster: &c, now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	for _, counted := range []bool{true, false} {
		now, _ := tell(memory{}, memory{}, f, counted)
		if (now.Watch.Polls == 1) != counted {
			t.Errorf("%+v", now.Watch)
		}
	}
	deaf := subject{asked: true, place: nowhere(), reach: &ping.Watched{Reach: ping.Reach{Sent: 5}}}
	off := deaf
	off.place = &place{guest: &pve.Guest{}, nodeDown: true}
	for name, test := range map[string]struct {
		f    facts
		want int // looks
	}{
		"nobody answers":                  {facts{subjects: []subject{deaf, deaf}}, 0},
		"their node is off":               {facts{subjects: []subject{off, off}}, 1},
		"the gateway is silent too":       {facts{subjects: []subject{off}, parent: &deaf}, 0},
		"this token does not see them":    {facts{cluster: &pve.Cluster{Quorate: true, Rights: []string{"VM.Audit"}}}, 0},
		"a round in which nobody is told": {facts{}, 1},
	} {
		if test.f.now = f.now; test.f.cluster == nil {
			test.f.cluster = &c
		}
		if now, _ := tell(memory{}, memory{}, test.f, true); now.Watch.Noted.IsZero() == (test.want == 1) {
			t.Errorf("%s: %+v", name, now.Watch)
		}
	}
	// While a guest has just fallen silent every look is written down.
	for age, want := range map[time.Duration]int{time.Minute: 1, time.Hour: 0} {
		old := memory{Told: told{At: f.now.Add(-time.Minute), Restless: f.now.Add(-age)}}
		old.Told.Watch = journal.Watch{From: f.now.Add(-time.Minute), Until: f.now.Add(-time.Minute), Noted: f.now.Add(-time.Minute), Polls: 1}
		if _, events := tell(old, old, f, true); len(events) != want {
			t.Errorf("%s later: %d", age, len(events))
		}
	}
	// And again when nobody has looked for a while.
	old := memory{Told: told{At: f.now.Add(-time.Minute), Restless: f.now.Add(-time.Hour), Hushed: map[int]bool{105: true}}, Guests: map[int]known{105: {}}}
	old.Told.Watch = journal.Watch{From: f.now.Add(-time.Hour), Until: f.now.Add(-20 * time.Minute), Noted: f.now.Add(-20 * time.Minute), Polls: 1}
	if now, _ := tell(old, old, f, true); !now.Restless.Equal(f.now) {
		t.Errorf("%+v", now)
	}
	if !slices.Equal([]bool{filter{}.unrestricted()}, []bool{true}) {
		t.Error("no filter leaves somebody out")
	}
}

// TestSilentOverTheMonth: with the first look of a month the journal is told once more
// who is silent, and since when: whoever reads that month has not read the one before.
func TestSilentOverTheMonth(t *testing.T) {
	d := &diary{now: time.Date(2026, 11, 30, 23, 50, 0, 0, time.UTC), node: "pve3", name: "db1", status: "running"}
	for i, step := range []struct {
		after  time.Duration
		silent bool
		want   string
	}{
		{0, false, "guest_listed db1 false"}, {time.Minute, true, "guest_silent guest since -1m0s"}, {4 * time.Minute, true, ""},
		{6 * time.Minute, true, "guest_listed db1 false, guest_silent guest since -10m0s"}, {time.Minute, true, ""}, {time.Minute, false, "guest_answers"},
	} {
		d.now, d.silent = d.now.Add(step.after), step.silent
		if got := d.look(); got != step.want {
			t.Errorf("%d: %s, want %s", i, got, step.want)
		}
	}
}
