package ping

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/noout-monitoring/noout/test/sim/guests"
	"pgregory.net/rapid"
)

// drawn is a guest and, from the definition of its behaviour alone, what must
// be seen of it.
type drawn struct {
	addr  netip.Addr
	guest *guests.Guest
	want  facts
}

func drawGuest(t *rapid.T, i int) drawn {
	d := drawn{addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), guest: &guests.Guest{}}
	six := rapid.Bool().Draw(t, "IPv6")
	if six {
		d.addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(i >> 8), 15: byte(i)})
	}
	lost := rapid.SliceOfN(rapid.Bool(), five.Packets, five.Packets).Draw(t, "lost")
	bad := rapid.SliceOfN(rapid.Bool(), five.Packets, five.Packets).Draw(t, "corrupt")
	strange := rapid.IntRange(0, 9).Draw(t, "stranger") == 0
	delays := rapid.SliceOfN(rapid.IntRange(0, 900), 1, 5).Draw(t, "delays in ms")
	d.guest.Lose = func(n int) bool { return lost[n] }
	for _, x := range delays {
		d.guest.Jitter = append(d.guest.Jitter, time.Duration(x)*ms)
	}
	if rapid.Bool().Draw(t, "alters") {
		d.guest.Keep = rapid.IntRange(1, 15).Draw(t, "keeps")
	}
	if strange {
		d.guest.From, d.guest.Keep = other4, 0
		if six {
			d.guest.From = other6
		}
	}
	if rapid.Bool().Draw(t, "stray error") {
		d.guest.Error = &guests.Error{Type: 3, Code: 1, By: router4, Too: true, When: only(rapid.IntRange(0, 4).Draw(t, "for"))}
		if six {
			d.guest.Error.Type, d.guest.Error.By = 1, router6
		}
	}
	answers := 0
	d.guest.Corrupt = func(n int) bool { return bad[n] } // of those that are answered
	for n := range five.Packets {
		if lost[n] {
			continue
		}
		broken := bad[answers]
		answers++
		switch {
		case broken && six: // the kernel drops it
		case broken && strange: // nobody knows whose it is
		case broken:
			d.want.Corrupt++
		case strange:
			d.want.Strange++
		default:
			d.want.Received++
			if d.guest.Keep > 0 {
				d.want.Altered++
			}
		}
	}
	d.want.Sent, d.want.Lost = five.Packets, five.Packets-d.want.Received
	return d
}

// TestAnyGuests: whatever the guests do together, each is seen as it is. The
// run waits longer than any of them takes.
func TestAnyGuests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []drawn
		world := map[netip.Addr]*guests.Guest{}
		var targets []Target
		for i := range rapid.IntRange(1, 40).Draw(t, "guests") {
			d := drawGuest(t, i)
			list = append(list, d)
			world[d.addr] = d.guest
			targets = append(targets, Target{Addr: d.addr})
		}
		n := &guests.Net{World: guests.NewWorld(world), Buffer: 256}
		r, err := run(context.Background(), simulated{Net: n}, targets, five)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range list {
			got := factsOf(r.Targets[i])
			got.Errors = ""
			if diff := cmp.Diff(d.want, got); diff != "" {
				t.Errorf("%s: %s", d.addr, diff)
			}
		}
		if len(r.Faults) > 0 {
			t.Errorf("our own faults: %v", r.Faults)
		}
	})
}

// FuzzArrived: whatever is sent to us, no panic, and no more answers than
// packets. The first packet of each input is an answer that is right.
func FuzzArrived(f *testing.F) {
	e := echo{id: 7, run: 42}
	right := make([]byte, echoHeader+tagSize)
	e.put(right, v4, 0, 0)
	right[0] = 0
	f.Add(right, right[:echoHeader], []byte{3, 1})
	f.Add([]byte{}, []byte{0}, []byte{})
	f.Add([]byte{0, 0, 0, 0, 0, 7, 255, 255}, []byte{129, 0, 0, 0, 0, 7, 0, 0}, []byte{11})
	f.Fuzz(func(t *testing.T, reply, quoted, kind []byte) {
		n := world(nil)
		reach := []Reach{{Target: Target{Addr: host4}}, {Target: Target{Addr: host6}}}
		en, _ := newEngine(context.Background(), simulated{Net: n}, reach, five)
		en.table = newTable(len(reach), five.Packets)
		for _, s := range en.sides {
			s.echo = e
		}
		en.round(0)
		for i, s := range en.sides {
			from := reach[i].Addr
			for range 3 {
				s.handle(incoming{message: reply, from: from, at: n.Now()})
				s.handle(incoming{message: reply, from: other4, at: n.Now()})
				if len(kind) >= 2 {
					s.lament(complaint{message: message{kind[0], kind[1]}, to: from, by: router4, mtu: len(reply), quoted: quoted})
					s.lament(complaint{message: message{kind[0], kind[1]}, to: other4, quoted: quoted})
				}
			}
		}
		en.count(five, 0)
		for _, r := range en.reach {
			if r.Received > r.Sent || r.Lost() < 0 || r.Received > 0 && (r.Min <= 0 || r.Max < r.Min) {
				t.Errorf("%+v", r)
			}
		}
		if en.table.open < 0 || en.hopeless < 0 || en.hopeless > en.table.open {
			t.Errorf("%d open, %d of them hopeless", en.table.open, en.hopeless)
		}
	})
}
