package main

import (
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/state"
)

// anchor is a time from which the uptime of this machine counts on. It is written
// when it changes, not with every run.
type anchor struct {
	state.Clock
	// Least says that it was that late or later: our clock was proven to be behind.
	Least bool `json:"least,omitempty"`
}

// dated says that something is remembered that has an age.
func (m memory) dated() bool {
	return len(m.Noout) > 0 || !m.Unsettled.IsZero() || !m.Until.IsZero()
}

// times are those of one run.
type times struct {
	// Now is what long ages are measured by: our clock, unless that was set back.
	// One that was set forward is believed, which makes all things older.
	Now time.Time
	// Counted is what begins are dated by, and ages of seconds measured: as Now, but
	// not after what this machine's uptime allows, as a clock may come back.
	Counted time.Time
}

// count tells the time. While something is remembered that has an age, the uptime
// counts on; after a start of this machine, from the last look; and it is never
// before the last change of the OSD map.
func (m *memory) count(read state.Clock, c ceph.Cluster) times {
	now := read.At
	a, up := m.Clock, read.Up-m.Clock.Up
	same := read.Boot != "" && read.Boot == a.Boot && up > -state.ClockStep
	counted := a.At.Add(up)
	if !same {
		counted = a.At
		if m.Told.At.After(a.At) {
			counted = m.Told.At
		}
		counted = counted.Add(read.Up)
	}
	least := false
	if m.dated() && counted.Sub(now) > state.ClockStep {
		now, least = counted, a.Least || !same
	}
	if c.Map != nil && c.Map.Modified.Sub(now) > state.ClockSkew {
		now, least = c.Map.Modified, true
	}
	switch ahead := now.Sub(counted); {
	case same && ahead.Abs() <= state.ClockStep:
		return times{now, now}
	case same && m.dated() && ahead > 0 && !least && !a.Least:
		return times{now, counted}
	case read.Boot == "":
		m.Clock = anchor{} // nothing would count on
	default:
		m.Clock = anchor{Clock: state.Clock{At: now, Up: read.Up, Boot: read.Boot}, Least: least}
	}
	return times{now, now}
}

// behind says that our clock is, as far as anybody can tell.
func behind(read, now time.Time) []string {
	by := now.Sub(read)
	if by <= state.ClockSkew {
		return nil
	}
	return []string{"our clock is behind by " + check.DurationText(by.Round(time.Minute)) + " or more, ages are counted without it"}
}
