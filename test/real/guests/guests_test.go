//go:build real

package guests

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/test/sim/guests"
)

// five packets are sent.
var five = ping.Options{Packets: 5, Interval: 80 * ms, Wait: time.Second}

func target(addr string) ping.Target { return ping.Target{Name: addr, Addr: netip.MustParseAddr(addr)} }

// facts that are compared.
type facts struct {
	Sent, Received, Lost, Duplicates, Altered, Corrupt, Strange int
	Errors, Refusals                                            string
}

func factsOf(r ping.Reach) facts {
	var errs, refusals []string
	for _, u := range r.Errors {
		errs = append(errs, fmt.Sprintf("%d %s", u.Count, u))
	}
	for _, u := range r.Refusals {
		refusals = append(refusals, fmt.Sprintf("%d %s", u.Count, u.Errno.Error()))
	}
	return facts{r.Sent, r.Received, r.Lost(), r.Duplicates, r.Altered, r.Corrupt, r.Strange, strings.Join(errs, ", "), strings.Join(refusals, ", ")}
}

func every(n int) func(int) bool { return func(i int) bool { return i%n == n-1 } }
func only(i int) func(int) bool  { return func(n int) bool { return n == i } }
func each(int) bool              { return true }

// behaviour of a guest and what must be seen of it.
type behaviour struct {
	name     string
	guest    guests.Guest
	want     facts
	datagram *facts // where the kernel sees less
	rtt      time.Duration
}

func behaviours(router netip.Addr, stranger netip.Addr, kind, code uint8, text string) []behaviour {
	e := func(when func(int) bool, too, brief bool) *guests.Error {
		return &guests.Error{Type: kind, Code: code, By: router, When: when, Too: too, Brief: brief}
	}
	text += " from " + router.String()
	return []behaviour{
		{name: "answers", want: facts{Sent: 5, Received: 5}},
		{name: "silent", guest: guests.Guest{Lose: each}, want: facts{Sent: 5, Lost: 5}},
		{name: "loses every second", guest: guests.Guest{Lose: every(2)}, want: facts{Sent: 5, Received: 3, Lost: 2}},
		{name: "loses one in five", guest: guests.Guest{Lose: every(5)}, want: facts{Sent: 5, Received: 4, Lost: 1}},
		{name: "slow", guest: guests.Guest{Delay: 150 * ms}, want: facts{Sent: 5, Received: 5}, rtt: 150 * ms},
		{name: "very slow", guest: guests.Guest{Delay: 500 * ms}, want: facts{Sent: 5, Received: 5}, rtt: 500 * ms},
		{name: "reorders", guest: guests.Guest{Jitter: []time.Duration{300 * ms, 0}}, want: facts{Sent: 5, Received: 5}},
		{name: "duplicates", guest: guests.Guest{Copies: 1}, want: facts{Sent: 5, Received: 5, Duplicates: 5}},
		{name: "duplicates and loses", guest: guests.Guest{Copies: 1, Lose: every(2)}, want: facts{Sent: 5, Received: 3, Lost: 2, Duplicates: 3}},
		{name: "corrupt", guest: guests.Guest{Corrupt: each}, want: facts{Sent: 5, Lost: 5, Corrupt: 5}, datagram: &facts{Sent: 5, Lost: 5}},
		{name: "another answers", guest: guests.Guest{From: stranger}, want: facts{Sent: 5, Lost: 5, Strange: 5}},
		{name: "overwrites", guest: guests.Guest{Overwrite: 8}, want: facts{Sent: 5, Received: 5, Altered: 5}},
		{name: "truncates", guest: guests.Guest{Keep: 4}, want: facts{Sent: 5, Received: 5, Altered: 5}},
		{name: "four a second", guest: guests.Guest{PerSecond: 4}, want: facts{Sent: 5, Received: 2, Lost: 3}},
		{name: "error", guest: guests.Guest{Error: e(nil, false, false)}, want: facts{Sent: 5, Lost: 5, Errors: "5 " + text}},
		{name: "error, quoted briefly", guest: guests.Guest{Error: e(nil, false, true)}, want: facts{Sent: 5, Lost: 5, Errors: "5 " + text}},
		{name: "one stray error", guest: guests.Guest{Error: e(only(2), false, false)}, want: facts{Sent: 5, Received: 4, Lost: 1, Errors: "1 " + text}},
		{name: "errors beside answers", guest: guests.Guest{Error: e(nil, true, false)}, want: facts{Sent: 5, Received: 5, Errors: "5 " + text}},
	}
}

