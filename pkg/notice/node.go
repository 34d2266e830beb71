package notice

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// node is what happened to one node.
type node struct {
	marks   []mark
	offline []spell
	guests  map[*guest]bool // those that are on it
}

// mark is a step of the work on a node.
type mark struct {
	at time.Time
	// begins and ends say what the step proves.
	begins, ends bool
	// early says that it proves the beginning also shortly before the time that
	// was announced.
	early bool
	// works says that it proves that something was done: a question does not.
	works bool
}

func (s *Story) node(cluster, name string) *node {
	at := host{cluster, name}
	n := s.nodes[at]
	if n == nil {
		n = &node{guests: map[*guest]bool{}}
		s.nodes[at] = n
	}
	return n
}

// house notes the node that a guest is on now.
func (s *Story) house(g *guest, name string) {
	if g.home == name {
		return
	}
	if g.home != "" {
		delete(s.node(g.cluster, g.home).guests, g)
	}
	g.home = name
	if name != "" {
		s.node(g.cluster, name).guests[g] = true
	}
}

// empty says whether no guest that is known and not stopped is on the node.
func (n *node) empty() bool {
	for g := range n.guests {
		if s := g.open(); !g.gone && (s == nil || !s.idle) {
			return false
		}
	}
	return true
}

// leaves notes that a node is off. Another poller may have seen it, and one whose clock
// was set tells since when by its clock as it is now.
func (n *node) leaves(e journal.Entry, fact *journal.NodeOffline) {
	from := e.At
	if fact.Again && !e.Since.IsZero() {
		from = e.Since
	}
	last := len(n.offline) - 1
	goes := last >= 0 && n.offline[last].open()
	switch {
	case !goes:
		s := spell{from: from, sources: e.Sources}
		if !fact.Again {
			s.on = e.Since
		}
		n.offline = append(n.offline, s)
	case fact.Again && n.offline[last].of(e):
		n.offline[last].from = from
	}
	if !fact.Again || !goes {
		i, _ := slices.BinarySearchFunc(n.marks, from, func(m mark, t time.Time) int { return m.at.Compare(t) })
		n.marks = slices.Insert(n.marks, i, mark{at: from, begins: true, works: true})
	}
}

func (n *node) returns(at time.Time) {
	if last := len(n.offline) - 1; last >= 0 && n.offline[last].open() {
		n.offline[last].until = at
	}
}

// of says whether who began to tell of it is who tells now.
func (s spell) of(e journal.Entry) bool {
	if len(s.sources) == 0 || len(e.Sources) == 0 {
		return len(s.sources) == len(e.Sources) // they were not read
	}
	return s.sources[0] == e.Sources[0]
}
