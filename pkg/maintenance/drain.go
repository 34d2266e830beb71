package maintenance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Drain is what is left on nodes that shall be empty.
type Drain struct {
	// Doubts say what is not known and would have to be. While there are any
	// nobody can say that the nodes are empty.
	Doubts []string
	// Left are guests that are on a node, and not stopped.
	Left []Left
	// Arriving are guests on their way to a node or being started there.
	Arriving []string
	// Finishing are migrations away from a node whose task has not ended.
	Finishing []string
	// Busy are other tasks on a node, consoles aside.
	Busy []string
	// Returns are nodes that HA may bring guests to at any time; Pending those
	// whose maintenance is requested and not yet in force.
	Returns, Pending []string
	// Disarmed HA moves nothing and takes no request for maintenance.
	Disarmed bool
	// Unconfirmed are online nodes that did not give their own list: what is
	// known of their guests may be five minutes old.
	Unconfirmed []string
	// Astray are guests on nodes that the cluster does not know, with no status:
	// a node that was removed left them, as a rule.
	Astray []pve.Guest
	// Stopped guests and templates stay and do not matter.
	Stopped []pve.Guest
}

// Left is a guest that is still there.
type Left struct {
	Guest pve.Guest
	// Moving guests are on their way to another node.
	Moving bool
	// Why it is still there, in words for people.
	Why string
	// Next is what to do about it.
	Next []Step
}

// drain is the search in progress.
type drain struct {
	Evidence
	Drain
	index  pve.Index
	target string // the node to move guests to, empty when there is none
	// targets are the nodes guests can move to, the best first.
	targets []string
	// free is the memory that is left on them, in bytes, for what is advised to be
	// moved there; nodes that do not tell are missing.
	free map[string]int64
	// moves are the nodes that HA moves guests to, by the guests' numbers.
	moves map[string]string
}

// DrainOf finds what is left. It is pure.
func DrainOf(e Evidence) Drain {
	d := &drain{Evidence: e}
	d.Doubts = e.doubts()
	if len(d.Doubts) > 0 {
		return d.Drain
	}
	d.index, d.moves = e.PVE.Cluster.Index(), e.PVE.Cluster.HA.Targets()
	if d.targets = e.refuges(); len(d.targets) > 0 {
		d.target = d.targets[0]
	}
	d.free = map[string]int64{}
	for _, n := range e.PVE.Cluster.Nodes {
		if n.MaxMemory > 0 {
			d.free[n.Name] = n.FreeMemory
		}
	}
	for _, name := range e.PVE.Leaving {
		d.node(name)
	}
	d.astray()
	d.services()
	d.tasks()
	d.Disarmed = e.PVE.Cluster.HA.Used() && e.PVE.Cluster.HA.Disarm != ""
	return d.Drain
}

// doubts are the conditions without which no document is believed.
func (e Evidence) doubts() []string {
	c := e.PVE.Cluster
	var out []string
	if len(c.Rights) > 0 {
		out = append(out, "this token does not see every guest, it lacks "+strings.Join(c.Rights, " and "))
	}
	// Without the list of guests, which is said below, no guest is seen.
	if hidden := c.Hidden(); len(hidden) > 0 && c.Listed() {
		out = append(out, "this token does not see "+phrase.List(hidden, phrase.Some)+", which HA knows")
	}
	out = append(out, c.Untold()...)
	switch {
	case len(out) > 0:
		return out
	case !c.Quorate:
		return []string{c.Asked + " has no quorum, what it lists is old"}
	case c.HA.Used() && c.HA.Disarm == "" && c.HA.MasterSilence() > pve.Heartbeat:
		out = append(out, fmt.Sprintf("the HA manager on %s has been silent for %s", c.HA.Master, c.HA.MasterSilence()))
	}
	names := c.Members()
	for _, name := range e.PVE.Leaving {
		if !slices.Contains(names, name) {
			out = append(out, "there is no node "+name+", the cluster has "+phrase.List(names, phrase.Some))
		}
	}
	return out
}

// refuges are the nodes that stay and can take guests, those with the most free
// memory first.
func (e Evidence) refuges() []string {
	var fit []pve.Node
	for _, n := range e.PVE.Cluster.Nodes {
		if !e.leaves(n.Name) && n.Online && n.Status == "online" && !e.PVE.Cluster.HA.Maintenance(n.Name) {
			fit = append(fit, n)
		}
	}
	slices.SortStableFunc(fit, func(a, b pve.Node) int { return cmp.Compare(b.FreeMemory, a.FreeMemory) })
	out := make([]string, len(fit))
	for i, n := range fit {
		out[i] = n.Name
	}
	return out
}

