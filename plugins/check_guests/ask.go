package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
)

// share is a context that ends after a part of the time that is left.
func share(ctx context.Context, part float64) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(part*float64(time.Until(end))))
}

// lastAnswer is how long the answer to the last packet is waited for: well
// beyond the time at which it would be CRITICAL anyway.
func lastAnswer(crit threshold) time.Duration { return max(time.Second, crit.rta+crit.rta/2) }

// ask asks all subjects that have an address, and the gateway.
func (o *options) ask(ctx context.Context, f *facts, p policy) error {
	targets, which := make([]ping.Target, 0, len(f.subjects)+1), make([]int, 0, len(f.subjects))
	for i, s := range f.subjects {
		if s.addr.IsValid() && s.problem == nil {
			targets = append(targets, ping.Target{Name: s.name, Addr: s.addr})
			which = append(which, i)
		}
	}
	if o.Parent != "" {
		f.parent = o.gateway(ctx)
	}
	if f.parent != nil && f.parent.problem == nil {
		targets = append(targets, ping.Target{Name: o.Parent, Addr: f.parent.addr})
	}
	sites, err := o.beginSites(ctx, f, p)
	if err != nil {
		return err
	}
	var seen []ping.Watched
	if len(targets) > 0 || len(p.sites) == 0 {
		if seen, err = o.ping(ctx, f, targets, p); err != nil {
			return err
		}
	}
	for k, i := range which {
		f.subjects[i].asked, f.subjects[i].reach = true, &seen[k]
	}
	if len(seen) > len(which) {
		f.parent.asked, f.parent.reach = true, &seen[len(which)]
	}
	if err := o.tryTCP(ctx, f, p.ports); err != nil {
		return err
	}
	sites()
	return nil
}

func (o *options) gateway(ctx context.Context) *subject {
	resolving, cancel := share(ctx, 0.3)
	defer cancel()
	r := o.net.resolve(resolving, []string{o.Parent}, o.wanted())[0]
	s := &subject{name: shorten(o.Parent, 253), problem: r.Err, place: nowhere(), reach: &ping.Watched{}}
	if len(r.Addrs) > 0 {
		s.addr, s.problem = r.Addrs[0], oneHost(r.Addrs[0])
	}
	return s
}

// packets of a run.
func (o *options) packets(p policy) ping.Options {
	return ping.Options{
		Packets: o.Packets, Interval: o.interval(), Wait: lastAnswer(p.crit), Size: o.Size, DontFragment: o.DontFragment, Rate: o.Rate,
	}
}

// ping runs or watches.
func (o *options) ping(ctx context.Context, f *facts, targets []ping.Target, p policy) ([]ping.Watched, error) {
	if o.Watch > 0 {
		return o.watchAll(ctx, f, targets, lastAnswer(p.crit))
	}
	f.began = o.clock.Now()
	r, err := o.net.run(ctx, targets, o.packets(p))
	f.ended = o.clock.Now()
	if err != nil {
		return nil, err
	}
	f.faults, f.cut, f.evidence = r.Faults, r.Cut, r.Evidence
	out := make([]ping.Watched, len(r.Targets))
	for i, x := range r.Targets {
		out[i].Reach = x
	}
	return out, nil
}

func (o *options) watchAll(ctx context.Context, f *facts, targets []ping.Target, wait time.Duration) ([]ping.Watched, error) {
	if err := o.enough(ctx, wait); err != nil {
		return nil, err
	}
	show, done := progress()
	defer done()
	f.began = o.clock.Now()
	r, err := o.net.watch(ctx, targets, ping.WatchOptions{Duration: o.Watch, Interval: o.interval(), Wait: wait, Progress: func(p ping.Progress) {
		show(standing(p, o.Watch, len(targets)))
	}})
	f.ended = o.clock.Now()
	f.faults, f.cut, f.evidence, f.watched, f.spacing = r.Faults, r.Cut, r.Evidence, true, r.Spacing
	return r.Targets, err
}

// enough time must be left for a watch and the last answers.
func (o *options) enough(ctx context.Context, wait time.Duration) error {
	if end, bounded := ctx.Deadline(); bounded && time.Until(end) < o.Watch+wait {
		return fmt.Errorf("--watch %s: expected more time, such as -t %s", check.DurationText(o.Watch), check.DurationText((o.Watch + wait + 10*time.Second).Round(time.Second)))
	}
	return nil
}

// mostPorts to try of each guest.
const mostPorts = 16

// ports reads --tcp.
func ports(values []string) ([]int, error) {
	var out []int
	for _, v := range values {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("--tcp: expected ports from 1 to 65535, got %q", shorten(v, 40))
		}
		out = append(out, int(n))
	}
	if len(out) > mostPorts {
		return nil, fmt.Errorf("--tcp: expected at most %d ports, got %d", mostPorts, len(out))
	}
	return out, nil
}

// tryTCP connects where no ping was answered.
func (o *options) tryTCP(ctx context.Context, f *facts, numbers []int) error {
	if len(numbers) == 0 {
		return nil
	}
	var targets []ping.Target
	var which []int
	for i, s := range f.subjects {
		if s.asked && !s.reach.Alive() {
			targets = append(targets, ping.Target{Name: s.name, Addr: s.addr})
			which = append(which, i)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	// The system tries a second time after a second.
	found, err := o.net.connect(ctx, targets, ping.ConnectOptions{Ports: numbers, Wait: 2500 * time.Millisecond})
	for k, i := range which {
		if k < len(found) {
			f.subjects[i].tcp = &found[k]
		}
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("--tcp: %w", err)
	}
	return nil
}
