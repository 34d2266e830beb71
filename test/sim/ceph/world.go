// Package ceph is a small model of a Ceph cluster: hosts, OSDs, pools, the
// copies of every placement group, flags of every scope, monitors and managers.
// It works out the states of the placement groups from what is up and what each
// OSD holds, so it can contradict whoever reads its answers. It answers as the
// ceph command, as the dashboard of the mgr, and as the API of Proxmox VE.
package ceph

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Config describes a cluster. The zero Config is three hosts with two OSDs, a
// monitor each, mgrs on the first two, and two pools of three copies.
type Config struct {
	FSID  string
	Hosts []Host
	Pools []Pool
	Mons  []Daemon
	Mgrs  []Daemon
	MDS   []Daemon
	// Sites turn stretch mode on: the data centre of each machine, of which two
	// have OSDs.
	Sites map[string]string
	// Clock is the time of the cluster; nil is the machine's.
	Clock Clock
	// Nested answers with the osdmap of status one level deeper, and all of the
	// monmap, as before 14.2.17.
	Nested bool
	// Curt ends at once what gets no answer, in place of leaving it to the limit of
	// whoever asks: in a world whose time stands still nothing is learnt by waiting.
	Curt bool
}

// Host is a machine with OSDs of one device class.
type Host struct {
	Name  string
	OSDs  int
	Class string // hdd unless given
}

// Pool is a pool; its rule puts at most one copy in each Domain, host or osd, or
// for "site" half of them on either site, on different hosts.
type Pool struct {
	Name          string
	Size, MinSize int
	PGs           int
	Domain        string
	Class         string // only on OSDs of this class
}

// Daemon is a monitor, mgr or MDS on a host.
type Daemon struct{ Name, Host string }

// Clock is the time of a cluster.
type Clock interface {
	Now() time.Time
	Advance(time.Duration)
}

// running follows the machine's clock.
type running struct{ shift time.Duration }

func (r *running) Now() time.Time          { return time.Now().Add(r.shift) }
func (r *running) Advance(d time.Duration) { r.shift += d }

// World is a cluster that lives.
type World struct {
	mu     sync.Mutex
	config Config
	clock  Clock

	osds  []*osd
	pools []*pool
	mons  []*daemon
	mgrs  []*daemon
	mds   []*daemon

	epoch                           int
	created, modified, upped, inned time.Time
	flags                           map[string]bool
	nodeFlags, classFlags           map[string]map[string]bool
	mutes                           map[string]time.Time // zero: without an end
	checks                          map[string]extra
	peering                         map[string]time.Time // PGs that are on their way until then
	frozen                          *snapshot            // what was known when the last mgr went
	misplaced, unfound              int
}

// osd is one OSD. It is up for the cluster when it runs, or when nodown keeps
// the cluster from saying otherwise.
type osd struct {
	id      int
	host    string
	class   string
	running bool
	up, in  bool
	gone    time.Time // when it went down
	flags   map[string]bool
	used    float64 // percent
}

type pool struct {
	Pool
	id   int
	pgs  []*pg
	full bool
}

// pg is one placement group. holds are the OSDs with all of its data.
type pg struct {
	id      string
	holds   []int
	damaged bool
	quiet   time.Time // since when it has not been active
}

type daemon struct {
	Daemon
	up     bool
	active bool
	killed bool // and not stopped: an MDS takes no leave then
}

// extra is a health check that follows from nothing in the model.
type extra struct{ severity, text string }

// New makes a cluster that is well.
func New(c Config) *World {
	c = c.filled()
	w := &World{
		config: c, clock: c.Clock, epoch: 10,
		flags:     map[string]bool{},
		nodeFlags: map[string]map[string]bool{}, classFlags: map[string]map[string]bool{},
		mutes: map[string]time.Time{}, checks: map[string]extra{}, peering: map[string]time.Time{},
	}
	w.created = w.clock.Now().Add(-30 * 24 * time.Hour)
	w.modified, w.upped, w.inned = w.created.Add(time.Hour), w.created.Add(time.Minute), w.created.Add(time.Minute)
	for _, h := range c.Hosts {
		for range h.OSDs {
			w.osds = append(w.osds, &osd{id: len(w.osds), host: h.Name, class: h.Class, running: true, up: true, in: true, flags: map[string]bool{}, used: 30})
		}
	}
	for i, p := range c.Pools {
		np := &pool{Pool: p, id: i + 1}
		for n := range p.PGs {
			np.pgs = append(np.pgs, &pg{id: fmt.Sprintf("%d.%x", np.id, n)})
		}
		w.pools = append(w.pools, np)
	}
	w.mons, w.mgrs, w.mds = daemons(c.Mons), daemons(c.Mgrs), daemons(c.MDS)
	w.elect()
	for _, p := range w.pools {
		for _, g := range p.pgs {
			g.holds = w.place(p, g)
		}
	}
	return w
}

