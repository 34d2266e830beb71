package contingency

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// passed says which device keeps a guest from running on another node.
func (x *stage) passed(g pve.Guest, node string) (why string, sure bool) {
	facts := x.Configs[g.ID]
	if len(facts.Devices) > len(facts.Mapped) {
		return "a device of " + g.Node + " is passed through (" + facts.Devices[0] + ")", true
	}
	for _, m := range facts.Mapped {
		nodes, known := x.Reserve.Mappings.Value[m]
		switch {
		case !x.Reserve.Mappings.Known(), !known:
			return "the mapping " + m + " is not known", false
		case shareable(m) && !slices.Contains(nodes, node):
			return "the mapped directory " + m + " is not on " + node, true
		case !slices.Contains(nodes, node):
			return "the mapped device " + m + " is not on " + node, true
		case shareable(m):
			continue
		}
		there, users := x.devices(m, node), x.users(m, node)
		if n := x.unreadOn(node, g); n != "" {
			return "whether " + n + " has the mapped device " + m + " of " + node + " is not known", false
		}
		if users[g.ID] == 0 {
			users[g.ID] = len(slices.DeleteFunc(slices.Clone(facts.Mapped), func(name string) bool { return name != m }))
		}
		need := 0
		for _, n := range users {
			need += n
		}
		if need > there {
			return fmt.Sprintf("the mapped device %s of %s is in use there", m, node), !slices.Contains(x.Reserve.Mediated, m)
		}
	}
	return "", true
}

// shareable says that what a mapping names is a directory, which as many guests use
// as want it.
func shareable(mapping string) bool { return strings.HasPrefix(mapping, "dir:") }

// devices is how many a mapping has on a node.
func (x *stage) devices(mapping, node string) int {
	n := 0
	for _, on := range x.Reserve.Mappings.Value[mapping] {
		if on == node {
			n++
		}
	}
	return n
}

// users are the running guests of a node that have devices of a mapping, and how
// many.
func (x *stage) users(mapping, node string) map[int]int {
	out := map[int]int{}
	for _, g := range x.on[node] {
		for _, m := range x.Configs[g.ID].Mapped {
			if m == mapping && x.running(g) {
				out[g.ID]++
			}
		}
	}
	return out
}

// unreadOn is a running guest of a node, another than g, of whose devices nothing is
// known; empty when all are.
func (x *stage) unreadOn(node string, g pve.Guest) string {
	for _, other := range x.on[node] {
		if _, read := x.Configs[other.ID]; !read && other.ID != g.ID && x.running(other) {
			return other.String()
		}
	}
	return ""
}

// rivals are guests that may be put on a node for which it has not enough devices
// of a mapping: not all of them start there.
func (x *stage) rivals(wants []demand) []string {
	type at struct{ mapping, node string }
	need, who := map[at]int{}, map[at][]string{}
	var order []at
	for _, w := range wants {
		for _, m := range x.Configs[w.guest.ID].Mapped {
			if shareable(m) {
				continue
			}
			for _, n := range w.nodes {
				key := at{m, n}
				if need[key] == 0 {
					order = append(order, key)
				}
				need[key]++
				if !slices.Contains(who[key], w.guest.String()) {
					who[key] = append(who[key], w.guest.String())
				}
			}
		}
	}
	var out []string
	for _, key := range order {
		taken := 0
		for _, n := range x.users(key.mapping, key.node) {
			taken += n
		}
		if len(who[key]) > 1 && need[key]+taken > x.devices(key.mapping, key.node) {
			out = append(out, strings.Join(who[key], " and ")+" may not all start on "+key.node+", which has not enough of the mapped device "+key.mapping)
		}
	}
	return out
}
