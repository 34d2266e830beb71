package ceph

import (
	"iter"
	"maps"
	"slices"
	"strconv"
)

// Tree is the CRUSH hierarchy: which OSD is on which host, in which rack.
type Tree struct {
	Hosts []Host `json:"hosts"` // by name
	nodes map[int]treeNode
	// up lists the buckets a node is in; more than one when it is in several
	// hierarchies.
	up map[int][]int
}

// Host is a CRUSH bucket of type host.
type Host struct {
	Name string `json:"name"`
	OSDs []int  `json:"osds"` // by id; a host may have none
}

type treeNode struct {
	id                int
	name, kind, class string
	number            int // of its kind
	children          []int
}

// osdName is how Ceph names an OSD.
func osdName(id int) string { return "osd." + strconv.Itoa(id) }

// HasHost says whether there is a host of that name.
func (t Tree) HasHost(name string) bool {
	return slices.ContainsFunc(t.Hosts, func(h Host) bool { return h.Name == name })
}

// OSDs are those of one host; nil when there is no such host or it has none.
func (t Tree) OSDs(host string) []int {
	h, _ := first(t.Hosts, func(h Host) bool { return h.Name == host })
	return h.OSDs
}

// Host of an OSD; empty when it is on none. An OSD that is in several
// hierarchies has the first host by name.
func (t Tree) Host(osd int) string {
	h, _ := first(t.Hosts, func(h Host) bool { return slices.Contains(h.OSDs, osd) })
	return h.Name
}

// Rooted says whether the OSD is below a bucket that CRUSH takes for a root.
func (t Tree) Rooted(osd int) bool {
	_, rooted := t.above(osd, "root")
	return rooted
}

// reach goes through a node and all that follows from it, the nearest first and
// each once: a bucket that contains itself must not hold us.
func reach(id int, next func(int) []int) iter.Seq[int] {
	return func(yield func(int) bool) {
		seen := map[int]bool{id: true}
		for level := []int{id}; len(level) > 0; level = level[1:] {
			if !yield(level[0]) {
				return
			}
			for _, n := range next(level[0]) {
				if !seen[n] {
					seen[n] = true
					level = append(level, n)
				}
			}
		}
	}
}

func (t Tree) parents(id int) []int { return t.up[id] }

// above is the bucket of a type that an OSD is in, in any hierarchy.
func (t Tree) above(osd int, kind string) (int, bool) {
	for n := range reach(osd, t.parents) {
		if t.nodes[n].kind == kind {
			return n, true
		}
	}
	return 0, false
}

