package maintenance

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// random makes a cluster that is well, and breaks a few things in it.
func random(r *rand.Rand) *model {
	m := &model{flags: map[string]bool{}}
	n := 1 + r.IntN(6)
	for i := range n {
		name := fmt.Sprintf("pve%d", i+1)
		x := node{name, name, i / 2, 1, true, true}
		if r.IntN(20) == 0 {
			x.crush = fmt.Sprintf("ceph%d", i+1)
		}
		m.nodes = append(m.nodes, x)
	}
	if r.IntN(8) == 0 {
		m.nodes[r.IntN(n)].votes = r.IntN(4)
	}
	if r.IntN(3) == 0 && n > 1 {
		m.qdevice, m.qalive = 1, r.IntN(4) > 0
		if r.IntN(4) == 0 {
			m.qdevice = n - 1
		}
	}
	for range []int{1, 1, 1, 1, 1, 2, 2, 3}[r.IntN(8)] {
		if x := r.IntN(n); !m.leaves(x) {
			m.leaving = append(m.leaving, x)
		}
	}
	m.ha, m.terse = r.IntN(2) == 0, r.IntN(2) == 0
	m.maintained = m.ha && r.IntN(4) > 0
	for range r.IntN(8) {
		g := guest{on: r.IntN(n), running: r.IntN(3) > 0, ha: m.ha && r.IntN(2) == 0, to: -1}
		if m.leaves(g.on) && r.IntN(12) > 0 {
			g.running = false
			g.ha = false
		}
		if to := r.IntN(n); g.running && to != g.on && r.IntN(30) == 0 {
			g.to = to
		}
		m.guests = append(m.guests, g)
	}
	if m.stretch = n == 4 && r.IntN(3) == 0; m.stretch {
		// Two sites have a quorum device on a third, and one of them leaves.
		m.qdevice, m.qalive = 1, r.IntN(8) > 0
		if site := 2 * r.IntN(2); r.IntN(2) == 0 {
			m.leaving = []int{site, site + 1}
		}
	}
	m.lie = []lie{lazy, wrong, honest, honest, honest, honest, honest, honest}[r.IntN(8)]
	m.daemons(r)
	m.storage(r)
	m.cover(r)
	if r.IntN(4) == 0 {
		m.bury(r)
	}
	for range []int{0, 0, 0, 1, 1, 2, 3}[r.IntN(7)] {
		m.breakOne(r)
	}
	return m
}

func (m *model) daemons(r *rand.Rand) {
	order := r.Perm(len(m.nodes))
	for _, on := range order[:min(len(order), []int{1, 3, 3, 3, 4, 5}[r.IntN(6)])] {
		m.mons = append(m.mons, mon{on, true})
	}
	order = r.Perm(len(m.nodes))
	m.mgrs = order[:min(len(order), 1+r.IntN(3))]
	if r.IntN(4) > 0 {
		return
	}
	m.ranks = 1 + r.IntN(4)/2
	for rank := range m.ranks {
		m.mds = append(m.mds, metadata{on: r.IntN(len(m.nodes)), rank: rank})
		if r.IntN(3) == 0 {
			m.mds = append(m.mds, metadata{on: r.IntN(len(m.nodes)), rank: rank, follows: true})
		}
	}
	for range r.IntN(3) {
		m.mds = append(m.mds, metadata{on: r.IntN(len(m.nodes)), rank: -1})
	}
}

func (m *model) storage(r *rand.Rand) {
	if m.stretch {
		m.twoSites(r)
		return
	}
	split := r.IntN(12) == 0
	m.roots = split && r.IntN(2) == 0
	for on := range m.nodes {
		for range r.IntN(4) {
			m.osds = append(m.osds, osd{on, split && r.IntN(2) == 0, true, true})
		}
	}
	for i := range m.osds {
		if r.IntN(40) == 0 {
			m.osds[i].up, m.osds[i].in = false, false // retired long ago
		}
	}
	for range r.IntN(4) {
		p := pool{size: 1 + r.IntN(4), domain: []string{"host", "host", "host", "host", "rack", "osd"}[r.IntN(6)]}
		p.fast = m.roots && r.IntN(2) == 0
		p.min = max(1, p.size-r.IntN(3))
		if p.size > 2 && r.IntN(5) == 0 { // k+m with m = 1 or 2, which needs k+1 by default
			p.erasure, p.min = true, p.size-1+r.IntN(2)
		}
		for range 1 + r.IntN(8) {
			if acting := m.place(r, p); len(acting) == p.size {
				if p.size > p.min && r.IntN(100) == 0 {
					acting = acting[1:]
				}
				p.pgs = append(p.pgs, acting)
			}
		}
		if len(p.pgs) > 0 {
			m.pools = append(m.pools, p)
		}
	}
}

// place chooses OSDs for a PG as CRUSH would: different hosts, racks, or
// different OSDs.
func (m *model) place(r *rand.Rand, p pool) []int {
	var acting []int
	used := map[string]bool{}
	for _, id := range r.Perm(len(m.osds)) {
		o := m.osds[id]
		unit := m.unit(p, id)
		if !o.in || used[unit] || m.roots && o.second != p.fast {
			continue
		}
		used[unit] = true
		if acting = append(acting, id); len(acting) == p.size {
			break
		}
	}
	return acting
}

func (m *model) cover(r *rand.Rand) {
	switch r.IntN(8) {
	case 0:
	case 1, 2, 3, 4:
		m.noout.global = true
	case 5, 6:
		m.noout.hosts = slices.Clone(m.leaving)
	default:
		for id, o := range m.osds {
			if m.leaves(o.on) && r.IntN(20) > 0 {
				m.noout.osds = append(m.noout.osds, id)
			}
		}
	}
}

