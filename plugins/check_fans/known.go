package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/episodes"
)

// rename recognises a firmware update: every known fan is gone from the list
// and as many others are there. Fans keep their history, matched by name, then
// by their order.
func (m *memory) rename(p poll) {
	var present []bmc.Fan
	for _, f := range p.server.Fans {
		if _, known := m.Fans[f.ID]; known {
			return
		}
		if f.Presence == bmc.Present {
			present = append(present, f)
		}
	}
	if len(m.Fans) < 2 || len(present) != len(m.Fans) || p.server.Blind() {
		return
	}
	old := slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare)
	slices.SortFunc(present, func(a, b bmc.Fan) int { return bmc.Compare(a.ID, b.ID) })
	to := match(old, present, m.Fans)
	fans := make(map[string]knownFan, len(old))
	for id, f := range to {
		k := m.Fans[id]
		k.Name, k.Sensor, k.Gone = f.Name, f.Sensor, time.Time{}
		fans[f.ID] = k
	}
	for i := range m.Marks {
		if f, ok := to[m.Marks[i].Fan]; ok {
			m.Marks[i].Fan = f.ID
		}
	}
	m.Fans, m.Renamed = fans, p.now
}

// match pairs old ids with new fans: equal names first, the rest in order.
func match(old []string, fans []bmc.Fan, known map[string]knownFan) map[string]bmc.Fan {
	to := make(map[string]bmc.Fan, len(old))
	left := slices.Clone(fans)
	var rest []string
	for _, id := range old {
		i := slices.IndexFunc(left, func(f bmc.Fan) bool { return f.Name == known[id].Name })
		if i < 0 {
			rest = append(rest, id)
			continue
		}
		to[id] = left[i]
		left = slices.Delete(left, i, i+1)
	}
	for i, id := range rest {
		to[id] = left[i]
	}
	return to
}

// sample records what this poll saw of every fan: what is new, what is gone,
// what changed between turning and not.
func (m *memory) sample(p poll, pol policy) {
	listed := make(map[string]bool, len(p.server.Fans))
	for _, f := range p.server.Fans {
		listed[f.ID] = true
		k, known := m.Fans[f.ID]
		if !known && f.Presence != bmc.Present {
			if len(m.Former) < keepNames {
				m.Former[f.ID] = f.Name
			}
			continue // an empty bay
		}
		c := conditionOf(f, m.known(f.ID), pol)
		k.Name, k.Sensor = cmp.Or(f.Name, k.Name), f.Sensor
		k.NewSerial = ""
		if k.Serial == "" {
			k.Serial = f.Serial
		} else if f.Serial != "" && f.Serial != k.Serial {
			k.NewSerial = f.Serial
		}
		k = m.follow(f.ID, k, c, p)
		k.Turned = k.Turned || c == turning && f.Reading != nil
		m.Fans[f.ID] = k
	}
	for id, k := range m.Fans {
		if !listed[id] && !p.server.Hides(id) {
			m.Fans[id] = m.follow(id, k, gone, p)
		}
	}
}

// known is what is remembered of a fan, nil when it was never present.
func (m memory) known(id string) *knownFan {
	if k, ok := m.Fans[id]; ok {
		return &k
	}
	return nil
}

// follow updates one fan and leaves a mark when it changed between turning and
// not. A host that is off says nothing about its fans.
func (m *memory) follow(id string, k knownFan, c condition, p poll) knownFan {
	if p.server.Power == bmc.PowerOff || c == standby {
		return k
	}
	if c == gone || c == lostReading {
		if k.Gone.IsZero() {
			k.Gone = p.now
		}
		if !confirmed(k, p) {
			return k
		}
	} else {
		k.Gone = time.Time{}
	}
	if c == unseen {
		return k
	}
	if down := c.bad(); down != k.Down {
		m.Marks = append(m.Marks, episodes.Mark{Fan: id, Since: cmpTime(k.Seen, p.now), At: p.now, Down: down, Poll: true})
		k.Down = down
	}
	k.Seen = p.now
	return k
}

// confirmed says whether a fan that is gone is not merely forgotten by a
// controller that has just started: the controller is up long enough, or, when
// it does not tell, an earlier poll missed the fan already. One that is gone for
// longer than any controller needs is gone, whatever this one says of its start:
// it may start over and over, or not know what time it is.
func confirmed(k knownFan, p poll) bool {
	missed := time.Duration(0)
	if !k.Gone.IsZero() {
		missed = p.started.Sub(k.Gone)
	}
	if !p.server.Restarted.IsZero() && missed <= settle {
		return p.now.Sub(p.server.Restarted) > settle
	}
	return missed > 0
}

// reconcile lets the live reading win over a log that never recorded the
// recovery: controllers lose it when the fan is replaced while they are off
// (truenas/middleware#18753).
func (m *memory) reconcile(p poll) {
	if p.server.Power == bmc.PowerOff {
		return
	}
	for _, e := range episodes.Build(m.Marks) {
		if !e.Open() {
			continue
		}
		for _, id := range e.Fans {
			if m.turns(id, p) {
				m.Marks = append(m.Marks, episodes.Mark{Fan: id, Since: e.Start, At: p.now, Poll: true})
			}
		}
	}
}

// turns says whether this poll saw the fan turning. A fan that the log names
// and nobody knows turns when all fans do.
func (m *memory) turns(id string, p poll) bool {
	if k, ok := m.Fans[id]; ok {
		return !k.Down && k.Gone.IsZero() && k.Seen.Equal(p.now)
	}
	absent := func(f bmc.Fan) bool { return f.ID == id && f.Presence != bmc.Present }
	if len(m.Fans) == 0 || p.server.Blind() || slices.ContainsFunc(p.server.Fans, absent) {
		return false
	}
	for _, k := range m.Fans {
		if k.Down || !k.Gone.IsZero() {
			return false
		}
	}
	return true
}

// relearn makes the fans that are present now the known ones and says what
// changed.
func (m memory) relearn(p poll, pol policy) (memory, []string) {
	before := m.Fans
	m = m.copy()
	m.Fans, m.Former = map[string]knownFan{}, map[string]string{}
	m.Renamed, m.Lost = time.Time{}, time.Time{}
	m.sample(p, pol)
	var changes []string
	for _, id := range slices.SortedFunc(maps.Keys(before), bmc.Compare) {
		now, still := m.Fans[id]
		switch {
		case !still:
			changes = append(changes, "- "+before[id].Name)
			m.Former[id] = before[id].Name
			m.Marks = append(m.Marks, episodes.Mark{Fan: id, Since: before[id].Seen, At: p.now, Poll: true})
		case now.Serial != before[id].Serial:
			changes = append(changes, fmt.Sprintf("%s: serial %s, was %s", now.Name, now.Serial, before[id].Serial))
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare) {
		if _, had := before[id]; !had {
			changes = append(changes, "+ "+m.Fans[id].Name)
		}
	}
	return m, changes
}
