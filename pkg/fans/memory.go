package fans

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

const (
	// warmup is how long a controller may need after its own start until it
	// lists every fan, and how long fans may need after a change of the host's
	// power.
	warmup = 5 * time.Minute
	// slack is how far a corrected time of a log entry may lie outside the
	// time between two polls and still be believed.
	slack = 2 * time.Minute
	// unwatched is how far back a change that a poll finds can excuse what
	// happened since the poll before. Polls may be an hour apart; of a longer
	// time nobody knows whether the change explains anything in it.
	unwatched = time.Hour
	// Keep bounds what is remembered in time: longer than any sensible --window.
	Keep = 30 * 24 * time.Hour
	// keepMarks and keepKeys bound it in number, because a loose connector can
	// fill any file.
	keepMarks = 2000
	keepKeys  = 4000
	// keepClosed and keepAcks bound the history of acknowledgements.
	keepClosed = 50
	keepNames  = 1000
	keepRotors = 64
	keepAcks   = 20
)

// Memory is what is kept about one server between polls.
type Memory struct {
	Identity bmc.Identity       `json:"identity"`
	LastPoll time.Time          `json:"last_poll,omitzero"`
	Power    bmc.Power          `json:"power,omitempty"`
	Fans     map[string]Known   `json:"fans,omitempty"`
	Marks    []Mark             `json:"marks,omitempty"`
	Logs     map[string]readLog `json:"logs,omitempty"`
	Excused  []excuse           `json:"excused,omitempty"`
	Acks     []Ack              `json:"acknowledged,omitempty"`
	// Latch is the worst level reached, by the settings it was reached with.
	Latch map[string]Severity `json:"latch,omitempty"`
	// Former holds the names of fans that are not known: empty bays, and those
	// that --relearn took off the list.
	Former map[string]string `json:"former,omitempty"`
	// Renamed is when all fans changed their ids at once.
	Renamed time.Time `json:"renamed,omitzero"`
	// Shape is set while the controller lists other fans than were learned, until
	// --relearn.
	Shape *shape `json:"shape,omitempty"`
	// Lost is when the memory was found damaged and begun anew, until
	// --relearn: a fan that was missing then is not known.
	Lost time.Time `json:"lost,omitzero"`
	// Clocks told the time at the last poll, Jump is the last time that our own
	// clock was set.
	Clocks clocks `json:"clocks,omitzero"`
	Jump   *Jump  `json:"jump,omitempty"`
	// Told is what the plugin that remembers has written into the journal, so
	// that it is written once.
	Told json.RawMessage `json:"told,omitempty"`
}

// Known is a fan that was present once.
type Known struct {
	Name   string `json:"name"`
	Serial string `json:"serial,omitempty"`
	Sensor int    `json:"sensor"`
	// Turned says that it had a reading once.
	Turned bool `json:"turned,omitempty"`
	Down   bool `json:"down,omitempty"`
	// Rotors are the ids of those that have shown a reading, where there are
	// several.
	Rotors []string `json:"rotors,omitempty"`
	// Seen is the last poll that could judge it.
	Seen time.Time `json:"seen,omitzero"`
	// Gone is the first poll that did not find it, or found no reading.
	Gone time.Time `json:"gone,omitzero"`
	// NewSerial is what the bay holds now when it is not what was learned.
	NewSerial string `json:"new_serial,omitempty"`
}

// readLog is how far an event log was read.
type readLog struct {
	Read  time.Time `json:"read"`
	Whole bool      `json:"whole"`
	Max   int64     `json:"max"`
	Last  string    `json:"last,omitempty"` // key of the newest entry
	// Newest is up to where, by our clock, its entries are dated.
	Newest time.Time      `json:"newest,omitzero"`
	Keys   map[string]int `json:"keys,omitempty"`
	// Undated is the number of entries of which nobody can say when they
	// happened, and which therefore do not count; until an acknowledgement.
	Undated int `json:"undated,omitempty"`
	// Later is the number of those that were later than now when they were read.
	Later int `json:"later,omitempty"`
	// Aside is what the first reading could not use, see [Memory.aside].
	Aside []Mark `json:"aside,omitempty"`
}

// excuse is a time in which drop-outs are shown and not counted.
type excuse struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Why  string    `json:"why"`
}

// Ack closes the drop-outs that were known when it was given, and keeps them:
// not those before a time, because controllers date their entries to the second
// and a fan may drop out again in the second of the acknowledgement.
type Ack struct {
	At     time.Time `json:"at"`
	User   string    `json:"user"`
	Text   string    `json:"text"`
	Closed []Episode `json:"closed,omitempty"`
}

