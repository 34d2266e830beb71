package notice

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// retold is that everything about a guest was written anew, because the clock of the
// poller was set.
type retold struct {
	at   time.Time
	line int
}

// timely leaves out what was written of a guest by a clock that was ahead then and
// was set back since: its time comes, and it would be news once more.
func (s *Story) timely(entries []journal.Entry) []journal.Entry {
	anew := map[seat][]retold{}
	for _, e := range entries {
		answers, _ := e.Fact.(*journal.GuestAnswers)
		silent, _ := e.Fact.(*journal.GuestSilent)
		if answers != nil && answers.Again || silent != nil && silent.Again {
			mark, at := retold{e.At, e.Line}, seatOf(e)
			anew[at] = append(anew[at], mark)
			at.id = 0 // of looks
			if n := len(anew[at]); n == 0 || !anew[at][n-1].at.Equal(e.At) {
				anew[at] = append(anew[at], mark)
				s.retold = append(s.retold, look{cluster: s.now(e.Cluster), until: e.At})
			}
		}
	}
	if len(anew) == 0 {
		return entries // as nearly always
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e journal.Entry) bool {
		return slices.ContainsFunc(anew[seatOf(e)], func(r retold) bool {
			return e.Line < r.line && e.At.After(r.at)
		})
	})
}

// seat is a guest as one poller writes of it.
type seat struct {
	cluster, source string
	id              int
}

func seatOf(e journal.Entry) seat {
	s := seat{cluster: e.Cluster}
	if e.Guest != nil {
		s.id = e.Guest.ID
	}
	if len(e.Sources) > 0 {
		s.source = e.Sources[0]
	}
	return s
}
