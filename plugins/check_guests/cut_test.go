package main

import (
	"net/netip"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"pgregory.net/rapid"
)

// watchOf is what a watch sees of packets that were answered or not. Where it was
// cut off, those that were sent in the last second may be answered yet.
func watchOf(answered []bool, interval time.Duration, cut bool) ping.Watched {
	w := ping.Watched{Reach: ping.Reach{Sent: len(answered)}}
	last := -1
	for i, ok := range answered {
		if ok {
			w.Received, last = w.Received+1, i
			w.Avg = time.Millisecond
		} else if cut && time.Duration(len(answered)-i)*interval < time.Second {
			w.Pending++
		}
	}
	if waiting := len(answered) - 1 - last; waiting > 0 {
		w.Away = time.Duration(waiting-1) * interval
		w.Gaps, w.Longest = 1, ping.Gap{AtLeast: w.Away, Lost: waiting, Unbounded: true}
	}
	return w
}

// TestCutOffIsNoMilder: a watch that was cut off is not well, says of a guest that
// has been silent what the whole watch would have said, and is never milder than
// one that ended by itself after the same packets.
func TestCutOffIsNoMilder(t *testing.T) {
	const interval = 20 * time.Millisecond
	severity := map[check.Status]int{check.OK: 0, check.UNKNOWN: 1, check.WARNING: 2, check.CRITICAL: 3}
	rapid.Check(t, func(t *rapid.T) {
		var answered []bool
		for range rapid.IntRange(1, 6).Draw(t, "runs") {
			every := rapid.IntRange(0, 3).Draw(t, "one of so many is lost, 0 for none, 1 for all")
			for k := range rapid.IntRange(1, 200).Draw(t, "packets") {
				answered = append(answered, every == 0 || k%every != 0)
			}
		}
		verdict := func(cut bool) (check.Status, ping.Watched) {
			w := watchOf(answered, interval, cut)
			s := subject{name: "web1", addr: netip.MustParseAddr("192.0.2.1"), asked: true, place: nowhere(), reach: &w}
			f := facts{now: evening, began: evening, ended: evening.Add(time.Minute), subjects: []subject{s}, watched: true, cut: cut, spacing: interval}
			return judge(f, policy{warn: defaultWarning, crit: defaultCritical, interval: interval}).Status(), w
		}
		whole, w := verdict(false)
		cut, _ := verdict(true)
		switch {
		case severity[cut] < severity[check.UNKNOWN]:
			t.Fatalf("cut off it is %s", cut)
		case w.Away >= longAway && cut != check.CRITICAL:
			t.Fatalf("silent for %s, and cut off it is %s", w.Away, cut)
		case w.Alive() && w.Pending == 0 && len(answered) > 60 && allKnown(answered) && severity[cut] < severity[whole]:
			t.Fatalf("whole it is %s, cut off %s", whole, cut)
		}
	})
}

// allKnown says that the last second was answered.
func allKnown(answered []bool) bool {
	for _, ok := range answered[max(0, len(answered)-50):] {
		if !ok {
			return false
		}
	}
	return true
}
