package contingency

import (
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ha"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// trial is the cluster as it is once all is done that was advised so far.
type trial struct {
	plan
	failures []Failure
	// standings of all failures, by their number.
	standings []standing
	// stranded guests by the nodes that are back.
	stranded map[string][]string
	// left is how often something may still be tried.
	left int
}

// plan is a cluster that may be: what HA knows of it, and the room of its nodes.
type plan struct {
	cluster ha.Cluster
	rooms   map[string]room
}

// standing is what HA makes of a failure.
type standing struct {
	// homeless are services for which no node is certain.
	homeless map[string]bool
	// rivals are sentences about guests that want one device of a node.
	rivals []string
	// over is by how much a node is promised more than it has.
	over map[string]int64
}

// Bounds of what is tried in one run: it takes the work of all failures each time.
const (
	mostTrials  = 24
	leastTrials = 2
	mostWork    = 4_000_000 // services times failures
)

// tried is the trial of this run, begun with the cluster as it is.
func (x *stage) tried() *trial {
	if x.trial != nil {
		return x.trial
	}
	t := &trial{plan: plan{x.ha, maps.Clone(x.rooms)}, stranded: map[string][]string{}}
	for _, f := range x.failures {
		// Without quorum HA does nothing, until it is mended.
		if f.Kind != Device && len(x.survivors(f)) > 0 {
			t.failures = append(t.failures, f)
			t.standings = append(t.standings, x.standing(t.plan, f))
		}
	}
	t.left = max(leastTrials, min(mostTrials, mostWork/max(1, len(t.failures)*len(x.Cluster.Guests))))
	x.trial = t
	return t
}

// standing foretells what HA makes of a failure.
func (x *stage) standing(p plan, f Failure) standing {
	s := standing{homeless: map[string]bool{}, over: map[string]int64{}}
	most := map[string]int64{}
	var wants []demand
	for _, m := range p.cluster.Recover(f.Nodes...).Moves {
		g, found := x.guest(m.SID)
		switch nodes := m.Candidates; {
		case m.Fate == ha.Left, m.Fate == ha.Moved:
		case !found || m.Contested || m.Node == "" && m.Fate != ha.Unforeseen:
			s.homeless[m.SID] = true
		case m.Node != "":
			most[m.Node] += g.MaxMemory
			wants = append(wants, x.demand(g, []string{m.Node}))
		default: // it may come to any of them
			wants = append(wants, x.demand(g, nodes))
			for _, n := range nodes {
				most[n] += g.MaxMemory
				if !p.cluster.Starts(m.SID, n) {
					s.homeless[m.SID] = true
				}
			}
		}
	}
	s.rivals = x.rivals(wants)
	for n, need := range most {
		if r := p.rooms[n]; !r.known {
			s.over[n] = need
		} else if need > r.most {
			s.over[n] = need - r.most
		}
	}
	return s
}

// stranded are guests that a failure leaves without a node once some that are away
// are back: HA may choose one of these, and what the guest needs is not there.
func (x *stage) stranded(back []string) []string {
	t := x.tried()
	key := strings.Join(back, " ")
	if out, known := t.stranded[key]; known {
		return out
	}
	next := t.plan
	next.cluster.Nodes = slices.Clone(next.cluster.Nodes)
	for i, n := range next.cluster.Nodes {
		if slices.Contains(back, n.Name) {
			next.cluster.Nodes[i].State = "online"
		}
	}
	lost := map[string]bool{}
	for i, f := range t.failures {
		for sid := range x.standing(next, f).homeless {
			if g, found := x.guest(sid); found && !t.standings[i].homeless[sid] {
				lost[g.String()] = true
			}
		}
	}
	out := slices.Sorted(maps.Keys(lost))
	t.stranded[key] = out
	return out
}

// worse says that a service, or a node's memory, is worse off than before, or that
// two want one device that did not; the service sid was nobody's before.
func (s standing) worse(before standing, sid string) bool {
	for lost := range s.homeless {
		if lost != sid && !before.homeless[lost] {
			return true
		}
	}
	for _, rival := range s.rivals {
		if !slices.Contains(before.rivals, rival) {
			return true
		}
	}
	for n, by := range s.over {
		if by > before.over[n] {
			return true
		}
	}
	return false
}

// adopt says whether putting a guest under HA helps it when f happens, and hurts
// nobody whatever fails: it is tried out, beside what was advised already. HA
// moves it at once off a node in maintenance.
func (x *stage) adopt(g pve.Guest, f Failure) bool {
	manager := x.Cluster.HA
	stay := x.survivors(f)
	if x.trial != nil && x.trial.left == 0 {
		return false
	}
	if manager.Disarm != "" || len(stay) == 0 || len(x.HA.Gaps) > 0 || manager.Maintenance(g.Node) || !x.armed(g) || len(x.able(g, stay)) < len(stay) {
		return false
	}
	next := x.tried().plan
	x.trial.left--
	c := &next.cluster
	c.Services = append(slices.Clip(c.Services), ha.Service{
		SID: g.SID(), Node: g.Node, State: "started", Request: "started", Relocations: 1,
		CPUs: float64(g.CPUs), Memory: float64(g.MaxMemory),
	})
	c.Outside = slices.Clone(c.Outside)
	if i := slices.Index(c.Outside, load(g)); i >= 0 {
		c.Outside = slices.Delete(c.Outside, i, i+1)
	}
	return x.helps(next, g, f)
}

// helps says whether a change lets HA restart a guest when f happens, and makes no
// failure worse. Then it is kept for what is tried after it.
func (x *stage) helps(next plan, g pve.Guest, f Failure) bool {
	t, helped := x.trial, false
	standings := make([]standing, len(t.failures))
	for i, other := range t.failures {
		standings[i] = x.standing(next, other)
		if standings[i].worse(t.standings[i], g.SID()) {
			return false
		}
		if other.String() == f.String() {
			helped = !standings[i].homeless[g.SID()] && x.votes(f).Survives(f.Nodes...)
		}
	}
	if helped || f.Kind == "" { // of no failure in particular
		t.plan, t.standings = next, standings
	}
	return helped || f.Kind == ""
}

// freed says whether HA helps a guest when f happens once its disks are where
// every node has them.
func (x *stage) freed(g pve.Guest, f Failure) bool {
	if x.trial != nil && x.trial.left == 0 {
		return false
	}
	next := x.tried().plan
	x.trial.left--
	starts := next.cluster.Starts
	next.cluster.Starts = func(sid, node string) bool {
		if sid != g.SID() {
			return starts(sid, node)
		}
		why, _ := x.passed(g, node)
		return why == ""
	}
	return x.helps(next, g, f)
}

// movable says whether a guest outside HA may be moved to another node: it has
// room there, and no failure takes more than before.
func (x *stage) movable(g pve.Guest, to string) bool {
	if x.trial != nil && x.trial.left == 0 {
		return false
	}
	next := x.tried().plan
	there, here := next.rooms[to], next.rooms[g.Node]
	adopted := slices.ContainsFunc(next.cluster.Services, func(s ha.Service) bool { return s.SID == g.SID() })
	if adopted || !there.known || there.most < g.MaxMemory {
		return false
	}
	x.trial.left--
	next.rooms = maps.Clone(next.rooms)
	there.most, there.now = there.most-g.MaxMemory, there.now-g.Memory
	here.most, here.now = here.most+g.MaxMemory, here.now+g.Memory
	next.rooms[to], next.rooms[g.Node] = there, here
	next.cluster.Outside = slices.Clone(next.cluster.Outside)
	if i := slices.Index(next.cluster.Outside, load(g)); i >= 0 {
		next.cluster.Outside[i].Node = to
	}
	return x.helps(next, g, Failure{})
}

// armed says whether HA may be given a guest: it resets every node with one that
// loses quorum. A node that no failure resets now must not be reset for it.
func (x *stage) armed(g pve.Guest) bool {
	if x.ha.Resets(g.Node) {
		return true
	}
	for _, f := range x.failures {
		if !x.votes(f).Survives(f.Nodes...) && slices.Contains(x.survivors(f), g.Node) {
			return false
		}
	}
	return true
}
