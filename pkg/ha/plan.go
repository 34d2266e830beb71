package ha

import (
	"slices"
	"strings"
)

// Recover foretells what the manager does when all the named nodes die at once
// and the others keep their quorum. Services of nodes that had died before and
// are still being recovered compete with them.
//
// What was not measured, and what depends on a version that is not known, is
// assumed both ways: a placement counts as foreseen when it is the same in all.
func (c Cluster) Recover(dead ...string) Plan {
	var plans []Plan
	_, ignored := c.rules(false)
	for _, a := range c.assumptions() {
		plans = append(plans, c.manager(a, dead).recover(dead))
	}
	p := plans[0]
	for _, other := range plans[1:] {
		p = p.agree(other)
	}
	p.Ignored = ignored
	return p
}

// assumptions are the runs that differ in what is not known.
func (c Cluster) assumptions() []assumption {
	out := []assumption{{all: c.Counting == CountsAll}}
	add := func(change func(*assumption)) {
		for _, a := range slices.Clone(out) {
			change(&a)
			out = append(out, a)
		}
	}
	if c.Counting == CountingUnknown && len(c.Outside) > 0 {
		add(func(a *assumption) { a.all = true })
	}
	_, strict := c.rules(false)
	if _, loose := c.rules(true); len(loose) != len(strict) {
		add(func(a *assumption) { a.loose = true })
	}
	return out
}

// agree keeps what two plans have in common.
func (p Plan) agree(other Plan) Plan {
	for i, a := range p.Moves {
		b := other.Moves[i] // the order does not depend on assumptions
		if a.Fate == b.Fate && a.Node == b.Node && slices.Equal(a.Tried, b.Tried) {
			continue
		}
		nodes := unique(slices.Concat(a.Candidates, b.Candidates))
		p.Moves[i] = Move{
			SID: a.SID, From: a.From, Fate: Unforeseen, Candidates: nodes, Starts: a.Starts,
			Contested: a.Contested || b.Contested || len(a.Candidates) == 0 || len(b.Candidates) == 0,
		}
	}
	return p
}

// recover goes through the services in the manager's order, which is that of
// their names as strings.
func (m *manager) recover(dead []string) Plan {
	var p Plan
	var hit []*Service
	for i := range m.c.Services {
		if s := &m.c.Services[i]; slices.Contains(dead, s.Node) || s.State == "recovery" || s.State == "fence" {
			hit = append(hit, s)
		}
	}
	p.Moves = make([]Move, 0, len(hit))
	slices.SortStableFunc(hit, func(a, b *Service) int { return strings.Compare(a.SID, b.SID) })
	var failing []int
	for i, s := range hit {
		v := Move{SID: s.SID, From: s.Node, Starts: s.runs() && s.stays() == ""}
		if why := s.stays(); why != "" {
			v.Fate, v.Why = Left, why
		} else {
			m.place(*s, &v)
		}
		if v.Node != "" && v.Starts && m.c.Starts != nil && !m.c.Starts(v.SID, v.Node) {
			failing = append(failing, i)
		}
		p.Moves = append(p.Moves, v)
	}
	// Guests are found not to start only after all have been placed.
	for _, i := range failing {
		m.retry(*hit[i], &p.Moves[i])
	}
	return p
}

// place decides about one service, and remembers it for those after it.
func (m *manager) place(s Service, v *Move) {
	from := m.candidates(s, nil)
	v.Candidates, v.Contested = from.nodes, from.contested
	if len(v.Candidates) == 0 {
		v.Fate, v.Why = Waiting, m.why(s)
		// it holds no node as long as it waits on one that is not online
		return
	}
	node := m.choose(s, from)
	if node == "" {
		v.Fate = Unforeseen
		m.open[s.SID] = v.Candidates
		return
	}
	v.Node, v.Fate = node, Restarted
	if !v.Starts {
		v.Fate = Moved
	}
	m.started(s, node)
}

// why a service has no candidate, in words.
func (m *manager) why(s Service) string {
	switch {
	case len(m.online) == 0:
		return "no node is online for HA"
	case len(m.class(s.SID, nil)) == 0:
		for _, r := range m.rules[s.SID] {
			if r.Kind == NodeAffinity {
				return "no node that " + r.ID + " allows is online"
			}
		}
	}
	for _, r := range m.rules[s.SID] {
		if r.Kind == Apart {
			return "every node that is left holds a service it is kept apart from by " + r.ID
		}
	}
	return "no node qualifies"
}

// retry sends a service that does not start to the best node that was not tried
// yet, as often as it may be relocated; after that HA gives up on it.
func (m *manager) retry(s Service, v *Move) {
	for range s.Relocations {
		m.count(v.Node, &s, -1)
		from := m.candidates(s, append(slices.Clone(v.Tried), v.Node))
		v.Contested = v.Contested || from.contested
		if len(from.nodes) == 0 {
			m.count(v.Node, &s, 1) // it is retried where it is
			break
		}
		next := m.choose(s, from)
		if next == "" {
			v.Fate, v.Tried, v.Node, v.Candidates = Unforeseen, append(v.Tried, v.Node), "", from.nodes
			m.open[s.SID] = from.nodes
			return
		}
		v.Tried, v.Node = append(v.Tried, v.Node), next
		m.started(s, next)
		if m.c.Starts(v.SID, next) {
			return
		}
	}
	v.Tried = append(v.Tried, v.Node)
	v.Node, v.Fate, v.Why = "", Failed, "it can start on none of "+strings.Join(v.Tried, " and ")
}
