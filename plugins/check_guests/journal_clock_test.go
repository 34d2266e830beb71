package main

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// TestToldAnew: after our clock was set, the journal is told by it of every guest
// how it is now, and since when by the clock as it is now; in the next look no more.
func TestToldAnew(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, ahead := range map[string]time.Duration{"back": -3 * time.Hour, "forward": 26 * time.Hour, "by less than clocks differ": time.Minute} {
		var m memory
		look := func(minute int, ahead time.Duration, silent bool) []journal.Entry {
			now := noon.Add(time.Duration(minute)*time.Minute + ahead)
			clock := state.Clock{At: now, Up: time.Duration(minute) * time.Minute, Boot: "a"}
			c := pve.Cluster{Name: "lab", Quorate: true}
			f := facts{cluster: &c, now: now, parent: &subject{asked: true, place: nowhere(), reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5}}}}
			m, f.set = m.follow(clock)
			for _, id := range []int{105, 106} {
				g := pve.Guest{ID: id, Kind: pve.VM, Node: "pve1", Status: "running"}
				s := subject{asked: true, reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5}}, place: &place{guest: &g, node: "pve1", known: m.Guests[id].past()}}
				if silent && id == 105 {
					s.reach = &ping.Watched{Reach: ping.Reach{Sent: 5}}
				}
				c.Guests, f.subjects = append(c.Guests, g), append(f.subjects, s)
			}
			before := m
			next := observe(before, f)
			told, events := tell(before, next, f, true)
			m = next.remembered(told)
			return events
		}
		look(0, 0, false)
		look(1, 0, true)
		for i := range 2 {
			listed, silent, answers := 0, time.Duration(0), 0
			for _, e := range look(2+i, ahead, true) {
				switch fact := e.Fact.(type) {
				case *journal.GuestListed:
					listed++
				case *journal.GuestSilent:
					if silent = e.At.Sub(e.Since); !fact.Again || e.Guest.ID != 105 {
						t.Errorf("%s: %+v", name, e)
					}
				case *journal.GuestAnswers:
					if answers++; !fact.Again || e.Guest.ID != 106 {
						t.Errorf("%s: %+v", name, e)
					}
				}
			}
			if anew := i == 0 && ahead != time.Minute; anew && (listed != 2 || silent != time.Minute || answers != 1) || !anew && listed+answers+int(silent) > 0 {
				t.Errorf("%s, look %d: %d listed, %d answer, silent for %s", name, i, listed, answers, silent)
			}
		}
	}
}
