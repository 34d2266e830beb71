package ping

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/noout-monitoring/noout/test/sim/guests"
)

const ms = time.Millisecond

var (
	host4   = netip.MustParseAddr("192.0.2.1")
	host6   = netip.MustParseAddr("2001:db8::1")
	other4  = netip.MustParseAddr("192.0.2.99")
	other6  = netip.MustParseAddr("2001:db8::99")
	router4 = netip.MustParseAddr("198.51.100.1")
	router6 = netip.MustParseAddr("2001:db8:ffff::1")
)

// five packets are sent, and waited for for a second.
var five = Options{Packets: 5, Interval: 80 * ms, Wait: time.Second}

// ask runs against guests in user space.
func ask(t *testing.T, n *guests.Net, o Options, addrs ...netip.Addr) Report {
	t.Helper()
	targets := make([]Target, 0, len(addrs))
	for _, a := range addrs {
		targets = append(targets, Target{Name: "host " + a.String(), Addr: a})
	}
	r, err := run(context.Background(), simulated{Net: n}, targets, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Targets {
		if got := x.Sent + x.Refused() + x.Unsent; got != o.Packets {
			t.Errorf("%s: %d sent, %d refused, %d unsent: expected %d in all", x.Addr, x.Sent, x.Refused(), x.Unsent, o.Packets)
		}
		if x.Lost() < 0 || x.Received > x.Sent {
			t.Errorf("%s: %d sent, %d received, %d lost", x.Addr, x.Sent, x.Received, x.Lost())
		}
	}
	return r
}

func world(list map[netip.Addr]*guests.Guest) *guests.Net {
	return &guests.Net{World: guests.NewWorld(list)}
}

func every(n int) func(int) bool { return func(i int) bool { return i%n == n-1 } }

func only(which ...int) func(int) bool { return func(i int) bool { return slices.Contains(which, i) } }

func all(int) bool { return true }

// facts of one target that the tests compare.
type facts struct {
	Sent, Received, Lost, Duplicates, Altered, Corrupt, Strange int
	Errors                                                      string
}

func factsOf(r Reach) facts {
	var errs []string
	for _, u := range r.Errors {
		errs = append(errs, strings.Repeat("x", u.Count)+" "+u.String())
	}
	return facts{r.Sent, r.Received, r.Lost(), r.Duplicates, r.Altered, r.Corrupt, r.Strange, strings.Join(errs, ", ")}
}

func TestGuests(t *testing.T) {
	for _, c := range []struct {
		name   string
		guest  guests.Guest
		want   facts // of both families
		want6  *facts
		rtt    time.Duration // of every answer, within 10 %
		packet Options
	}{
		{name: "answers", want: facts{Sent: 5, Received: 5}},
		{name: "silent", guest: guests.Guest{Lose: all}, want: facts{Sent: 5, Lost: 5}},
		{name: "loses every second", guest: guests.Guest{Lose: every(2)}, want: facts{Sent: 5, Received: 3, Lost: 2}},
		{name: "loses one", guest: guests.Guest{Lose: only(3)}, want: facts{Sent: 5, Received: 4, Lost: 1}},
		{name: "slow", guest: guests.Guest{Delay: 500 * ms}, want: facts{Sent: 5, Received: 5}, rtt: 500 * ms},
		{name: "slower than the wait", guest: guests.Guest{Delay: 1100 * ms}, want: facts{Sent: 5, Lost: 2, Received: 3}, rtt: 1100 * ms},
		{name: "reorders", guest: guests.Guest{Jitter: []time.Duration{300 * ms, 0}}, want: facts{Sent: 5, Received: 5}},
		{name: "duplicates", guest: guests.Guest{Copies: 2}, want: facts{Sent: 5, Received: 5, Duplicates: 8}},
		// fping, check_icmp: 0 % loss
		{name: "duplicates and loses", guest: guests.Guest{Copies: 1, Lose: every(2)}, want: facts{Sent: 5, Received: 3, Lost: 2, Duplicates: 3}},
		{name: "corrupt", guest: guests.Guest{Corrupt: all}, want: facts{Sent: 5, Lost: 5, Corrupt: 5}, want6: &facts{Sent: 5, Lost: 5}},
		{name: "corrupt now and then", guest: guests.Guest{Corrupt: only(1)}, want: facts{Sent: 5, Received: 4, Lost: 1, Corrupt: 1}, want6: &facts{Sent: 5, Received: 4, Lost: 1}},
		{name: "overwrites", guest: guests.Guest{Overwrite: 8, Delay: ms}, want: facts{Sent: 5, Received: 5, Altered: 5}, rtt: ms},
		{name: "truncates", guest: guests.Guest{Keep: 4, Delay: ms}, want: facts{Sent: 5, Received: 5, Altered: 5}, rtt: ms},
		{name: "truncates and duplicates", guest: guests.Guest{Keep: 4, Copies: 1, Lose: only(0)}, want: facts{Sent: 5, Received: 4, Lost: 1, Altered: 7, Duplicates: 3}},
		{name: "four a second", guest: guests.Guest{PerSecond: 4}, want: facts{Sent: 5, Received: 2, Lost: 3}},
	} {
		for f, host := range []netip.Addr{host4, host6} {
			t.Run(c.name+"/"+family(f).String(), func(t *testing.T) {
				guest := c.guest
				n := world(map[netip.Addr]*guests.Guest{host: &guest})
				r := ask(t, n, five, host)
				want := c.want
				if family(f) == v6 && c.want6 != nil {
					want = *c.want6
				}
				got := factsOf(r.Targets[0])
				// The run ends with the last first answer, so copies of that
				// one may not have been read.
				if c.guest.Copies > 0 && got.Duplicates > 0 && got.Duplicates <= want.Duplicates+c.guest.Copies {
					got.Altered += want.Duplicates - got.Duplicates
					got.Duplicates = want.Duplicates
					if want.Altered == 0 {
						got.Altered = 0
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				if len(r.Faults) > 0 {
					t.Errorf("our own faults: %v", r.Faults)
				}
				if x := r.Targets[0]; c.rtt > 0 && (x.Min < c.rtt-c.rtt/10 || x.Max > c.rtt+c.rtt/10 || x.Avg < x.Min || x.Avg > x.Max) {
					t.Errorf("round trips %s, %s, %s: expected %s", x.Min, x.Avg, x.Max, c.rtt)
				}
			})
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		addr netip.Addr
		err  guests.Error
		lose func(int) bool
		want facts
	}{
		{"host unreachable", host4, guests.Error{Type: 3, Code: 1, By: router4}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx host unreachable from 198.51.100.1"}},
		{"prohibited, quoted briefly", host4, guests.Error{Type: 3, Code: 13, By: router4, Brief: true}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx prohibited by a filter from 198.51.100.1"}},
		{"time exceeded", host4, guests.Error{Type: 11, By: router4}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx TTL exceeded from 198.51.100.1"}},
		{"unheard of", host4, guests.Error{Type: 3, Code: 77, By: router4}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx ICMP error type 3 code 77 from 198.51.100.1"}},
		{"no route", host6, guests.Error{Type: 1, By: router6}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx no route from 2001:db8:ffff::1"}},
		{"prohibited", host6, guests.Error{Type: 1, Code: 1, By: router6, Brief: true}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx prohibited from 2001:db8:ffff::1"}},
		{"address unreachable", host6, guests.Error{Type: 1, Code: 3, By: router6}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx address unreachable from 2001:db8:ffff::1"}},
		{"hop limit", host6, guests.Error{Type: 3, By: router6}, nil, facts{Sent: 5, Lost: 5, Errors: "xxxxx hop limit exceeded from 2001:db8:ffff::1"}},
		// check_icmp: down, 100 % lost
		{"one stray error", host4, guests.Error{Type: 3, Code: 1, By: router4, When: only(2)}, nil, facts{Sent: 5, Received: 4, Lost: 1, Errors: "x host unreachable from 198.51.100.1"}},
		{"errors beside answers", host4, guests.Error{Type: 3, Code: 1, By: router4, Too: true}, nil, facts{Sent: 5, Received: 5, Errors: "xxxxx host unreachable from 198.51.100.1"}},
		{"errors beside answers", host6, guests.Error{Type: 1, Code: 3, By: router6, Too: true}, nil, facts{Sent: 5, Received: 5, Errors: "xxxxx address unreachable from 2001:db8:ffff::1"}},
	} {
		t.Run(c.name+" "+c.addr.String(), func(t *testing.T) {
			n := world(map[netip.Addr]*guests.Guest{c.addr: {Error: &c.err, Lose: c.lose, Delay: ms}})
			if diff := cmp.Diff(c.want, factsOf(ask(t, n, five, c.addr).Targets[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStranger: check_icmp, fping and ping(8) take an answer from anybody.
func TestStranger(t *testing.T) {
	for host, other := range map[netip.Addr]netip.Addr{host4: other4, host6: other6} {
		n := world(map[netip.Addr]*guests.Guest{host: {From: other}})
		got := ask(t, n, five, host, other).Targets
		if diff := cmp.Diff(facts{Sent: 5, Lost: 5, Strange: 5}, factsOf(got[0])); diff != "" || got[0].Stranger != other {
			t.Errorf("stranger %s: %s", got[0].Stranger, diff)
		}
		if got[1].Alive() {
			t.Errorf("%s was answered for by an answer to %s", other, host)
		}
	}
}

func TestFamilies(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}, other6: {}})
	r := ask(t, n, five, host4, host6, other4, other6)
	var alive []bool
	for _, x := range r.Targets {
		alive = append(alive, x.Alive())
	}
	if diff := cmp.Diff([]bool{true, false, false, true}, alive); diff != "" {
		t.Error(diff)
	}
}

func TestSameAddressTwice(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}})
	targets := []Target{{"one", host4}, {"two", other4}, {"three", netip.MustParseAddr("::ffff:192.0.2.1")}}
	r, err := run(context.Background(), simulated{Net: n}, targets, five)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Targets) != 3 || r.Targets[0].Received != 5 || r.Targets[2].Received != 5 || r.Targets[2].Name != "three" || r.Targets[1].Alive() {
		t.Errorf("got %+v", r.Targets)
	}
	if !strings.Contains(r.Evidence[0], "2 addresses, 10 packets sent, 5 answered") {
		t.Errorf("an address was asked twice: %s", r.Evidence[0])
	}
}

// TestBeyondTheNumbers: more packets than fit in the 16 bits of a sequence
// number, all answered without our tag.
func TestBeyondTheNumbers(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {Overwrite: 16, Lose: every(7)}})
	r := ask(t, n, Options{Packets: 70_000, Wait: time.Second}, host4)
	if diff := cmp.Diff(facts{Sent: 70_000, Received: 60_000, Lost: 10_000, Altered: 60_000}, factsOf(r.Targets[0])); diff != "" {
		t.Error(diff)
	}
}

func TestMany(t *testing.T) {
	list := map[netip.Addr]*guests.Guest{}
	var addrs []netip.Addr
	for i := range 10_000 {
		a := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		addrs = append(addrs, a)
		list[a] = &guests.Guest{Delay: time.Duration(i%5) * ms}
	}
	list[addrs[4711]].Lose = all
	n := world(list)
	n.Buffer = 256 // small messages, in the default receive buffer
	r := ask(t, n, Options{Packets: 5, Wait: time.Second}, addrs...)
	for i, x := range r.Targets {
		if got := x.Received == 5; got != (i != 4711) {
			t.Fatalf("target %d: %+v", i, x)
		}
	}
	if len(r.Faults) > 0 {
		t.Errorf("our own faults: %v", r.Faults)
	}
}

// TestPathMTU: one error condemns the host in check_icmp, and costs the first
// packet in fping.
func TestPathMTU(t *testing.T) {
	big := five
	big.Size = 1440
	for host, router := range map[netip.Addr]netip.Addr{host4: router4, host6: router6} {
		guest := func() map[netip.Addr]*guests.Guest {
			return map[netip.Addr]*guests.Guest{host: {MTU: 1400, Error: &guests.Error{By: router, When: only()}}}
		}
		if diff := cmp.Diff(facts{Sent: 5, Received: 5}, factsOf(ask(t, world(guest()), big, host).Targets[0])); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
		whole := big
		whole.DontFragment = true
		got := ask(t, world(guest()), whole, host).Targets[0]
		if got.Lost() != 5 || len(got.Errors) == 0 || got.Errors[0].String() != "packet too big (path MTU 1400) from "+router.String() {
			t.Errorf("%s: %d lost, %v", host, got.Lost(), got.Errors)
		}
		if len(got.Refusals) > 0 {
			t.Errorf("%s: the path is no fault of this machine: %v", host, got.Refusals)
		}
	}
}

// TestPathMTULearned: a router says once what the path takes, and from then on
// the kernel refuses by itself, without a figure. The first answer tells it.
func TestPathMTULearned(t *testing.T) {
	big := five
	big.Size, big.DontFragment, big.Interval = 1440, true, 80*time.Millisecond
	n := world(map[netip.Addr]*guests.Guest{host4: {MTU: 1400, Error: &guests.Error{By: router4, When: only()}}})
	n.Refuse = func(p guests.Sending) error {
		if p.N > 0 {
			return syscall.EMSGSIZE
		}
		return nil
	}
	got := ask(t, n, big, host4).Targets[0]
	want := []Unreachable{{Reason: TooBig, By: router4, Count: 1, MTU: 1400}, {Reason: TooBig, Count: 4, MTU: 1400}}
	if !slices.Equal(want, got.Errors) || got.Lost() != 5 {
		t.Errorf("%d lost: %+v", got.Lost(), got.Errors)
	}
}

func TestRefusedSends(t *testing.T) {
	for _, c := range []struct {
		name    string
		refuse  func(guests.Sending) error
		refused int // of 10, at least
		errno   syscall.Errno
	}{
		{"all, by a filter", func(guests.Sending) error { return syscall.EPERM }, 10, syscall.EPERM},
		{"all, without a route", func(guests.Sending) error { return syscall.ENETUNREACH }, 10, syscall.ENETUNREACH},
		{"every second", func(p guests.Sending) error {
			if p.N%2 == 1 {
				return syscall.EPERM
			}
			return nil
		}, 4, syscall.EPERM},
		{"buffer stays full", func(guests.Sending) error { return syscall.EAGAIN }, 10, syscall.EAGAIN},
		{"no room", func(guests.Sending) error { return syscall.ENOBUFS }, 10, syscall.ENOBUFS},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := world(map[netip.Addr]*guests.Guest{host4: {}, other4: {}})
			n.Refuse = c.refuse
			refused := 0
			for _, x := range ask(t, n, five, host4, other4).Targets {
				refused += x.Refused()
				if x.Refused() > 0 && x.Refusals[0].Errno != c.errno {
					t.Errorf("%s: refused %v, expected %v", x.Addr, x.Refusals, c.errno)
				}
				if loss, known := x.Loss(); loss != 0 || known != (x.Refused() < 5) {
					t.Errorf("%s: loss %v, known %v: what was not sent is not lost", x.Addr, loss, known)
				}
			}
			if refused < c.refused {
				t.Errorf("%d refused, expected %d", refused, c.refused)
			}
		})
	}
}

// TestBorrowedError: the error of an earlier packet makes the next send fail,
// to a host that is well.
func TestBorrowedError(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}, other4: {}})
	failed := 0
	n.Refuse = func(p guests.Sending) error {
		if p.N%3 == 0 {
			failed++
			return syscall.EHOSTUNREACH
		}
		return nil
	}
	for _, x := range ask(t, n, five, host4, other4).Targets {
		if x.Received != 5 || len(x.Refusals) > 0 {
			t.Errorf("%s: %d received, refused %v", x.Addr, x.Received, x.Refusals)
		}
	}
	if failed == 0 {
		t.Error("no send failed")
	}
}

func TestFullForAWhile(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}})
	n.Refuse = func(p guests.Sending) error {
		if p.At > 80*ms && p.At < 180*ms {
			return syscall.EAGAIN
		}
		return nil
	}
	if x := ask(t, n, five, host4).Targets[0]; x.Received != 5 {
		t.Errorf("got %+v", x)
	}
}

func TestOverflow(t *testing.T) {
	list := map[netip.Addr]*guests.Guest{}
	var addrs []netip.Addr
	for i := range 200 {
		a := netip.AddrFrom4([4]byte{10, 1, 0, byte(i)})
		addrs = append(addrs, a)
		list[a] = &guests.Guest{Held: []guests.Span{{To: 300 * ms}}}
	}
	n := world(list)
	n.Buffer = 64
	r := ask(t, n, Options{Packets: 1, Wait: time.Second}, addrs...)
	if len(r.Faults) != 1 || r.Faults[0].Trouble != Overflow || r.Faults[0].Count != 200-64 {
		t.Fatalf("faults %+v: expected an overflow", r.Faults)
	}
	if !strings.Contains(r.Faults[0].String(), "136 answers were dropped on this machine") {
		t.Errorf("got %q", r.Faults[0])
	}
}

// TestDiscarded: a datagram socket for IPv6 takes packets that a filter then
// drops. When as many are unanswered it was that; other programs' discarded
// packets excuse nobody.
func TestDiscarded(t *testing.T) {
	for _, c := range []struct {
		name     string
		discards func(netip.Addr) bool
		alive    bool
		want     bool
	}{
		{"all", func(netip.Addr) bool { return true }, true, true},
		{"only some, and a silent guest", func(a netip.Addr) bool { return a == other6 }, false, false},
		{"none", func(netip.Addr) bool { return false }, false, false},
	} {
		n := world(map[netip.Addr]*guests.Guest{other6: {}})
		if c.alive {
			n.World.Set(host6, &guests.Guest{})
		}
		r, err := run(context.Background(), simulated{Net: n, discards: c.discards}, []Target{{Addr: host6}, {Addr: other6}}, five)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Trouble == Discarded }); got != c.want {
			t.Errorf("%s: faults %v", c.name, r.Faults)
		}
	}
}

