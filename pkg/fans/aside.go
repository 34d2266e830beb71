package fans

import (
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// keepAside bounds what was put aside of one log.
const keepAside = 100

// aside are the entries of a log that tells no time of its own which the first
// reading could not use: later than now, or too old to matter. It is our clock that
// may be wrong, and later readings begin after them.
func (m *Memory) aside(fresh []bmc.Event, log bmc.Log, now time.Time) []Mark {
	if log.Clock != nil || !m.Logs[log.ID].Read.IsZero() {
		return m.Logs[log.ID].Aside
	}
	var out []Mark
	for _, e := range fresh {
		if !e.Time.IsZero() && !timely(e.Time, now) && !e.Time.Before(m.lastAck()) {
			k := m.mark(e, e.Time)
			k.Stamp = e.Time
			out = append(out, k)
		}
	}
	return out[max(0, len(out)-keepAside):]
}

// timely says that an entry of that time is not later than now, and not too old.
func timely(at, now time.Time) bool {
	return !at.After(now.Add(slack)) && !at.Before(now.Add(-Keep))
}

// restamp gives entries their own times back, after a jump that moved them. What a
// log dated by a clock that nobody can compare with ours has two ages then: ours may
// be wrong now, or may have been wrong when it was read. The younger age counts, of
// all of them, as their order stays; but one that is later than now says that it is
// now that ours is wrong.
func (m *Memory) restamp(j Jump) {
	var moved, own time.Time
	for _, k := range m.Marks {
		if !k.Stamp.IsZero() {
			moved, own = later(moved, k.At), later(own, k.Stamp)
		}
	}
	if !own.After(moved) || own.After(j.At.Add(slack)) {
		return
	}
	for i := range m.Marks {
		if k := &m.Marks[i]; !k.Stamp.IsZero() {
			k.At = earlier(k.Stamp, j.At)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// readmit counts what was put aside and is timely by our clock as it is set now.
func (m *Memory) readmit(j Jump) {
	for id, l := range m.Logs {
		var left []Mark
		for _, k := range l.Aside {
			if !timely(k.Stamp, j.At) {
				left = append(left, k)
				continue
			}
			k.At = earlier(k.Stamp, j.At)
			m.Marks = append(m.Marks, k)
		}
		if n := len(l.Aside) - len(left); n > 0 {
			if l.Aside = left; j.By > 0 {
				l.Later = max(0, l.Later-n)
			}
			m.Logs[id] = l
		}
	}
}
