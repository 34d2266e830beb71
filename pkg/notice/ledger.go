package notice

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

// Ledger is what one customer was told of events that are not long over.
type Ledger struct {
	Events []Event `json:"events,omitempty"`
	// Clock is what told the time when this was written, Set when our clock was found
	// to have been set since.
	Clock state.Clock `json:"clock,omitzero"`
	Set   time.Time   `json:"set,omitzero"`
}

// copy has events of its own.
func (l Ledger) copy() Ledger {
	l.Events = slices.Clone(l.Events)
	return l
}

// Event is a disturbance or planned work, and how far its telling has come.
type Event struct {
	ID   string    `json:"id"`
	Made time.Time `json:"made"`
	// Closed is when its last notice was made, zero while it is open.
	Closed time.Time `json:"closed,omitzero"`
	// Stage is the last notice's kind that was not an update.
	Stage Kind `json:"stage"`
	// Resolved counts how often it was: a disturbance that comes back within an
	// hour is the same.
	Resolved int `json:"resolved,omitempty"`
	// Revision of the plan that was told.
	Revision int `json:"revision,omitempty"`
	// First is the Message-ID of the first notice that went out, or may have.
	First string `json:"first,omitempty"`
	// Said are the sentences of humans that are in it.
	Said []string `json:"said,omitempty"`
	Last Record   `json:"last"`
}

// Record is a notice as it is stored before it is sent.
type Record struct {
	Notice
	ID string `json:"message_id"`
	// Thread is the ID of the first notice, empty in that.
	Thread string `json:"thread,omitempty"`
	// Busy is until when somebody is sending it.
	Busy       time.Time  `json:"busy,omitzero"`
	Deliveries []Delivery `json:"deliveries"`
}

// The three outcomes of a delivery.
const (
	NotSent = "not sent"
	Unknown = "unknown" // the other side may have it
	Sent    = "sent"
)