func TestNeighbourTable(t *testing.T) {
	for _, c := range []struct {
		name string
		host netip.Addr
		fail syscall.Errno
		full neighbourTable
		want bool
	}{
		{"full", host4, syscall.ENOBUFS, neighbourTable{1024, 1024, 0}, true},
		{"full for IPv6", host6, syscall.EINVAL, neighbourTable{1024, 1024, 0}, true},
		{"no evidence", host4, syscall.ENOBUFS, neighbourTable{}, false},
		{"another program's trouble", host4, 0, neighbourTable{1024, 1024, 0}, false},
		{"another error", host4, syscall.EPERM, neighbourTable{1024, 1024, 0}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := world(map[netip.Addr]*guests.Guest{host4: {}, host6: {}})
			n.Refuse = func(guests.Sending) error {
				if c.fail != 0 {
					return c.fail
				}
				return nil
			}
			s := &simulated{Net: n}
			s.tables[familyOf(c.host)] = c.full
			r, err := run(context.Background(), s, []Target{{Addr: c.host}}, five)
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(r.Faults, func(f Fault) bool {
				return f.Trouble == NeighbourTable && f.Count == 5 && strings.Contains(f.String(), "gc_thresh3")
			})
			if found != c.want {
				t.Errorf("faults %v", r.Faults)
			}
		})
	}
}

