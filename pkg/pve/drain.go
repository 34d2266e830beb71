package pve

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// heartbeat is how long a part of HA may be silent before what it wrote is no
// evidence any more. All of them write every five to ten seconds.
const heartbeat = time.Minute

// DrainEvidence is what tells whether nodes have been emptied.
type DrainEvidence struct {
	Cluster Cluster
	// Leaving are the nodes that shall be empty, all at once.
	Leaving []string
	// Presence is each leaving node's own list of guests, as far as it is
	// online; Silent says why one gave none.
	Presence map[string][]Presence
	Silent   map[string]error
	// Memory tells what guests were like when their node was last alive, and
	// what keeps those that are left.
	Memory Memory
}

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
	Astray []Guest
	// Stopped guests and templates stay and do not matter.
	Stopped []Guest
}

// Left is a guest that is still there.
type Left struct {
	Guest Guest
	// Moving guests are on their way to another node.
	Moving bool
	// Why it is still there and what to do about it, in words for people.
	Why, Next string
}

// drain is the search in progress.
type drain struct {
	DrainEvidence
	Drain
	index  Index
	target string // the node to move guests to, empty when there is none
	// targets are the nodes that HA moves guests to, by the guests' numbers.
	targets map[string]string
}

// DrainOf finds what is left. It is pure.
func DrainOf(e DrainEvidence) Drain {
	d := &drain{DrainEvidence: e}
	d.Doubts = e.doubts()
	if len(d.Doubts) > 0 {
		return d.Drain
	}
	d.index, d.targets = e.Cluster.Index(), e.Cluster.HA.targets()
	d.target = e.refuge()
	for _, name := range e.Leaving {
		d.node(name)
	}
	d.astray()
	d.services()
	d.tasks()
	d.disarmed()
	return d.Drain
}

// doubts are the conditions without which no document is believed.
func (e DrainEvidence) doubts() []string {
	c := e.Cluster
	var out []string
	if len(c.Rights) > 0 {
		out = append(out, "this token does not see every guest, it lacks "+strings.Join(c.Rights, " and "))
	}
	// Without the list of guests, which is said below, no guest is seen.
	if hidden := c.Hidden(); len(hidden) > 0 && !slices.ContainsFunc(c.Gaps, func(g Gap) bool { return g.Path == pathResources }) {
		out = append(out, "this token does not see "+some(hidden)+", which HA knows")
	}
	out = append(out, c.Untold()...)
	switch {
	case len(out) > 0:
		return out
	case !c.Quorate:
		return []string{c.Asked + " has no quorum, what it lists is old"}
	case c.HA.Used() && c.HA.Disarm == "" && c.HA.MasterSilence() > heartbeat:
		out = append(out, fmt.Sprintf("the HA manager on %s has been silent for %s", c.HA.Master, c.HA.MasterSilence()))
	}
	var names []string
	for _, n := range c.Nodes {
		names = append(names, n.Name)
	}
	for _, name := range e.Leaving {
		if !slices.Contains(names, name) {
			out = append(out, "there is no node "+name+", the cluster has "+some(names))
		}
	}
	return out
}

// some names the first of many and counts the others.
func some(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// refuge is the node with the most free memory among those that stay.
func (e DrainEvidence) refuge() string {
	best := Node{}
	for _, n := range e.Cluster.Nodes {
		if slices.Contains(e.Leaving, n.Name) || !n.Online || n.Status != "online" || e.Cluster.HA.Maintenance(n.Name) {
			continue
		}
		if best.Name == "" || n.FreeMemory > best.FreeMemory {
			best = n
		}
	}
	return best.Name
}

func (d *drain) leaving(node string) bool { return slices.Contains(d.DrainEvidence.Leaving, node) }

// node looks at the guests of one leaving node.
func (d *drain) node(name string) {
	n, _ := d.Cluster.Node(name)
	ha := d.Cluster.HA
	if !n.Online && !ha.Maintenance(name) {
		d.lost(n)
		return
	}
	if n.Online {
		if n.Status != "online" {
			d.Doubts = append(d.Doubts, "pvestatd of "+name+" is silent, the statuses of its guests are not known")
		}
		if d.Silent[name] != nil || d.Presence[name] == nil {
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
func (d *drain) lost(n Node) {
	var names []string
	for _, g := range d.Cluster.Guests {
		if g.Node == n.Name && !g.Template {
			names = append(names, g.String())
		}
	}
	text := n.Name + " is offline and was not in maintenance"
	if state := d.Cluster.HA.Nodes[n.Name]; state != "" && state != "online" {
		text += " (HA says " + state + ")"
	}
	if len(names) > 0 {
		text += ", nobody can say what became of " + some(names)
	}
	d.Doubts = append(d.Doubts, text)
}

// guests of a node: those the cluster lists there, with the worse of both
// statuses, and those only the node itself lists.
func (d *drain) guests(node string) []Guest {
	var out []Guest
	own := map[int]Presence{}
	for _, p := range d.Presence[node] {
		own[p.ID] = p
	}
	for _, g := range d.Cluster.Guests {
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
	for _, p := range d.Presence[node] {
		if _, only := own[p.ID]; only {
			out = append(out, Guest{ID: p.ID, Kind: p.Kind, Name: p.Name, Node: node, Status: p.Status, Template: p.Template, Lock: p.Lock})
		}
	}
	return out
}

func (d *drain) guest(g Guest, online bool) {
	known := g.Status != "unknown" || g.Template
	if !online {
		g, known = d.Memory.Was(g)
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
	for _, s := range d.Cluster.HA.Services {
		if d.leaving(s.Target) && s.Moving() && !d.leaving(s.Node) {
			d.Arriving = append(d.Arriving, d.serviceName(s)+" is being moved to "+s.Target+" by HA")
		}
		n, _ := d.Cluster.Node(s.Node)
		if !d.leaving(s.Node) || s.State == "stopped" || !n.Online && !d.Cluster.HA.Maintenance(n.Name) {
			continue
		}
		id, _ := s.GuestID()
		if there[id] {
			continue
		}
		g, found := d.index.Guest(id)
		if !found {
			g = Guest{ID: id, Node: s.Node}
		}
		l := Left{
			Guest: g, Moving: s.Moving() && !d.leaving(s.Target),
			Why: fmt.Sprintf("is held by HA on %s in state %s", s.Node, s.State), Next: "see ha-manager status",
		}
		if s.State == "error" {
			l.Why, l.Next = d.managed(g, s)
		}
		d.Left = append(d.Left, l)
		there[id], held[id] = true, true
	}
	d.Stopped = slices.DeleteFunc(d.Stopped, func(g Guest) bool { return held[g.ID] })
}

func (d *drain) serviceName(s Service) string {
	if id, is := s.GuestID(); is {
		if g, found := d.index.Guest(id); found {
			return g.String()
		}
	}
	return s.SID
}

func (d *drain) disarmed() {
	d.Disarmed = d.Cluster.HA.Used() && d.Cluster.HA.Disarm != ""
}
