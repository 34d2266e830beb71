package pve

import (
	"maps"
	"slices"
)

// Truth is what is really so, whatever the API says.
type Truth struct {
	// On lists the guests that run on a node, or went off with it; Coming
	// those that are on their way to it.
	On, Coming map[string][]int
	// Away are nodes that the majority does not see, Quorate whether there is
	// one with quorum.
	Away    []string
	Quorate bool
	// Without are nodes that the majority sees and that have no quorum
	// themselves: the quorum device votes for others and not for them.
	Without []string
	// Maintained are the nodes in maintenance, by the master's word or request.
	Maintained []string
	// Failed are the services that HA could not start or has to recover.
	Failed []int
}

// Truth looks behind the API.
func (s *Sim) Truth() Truth {
	t := Truth{On: map[string][]int{}, Coming: map[string][]int{}}
	w := s.World
	w.look(func() {
		for _, id := range slices.Sorted(maps.Keys(w.guests)) {
			g := w.guests[id]
			if g.status != "stopped" {
				t.On[g.Node] = append(t.On[g.Node], id)
			} else if g.lost == g.Node {
				t.On[g.lost] = append(t.On[g.lost], id)
			}
		}
		for _, m := range w.moves {
			t.Coming[m.target] = append(t.Coming[m.target], m.guest)
		}
		seen := map[string]bool{}
		for _, n := range w.nodes {
			if !w.live(n) {
				continue
			}
			t.Quorate = true
			for _, m := range w.nodes {
				seen[m.Name] = seen[m.Name] || n.sees(m)
			}
		}
		for _, n := range w.nodes {
			switch {
			case !seen[n.Name]:
				t.Away = append(t.Away, n.Name)
			case !w.live(n):
				t.Without = append(t.Without, n.Name)
			}
			if w.ha.request[n.Name] || w.ha.nodes[n.Name] == "maintenance" {
				t.Maintained = append(t.Maintained, n.Name)
			}
		}
		for id, s := range w.ha.services {
			if slices.Contains([]string{"error", "fence", "recovery"}, s.state) {
				t.Failed = append(t.Failed, id)
			}
		}
	})
	return t
}

// Walk lists things that may happen next in a cluster, for tests that let them
// happen in any order.
func (s *Sim) Walk() []string {
	out := []string{"advance?by=1s", "advance?by=7s", "advance?by=20s", "advance?by=90s", "advance?by=6m", "disarm?mode=freeze", "arm"}
	for _, n := range s.Nodes() {
		for _, verb := range []string{"poweroff", "crash", "poweron", "maintenance", "pvestatd"} {
			out = append(out, verb+"?node="+n)
		}
		if s.World.device != nil {
			out = append(out, "qdevice?gone=1&node="+n, "qdevice?on=0&node="+n, "qdevice?node="+n)
		}
		out = append(out, "maintenance?on=0&node="+n, "pvestatd?on=0&node="+n, "link?on=0&node="+n, "link?node="+n)
		for _, id := range []string{"100", "102", "103", "105", "200"} {
			out = append(out, "migrate?id="+id+"&to="+n, "migrate?for=3m&id="+id+"&to="+n)
		}
	}
	for _, id := range []string{"100", "101", "102", "103", "105", "200"} {
		out = append(out, "start?id="+id, "stop?id="+id, "kill?id="+id, "status?is=paused&id="+id, "lock?is=backup&id="+id)
	}
	return out
}
