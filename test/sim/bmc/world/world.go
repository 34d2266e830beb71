// Package world is one server as its management controller sees it: fans that
// drop out and return, redundancy, host power, an event log and a clock. It
// knows neither Redfish nor IPMI, so that both can tell the same story, and it
// has no goroutine and no timer: what was due is done whenever somebody looks.
package world

import (
	"container/heap"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Config is a server and the habits of its controller.
type Config struct {
	Identity Identity
	Fans     []Fan
	// MinNeeded is how many fans must work; with fewer, redundancy is lost,
	// with more but not all it is degraded. 0 means all of them.
	MinNeeded int
	// Single says that the controller knows no redundancy of fans.
	Single bool
	// Clock is the true time. Nil means the time of the machine.
	Clock *Clock
	// Skew is what the controller's clock shows more than the true time.
	Skew time.Duration
	// Zone is the zone in which the controller tells times, UTC when nil.
	Zone *time.Location
	// Shape is how a fan fails here when a [Drop] does not say.
	Shape Shape
	// Off is how the fans of a host without power look.
	Off Shape
	// Levels are the thresholds whose crossing is logged, outermost first.
	Levels []Level
	// Presence says that a fan that is gone is logged as removed and inserted,
	// not by the thresholds that it crossed.
	Presence bool
	Log      LogConfig
	// Up is for how long the controller had run when the story begins.
	Up time.Duration
}

// Identity is what a server says it is.
type Identity struct {
	UUID, Serial, Manufacturer, Model, Firmware string
}

// Power is the power state of the host, in Redfish's words.
type Power string

// Power states.
const (
	On          Power = "On"
	Off         Power = "Off"
	PoweringOn  Power = "PoweringOn"
	PoweringOff Power = "PoweringOff"
)

// World is a server. Its methods may be called from several goroutines.
type World struct {
	mu       sync.Mutex
	config   Config
	clock    *Clock
	skew     time.Duration
	identity Identity
	power    Power
	powered  time.Time // last change of the host's power
	fans     []*state
	balance  Health // of the redundancy, as last logged
	log      log    // the event log: can be cleared
	history  log    // what is never cleared: lifecycle and audit log
	script   script
	planned  int
	started  time.Time // last start of the controller
	boots    int
	down     time.Time // until then the controller does not answer
	blank    time.Time // until then it lists no fans
}

// state is a fan and what is wrong with it.
type state struct {
	Fan
	shape   Shape
	failure int // counts failures, so that a return can tell whose it is
}

// New makes the server of c.
func New(c Config) *World {
	if c.Clock == nil {
		c.Clock = Running()
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Shape == "" {
		c.Shape = Critical
	}
	if c.Off == "" {
		c.Off = Zero
	}
	if len(c.Levels) == 0 {
		c.Levels = []Level{LowerCritical}
	}
	now := c.Clock.Now()
	w := &World{
		config: c, clock: c.Clock, skew: c.Skew, identity: c.Identity,
		power: On, powered: now.Add(-c.Up), started: now.Add(-c.Up), boots: 1,
		balance: OK, log: newLog(c.Log), history: newLog(LogConfig{FirstID: c.Log.HistoryID}),
	}
	for _, f := range c.Fans {
		w.fans = append(w.fans, &state{Fan: f})
	}
	for i := c.Log.Noise; i > 0; i-- {
		w.record(now.Add(-time.Duration(i)*time.Hour), Record{Kind: Other, Text: noise(i)})
	}
	return w
}

// Clock returns the true time of the world.
func (w *World) Clock() *Clock { return w.clock }

// Snapshot is a server at one moment.
type Snapshot struct {
	Time     time.Time // true time
	Clock    time.Time // what the controller's clock shows
	Identity Identity
	Power    Power
	Powered  time.Time // last change of the host's power, by the controller's clock
	Fans     []View    // those that are listed
	Working  int       // fans in order
	Members  int       // fans that are meant to be there
	Minimum  int       // fans that must work
	Balance  Health    // of the redundancy
	Started  time.Time // last start of the controller, by its clock
	Boots    int       // starts of the controller, the first included
	Up       bool      // it answers
	Stored   int       // entries in the event log
	LogFull  bool      // the log dropped an entry because it was full
	Log      LogConfig
}

// Look does what was due and returns the server as it is now.
func (w *World) Look() Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.settle()
	s := Snapshot{
		Time: now, Clock: w.shown(now), Identity: w.identity, Power: w.power,
		Powered: w.shown(w.powered), Started: w.shown(w.started), Boots: w.boots,
		Up: !now.Before(w.down), Stored: len(w.log.records), LogFull: w.log.dropped > 0,
		Log: w.config.Log,
	}
	s.Working, s.Members, s.Minimum, s.Balance = w.redundancy()
	for i, f := range w.fans {
		v := w.view(i, f)
		if v.Listed && !now.Before(w.blank) {
			s.Fans = append(s.Fans, v)
		}
	}
	return s
}

// Log returns the event log as it is stored: sorted by time of writing unless
// it was told to be out of order.
func (w *World) Log() []Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	return w.log.list(w.config.Zone)
}

