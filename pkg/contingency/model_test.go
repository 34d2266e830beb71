package contingency

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// world is a small cluster as it really is. It knows nothing of conditions: it
// kills nodes and counts what customers are without.
type world struct {
	nodes   []machine
	qdevice int // votes
	guests  []vm
	apart   [][]int // guests that a rule keeps apart
	mons    []int   // nodes with a monitor in quorum; gone are those without
	gone    int
	osds    []disk
	pools   []pool
	counts  bool // HA counts guests outside it
}

type machine struct {
	name   string
	votes  int
	online bool
	daemon bool // its own qdevice daemon is given the votes
	rack   int
	memory int // GiB
	own    int // used by itself
	gpu    bool
	maint  bool // in HA maintenance
}

type vm struct {
	id      int
	on      int
	running bool
	ha      string // empty, started, disabled, error
	most    int    // GiB
	used    int
	local   bool // its disk is on its node
	copies  []int
	gpu     string // "", raw, mapped
	only    []int  // nodes of a strict rule
	backup  int    // hours, 0 for none
}

type disk struct {
	on int
	up bool
}

type pool struct {
	min    int
	size   int
	domain string
	pgs    [][]int
}

func (g vm) sid() string { return fmt.Sprintf("vm:%d", g.id) }

// kill says what is lost when nodes die, or the quorum device when none is named.
func (w *world) kill(dead []int, device bool) []string {
	var out []string
	alive := func(i int) bool { return w.nodes[i].online && !slices.Contains(dead, i) }
	lost := false
	total := w.qdevice
	for _, n := range w.nodes {
		total += n.votes
	}
	survivors := 0
	for i := range w.nodes {
		if !alive(i) {
			continue
		}
		survivors++
		sum := 0
		for k, n := range w.nodes {
			if alive(k) {
				sum += n.votes
			}
		}
		if w.nodes[i].daemon && !device {
			sum += w.qdevice
		}
		if sum*2 <= total {
			lost = true
		}
	}
	if lost {
		out = append(out, "quorum")
	}
	if survivors == 0 {
		lost = true
	}
	if device {
		return out
	}
	if survivors > 0 {
		out = append(out, w.storageLost(dead)...)
	}
	return append(out, w.guestsLost(dead, lost)...)
}

func (w *world) storageLost(dead []int) []string {
	var out []string
	stay := 0
	for _, on := range w.mons {
		if !slices.Contains(dead, on) {
			stay++
		}
	}
	if all := len(w.mons) + w.gone; all > 0 && 2*stay <= all {
		out = append(out, "monitors")
	}
	for _, p := range w.pools {
		for _, pg := range p.pgs {
			was, is := 0, 0
			for _, id := range pg {
				if w.osds[id].up {
					was++
					if !slices.Contains(dead, w.osds[id].on) {
						is++
					}
				}
			}
			if was >= p.min && is < p.min {
				return append(out, "I/O")
			}
		}
	}
	return out
}

// canRun says whether a guest can run on a node.
func (w *world) canRun(g vm, node int) bool {
	if g.local && g.on != node && !slices.Contains(g.copies, node) {
		return false
	}
	return g.gpu == "" || g.on == node || g.gpu == "mapped" && w.nodes[node].gpu && !w.taken(g, node)
}

// taken says that the one device of a node is another guest's.
func (w *world) taken(g vm, node int) bool {
	return slices.ContainsFunc(w.guests, func(other vm) bool {
		return other.id != g.id && other.running && other.on == node && other.gpu == "mapped"
	})
}

// rivals says that two guests were put on a node with one device for both.
func (w *world) rivals(hit []vm, at map[int]int) bool {
	seen := map[int]bool{}
	for _, g := range hit {
		if g.gpu != "mapped" || at[g.id] == g.on {
			continue
		}
		if seen[at[g.id]] {
			return true
		}
		seen[at[g.id]] = true
	}
	return false
}