// Poll is one look at the server: what was found, and when it began and ended.
type Poll struct {
	Server  bmc.Server
	Started time.Time
	Now     time.Time
	// Up is how long the host that asks is up, and Boot names that start of it:
	// a clock that nobody sets. Both empty when they cannot be told.
	Up   time.Duration
	Boot string
}

// Observe folds one poll into the memory. Folding a poll that another run has
// overtaken changes nothing that the other learned, and folding the same log
// entries twice counts them once: that is how two runs at once merge.
func Observe(m Memory, p Poll, pol Policy) Memory {
	m = m.copy()
	passed := m.passed(p)
	m.followClock(p)
	p = p.Dark(m)
	first := m.LastPoll.IsZero()
	m.Identity = p.Server.Identity
	m.excusePower(p)
	if pol.Maintenance {
		m.excuse(excuse{From: m.since(p.Now), To: p.Now, Why: "maintenance"})
	}
	m.demote(p)
	m.rename(p)
	m.reshape(p)
	if !first && !passed && m.LastPoll.After(p.Started) {
		// Another run has looked since; its samples are newer than ours.
		m.readLogs(p)
	} else {
		m.sample(p, pol)
		m.readLogs(p)
		m.reconcile(p)
		m.LastPoll, m.Clocks = p.Now, p.clocks()
	}
	m.prune(p.Now)
	m.latch(p, pol)
	return m
}

// since is the earliest moment at which what this poll found new can have begun.
func (m Memory) since(now time.Time) time.Time {
	from := cmp.Or(m.LastPoll, now)
	if earliest := now.Add(-unwatched); from.Before(earliest) {
		return earliest
	}
	return from
}

func (m Memory) copy() Memory {
	m.Fans = clone(m.Fans)
	m.Logs = clone(m.Logs)
	m.Latch = clone(m.Latch)
	m.Former = clone(m.Former)
	m.Marks = slices.Clone(m.Marks)
	m.Excused = slices.Clone(m.Excused)
	m.Acks = slices.Clone(m.Acks)
	return m
}

// clone is a copy that can be written to, also of none.
func clone[V any](m map[string]V) map[string]V {
	out := make(map[string]V, len(m))
	maps.Copy(out, m)
	return out
}

// excusePower excuses what happens around a change of the host's power: fans
// stop and start, and controllers log it as failures. A power that is not told is
// not remembered either: what is told hours later would be a change of just now. Off
// alone stays until a fan turns, which is the change.
func (m *Memory) excusePower(p Poll) {
	now := p.Server.Power
	changed := m.Power != now && m.Power != bmc.PowerUnknown
	if now == bmc.PowerUnknown {
		if !p.anyTurns() {
			return
		}
		changed = m.Power == bmc.PowerOff
	}
	if changed || now == bmc.PowerOff {
		m.excuse(excuse{From: m.since(p.Now), To: p.Now.Add(warmup), Why: "host power changed"})
	}
	m.Power = now
}

// excuse adds a span, extending the last one of its kind when they meet.
func (m *Memory) excuse(e excuse) {
	for i := range m.Excused {
		o := &m.Excused[i]
		if o.Why == e.Why && !e.From.After(o.To) && !e.To.Before(o.From) {
			if e.To.After(o.To) {
				o.To = e.To
			}
			if e.From.Before(o.From) {
				o.From = e.From
			}
			return
		}
	}
	m.Excused = append(m.Excused, e)
}

// lastOfSet is the last word about redundancy, if it is that it was lost: that
// stands however old it is.
func (m *Memory) lastOfSet() Mark {
	var last Mark
	for _, k := range m.Marks {
		if k.Fan == Redundancy && (last.Fan == "" || compare(last, k) <= 0) {
			last = k
		}
	}
	if !last.Down {
		return Mark{}
	}
	return last
}

// prune forgets what no window can reach any more.
func (m *Memory) prune(now time.Time) {
	old := now.Add(-Keep)
	lost := m.lastOfSet()
	m.Marks = slices.DeleteFunc(m.Marks, func(k Mark) bool { return k.At.Before(old) && k != lost })
	slices.SortStableFunc(m.Marks, func(a, b Mark) int { return a.At.Compare(b.At) })
	if n := len(m.Marks) - keepMarks; n > 0 {
		m.Marks = slices.Delete(m.Marks, 0, n)
	}
	if len(m.Marks) == 0 {
		clear(m.Latch) // also of settings that nobody uses any more
	}
	m.Excused = slices.DeleteFunc(m.Excused, func(e excuse) bool { return e.To.Before(old) })
	if n := len(m.Acks) - keepAcks; n > 0 {
		m.Acks = slices.Delete(m.Acks, 0, n)
	}
}
