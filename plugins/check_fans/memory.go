package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/episodes"
)

const (
	// settle is how long a controller may need after its own start until it
	// lists every fan, and how long fans may need after a change of the host's
	// power.
	settle = 5 * time.Minute
	// slack is how far a corrected time of a log entry may lie outside the
	// time between two polls and still be believed.
	slack = 2 * time.Minute
	// unwatched is how far back a change that a poll finds can excuse what
	// happened since the poll before. Polls may be an hour apart; of a longer
	// time nobody knows whether the change explains anything in it.
	unwatched = time.Hour
	// keep bounds what is remembered: in time, longer than any sensible
	// --window, and in number, because a loose connector can fill any file.
	keep      = 30 * 24 * time.Hour
	keepMarks = 2000
	keepKeys  = 4000
	// keepClosed and keepAcks bound the history of acknowledgements.
	keepClosed = 50
	keepNames  = 1000
	keepAcks   = 20
)

// memory is what is kept about one server between polls.
type memory struct {
	Identity bmc.Identity        `json:"identity"`
	LastPoll time.Time           `json:"last_poll,omitzero"`
	Power    bmc.Power           `json:"power,omitempty"`
	Fans     map[string]knownFan `json:"fans,omitempty"`
	Marks    []episodes.Mark     `json:"marks,omitempty"`
	Logs     map[string]readLog  `json:"logs,omitempty"`
	Excused  []excuse            `json:"excused,omitempty"`
	Acks     []ack               `json:"acknowledged,omitempty"`
	// Latch is the worst level reached, by the settings it was reached with.
	Latch map[string]check.Status `json:"latch,omitempty"`
	// Former holds the names of fans that are not known: empty bays, and those
	// that --relearn took off the list.
	Former map[string]string `json:"former,omitempty"`
	// Renamed is when all fans changed their ids at once.
	Renamed time.Time `json:"renamed,omitzero"`
	// Lost is when the memory was found damaged and begun anew, until
	// --relearn: a fan that was missing then is not known.
	Lost time.Time `json:"lost,omitzero"`
}

// knownFan is a fan that was present once.
type knownFan struct {
	Name   string `json:"name"`
	Serial string `json:"serial,omitempty"`
	Sensor int    `json:"sensor"`
	// Turned says that it had a reading once.
	Turned bool `json:"turned,omitempty"`
	Down   bool `json:"down,omitempty"`
	// Seen is the last poll that could judge it.
	Seen time.Time `json:"seen,omitzero"`
	// Gone is the first poll that did not find it, or found no reading.
	Gone time.Time `json:"gone,omitzero"`
	// NewSerial is what the bay holds now when it is not what was learned.
	NewSerial string `json:"new_serial,omitempty"`
}

// readLog is how far an event log was read.
type readLog struct {
	Read  time.Time      `json:"read"`
	Whole bool           `json:"whole"`
	Max   int64          `json:"max"`
	Last  string         `json:"last,omitempty"` // key of the newest entry
	Keys  map[string]int `json:"keys,omitempty"`
}

// excuse is a time in which drop-outs are shown and not counted.
type excuse struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Why  string    `json:"why"`
}

// ack closes the drop-outs that were known when it was given, and keeps them:
// not those before a time, because controllers date their entries to the second
// and a fan may drop out again in the second of the acknowledgement.
type ack struct {
	At     time.Time          `json:"at"`
	User   string             `json:"user"`
	Text   string             `json:"text"`
	Closed []episodes.Episode `json:"closed,omitempty"`
}

// acknowledge closes every drop-out that is known of the fans that were looked
// at. What --include or --exclude left out was not seen, so it is not closed.
func (m *memory) acknowledge(a ack, pol policy) {
	var closed, left []episodes.Mark
	for _, k := range m.Marks {
		if k.Fan == episodes.Redundancy || pol.judges(k.Fan, m.name(k.Fan)) {
			closed = append(closed, k)
		} else {
			left = append(left, k)
		}
	}
	a.Closed = episodes.Build(closed)
	if n := len(a.Closed) - keepClosed; n > 0 {
		a.Closed = a.Closed[n:]
	}
	m.Marks = left
	m.Acks = append(m.Acks, a)
	maps.DeleteFunc(m.Latch, func(view string, _ check.Status) bool {
		return pol.everything() || strings.HasPrefix(view, pol.filter()+" ")
	})
}

