package fans

import (
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// readLogs turns entries that no earlier poll has seen into marks.
func (m *Memory) readLogs(p Poll) {
	for _, log := range p.Server.Logs {
		m.Logs[log.ID] = m.readLog(log, p)
	}
}

func (m *Memory) readLog(log bmc.Log, p Poll) readLog {
	old := m.Logs[log.ID]
	count := map[string]int{}
	var fresh []bmc.Event
	for _, e := range log.Events {
		k := key(e)
		if e.ID != "" && count[k] > 0 {
			continue // pages overlap when an entry was added while they were read
		}
		count[k]++
		if count[k] > old.Keys[k] {
			fresh = append(fresh, e)
		}
	}
	dated, later := m.date(fresh, log, count[old.Last] == 0, p.Now)
	newest, unused := old.Newest, bmc.Log{Events: fresh}.Undated()
	for _, d := range dated {
		if d.event.Time.IsZero() {
			unused--
		}
		newest = latest(newest, d.at)
		k := m.mark(d.event, d.at)
		if log.Clock == nil && old.Read.IsZero() {
			k.Stamp, k.Read = d.event.Time, p.Now
		}
		m.Marks = append(m.Marks, k)
	}
	l := remember(log, old, count, p)
	l.Newest = newest
	l.Aside = m.aside(fresh, log, p.Now)
	l.Undated = old.Undated + unused
	l.Later = old.Later + later
	if log.Whole {
		none := log.Undated()
		l.Undated, l.Later = min(l.Undated, none), min(l.Later, len(log.Events)-none)
	}
	return l
}

// remember notes what this listing holds. A listing that is whole replaces
// what was known, unless another run has read the log since; a part adds to it.
func remember(log bmc.Log, old readLog, count map[string]int, p Poll) readLog {
	overtaken := old.Read.After(p.Started)
	l := readLog{Read: p.Now, Whole: log.Whole || old.Whole, Max: old.Max, Last: old.Last, Keys: count}
	if overtaken || !log.Whole {
		l.Keys = clone(old.Keys)
		for k, n := range count {
			l.Keys[k] = max(l.Keys[k], n)
		}
		if len(l.Keys) > keepKeys {
			l.Keys = count
		}
	} else {
		l.Max, l.Last = 0, ""
	}
	if overtaken {
		l.Read = old.Read
	}
	for _, e := range log.Events {
		if e.Order >= l.Max {
			l.Max, l.Last = e.Order, key(e)
		}
	}
	return l
}

// key tells entries apart. The parsed time stands for the stamp, so that a
// firmware update that spells times differently makes no entry new.
func key(e bmc.Event) string {
	when := e.Stamp
	if !e.Time.IsZero() {
		when = strconv.FormatInt(e.Time.Unix(), 10)
	}
	if e.ID != "" {
		return e.ID + " " + when
	}
	return when + " " + string(e.Kind) + " " + e.Level + " " + e.Fan
}

type dated struct {
	event bmc.Event
	at    time.Time
	isNew bool // in the log, so that it follows all that was read of it before
}

// date gives every fresh entry a time by our clock.
//
// On the first reading the entry's own time, corrected by the controller's
// clock, is all there is; an entry without one is left out, and so is one that
// is later than now: how many those are is told as well. Later an entry
// that is new in the log happened since the last reading, whatever its stamp
// says: a stamp outside that time was made by a clock that has jumped, and the
// whole batch is moved so that its newest entry is now.
func (m *Memory) date(fresh []bmc.Event, log bmc.Log, cleared bool, now time.Time) (_ []dated, later int) {
	var out, odd []dated
	old := m.Logs[log.ID]
	first := old.Read.IsZero()
	since := old.Read.Add(-slack)
	if log.Clock == nil { // nothing says how far its stamps are off
		since = old.Read
	}
	for _, e := range fresh {
		at := e.Time
		if !at.IsZero() && log.Clock != nil {
			at = at.Add(-*log.Clock)
		}
		sane := !at.IsZero() && !at.After(now.Add(slack))
		isNew := !first && old.Whole && (e.ID == "" || e.Order > old.Max || cleared)
		again := first || old.Whole && !isNew && at.Before(old.Read.Add(-slack))
		if again && sane && at.Before(m.lastAck()) {
			continue // read anew after what it tells was acknowledged
		}
		switch {
		case isNew && (!sane || at.Before(since)):
			odd = append(odd, dated{event: e, at: at})
		case sane:
			out = append(out, dated{e, earlier(at, now), isNew})
		case !first && old.Whole:
			odd = append(odd, dated{event: e, at: at})
		case !at.IsZero():
			later++
		}
	}
	follow(out, old.Newest, now)
	return append(out, shift(odd, old.Read, now)...), later
}

// follow moves what is new in a log behind the newest that was read of it before,
// its durations kept: a clock that was set back by about as much as passed would
// lay two drop-outs over each other.
func follow(batch []dated, newest, now time.Time) {
	by := time.Duration(0)
	for _, d := range batch {
		if d.isNew {
			by = max(by, newest.Sub(d.at))
		}
	}
	for i := range batch {
		if d := &batch[i]; d.isNew {
			d.at = earlier(d.at.Add(by), now)
		}
	}
}

func (m *Memory) lastAck() time.Time {
	if len(m.Acks) == 0 {
		return time.Time{}
	}
	return m.Acks[len(m.Acks)-1].At
}

// shift moves a batch so that its newest entry is now and its durations stay,
// as far as they fit since the last reading.
func shift(batch []dated, since, now time.Time) []dated {
	if len(batch) == 0 {
		return nil
	}
	newest := slices.MaxFunc(batch, func(a, b dated) int { return a.at.Compare(b.at) }).at
	for i := range batch {
		d := &batch[i]
		if d.at.IsZero() {
			d.at = now
			continue
		}
		d.at = now.Add(d.at.Sub(newest))
		if d.at.Before(since) {
			d.at = earlier(since, now)
		}
	}
	return batch
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// mark is what an entry says about a fan. Entries of a fan that was missing
// from the list when the log was read name it by its own name.
func (m *Memory) mark(e bmc.Event, at time.Time) Mark {
	k := Mark{Fan: e.Fan, At: at, Level: e.Level, Order: e.Order, Undated: e.Time.IsZero()}
	switch e.Kind {
	case bmc.Failed, bmc.Removed:
		k.Down = true
	case bmc.RedundancyLost:
		k.Down, k.Fan = true, Redundancy
	case bmc.RedundancyRegained:
		k.Fan = Redundancy
	}
	if _, known := m.Fans[k.Fan]; known || k.Fan == Redundancy {
		return k
	}
	for id, f := range m.Fans {
		if bmc.SameFan(f.Name, k.Fan) {
			k.Fan = id
			break
		}
	}
	return k
}
