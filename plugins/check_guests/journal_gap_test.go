package main

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestCaught: a run without --watch writes a gap down when the task list says that
// the guest was being moved, and when it is bounded; else nothing.
func TestCaught(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	inside := ping.Gap{Start: 80 * time.Millisecond, AtLeast: 80 * time.Millisecond, AtMost: 250 * time.Millisecond, Lost: 2}
	before := ping.Gap{AtLeast: 80 * time.Millisecond, Lost: 2, Unbounded: true}
	moving := func(start, end time.Duration) pve.Task {
		task := pve.Task{Type: "qmigrate", ID: "105", Node: "pve3", Start: now.Add(time.Hour + start), Status: "OK"}
		if end != 0 {
			task.End = now.Add(time.Hour + end)
		}
		return task
	}
	type world struct {
		gap    ping.Gap
		task   pve.Task
		last   time.Duration // since the last look, by our clock
		theirs time.Duration // by the nodes'
		silent bool          // it was silent with the last look
		refuse bool
	}
	for name, c := range map[string]struct {
		world
		least, most float64 // most of 0 is that nothing is written
	}{
		"inside":                           {world{gap: inside, task: moving(-9*time.Second, 0)}, 80, 250},
		"inside, with a task that is over": {world{gap: inside, task: moving(-9*time.Second, 500*time.Millisecond)}, 80, 250},
		"no gap":                           {world{task: moving(-9*time.Second, 0)}, 0, 0},
		"no task":                          {world{gap: inside}, 0, 0},
		"another's task":                   {world{gap: inside, task: pve.Task{Type: "qmigrate", ID: "106", Start: now.Add(time.Hour)}}, 0, 0},
		"another task":                     {world{gap: inside, task: pve.Task{Type: "vzdump", ID: "105", Start: now.Add(time.Hour)}}, 0, 0},
		"moved before":                     {world{gap: inside, task: moving(-90*time.Second, -30*time.Second)}, 0, 0},
		"our own fault":                    {world{gap: inside, task: moving(-9*time.Second, 0), refuse: true}, 0, 0},
		"away at first":                    {world{gap: before, task: moving(-9*time.Second, 0), last: time.Minute, theirs: time.Minute}, 80, 71500},
		"away at first, a slow clock":      {world{gap: before, task: moving(-9*time.Second, 0), last: 55 * time.Second, theirs: time.Minute}, 80, 70000},
		"away at first, a clock set":       {world{gap: before, task: moving(-9*time.Second, 0), last: 20 * time.Second, theirs: time.Minute}, 0, 0},
		"away at first, set back":          {world{gap: before, task: moving(-9*time.Second, 0), last: -time.Hour, theirs: time.Minute}, 0, 0},
		"away at first, long ago":          {world{gap: before, task: moving(-9*time.Second, 0), last: time.Hour, theirs: time.Hour}, 0, 0},
		"away at first, never seen":        {world{gap: before, task: moving(-9*time.Second, 0)}, 0, 0},
		"away at first and before":         {world{gap: before, task: moving(-9*time.Second, 0), last: time.Minute, theirs: time.Minute, silent: true}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := pve.Guest{ID: 105, Kind: pve.VM, Name: "db1", Node: "pve3"}
			reach := ping.Reach{Sent: 5, Received: 3, Gap: c.gap, Spacing: 80 * time.Millisecond}
			if c.refuse {
				reach.Refusals = []ping.Refusal{{Count: 1}}
			}
			s := subject{asked: true, reach: &ping.Watched{Reach: reach}, place: &place{guest: &g, node: "pve3"}}
			last := told{}
			if c.last != 0 {
				last.At, last.Theirs = now.Add(-c.last), now.Add(time.Hour-c.theirs)
				if s.known.Answered = stampOf(last.At); c.silent {
					s.known.Answered = stampOf(last.At.Add(-time.Minute))
				}
			}
			f := facts{
				cluster: &pve.Cluster{Time: now.Add(time.Hour), Tasks: []pve.Task{c.task}}, subjects: []subject{s},
				now: now, began: now.Add(time.Second), ended: now.Add(1500 * time.Millisecond),
			}
			tells := &teller{old: memory{Told: last}, facts: f}
			tells.measured()
			if (c.most > 0) != (len(tells.events) == 1) {
				t.Fatalf("%+v", tells.events)
			}
			if c.most == 0 {
				return
			}
			fact := tells.events[0].Fact.(*journal.Gap)
			if fact.LeastMS != c.least || fact.MostMS != c.most || fact.MS < c.least || fact.MS > c.most || fact.Open || !fact.Moving || fact.EveryMS != 80 {
				t.Errorf("%+v", fact)
			}
			if at := tells.events[0].At; at.Before(fact.From) || at.After(fact.Until) {
				t.Errorf("it began at %s: %+v", at, fact)
			}
		})
	}
}
