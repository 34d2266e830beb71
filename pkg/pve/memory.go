package pve

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

// Memory is what one poll leaves for the next about a cluster. The zero Memory
// is that of a first run.
type Memory struct {
	// Maintenance is since when a node has been seen in maintenance.
	Maintenance map[string]time.Time `json:"maintenance,omitempty"`
	// Locks is since when a guest has been seen with the lock it has.
	Locks map[int]Lock `json:"locks,omitempty"`
	// Stops are the last stops that a user asked for, until the guest runs.
	Stops map[int]Stop `json:"stops,omitempty"`
	// Heard is when the statuses of a node's guests were last known. Then those
	// in Idle were stopped or templates, and all others on it were not.
	Heard map[string]time.Time `json:"heard,omitempty"`
	Idle  map[int]Idle         `json:"idle,omitempty"`
	// Beat is what HA wrote last.
	Beat Beat `json:"beat,omitzero"`
	// Device is the quorum device, nil when none was ever told of.
	Device *KnownDevice `json:"device,omitempty"`
	// Asked is when all nodes of -H were last asked for a device.
	Asked   time.Time            `json:"asked,omitzero"`
	Nodes   map[string]NodeFacts `json:"nodes,omitempty"`
	Configs map[int]ConfigFacts  `json:"configs,omitempty"`
	// Clock is what told the time at the last look.
	Clock state.Clock `json:"clock,omitzero"`
	// Told is what the plugin that remembers has written into the journal, so
	// that it is written once.
	Told json.RawMessage `json:"told,omitempty"`
}

// Lock of a guest and since when it has been seen.
type Lock struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
}

// Stop is a task that stopped a guest at somebody's wish.
type Stop struct {
	User string    `json:"user"`
	Type string    `json:"type"`
	End  time.Time `json:"end"`
	// All guests of the node were stopped with it, by one task: somebody's
	// bulk action, or the node's shutdown.
	All bool `json:"all,omitempty"`
}

// Idle is a guest that did not run when its node was last heard of.
type Idle struct {
	Name     string `json:"name,omitempty"`
	Node     string `json:"node"`
	Template bool   `json:"template,omitempty"`
}

// NodeFacts are what only the node itself tells.
type NodeFacts struct {
	Version string    `json:"version"`
	Jobs    []Job     `json:"jobs,omitempty"`
	Time    time.Time `json:"time"`
}

// ConfigFacts are a guest's configuration and when it was read.
type ConfigFacts struct {
	Config
	Time time.Time `json:"time"`
}

// stopTasks end a guest at the wish of whoever started them. A rollback to a
// snapshot without memory leaves it stopped.
var stopTasks = []string{"qmstop", "qmshutdown", "qmsuspend", "qmrollback", "vzstop", "vzshutdown", "vzsuspend", "vzrollback"}

// resumeTasks take such a wish back.
var resumeTasks = []string{"qmstart", "qmresume", "qmreboot", "vzstart", "vzresume", "vzreboot"}

// Look is what a poll says to the memory.
type Look struct {
	Cluster Cluster
	// Maintained are the nodes that are in maintenance now, by whoever's word.
	Maintained []string
	// Forget says that there is no quorum device any more, by the operator's
	// word: nothing that the API tells can prove it.
	Forget bool
	// Asked says that all nodes of -H were asked for a device.
	Asked bool
	Now   time.Time
	// Clock is what tells the time; zero where nothing is judged by age.
	Clock state.Clock
}

// After is the memory with what a poll saw. It is pure; m is not changed. A
// poll without quorum or without the list of guests teaches nothing.
func (m Memory) After(l Look) Memory {
	c := l.Cluster
	m, _ = m.Follow(l.Clock)
	if !c.Quorate || !c.Listed() {
		return m
	}
	next := Memory{Nodes: maps.Clone(m.Nodes), Configs: maps.Clone(m.Configs), Device: m.Device, Told: m.Told, Clock: m.Clock}
	if next.Asked = m.Asked; l.Asked {
		next.Asked = l.Now
	}
	if l.Forget {
		next.Device = nil
	}
	if d := c.Votes.Device; d.Present && d.Seen.IsZero() {
		next.Device = &KnownDevice{Seen: l.Now, Algorithm: d.Algorithm, Host: d.Host}
	}
	next.Maintenance = map[string]time.Time{}
	for _, n := range l.Maintained {
		next.Maintenance[n] = earlier(m.Maintenance[n], l.Now)
		// A node that is off stopped writing when it went, whether or not
		// somebody looked at the time.
		if node, _ := c.Node(n); !node.Online {
			if silent, known := c.HA.Silence(n); known {
				next.Maintenance[n] = earlier(next.Maintenance[n], l.Now.Add(-silent))
			}
		}
	}
	next.Locks, next.Stops, next.Beat = m.locks(l), m.stops(l), m.beat(l)
	next.Heard, next.Idle = m.heard(l)
	outdated := c.Outdated(l.Now)
	maps.DeleteFunc(next.Configs, func(id int, f ConfigFacts) bool { return outdated(id, f.Time) })
	maps.DeleteFunc(next.Nodes, func(name string, f NodeFacts) bool { _, found := c.Node(name); return !found })
	return next
}

// earlier is the earlier of two times, taking zero and times to come for none:
// clocks jump.
func earlier(seen, now time.Time) time.Time {
	if seen.IsZero() || seen.After(now) {
		return now
	}
	return seen
}

