package ha

import (
	"maps"
	"slices"
)

// manager is one run of the decisions, under assumptions about what was not
// measured or is not known.
type manager struct {
	c      Cluster
	online []string // sorted by name, as the manager breaks ties
	rules  map[string][]Rule
	at     map[string]Service // where those with rules are, as decisions change it
	index  map[string]*usage  // by node
	// all says that guests outside HA count.
	all bool
	// blind says that scores cannot be known.
	blind bool
	// open are services whose place is not foreseen, by the nodes it may be.
	open map[string][]string
}

// usage of one node as the schedulers see it.
type usage struct {
	services     int
	cpu, mem     float64
	cpus, memory float64
}

// assumption is what one run takes for granted.
type assumption struct{ all, loose bool }

func (c Cluster) manager(a assumption, dead []string) *manager {
	m := &manager{c: c, rules: map[string][]Rule{}, at: map[string]Service{}, index: map[string]*usage{}, all: a.all, open: map[string][]string{}}
	rules, _ := c.rules(a.loose)
	for _, r := range rules {
		for _, sid := range unique(r.Services) {
			m.rules[sid] = append(m.rules[sid], r)
		}
	}
	known := true
	for _, n := range c.Nodes {
		if n.State != "online" || slices.Contains(dead, n.Name) {
			continue
		}
		m.online = append(m.online, n.Name)
		m.index[n.Name] = &usage{cpus: n.CPUs, memory: n.Memory}
		known = known && n.CPUs > 0 && n.Memory > 0
	}
	slices.Sort(m.online)
	if c.Scheduler == Static && !known {
		m.c.Scheduler = Basic // the manager falls back when it lacks a node's figures
	}
	m.blind = c.Scheduler == Dynamic
	for i := range c.Services {
		s := &c.Services[i]
		if len(m.rules) > 0 && len(m.rules[s.SID]) > 0 { // nobody else is looked for
			m.at[s.SID] = *s
		}
		if s.holds() {
			m.count(s.Node, s, 1)
			if s.moving() {
				m.count(s.Target, s, 1)
			}
		}
	}
	if m.all {
		for _, l := range c.Outside {
			m.count(l.Node, &Service{CPUs: l.CPUs, Memory: l.Memory}, 1)
		}
	}
	return m
}

// count adds a service to what a node carries, or takes it off with -1.
func (m *manager) count(node string, s *Service, by int) {
	u := m.index[node]
	if u == nil {
		return
	}
	cpus := s.CPUs
	if cpus == 0 {
		cpus = u.cpus
	}
	u.services += by
	u.mem += float64(by) * s.Memory
	u.cpu += float64(by) * cpus
}

// choice is what the rules leave for a service.
type choice struct {
	nodes []string
	// contested says that another service whose place is not foreseen may take
	// the last of them, tied that several hold as many of its positive peers.
	contested, tied bool
}

// candidates are the nodes that rules leave for a service.
func (m *manager) candidates(s Service, tried []string) choice {
	if len(m.rules[s.SID]) == 0 && len(tried) == 0 {
		return choice{nodes: slices.Clip(m.online)}
	}
	nodes := m.class(s.SID, tried)
	apart := map[string]bool{}
	perhaps := map[string]bool{}
	together := map[string]int{}
	for _, r := range m.rules[s.SID] {
		if r.Kind == NodeAffinity {
			continue
		}
		for _, peer := range r.Services {
			p, known := m.at[peer]
			if peer == s.SID || !known {
				continue
			}
			if r.Kind == Apart && len(m.open[peer]) > 0 {
				perhaps[peer] = true
				continue
			}
			if !p.holds() {
				continue
			}
			on := []string{p.Node}
			if p.moving() {
				on = append(on, p.Target)
			}
			for _, n := range on {
				if r.Kind == Apart {
					apart[n] = true
				} else {
					together[n]++
				}
			}
		}
	}
	nodes = slices.DeleteFunc(nodes, func(n string) bool { return apart[n] })
	out := choice{contested: len(nodes) <= len(perhaps) && len(nodes) > 0}
	most := 0
	for _, n := range nodes {
		most = max(most, together[n])
	}
	if most > 0 {
		nodes = slices.DeleteFunc(nodes, func(n string) bool { return together[n] < most })
		out.tied = len(nodes) > 1
	}
	out.nodes = nodes
	return out
}

// class are the online nodes of the highest priority of a service's node
// affinity. Lower ones are no fallback for what rules out a node later.
func (m *manager) class(sid string, tried []string) []string {
	usable := slices.DeleteFunc(slices.Clone(m.online), func(n string) bool { return slices.Contains(tried, n) })
	i := slices.IndexFunc(m.rules[sid], func(r Rule) bool { return r.Kind == NodeAffinity })
	if i < 0 {
		return usable
	}
	r := m.rules[sid][i]
	priority := maps.Clone(r.Nodes)
	if !r.Strict {
		for _, n := range usable {
			if _, named := priority[n]; !named {
				priority[n] = -1
			}
		}
	}
	var best []string
	top := 0
	for _, n := range usable {
		p, allowed := priority[n]
		if !allowed || len(best) > 0 && p < top {
			continue
		}
		if len(best) == 0 || p > top {
			best, top = nil, p
		}
		best = append(best, n)
	}
	return best
}

// choose is the node that the manager takes among candidates; empty when that
// is not foreseen.
func (m *manager) choose(s Service, from choice) string {
	nodes := from.nodes
	switch {
	case len(nodes) == 1:
		return nodes[0]
	case s.Home != "" && slices.Contains(nodes, s.Home):
		return s.Home
	case m.blind || from.tied || len(m.open) > 0:
		return ""
	case m.c.Scheduler == Static:
		return m.leastLoaded(s, nodes)
	}
	best := nodes[0]
	for _, n := range nodes[1:] { // in string order: the first of a tie stays
		if m.index[n].services < m.index[best].services {
			best = n
		}
	}
	return best
}

// started writes down on which node a service runs now.
func (m *manager) started(s Service, node string) {
	s.Node, s.Target = node, ""
	s.State = "started"
	if len(m.rules[s.SID]) > 0 {
		m.at[s.SID] = s
	}
	m.count(node, &s, 1)
}
