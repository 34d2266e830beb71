package pve

import (
	"slices"
	"sync"
	"time"
)

// World is the cluster behind the API. Its time runs in steps of a second, made
// up for whenever somebody looks.
type World struct {
	mu     sync.Mutex
	config Config
	now    time.Time // up to which the world has been simulated
	nodes  []*node
	guests map[int]*guest
	ha     ha
	moves  []*move
	tasks  []*task
	jobs   []Job
	device *Device
	serial int
	// headless clusters have no HA master, and none is elected.
	headless bool
}

type node struct {
	Node
	id int
	// up is false while it has no power or boots; boots is when it will be up.
	up      bool
	boots   time.Time
	started time.Time
	linked  bool // to the others
	statd   bool // pvestatd runs
	mute    bool // its local HA manager does not
	// daemon says that its corosync-qdevice runs, reached that qnetd answers it.
	daemon, reached bool
	// heard is what the pvestatd daemons told this node, by guest and by node.
	heardGuest map[int]heard
	heardNode  map[string]time.Time
	// quorate is the value behind /cluster/status: it is only refreshed when
	// the members change, not when a qdevice's vote does.
	quorate bool
	members string // that it was refreshed for
	// kept is what a node without quorum still believes; nil with quorum.
	kept *replica
	// alone is since when it has been without quorum.
	alone time.Time
}

// heard is what pvestatd told about a guest.
type heard struct {
	status   string
	name     string
	template bool
	uptime   time.Duration
	at       time.Time
}

type guest struct {
	Guest
	status string // true status: running, stopped, paused, io-error, ...
	lock   string
	since  time.Time // it has been running
	broken bool      // HA cannot start it
	lost   string    // the node it went off with, while it ran
}

// replica is what pmxcfs replicates: the nodes with quorum share one, a node
// without keeps its last.
type replica struct {
	guests map[int]guest
	ha     ha
}

type task struct {
	node, kind, id, user string
	start, end           time.Time
	status               string
	serial               int
}

// move is a migration on its way.
type move struct {
	guest  int
	target string
	end    time.Time
	task   *task
}

// rrdAge is how long what pvestatd said is believed.
const rrdAge = 5 * time.Minute

func newWorld(c Config) *World {
	w := &World{config: c, now: c.Clock.Now(), guests: map[int]*guest{}, jobs: slices.Clone(c.Jobs)}
	if c.Device != nil {
		d := *c.Device
		w.device = &d
	}
	for i, n := range c.Nodes {
		w.nodes = append(w.nodes, &node{
			Node: n, id: i + 1, up: true, linked: true, statd: true, daemon: true, reached: true, started: w.now.Add(-time.Hour),
			heardGuest: map[int]heard{}, heardNode: map[string]time.Time{},
		})
	}
	for _, g := range c.Guests {
		one := &guest{Guest: g, status: "running", since: w.now.Add(-time.Hour)}
		if g.Stopped || g.Template {
			one.status = "stopped"
		}
		w.guests[g.ID] = one
	}
	w.membership()
	w.startHA()
	w.broadcast()
	return w
}

// look brings the world up to the clock and calls f with it locked.
func (w *World) look(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.config.Clock.Now()
	for !w.now.Add(time.Second).After(now) {
		step := time.Second
		if now.Sub(w.now) > time.Hour { // long waits in the rhythm of HA
			step = 5*time.Second - w.now.Sub(w.now.Truncate(5*time.Second))
		}
		w.now = w.now.Add(step)
		w.step()
	}
	f()
}

func (w *World) step() {
	w.boot()
	w.membership()
	w.arrive()
	second := w.now.Unix()
	if second%10 == 0 {
		w.broadcast()
	}
	if second%5 == 0 {
		w.lrm()
	}
	if second%10 == 5 {
		w.crm()
	}
	w.watchdog()
}

func (w *World) node(name string) *node {
	for _, n := range w.nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// sees says whether a can talk to b.
func (a *node) sees(b *node) bool {
	return a == b && a.up || a.up && b.up && a.linked && b.linked
}

// live is the quorum as corosync has it, from where a node stands.
func (w *World) live(n *node) bool {
	if !n.up {
		return false
	}
	if w.config.Name == "" {
		return true
	}
	have, all := 0, 0
	for _, m := range w.nodes {
		all += m.Votes
		if n.sees(m) {
			have += m.Votes
		}
	}
	if w.device != nil {
		votes := 1
		if w.device.Algorithm == "LMS" {
			votes = len(w.nodes) - 1
		}
		all += votes
		// Expected are its votes whatever runs, given are they to each node by
		// itself.
		if w.given(n) {
			have += votes
		}
	}
	return 2*have > all
}

// given says whether the qdevice gives its votes to a node.
func (w *World) given(n *node) bool {
	return w.device.Connected && n.daemon && n.reached && w.favoured(n)
}

// favoured says whether the qdevice votes for a node's side: the largest, of
// equal ones that of the lowest node id.
func (w *World) favoured(n *node) bool {
	best, size := w.nodes[0], -1
	for _, m := range w.nodes {
		count := 0
		for _, o := range w.nodes {
			if m.sees(o) {
				count++
			}
		}
		if m.up && count > size {
			best, size = m, count
		}
	}
	return n.sees(best)
}

// membership follows who sees whom and who has quorum.
func (w *World) membership() {
	for _, n := range w.nodes {
		members := ""
		for _, m := range w.nodes {
			if n.sees(m) {
				members += m.Name + " "
			}
		}
		if members != n.members {
			n.members, n.quorate = members, w.live(n)
		}
		switch has := w.live(n); {
		case has:
			n.kept, n.alone = nil, time.Time{}
		case n.kept == nil:
			n.kept, n.alone = w.replica(), w.now
		}
	}
}

func (w *World) replica() *replica {
	r := &replica{guests: map[int]guest{}, ha: w.ha.clone()}
	for id, g := range w.guests {
		r.guests[id] = *g
	}
	return r
}

// view is the replica a node answers from.
func (w *World) view(n *node) *replica {
	if n.kept != nil {
		return n.kept
	}
	return w.replica()
}

// broadcast is what every pvestatd does each ten seconds.
func (w *World) broadcast() {
	for _, from := range w.nodes {
		if !from.up || !from.statd {
			continue
		}
		for _, to := range w.nodes {
			if !to.sees(from) {
				continue
			}
			to.heardNode[from.Name] = w.now
			for id, g := range w.guests {
				if g.Node != from.Name {
					continue
				}
				h := heard{status: g.status, name: g.Name, template: g.Template, at: w.now}
				if g.status != "stopped" {
					h.uptime = w.now.Sub(g.since)
				}
				to.heardGuest[id] = h
			}
		}
	}
}