// TestOneFamilyClosed: the other one is asked all the same.
func TestOneFamilyClosed(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}, host6: {}})
	s := simulated{Net: n}
	s.closed[v6] = privilege(rights{groups: "1 0"}, syscall.EPERM, syscall.EACCES)
	r, err := run(context.Background(), s, []Target{{Addr: host6}, {Addr: host4}}, five)
	if err != nil {
		t.Fatal(err)
	}
	if r.Targets[0].Unsent != 5 || r.Targets[0].Lost() != 0 || r.Targets[1].Received != 5 {
		t.Errorf("got %+v", r.Targets)
	}
	if len(r.Faults) != 1 || r.Faults[0].Trouble != Closed || !errors.Is(r.Faults[0].Err, ErrPrivilege) || r.Faults[0].Count != 1 {
		t.Errorf("faults %+v", r.Faults)
	}
}

// TestDeadline: what could not be waited for is pending, what could not be
// sent is unsent, and neither is lost.
func TestDeadline(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}, other4: {Lose: all}})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n.Tick = func(now time.Duration) {
		if now >= 200*ms {
			cancel()
		}
	}
	r, err := run(ctx, simulated{Net: n}, []Target{{Addr: host4}, {Addr: other4}}, five)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Cut || n.Now() > 400*ms {
		t.Errorf("cut %v after %s", r.Cut, n.Now())
	}
	for i, want := range []Reach{{Sent: 3, Received: 3, Unsent: 2}, {Sent: 3, Pending: 3, Unsent: 2}} {
		got := r.Targets[i]
		if got.Sent != want.Sent || got.Received != want.Received || got.Pending != want.Pending || got.Unsent != want.Unsent || got.Lost() != 0 {
			t.Errorf("got %+v", got)
		}
		if loss, known := got.Loss(); known != (i == 0) || loss != 0 {
			t.Errorf("loss %v, known %v", loss, known)
		}
	}
}

