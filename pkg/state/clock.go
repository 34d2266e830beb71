package state

import (
	"maps"
	"time"
)

// Clock is what our own clock said at a look, and what told the time besides it:
// what is remembered with a clock has to stay as old as it is when that is set.
type Clock struct {
	At time.Time `json:"at,omitzero"`
	// Up is how long this machine had been up since the start that Boot names.
	Up   time.Duration `json:"up,omitempty"`
	Boot string        `json:"boot,omitempty"`
	// Theirs is the time by the clock of whom was asked, zero when it does not tell.
	Theirs time.Time `json:"theirs,omitzero"`
}

const (
	// ClockStep is how far our clock and the uptime of our machine may differ in
	// what they call the time between two looks.
	ClockStep = 2 * time.Second
	// ClockSkew is the same for the clock of somebody else, who may take seconds to
	// answer, tells full seconds, and drifts.
	ClockSkew = time.Minute
)

// Wall is our clock, and the uptime of this machine where that can be told.
type Wall struct {
	Now func() time.Time
	// Up is nil, or as [Uptime].
	Up func() (up time.Duration, boot string, err error)
}

// Read is a look at both; theirs is the clock of whom was asked.
func (w Wall) Read(theirs time.Time) Clock {
	c := Clock{At: w.Now(), Theirs: theirs}
	if w.Up == nil {
		return c
	}
	if up, boot, err := w.Up(); err == nil { // else their clock tells
		c.Up, c.Boot = up, boot
	}
	return c
}

// Set is how far our clock was set forward between two looks, negative when back,
// zero when it was not or nobody can tell. The uptime tells best; but one that
// stood still, of a virtual machine that was paused, is not believed against two
// clocks that agree. Where nobody else told the time both times, a time before
// that of the last look is one that our clock was set back to; and after a start of
// this machine, which was later than that look, so is one before it has been up for
// so long since.
func (c Clock) Set(next Clock) time.Duration {
	if c.At.IsZero() || next.At.IsZero() {
		return 0
	}
	ours, theirs := next.At.Sub(c.At), next.Theirs.Sub(c.Theirs)
	told := !c.Theirs.IsZero() && !next.Theirs.IsZero() && theirs > -ClockStep
	if up := next.Up - c.Up; next.Boot != "" && next.Boot == c.Boot && up > -ClockStep {
		by := ours - up
		if by.Abs() <= ClockStep || told && (ours-theirs).Abs() < by.Abs()/2 {
			return 0
		}
		return by
	}
	least := time.Duration(0)
	if c.Boot != "" && next.Boot != "" && next.Boot != c.Boot {
		least = next.Up
	}
	switch by := ours - theirs; {
	case told && by.Abs() > ClockSkew:
		return by
	case !told && ours < least-ClockStep:
		return ours - least
	}
	return 0
}

// Move moves times that were taken with our clock, which was set forward by so
// much since. Zero times stay zero.
func Move(by time.Duration, times ...*time.Time) {
	for _, t := range times {
		if !t.IsZero() {
			*t = t.Add(by)
		}
	}
}

// Moved is a table in which the time of every entry was moved, which at finds.
func Moved[K comparable, V any](table map[K]V, by time.Duration, at func(*V) *time.Time) map[K]V {
	table = maps.Clone(table)
	for key, value := range table {
		Move(by, at(&value))
		table[key] = value
	}
	return table
}
