package fans

import (
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
)

// apart is how far two clocks may differ in what they call the time between two
// polls before one of them must have been set: controllers tell the second, may
// take seconds to answer, and drift.
const apart = time.Minute

// Jump is that our clock was set between two polls.
type Jump struct {
	// At is the poll that found it.
	At time.Time `json:"at"`
	// By is how far it was set forward; negative, back.
	By time.Duration `json:"by"`
	// Proven says that nothing else explains it: it went back, or the uptime of
	// our host says so. Else the controller's clock may have been set back, or
	// nobody has looked for so long.
	Proven bool `json:"proven,omitempty"`
}

// clocks are what told the time besides our own clock at the last poll.
type clocks struct {
	Up   time.Duration `json:"up,omitempty"`
	Boot string        `json:"boot,omitempty"`
	// Logs are the controller's clock less ours, by log.
	Logs map[string]time.Duration `json:"logs,omitempty"`
}

func (p Poll) clocks() clocks {
	c := clocks{Up: p.Up, Boot: p.Boot}
	for _, l := range p.Server.Logs {
		if l.Clock != nil {
			if c.Logs == nil {
				c.Logs = map[string]time.Duration{}
			}
			c.Logs[l.ID] = *l.Clock
		}
	}
	return c
}

// followClock moves everything remembered with our own clock when that was set, so
// that all of it stays as old as it is, and comes back when the clock does.
// Nothing is forgotten because of a time that our clock only claimed.
func (m *Memory) followClock(p Poll) {
	if m.LastPoll.IsZero() {
		return
	}
	j := m.jump(p)
	if j.At = p.Now; j.By != 0 {
		*m = m.shift(j)
		m.Jump = &j
	}
	if j.By != 0 || p.Boot != m.Clocks.Boot { // with a start of our host it may have been set
		m.readmit(j)
	}
}

// jump is how far our clock was set since the last poll, zero when it was not.
// A run that another has overtaken may see a moment less than none pass.
func (m Memory) jump(p Poll) Jump {
	ours := p.Now.Sub(m.LastPoll)
	if up := p.Up - m.Clocks.Up; p.Boot != "" && p.Boot == m.Clocks.Boot && up > -slack {
		if by := ours - up; by.Abs() > apart {
			return Jump{By: by, Proven: true}
		}
		return Jump{}
	}
	theirs, told := m.lapse(p, ours)
	switch {
	case told && ours > theirs+apart:
		return Jump{By: ours - theirs}
	case told && ours < 0 && ours < theirs-apart:
		// The controller's clock may have been set as well.
		return Jump{By: ours - min(theirs, unwatched), Proven: true}
	case ours < -slack:
		return Jump{By: ours, Proven: true}
	case !told && ours > unwatched && p.Boot != "" && m.Clocks.told():
		// Our host was started meanwhile, perhaps with a wrong clock.
		return Jump{By: ours - unwatched}
	}
	return Jump{}
}

func (c clocks) told() bool { return c.Boot != "" || len(c.Logs) > 0 }

// lapse is the time between the polls by the controller's clock: the shortest,
// if its logs differ. One that went back tells nothing.
func (m Memory) lapse(p Poll, ours time.Duration) (theirs time.Duration, told bool) {
	for id, now := range p.clocks().Logs {
		was, known := m.Clocks.Logs[id]
		if t := ours + now - was; known && t > -slack && (!told || t < theirs) {
			theirs, told = t, true
		}
	}
	return theirs, told
}

// passed says that time went by since the last poll, by the controller's clock: so
// none that ran beside it, although ours may have been set back by as much.
func (m Memory) passed(p Poll) bool {
	theirs, told := m.lapse(p, p.Now.Sub(m.LastPoll))
	return told && theirs > apart
}

// AsOf is the memory by the clock of a later one.
func (m Memory) AsOf(next Memory) Memory {
	if j := next.Jump; j != nil && (m.Jump == nil || !m.Jump.At.Equal(j.At)) {
		return m.shift(*j)
	}
	return m
}

// shift moves every time in the memory.
func (m Memory) shift(j Jump) Memory {
	m = m.copy()
	move := func(times ...*time.Time) {
		for _, t := range times {
			if !t.IsZero() {
				*t = t.Add(j.By)
			}
		}
	}
	move(&m.LastPoll, &m.Renamed, &m.Lost)
	for i := range m.Marks {
		move(&m.Marks[i].At, &m.Marks[i].Since, &m.Marks[i].Read)
	}
	m.restamp()
	for i := range m.Excused {
		move(&m.Excused[i].From, &m.Excused[i].To)
	}
	for i := range m.Acks {
		move(&m.Acks[i].At)
	}
	fans := func(known map[string]Known) {
		for id, k := range known {
			move(&k.Seen, &k.Gone)
			known[id] = k
		}
	}
	fans(m.Fans)
	if m.Shape != nil {
		s := shape{Since: m.Shape.Since, Before: maps.Clone(m.Shape.Before)}
		move(&s.Since)
		fans(s.Before)
		m.Shape = &s
	}
	for id, l := range m.Logs {
		move(&l.Read, &l.Newest)
		l.Aside = slices.Clone(l.Aside)
		for i := range l.Aside {
			move(&l.Aside[i].Read)
		}
		m.Logs[id] = l
	}
	return m
}

// jumped says that our clock was set since the last run.
func jumped(p Poll, m Memory) []string {
	j := m.Jump
	switch {
	case j == nil || !j.At.Equal(p.Now):
		return nil
	case j.By < 0 || j.Proven:
		return []string{check.ClockText(j.By)}
	case m.Clocks.Logs == nil:
		return []string{"clock set forward since the last run, or no run for " + spell(j.By+unwatched)}
	}
	return []string{"clock set forward by " + spell(j.By) + " since the last run, or the controller's set back"}
}

func spell(d time.Duration) string { return check.DurationText(d.Round(time.Minute)) }
