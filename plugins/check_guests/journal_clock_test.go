package main

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// clocked are guests 105 and 106, and what is remembered of them.
type clocked struct{ memory }

// look is what is told when our clock was set forward by so much since noon.
func (m *clocked) look(minute int, ahead time.Duration, silent bool) []journal.Entry {
	now := time.Date(2026, 11, 20, 12, minute, 0, 0, time.UTC).Add(ahead)
	c := pve.Cluster{Name: "lab", Quorate: true}
	f := facts{cluster: &c, now: now, parent: &subject{asked: true, place: nowhere(), reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5}}}}
	m.memory, f.set = m.follow(state.Clock{At: now, Up: time.Duration(minute) * time.Minute, Boot: "a"})
	for _, id := range []int{105, 106} {
		g := pve.Guest{ID: id, Kind: pve.VM, Node: "pve1", Status: "running"}
		s := subject{asked: true, reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5}}, place: &place{guest: &g, node: "pve1", known: m.Guests[id].past()}}
		if silent && id == 105 {
			s.reach = &ping.Watched{Reach: ping.Reach{Sent: 5}}
		}
		c.Guests, f.subjects = append(c.Guests, g), append(f.subjects, s)
	}
	next := observe(m.memory, f)
	told, events := tell(m.memory, next, f, true)
	m.memory = next.remembered(told)
	return events
}

// TestToldAnew: after our clock was set, the journal is told by it of every guest
// how it is now, and since when by the clock as it is now; in the next look no more.
func TestToldAnew(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"back": -3 * time.Hour, "forward": 26 * time.Hour, "by less than clocks differ": time.Minute} {
		var m clocked
		m.look(0, 0, false)
		m.look(1, 0, true)
		for i := range 2 {
			listed, silent, answers := 0, time.Duration(0), 0
			for _, e := range m.look(2+i, ahead, true) {
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

// TestToldOver: a silence that was over when our clock was found to be set is told by
// it as well, and not only that it is over.
func TestToldOver(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"back": -3 * time.Hour, "forward": 26 * time.Hour} {
		var m clocked
		m.look(0, 0, false)
		m.look(1, 0, true)
		var got []journal.Entry
		for _, e := range m.look(4, ahead, false) {
			if _, listed := e.Fact.(*journal.GuestListed); !listed && e.Guest != nil && e.Guest.ID == 105 {
				got = append(got, e)
			}
		}
		if len(got) != 2 {
			t.Fatalf("%s: %+v", name, got)
		}
		silent, is := got[0].Fact.(*journal.GuestSilent)
		if !is || !silent.Again || got[0].At.Sub(got[0].Since) != 3*time.Minute || got[1].Kind() != journal.KindGuestAnswers {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
