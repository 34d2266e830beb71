package fans

import (
	"slices"
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
			k.Stamp, k.Read = e.Time, now
			out = append(out, k)
		}
	}
	// Some controllers list the newest first.
	slices.SortStableFunc(out, func(a, b Mark) int { return a.At.Compare(b.At) })
	return out[max(0, len(out)-keepAside):]
}

// timely says that an entry of that time is not later than now, and not too old.
func timely(at, now time.Time) bool {
	return !at.After(now.Add(slack)) && !at.Before(now.Add(-Keep))
}

// restamp dates what a first reading found, after a jump that moved it. The entries
// of a log that tells no time of its own have two ages then: our clock may be wrong
// now, or may have been wrong when they were read. The younger one counts, of all of
// them alike; but they were there when they were read.
func (m *Memory) restamp() {
	moved, own := map[time.Time]time.Time{}, map[time.Time]time.Time{}
	for _, k := range m.Marks {
		if !k.Read.IsZero() {
			moved[k.Read], own[k.Read] = latest(moved[k.Read], k.At), latest(own[k.Read], k.Stamp)
		}
	}
	for i := range m.Marks {
		k := &m.Marks[i]
		if by := earlier(own[k.Read], k.Read).Sub(moved[k.Read]); !k.Read.IsZero() && by > 0 {
			k.At = k.At.Add(by)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// readmit counts what was put aside and is timely by our clock as it is set now.
func (m *Memory) readmit(j Jump) {
	for id, l := range m.Logs {
		var left, back []Mark
		var newest time.Time
		for _, k := range l.Aside {
			if !timely(k.Stamp, j.At) {
				left = append(left, k)
				continue
			}
			back, newest = append(back, k), latest(newest, k.Stamp)
		}
		m.Marks = append(m.Marks, back...)
		for i := range m.Marks { // those that counted at once as well: their order stays
			if k := &m.Marks[i]; len(back) > 0 && k.Read.Equal(back[0].Read) {
				k.At = k.Stamp.Add(min(0, k.Read.Sub(newest))) // it was there when it was read
				l.Newest = latest(l.Newest, k.At)
			}
		}
		if l.Aside = left; j.By >= 0 {
			l.Later = max(0, l.Later-len(back))
		}
		m.Logs[id] = l
	}
}