// History returns the log that is never cleared: every event, and the logins.
func (w *World) History() []Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	return w.history.list(w.config.Zone)
}

// Note writes a line of the audit log, such as a login.
func (w *World) Note(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	w.history.add(Record{Kind: Login, Text: text, Time: w.shown(w.clock.Now())})
}

// Do carries out an action now.
func (w *World) Do(a Action) error { return w.After(0, a) }

// After carries out an action that much later.
func (w *World) After(d time.Duration, a Action) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d < 0 {
		return fmt.Errorf("an action %v ago", -d)
	}
	return w.plan(w.settle().Add(d), a)
}

// At carries out an action at a moment of true time that has not passed.
func (w *World) At(t time.Time, a Action) error {
	return w.After(t.Sub(w.clock.Now()), a)
}

// Every carries out an action after first, and then once in each period.
func (w *World) Every(period, first time.Duration, a Action) error {
	if period <= 0 {
		return errors.New("a period must be longer than nothing")
	}
	return w.After(first, repeat{a, period})
}

func (w *World) plan(t time.Time, a Action) error {
	if err := a.check(w); err != nil {
		return err
	}
	w.push(t, a)
	w.settle()
	return nil
}

// settle does everything that was due, in order, and returns the true time.
func (w *World) settle() time.Time {
	now := w.clock.Now()
	for len(w.script) > 0 && !w.script[0].at.After(now) {
		next := heap.Pop(&w.script).(moment)
		next.action.apply(w, next.at)
	}
	return now
}

// shown is what the controller's clock shows at a true time.
func (w *World) shown(t time.Time) time.Time {
	return t.Add(w.skew).In(w.config.Zone)
}

func (w *World) record(at time.Time, r Record) {
	r.Time = w.shown(at)
	w.history.add(r)
	switch r.Kind {
	case FanRecovered, FanInserted, RedundancyRegained:
		if w.log.Stateful {
			return
		}
	}
	w.log.add(r)
}

func (w *World) repair(number int, at time.Time) {
	w.log.repair(number, w.shown(at))
	w.history.repair(number, w.shown(at))
}

func (w *World) redundancy() (working, members, minimum int, balance Health) {
	for _, f := range w.fans {
		if f.Empty || f.Pump {
			continue
		}
		members++
		if !shapes[f.shape].noticed {
			working++
		}
	}
	minimum = w.config.MinNeeded
	if minimum <= 0 || minimum > members {
		minimum = members
	}
	switch {
	case working == members:
		balance = OK
	case working >= minimum:
		balance = Warning
	default:
		balance = Bad
	}
	return working, members, minimum, balance
}