func (m Memory) locks(l Look) map[int]Lock {
	locks := map[int]Lock{}
	for _, g := range l.Cluster.Guests {
		if g.Lock == "" {
			continue
		}
		since := l.Now
		if old := m.Locks[g.ID]; old.Name == g.Lock {
			since = earlier(old.Since, l.Now)
		}
		locks[g.ID] = Lock{g.Lock, since}
	}
	return locks
}

func (m Memory) stops(l Look) map[int]Stop {
	stops := map[int]Stop{}
	x, sweeps := l.Cluster.Index(), l.Cluster.sweeps()
	for id, old := range m.Stops {
		if _, found := x.Guest(id); found {
			stops[id] = old
		}
	}
	for _, t := range l.Cluster.Tasks {
		id, err := strconv.Atoi(t.ID)
		if err != nil || !t.Succeeded() || !slices.Contains(stopTasks, t.Type) || !t.End.After(stops[id].End) {
			continue
		}
		if _, found := x.Guest(id); found {
			stops[id] = Stop{User: t.User, Type: t.Type, End: t.End, All: sweeps.of(t)}
		}
	}
	for _, t := range l.Cluster.Tasks {
		id, err := strconv.Atoi(t.ID)
		if stop, found := stops[id]; err == nil && found && t.Succeeded() && slices.Contains(resumeTasks, t.Type) && t.End.After(stop.End) {
			delete(stops, id)
		}
	}
	maps.DeleteFunc(stops, func(id int, s Stop) bool {
		g, _ := x.Guest(id)
		return g.Status == "running" && !g.Stale || s.All && l.Cluster.shutDown(g.Node, s.End)
	})
	return stops
}

// sweeps are tasks that stop all guests of a node, by node and user.
type sweeps map[place][]Task

func (c Cluster) sweeps() sweeps {
	out := sweeps{}
	for _, t := range c.Tasks {
		if t.Type == "stopall" {
			by := place{t.Node, t.User}
			out[by] = append(out[by], t)
		}
	}
	return out
}

// of says whether a task that stopped a guest was part of one that stops all
// guests of the node: it starts one for each, in its user's name. A node that
// shuts down does that too, as root (pve-guests.service).
func (s sweeps) of(t Task) bool {
	return slices.ContainsFunc(s[place{t.Node, t.User}], func(all Task) bool {
		return !t.Start.Before(all.Start) && (all.Running() || !t.Start.After(all.End))
	})
}

// shutDown says whether a node has gone since, whether or not it is back.
func (c Cluster) shutDown(node string, since time.Time) bool {
	n, found := c.Node(node)
	return found && (!n.Online || n.Uptime > 0 && !c.Time.IsZero() && c.Time.Add(-n.Uptime).After(since))
}

// Theirs is a time of a clock that shows now by the clock of the nodes, which
// tasks have.
func (c Cluster) Theirs(t, now time.Time) time.Time {
	if c.Time.IsZero() {
		return t
	}
	return t.Add(c.Time.Sub(now))
}

// heard notes how guests were when their node was last heard of. A node that
// has just gone is told of for five more minutes: that is how it went.
func (m Memory) heard(l Look) (map[string]time.Time, map[int]Idle) {
	heard, idle := map[string]time.Time{}, map[int]Idle{}
	told := map[string]bool{}
	for _, n := range l.Cluster.Nodes {
		told[n.Name] = n.Online && n.Status == "online"
		if t := m.Heard[n.Name]; !t.IsZero() && !l.outlived(n, t) {
			heard[n.Name] = t
		}
	}
	for _, g := range l.Cluster.Guests {
		told[g.Node] = told[g.Node] || g.Status != "unknown"
	}
	for name, is := range told {
		if is {
			heard[name] = l.Now
		}
	}
	for _, g := range l.Cluster.Guests {
		switch {
		case told[g.Node] && g.Status != "unknown":
			if g.Template || g.Status == "stopped" {
				idle[g.ID] = Idle{g.Name, g.Node, g.Template}
			}
		case m.Idle[g.ID].Node == g.Node:
			idle[g.ID] = m.Idle[g.ID]
		}
	}
	return heard, idle
}

// lag is for how long a node may have gone on after it was last heard of: what was
// started on it in a longer time is not known.
const lag = 30 * time.Minute

// outlived says that a node that is off now worked on after it was last heard of,
// by when its local resource manager wrote last.
func (l Look) outlived(n Node, heard time.Time) bool {
	silent, wrote := l.Cluster.HA.Silence(n.Name)
	quiet, _ := l.Cluster.Quiet()
	return !n.Online && wrote && l.Now.Add(-silent-quiet).Sub(heard) > lag
}

// Was is a guest as it was when its node was last heard of, for a node whose
// statuses are not kept any more. It is the guest itself as long as it has a
// status, and false when nobody knows.
func (m Memory) Was(g Guest) (Guest, bool) {
	if g.Status != "unknown" {
		return g, true
	}
	i := m.Idle[g.ID]
	still := i.Node == g.Node && i.Template // nobody starts one
	if m.Heard[g.Node].IsZero() && !still {
		return g, false
	}
	g.Status = "running"
	if i.Node == g.Node {
		g.Status, g.Template = "stopped", i.Template
		if g.Name == "" {
			g.Name = i.Name
		}
	}
	return g, true
}
