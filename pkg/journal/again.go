package journal

import "time"

// Again says that an entry tells anew how a guest, a node or the data is, as a rule
// because the clock of its poller was set.
func (e Entry) Again() bool {
	switch fact := e.Fact.(type) {
	case *GuestAnswers:
		return fact.Again
	case *GuestSilent:
		return fact.Again
	case *NodeOffline:
		return fact.Again
	case *NodeOnline:
		return fact.Again
	case *PGInactive:
		return fact.Again
	case *CopiesFew:
		return fact.Again
	}
	return false
}

// ends are the kinds that end what another began.
var ends = map[Kind]Kind{KindNodeOffline: KindNodeOnline, KindPGInactive: KindPGActive, KindCopiesFew: KindCopiesWhole, KindGuestSilent: KindGuestAnswers}

// Ends is the kind that ends what a kind began, empty when none does.
func (k Kind) Ends() Kind { return ends[k] }

// Anew are the entries that tell by which clock others were written, by who wrote them:
// those that tell something anew, and the ends of what began.
type Anew struct {
	again map[seat][]retold
	over  map[ended][]retold
}

// retold is when a poller told something anew, or that it was over, and in which line.
type retold struct {
	at   time.Time
	line int
}

// before says whether an entry that was written before would have happened later.
func (r retold) before(e Entry) bool { return e.Line < r.line && e.At.After(r.at) }

// seat is a guest as one poller writes of it; number 0 are its looks.
type seat struct {
	cluster, source string
	id              int
}

// ended is that something was over, of a guest, of a node or of a cluster.
type ended struct {
	seat
	node string
	kind Kind
}

func seatOf(e Entry) seat {
	s := seat{cluster: e.Cluster}
	if e.Guest != nil {
		s.id = e.Guest.ID
	}
	if len(e.Sources) > 0 {
		s.source = e.Sources[0]
	}
	return s
}

func endedOf(e Entry, k Kind) ended {
	if e.Guest != nil {
		return ended{seatOf(e), "", k} // wherever it is
	}
	return ended{seatOf(e), e.Node, k}
}

// AnewOf are those among entries.
func AnewOf(entries []Entry) Anew {
	var a Anew
	for _, e := range entries {
		a.Note(e)
	}
	return a
}

// Note keeps an entry that tells something anew. Its clock was set for everything
// that the poller says of this cluster.
func (a *Anew) Note(e Entry) {
	mark := retold{e.At, e.Line}
	switch k := e.Kind(); k {
	case KindNodeOnline, KindPGActive, KindCopiesWhole, KindGuestAnswers:
		if a.over == nil {
			a.over = map[ended][]retold{}
		}
		at := endedOf(e, k)
		a.over[at] = append(a.over[at], mark)
	}
	if !e.Again() {
		return
	}
	if a.again == nil {
		a.again = map[seat][]retold{}
	}
	at := seatOf(e)
	a.again[at] = append(a.again[at], mark)
	at.id = 0
	if n := len(a.again[at]); n == 0 || !a.again[at][n-1].at.Equal(e.At) {
		a.again[at] = append(a.again[at], mark)
	}
}

// Stale says that an entry was written by a clock that was ahead then and was set
// back since: its time comes, and it would be news once more.
func (a Anew) Stale(e Entry) bool {
	_, stale := a.Set(e)
	return stale
}

// Set is when the clock that wrote a stale entry was found to be set back, by the clock
// as it was then: before that it happened. What began later than its poller writes that
// it was over is as stale, whoever noticed that the clock was set.
func (a Anew) Set(e Entry) (at time.Time, stale bool) {
	if len(a.again) > 0 {
		for _, r := range a.again[seatOf(e)] {
			if r.before(e) {
				return r.at, true
			}
		}
	}
	if end := e.Kind().Ends(); end != "" {
		for _, r := range a.over[endedOf(e, end)] {
			if r.before(e) {
				return r.at, true
			}
		}
	}
	return time.Time{}, false
}
