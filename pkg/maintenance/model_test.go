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
	ranks   int   // active MDS
	mds     []int // nodes with an MDS that is up
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

type pool struct {
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
	if m.qalive {
		before, after = before+m.qdevice, after+m.qdevice
	}
	if 2*after <= all && 2*before > all && len(m.nodes) > 1 {
		out = append(out, "quorum is lost")
	}
	if in, stay := m.monitors(); 2*in > len(m.mons) && 2*stay <= len(m.mons) {
		out = append(out, "the monitors lose their quorum")
	}
	for i, p := range m.pools {
		for _, acting := range p.pgs {
			was, is := 0, 0
			for _, id := range acting {
				if m.osds[id].up {
					was++
					if !m.leaves(m.osds[id].on) {
						is++
					}
				}
			}
			if was >= p.min && is < p.min {
				out = append(out, fmt.Sprintf("I/O stops in pool %d", i))
				break
			}
		}
	}
	return out
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
			case up < p.min, leavingUp && p.moving:
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
	if elsewhere(m.mgrs) == 0 {
		out = append(out, "no mgr stays")
	}
	if elsewhere(m.mds) < m.ranks {
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
