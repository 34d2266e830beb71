package notice

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

var jumps = []time.Duration{
	10 * time.Second, 100 * time.Second, 20 * time.Minute, 3 * time.Hour, 26 * time.Hour, 31 * 24 * time.Hour, 365 * 24 * time.Hour, 3650 * 24 * time.Hour,
}

// walk is one guest in true time, a poller that writes what docs/journal.md says,
// and one who tells its customer, by one clock that is set now and then.
type walk struct {
	*life
	t *rapid.T
	// now is the true time; the clock is ahead of it.
	now   time.Time
	ahead time.Duration
	// silent is since when the guest is, in true time.
	silent time.Time
	// seen is since when the poller has seen it silent, by its clock at last.
	seen   time.Time
	saw    bool          // that it was silent, with the last look
	was    time.Duration // how far the clock was ahead then
	opened int           // in this silence
}

func (w *walk) clock() time.Time { return w.now.Add(w.ahead) }

func (w *walk) write(at time.Time, fact journal.Fact) {
	w.add(0, 105, fact)
	e := &w.entries[len(w.entries)-1]
	e.Line = len(w.entries)
	if e.At = at; fact.Kind() == journal.KindObserved {
		e.Guest = nil
	}
}

// look is what check_guests writes with a look.
func (w *walk) look() {
	by := w.ahead - w.was
	state.Move(by, &w.seen)
	w.was, w.saw = w.ahead, !w.silent.IsZero()
	now, anew := w.clock(), by < 0 || by > journal.ClockSlack
	if anew {
		w.write(now, &journal.GuestListed{Answers: true})
	}
	switch silent := w.saw; {
	case !silent && (anew || !w.seen.IsZero()):
		w.seen = time.Time{}
		w.write(now, &journal.GuestAnswers{Again: anew})
	case silent && (anew || w.seen.IsZero()):
		if w.seen.IsZero() {
			w.seen = now
		}
		w.write(now, &journal.GuestSilent{Class: journal.ClassGuest, Again: anew})
		w.entries[len(w.entries)-1].Since = w.seen
	}
	w.write(now, &journal.Observed{From: now, Until: now, Polls: 1})
}

// tell is a run of notify_customers, which reads the month and the one before.
func (w *walk) tell() {
	now := w.clock()
	y, m, _ := now.Date()
	from := time.Date(y, m-1, 1, 0, 0, 0, 0, time.UTC)
	entries := slices.DeleteFunc(slices.Clone(w.entries), func(e journal.Entry) bool {
		return e.At.After(now.Add(journal.ClockSlack)) || e.At.Before(from)
	})
	slices.SortStableFunc(entries, func(a, b journal.Entry) int { return a.At.Compare(b.At) })
	w.ledger, _ = w.ledger.Follow(state.Clock{At: now, Up: w.now.Sub(w.begin), Boot: "a"})
	w.ledger = w.ledger.Pruned(now)
	for _, n := range usual.Due(Facts{EstateOf(Tell(entries), w.all), w.orders, now}, w.who, w.ledger) {
		w.told(n)
	}
}

// told holds a notice against the truth of the last look.
func (w *walk) told(n Notice) {
	x := n.Servers[0]
	switch {
	case n.Kind == Resolved && w.saw:
		w.t.Fatalf("%s: resolved, and it is silent", w.now)
	case n.Kind == Opened && !w.saw:
		w.t.Fatalf("%s: opened, and it answers", w.now)
	case n.Kind == Opened:
		if w.opened++; w.opened > 1 {
			w.t.Fatalf("%s: opened twice", w.now)
		}
	}
	if x.Away() && w.saw && !w.silent.IsZero() {
		said, is := w.clock().Sub(x.Silent), w.now.Sub(w.silent)
		if (said - is).Abs() > 7*time.Minute { // the look after it, and the clocks
			w.t.Fatalf("%s: silent for %s, said for %s", w.now, is, said)
		}
	}
	r := Record{Notice: n, ID: n.MessageID("x"), Deliveries: []Delivery{{Channel: "mail", To: "a", Outcome: Sent}}}
	var ok bool
	if w.ledger, ok = w.ledger.With(r, 0); !ok {
		w.t.Fatalf("%s: %+v is not the next", w.now, n)
	}
}

// minutes pass, in which the clock is not touched.
func (w *walk) minutes(n int) {
	for range n {
		w.now = w.now.Add(time.Minute)
		w.look()
		w.tell()
	}
}

// TestJumps: whatever our clock is set to, for a minute or for good, a customer is
// told once of a silence, with its true age, and never of one that is none; and when
// the clock is left alone all is told.
func TestJumps(t *testing.T) {
	base := newLife(t, "")
	rapid.Check(t, func(t *rapid.T) {
		l := *base
		l.ledger, l.entries = Ledger{}, nil
		w := &walk{life: &l, t: t, now: l.begin}
		w.write(w.now, &journal.GuestListed{Answers: true})
		w.minutes(1)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			w.now = w.now.Add(time.Minute)
			switch rapid.IntRange(0, 5).Draw(t, "clock") {
			case 0:
				w.ahead = rapid.SampledFrom(jumps).Draw(t, "ahead")
			case 1:
				w.ahead = -rapid.SampledFrom(jumps).Draw(t, "behind")
			case 2:
				w.ahead = 0
			}
			if rapid.IntRange(0, 4).Draw(t, "changes") == 0 {
				if w.opened = 0; w.silent.IsZero() {
					w.silent = w.now
				} else {
					w.silent = time.Time{}
				}
			}
			first := rapid.IntRange(0, 2).Draw(t, "who is first")
			if first < 2 {
				w.look()
			}
			w.tell()
			if first == 2 {
				w.look()
			}
			w.minutes(rapid.SampledFrom([]int{0, 0, 1, 3, 12}).Draw(t, "minutes"))
		}
		w.minutes(65) // a silence that came back often has to be over for an hour
		if open := len(w.ledger.Open()) > 0; open == w.silent.IsZero() {
			t.Fatal(fmt.Sprintf("open %v, silent since %s: %+v", open, w.silent, w.ledger))
		}
	})
}
