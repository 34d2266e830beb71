package notice

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// Story is what entries of the journal tell of guests and nodes.
type Story struct {
	guests map[place]*guest
	nodes  map[host]*node
	looked []look
	heirs  map[string]string
	// retold are the times at which all of a cluster was written anew.
	retold []look
}

// place is a guest of one cluster.
type place struct {
	cluster string
	id      int
}

// host is a node of one cluster: clusters call theirs alike.
type host struct{ cluster, name string }

// guest is what happened to one guest.
type guest struct {
	place
	last    journal.Guest
	home    string // the node it was last seen on
	gone    bool
	silence []spell
	moves   []move
	gaps    []journal.Gap
	// answered is when an entry said last that it answers.
	answered time.Time
	// doubt says that it was silent last and nobody could tell whose fault that is:
	// no outage, and no proof that it answers. Cleared is when that was over.
	doubt   bool
	cleared time.Time
}

// spell is a time in which a guest did not answer. It is over when an entry says
// that it answers.
type spell struct {
	from, until time.Time // until is zero while it lasts
	// on is when a node was last seen online before it, zero when nobody tells.
	on    time.Time
	class string
	node  string
	// sources are the journals that tell of it: a poller that does not call the
	// guest silent proves nothing by looking on.
	sources []string
	// idle says that a user stopped the guest: it is not expected to answer.
	idle bool
	// gone says that it ended because the guest is no more.
	gone bool
}

func (s spell) open() bool { return s.until.IsZero() }

type move struct {
	from           string
	started, ended time.Time // started is zero when no task tells
	live           *bool
}

// Kinds says whether [Tell] has a use for entries of a kind.
func Kinds(k journal.Kind) bool {
	switch k {
	case journal.KindGuestListed, journal.KindGuestMoved, journal.KindGuestSilent, journal.KindGuestAnswers, journal.KindGuestStopped,
		journal.KindGap, journal.KindNodeOffline, journal.KindNodeOnline, journal.KindHAMaintenance, journal.KindAsked, journal.KindObserved:
		return true
	}
	return false
}

// Tell makes a story of entries, which are sorted by time.
func Tell(entries []journal.Entry) *Story {
	s := &Story{guests: map[place]*guest{}, nodes: map[host]*node{}, heirs: heirs(entries)}
	anew := journal.AnewOf(entries)
	for _, e := range entries {
		if anew.Stale(e) {
			continue
		}
		e.Cluster = s.now(e.Cluster)
		if e.Again() && e.Guest != nil {
			s.retold = append(s.retold, look{cluster: e.Cluster, until: e.At})
		}
		switch fact := e.Fact.(type) {
		case *journal.Observed:
			if e.By == "check_guests" {
				s.looks(e, fact.Until)
			}
		case *journal.NodeOffline:
			s.node(e.Cluster, e.Node).leaves(e, fact)
		case *journal.NodeOnline:
			s.node(e.Cluster, e.Node).returns(e.At)
		case *journal.HAMaintenance:
			n := s.node(e.Cluster, e.Node)
			n.marks = append(n.marks, mark{at: e.At, begins: fact.On, early: true, works: fact.On})
		case *journal.Asked:
			yes := fact.Answer == journal.AnswerYes || fact.Answer == journal.AnswerYesBut
			// That the node is empty, or may be switched off, is proof of work. That somebody asks is none.
			works := yes && (fact.Gate == "check_drained" || fact.Gate == "check_serviceable")
			for _, name := range fact.Nodes {
				n := s.node(e.Cluster, name)
				n.marks = append(n.marks, mark{at: e.At, begins: works || fact.Gate == "check_drained", works: works, ends: fact.Gate == "check_reintegrated" && yes})
			}
		default:
			s.guest(e)
		}
	}
	return s
}

