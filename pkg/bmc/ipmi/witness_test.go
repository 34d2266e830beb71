package ipmi

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// Entity presence costs a packet only for a fan that does not turn.
func TestEntityPresenceIsAskedLast(t *testing.T) {
	b := newBoard(t)
	b.put(tach(0x41, "FAN1 SYS"), tach(0x42, "FAN2 SYS"), entity(0x71, "FAN1 SYS"), entity(0x72, "FAN2 SYS"))
	b.turn(0x41, 51)
	b.turn(0x42, 52)
	first := poll1(t, b.client(), bmc.Ask{})
	readings := func(s bmc.Server) int {
		return strings.Count(strings.Join(s.Evidence, "\n"), "Get Sensor Reading")
	}
	if n := readings(first); n != 2 {
		t.Errorf("%d sensors read while both fans turn", n)
	}
	b.na(0x42)
	b.state(0x72, 0x01)
	second := poll1(t, b.client(), bmc.Ask{Memory: first.Memory, Known: []string{"0x41", "0x42"}})
	if n := readings(second); n != 3 {
		t.Errorf("%d sensors read with one that says nothing", n)
	}
	f := second.Fans[1]
	if f.Witness != bmc.Present || f.Presence != bmc.Present || f.Reading != nil || second.Fans[0].Witness != "" {
		t.Errorf("%+v", second.Fans)
	}
}

// What the opinion of a discrete sensor rests on.
func TestOpinions(t *testing.T) {
	b := newBoard(t)
	b.put(discrete(0x10, typeFan, kindAvailability, "Fan 1"), discrete(0x11, typeFan, kindPresence, "Fan 2 Presence"), tach(0x12, "Fan 3"))
	b.state(0x10, 0x01)
	b.state(0x11, 0x02)
	b.turn(0x12, 30)
	server := poll1(t, b.client(), bmc.Ask{})
	got := map[string]bmc.Opinion{}
	for _, f := range server.Fans {
		got[f.ID] = f.Opinion
	}
	for id, want := range map[string]bmc.Opinion{"0x10": bmc.BySensor, "0x11": bmc.Seen, "0x12": bmc.Measurement} {
		if got[id] != want {
			t.Errorf("%s rests on %q, expected %q", id, got[id], want)
		}
	}
}
