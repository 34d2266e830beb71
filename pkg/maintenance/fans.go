package maintenance

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/episodes"
)

// Fans is what the management controller of a node says: for the card that the
// technician takes along, and for the question whether the repair helped.
type Fans struct {
	Identity bmc.Identity `json:"identity"`
	// Failing names fans that do not cool now, with what is wrong.
	Failing []string `json:"failing"`
	// Drops are the drop-outs since Since that the event log holds.
	Drops []episodes.Episode `json:"drop_outs"`
	Since time.Time          `json:"since"`
	// Off says that the server is without power: its fans rightly stand still.
	Off bool `json:"off,omitempty"`
	// Turning is the number of fans that turn.
	Turning int `json:"turning"`
	// Blind says what could not be read; empty when all could.
	Blind []string `json:"blind,omitempty"`
	names map[string]string
}

// FansOf reads the facts of one poll. Entries of the log are dated by the
// controller's clock, corrected by what it is off now.
func FansOf(s bmc.Server, since, now time.Time) Fans {
	f := Fans{Identity: s.Identity, Since: since, Off: s.Power == bmc.PowerOff, names: map[string]string{}}
	turns := map[string]bool{}
	for _, fan := range s.Fans {
		f.names[fan.ID] = fan.Name
		switch {
		case f.Off || fan.Presence != bmc.Present:
		case fan.Health == bmc.HealthCritical, fan.Health == bmc.HealthWarning,
			fan.Reading != nil && *fan.Reading <= 0, low(fan.Reading, fan.LowerCritical), low(fan.Reading, fan.LowerNonCritical), low(fan.Reading, fan.LowerFatal):
			f.Failing = append(f.Failing, fan.Name)
		case fan.Reading != nil || fan.Health == bmc.HealthOK:
			f.Turning++
			turns[fan.ID] = true
		}
	}
	for _, g := range s.Gaps {
		f.Blind = append(f.Blind, g.What+": "+g.Err.Error())
	}
	var marks []episodes.Mark
	for _, l := range s.Logs {
		for _, e := range l.Events {
			if m, ok := markOf(e, l.Clock, now); ok {
				marks = append(marks, m)
			}
		}
	}
	for _, e := range episodes.Build(marks) {
		// One without a recovery in the log ended all the same if the fan turns:
		// what is failing now is in Failing.
		if last := max(e.End.UnixNano(), e.Start.UnixNano()); last >= since.UnixNano() {
			f.Drops = append(f.Drops, e)
		}
		for _, id := range e.Fans {
			// Pulled and never put back: no fan in the list, a failure in the log.
			if name := f.names[id]; e.Open() && !f.Off && name != "" && !turns[id] && !slices.Contains(f.Failing, name) {
				f.Failing = append(f.Failing, name)
			}
		}
	}
	return f
}

func low(reading, threshold *float64) bool {
	return reading != nil && threshold != nil && *threshold > 0 && *reading <= *threshold
}

func markOf(e bmc.Event, clock *time.Duration, now time.Time) (episodes.Mark, bool) {
	at := e.Time
	if clock != nil && !at.IsZero() {
		at = at.Add(-*clock)
	}
	m := episodes.Mark{Fan: e.Fan, At: at, Level: e.Level, Order: e.Order, Down: e.Kind == bmc.Failed || e.Kind == bmc.Removed}
	switch e.Kind {
	case bmc.RedundancyLost:
		m.Fan, m.Down = episodes.Redundancy, true
	case bmc.RedundancyRegained:
		m.Fan = episodes.Redundancy
	}
	return m, !at.IsZero() && !at.After(now.Add(time.Minute))
}

// Name is what the controller calls a fan.
func (f Fans) Name(id string) string {
	if n := f.names[id]; n != "" {
		return n
	}
	return id
}

// Often counts drop-outs by fan, most first, as "FAN3 4 times".
func (f Fans) Often() []string {
	n := map[string]int{}
	var ids []string
	for _, e := range f.Drops {
		for _, id := range e.Fans {
			if n[id] == 0 {
				ids = append(ids, id)
			}
			n[id]++
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int { return n[b] - n[a] })
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = f.Name(id) + " " + count(n[id], "time", "times")
	}
	return out
}

// quiet: the repair helped.
func (f Fans) quiet(c *Checklist) {
	const name = "the fans are quiet"
	switch {
	case len(f.Failing) > 0:
		c.add(Fails, name, list(f.Failing, 6)+" failing", "see check_fans")
	case len(f.Drops) > 0:
		c.add(Fails, name, "dropped out since "+f.Since.Local().Format(time.RFC3339)+": "+list(f.Often(), 6), "the repair did not help, see check_fans")
	case f.Off:
		c.add(Unknown, name, "the management controller says that the server is off", "is it the controller of this node?")
	case len(f.Blind) > 0:
		c.add(Unknown, name, list(f.Blind, 2), "see check_fans")
	case f.Turning == 0:
		c.add(Unknown, name, "the management controller lists no fan that turns", "see check_fans")
	default:
		c.add(Holds, name, count(f.Turning, "fan turns", "fans turn")+", no drop-out since "+f.Since.Local().Format(time.RFC3339), "")
	}
}
