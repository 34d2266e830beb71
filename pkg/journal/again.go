package journal

import "time"

// Again says that an entry tells anew how a guest or a node is, as a rule because the
// clock of its poller was set.
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
	}
	return false
}

// Anew are the entries that tell something anew, by who wrote them.
type Anew map[seat][]retold

// retold is when a poller told a guest anew, and in which line.
type retold struct {
	at   time.Time
	line int
}

// seat is a guest as one poller writes of it; number 0 are its looks.
type seat struct {
	cluster, source string
	id              int
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

// AnewOf are those among entries.
func AnewOf(entries []Entry) Anew {
	a := Anew{}
	for _, e := range entries {
		a.Note(e)
	}
	return a
}

// Note keeps an entry that tells something anew. Its clock was set for everything
// that the poller says of this cluster.
func (a Anew) Note(e Entry) {
	if !e.Again() {
		return
	}
	mark, at := retold{e.At, e.Line}, seatOf(e)
	a[at] = append(a[at], mark)
	at.id = 0
	if n := len(a[at]); n == 0 || !a[at][n-1].at.Equal(e.At) {
		a[at] = append(a[at], mark)
	}
}

// Stale says that an entry was written by a clock that was ahead then and was set
// back since: its time comes, and it would be news once more.
func (a Anew) Stale(e Entry) bool {
	_, stale := a.Set(e)
	return stale
}

// Set is when the clock that wrote a stale entry was found to be set back, by the clock
// as it was then: before that it happened.
func (a Anew) Set(e Entry) (at time.Time, stale bool) {
	if len(a) == 0 {
		return time.Time{}, false
	}
	for _, r := range a[seatOf(e)] {
		if e.Line < r.line && e.At.After(r.at) {
			return r.at, true
		}
	}
	return time.Time{}, false
}
