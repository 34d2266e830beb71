package fans

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// rename recognises a firmware update: every known fan is gone from the list
// and as many others are there. Fans keep their history, matched by name, then
// by their order.
func (m *Memory) rename(p Poll) {
	var present []bmc.Fan
	for _, f := range p.Server.Fans {
		if _, known := m.Fans[f.ID]; known {
			return
		}
		if f.Presence == bmc.Present {
			present = append(present, f)
		}
	}
	if len(m.Fans) < 2 || len(present) != len(m.Fans) || p.Server.Blind() {
		return
	}
	old := slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare)
	slices.SortFunc(present, func(a, b bmc.Fan) int { return bmc.Compare(a.ID, b.ID) })
	to := match(old, present, m.Fans)
	fans := make(map[string]Known, len(old))
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
	m.Fans, m.Renamed = fans, p.Now
}

// match pairs old ids with new fans: equal names first, the rest in order.
func match(old []string, fans []bmc.Fan, known map[string]Known) map[string]bmc.Fan {
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

// demote forgets fans that are none: what is told now as a part of the cooling
// (a cooling unit, one "Fan Fail" for all fans) was once taken for a fan, and is
// not missing.
func (m *Memory) demote(p Poll) {
	for _, part := range p.Server.Parts {
		if k, known := m.Fans[part.ID]; known && !slices.ContainsFunc(p.Server.Fans, func(f bmc.Fan) bool { return f.ID == part.ID }) {
			m.Former[part.ID] = k.Name
			delete(m.Fans, part.ID)
		}
	}
}

// sample records what this poll saw of every fan: what is new, what is gone,
// what changed between turning and not.
func (m *Memory) sample(p Poll, pol Policy) {
	listed := make(map[string]bool, len(p.Server.Fans))
	for _, f := range p.Server.Fans {
		listed[f.ID] = true
		k, known := m.Fans[f.ID]
		_, sighted := m.Former[f.ID]
		if !known && !(teaches(f) && (sighted || !p.Server.Blind())) {
			if len(m.Former) < keepNames && f.Presence != bmc.Unread {
				m.Former[f.ID] = f.Name
			}
			// An empty bay, or nobody can tell: a list with a gap in it may name
			// fans otherwise. What the next poll lists too is there.
			continue
		}
		c, _ := p.conditionOf(f, m.known(f.ID), pol)
		k.Name, k.Sensor = cmp.Or(f.Name, k.Name), f.Sensor
		k.bear(f.Serial)
		k = m.follow(f.ID, k, c, p)
		k.Turned = k.Turned || f.Presence == bmc.Present && f.Reading != nil && *f.Reading > 0
		k.learnRotors(f)
		m.Fans[f.ID] = k
	}
	for id, k := range m.Fans {
		switch {
		case listed[id] || p.Server.Hides(id):
		case k.toldTwice(id, p.Server.Fans):
			delete(m.Fans, id)
		default:
			m.Fans[id] = m.follow(id, k, gone, p)
		}
	}
}

// redundant says that there is a live set and all of them are well.
func redundant(sets []bmc.Redundancy) bool {
	well := func(r bmc.Redundancy) bool { return r.Health == bmc.HealthOK && !r.Lost }
	live := slices.DeleteFunc(slices.Clone(sets), func(r bmc.Redundancy) bool { return r.Disabled || r.Health == bmc.HealthUnknown && !r.Lost })
	return len(live) > 0 && !slices.ContainsFunc(live, func(r bmc.Redundancy) bool { return !well(r) })
}

// teaches says that a poll proves a fan to be there: by a reading, by a health,
// or because the controller says so. A tachometer that answers nothing may
// belong to an empty bay.
func teaches(f bmc.Fan) bool {
	return f.Presence == bmc.Present && (f.Reading != nil || f.Health != bmc.HealthUnknown || f.Witness == bmc.Present || f.State != "")
}

// bear notes the serial number that a fan shows, if it shows one this time.
func (k *Known) bear(serial string) {
	switch {
	case serial == "":
	case k.Serial == "":
		k.Serial = serial
	case serial != k.Serial:
		k.NewSerial = serial
	default:
		k.NewSerial = ""
	}
}

// learnRotors notes which rotors of a fan have shown a reading. Other names for
// all of them are another way to list the same ones. What is lent to the fan while
// it is worse than the fan is none of its own, and not missed afterwards.
func (k *Known) learnRotors(f bmc.Fan) {
	f.Rotors = slices.DeleteFunc(slices.Clone(f.Rotors), func(r bmc.Rotor) bool { return r.Lent })
	if f.Presence != bmc.Present || len(f.Rotors) < 2 {
		return
	}
	listed := func(id string) bool {
		return slices.ContainsFunc(f.Rotors, func(r bmc.Rotor) bool { return r.ID == id })
	}
	if !slices.ContainsFunc(k.Rotors, listed) {
		k.Rotors = nil
	}
	for _, r := range f.Rotors {
		if r.Reading != nil && !slices.Contains(k.Rotors, r.ID) && len(k.Rotors) < keepRotors {
			k.Rotors = append(k.Rotors, r.ID)
		}
	}
}

// lost names a rotor that has shown a reading before and shows none now.
func (k *Known) lost(f bmc.Fan) (name string, lost bool) {
	if k == nil {
		return "", false
	}
	gone, listed := "", false
	for _, id := range k.Rotors {
		i := slices.IndexFunc(f.Rotors, func(r bmc.Rotor) bool { return r.ID == id })
		switch {
		case i < 0:
			gone = cmp.Or(gone, id)
		case f.Rotors[i].Reading == nil:
			return cmp.Or(f.Rotors[i].Name, id), true
		default:
			listed = true
		}
	}
	return gone, gone != "" && listed
}

// toldTwice says that a fan never was one of its own: an enclosure listed it
// without data, and another chassis lists the one of that name with a reading
// (Cisco UCS X9508).
func (k Known) toldTwice(id string, listed []bmc.Fan) bool {
	return !k.Turned && k.Name != "" && slices.ContainsFunc(listed, func(f bmc.Fan) bool {
		return f.Name == k.Name && f.ID != id && f.Reading != nil
	})
}

// known is what is remembered of a fan, nil when it was never present.
func (m Memory) known(id string) *Known {
	if k, ok := m.Fans[id]; ok {
		return &k
	}
	return nil
}

// follow updates one fan and leaves a mark when it changed between turning and
// not. A host that is off says nothing about its fans.
func (m *Memory) follow(id string, k Known, c condition, p Poll) Known {
	if p.Server.Power == bmc.PowerOff || c == standby || c == unread {
		return k
	}
	if c == gone || c == lostReading {
		if k.Gone.IsZero() {
			k.Gone = p.Now
		}
		if !confirmed(k, p) {
			return k
		}
	} else {
		k.Gone = time.Time{}
	}
	if c.open() {
		return k
	}
	if down := c.bad(); down != k.Down {
		m.Marks = append(m.Marks, Mark{Fan: id, Since: cmp.Or(k.Seen, p.Now), At: p.Now, Down: down, Poll: true})
		k.Down = down
	}
	k.Seen = p.Now
	return k
}

// confirmed says whether a fan that is gone is not merely forgotten by a
// controller that has just started: the controller is up long enough, or, when
// it does not tell, an earlier poll missed the fan already. One that is gone for
// longer than any controller needs is gone, whatever this one says of its start:
// it may start over and over, or not know what time it is.
func confirmed(k Known, p Poll) bool {
	missed := time.Duration(0)
	if !k.Gone.IsZero() {
		missed = p.Started.Sub(k.Gone)
	}
	if !p.Server.Restarted.IsZero() && missed <= warmup {
		return p.Now.Sub(p.Server.Restarted) > warmup
	}
	return missed > 0
}

// reconcile lets the live reading win over a log that never recorded the
// recovery: controllers lose it when the fan is replaced while they are off
// (truenas/middleware#18753).
func (m *Memory) reconcile(p Poll) {
	if p.Server.Power == bmc.PowerOff {
		return
	}
	for _, e := range EpisodesOf(m.Marks) {
		if !e.Open() {
			continue
		}
		for _, id := range e.Fans {
			if m.turns(id, p) {
				m.Marks = append(m.Marks, Mark{Fan: id, Since: e.Start, At: p.Now, Poll: true})
			}
		}
	}
}

// turns says whether this poll saw the fan turning. A fan that the log names
// and nobody knows turns when all fans do. Redundancy is back when a set says so:
// that all fans turn does not say that all that there should be are there.
func (m *Memory) turns(id string, p Poll) bool {
	if id == Redundancy {
		return redundant(p.Server.Redundancies)
	}
	if k, ok := m.Fans[id]; ok {
		return !k.Down && k.Gone.IsZero() && k.Seen.Equal(p.Now)
	}
	absent := func(f bmc.Fan) bool { return f.ID == id && f.Presence != bmc.Present }
	if len(m.Fans) == 0 || p.Server.Blind() || slices.ContainsFunc(p.Server.Fans, absent) {
		return false
	}
	for _, k := range m.Fans {
		if k.Down || !k.Gone.IsZero() {
			return false
		}
	}
	return true
}
