package guests

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"
)

const ms = time.Millisecond

var (
	four = netip.MustParseAddr("192.0.2.1")
	six  = netip.MustParseAddr("2001:db8::1")
)

// request of 24 bytes of data.
func request(v6 bool) []byte {
	kind := byte(8)
	if v6 {
		kind = 128
	}
	return append([]byte{kind, 0, 0, 0, 0, 7, 0, 1}, bytes.Repeat([]byte{0xab}, 24)...)
}

// TestReply: a whole packet, with sums that are right, to whom asked.
func TestReply(t *testing.T) {
	me := map[bool]netip.Addr{false: netip.MustParseAddr("192.0.2.9"), true: netip.MustParseAddr("2001:db8::9")}
	for _, to := range []netip.Addr{four, six} {
		w := NewWorld(map[netip.Addr]*Guest{to: {}})
		got := w.Send(0, build(me[to.Is6()], to, request(to.Is6()), false))
		if len(got) != 1 {
			t.Fatalf("%s: %d answers", to, len(got))
		}
		p, ok := parse(got[0].Packet)
		if !ok || !p.right() || p.from != to || p.to != me[to.Is6()] || !bytes.Equal(p.message[8:], request(false)[8:]) {
			t.Errorf("%s: %+v", to, p)
		}
		if to.Is4() && sum(got[0].Packet[:20], 0) != 0xffff {
			t.Errorf("wrong sum of the IP header")
		}
		if w.Send(0, got[0].Packet) != nil {
			t.Error("an answer was answered")
		}
	}
}

// TestKnownSums: by packets of which the sums are known from RFC 1071's example
// and from a capture.
func TestKnownSums(t *testing.T) {
	if got := sum([]byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}, 0); got != 0xddf2 {
		t.Errorf("%#x", got)
	}
	if got := sum([]byte{0x12}, 0); got != 0x1200 {
		t.Errorf("%#x", got)
	}
}

// TestBehaviour: what each way to misbehave does, in the network's own time.
func TestBehaviour(t *testing.T) {
	router := netip.MustParseAddr("198.51.100.1")
	for name, c := range map[string]struct {
		guest   Guest
		answers int // to 4 requests, 100 ms apart
		errors  int
		last    time.Duration
	}{
		"plain":   {Guest{}, 4, 0, 300 * ms},
		"lossy":   {Guest{Lose: func(n int) bool { return n == 1 }}, 3, 0, 300 * ms},
		"slow":    {Guest{Delay: 50 * ms, Jitter: []time.Duration{0, 5 * ms}}, 4, 0, 355 * ms},
		"copies":  {Guest{Copies: 2}, 12, 0, 300 * ms},
		"away":    {Guest{Away: []Span{{90 * ms, 210 * ms}}}, 2, 0, 300 * ms},
		"held":    {Guest{Held: []Span{{90 * ms, 410 * ms}}}, 4, 0, 410 * ms},
		"tired":   {Guest{PerSecond: 5}, 2, 0, 200 * ms},
		"refused": {Guest{Error: &Error{Type: 3, Code: 1, By: router}}, 0, 4, 0},
		"both":    {Guest{Error: &Error{Type: 3, Code: 1, By: router, Too: true}}, 4, 4, 300 * ms},
	} {
		n := &Net{World: NewWorld(map[netip.Addr]*Guest{four: &c.guest})}
		conn := n.Listen(false)
		for range 4 {
			if _, err := conn.WriteTo(request(false), &net.IPAddr{IP: four.AsSlice()}); err != nil {
				t.Fatal(err)
			}
			for end := n.Now() + 100*ms - sendTime; n.Now() < end; {
				n.Wait(end - n.Now())
			}
		}
		for n.Now() < time.Second {
			n.Wait(time.Second)
		}
		answers, errs, last := 0, 0, time.Duration(0)
		for {
			_, from, at, ok := conn.Receive()
			if !ok {
				break
			}
			answers, last = answers+1, at
			if from != four {
				t.Errorf("%s: from %s", name, from)
			}
		}
		for {
			r, ok := conn.ReadError()
			if !ok {
				break
			}
			if errs++; r.By != router || r.To != four || r.Type != 3 || r.Code != 1 || r.Quoted[0] != 8 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if answers != c.answers || errs != c.errors || (last-c.last).Abs() > ms {
			t.Errorf("%s: %d answers, %d errors, the last answer after %s", name, answers, errs, last)
		}
	}
}

// FuzzSend: a packet of any shape does not break the world.
func FuzzSend(f *testing.F) {
	f.Add(build(netip.MustParseAddr("192.0.2.9"), four, request(false), true))
	f.Add(build(netip.MustParseAddr("2001:db8::9"), six, request(true), false))
	f.Add([]byte{0x45})
	f.Fuzz(func(t *testing.T, raw []byte) {
		router := netip.MustParseAddr("198.51.100.1")
		w := NewWorld(map[netip.Addr]*Guest{
			four: {Keep: 3, Copies: 1, Error: &Error{Type: 3, Too: true, Brief: true}},
			six:  {Overwrite: 99, MTU: 40, Error: &Error{Type: 1, By: router, Too: true}},
		})
		for _, d := range w.Send(0, raw) {
			if _, ok := parse(d.Packet); !ok {
				t.Errorf("an answer that is no packet: %x", d.Packet)
			}
		}
	})
}
