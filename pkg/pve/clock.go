package pve

import (
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
	state.Move(by, &m.Asked, &m.Beat.Since)
	itself := func(t *time.Time) *time.Time { return t }
	m.Maintenance, m.Heard = state.Moved(m.Maintenance, by, itself), state.Moved(m.Heard, by, itself)
	m.Locks = state.Moved(m.Locks, by, func(l *Lock) *time.Time { return &l.Since })
	m.Nodes = state.Moved(m.Nodes, by, func(f *NodeFacts) *time.Time { return &f.Time })
	m.Configs = state.Moved(m.Configs, by, func(f *ConfigFacts) *time.Time { return &f.Time })
	if m.Device != nil {
		d := *m.Device
		state.Move(by, &d.Seen)
		m.Device = &d
	}
	return m, by
}
