package contingency

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// random makes a cluster that was built with some care, and neglects a few
// things in it.
func random(r *rand.Rand) *world {
	w := &world{counts: r.IntN(2) == 0}
	n := []int{1, 2, 3, 3, 3, 4, 5, 6}[r.IntN(8)]
	for i := range n {
		m := machine{name: fmt.Sprintf("pve%d", i+1), votes: 1, online: true, rack: i / 2, memory: 32 + 32*r.IntN(2), own: r.IntN(6), gpu: r.IntN(2) == 0}
		w.nodes = append(w.nodes, m)
	}
	if r.IntN(12) == 0 {
		w.nodes[r.IntN(n)].votes = r.IntN(3)
	}
	if n > 1 && (n%2 == 0 || r.IntN(6) == 0) && r.IntN(4) > 0 {
		w.qdevice = 1
		if n%2 == 1 {
			w.qdevice = n - 1
		}
		for i := range w.nodes {
			w.nodes[i].daemon = r.IntN(10) > 0
		}
	}
	if r.IntN(10) == 0 && n > 2 {
		w.nodes[r.IntN(n)].online = false
	}
	if r.IntN(15) == 0 {
		w.nodes[r.IntN(n)].maint = true
	}
	for i := range r.IntN(9) {
		w.guests = append(w.guests, w.vm(r, 100+i*7))
	}
	if r.IntN(6) == 0 && len(w.guests) > 2 {
		perm := r.Perm(len(w.guests))
		var set []int
		for _, i := range perm[:2+r.IntN(min(3, len(perm)-1))] {
			set = append(set, w.guests[i].id)
		}
		w.apart = append(w.apart, set)
	}
	if r.IntN(4) > 0 {
		w.ceph(r)
	}
	return w
}

func (w *world) vm(r *rand.Rand, id int) vm {
	n := len(w.nodes)
	g := vm{id: id, on: r.IntN(n), running: r.IntN(8) > 0, most: 1 + r.IntN(16)}
	g.used = 1 + r.IntN(g.most)
	g.ha = []string{"", "started", "started", "started", "started", "started", "started", "disabled", "error"}[r.IntN(9)]
	if n == 1 || !g.running {
		g.ha = ""
	}
	if !w.nodes[g.on].online {
		g.running = false
		g.ha = ""
	}
	if r.IntN(8) == 0 {
		g.local = true
		for i := range n {
			if i != g.on && r.IntN(2) == 0 {
				g.copies = append(g.copies, i)
			}
		}
	}
	switch r.IntN(24) {
	case 0:
		g.gpu = "raw"
	case 1:
		g.gpu = "mapped"
		w.nodes[g.on].gpu = true
	}
	if g.ha != "" && r.IntN(8) == 0 {
		for i := range n {
			if i == g.on || r.IntN(2) == 0 {
				g.only = append(g.only, i)
			}
		}
	}
	if r.IntN(3) > 0 {
		g.backup = 1 + r.IntN(40)
	}
	return g
}

func (w *world) ceph(r *rand.Rand) {
	n := len(w.nodes)
	order := r.Perm(n)
	for _, on := range order[:min(n, []int{1, 3, 3, 3, 5}[r.IntN(5)])] {
		if w.nodes[on].online && r.IntN(20) > 0 {
			w.mons = append(w.mons, on)
		} else {
			w.gone++
		}
	}
	if 2*len(w.mons) <= len(w.mons)+w.gone {
		w.mons, w.gone = nil, 0 // it does not answer: nothing to ask
		return
	}
	for on := range w.nodes {
		for range 1 + r.IntN(3) {
			w.osds = append(w.osds, disk{on, w.nodes[on].online && r.IntN(30) > 0})
		}
	}
	for range 1 + r.IntN(2) {
		p := pool{size: []int{2, 3, 3, 3, 3, 4}[r.IntN(6)], domain: []string{"host", "host", "host", "host", "rack", "osd"}[r.IntN(6)]}
		p.min = []int{1, 2, 2, 2, 2}[r.IntN(5)]
		for range 4 + r.IntN(6) {
			p.pgs = append(p.pgs, w.place3(r, p))
		}
		w.pools = append(w.pools, p)
	}
}

// place3 puts the copies of one PG on OSDs in different units, as far as there
// are any.
func (w *world) place3(r *rand.Rand, p pool) []int {
	var out []int
	seen := map[string]bool{}
	for _, id := range r.Perm(len(w.osds)) {
		unit := fmt.Sprint(id)
		switch p.domain {
		case "host":
			unit = w.nodes[w.osds[id].on].name
		case "rack":
			unit = fmt.Sprint(w.nodes[w.osds[id].on].rack)
		}
		if !seen[unit] && len(out) < p.size {
			seen[unit] = true
			out = append(out, id)
		}
	}
	return slices.Clip(out)
}