// below are the OSDs under a bucket, by id.
func (t Tree) below(name string) []int {
	var out []int
	for _, n := range t.nodes {
		if n.name == name && n.id < 0 {
			out = append(out, t.under(n.id)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// under are the OSDs under a node, by id.
func (t Tree) under(id int) []int {
	var out []int
	for n := range reach(id, func(n int) []int { return t.nodes[n].children }) {
		if n >= 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// class are the OSDs of a device class, by id.
func (t Tree) class(name string) []int {
	var out []int
	for id, n := range t.nodes {
		if id >= 0 && n.class == name {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// unit is the bucket of a type that an OSD is in below root, as rules mean it:
// the OSD itself for type osd. The second value is false when there is none.
func (t Tree) unit(osd int, kind string, root int) (int, bool) {
	found, ok := osd, kind == "osd"
	for n := range reach(osd, t.parents) {
		if n == root {
			return found, ok
		}
		if t.nodes[n].kind == kind {
			found, ok = n, true
		}
	}
	return 0, false
}

// wireTree is osd tree, and tree of the dashboard. osd df and osd df tree have
// nodes too, with their fill, and a summary.
type wireTree struct {
	Nodes list[wireNode] `json:"nodes"`
	Stray list[wireNode] `json:"stray"`
}

type wireNode struct {
	ID       number       `json:"id"`
	Name     text         `json:"name"`
	Type     text         `json:"type"`
	Number   number       `json:"type_id"`
	Class    text         `json:"device_class"`
	Children list[number] `json:"children"`
	Fill     number       `json:"utilization"`
	PGs      number       `json:"pgs"`
}

// hasBuckets says whether there are buckets beside OSDs: osd df without tree has
// none.
func (w wireTree) hasBuckets() bool {
	return slices.ContainsFunc(w.Nodes.rows, func(n wireNode) bool { return n.ID.set && n.ID.value < 0 })
}

// facts returns nil when there are no nodes, or one of them cannot be read: an
// OSD whose host is not known must not look like one without.
func (w wireTree) facts() *Tree {
	if !w.Nodes.set || w.Nodes.odd > 0 {
		return nil
	}
	t := &Tree{nodes: map[int]treeNode{}, up: map[int][]int{}}
	for _, n := range append(slices.Clip(w.Nodes.rows), w.Stray.rows...) {
		id, ok := n.ID.integer()
		if !ok || n.Children.odd > 0 {
			return nil
		}
		node := treeNode{id: id, name: n.Name.name(), kind: n.Type.name(), class: n.Class.name(), number: n.Number.count()}
		for _, c := range n.Children.rows {
			child, ok := c.integer()
			if !ok {
				return nil
			}
			node.children = append(node.children, child)
		}
		t.nodes[id] = node
	}
	t.index()
	return t
}

func (c *Cluster) addTree(w wireTree) {
	if c.Tree = w.facts(); c.Tree == nil {
		c.lacks(docTree, "it is not whole")
	}
}

// addFill takes osd df, and the hosts of osd df tree where nobody else told them.
func (c *Cluster) addFill(w wireTree) {
	c.Fill, c.Placed = w.fill(), w.placed()
	if c.Tree == nil && w.hasBuckets() {
		c.Tree = w.facts()
	}
}

// index fills what is looked up by child and by host.
func (t *Tree) index() {
	byName := map[string][]int{}
	for _, id := range slices.Sorted(maps.Keys(t.nodes)) {
		n := t.nodes[id]
		for _, c := range n.children {
			t.up[c] = append(t.up[c], id)
		}
		if n.kind == "host" && n.name != "" {
			byName[n.name] = append(byName[n.name], t.under(id)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		slices.Sort(byName[name])
		t.Hosts = append(t.Hosts, Host{Name: name, OSDs: slices.Compact(byName[name])})
	}
}

// placed are the PGs of each OSD, of osd df; nil when one does not tell.
func (w wireTree) placed() map[int]int {
	out := map[int]int{}
	for _, n := range w.Nodes.rows {
		id, ok := n.ID.integer()
		if ok && id >= 0 {
			if !n.PGs.set {
				return nil
			}
			out[id] = n.PGs.count()
		}
	}
	return out
}

// fill reads how full the OSDs are, of osd df.
func (w wireTree) fill() []Fill {
	out := []Fill{}
	for _, n := range w.Nodes.rows {
		if id, ok := n.ID.integer(); ok && id >= 0 && n.Fill.set && n.Fill.value >= 0 {
			out = append(out, Fill{OSD: id, Percent: n.Fill.value})
		}
	}
	return out
}

// Bucket is a CRUSH bucket above hosts: a rack, a room, a datacenter.
type Bucket struct {
	Name string
	// Hosts below it, by name.
	Hosts []string
}

// Buckets are those of a type, by name, with the hosts below each.
func (t Tree) Buckets(kind string) []Bucket {
	byName := map[string][]string{}
	for id, n := range t.nodes {
		if id >= 0 || n.kind != kind || n.name == "" {
			continue
		}
		hosts := byName[n.name]
		for _, osd := range t.under(id) {
			if h := t.Host(osd); h != "" && !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
		byName[n.name] = hosts
	}
	var out []Bucket
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		slices.Sort(byName[name])
		out = append(out, Bucket{name, byName[name]})
	}
	return out
}