// breakOne breaks one thing.
func (m *model) breakOne(r *rand.Rand) {
	pick := func(n int) int { return r.IntN(max(n, 1)) }
	switch r.IntN(14) {
	case 12: // an MDS is killed, and nobody takes over
		if i := slices.IndexFunc(m.mds, func(x metadata) bool { return x.rank >= 0 && !x.follows }); i >= 0 {
			m.mds[i].dead = true
		}
		m.mds = slices.DeleteFunc(m.mds, func(x metadata) bool { return x.rank <= 0 && (x.rank < 0 || x.follows) })
	case 13: // the daemons of the quorum device are dead everywhere
		for i := range m.nodes {
			m.nodes[i].qdaemon = false
		}
	case 10, 11:
		m.nodes[pick(len(m.nodes))].qdaemon = false
	case 0, 1:
		if len(m.osds) > 0 {
			m.osds[pick(len(m.osds))].up = false
		}
	case 2:
		if len(m.osds) > 0 {
			i := pick(len(m.osds))
			if m.osds[i].up {
				m.osds[i].in = false
			}
		}
	case 3:
		m.mons[pick(len(m.mons))].inQuorum = false
	case 4:
		m.flags[[]string{"pause", "full", "nodown", "noup", "norebalance", "noin", "norecover"}[r.IntN(7)]] = true
	case 5:
		if len(m.pools) > 0 {
			m.pools[pick(len(m.pools))].moving = true
		}
	case 6:
		m.off(pick(len(m.nodes)))
	case 7:
		m.qalive = false
	case 8:
		for _, x := range m.leaving { // the OSDs of a node that is being stopped
			for id := range m.osds {
				if m.osds[id].on == x {
					m.osds[id].up = false
				}
			}
		}
	default:
		if len(m.mgrs) > 1 {
			m.mgrs = m.mgrs[:len(m.mgrs)-1]
		}
	}
}

// bury lets some disks die in the nodes that are to be opened for them. Most
// pools bear the loss of one copy then, not of two.
func (m *model) bury(r *rand.Rand) {
	m.pools = slices.DeleteFunc(m.pools, func(p pool) bool { return p.size == 1 && r.IntN(4) > 0 })
	for i, p := range m.pools {
		if p.size > 1 && r.IntN(4) > 0 {
			m.pools[i].min = p.size - 1
		}
	}
	for id, o := range m.osds {
		if m.leaves(o.on) && r.IntN(2) == 0 {
			m.osds[id].up = false
			m.osds[id].in = m.osds[id].in && r.IntN(8) > 0
		}
	}
}

// off switches a node off with all that is on it.
func (m *model) off(x int) {
	m.nodes[x].online = false
	for id := range m.osds {
		if m.osds[id].on == x {
			m.osds[id].up = false
		}
	}
	for i := range m.mons {
		if m.mons[i].on == x {
			m.mons[i].inQuorum = false
		}
	}
	m.mgrs = slices.DeleteFunc(slices.Clone(m.mgrs), func(on int) bool { return on == x })
	for i := range m.mds {
		if m.mds[i].on == x {
			m.mds[i].dead = true
		}
	}
	m.takeOver()
	for i := range m.guests {
		if m.guests[i].on == x {
			m.guests[i].running, m.guests[i].to = false, -1
		}
	}
}

// takeOver lets living MDS take the ranks of dead ones, as the monitors do, and
// forgets dead ones that have none.
func (m *model) takeOver() {
	for i, x := range m.mds {
		if !x.dead || x.rank < 0 || x.follows {
			continue
		}
		for _, which := range []func(metadata) bool{
			func(y metadata) bool { return y.follows && y.rank == x.rank }, func(y metadata) bool { return y.rank < 0 },
		} {
			if k := slices.IndexFunc(m.mds, func(y metadata) bool { return !y.dead && which(y) }); k >= 0 {
				m.mds[k].rank, m.mds[k].follows, m.mds[i].rank = x.rank, false, -1
				break
			}
		}
	}
	m.mds = slices.DeleteFunc(m.mds, func(x metadata) bool { return x.dead && (x.rank < 0 || x.follows) })
}

// bucket is the host of an OSD in CRUSH, which takes two of one machine for two
// machines.
func (m *model) bucket(o osd) string {
	if o.second {
		return m.nodes[o.on].crush + "-ssd"
	}
	return m.nodes[o.on].crush
}

// unit is what holds at most one copy of the pool.
func (m *model) unit(p pool, id int) string {
	switch o := m.osds[id]; p.domain {
	case "host", "stretch":
		return m.bucket(o)
	case "rack":
		return fmt.Sprint(m.nodes[o.on].rack)
	}
	return fmt.Sprint(id)
}

// undo ends the maintenance, and now and then forgets something.
func (m *model) undo(r *rand.Rand) {
	done := func() bool { return r.IntN(10) > 0 }
	if done() {
		m.noout = scope{}
	}
	if done() {
		m.maintained = false
	}
	for _, x := range m.leaving {
		m.nodes[x].online = m.nodes[x].online || done()
	}
	for id, o := range m.osds {
		if m.nodes[o.on].online && done() {
			m.osds[id].up, m.osds[id].in = true, true
		}
	}
	for i, x := range m.mons {
		m.mons[i].inQuorum = x.inQuorum || m.nodes[x.on].online && done()
	}
	for i := range m.pools {
		m.pools[i].moving = m.pools[i].moving && !done()
	}
	for f, on := range m.flags {
		m.flags[f] = on && !done()
	}
	for i := range m.guests {
		if done() {
			m.guests[i].to = -1
		}
	}
}
