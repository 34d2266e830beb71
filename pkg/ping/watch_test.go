package ping

import (
	"context"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/guests"
	"pgregory.net/rapid"
)

func watchAll(t testing.TB, n network, o WatchOptions, addrs ...netip.Addr) WatchReport {
	t.Helper()
	var targets []Target
	for _, a := range addrs {
		targets = append(targets, Target{Name: a.String(), Addr: a})
	}
	r, err := watch(context.Background(), n, targets, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// twenty packets a second times 2.5.
var twenty = WatchOptions{Duration: 4 * time.Second, Interval: 20 * ms, Wait: time.Second}

// hundred guests that are away one after the other, for 300 ms each, or whose
// packets wait that long.
func hundred(held bool) (map[netip.Addr]*guests.Guest, []netip.Addr) {
	list := map[netip.Addr]*guests.Guest{}
	var addrs []netip.Addr
	for i := range 100 {
		a := netip.AddrFrom4([4]byte{10, 1, 0, byte(i)})
		span := guests.Span{From: 500*ms + time.Duration(i)*17*ms + 3*ms}
		span.To = span.From + 300*ms
		g := &guests.Guest{Delay: time.Duration(i%7) * ms}
		if held {
			g.Held = []guests.Span{span}
		} else {
			g.Away = []guests.Span{span}
		}
		list[a] = g
		addrs = append(addrs, a)
	}
	return list, addrs
}

func TestGapOfHundredGuests(t *testing.T) {
	for _, held := range []bool{false, true} {
		list, addrs := hundred(held)
		for _, x := range watchAll(t, simulated{Net: world(list)}, twenty, addrs...).Targets {
			g := x.Longest
			if x.Gaps != 1 || g.Unbounded || g.AtLeast > 300*ms || g.AtMost < 300*ms || g.AtMost-g.AtLeast > 2*twenty.Interval+ms {
				t.Fatalf("held %v, %s: %d gaps, %+v", held, x.Addr, x.Gaps, g)
			}
			if off := (g.Length() - 300*ms).Abs(); off > twenty.Interval {
				t.Errorf("held %v, %s: measured %s", held, x.Addr, g.Length())
			}
			if held && (x.Lost() != 0 || x.Late < 13) || !held && (x.Lost() != g.Lost || g.Lost < 14 || g.Lost > 16) {
				t.Errorf("held %v, %s: %d lost, %d late, gap %+v", held, x.Addr, x.Lost(), x.Late, g)
			}
		}
	}
}

// TestAnyGap: the truth lies within the bounds, and the estimate is off by an
// interval at most, whatever the guest's distance and the length of its gap.
func TestAnyGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := twenty
		o.Interval = time.Duration(rapid.IntRange(5, 200).Draw(t, "interval in ms")) * ms
		span := guests.Span{From: time.Second + time.Duration(rapid.IntRange(0, 300_000).Draw(t, "begin in us"))*time.Microsecond}
		length := time.Duration(rapid.IntRange(int(o.Interval/ms)*2, 2000).Draw(t, "length in ms")) * ms
		span.To = span.From + length
		g := &guests.Guest{Delay: time.Duration(rapid.IntRange(0, 150_000).Draw(t, "distance in us")) * time.Microsecond}
		if rapid.Bool().Draw(t, "held") {
			g.Held = []guests.Span{span}
		} else {
			g.Away = []guests.Span{span}
		}
		n := world(map[netip.Addr]*guests.Guest{host4: g})
		targets := []Target{{Addr: host4}}
		r, err := watch(context.Background(), simulated{Net: n}, targets, o)
		if err != nil {
			t.Fatal(err)
		}
		x := r.Targets[0]
		const slack = 20 * time.Microsecond // of sending
		if x.Longest.Unbounded || x.Longest.AtLeast > length+slack || x.Longest.AtMost < length-slack {
			t.Fatalf("truth %s, measured %+v", length, x.Longest)
		}
		if off := (x.Longest.Length() - length).Abs(); off > o.Interval+slack {
			t.Fatalf("truth %s, estimate %s", length, x.Longest.Length())
		}
		if off := (x.Longest.Start - span.From).Abs(); off > o.Interval+slack {
			t.Fatalf("began at %s, measured %s", span.From, x.Longest.Start)
		}
	})
}