// poll is one look at the server: what was found, and when it began and ended.
type poll struct {
	server  bmc.Server
	started time.Time
	now     time.Time
}

// observe folds one poll into the memory. Folding a poll that another run has
// overtaken changes nothing that the other learned, and folding the same log
// entries twice counts them once: that is how two runs at once merge.
func observe(m memory, p poll, pol policy) memory {
	m = m.copy()
	m.turnBack(p.now)
	first := m.LastPoll.IsZero()
	m.Identity = p.server.Identity
	m.excusePower(p)
	if pol.maintenance {
		m.excuse(excuse{From: m.since(p.now), To: p.now, Why: "maintenance"})
	}
	m.rename(p)
	if !first && m.LastPoll.After(p.started) {
		// Another run has looked since; its samples are newer than ours.
		m.readLogs(p)
	} else {
		m.sample(p, pol)
		m.readLogs(p)
		m.reconcile(p)
		m.LastPoll = p.now
	}
	m.prune(p.now)
	m.latch(p, pol)
	return m
}

// since is the earliest moment at which what this poll found new can have begun.
func (m memory) since(now time.Time) time.Time {
	from := cmpTime(m.LastPoll, now)
	if earliest := now.Add(-unwatched); from.Before(earliest) {
		return earliest
	}
	return from
}

func cmpTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

func (m memory) copy() memory {
	m.Fans = maps.Clone(m.Fans)
	m.Logs = maps.Clone(m.Logs)
	m.Latch = maps.Clone(m.Latch)
	m.Former = maps.Clone(m.Former)
	m.Marks = slices.Clone(m.Marks)
	m.Excused = slices.Clone(m.Excused)
	m.Acks = slices.Clone(m.Acks)
	if m.Fans == nil {
		m.Fans = map[string]knownFan{}
	}
	if m.Logs == nil {
		m.Logs = map[string]readLog{}
	}
	if m.Former == nil {
		m.Former = map[string]string{}
	}
	if m.Latch == nil {
		m.Latch = map[string]check.Status{}
	}
	return m
}

// turnBack brings times that lie in the future to the present: our own clock
// was wrong when they were written, and they would never leave the window.
func (m *memory) turnBack(now time.Time) {
	limit := now.Add(settle + slack)
	clamp := func(t *time.Time) {
		if t.After(limit) {
			*t = now
		}
	}
	clamp(&m.LastPoll)
	clamp(&m.Lost)
	for i := range m.Marks {
		clamp(&m.Marks[i].At)
		clamp(&m.Marks[i].Since)
	}
	for i := range m.Excused {
		clamp(&m.Excused[i].From)
		clamp(&m.Excused[i].To)
	}
	for i := range m.Acks {
		clamp(&m.Acks[i].At)
	}
	for id, k := range m.Fans {
		clamp(&k.Seen)
		clamp(&k.Gone)
		m.Fans[id] = k
	}
	for id, l := range m.Logs {
		clamp(&l.Read)
		m.Logs[id] = l
	}
}

// excusePower excuses what happens around a change of the host's power: fans
// stop and start, and controllers log it as failures.
func (m *memory) excusePower(p poll) {
	now := p.server.Power
	if now == bmc.PowerUnknown {
		return
	}
	if now == bmc.PowerOff || m.Power != bmc.PowerUnknown && m.Power != now {
		m.excuse(excuse{From: m.since(p.now), To: p.now.Add(settle), Why: "host power changed"})
	}
	m.Power = now
}

// excuse adds a span, extending the last one of its kind when they meet.
func (m *memory) excuse(e excuse) {
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

// prune forgets what no window can reach any more.
func (m *memory) prune(now time.Time) {
	old := now.Add(-keep)
	m.Marks = slices.DeleteFunc(m.Marks, func(k episodes.Mark) bool { return k.At.Before(old) })
	slices.SortStableFunc(m.Marks, func(a, b episodes.Mark) int { return a.At.Compare(b.At) })
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
