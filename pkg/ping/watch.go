package ping

import (
	"context"
	"fmt"
	"time"
)

// WatchOptions of a watch.
type WatchOptions struct {
	// Duration for which packets are sent.
	Duration time.Duration
	// Interval between two packets to a guest, and so what a gap is measured
	// with: from 1 ms.
	Interval time.Duration
	// Wait for the answers to the last packets.
	Wait time.Duration
	// Progress, if not nil, is told about once a second how it stands. It must
	// not take longer than a fraction of the interval.
	Progress func(Progress)
}

// Progress of a watch.
type Progress struct {
	Elapsed time.Duration
	// Silent guests have not answered their last packets, for an interval at
	// least.
	Silent int
	// Longest gap of any guest so far, and Name of that guest.
	Longest Gap
	Name    string
}

// WatchReport of a watch.
type WatchReport struct {
	Targets []Watched
	Faults  []Fault
	// Cut watches ended before their time, with the context.
	Cut     bool
	Elapsed time.Duration
	// Spacing is the longest time between two packets to one guest. Where it
	// is much longer than the interval this machine was held up itself, and
	// the bounds of the gaps are wider.
	Spacing  time.Duration
	Evidence []string
}

// Watched is what was seen of one guest in a watch.
type Watched struct {
	Reach
	// Gaps is how often the guest was away, and Longest its longest gap.
	Gaps    int
	Longest Gap
	// Late answers came an interval or more after the quickest.
	Late int
	// Away is from the first to the last packet since the last that was
	// answered: a guest that was away when the watch ended, unless it is 0.
	Away time.Duration
}

const (
	shortestInterval = time.Millisecond
	// remembered is for how long an answer is still counted for its packet.
	remembered = 5 * time.Second
	fewest     = 16
	// report is how often progress is told.
	report = time.Second
)

func (o WatchOptions) validate(targets int) error {
	switch {
	case o.Interval < shortestInterval:
		return fmt.Errorf("expected an interval of at least %s, got %s", shortestInterval, o.Interval)
	case o.Duration < o.Interval:
		return fmt.Errorf("expected a duration of at least the interval %s, got %s", o.Interval, o.Duration)
	case o.Wait < 0:
		return fmt.Errorf("expected no negative wait, got %s", o.Wait)
	case targets > mostProbes/fewest:
		return fmt.Errorf("expected at most %d targets, got %d", mostProbes/fewest, targets)
	}
	return nil
}

// width is how many rounds are remembered.
func (o WatchOptions) width(targets int) int {
	return max(fewest, min(int(remembered/o.Interval)+1, mostProbes/max(targets, 1)))
}

// Watch sends packets to all targets at an interval and measures the longest
// gap of each. The error is about the options, as with [Run].
//
// It is the same engine as Run's and not pro-bing, which measures as well but
// cannot be guarded: where a route of this machine prohibits a guest its
// v0.9.1 sends again and again without end (sendICMP takes every EACCES for a
// broadcast address), in a goroutine that no context ends and whose panic
// nobody could recover.
func Watch(ctx context.Context, targets []Target, o WatchOptions) (WatchReport, error) {
	return watch(ctx, newMachine(), targets, o)
}

func watch(ctx context.Context, n network, targets []Target, o WatchOptions) (WatchReport, error) {
	if err := o.validate(len(targets)); err != nil {
		return WatchReport{}, err
	}
	if err := validateTargets(targets); err != nil {
		return WatchReport{}, err
	}
	reach, place := distinct(targets)
	before := neighbours(n)
	began := n.now()
	e, faults := newEngine(ctx, n, reach, Options{roomy: true})
	e.table = newTable(len(reach), o.width(len(reach)))
	w := &watcher{table: e.table, tracks: make([]track, len(reach)), began: began}
	for i := range w.tracks {
		w.tracks[i] = newTrack(o.Interval)
	}
	e.watch = w
	w.run(e, o)
	r := WatchReport{Cut: e.over(), Elapsed: n.now() - began, Faults: faults}
	since := n.now() - o.Wait
	for i := range reach {
		if r.Cut {
			reach[i].Pending = e.table.pending(i, since)
		}
		reach[i].average()
		w.tracks[i].end()
		r.Spacing = max(r.Spacing, w.tracks[i].spacing)
	}
	unplug(n, reach)
	r.Faults = append(r.Faults, e.close()...)
	r.Faults = append(r.Faults, tableFaults(reach, r.Faults, before, neighbours(n))...)
	r.Evidence = e.evidence(r.Elapsed)
	for i, seen := range spread(reach, targets, place) {
		t := w.tracks[place[i]]
		t.longest.Start = max(0, t.longest.Start-began)
		w := Watched{Reach: seen, Gaps: t.gaps, Longest: t.longest, Late: t.late}
		if t.waiting > 0 {
			w.Away = t.last - t.first
		}
		r.Targets = append(r.Targets, w)
	}
	return r, nil
}

// watcher follows all guests of a watch.
type watcher struct {
	table  *table
	tracks []track
	began  time.Duration
	told   time.Duration // when progress was told last
}

func (w *watcher) run(e *engine, o WatchOptions) {
	e.rounds(o.Interval, func(_ int, at time.Duration) bool {
		if now := e.net.now(); o.Progress != nil && now-max(w.told, w.began) >= report {
			w.told = now
			o.Progress(w.progress(e, now, o.Interval))
		}
		return at-w.began < o.Duration
	})
	for i := range w.tracks {
		w.tracks[i].over = true
	}
	e.waitUntil(e.net.now()+o.Wait, func() bool {
		for _, t := range w.tracks {
			if t.waiting > 0 {
				return false
			}
		}
		return true
	})
}

func (w *watcher) sent(target, _ int, at time.Duration) { w.tracks[target].sent(at) }

func (w *watcher) answered(target, round int, sent, at time.Duration) {
	t := &w.tracks[target]
	var by beside
	for r := round - 1; r > t.newest; r-- {
		if i, found := w.table.find(target, r); found {
			by.before = w.table.at[i]
			break
		}
	}
	for r := w.table.newest[target]; r > round; r-- {
		if i, found := w.table.find(target, r); found {
			by.after++
			by.next = w.table.at[i]
		}
	}
	t.answered(round, sent, at, by)
}

func (w *watcher) progress(e *engine, now, interval time.Duration) Progress {
	p := Progress{Elapsed: now - w.began}
	for i, t := range w.tracks {
		g := t.longest
		if t.waiting > 0 && now-t.first > interval+min(t.base, interval) {
			p.Silent++
			if so := max(0, now-t.first-t.stalled-t.stall(now)); so > g.Length() {
				g = Gap{Start: t.first, AtLeast: so, Lost: t.waiting, Unbounded: true}
			}
		}
		if g.Length() > p.Longest.Length() {
			p.Longest, p.Name = g, e.reach[i].Name
		}
	}
	p.Longest.Start = max(0, p.Longest.Start-w.began)
	return p
}
