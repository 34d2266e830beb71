package pve

import (
	"maps"
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

// Follow is the memory by our clock as it is now: when that was set since the last
// look, everything dated with it stays as old as it is. By is how far it was set.
// What has the nodes' time, such as the ends of tasks, does not move.
func (m Memory) Follow(clock state.Clock) (next Memory, by time.Duration) {
	if clock.At.IsZero() {
		return m, 0
	}
	by = m.Clock.Set(clock)
	m.Clock = clock
	if by == 0 {
		return m, 0
	}
	m.Maintenance, m.Heard, m.Locks = maps.Clone(m.Maintenance), maps.Clone(m.Heard), maps.Clone(m.Locks)
	m.Nodes, m.Configs = maps.Clone(m.Nodes), maps.Clone(m.Configs)
	state.Move(by, &m.Asked)
	for id, t := range m.Maintenance {
		state.Move(by, &t)
		m.Maintenance[id] = t
	}
	for id, t := range m.Heard {
		state.Move(by, &t)
		m.Heard[id] = t
	}
	for id, l := range m.Locks {
		state.Move(by, &l.Since)
		m.Locks[id] = l
	}
	for id, f := range m.Nodes {
		state.Move(by, &f.Time)
		m.Nodes[id] = f
	}
	for id, f := range m.Configs {
		state.Move(by, &f.Time)
		m.Configs[id] = f
	}
	if m.Device != nil {
		d := *m.Device
		state.Move(by, &d.Seen)
		m.Device = &d
	}
	return m, by
}
