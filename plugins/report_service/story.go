package main

import (
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// story is what the entries of a period tell, whoever reads it. Every part of it
// names the entries that it comes from. It is pure.
type story struct {
	period journal.Period
	guests map[place]*guest
	works  []*work
	// looks are by plugin.
	looks map[string][]look
	fans  []fault
	told  []journal.Entry
	// few and halted are times in which data had few copies, or none could be
	// reached, by Ceph cluster.
	few, halted []trouble
	// stopped are OSDs that stopped running.
	stopped []journal.Entry
	// entries are all but looks, of which there are most.
	entries []journal.Entry
	anew    journal.Anew
	// lost is when what happened was written by a clock that was wrong, of what nobody
	// told anew since.
	lost []time.Time
}

// place is a guest or a node of one cluster.
type place struct{ cluster, name string }

// guest is what happened to one guest.
type guest struct {
	place
	// called is how it was called, and whose it was: its number may have been
	// another's.
	called   []identity
	answered time.Time // since when it is known to have answered
	moves    []move
	gaps     []gap
	silences []trouble
	unsure   []trouble // times of which nobody can tell whether it answered
	idle     []trouble // times in which a user had stopped it
	stops    []stop
}

// identity is what a guest was since a time, or that it was gone.
type identity struct {
	at time.Time
	*journal.Guest
	gone bool
}

// move of a guest from one node to another. Whatever belongs to an entry is not
// copied: there may be many.
type move struct {
	*journal.GuestMoved
	guest *journal.Guest
	ended time.Time
	ref   string
}

func moveOf(e journal.Entry) move {
	fact := e.Fact.(*journal.GuestMoved)
	m := move{fact, e.Guest, fact.Ended, e.ID}
	if m.ended.IsZero() {
		m.ended = e.At
	}
	if m.guest == nil {
		m.guest = &journal.Guest{}
	}
	return m
}

// gap is a measurement.
type gap struct {
	*journal.Gap
	at    time.Time // when it began
	guest *journal.Guest
	ref   string
}

// stop of a guest.
type stop struct {
	at    time.Time
	guest *journal.Guest
	ref   string
}

// trouble is a time in which something did not work. It began after since, if
// that is known, and not later than from; it was over after ending, and not later
// than until. until is zero when the end is not known.
type trouble struct {
	place
	guest         *journal.Guest
	since, from   time.Time
	ending, until time.Time
	least, of     int
	refs          []string
	source        string // whose word it is that it began
}

// open says that the end is not known.
func (t trouble) open() bool { return t.until.IsZero() }

// atLeast and atMost bound its length; open ones have no bound.
func (t trouble) atLeast() time.Duration {
	if t.open() || t.ending.IsZero() {
		return 0
	}
	return max(t.ending.Sub(t.from), 0)
}

func (t trouble) atMost() time.Duration { return t.until.Sub(t.begin()) }

// begin is the earliest moment at which it can have begun.
func (t trouble) begin() time.Time {
	if t.since.IsZero() {
		return t.from
	}
	return t.since
}

// within says whether any of it may lie in a time.
func (t trouble) within(p journal.Period) bool {
	return t.begin().Before(p.Until) && (t.open() || !t.until.Before(p.From))
}

// fault is a fan that failed.
type fault struct {
	node     string
	fans     []string
	at, seen time.Time
	lead     time.Duration
	ref      string
}

func faultOf(e journal.Entry, fans []string) fault {
	return fault{e.Node, fans, e.At, e.Seen, leadOf(e), e.ID}
}

// leadOf is within what time a fault was seen. What only polls saw may have
// begun right after the poll before.
func leadOf(e journal.Entry) time.Duration {
	begun := e.At
	if !e.Since.IsZero() {
		begun = earlier(e.Since, e.At)
	}
	return max(e.Seen.Sub(begun), 0)
}

// look is a time in which a plugin looked.
type look struct {
	*journal.Observed
	cluster, node, ref string
	seen               time.Time
	sources            []string
	line               int
}

// entry is enough of it to be stale.
func (l look) entry() journal.Entry {
	return journal.Entry{At: l.Until, Cluster: l.cluster, Sources: l.sources, Line: l.line, Fact: l.Observed}
}

// newStory begins a story: it takes entries, and then it is told.
func newStory(period journal.Period) *story {
	return &story{period: period, guests: map[place]*guest{}, looks: map[string][]look{}}
}

// take keeps an entry. Of looks there are most: no more is kept of them than is
// needed.
func (s *story) take(e journal.Entry) {
	if fact, is := e.Fact.(*journal.Observed); is {
		s.looks[e.By] = append(room(s.looks[e.By]), look{fact, e.Cluster, e.Node, e.ID, e.Seen, e.Sources, e.Line})
		return
	}
	s.anew.Note(e)
	s.entries = append(room(s.entries), e)
}

// room doubles it when there is none: by itself a long list grows in small steps,
// and leaves five times its length behind.
func room[T any](list []T) []T {
	if len(list) == cap(list) {
		return slices.Grow(list, len(list)+1)
	}
	return list
}

// tell makes the story of what was taken.
func (s *story) tell() {
	s.timely()
	slices.SortStableFunc(s.entries, func(a, b journal.Entry) int { return a.At.Compare(b.At) })
	off := folding{}
	few, halted, heard := folding{}, folding{}, answers{folding{}, folding{}, folding{}}
	for _, e := range s.entries {
		s.guest(e)
		heard.take(e)
		switch fact := e.Fact.(type) {
		case *journal.NodeOffline:
			off.begin(place{e.Cluster, e.Node}, e)
		case *journal.NodeOnline:
			off.end(place{e.Cluster, e.Node}, e)
		case *journal.CopiesFew:
			few.fewer(place{cluster: e.Cluster}, e, fact)
		case *journal.CopiesWhole:
			few.end(place{cluster: e.Cluster}, e)
		case *journal.PGInactive:
			halted.begin(place{cluster: e.Cluster}, e)
		case *journal.PGActive:
			halted.end(place{cluster: e.Cluster}, e)
		case *journal.FanDropped:
			s.fans = append(s.fans, faultOf(e, fact.Fans))
		case *journal.FanFailed:
			s.fans = append(s.fans, faultOf(e, []string{fact.Fan}))
		case *journal.OSDDown:
			s.stopped = append(s.stopped, e)
		case *journal.Told:
			s.told = append(s.told, e)
		}
	}
	s.few, s.halted = few.all(), halted.all()
	heard.tell(s)
	for by, list := range s.looks {
		list = slices.DeleteFunc(list, func(l look) bool { return s.anew.Stale(l.entry()) })
		s.looks[by] = list
		slices.SortFunc(list, func(a, b look) int { return a.From.Compare(b.From) })
	}
	s.works = worksOf(s.entries, off.all())
}

func placeOf(e journal.Entry) place {
	if e.Guest == nil {
		return place{e.Cluster, ""}
	}
	return place{e.Cluster, strconv.Itoa(e.Guest.ID)}
}

// guest takes what an entry tells of one.
func (s *story) guest(e journal.Entry) {
	if e.Guest == nil {
		return
	}
	at := placeOf(e)
	g := s.guests[at]
	if g == nil {
		g = &guest{place: at}
		s.guests[at] = g
	}
	g.is(e)
	switch fact := e.Fact.(type) {
	case *journal.GuestListed:
		if fact.Answers {
			g.answers(e.At)
		}
	case *journal.GuestAnswers, *journal.GuestSilent:
		g.answers(e.At) // or had before
	case *journal.GuestMoved:
		g.moves = append(g.moves, moveOf(e))
	case *journal.GuestStopped:
		g.answers(e.At) // it had before
		g.stops = append(g.stops, stop{e.At, e.Guest, e.ID})
	case *journal.Gap:
		g.answers(e.At)
		g.gaps = append(g.gaps, gap{fact, e.At, e.Guest, e.ID})
	}
}
