//go:build real

package guests

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/test/sim/guests"
	probing "github.com/prometheus-community/pro-bing"
)

// pro-bing is a second opinion on gaps, from an engine that shares nothing
// with ours but the kernel. It is none of the plugins', for the reason that
// TestProBingNeverReturns shows.

// testify asks pro-bing, one pinger for each target.
func testify(ctx context.Context, targets []ping.Target, w watch) ([]ping.Watched, error) {
	out := make([]ping.Watched, len(targets))
	errs := make([]error, len(targets))
	var all sync.WaitGroup
	for i, x := range targets {
		all.Add(1)
		go func() {
			defer all.Done()
			out[i].Target = x
			errs[i] = testifyTo(ctx, &out[i], w)
		}()
	}
	all.Wait()
	return out, errors.Join(errs...)
}

// testifyTo counts lost packets by number: what pro-bing itself calls loss
// leaves out packets that could not be sent.
func testifyTo(ctx context.Context, x *ping.Watched, w watch) error {
	ip := net.IP(x.Addr.AsSlice())
	p := probing.New("")
	p.SetIPAddr(&net.IPAddr{IP: ip})
	p.SetPrivileged(true)
	p.SetLogger(probing.NoopLogger{})
	p.Interval, p.Timeout, p.Count = w.Interval, w.Duration+w.Wait, int(w.Duration/w.Interval)
	answered := make([]bool, p.Count)
	p.OnSend = func(*probing.Packet) { x.Sent++ }
	p.OnRecv = func(packet *probing.Packet) {
		if packet.Seq < len(answered) && packet.IPAddr.IP.Equal(ip) {
			answered[packet.Seq] = true
		}
	}
	err := p.RunWithContext(ctx)
	run := 0
	for _, ok := range answered[:min(x.Sent, len(answered))] {
		if run++; ok {
			run = 0
		}
		x.Longest.Lost = max(x.Longest.Lost, run)
	}
	length := time.Duration(x.Longest.Lost) * w.Interval
	x.Longest.AtLeast, x.Longest.AtMost = length-w.Interval, length+w.Interval
	return err
}

// TestTwoWitnesses: both engines watch the same guests at the same time.
func TestTwoWitnesses(t *testing.T) {
	n := newNamespace(t)
	list := map[netip.Addr]*guests.Guest{}
	var targets []ping.Target
	for i := range 8 {
		x := target(fmt.Sprintf("10.99.0.%d", i+1))
		list[x.Addr] = &guests.Guest{}
		targets = append(targets, x)
	}
	tun := n.tun(list)
	for i, x := range targets {
		from := tun.Now() + 1500*ms
		tun.World().Set(x.Addr, &guests.Guest{Away: []guests.Span{{From: from, To: from + time.Duration(i+1)*100*ms}}})
	}
	how := watch{Duration: 3500 * ms, Interval: 20 * ms, Wait: 500 * ms}
	var other answer
	var both sync.WaitGroup
	both.Add(1)
	go func() {
		defer both.Done()
		other = n.ask(question{Targets: targets, Watch: &how, Witness: true})
	}()
	ours := n.ask(question{Targets: targets, Watch: &how})
	both.Wait()
	if len(other.Targets) != len(targets) || len(ours.Targets) != len(targets) {
		t.Fatalf("%d and %d of %d", len(ours.Targets), len(other.Targets), len(targets))
	}
	for i, x := range ours.Targets {
		truth, theirs := time.Duration(i+1)*100*ms, other.Targets[i]
		t.Logf("%s: truth %s, ours %+v, pro-bing %+v", x.Addr, truth, x.Longest, theirs.Longest)
		// Each is off by an interval at most, but for what this machine was
		// held up: the guests, our packets, and theirs, which were not sent.
		missing := time.Duration(how.Duration/how.Interval) - time.Duration(theirs.Sent)
		most := 2*max(how.Interval, ours.Spacing) + slack + max(0, tun.Silence(x.Addr)-truth) + missing*how.Interval
		if off := (x.Longest.Length() - theirs.Longest.Length()).Abs(); off > most {
			t.Errorf("%s: %s by us, %s by pro-bing, more than %s apart", x.Addr, x.Longest.Length(), theirs.Longest.Length(), most)
		}
	}
}

// TestProBingNeverReturns is why the plugins do not use it: a prohibited route
// makes it send without end, whatever its time-out and its context say. If
// this fails it has been repaired, and may be thought of again.
func TestProBingNeverReturns(t *testing.T) {
	n := newNamespace(t)
	n.ip("route add prohibit 10.9.0.0/16")
	q := question{Targets: []ping.Target{target("10.9.0.1")}, Watch: &watch{Duration: 100 * ms, Interval: 20 * ms}, Witness: true, Limit: 500 * ms}
	if n.returns(q, 3*time.Second) {
		t.Error("pro-bing has returned")
	}
	q.Witness = false
	if !n.returns(q, 10*time.Second) {
		t.Error("our own engine has not returned")
	}
}
