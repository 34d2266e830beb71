package ha

import (
	"slices"
	"testing"
)

// TestRetriedPeer: where a service is sent after it did not start is not
// foreseen. It may be anywhere but where it was tried, and one that is kept
// apart from it may come to that node.
func TestRetriedPeer(t *testing.T) {
	c := lab(5, "a:101-102")
	c.Scheduler = Dynamic
	c.Rules = []Rule{
		{ID: "one", Kind: NodeAffinity, Services: []string{"vm:101"}, Nodes: map[string]int{"b": 0}},
		{ID: "two", Kind: NodeAffinity, Services: []string{"vm:102"}, Nodes: map[string]int{"c": 0}},
		{ID: "apart", Kind: Apart, Services: []string{"vm:101", "vm:102"}},
	}
	c.Starts = func(sid, node string) bool { return sid+node != "vm:101b" && sid+node != "vm:102c" }
	p := c.Recover("a")
	first := p.move("vm:101")
	second := p.move("vm:102")
	if first.Fate != Unforeseen || second.Fate != Unforeseen {
		t.Fatalf("the dynamic scheduler is not foreseen: %+v, %+v", first, second)
	}
	if !slices.Contains(second.Candidates, "b") {
		t.Errorf("vm:101 has left b, vm:102 may come to any of b, d, e: %+v", second)
	}
}

// TestRetriedLast: the only node that is left for a service may be taken by
// another one whose place is not foreseen.
func TestRetriedLast(t *testing.T) {
	c := lab(5, "a:101-102 b:103 e:104")
	c.Scheduler = Dynamic
	c.Rules = []Rule{
		{ID: "one", Kind: NodeAffinity, Services: []string{"vm:101"}, Nodes: map[string]int{"b": 0}},
		{ID: "two", Kind: NodeAffinity, Services: []string{"vm:102"}, Nodes: map[string]int{"c": 0}},
		{ID: "apart", Kind: Apart, Services: []string{"vm:101", "vm:102"}},
		{ID: "apart3", Kind: Apart, Services: []string{"vm:102", "vm:103"}},
		{ID: "apart4", Kind: Apart, Services: []string{"vm:102", "vm:104"}},
	}
	c.Starts = func(sid, node string) bool { return sid+node != "vm:101b" && sid+node != "vm:102c" }
	p := c.Recover("a")
	first := p.move("vm:101")
	second := p.move("vm:102")
	if !slices.Equal(first.Candidates, []string{"d", "e"}) || second.Node != "d" || !second.Contested {
		t.Errorf("vm:101 may take d, the last node for vm:102: %+v, %+v", first, second)
	}
}

// move is what becomes of a service.
func (p Plan) move(sid string) Move {
	return p.Moves[slices.IndexFunc(p.Moves, func(m Move) bool { return m.SID == sid })]
}
