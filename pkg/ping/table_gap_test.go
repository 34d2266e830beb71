package ping

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestGapOfRun: whenever a guest was away, and whatever of its packets was lost,
// the bounds hold what happened.
func TestGapOfRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		packets := rapid.IntRange(2, 12).Draw(t, "packets")
		ms := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(1, most).Draw(t, name)) * time.Millisecond
		}
		gone := ms("gone", 1000)
		back := gone + ms("away", 1000)
		table := newTable(2, packets)
		at, slowest := ms("began", 50), time.Duration(0)
		lost, answers := 0, 0
		var spacing time.Duration
		for round := range packets {
			if round > 0 {
				step := ms("step", 120)
				at, spacing = at+step, max(spacing, step)
			}
			table.put(1, round, at)
			if at >= gone && at < back { // whoever is away answers nothing
				lost++
				continue
			}
			answers++
			slowest = max(slowest, ms("rtt", 60))
			i, _ := table.find(1, round)
			table.answer(i)
		}
		g, between := table.gap(1, slowest)
		ended := at >= back
		switch {
		case between != spacing:
			t.Fatalf("packets were %s apart, not %s", spacing, between)
		case lost == 0 || !ended:
			if g != (Gap{}) {
				t.Fatalf("%+v, and there was none that an answer ended", g)
			}
		case g.Lost != lost || g.AtLeast > back-gone || g.Unbounded != (answers == 0 || table.fates[table.slot(1, 0)]&answered == 0):
			t.Fatalf("%+v, was away for %s", g, back-gone)
		case !g.Unbounded && g.AtMost < back-gone:
			t.Fatalf("%+v, was away for %s", g, back-gone)
		}
	})
}

// TestGapNotCertain: where a packet did not leave, or left twice, nothing is.
func TestGapNotCertain(t *testing.T) {
	for name, spoil := range map[string]func(*table){
		"sent twice": func(t *table) { t.again(t.slot(0, 1), 90) },
		"not sent":   func(t *table) { t.fates[t.slot(0, 1)] = 0 },
	} {
		table := newTable(1, 3)
		for round := range 3 {
			table.put(0, round, time.Duration(round*80))
		}
		table.answer(0)
		table.answer(2)
		if g, _ := table.gap(0, 1); g.Lost != 1 || g.AtMost != 161 {
			t.Errorf("%+v", g)
		}
		spoil(table)
		if g, _ := table.gap(0, 1); g != (Gap{}) {
			t.Errorf("%s: %+v", name, g)
		}
	}
}
