package maintenance

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// twoSites is the storage of stretch mode: two copies on each of two sites, on
// different hosts.
func (m *model) twoSites(r *rand.Rand) {
	for on := range m.nodes {
		for range 1 + r.IntN(2) {
			m.osds = append(m.osds, osd{on, false, true, true})
		}
	}
	for range 1 + r.IntN(2) {
		p := pool{size: 4, min: 2, domain: "stretch"}
		for range 1 + r.IntN(8) {
			var acting []int
			used := map[int]bool{}
			for _, id := range r.Perm(len(m.osds)) {
				if on := m.osds[id].on; !used[on] {
					used[on] = true
					acting = append(acting, id)
				}
			}
			p.pgs = append(p.pgs, acting)
		}
		m.pools = append(m.pools, p)
	}
}

// serves says whether clients of a PG are served, now or without the nodes that
// leave.
func (m *model) serves(p pool, acting []int, without bool) bool {
	up, sites := 0, map[int]bool{}
	for _, id := range acting {
		if o := m.osds[id]; o.up && !(without && m.leaves(o.on)) {
			up++
			sites[m.nodes[o.on].rack] = true
		}
	}
	return up >= p.min && (!m.stretch || len(sites) > 1)
}

// stranded says whether OSDs of a site that are up find no monitor, now or
// without the nodes that leave: in stretch mode those of other sites hang up.
func (m *model) stranded(without bool) bool {
	stays := func(on int) bool { return !(without && m.leaves(on)) }
	return m.stretch && slices.ContainsFunc(m.osds, func(o osd) bool {
		return o.up && stays(o.on) && !slices.ContainsFunc(m.mons, func(x mon) bool {
			return x.inQuorum && stays(x.on) && m.nodes[x.on].rack == m.nodes[o.on].rack
		})
	})
}

// quorum are the names of the monitors in it.
func (m *model) quorum() []string {
	out := []string{}
	for _, x := range m.mons {
		if x.inQuorum {
			out = append(out, m.nodes[x.on].name)
		}
	}
	return out
}

// monmap names all monitors, in stretch mode with their sites.
func (m *model) monmap() map[string]interface{} {
	mons := []map[string]interface{}{}
	for _, x := range m.mons {
		mons = append(mons, map[string]interface{}{"name": m.nodes[x.on].name})
		if m.stretch {
			mons[len(mons)-1]["crush_location"] = fmt.Sprintf("{root=default, rack=rack%d}", 10+m.nodes[x.on].rack)
		}
	}
	return map[string]interface{}{"num_mons": len(mons), "mons": mons}
}
