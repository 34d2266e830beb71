// Package guests plays hosts that answer pings, and all the ways in which they
// do not: they lose, delay, repeat, reorder and spoil answers, answer from
// another address or a few times a second only, and routers before them send
// errors.
//
// A [World] takes IP packets and says what comes back and when. Packets reach
// it in user space, with a time of its own ([Net]), or through a TUN device
// ([TUN]), where the sender is the kernel.
package guests

import (
	"net/netip"
	"sync"
	"time"
)

// Guest is how one host behaves. The zero Guest answers at once.
type Guest struct {
	// Lose says whether the n-th request, from 0, gets no answer.
	Lose func(n int) bool
	// Away guests get no request in this time since the world began.
	Away []Span
	// Held guests' requests wait in front of them until the span ends.
	Held []Span
	// Delay before the answer, and what is added to it for one request after
	// the other, again from the first after the last.
	Delay  time.Duration
	Jitter []time.Duration
	// Copies are further answers to each request.
	Copies int
	// Corrupt says whether the n-th answer has a bit flipped on its way.
	Corrupt func(n int) bool
	// From is where answers come from, the zero Addr for where they should.
	From netip.Addr
	// Overwrite is how many bytes of the data the host overwrites.
	Overwrite int
	// Keep is how many bytes of the data the host sends back, 0 for all.
	Keep int
	// PerSecond is how many requests a second are answered, 0 for all.
	PerSecond float64
	// MTU of the path, in bytes, 0 for any.
	MTU int
	// Error is what a router sends, nil for nothing.
	Error *Error

	requests, answers int
	next              time.Duration // when a host with a rate answers again
}

// Span of time, the end not included.
type Span struct{ From, To time.Duration }

func (s Span) holds(at time.Duration) bool { return at >= s.From && at < s.To }

// Error is an ICMP error.
type Error struct {
	Type, Code uint8
	By         netip.Addr
	// When says whether it comes for the n-th request, nil for all.
	When func(n int) bool
	// Too: the guest answers as well.
	Too bool
	// Brief errors quote 8 bytes of the request and no more (RFC 792).
	Brief bool
}

// World holds the guests by address. Any other address is silent. It may be
// used by several goroutines.
type World struct {
	mu     sync.Mutex
	guests map[netip.Addr]*Guest
}

// NewWorld has these guests.
func NewWorld(guests map[netip.Addr]*Guest) *World { return &World{guests: guests} }

// Set changes how a host behaves from now on, nil for silence.
func (w *World) Set(a netip.Addr, g *Guest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.guests[a] = g
}

// Delivery is an IP packet that comes back.
type Delivery struct {
	At     time.Duration
	Packet []byte
}

// Send takes an IP packet that was sent at a time since the world began and
// returns what comes back for it.
func (w *World) Send(at time.Duration, raw []byte) []Delivery { return w.send(at, raw, false) }

// send takes a packet that may have come in fragments.
func (w *World) send(at time.Duration, raw []byte, fragments bool) []Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := parse(raw)
	if !ok || p.kind() != p.request() {
		return nil
	}
	g := w.guests[p.to]
	if g == nil {
		return nil
	}
	if g.MTU > 0 && len(raw) > g.MTU && !fragments && p.unfragmentable() {
		return []Delivery{{at, p.tooBig(g.router(p), g.MTU)}}
	}
	return g.take(at, p)
}

func (g *Guest) take(at time.Duration, p packet) []Delivery {
	n := g.requests
	g.requests++
	var out []Delivery
	if e := g.Error; e != nil && (e.When == nil || e.When(n)) {
		out = append(out, Delivery{at, p.refuse(*e)})
		if !e.Too {
			return out
		}
	}
	for _, s := range g.Away {
		if s.holds(at) {
			return out
		}
	}
	if g.Lose != nil && g.Lose(n) || g.tired(at) {
		return out
	}
	for _, s := range g.Held {
		if s.holds(at) {
			at = s.To
		}
	}
	return append(out, g.answer(at, n, p)...)
}

func (g *Guest) router(p packet) netip.Addr {
	if g.Error != nil {
		return g.Error.By
	}
	return p.to
}

// tired says whether the guest has answered enough in this second.
func (g *Guest) tired(at time.Duration) bool {
	if g.PerSecond <= 0 {
		return false
	}
	if at < g.next {
		return true
	}
	g.next = at + time.Duration(float64(time.Second)/g.PerSecond)
	return false
}

func (g *Guest) answer(at time.Duration, n int, p packet) []Delivery {
	at += g.Delay
	if len(g.Jitter) > 0 {
		at += g.Jitter[n%len(g.Jitter)]
	}
	var out []Delivery
	for range 1 + g.Copies {
		raw := p.reply(*g)
		if g.Corrupt != nil && g.Corrupt(g.answers) {
			raw[len(raw)-1] ^= 0x10
		}
		g.answers++
		out = append(out, Delivery{at, raw})
	}
	return out
}