func TestNoGap(t *testing.T) {
	for name, g := range map[string]*guests.Guest{
		"near":       {},
		"far":        {Delay: 130 * ms},
		"jitter":     {Delay: 50 * ms, Jitter: []time.Duration{0, 15 * ms, 3 * ms}},
		"duplicates": {Copies: 3},
		"altering":   {Overwrite: 16},
	} {
		x := watchAll(t, simulated{Net: world(map[netip.Addr]*guests.Guest{host4: g})}, twenty, host4).Targets[0]
		if x.Gaps != 0 || x.Longest != (Gap{}) || x.Lost() != 0 || x.Sent < 198 {
			t.Errorf("%s: %d sent, %d lost, %d gaps, %+v", name, x.Sent, x.Lost(), x.Gaps, x.Longest)
		}
	}
}

func TestUnboundedGaps(t *testing.T) {
	hour := time.Hour
	for name, c := range map[string]struct {
		away     guests.Span
		atLeast  time.Duration
		received bool
	}{
		"always":        {guests.Span{To: hour}, 3980 * ms, false},
		"from before":   {guests.Span{To: 1010 * ms}, 1000 * ms, true},
		"until the end": {guests.Span{From: 3010 * ms, To: hour}, 960 * ms, true},
	} {
		g := &guests.Guest{Away: []guests.Span{c.away}}
		x := watchAll(t, simulated{Net: world(map[netip.Addr]*guests.Guest{host4: g})}, twenty, host4).Targets[0]
		if got := x.Longest; !got.Unbounded || got.AtMost != 0 || (got.AtLeast-c.atLeast).Abs() > 2*ms || x.Alive() != c.received {
			t.Errorf("%s: %+v", name, got)
		}
		if ended := c.away.To == hour; ended != (x.Away > 0) || ended && x.Away != x.Longest.AtLeast {
			t.Errorf("%s: away for %s in the end", name, x.Away)
		}
	}
}

// TestOwnPause: a pause of this machine is no gap of the guest, and is told.
func TestOwnPause(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}})
	paused := false
	n.Tick = func(now time.Duration) {
		if now > time.Second && !paused {
			paused = true
			n.Stall(400 * ms)
		}
	}
	r := watchAll(t, simulated{Net: n}, twenty, host4)
	if x := r.Targets[0]; x.Gaps != 0 || r.Spacing < 400*ms || r.Spacing > 450*ms {
		t.Errorf("%d gaps, %+v, spacing %s", x.Gaps, x.Longest, r.Spacing)
	}
}

// TestRefusedWatch: sends that this machine refuses are no gap of the guest.
func TestRefusedWatch(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}})
	n.Refuse = func(p guests.Sending) error {
		if p.At > time.Second && p.At < 2*time.Second {
			return syscall.ENETUNREACH
		}
		return nil
	}
	r := watchAll(t, simulated{Net: n}, twenty, host4)
	if x := r.Targets[0]; x.Gaps != 0 || x.Refused() < 45 || r.Spacing < 900*ms {
		t.Errorf("%d gaps, %d refused, spacing %s", x.Gaps, x.Refused(), r.Spacing)
	}
}

func TestProgress(t *testing.T) {
	g := &guests.Guest{Away: []guests.Span{{From: 1500 * ms, To: 2600 * ms}}}
	o := twenty
	var told []Progress
	o.Progress = func(p Progress) { told = append(told, p) }
	watchAll(t, simulated{Net: world(map[netip.Addr]*guests.Guest{host4: g, other4: {}})}, o, other4, host4)
	if len(told) != 3 {
		t.Fatalf("told %d times", len(told))
	}
	if told[0].Silent != 0 || told[1].Silent != 1 || told[2].Silent != 0 {
		t.Errorf("silent %d, %d, %d", told[0].Silent, told[1].Silent, told[2].Silent)
	}
	if told[1].Name != host4.String() || told[1].Longest.AtLeast < 450*ms || told[2].Longest.AtMost < 1100*ms || told[2].Longest.AtMost > 1150*ms {
		t.Errorf("second %+v, third %+v", told[1], told[2])
	}
}