// node looks at the guests of one leaving node.
func (d *drain) node(name string) {
	n, _ := d.PVE.Cluster.Node(name)
	ha := d.PVE.Cluster.HA
	if !n.Online && !ha.Maintenance(name) {
		d.lost(n)
		return
	}
	if n.Online {
		if n.Status != "online" {
			d.Doubts = append(d.Doubts, "pvestatd of "+name+" is silent, the statuses of its guests are not known")
		}
		if d.PVE.Silent[name] != nil || d.PVE.Presence[name] == nil {
			d.Unconfirmed = append(d.Unconfirmed, name)
		}
	}
	if ha.Used() && ha.Disarm == "" {
		switch {
		case !ha.Maintenance(name):
			d.Returns = append(d.Returns, name)
		case ha.Nodes[name] != "maintenance":
			d.Pending = append(d.Pending, name)
		}
	}
	for _, g := range d.guests(name) {
		d.guest(g, n.Online)
	}
}

// lost is a node that went without having been emptied: for five minutes its
// guests are reported as they were, whatever became of them.
func (d *drain) lost(n pve.Node) {
	var names []string
	for _, g := range d.PVE.Cluster.Guests {
		if g.Node == n.Name && !g.Template {
			names = append(names, g.String())
		}
	}
	text := n.Name + " is offline and was not in maintenance"
	if state := d.PVE.Cluster.HA.Nodes[n.Name]; state != "" && state != "online" {
		text += " (HA says " + state + ")"
	}
	if len(names) > 0 {
		text += ", nobody can say what became of " + phrase.List(names, phrase.Some)
	}
	d.Doubts = append(d.Doubts, text)
}

// guests of a node: those the cluster lists there, with the worse of both
// statuses, and those only the node itself lists.
func (d *drain) guests(node string) []pve.Guest {
	var out []pve.Guest
	own := map[int]pve.Presence{}
	for _, p := range d.PVE.Presence[node] {
		own[p.ID] = p
	}
	for _, g := range d.PVE.Cluster.Guests {
		if g.Node != node {
			continue
		}
		if p, found := own[g.ID]; found {
			g.Template = g.Template || p.Template
			if p.Status != "stopped" && (g.Status == "stopped" || g.Status == "unknown") {
				g.Status = p.Status
			}
			if g.Lock == "" {
				g.Lock = p.Lock
			}
			if g.Name == "" {
				g.Name = p.Name
			}
			delete(own, g.ID)
		}
		out = append(out, g)
	}
	for _, p := range d.PVE.Presence[node] {
		if _, only := own[p.ID]; only {
			out = append(out, pve.Guest{ID: p.ID, Kind: p.Kind, Name: p.Name, Node: node, Status: p.Status, Template: p.Template, Lock: p.Lock})
		}
	}
	return out
}

func (d *drain) guest(g pve.Guest, online bool) {
	known := g.Status != "unknown" || g.Template
	if !online {
		g, known = d.PVE.Memory.Was(g)
	}
	switch {
	case known && (g.Template || g.Status == "stopped"):
		d.Stopped = append(d.Stopped, g)
	case known:
		d.Left = append(d.Left, d.left(g, online))
	case online:
		d.Doubts = append(d.Doubts, g.String()+" on "+g.Node+" has no status yet")
	default:
		d.Doubts = append(d.Doubts, g.String()+" is on "+g.Node+", which is off, and nobody saw whether it was stopped before")
	}
}

// services are the guests as HA sees them: what it holds on a leaving node in
// any state but stopped, and what it is bringing there.
func (d *drain) services() {
	there, held := map[int]bool{}, map[int]bool{}
	for _, l := range d.Left {
		there[l.Guest.ID] = true
	}
	for _, s := range d.PVE.Cluster.HA.Services {
		if d.leaves(s.Target) && s.Moving() && !d.leaves(s.Node) {
			d.Arriving = append(d.Arriving, d.serviceName(s)+" is being moved to "+s.Target+" by HA")
		}
		n, _ := d.PVE.Cluster.Node(s.Node)
		if !d.leaves(s.Node) || s.State == "stopped" || !n.Online && !d.PVE.Cluster.HA.Maintenance(n.Name) {
			continue
		}
		id, _ := s.GuestID()
		if there[id] {
			continue
		}
		g, found := d.index.Guest(id)
		if !found {
			g = pve.Guest{ID: id, Node: s.Node}
		}
		l := Left{
			Guest: g, Moving: s.Moving() && !d.leaves(s.Target),
			Why: fmt.Sprintf("is held by HA on %s in state %s", s.Node, s.State), Next: []Step{d.pve("ha-manager status")},
		}
		if s.State == "error" {
			l.Why, l.Next = d.managed(g, s)
		}
		d.Left = append(d.Left, l)
		there[id], held[id] = true, true
	}
	d.Stopped = slices.DeleteFunc(d.Stopped, func(g pve.Guest) bool { return held[g.ID] })
}

func (d *drain) serviceName(s pve.Service) string {
	if id, is := s.GuestID(); is {
		if g, found := d.index.Guest(id); found {
			return g.String()
		}
	}
	return s.SID
}