// TestBehindTUN: the truth about each guest through the kernel's own stack, on
// sockets of both kinds, in both families, all of them in one run.
func TestBehindTUN(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			undisturbed(t, func(t *testing.T) measurement { return behindTUN(t, mode.name, mode.user) })
		})
	}
}

func behindTUN(t *testing.T, mode string, user int) (m measurement) {
	n := newNamespace(t)
	list := map[netip.Addr]*guests.Guest{}
	var all []behaviour
	var targets []ping.Target
	add := func(pattern string, bs []behaviour) {
		for i, b := range bs {
			x := target(fmt.Sprintf(pattern, i+1))
			list[x.Addr] = &bs[i].guest
			targets = append(targets, x)
			if b.want.Corrupt > 0 && x.Addr.Is6() {
				b.datagram, b.want = nil, *b.datagram // the kernel drops them for raw sockets too
			}
			all = append(all, b)
		}
	}
	add("192.0.2.%d", behaviours(netip.MustParseAddr("192.0.2.200"), netip.MustParseAddr("192.0.2.222"), 3, 1, "host unreachable"))
	add("192.0.2.1%02d", behaviours(netip.MustParseAddr("192.0.2.200"), netip.MustParseAddr("192.0.2.222"), 11, 0, "TTL exceeded"))
	add("2001:db8::%d", behaviours(netip.MustParseAddr("2001:db8::ff"), netip.MustParseAddr("2001:db8::fe"), 1, 1, "prohibited"))
	add("2001:db8::1:%d", behaviours(netip.MustParseAddr("2001:db8::ff"), netip.MustParseAddr("2001:db8::fe"), 1, 3, "address unreachable"))
	n.tun(list)
	a := n.ask(question{Targets: targets, Run: &five, User: user})
	m.held = heldUp(a, 5*five.Interval+five.Wait, 0)
	if len(a.Faults) > 0 || a.Cut || !strings.Contains(a.Evidence[0], mode) {
		m.errorf("cut %v, %v, %v", a.Cut, a.Faults, a.Evidence)
	}
	for i, b := range all {
		want := b.want
		if user != 0 && b.datagram != nil {
			want = *b.datagram
		}
		x := a.Targets[i].Reach
		if diff := cmp.Diff(want, factsOf(x)); diff != "" {
			m.errorf("%s %s: %s", b.name, x.Addr, diff)
		}
		// Only what cannot be quicker is asserted of time, and what no
		// busy machine takes. When in the course of a batch a packet left
		// is estimated: a call that was held up by some ms makes it late.
		if b.rtt > 0 && (x.Min < b.rtt-50*ms || x.Max > b.rtt+time.Second) {
			m.errorf("%s %s: round trips %s to %s, expected %s", b.name, x.Addr, x.Min, x.Max, b.rtt)
		}
		if x.Received > 0 && (x.Min <= 0 || x.Avg < x.Min || x.Max < x.Avg) {
			m.errorf("%s %s: round trips %s, %s, %s", b.name, x.Addr, x.Min, x.Avg, x.Max)
		}
	}
	return m
}

// TestTenThousand: every one of 10,000 targets that answer is seen to, with
// the default receive buffer.
func TestTenThousand(t *testing.T) {
	var targets []ping.Target
	for i := range 10_000 {
		targets = append(targets, target(fmt.Sprintf("127.1.%d.%d", i/256, i%256)))
	}
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			a := newNamespace(t).ask(question{Targets: targets, Run: &ping.Options{Packets: 5, Wait: 2 * time.Second}, User: mode.user})
			t.Logf("%s, %d KiB, %s", a.Elapsed, a.RSS>>10, a.Evidence)
			if len(a.Faults) > 0 || len(a.Targets) != len(targets) {
				t.Fatalf("%v", a.Faults)
			}
			bad := slices.DeleteFunc(a.Targets, func(w ping.Watched) bool { return w.Received == 5 && w.Sent == 5 })
			if len(bad) > 0 {
				t.Errorf("%d targets are seen lossy, such as %+v", len(bad), bad[0])
			}
			if a.RSS > 24<<20 {
				t.Logf("with the test's own %d KiB", a.RSS>>10)
			}
		})
	}
}
