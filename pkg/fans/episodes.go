package fans

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Redundancy is the fan of a [Mark] that speaks of the redundancy set as a
// whole. Its episodes count only when no fan's episode explains them.
const Redundancy = "redundancy"

// Together is how close the drop-outs of two fans must start to be one episode.
// Where the log dates both starts they have one cause: a bus, a connector, a
// power feed, because fans do not die in step. What one poll found together may
// have begun at any time before it.
const Together = 5 * time.Second

// explains is how far apart the log and a poll, or a fan and its redundancy
// set, may date the same incident: clocks are compared to the second at best,
// and controllers scan their sensors every few seconds.
const explains = time.Minute

// Mark is one piece of evidence: at a time, a fan went down or came back.
type Mark struct {
	Fan string `json:"fan"`
	// At is our clock's time. A poll only knows that the change happened after
	// Since, when the fan was last seen otherwise, and not later than At.
	At    time.Time `json:"at"`
	Since time.Time `json:"since,omitzero"`
	Down  bool      `json:"down"`
	// Stamp is the entry's own time, where no clock tells how far that is off, and
	// Read when a first reading found it.
	Stamp time.Time `json:"stamp,omitzero"`
	Read  time.Time `json:"read,omitzero"`
	// Level tells thresholds of one sensor apart, see bmc.Event.
	Level string `json:"level,omitempty"`
	// Poll is true for our own observation, false for a log entry.
	Poll bool `json:"poll,omitempty"`
	// Undated says that the log gives no time: At is when the entry was read.
	Undated bool `json:"undated,omitempty"`
	// Order sorts log entries whose times are equal.
	Order int64 `json:"order,omitempty"`
}

// Episode is one drop-out of one fan, or of several with one cause.
type Episode struct {
	Fans  []string  `json:"fans"`
	Start time.Time `json:"start"`
	// End is zero while the episode lasts.
	End time.Time `json:"end,omitzero"`
	// After is not zero when only polls saw the start: it happened after
	// After and not later than Start.
	After time.Time `json:"after,omitzero"`
	// Dated says that the log dates the start of each fan's drop-out.
	Dated bool `json:"dated,omitempty"`
	// Logged and Polled say who saw it.
	Logged bool `json:"logged,omitempty"`
	Polled bool `json:"polled,omitempty"`
	// Assumed is true when no recovery was logged and a poll found the fan
	// turning: the end is the time of that poll.
	Assumed bool `json:"assumed,omitempty"`
}

// Open says whether the episode lasts.
func (e Episode) Open() bool { return e.End.IsZero() }

// EpisodesOf makes episodes of marks, oldest first. Episodes of several fans that
// started within [Together] are one.
func EpisodesOf(marks []Mark) []Episode {
	byFan := make(map[string][]Mark)
	for _, m := range marks {
		byFan[m.Fan] = append(byFan[m.Fan], m)
	}
	var fans, sets []Episode
	for fan, ms := range byFan {
		slices.SortStableFunc(ms, compare)
		if fan == Redundancy {
			sets = ofOne(fan, ms)
			continue
		}
		fans = append(fans, ofOne(fan, ms)...)
	}
	for _, set := range sets {
		if !slices.ContainsFunc(fans, func(f Episode) bool { return explainsSet(f, set) }) {
			fans = append(fans, set)
		}
	}
	slices.SortFunc(fans, func(a, b Episode) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.Fans, b.Fans))
	})
	return join(fans)
}

// compare sorts evidence by time. At one time, a log entry comes before the
// poll that read it, and log entries keep the log's order.
func compare(a, b Mark) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	if a.Poll != b.Poll {
		if b.Poll {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.Order, b.Order)
}