func TestWatchEndsWithTheContext(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {}, other4: {Lose: all}})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n.Tick = func(now time.Duration) {
		if now >= time.Second {
			cancel()
		}
	}
	r, err := watch(ctx, simulated{Net: n}, []Target{{Addr: host4}, {Addr: other4}}, twenty)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Cut || r.Elapsed > 1200*ms || r.Targets[0].Lost() != 0 || r.Targets[1].Lost() > 1 || r.Targets[1].Pending < 45 {
		t.Errorf("cut %v, %s, %+v", r.Cut, r.Elapsed, r.Targets)
	}
}

func TestBadWatch(t *testing.T) {
	for _, o := range []WatchOptions{
		{},
		{Duration: time.Second, Interval: time.Microsecond},
		{Duration: ms, Interval: time.Second},
		{Duration: time.Second, Interval: ms, Wait: -1},
	} {
		_, err := watch(context.Background(), simulated{Net: world(nil)}, []Target{{Addr: host4}}, o)
		if err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestLateByOurPause: an answer that is late while this machine is held up itself does
// not prove for how long the guest was away.
func TestLateByOurPause(t *testing.T) {
	const pause = 1100 * ms
	for begin := range 20 {
		span := guests.Span{From: time.Second - time.Duration(begin)*ms}
		span.To = span.From + pause
		n := world(map[netip.Addr]*guests.Guest{host4: {Held: []guests.Span{span}}})
		paused := false
		n.Tick = func(now time.Duration) {
			if now > span.From+twenty.Interval && !paused {
				paused = true
				n.Stall(pause - 2*twenty.Interval)
			}
		}
		x := watchAll(t, simulated{Net: n}, twenty, host4).Targets[0]
		if x.Gaps != 1 || x.Longest.AtLeast > 4*twenty.Interval || x.Longest.AtMost < pause-2*twenty.Interval {
			t.Errorf("begun at %s: %+v", span.From, x.Longest)
		}
	}
}

// TestSilentAtTheEndByOurPause: nor does it prove for how long a guest is away that is
// silent when the watch ends; that it is silent then stays.
func TestSilentAtTheEndByOurPause(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {Away: []guests.Span{{From: 2900 * ms, To: time.Hour}}}})
	paused := false
	n.Tick = func(now time.Duration) {
		if now > 2950*ms && !paused {
			paused = true
			n.Stall(time.Second)
		}
	}
	x := watchAll(t, simulated{Net: n}, twenty, host4).Targets[0]
	if !x.Longest.Unbounded || x.Longest.AtLeast > 200*ms || x.Away < time.Second {
		t.Errorf("%+v, away %s", x.Longest, x.Away)
	}
}

// TestSilentAmongMany: where a round takes longer than the interval, which it does with
// many guests, that is no pause: a silence that lasts is told as long as it was.
func TestSilentAmongMany(t *testing.T) {
	list := map[netip.Addr]*guests.Guest{host4: {Away: []guests.Span{{From: 500 * ms, To: time.Hour}}}}
	addrs := []netip.Addr{host4}
	for i := range 2000 { // 4 ms a round
		a := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		list[a] = &guests.Guest{}
		addrs = append(addrs, a)
	}
	o := WatchOptions{Duration: time.Second, Interval: ms, Wait: 100 * ms}
	x := watchAll(t, simulated{Net: world(list)}, o, addrs...).Targets[0]
	if !x.Longest.Unbounded || x.Longest.AtLeast < 480*ms || x.Longest.AtLeast > 500*ms {
		t.Errorf("%+v, away %s", x.Longest, x.Away)
	}
}

// TestPauseLongAgo: a pause of ours before the packet that was answered last is none of
// the silence after it, also where there is always one on its way.
func TestPauseLongAgo(t *testing.T) {
	n := world(map[netip.Addr]*guests.Guest{host4: {Delay: 70 * ms, Away: []guests.Span{{From: 2500 * ms, To: 3300 * ms}}}})
	paused := false
	busy := func(netip.Addr) bool { // before the packet that is due, and so before what has come is read
		if !paused && n.Now() > time.Second {
			paused = true
			n.Stall(time.Second)
		}
		return false
	}
	x := watchAll(t, simulated{Net: n, discards: busy}, twenty, host4).Targets[0]
	if x.Longest.AtLeast < 700*ms || x.Longest.AtMost > time.Second {
		t.Errorf("%d gaps, %+v", x.Gaps, x.Longest)
	}
}
