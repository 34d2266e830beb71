package ping

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Run asks every target o.Packets times and returns what it saw. It ends when
// every packet is answered, when o.Wait has passed since the last one was sent,
// or with ctx. What was seen by then is reported.
//
// The error is about the options. When nothing at all could be asked the
// report says so with a [Closed] fault for each family, of which one without
// privilege holds [ErrPrivilege].
func Run(ctx context.Context, targets []Target, o Options) (Report, error) {
	return run(ctx, newMachine(), targets, o)
}

func run(ctx context.Context, n network, targets []Target, o Options) (Report, error) {
	if err := o.validate(len(targets)); err != nil {
		return Report{}, err
	}
	if err := validateTargets(targets); err != nil {
		return Report{}, err
	}
	reach, place := distinct(targets)
	before := neighbours(n)
	began := n.now()
	e, faults := newEngine(ctx, n, reach, o)
	e.table = newTable(len(reach), o.Packets)
	e.rounds(o.Interval, func(round int, _ time.Duration) bool { return round < o.Packets })
	end := n.now() + o.Wait
	e.waitUntil(end, func() bool { return e.table.open == e.hopeless })
	report := Report{Cut: e.over(), Elapsed: n.now() - began, Faults: faults}
	if report.Cut {
		end = n.now()
	}
	e.count(o, end-o.Wait)
	for i := range reach {
		reach[i].Gap.Start = max(0, reach[i].Gap.Start-began)
	}
	unplug(n, reach)
	report.Faults = append(report.Faults, e.close()...)
	report.Faults = append(report.Faults, tableFaults(reach, report.Faults, before, neighbours(n))...)
	report.Evidence = e.evidence(report.Elapsed)
	report.Targets = spread(reach, targets, place)
	return report, nil
}

// count sums up each target: packets sent after since were not waited for.
func (e *engine) count(o Options, since time.Duration) {
	for i := range e.reach {
		r := &e.reach[i]
		r.Pending = e.table.pending(i, since)
		r.Unsent = o.Packets - r.Sent - r.Refused()
		r.average()
		if r.Received > 0 && r.Lost() > 0 && r.Received+r.Lost() == o.Packets && r.Corrupt+r.Strange == 0 {
			r.Gap, r.Spacing = e.table.gap(i, r.Max)
		}
	}
}

// average makes an average of the sum that was kept.
func (r *Reach) average() {
	if r.Received > 0 {
		r.Avg /= time.Duration(r.Received)
	}
}

// distinct addresses of the targets, and for each target which one is its own.
func distinct(targets []Target) (reach []Reach, place []int) {
	seen := make(map[netip.Addr]int, len(targets))
	place = make([]int, len(targets))
	reach = make([]Reach, 0, len(targets))
	for i, t := range targets {
		t.Addr = canonical(t.Addr)
		at, found := seen[t.Addr]
		if !found {
			at = len(reach)
			seen[t.Addr] = at
			reach = append(reach, Reach{Target: t})
		}
		place[i] = at
	}
	return reach, place
}

// spread gives each target what was seen of its address.
func spread(reach []Reach, targets []Target, place []int) []Reach {
	if len(reach) == len(targets) {
		return reach
	}
	out := make([]Reach, len(targets))
	for i, t := range targets {
		out[i] = reach[place[i]]
		out[i].Name = t.Name
		out[i].Errors = slices.Clone(out[i].Errors)
		out[i].Refusals = slices.Clone(out[i].Refusals)
	}
	return out
}

// evidence says what was done.
func (e *engine) evidence(elapsed time.Duration) []string {
	var out []string
	for _, s := range e.sides {
		sent, received := 0, 0
		for _, t := range s.targets {
			sent += e.reach[t].Sent
			received += e.reach[t].Received
		}
		out = append(out, fmt.Sprintf("%s: %d addresses, %d packets sent, %d answered, in %s",
			s.link, len(s.targets), sent, received, elapsed.Round(time.Millisecond)))
	}
	if e.strays > 0 {
		out = append(out, fmt.Sprintf("%d messages were for nobody", e.strays))
	}
	return out
}