// ofOne walks the sorted marks of one fan.
func ofOne(fan string, marks []Mark) []Episode {
	var out []Episode
	var asserted [levels]bool // thresholds crossed in the open episode
	open := func() *Episode {
		if n := len(out); n > 0 && out[n-1].Open() {
			return &out[n-1]
		}
		return nil
	}
	for _, m := range marks {
		e := open()
		switch {
		case m.Down && e == nil && m.Poll && recent(out, m):
			// The log already closed what the poll still saw: one incident.
			e = &out[len(out)-1]
			e.End, e.Polled = time.Time{}, true
		case m.Down && e == nil:
			out = append(out, begin(fan, m))
			asserted = [levels]bool{}
			asserted[level(m.Level)] = true
		case m.Down:
			asserted[level(m.Level)] = true
			e.see(m)
		case e != nil && (m.Poll || recovers(&asserted, level(m.Level))):
			e.End = m.At
			e.Assumed = m.Poll && e.Logged
			e.see(m)
		}
	}
	return out
}

func begin(fan string, m Mark) Episode {
	e := Episode{Fans: []string{fan}, Start: m.At, Dated: !m.Poll && !m.Undated}
	if m.Poll {
		e.After = m.Since
	}
	e.see(m)
	return e
}

func (e *Episode) see(m Mark) {
	if m.Poll {
		e.Polled = true
	} else {
		e.Logged = true
	}
}

// recent says whether the poll's Down belongs to the fan's last episode, which
// the log closed a moment before and after the fan was last seen turning.
func recent(out []Episode, m Mark) bool {
	if len(out) == 0 {
		return false
	}
	last := out[len(out)-1]
	return last.Logged && !last.Assumed && !last.End.Before(m.Since) && m.At.Sub(last.End) <= explains
}

// levels is the number of thresholds a sensor can cross on its way down; the
// first stands for entries that name none.
const levels = 4

// level ranks a threshold by its name in the log: the greater, the worse.
func level(name string) int {
	name = strings.ToLower(name)
	switch {
	case strings.Contains(name, "recoverable"), strings.Contains(name, "fatal"):
		return 3
	case strings.Contains(name, "non-critical"), strings.Contains(name, "noncritical"), strings.Contains(name, "warning"):
		return 1
	case strings.Contains(name, "critical"):
		return 2
	default:
		return 0
	}
}

// recovers takes back the threshold and all that are worse, and says whether
// none is left: controllers log every threshold of one drop on its own, the
// inner ones nested in the outer (Supermicro: Non-recoverable in Critical). A
// recovery that names none speaks for the whole fan.
func recovers(asserted *[levels]bool, from int) bool {
	for i := from; i < levels; i++ {
		asserted[i] = false
	}
	return !slices.Contains(asserted[1:], true)
}

// explainsSet says that a fan's drop-out is why its set is not redundant. A set
// of which nobody said that it is whole again is not explained by a fan that is.
func explainsSet(f, set Episode) bool { return touch(f, set) && (f.Open() || !set.Open()) }

// touch says whether two episodes overlap, give or take a minute.
func touch(a, b Episode) bool {
	endsBefore := func(x, y Episode) bool {
		return !x.Open() && x.End.Add(explains).Before(first(y))
	}
	return !endsBefore(a, b) && !endsBefore(b, a)
}

// first is the earliest moment at which the episode can have started.
func first(e Episode) time.Time {
	if e.After.IsZero() {
		return e.Start
	}
	return e.After
}

// join makes one episode of different fans that dropped together. Starts that
// only a poll saw are together when the same poll found them, see
// [Episode.Dated].
func join(sorted []Episode) []Episode {
	var out []Episode
	for _, e := range sorted {
		i := len(out) - 1
		for i >= 0 && together(out[i], e) && (shares(out[i], e) || out[i].Fans[0] == Redundancy) {
			i--
		}
		if i < 0 || e.Fans[0] == Redundancy || !together(out[i], e) {
			out = append(out, e)
			continue
		}
		o := &out[i]
		o.Fans = append(o.Fans, e.Fans...)
		slices.Sort(o.Fans)
		if !o.Open() && (e.Open() || e.End.After(o.End)) {
			o.End = e.End
		}
		o.Dated = o.Dated && e.Dated
		o.Logged, o.Polled = o.Logged || e.Logged, o.Polled || e.Polled
		o.Assumed = o.Assumed || e.Assumed
	}
	return out
}

func shares(a, b Episode) bool {
	return slices.ContainsFunc(a.Fans, func(f string) bool { return slices.Contains(b.Fans, f) })
}

func together(a, b Episode) bool {
	return b.Start.Sub(a.Start).Abs() <= Together
}
