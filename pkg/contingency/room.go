package contingency

import (
	"cmp"
	"maps"
	"slices"
)

// item is a guest that needs room, and the bins it may be put in.
type item struct {
	size int64
	bins []int
}

// Fit says whether items fit into bins.
type fit int

const (
	fits fit = iota
	perhaps
	never
)

// fitting is pack by the memory of rooms and guests, each where it may go.
func fitting(rooms map[string]room, wants []demand, of func(amount) int64) fit {
	nodes := slices.Sorted(maps.Keys(rooms))
	free := make([]int64, len(nodes))
	for i, n := range nodes {
		free[i] = of(rooms[n].amount)
	}
	var items []item
	for _, w := range wants {
		it := item{size: of(w.amount)}
		for i, n := range nodes {
			if slices.Contains(w.nodes, n) {
				it.bins = append(it.bins, i)
			}
		}
		items = append(items, it)
	}
	return pack(items, free)
}

// exact is up to how many items for each bin the answer is exact.
const exact = 12

// steps bounds the search: beyond it nothing is proven.
const steps = 200_000

// pack says whether all items can be put somewhere. It is exact for up to twelve
// items a bin, as long as the search ends; beyond that a yes is one that was
// found, and what is not found may be there.
func pack(items []item, free []int64) fit {
	items = slices.Clone(items)
	var need, room int64
	for _, it := range items {
		room, need = 0, need+it.size
		for _, b := range it.bins {
			room = max(room, free[b])
		}
		if room < it.size {
			return never
		}
	}
	room = 0
	for _, f := range free {
		room += max(0, f)
	}
	if need > room {
		return never
	}
	// the largest and the least free to choose first
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(len(a.bins), len(b.bins)))
	})
	p := &packing{items: items, free: slices.Clone(free), left: steps}
	if p.greedy() {
		return fits
	}
	if len(items) > exact*max(1, len(free)) {
		return perhaps
	}
	switch found := p.search(0); {
	case found:
		return fits
	case p.left <= 0:
		return perhaps
	}
	return never
}

type packing struct {
	items []item
	free  []int64
	left  int
}

// greedy puts each into the bin that has most room.
func (p *packing) greedy() bool {
	free := slices.Clone(p.free)
	for _, it := range p.items {
		best := -1
		for _, b := range it.bins {
			if free[b] >= it.size && (best < 0 || free[b] > free[best]) {
				best = b
			}
		}
		if best < 0 {
			return false
		}
		free[best] -= it.size
	}
	return true
}

// search tries every bin that differs from those tried before it.
func (p *packing) search(i int) bool {
	if i == len(p.items) {
		return true
	}
	it := p.items[i]
	var tried []int64
	for _, b := range it.bins {
		if p.left--; p.left <= 0 {
			return false
		}
		if p.free[b] < it.size || slices.Contains(tried, p.free[b]) && p.same(i) {
			continue
		}
		tried = append(tried, p.free[b])
		p.free[b] -= it.size
		if p.search(i + 1) {
			return true
		}
		p.free[b] += it.size
	}
	return false
}

// same says that all items from i on may go to the same bins: then bins of equal
// room are alike.
func (p *packing) same(i int) bool {
	for _, it := range p.items[i+1:] {
		if !slices.Equal(it.bins, p.items[i].bins) {
			return false
		}
	}
	return true
}