func TestRate(t *testing.T) {
	list := map[netip.Addr]*guests.Guest{}
	var addrs []netip.Addr
	for i := range 500 {
		addrs = append(addrs, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}))
		list[addrs[i]] = &guests.Guest{}
	}
	n := world(list)
	ask(t, n, Options{Packets: 2, Wait: time.Second, Rate: 1000}, addrs...)
	if now := n.Now(); now < 950*ms || now > 1100*ms { // of the network's own time
		t.Errorf("1000 packets at 1000 a second took %s", now)
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		target string
		o      Options
	}{
		{"192.0.2.1", Options{}},
		{"192.0.2.1", Options{Packets: 1, Size: 8}},
		{"192.0.2.1", Options{Packets: 1, Size: 65001}},
		{"192.0.2.1", Options{Packets: 1, Wait: -1}},
		{"192.0.2.1", Options{Packets: 1 << 30}},
		{"0.0.0.0", Options{Packets: 1}},
		{"::", Options{Packets: 1}},
		{"224.0.0.1", Options{Packets: 1}},
		{"ff02::1%lo", Options{Packets: 1}},
		{"::ffff:0.0.0.0", Options{Packets: 1}},
	} {
		_, err := run(context.Background(), simulated{Net: world(nil)}, []Target{{Addr: netip.MustParseAddr(c.target)}}, c.o)
		if err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%s %+v: error %v", c.target, c.o, err)
		}
	}
	if _, err := run(context.Background(), simulated{Net: world(nil)}, []Target{{}}, five); err == nil {
		t.Error("no address was taken for one")
	}
	if r, err := run(context.Background(), simulated{Net: world(nil)}, nil, five); err != nil || len(r.Targets) != 0 {
		t.Errorf("no targets: %+v, %v", r, err)
	}
}