// Delivery is one notice by one channel.
type Delivery struct {
	Channel string    `json:"channel"`
	To      string    `json:"to"`
	Outcome string    `json:"outcome"`
	Tries   int       `json:"tries,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Error   string    `json:"error,omitempty"`
}

// longestPause between two attempts.
const longestPause = 30 * time.Minute

// giveUp is how long a notice is tried. What is older is no news.
const giveUp = 24 * time.Hour

// Stale says that a notice is no news any more and not tried again: a day after it
// was made, or when the time of the work is over that it tells of beforehand.
func (n Notice) Stale(now time.Time) bool {
	end := n.At.Add(giveUp)
	if n.Planned() && n.Work != nil && !n.Kind.Closes() {
		end = later(end, n.Work.Until)
	}
	return !now.Before(end)
}

// Lost says that a notice was given up in the last days, and that nobody has it.
func (r Record) Lost(now time.Time) bool {
	return r.Stale(now) && !r.Told() && now.Sub(r.At) < kept+giveUp
}

// Ready says whether a delivery is to be tried now. A clock that went back does
// not keep it waiting.
func (d Delivery) Ready(n Notice, now time.Time) bool {
	pause := min(time.Minute<<min(max(d.Tries-1, 0), 5), longestPause) - 5*time.Second
	waited := now.Sub(d.At)
	return d.Outcome != Sent && !n.Stale(now) && (d.Tries == 0 || waited >= pause || waited < 0)
}

// Told says whether anybody is proven to have it.
func (r Record) Told() bool {
	return slices.ContainsFunc(r.Deliveries, func(d Delivery) bool { return d.Outcome == Sent })
}

// Done says whether all channels have it.
func (r Record) Done() bool {
	return !slices.ContainsFunc(r.Deliveries, func(d Delivery) bool { return d.Outcome != Sent })
}

// longestBusy is the longest time for which another run is believed to be sending.
const longestBusy = 10 * time.Minute

// Taken says whether another run is sending it.
func (r Record) Taken(now time.Time) bool {
	return r.Busy.After(now) && r.Busy.Sub(now) < longestBusy
}

// event of an id.
func (l Ledger) index(id string) int {
	return slices.IndexFunc(l.Events, func(e Event) bool { return e.ID == id })
}

// Event of an id.
func (l Ledger) Event(id string) (Event, bool) {
	if i := l.index(id); i >= 0 {
		return l.Events[i], true
	}
	return Event{}, false
}

// With is the ledger with a notice that will be sent. ok is false when another run
// was faster, so that the number is taken.
func (l Ledger) With(r Record, revision int) (_ Ledger, ok bool) {
	out := l.copy()
	i := out.index(r.Event)
	if r.Kind == Opened && slices.ContainsFunc(l.Open(), func(e Event) bool { return !e.Last.Planned() }) {
		return l, false // it saw another one first that began the disturbance
	}
	if i < 0 {
		if r.Number != 0 {
			return l, false
		}
		out.Events = append(out.Events, Event{ID: r.Event, Made: r.At})
		i = len(out.Events) - 1
	} else if out.Events[i].Last.Number != r.Number-1 {
		return l, false
	}
	e := &out.Events[i]
	r.Thread = e.First
	e.Last, e.Revision, e.Closed = r, max(e.Revision, revision), time.Time{}
	e.Said = slices.Clone(e.Said)
	for _, id := range r.Said {
		if !slices.Contains(e.Said, id) {
			e.Said = append(e.Said, id)
		}
	}
	if r.Kind != Update {
		e.Stage = r.Kind
	}
	if r.Kind == Resolved {
		e.Resolved++
	}
	if r.Kind.Closes() {
		e.Closed = r.At
	}
	return out, true
}

// Attempt is the ledger in which a run takes a notice to send it again. ok is
// false when there is a newer one, or another run is at it.
func (l Ledger) Attempt(r Record, now, until time.Time) (_ Ledger, _ Record, ok bool) {
	i := l.index(r.Event)
	if i < 0 || l.Events[i].Last.Number != r.Number || l.Events[i].Last.Taken(now) {
		return l, r, false
	}
	out := l.copy()
	out.Events[i].Last.Busy = until
	return out, out.Events[i].Last, true
}

// Delivered is the ledger with the outcome of an attempt, unless a newer notice
// has taken its place.
func (l Ledger) Delivered(r Record, d Delivery) Ledger {
	i := l.index(r.Event)
	if i < 0 {
		return l
	}
	out := l.copy()
	e := &out.Events[i]
	if d.Outcome != NotSent && e.First == "" {
		e.First = r.ID
	}
	if e.Last.Number != r.Number {
		return out
	}
	e.Last.Deliveries = slices.Clone(e.Last.Deliveries)
	for k := range e.Last.Deliveries {
		if x := &e.Last.Deliveries[k]; x.Channel == d.Channel && x.To == d.To && x.Outcome != Sent {
			*x = d
		}
	}
	return out
}

// Readdressed is the ledger after the customer's addresses have changed: a notice
// that waits goes no more to one that is not his, but to those that he has. All are
// his, open are those of them that this run can use.
func (l Ledger) Readdressed(all, open []Delivery) Ledger {
	out := l.copy()
	for i := range out.Events {
		e := &out.Events[i]
		ways := slices.DeleteFunc(slices.Clone(e.Last.Deliveries), func(d Delivery) bool { return d.Outcome != Sent && !d.among(all) })
		if len(ways) == len(e.Last.Deliveries) {
			continue
		}
		for _, d := range open {
			if !d.among(ways) {
				ways = append(ways, d)
			}
		}
		if len(ways) > 0 { // else nobody else is there to be told
			e.Last.Deliveries = ways
		}
	}
	return out
}

// among says whether a way is one of others.
func (d Delivery) among(all []Delivery) bool {
	return slices.ContainsFunc(all, func(x Delivery) bool { return x.Channel == d.Channel && x.To == d.To })
}

// Released is the ledger after a run that sent: others may try what is left.
func (l Ledger) Released(r Record) Ledger {
	out := l.copy()
	if i := out.index(r.Event); i >= 0 && out.Events[i].Last.Number == r.Number {
		out.Events[i].Last.Busy = time.Time{}
	}
	return out
}

// forgotten is for how long an event stays that is over, or that nothing was told
// of any more.
const forgotten = 60 * 24 * time.Hour

// Pruned is the ledger without what is long over. Work that was announced long
// before is not: its numbers would be used again.
func (l Ledger) Pruned(now time.Time) Ledger {
	out := l.copy()
	out.Events = slices.DeleteFunc(out.Events, func(e Event) bool {
		last := e.Last.At
		if w := e.Last.Work; w != nil && e.Last.Planned() {
			last = later(last, w.Until)
		}
		return now.Sub(last) > forgotten
	})
	return out
}

// Pending are notices that not all channels have.
func (l Ledger) Pending() []Record {
	var out []Record
	for _, e := range l.Events {
		if !e.Last.Done() {
			out = append(out, e.Last)
		}
	}
	return out
}

// Open are the events that are not over.
func (l Ledger) Open() []Event {
	return slices.DeleteFunc(slices.Clone(l.Events), func(e Event) bool { return !e.Closed.IsZero() })
}
