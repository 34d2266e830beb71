//go:build real

package guests

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/test/sim/guests"
)

const (
	// gap of each guest while it is moved.
	gap = 300 * ms
	// slack is what a busy machine may put between two looks at its clock.
	slack = 10 * ms
)

// TestHundredGaps: 100 guests, each away for 300 ms at a time of its own. Half
// of them lose what is sent meanwhile, for half of them it is held up.
func TestHundredGaps(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		undisturbed(t, func(t *testing.T) measurement { return hundredGaps(t, user) })
	})
}

func hundredGaps(t *testing.T, user int) (m measurement) {
	n := newNamespace(t)
	list := map[netip.Addr]*guests.Guest{}
	var targets []ping.Target
	held := map[netip.Addr]bool{}
	for i := range 100 {
		x := target(fmt.Sprintf("10.99.0.%d", i+1))
		if i%4 == 3 {
			x = target(fmt.Sprintf("fd00:99::%d", i+1))
		}
		list[x.Addr] = &guests.Guest{}
		targets = append(targets, x)
		held[x.Addr] = i%2 == 0
	}
	tun := n.tun(list)
	for i, x := range targets {
		from := tun.Now() + 1200*ms + time.Duration(i)*11*ms
		span := []guests.Span{{From: from, To: from + gap}}
		if held[x.Addr] {
			tun.World().Set(x.Addr, &guests.Guest{Held: span})
		} else {
			tun.World().Set(x.Addr, &guests.Guest{Away: span})
		}
	}
	const interval = 20 * ms
	a := n.ask(question{Targets: targets, User: user, Watch: &watch{Duration: 4 * time.Second, Interval: interval, Wait: time.Second}})
	if len(a.Targets) != 100 {
		t.Fatalf("%d targets", len(a.Targets))
	}
	m.held = heldUp(a, 6*time.Second, 2*interval)
	if len(a.Faults) > 0 {
		m.errorf("%+v", a.Faults)
	}
	punctual := 0
	for _, x := range a.Targets {
		// What the guest really did, however busy this machine was: the
		// silence between two answers is what bounds the gap from above.
		g, truth := x.Longest, tun.Silence(x.Addr)
		if g.Unbounded || g.AtLeast > truth+slack || (g.AtMost-truth).Abs() > slack {
			m.errorf("%s, held %v: %+v, truth %s", x.Addr, held[x.Addr], g, truth)
		}
		if truth > gap+interval+slack || a.Spacing > 2*interval {
			continue
		}
		punctual++
		if off := (g.Length() - gap).Abs(); off > interval+slack {
			m.errorf("%s, held %v: measured %s", x.Addr, held[x.Addr], g.Length())
		}
	}
	t.Logf("%d of 100 guests were away for 300 ms exactly, packets up to %s apart, %v", punctual, a.Spacing, a.Evidence)
	return m
}

// TestLinkFlap: nothing may be lost when a link is down for a moment, because
// a router keeps what it cannot deliver. The guest was away all the same.
func TestLinkFlap(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, _, r := routed(t)
		done := make(chan error, 1)
		go func() {
			time.Sleep(1500 * ms) // the flap comes in the middle of the watch, wherever exactly
			script := fmt.Sprintf("ip -n %s link set v2 down && sleep 0.3 && ip -n %s link set v2 up", r.name, r.name)
			out, err := exec.Command("sh", "-c", script).CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			done <- err
		}()
		// The router's address is on the link that flaps, so that what comes
		// back is the guest's own doing.
		got := a.ask(question{Targets: []ping.Target{target("10.2.0.1"), target("10.1.0.2")}, User: user,
			Watch: &watch{Duration: 5 * time.Second, Interval: 20 * ms, Wait: 2 * time.Second}})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		flapped, steady := got.Targets[0], got.Targets[1]
		if l := flapped.Longest; l.Length() < 280*ms || l.Length() > 3*time.Second {
			t.Errorf("the guest: %+v", flapped)
		}
		if steady.Longest.Length() > 200*ms {
			t.Errorf("the router: %+v", steady)
		}
		t.Logf("guest %+v, %d lost, %d late", flapped.Longest, flapped.Lost(), flapped.Late)
	})
}

// TestOwnSegment: 2,000 guests on the monitor's own segment are more than the
// kernel's table of neighbours holds. Half of them look dead to other tools.
// The table belongs to the whole machine, so nothing else may run meanwhile.
func TestOwnSegment(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, b := newNamespace(t), newNamespace(t)
		pair(a, b, 1)
		a.ip("addr add 10.5.255.254/16 dev v1")
		b.ip("route add local 10.5.0.0/20 dev lo")
		b.ip("route add 10.5.255.254/32 dev v1")
		var targets []ping.Target
		for i := range 2000 {
			targets = append(targets, target(fmt.Sprintf("10.5.%d.%d", i/250, 1+i%250)))
		}
		got := a.ask(question{Targets: targets, User: user, Run: &ping.Options{Packets: 3, Interval: 300 * ms, Wait: time.Second}})
		answered, refused := 0, 0
		for _, x := range got.Targets {
			switch {
			case x.Received > 0:
				answered++
			case x.Refused() > 0 && x.Lost() == 0:
				refused++
			default:
				t.Fatalf("%s is seen down: %+v", x.Addr, factsOf(x.Reach))
			}
		}
		t.Logf("%d answered, %d refused, %v", answered, refused, got.Faults)
		if answered < 500 || refused < 500 {
			t.Errorf("%d answered, %d refused", answered, refused)
		}
		if len(got.Faults) != 1 || got.Faults[0].Trouble != ping.NeighbourTable || !strings.Contains(got.Faults[0].Text, "net.ipv4.neigh.default.gc_thresh3") {
			t.Errorf("faults %+v", got.Faults)
		}
	})
}
