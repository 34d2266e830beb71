package maintenance

import (
	"fmt"
	"slices"
)

// model is a small cluster as it really is. It knows nothing of checklists: it
// decides what happens to customers by switching nodes off.
type model struct {
	nodes   []node
	qdevice int // votes of the device, 0 for none
	qalive  bool
	guests  []guest
	mons    []mon
	mgrs    []int // nodes with a mgr that is up; the first is active
	ranks   int   // of all file systems, taken in turns by two of them
	mds     []metadata
	// stretch mode: each rack is a site, and PGs need copies on two of them.
	stretch bool
	// roots says that the second hosts of machines are below a root of their own.
	roots bool
	// lie is how ok-to-stop errs: not at all, about PGs it never looked at, or
	// against the rules of CRUSH.
	lie     lie
	osds    []osd
	pools   []pool
	flags   map[string]bool
	noout   scope
	leaving []int
	// requested says that HA maintenance of the leaving nodes is in force.
	maintained bool
	ha         bool
	// terse clusters name no monitors while all are in quorum, as since 14.2.17.
	terse bool
}

type node struct {
	name   string
	crush  string // its host in CRUSH
	rack   int
	votes  int
	online bool
	// qdaemon says that its own corosync-qdevice runs: without it the device
	// votes for others and not for this node.
	qdaemon bool
}

// guest is a virtual machine. One that moves will be on another node soon, by
// the word of HA or by a task that does not tell where to.
type guest struct {
	on      int
	running bool
	ha      bool
	to      int // -1: it stays
}

type mon struct {
	on       int
	inQuorum bool
}

// osd is on a node, below its host in CRUSH or below a second one that the
// machine has for another root.
type osd struct {
	on     int
	second bool
	up, in bool
}

// metadata is an MDS: it has a rank, follows one, or is free.
type metadata struct {
	on, rank int // -1: free
	follows  bool
	dead     bool
}

type lie int

const (
	honest lie = iota
	lazy
	wrong
)

type pool struct {
	fast      bool // below the second root
	size, min int
	domain    string // host, rack or osd
	erasure   bool
	// pgs are the OSDs of each, fewer than size where CRUSH found no more places.
	pgs [][]int
	// moving says that some of its data is where it does not belong.
	moving bool
}

// scope of noout: nothing, the cluster, hosts, or single OSDs.
type scope struct {
	global bool
	hosts  []int
	osds   []int
}

func (m *model) leaves(n int) bool { return slices.Contains(m.leaving, n) }

// harm switches the leaving nodes off and says what customers lose that they
// had before. Nothing of what the checklist uses is used here.
func (m *model) harm() []string {
	var out []string
	for i, g := range m.guests {
		if g.running && (m.leaves(g.on) || g.to >= 0 && m.leaves(g.to)) {
			out = append(out, fmt.Sprintf("guest %d dies", i))
		}
	}
	if m.loses() {
		out = append(out, "quorum is lost")
	}
	if in, stay := m.monitors(); 2*in > len(m.mons) && 2*stay <= len(m.mons) {
		out = append(out, "the monitors lose their quorum")
	}
	if m.stranded(true) && !m.stranded(false) {
		out = append(out, "the OSDs of a site find no monitor")
	}
	for i, p := range m.pools {
		for _, acting := range p.pgs {
			if m.serves(p, acting, false) && !m.serves(p, acting, true) {
				out = append(out, fmt.Sprintf("I/O stops in pool %d", i))
				break
			}
		}
	}
	return out
}

// given says whether the quorum device votes for a node.
func (m *model) given(i int) bool { return m.qalive && m.nodes[i].qdaemon }

// loses says whether a node that stays falls from quorum: each counts for
// itself.
func (m *model) loses() bool {
	before, after, all := 0, 0, m.qdevice
	for i, n := range m.nodes {
		all += n.votes
		if n.online {
			before += n.votes
			if !m.leaves(i) {
				after += n.votes
			}
		}
	}
	for i, n := range m.nodes {
		own := 0
		if m.given(i) {
			own = m.qdevice
		}
		if n.online && !m.leaves(i) && 2*(after+own) <= all && 2*(before+own) > all && len(m.nodes) > 1 {
			return true
		}
	}
	return false
}

// unserved are the ranks that no living MDS serves or could take, now or without
// the nodes that leave.
func (m *model) unserved(without bool) int {
	lone, free := 0, 0
	for rank := range m.ranks {
		if !slices.ContainsFunc(m.mds, func(x metadata) bool {
			return x.rank == rank && !x.dead && !(without && m.leaves(x.on))
		}) {
			lone++
		}
	}
	for _, x := range m.mds {
		if x.rank < 0 && !x.dead && !(without && m.leaves(x.on)) {
			free++
		}
	}
	return max(0, lone-free)
}

