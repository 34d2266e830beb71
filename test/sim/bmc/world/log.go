package world

import (
	"fmt"
	"math/rand"
	"time"
)

// LogConfig is how an event log is kept.
type LogConfig struct {
	Capacity int  // entries it holds; 0 means no limit
	Linear   bool // drops new entries when full, instead of the oldest ones
	FirstID  int  // id of the first entry, 1 when 0
	KeepIDs  bool // ids go on after the log was cleared
	// Gap leaves out every Gap-th id, as controllers do that share a counter.
	Gap int
	// Shuffle, when not 0, is the seed of the order in which entries are told.
	Shuffle int64
	// Undated gives every Undated-th entry no date.
	Undated int
	// Noise is how many entries about other things there are at first, one an
	// hour.
	Noise int
	// HistoryID is the id of the first entry of the log that is never cleared.
	HistoryID int
	// Merge lets a failure that comes back within that time after its repair
	// reopen the old entry instead of writing a new one, as HPE's IML does.
	Merge time.Duration
	// Stateful logs have no entry for a recovery: it changes that of the
	// failure.
	Stateful bool
	// Silent leaves no entry behind when the log is cleared.
	Silent bool
}

// Kind is what a record tells.
type Kind string

// Kinds.
const (
	FanFailed          Kind = "fan failed"
	FanRecovered       Kind = "fan recovered"
	FanRemoved         Kind = "fan removed"
	FanInserted        Kind = "fan inserted"
	RedundancyLost     Kind = "redundancy lost"
	RedundancyDegraded Kind = "redundancy degraded"
	RedundancyRegained Kind = "redundancy regained"
	Boot               Kind = "controller started"
	Cleared            Kind = "log cleared"
	PowerOff           Kind = "host off"
	PowerOn            Kind = "host on"
	Login              Kind = "login"
	Other              Kind = "other"
)

// Level is a threshold.
type Level string

// Levels.
const (
	LowerNonCritical Level = "lower non-critical"
	LowerCritical    Level = "lower critical"
	LowerFatal       Level = "lower non-recoverable"
)

// Record is one entry of a log.
type Record struct {
	ID        int
	Time      time.Time // by the controller's clock at that moment
	Undated   bool      // the controller had no date for it
	Kind      Kind
	Fan       Fan // as it was called then; zero when it is about no fan
	Number    int // the fan's place, 1 for the first, 0 when about no fan
	Level     Level
	Reading   float64
	Threshold float64
	Text      string
	// Repaired is when the matching recovery was logged, zero while it is not.
	Repaired time.Time
	// Updated is when the entry last changed, and Count how many events it
	// stands for.
	Updated time.Time
	Count   int
}

type log struct {
	LogConfig
	records []Record
	last    int // id given last
	dropped int
}

func newLog(c LogConfig) log {
	first := max(c.FirstID, 1)
	return log{LogConfig: c, last: first - 1}
}

func (l *log) add(r Record) {
	r.Updated, r.Count = r.Time, 1
	if l.reopen(r) {
		return
	}
	if l.Capacity > 0 && len(l.records) >= l.Capacity {
		l.dropped++
		if l.Linear {
			return
		}
		l.records = l.records[1:]
	}
	l.last++
	if l.Gap > 0 && l.last%l.Gap == 0 {
		l.last++
	}
	r.ID = l.last
	r.Undated = l.Undated > 0 && l.last%l.Undated == 0
	l.records = append(l.records, r)
}

// reopen adds a failure to the entry that it repeats, if there is one.
func (l *log) reopen(r Record) bool {
	for i := len(l.records) - 1; l.Merge > 0 && i >= 0; i-- {
		old := &l.records[i]
		if old.Kind != r.Kind || old.Number != r.Number || old.Level != r.Level || old.Repaired.IsZero() {
			continue
		}
		if r.Time.Sub(old.Repaired) > l.Merge {
			return false
		}
		old.Count++
		old.Updated, old.Repaired = r.Time, time.Time{}
		return true
	}
	return false
}

// repair notes in entries that are not repaired yet that they are: those about
// a fan, or about redundancy when the number is 0.
func (l *log) repair(number int, at time.Time) {
	for i := range l.records {
		r := &l.records[i]
		if r.Number != number || !r.Repaired.IsZero() {
			continue
		}
		switch r.Kind {
		case FanFailed, FanRemoved, RedundancyLost, RedundancyDegraded:
			r.Repaired, r.Updated = at, at
		}
	}
}

func (l *log) clear() {
	l.records, l.dropped = nil, 0
	if !l.KeepIDs {
		l.last = max(l.FirstID, 1) - 1
	}
}

// list copies the records; each keeps the zone that the controller tells.
func (l *log) list(zone *time.Location) []Record {
	out := make([]Record, len(l.records))
	copy(out, l.records)
	for i := range out {
		out[i].Time = out[i].Time.In(zone)
	}
	if l.Shuffle != 0 {
		r := rand.New(rand.NewSource(l.Shuffle))
		r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// noise is an entry about something else.
func noise(i int) string {
	texts := [...]string{
		"The power supply input is within range.",
		"A session of the web console was opened.",
		"The system board inlet temperature is within range.",
		"C: boot completed.",
	}
	return fmt.Sprintf("%s (%d)", texts[i%len(texts)], i)
}