func (s *Story) guest(e journal.Entry) {
	if e.Guest == nil {
		return
	}
	at := place{e.Cluster, e.Guest.ID}
	g := s.guests[at]
	if g == nil {
		g = &guest{place: at}
		s.guests[at] = g
	}
	g.last = *e.Guest
	if _, measured := e.Fact.(*journal.Gap); e.Node != "" && !measured { // that began before a move, perhaps
		s.house(g, e.Node)
	}
	switch fact := e.Fact.(type) {
	case *journal.GuestListed:
		if g.gone = fact.Gone; fact.Gone && g.open() != nil {
			g.open().gone = true
			g.end(e.At)
		}
	case *journal.GuestMoved:
		s.house(g, fact.To)
		g.moves = append(g.moves, move{fact.From, fact.Started, e.At, fact.Live})
		n := s.node(e.Cluster, fact.From)
		// One guest that leaves is the beginning. When none is left, that is work.
		n.marks = append(n.marks, mark{at: e.At, begins: true, works: n.empty()})
	case *journal.GuestSilent:
		g.clear(e.At)
		switch fact.Class {
		case journal.ClassPath:
			g.end(e.At) // it answers somebody else: the silence is ours
		case journal.ClassGuest, journal.ClassNode, journal.ClassMigration, journal.ClassStart:
			from := e.At
			if fact.Again && !e.Since.IsZero() {
				from = e.Since // by the poller's clock as it is now
				if last := g.open(); last != nil && last.class != "" && last.of(e) {
					last.from = from
				}
			}
			g.hush(spell{from: from, class: fact.Class, node: e.Node, sources: e.Sources})
		default: // not confirmed, or of a newer version: nobody is told of it
			g.doubt = true
		}
	case *journal.GuestStopped:
		g.clear(e.At)
		if fact.User == "" {
			g.hush(spell{from: e.At, class: journal.ClassGuest, node: e.Node, sources: e.Sources})
		} else {
			g.rest(e.At)
		}
	case *journal.GuestAnswers:
		g.end(e.At)
		g.clear(e.At)
		g.answered = e.At
	case *journal.Gap:
		g.gaps = append(g.gaps, *fact)
	}
}

// last spell, if there is one that lasts.
func (g *guest) open() *spell {
	if n := len(g.silence); n > 0 && g.silence[n-1].open() {
		return &g.silence[n-1]
	}
	return nil
}

func (g *guest) end(at time.Time) {
	if s := g.open(); s != nil {
		s.until = at
	}
}

// clear ends a doubt.
func (g *guest) clear(at time.Time) {
	if g.doubt {
		g.doubt, g.cleared = false, at
	}
}

// hush begins a spell. One that lasts goes on: another poller sees it too. A guest
// that was stopped by a user runs again and is silent.
func (g *guest) hush(s spell) {
	switch last := g.open(); {
	case last == nil:
		g.silence = append(g.silence, s)
	case last.idle && last.class == "":
		last.until = s.from
		g.silence = append(g.silence, s)
	default:
		last.idle = false
		last.sources = append(slices.Clip(last.sources), s.sources...)
	}
}

// rest: a user stopped the guest. It may have been silent before.
func (g *guest) rest(at time.Time) {
	if last := g.open(); last != nil {
		last.idle = true
		return
	}
	g.silence = append(g.silence, spell{from: at, idle: true})
}

// sorted are the guests by number.
func (s *Story) sorted() []*guest {
	out := make([]*guest, 0, len(s.guests))
	for _, g := range s.guests {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *guest) int { return cmp.Or(cmp.Compare(a.id, b.id), strings.Compare(a.cluster, b.cluster)) })
	return out
}

// Clusters that have a node of this name with guests on it: clusters may call
// theirs alike.
func (s *Story) Clusters(name string) []string {
	var out []string
	for _, g := range s.guests {
		if !g.gone && g.home == name && !slices.Contains(out, g.cluster) {
			out = append(out, g.cluster)
		}
	}
	slices.Sort(out)
	return out
}

// Nodes that guests are known to be on.
func (s *Story) Nodes() []string {
	var out []string
	for _, g := range s.guests {
		if !g.gone && g.home != "" && !slices.Contains(out, g.home) {
			out = append(out, g.home)
		}
	}
	slices.Sort(out)
	return out
}

func (g *guest) server() Server {
	return Server{Cluster: g.cluster, ID: g.id, Name: customer.Called(g.last.Name, g.last.Type, g.id), Gone: g.gone}
}