// hanging says that a rank has a holder that is dead: nobody could take it.
func (m *model) hanging() bool {
	return slices.ContainsFunc(m.mds, func(x metadata) bool { return x.rank >= 0 && !x.follows && x.dead })
}

func (m *model) monitors() (in, stay int) {
	for _, x := range m.mons {
		if x.inQuorum {
			in++
			if !m.leaves(x.on) {
				stay++
			}
		}
	}
	return in, stay
}

// trouble is what makes a yes wrong although nothing dies at once: rules of the
// house, each decided from the truth.
func (m *model) trouble() []string {
	var out []string
	if in, _ := m.monitors(); 2*in <= len(m.mons) {
		out = append(out, "no monitor quorum")
	}
	for i, n := range m.nodes {
		if !n.online && !m.leaves(i) {
			out = append(out, "another node is off")
		}
	}
	for _, f := range []string{"pause", "full", "nodown", "noup"} {
		if m.flags[f] {
			out = append(out, f)
		}
	}
	leavingUp, ownDead := false, false
	bare := false
	for id, o := range m.osds {
		if m.leaves(o.on) {
			leavingUp, ownDead = leavingUp || o.up, ownDead || !o.up
			bare = bare || o.in && !m.covers(id)
		} else if !o.up && o.in || o.up && !o.in {
			out = append(out, fmt.Sprintf("osd.%d elsewhere is not well", id))
		}
	}
	if bare {
		out = append(out, "noout does not cover the node")
	}
	for _, p := range m.pools {
		for _, acting := range p.pgs {
			up, lost := m.living(acting)
			switch {
			case !m.serves(p, acting, false), leavingUp && p.moving:
				return append(out, "a PG is not whole")
			case leavingUp && up < p.size && (lost > 0 || !ownDead):
				return append(out, "a PG is not whole, and not by the node's own dead OSDs alone")
			}
		}
	}
	elsewhere := func(on []int) int {
		n := 0
		for _, x := range on {
			if !m.leaves(x) {
				n++
			}
		}
		return n
	}
	if m.stranded(true) {
		out = append(out, "a site has no monitor")
	}
	if elsewhere(m.mgrs) == 0 {
		out = append(out, "no mgr stays")
	}
	if m.unserved(true) > 0 || m.hanging() {
		out = append(out, "no MDS stays")
	}
	return out
}

// living are the copies of a PG that work, and how many of them leave.
func (m *model) living(acting []int) (up, lost int) {
	for _, id := range acting {
		if m.osds[id].up {
			up++
			if m.leaves(m.osds[id].on) {
				lost++
			}
		}
	}
	return up, lost
}

// opened says that PGs lack a copy while some of the leaving OSDs still work.
func (m *model) opened() bool {
	short := slices.ContainsFunc(m.pools, func(p pool) bool {
		return slices.ContainsFunc(p.pgs, func(acting []int) bool { up, _ := m.living(acting); return up < p.size })
	})
	return short && slices.ContainsFunc(m.osds, func(o osd) bool { return o.up && m.leaves(o.on) })
}

func (m *model) covers(id int) bool {
	return m.noout.global || slices.Contains(m.noout.hosts, m.osds[id].on) || slices.Contains(m.noout.osds, id)
}

// leftBehind is what keeps the nodes from being fully back, from the truth.
func (m *model) leftBehind() []string {
	var out []string
	for _, x := range m.leaving {
		if !m.nodes[x].online {
			out = append(out, "a node is off")
		}
	}
	if m.maintained {
		out = append(out, "HA maintenance")
	}
	if m.noout.global || len(m.noout.hosts) > 0 && m.covered() || len(m.noout.osds) > 0 {
		out = append(out, "noout")
	}
	for f, on := range m.flags {
		if on {
			out = append(out, f)
		}
	}
	for id, o := range m.osds {
		if m.leaves(o.on) && (!o.up || !o.in) {
			out = append(out, fmt.Sprintf("osd.%d does not work", id))
		}
	}
	for _, x := range m.mons {
		if !x.inQuorum {
			out = append(out, "a monitor is missing")
		}
	}
	for _, p := range m.pools {
		for _, acting := range p.pgs {
			if up, _ := m.living(acting); up < p.size || p.moving {
				return append(out, "a PG is not whole")
			}
		}
	}
	if m.hanging() {
		out = append(out, "a dead MDS")
	}
	for i, n := range m.nodes {
		if m.leaves(i) && n.online && m.qdevice > 0 && len(m.nodes) > 1 && !m.given(i) {
			out = append(out, "the quorum device does not vote for it")
		}
	}
	for _, g := range m.guests {
		if g.to >= 0 {
			out = append(out, "a guest is on its way")
		}
	}
	return out
}

// covered says whether hosts of noout have OSDs at all.
func (m *model) covered() bool {
	return slices.ContainsFunc(m.osds, func(o osd) bool { return slices.Contains(m.noout.hosts, o.on) })
}
