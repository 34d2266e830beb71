package ceph

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// draw is how much an OSD wants a placement group: the straws of CRUSH.
func draw(group string, osd int) uint64 {
	h := fnv.New64a()
	// a hash takes everything
	_, _ = h.Write([]byte(group + "/" + string(rune('A'+osd%26)) + strings.Repeat("x", osd/26)))
	v := h.Sum64()
	v ^= v >> 31
	v *= 0x9e3779b97f4a7c15
	return v ^ v>>29
}

// place is where a placement group belongs: the OSDs that are in, as the
// pool's rule allows.
func (w *World) place(p *pool, g *pg) []int {
	type straw struct {
		*osd
		length uint64
	}
	var candidates []straw
	for _, o := range w.osds {
		if o.in && (p.Class == "" || o.class == p.Class) {
			candidates = append(candidates, straw{o, draw(g.id, o.id)})
		}
	}
	slices.SortFunc(candidates, func(a, b straw) int { return cmp.Compare(b.length, a.length) })
	var out []int
	taken, sites := map[string]bool{}, map[string]int{}
	for _, o := range candidates {
		site := w.config.Sites[o.host]
		if len(out) == p.Size {
			break
		}
		if p.Domain != "osd" && taken[o.host] || p.Domain == "site" && sites[site] == p.Size/2 {
			continue
		}
		taken[o.host] = true
		sites[site]++
		out = append(out, o.id)
	}
	return out
}

// alive are the OSDs with the data that the cluster takes for up.
func (w *World) alive(g *pg) []int {
	var out []int
	for _, id := range g.holds {
		if w.osds[id].up {
			out = append(out, id)
		}
	}
	return out
}

// active says whether clients are served.
func (w *World) active(p *pool, g *pg) bool {
	_, passing := w.peering[g.id]
	return !passing && w.enough(p, w.alive(g))
}

// state works out what the placement group is in.
func (w *World) state(p *pool, g *pg) string {
	if _, passing := w.peering[g.id]; passing {
		return "peering"
	}
	alive, target := w.alive(g), w.place(p, g)
	switch {
	case len(alive) == 0:
		return "stale+undersized+degraded+peered"
	case !w.enough(p, alive):
		return "undersized+degraded+peered"
	}
	var words []string
	missing := 0 // places of the target that are up and lack the data
	for _, id := range target {
		if w.osds[id].up && !slices.Contains(g.holds, id) {
			missing++
		}
	}
	if len(alive) < p.Size {
		words = append(words, "undersized", "degraded")
	}
	switch {
	case missing > 0 && !w.flags["nobackfill"]:
		words = append(words, "remapped", "backfilling")
	case missing > 0:
		words = append(words, "remapped", "backfill_wait")
	}
	if len(words) == 0 {
		words = append(words, "clean")
	}
	if g.damaged {
		words = append(words, "inconsistent")
	}
	return "active+" + strings.Join(words, "+")
}

// recover moves and copies all data to where it belongs, as far as flags let.
func (w *World) recover() {
	if w.flags["nobackfill"] || w.flags["norecover"] {
		return
	}
	for _, p := range w.pools {
		for _, g := range p.pgs {
			if !w.enough(p, w.alive(g)) {
				continue
			}
			var holds []int
			for _, id := range w.place(p, g) {
				if w.osds[id].up || slices.Contains(g.holds, id) {
					holds = append(holds, id)
				}
			}
			g.holds = holds
		}
	}
	w.misplaced = 0
}

// snapshot is what the mgr counts.
type snapshot struct {
	total                        int
	states                       map[string]int
	degraded, misplaced, unfound int
	used, bytes                  float64
	reported                     time.Time
}

// objects of every placement group, and bytes of every OSD.
const (
	objects  = 36
	capacity = 1 << 30
)

// count works out the numbers of now.
func (w *World) count() *snapshot {
	s := &snapshot{states: map[string]int{}, unfound: w.unfound, misplaced: w.misplaced, reported: w.clock.Now()}
	for _, p := range w.pools {
		for _, g := range p.pgs {
			s.total++
			s.states[w.state(p, g)]++
			lacking := max(0, p.Size-len(w.alive(g)))
			s.degraded += lacking * objects
			for _, id := range w.place(p, g) {
				if w.osds[id].up && !slices.Contains(g.holds, id) && lacking == 0 {
					s.misplaced += objects
				}
			}
		}
	}
	for _, o := range w.osds {
		if o.in {
			s.used += o.used / 100 * capacity
			s.bytes += capacity
		}
	}
	return s
}

// numbers are those of now, or of the time when the last mgr went.
func (w *World) numbers() *snapshot {
	if w.frozen != nil {
		return w.frozen
	}
	return w.count()
}
