package world

import (
	"container/heap"
	"fmt"
	"slices"
	"time"
)

// An Action changes the world at a moment of its script.
type Action interface {
	check(w *World) error
	apply(w *World, at time.Time)
}

// Logging is what a controller writes about a drop-out.
type Logging string

// Both writes failure and recovery; FailureOnly never the recovery
// (truenas/middleware#18753); Nothing neither.
const (
	Both        Logging = "both"
	FailureOnly Logging = "failure"
	Nothing     Logging = "nothing"
)

// Drop lets fans drop out.
type Drop struct {
	Fans  []int         // their places, 1 for the first
	For   time.Duration // they return after that; 0: not by themselves
	Apart time.Duration // each further one drops out that much later
	Shape Shape         // how it looks; empty: as the vendor shows it
	Log   Logging       // empty: Both
	Lag   time.Duration // the controller notices and logs that much later
}

func (d Drop) check(w *World) error {
	if _, ok := shapes[d.Shape]; !ok {
		return fmt.Errorf("no shape is called %q: there are %q", d.Shape, Shapes())
	}
	if !slices.Contains([]Logging{"", Both, FailureOnly, Nothing}, d.Log) {
		return fmt.Errorf("logging %q: there are both, failure and nothing", d.Log)
	}
	return w.known(d.Fans)
}

func (w *World) known(fans []int) error {
	if len(fans) == 0 {
		return fmt.Errorf("no fan named")
	}
	for _, n := range fans {
		if n < 1 || n > len(w.fans) {
			return fmt.Errorf("there is no bay %d: there are %d", n, len(w.fans))
		}
		if w.fans[n-1].Empty {
			return fmt.Errorf("bay %d is empty", n)
		}
	}
	return nil
}

func (d Drop) apply(w *World, at time.Time) {
	if d.Shape == "" {
		d.Shape = w.config.Shape
	}
	if d.Log == "" {
		d.Log = Both
	}
	for i, n := range d.Fans {
		w.push(at.Add(time.Duration(i)*d.Apart), fail{n, d})
	}
}

// fan is the fan at a place. When the server was replaced by one with fewer
// fans, what was planned for the others happens to none.
func (w *World) fan(n int) *state {
	if n > len(w.fans) {
		return new(state)
	}
	return w.fans[n-1]
}

// fail is one fan of a Drop.
type fail struct {
	number int
	drop   Drop
}

func (fail) check(*World) error { return nil }

func (f fail) apply(w *World, at time.Time) {
	s := w.fan(f.number)
	s.shape = f.drop.Shape
	s.failure++
	if f.drop.Log != Nothing {
		w.push(at.Add(f.drop.Lag), entry{f.number, f.drop.Shape, false})
	}
	if f.drop.For > 0 {
		w.push(at.Add(f.drop.For), back{f.number, s.failure, f.drop})
	}
}

// back is the end of a Drop, unless the fan failed again meanwhile.
type back struct {
	number, failure int
	drop            Drop
}

func (back) check(*World) error { return nil }

func (b back) apply(w *World, at time.Time) {
	s := w.fan(b.number)
	if s.failure != b.failure || s.shape == Healthy {
		return
	}
	shape := s.shape
	s.shape = Healthy
	if b.drop.Log == Both {
		w.push(at.Add(b.drop.Lag), entry{b.number, shape, true})
	}
}

// Return lets fans turn again.
type Return struct {
	Fans []int
	Log  Logging
}

func (r Return) check(w *World) error { return w.known(r.Fans) }

func (r Return) apply(w *World, at time.Time) {
	if r.Log == "" {
		r.Log = Both
	}
	for _, n := range r.Fans {
		back{n, w.fan(n).failure, Drop{Log: r.Log}}.apply(w, at)
	}
}

// entry writes what the log says about one fan, and about redundancy.
type entry struct {
	number    int
	shape     Shape
	recovered bool
}

func (entry) check(*World) error { return nil }

func (e entry) apply(w *World, at time.Time) {
	if e.recovered {
		w.repair(e.number, at)
	}
	for _, r := range w.lines(e) {
		w.record(at, r)
	}
	_, _, _, now := w.redundancy()
	if now == w.balance || w.config.Single {
		return
	}
	w.balance = now
	if now == OK {
		w.repair(0, at)
	}
	kind := map[Health]Kind{OK: RedundancyRegained, Warning: RedundancyDegraded, Bad: RedundancyLost}[now]
	w.record(at, Record{Kind: kind})
}

// lines are the records of a fan that failed or recovered: one for each
// threshold that it crossed, the outermost first on the way down and last on
// the way up.
func (w *World) lines(e entry) []Record {
	f := w.fan(e.number).Fan
	r := Record{Fan: f, Number: e.number, Kind: FanFailed}
	if e.recovered {
		r.Kind, r.Reading = FanRecovered, f.Speed
	}
	if w.config.Presence && shapes[e.shape].gone {
		r.Kind = map[bool]Kind{false: FanRemoved, true: FanInserted}[e.recovered]
		return []Record{r}
	}
	levels := slices.Clone(w.config.Levels)
	if e.shape == Caution {
		levels = []Level{LowerNonCritical}
	}
	if e.recovered {
		slices.Reverse(levels)
	}
	lines := make([]Record, 0, len(levels))
	for _, l := range levels {
		r.Level, r.Threshold = l, f.Threshold(l)
		lines = append(lines, r)
	}
	return lines
}

// repeat is an action that comes again.
type repeat struct {
	Action
	period time.Duration
}

func (r repeat) apply(w *World, at time.Time) {
	r.Action.apply(w, at)
	w.push(at.Add(r.period), r)
}

// script is what is planned, the earliest first; a heap.
type script []moment

type moment struct {
	at     time.Time
	order  int // of planning, for what happens at the same time
	action Action
}

func (w *World) push(at time.Time, a Action) {
	w.planned++
	heap.Push(&w.script, moment{at, w.planned, a})
}

func (s script) Len() int      { return len(s) }
func (s script) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s script) Less(i, j int) bool {
	if s[i].at.Equal(s[j].at) {
		return s[i].order < s[j].order
	}
	return s[i].at.Before(s[j].at)
}

// Push adds a moment, for container/heap.
func (s *script) Push(m any) { *s = append(*s, m.(moment)) }

// Pop takes the last moment, for container/heap.
func (s *script) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}
