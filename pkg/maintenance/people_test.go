package maintenance

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	offline = regexp.MustCompile(`(pve\d+)(?: is offline|, which is off| back$)`)
	broken  = regexp.MustCompile(`osd\.(\d+) on \S+ is down: repair`)
	started = regexp.MustCompile(`start (osd\.[\d, osd.]+), or mark out`)
)

// people do what no command does, by what they are told.
func (w *world) people(line string) {
	told := func(text string) bool { return strings.Contains(line, text) }
	for _, m := range offline.FindAllStringSubmatch(line, -1) {
		w.powerOn(m[1])
	}
	if m := broken.FindStringSubmatch(line); m != nil {
		id, _ := strconv.Atoi(m[1])
		w.osds[id].up = true
	}
	if m := started.FindStringSubmatch(line); m != nil {
		for _, name := range strings.Split(m[1], ", ") {
			if id, err := strconv.Atoi(strings.TrimPrefix(name, "osd.")); err == nil {
				w.osds[id].up = true
			}
		}
	}
	switch {
	case told("ask with --ceph command"):
		w.command = true
	case told("each MDS is"):
		w.built = "not proven: where each MDS runs"
	case told("--ceph-host"):
		w.named = true
	case told("nodes back first"), told("has no quorum"):
		for _, n := range w.nodes {
			w.powerOn(n.name)
		}
		w.mendDevice()
	case told("monitors back"), told("monitor"):
		w.mendMonitors()
	case told("add a qdevice"):
		if w.qdevice = max(w.qdevice, 1); w.qalive {
			w.qdevice += len(w.nodes)
		}
		w.mendDevice()
	case told("qdevice"):
		w.mendDevice()
	case told("service one node after the other"):
		w.leaving = w.leaving[:1]
	case told("mgr back first"), told("another mgr elsewhere"):
		w.mgrs = w.elsewhere(w.mgrs, "no host for another mgr")
	case told("standby MDS elsewhere"):
		w.built = "no: no standby MDS for its rank"
	case told("make room first"):
		delete(w.flags, "full")
	case told("in stretch mode"):
		w.built = "no: a site would lose its last OSD"
	case told("osd df tree"):
		w.built = "not proven: Ceph's witnesses contradict each other"
	case told("--forget-qdevice"):
		w.built = "not proven: nobody knows whether the qdevice is gone"
	case told("ok-to-stop judged no PG") && told("does it show any PG"):
		w.built = "not proven: its OSDs hold no PG"
	case told("give their pools more copies"):
		w.built = "no: the pools are built so that this stops their I/O"
	}
}

func (w *world) mendDevice() {
	w.qalive = true
	for i := range w.nodes {
		w.nodes[i].qdaemon = true
	}
}

// mendMonitors brings back those that are missing, and adds one where all are
// there and too few would stay.
func (w *world) mendMonitors() {
	mended := false
	for i, x := range w.mons {
		if !x.inQuorum && w.nodes[x.on].online {
			w.mons[i].inQuorum, mended = true, true
		}
	}
	if mended {
		return
	}
	for i, n := range w.nodes {
		if !n.online {
			w.powerOn(n.name)
			return
		}
		if !w.leaves(i) && !slices.ContainsFunc(w.mons, func(x mon) bool { return x.on == i }) {
			w.mons = append(w.mons, mon{i, true})
			return
		}
	}
	w.built = "no: no host for another monitor"
}

// elsewhere adds a daemon on a node that stays and has none.
func (w *world) elsewhere(on []int, none string) []int {
	for i, n := range w.nodes {
		if n.online && !w.leaves(i) && !slices.Contains(on, i) {
			return append(slices.Clone(on), i)
		}
	}
	w.built = "no: " + none
	return on
}

// powerOn starts a node. Not all of its daemons come up by themselves.
func (w *world) powerOn(name string) {
	for i, n := range w.nodes {
		if n.name != name || n.online {
			continue
		}
		w.nodes[i].online = true
		for id, o := range w.osds {
			if o.on == i && o.in {
				w.osds[id].up = w.r.IntN(3) > 0
			}
		}
		for k, x := range w.mons {
			if x.on == i {
				w.mons[k].inQuorum = w.r.IntN(3) > 0
			}
		}
		if !slices.Contains(w.mgrs, i) && len(w.mgrs) == 0 {
			w.mgrs = append(slices.Clone(w.mgrs), i)
		}
	}
}

// rest is the time between two questions: what is on its way arrives, HA moves
// what it has to, Ceph recovers what it can.
func (w *world) rest() {
	refuge := slices.IndexFunc(w.nodes, func(n node) bool { return n.online && !slices.Contains(w.names(), n.name) })
	for i, g := range w.guests {
		switch {
		case g.to >= 0:
			w.guests[i].on, w.guests[i].to = g.to, -1
		case g.ha && g.running && w.maintained && w.leaves(g.on) && refuge >= 0:
			w.guests[i].on = refuge
		case g.ha && g.running && !w.maintained && g.on != w.homes[i] && w.nodes[w.homes[i]].online:
			w.guests[i].on = w.homes[i]
		}
	}
	for i, p := range w.pools {
		for k, acting := range p.pgs {
			w.pools[i].pgs[k] = w.refill(p, acting)
		}
		w.pools[i].moving = false
	}
}

// refill gives a PG other OSDs for those that are out, as far as there are any.
func (w *world) refill(p pool, acting []int) []int {
	var out []int
	used := map[string]bool{}
	for _, id := range acting {
		if w.osds[id].in {
			out = append(out, id)
			used[w.unit(p, id)] = true
		}
	}
	for id, o := range w.osds {
		if len(out) == p.size {
			break
		}
		if o.up && o.in && !used[w.unit(p, id)] && !slices.Contains(out, id) {
			out = append(out, id)
			used[w.unit(p, id)] = true
		}
	}
	return out
}

// stuck says why a world in which nothing changes any more cannot come to a yes,
// from the truth; empty when it could.
func (w *world) stuck() string {
	for _, p := range w.pools {
		for _, acting := range p.pgs {
			if len(acting) < p.size {
				return "no: a PG has fewer places than copies"
			}
		}
	}
	for _, g := range w.guests {
		if g.running && w.leaves(g.on) && !slices.ContainsFunc(w.nodes, func(n node) bool { return n.online && !slices.Contains(w.names(), n.name) }) {
			return "no: a guest runs, and no other node is there"
		}
	}
	return ""
}