func daemons(list []Daemon) []*daemon {
	var out []*daemon
	for _, d := range list {
		out = append(out, &daemon{Daemon: d, up: true})
	}
	return out
}

func (c Config) filled() Config {
	if c.FSID == "" {
		c.FSID = "6f6e6f75-7400-4000-8000-000000000001"
	}
	if c.Clock == nil {
		c.Clock = new(running)
	}
	if c.Hosts == nil {
		c.Hosts = []Host{{Name: "node1", OSDs: 2}, {Name: "node2", OSDs: 2}, {Name: "node3", OSDs: 2}}
	}
	c.Hosts = slices.Clone(c.Hosts)
	for i := range c.Hosts {
		if c.Hosts[i].Class == "" {
			c.Hosts[i].Class = "hdd"
		}
	}
	if c.Pools == nil && c.Sites != nil {
		c.Pools = []Pool{{Name: ".mgr", Size: 4, MinSize: 2, PGs: 1, Domain: "site"}, {Name: "rbd", Size: 4, MinSize: 2, PGs: 32, Domain: "site"}}
	}
	if c.Pools == nil {
		c.Pools = []Pool{{Name: ".mgr", Size: 3, MinSize: 2, PGs: 1}, {Name: "rbd", Size: 3, MinSize: 2, PGs: 32}}
	}
	c.Pools = slices.Clone(c.Pools)
	for i := range c.Pools {
		if c.Pools[i].Domain == "" {
			c.Pools[i].Domain = "host"
		}
	}
	if c.Mons == nil {
		for i := range min(3, len(c.Hosts)) {
			c.Mons = append(c.Mons, Daemon{c.Hosts[i].Name, c.Hosts[i].Name})
		}
	}
	if c.Mgrs == nil {
		for i := range min(2, len(c.Hosts)) {
			c.Mgrs = append(c.Mgrs, Daemon{c.Hosts[i].Name, c.Hosts[i].Name})
		}
	}
	return c
}

// look calls f with the world locked and brought up to now.
func (w *World) look(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pass()
	f()
	w.pass()
}

// interval is after what time a down OSD is marked out, as Ceph has it.
const interval = 10 * time.Minute

// pass lets happen what time brings about.
func (w *World) pass() {
	now := w.clock.Now()
	for id, until := range w.peering {
		if !now.Before(until) {
			delete(w.peering, id)
		}
	}
	for _, o := range w.osds {
		if !o.up && o.in && !w.kept(o) && now.Sub(o.gone) >= interval {
			o.in = false
			w.changed(&w.inned, o.gone.Add(interval))
		}
	}
	for code, until := range w.mutes {
		if !until.IsZero() && !now.Before(until) {
			delete(w.mutes, code)
		}
	}
	for _, p := range w.pools {
		for _, g := range p.pgs {
			if w.active(p, g) {
				g.quiet = time.Time{}
			} else if g.quiet.IsZero() {
				g.quiet = now
			}
		}
	}
	if w.Active() == nil {
		if w.frozen == nil {
			w.frozen = w.count()
		}
	} else {
		w.frozen = nil
	}
}

// changed notes a change of the OSD map.
func (w *World) changed(which *time.Time, at time.Time) {
	w.epoch++
	*which, w.modified = at, at
}

// kept says whether some noout keeps the OSD in.
func (w *World) kept(o *osd) bool {
	return w.flags["noout"] || o.flags["noout"] || w.nodeFlags[o.host]["noout"] || w.nodeFlags["default"]["noout"] || w.classFlags[o.class]["noout"]
}