// guestsLost plays the HA manager: one guest after the other in the order of
// their names, to the node with the fewest, blind to everything else.
func (w *world) guestsLost(dead []int, quorum bool) []string {
	var out []string
	load, used := map[int]int{}, map[int]int{}
	at := map[int]int{}
	for _, g := range w.guests {
		at[g.id] = g.on
		if !g.running && g.ha != "error" {
			continue
		}
		if g.ha != "disabled" && (g.ha != "" || w.counts) {
			load[g.on]++
		}
		if g.running {
			used[g.on] += g.used
		}
	}
	var hit []vm
	for _, g := range w.guests {
		if g.running && slices.Contains(dead, g.on) {
			hit = append(hit, g)
			if g.local && !w.copied(g, dead) {
				out = append(out, g.sid()+" data")
			}
		}
	}
	sort.Slice(hit, func(i, j int) bool { return g2s(hit[i]) < g2s(hit[j]) })
	var stuck []vm
	for _, g := range hit {
		if quorum || g.ha != "started" {
			out = append(out, g.sid()+" stays down")
			continue
		}
		to := w.place(g, dead, load, at, nil)
		if to < 0 {
			out = append(out, g.sid()+" finds no node")
			continue
		}
		at[g.id] = to
		load[to]++
		if !w.canRun(g, to) {
			stuck = append(stuck, g)
			continue
		}
		used[to] += g.used
	}
	for _, g := range stuck {
		first := at[g.id]
		load[first]--
		to := w.place(g, dead, load, at, []int{first})
		if to < 0 || !w.canRun(g, to) {
			out = append(out, g.sid()+" starts nowhere")
			if to >= 0 {
				at[g.id] = to
				load[to]++
			} else {
				load[first]++
			}
			continue
		}
		at[g.id] = to
		load[to]++
		used[to] += g.used
	}
	if w.rivals(hit, at) {
		out = append(out, "two guests have one device")
	}
	for i, n := range w.nodes {
		if !slices.Contains(dead, i) && n.online && used[i]+n.own > n.memory && len(hit) > 0 && w.came(hit, at, i) {
			out = append(out, n.name+" has no memory")
		}
	}
	return out
}

func g2s(g vm) string { return g.sid() }

func (w *world) came(hit []vm, at map[int]int, node int) bool {
	for _, g := range hit {
		if at[g.id] == node {
			return true
		}
	}
	return false
}

// copied says that a node that stays has a replica.
func (w *world) copied(g vm, dead []int) bool {
	for _, n := range g.copies {
		if !slices.Contains(dead, n) && w.nodes[n].online {
			return true
		}
	}
	return false
}

// place is where HA puts a guest, -1 for nowhere.
func (w *world) place(g vm, dead []int, load map[int]int, at map[int]int, tried []int) int {
	best := -1
	for i, n := range w.nodes {
		if !n.online || n.maint || slices.Contains(dead, i) || slices.Contains(tried, i) {
			continue
		}
		if g.only != nil && !w.unruled(g) && !slices.Contains(g.only, i) {
			continue
		}
		if w.peer(g, i, at) {
			continue
		}
		if best < 0 || load[i] < load[best] || load[i] == load[best] && strings.Compare(n.name, w.nodes[best].name) < 0 {
			best = i
		}
	}
	return best
}

// peer says that a guest it is kept apart from is on the node.
func (w *world) peer(g vm, node int, at map[int]int) bool {
	for _, set := range w.apart {
		if !slices.Contains(set, g.id) || len(set) > len(w.nodes) || w.confined(set) {
			continue
		}
		for _, other := range w.guests {
			if other.id != g.id && slices.Contains(set, other.id) && at[other.id] == node && other.ha != "" && other.ha != "disabled" {
				return true
			}
		}
	}
	return false
}

// confined sets are dropped: more of them are bound to the same nodes than there
// are such nodes. What binds them there is dropped as well.
func (w *world) confined(set []int) bool {
	return slices.ContainsFunc(w.guests, func(g vm) bool { return slices.Contains(set, g.id) && w.crowded(g, set) })
}

// crowded says that a guest is bound to fewer nodes than guests of a set are.
func (w *world) crowded(g vm, set []int) bool {
	bound := 0
	for _, other := range w.guests {
		if slices.Contains(set, other.id) && other.only != nil && slices.Equal(other.only, g.only) {
			bound++
		}
	}
	return g.only != nil && bound > len(g.only)
}

// unruled says that what binds a guest to its nodes is dropped with a set.
func (w *world) unruled(g vm) bool {
	return slices.ContainsFunc(w.apart, func(set []int) bool { return w.crowded(g, set) })
}
