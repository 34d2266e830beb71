package ha

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

const gib = 1 << 30

// lab is a cluster of n nodes called a, b, c and so on, with services such as
// "a:101 b:201-203(4)"; the figure in brackets is the memory in GiB.
func lab(n int, services string) Cluster {
	c := Cluster{Counting: CountsAll, Scheduler: Basic}
	for i := range n {
		c.Nodes = append(c.Nodes, Node{Name: string(rune('a' + i)), State: "online", CPUs: 16, Memory: 64 * gib})
	}
	for _, word := range strings.Fields(services) {
		node, list, _ := strings.Cut(word, ":")
		list, mem, _ := strings.Cut(strings.TrimSuffix(list, ")"), "(")
		memory, _ := strconv.Atoi(mem)
		from, to, many := strings.Cut(list, "-")
		first, _ := strconv.Atoi(from)
		last := first
		if many {
			last, _ = strconv.Atoi(to)
		}
		for id := first; id <= last; id++ {
			c.Services = append(c.Services, Service{
				SID: fmt.Sprintf("vm:%d", id), Node: node, State: "started", Request: "started",
				Relocations: 1, CPUs: 2, Memory: float64(memory) * gib,
			})
		}
	}
	return c
}

// change alters services.
func (c Cluster) change(ids string, f func(*Service)) Cluster {
	for _, id := range strings.Fields(ids) {
		for i := range c.Services {
			if c.Services[i].SID == "vm:"+id {
				f(&c.Services[i])
			}
		}
	}
	return c
}

func (c Cluster) stopped(ids string) Cluster {
	return c.change(ids, func(s *Service) { s.State, s.Request = "stopped", "stopped" })
}

func (c Cluster) state(ids, state string) Cluster {
	return c.change(ids, func(s *Service) { s.State = state })
}

func (c Cluster) request(ids, request string) Cluster {
	return c.change(ids, func(s *Service) { s.Request = request })
}

// rule adds one: "negative 101 102", "strict c10 b5: 101", "prefer c: 101".
func (c Cluster) rule(text string) Cluster {
	r := Rule{ID: fmt.Sprintf("rule%d", len(c.Rules)+1), Nodes: map[string]int{}}
	words, ids, affinity := strings.Cut(text, ":")
	fields := strings.Fields(words)
	switch fields[0] {
	case "positive", "negative":
		r.Kind, ids = Kind(fields[0]), strings.Join(fields[1:], " ")
	case "strict", "prefer":
		r.Kind, r.Strict = NodeAffinity, fields[0] == "strict"
		for _, f := range fields[1:] {
			r.Nodes[f[:1]], _ = strconv.Atoi(f[1:])
		}
	}
	if affinity != (r.Kind == NodeAffinity) {
		panic(text)
	}
	for _, id := range strings.Fields(ids) {
		r.Services = append(r.Services, "vm:"+id)
	}
	c.Rules = append(c.Rules, r)
	return c
}

func (c Cluster) as(s Scheduler) Cluster { c.Scheduler = s; return c }

func (c Cluster) node(names, state string) Cluster {
	for i, n := range c.Nodes {
		if strings.Contains(names, n.Name) {
			c.Nodes[i].State = state
		}
	}
	return c
}

// cannot makes a service start on all nodes but those named.
func (c Cluster) cannot(id, nodes string) Cluster {
	c.Starts = func(sid, node string) bool { return sid != "vm:"+id || !strings.Contains(nodes, node) }
	return c
}

// text says what became of every service that was hit.
func (p Plan) text() string {
	var out []string
	for _, v := range p.Moves {
		id := strings.TrimPrefix(v.SID, "vm:")
		switch v.Fate {
		case Restarted:
			id += ">" + v.Node
		case Moved:
			id += ">" + v.Node + " stopped"
		case Unforeseen:
			id += " one of " + strings.Join(v.Candidates, "")
		default:
			id += " " + string(v.Fate)
		}
		if len(v.Tried) > 0 {
			id += " after " + strings.Join(v.Tried, "")
		}
		out = append(out, id)
	}
	return strings.Join(out, ", ")
}

// scenarios were run in Proxmox's HA simulator. Each names the nodes that die
// and what it did; ignored is the number of rules that did not exist for it.
var scenarios = []struct {
	name    string
	c       func() Cluster
	dead    string
	want    string
	ignored int
	// resets are the survivors that reset themselves, for they have no quorum:
	// then nobody recovers anything.
	resets string
}{
	{name: "1 by the number of services", c: func() Cluster { return lab(3, "a:101 b:201-203 c:301-304") }, dead: "c", want: "301>a, 302>a, 303>a, 304>b"},
	{name: "2 stopped ones do not count", c: func() Cluster { return lab(3, "a:101-103 b:201 c:301").stopped("101 102 103") }, dead: "c", want: "301>a"},
	{name: "3 what moves by state", c: func() Cluster {
		return lab(3, "c:101-104").stopped("102").state("103", "stopped").request("103", "disabled").state("104", "ignored").request("104", "ignored")
	}, dead: "c", want: "101>a, 102>b stopped, 103 left, 104 left"},
	{name: "4 strict", c: func() Cluster { return lab(3, "c:101").rule("strict c1: 101") }, dead: "c", want: "101 waiting"},
	{name: "5 not strict", c: func() Cluster { return lab(3, "a:102 c:101").rule("prefer c1: 101") }, dead: "c", want: "101>b"},
	{name: "6 no failback, which is of the return", c: func() Cluster { return lab(3, "a:102 c:101").rule("prefer c1: 101") }, dead: "c", want: "101>b"},
	{name: "7 priorities", c: func() Cluster { return lab(4, "c:101 b:201-203").rule("strict c10 b5 a1: 101") }, dead: "c", want: "101>b"},
	{name: "8 apart, no node left", c: func() Cluster { return lab(3, "a:101 b:102 c:103").rule("negative 101 102 103") }, dead: "c", want: "103 waiting"},
	{name: "9 more apart than nodes", c: func() Cluster { return lab(3, "a:101 b:102 c:103-104").rule("negative 101 102 103 104") }, dead: "c", want: "103>a, 104>b", ignored: 1},
	{name: "10 only the highest class", c: func() Cluster { return lab(3, "b:102 c:101").rule("negative 101 102").rule("prefer b0 c0: 101") }, dead: "c", want: "101 waiting"},
	{name: "11 a stopped peer is none", c: func() Cluster { return lab(3, "a:101 b:102 c:103").rule("negative 101 102 103").stopped("101") }, dead: "c", want: "103>a"},
	{name: "12 a peer in error is one", c: func() Cluster {
		return lab(3, "a:101 b:102 c:103").rule("negative 101 102 103").state("101", "error")
	}, dead: "c", want: "103 waiting"},
	{name: "13 together", c: func() Cluster { return lab(3, "a:201 c:101-103").rule("positive 101 102 103") }, dead: "c", want: "101>b, 102>b, 103>b"},
	{name: "14 together with one that is confined", c: func() Cluster { return lab(3, "c:101-102").rule("positive 101 102").rule("strict c1: 102") }, dead: "c", want: "101 waiting, 102 waiting"},
	{name: "15 together and priorities", c: func() Cluster {
		return lab(3, "c:101-102").rule("positive 101 102").rule("strict c2 a1: 101 102")
	}, dead: "c", want: "101>a, 102>b", ignored: 2},
	{name: "16 together, one apart", c: func() Cluster {
		return lab(3, "a:201 c:101-102").rule("positive 101 102").rule("negative 102 201")
	}, dead: "c", want: "101>b, 102>b"},
	{name: "17 together, both apart", c: func() Cluster {
		return lab(3, "a:201 b:202 c:101-102").rule("positive 101 102").rule("negative 102 201").rule("negative 101 202")
	}, dead: "c", want: "101 waiting, 102 waiting"},
	{name: "18 apart", c: func() Cluster { return lab(4, "a:201 d:101-102").rule("negative 101 102") }, dead: "d", want: "101>b, 102>c"},
	{name: "19 a tie", c: func() Cluster { return lab(4, "b:201 d:101-102").rule("prefer d2 a1 b1: 101 102") }, dead: "d", want: "101>a, 102>a"},
	{name: "20 others count", c: func() Cluster { return outside(lab(3, "a:101 b:201 c:301"), CountsAll) }, dead: "c", want: "301>b"},
	{name: "20 before 5.1.2", c: func() Cluster { return outside(lab(3, "a:101 b:201 c:301"), CountsHA) }, dead: "c", want: "301>a"},
	{name: "20 by an unknown version", c: func() Cluster { return outside(lab(3, "a:101 b:201 c:301"), CountingUnknown) }, dead: "c", want: "301 one of ab"},
	{name: "21 basic looks at no memory", c: func() Cluster { return lab(3, "a:101(40) b:201-203(4) c:301-302(16)") }, dead: "c", want: "301>a, 302>a"},
	{name: "21 static does", c: func() Cluster { return lab(3, "a:101(40) b:201-203(4) c:301-302(16)").as(Static) }, dead: "c", want: "301>b, 302>b"},
	{name: "22 static refuses none", c: func() Cluster { return lab(3, "a:101(60) b:201(60) c:301-302(60)").as(Static) }, dead: "c", want: "301>a, 302>b"},
	{name: "23 static, together", c: func() Cluster {
		return lab(3, "a:101(10) b:201(20) c:301-302(40)").as(Static).rule("positive 301 302")
	}, dead: "c", want: "301>a, 302>a"},
	{name: "24 maintenance", c: func() Cluster { return lab(3, "c:301").node("b", "maintenance") }, dead: "c", want: "301>a"},
	{name: "25 all in maintenance", c: func() Cluster { return lab(3, "c:301").node("ab", "maintenance") }, dead: "c", want: "301 waiting"},
	{name: "26 two at once", c: func() Cluster { return lab(5, "a:101 b:201 c:301 d:401 e:501") }, dead: "de", want: "401>a, 501>b"},
	{name: "27 half of four, no quorum", c: func() Cluster { return lab(4, "a:101 b:201 c:301 d:401") }, dead: "cd", resets: "ab"},
	{name: "28 one of two, no quorum device", c: func() Cluster { return lab(2, "a:101 b:201") }, dead: "b", resets: "a"},
	{name: "29 the master: later than others, to the same node", c: func() Cluster { return lab(3, "a:101 b:201 c:301") }, dead: "a", want: "101>b"},
	{name: "30 error stays", c: func() Cluster { return lab(3, "a:101 c:301-302").state("302", "error") }, dead: "c", want: "301>b, 302 left"},
	{name: "31 does not start on b", c: func() Cluster { return lab(3, "a:101-102 c:301").cannot("301", "b") }, dead: "c", want: "301>a after b"},
	{name: "31 and may go nowhere else", c: func() Cluster {
		return lab(3, "a:101-102 c:301").cannot("301", "b").rule("strict b1 c1: 301")
	}, dead: "c", want: "301 failed after b"},
	{name: "dynamic is not foreseen", c: func() Cluster { return lab(3, "c:301-302").as(Dynamic) }, dead: "c", want: "301 one of ab, 302 one of ab"},
	{name: "dynamic, one node left", c: func() Cluster { return lab(2, "b:301-302").as(Dynamic) }, dead: "b", want: "301>a, 302>a"},
	{name: "static without a node's figures is basic", c: func() Cluster {
		c := lab(3, "a:101(40) b:201-203(4) c:301(16)").as(Static)
		c.Nodes[0].Memory = 0
		return c
	}, dead: "c", want: "301>a"},
	{name: "confined to fewer nodes, without strictness", c: func() Cluster {
		return lab(3, "a:101 b:102 c:103").rule("negative 101 102 103").rule("prefer a1 b1: 101 102 103")
	}, dead: "c", want: "103 one of ab"},
	{name: "32 frozen", c: func() Cluster { return lab(3, "c:301").state("301", "freeze") }, dead: "c", want: "301 left"},
}

// outside puts two running guests that HA does not manage on node a.
func outside(c Cluster, counting Counting) Cluster {
	c.Counting = counting
	c.Outside = []Load{{"a", 1, 1}, {"a", 1, 1}}
	return c
}

// TestScenarios is the simulator's own table, all 32 rows of it. How long the
// manager takes is not foretold; for its own master it is a minute more.
func TestScenarios(t *testing.T) {
	rows := map[string]bool{}
	for _, s := range scenarios {
		number, _, _ := strings.Cut(s.name, " ")
		rows[number] = true
		c := s.c()
		if s.resets != "" {
			for _, n := range c.Nodes {
				if want := strings.Contains(s.resets, n.Name); !strings.Contains(s.dead, n.Name) && c.Resets(n.Name) != want {
					t.Errorf("%s: node %s resets %v, want %v", s.name, n.Name, !want, want)
				}
			}
			continue
		}
		p := c.Recover(strings.Split(s.dead, "")...)
		if got := p.text(); got != s.want {
			t.Errorf("%s: %s, want %s", s.name, got, s.want)
		}
		if len(p.Ignored) != s.ignored {
			t.Errorf("%s: ignored %v, want %d", s.name, p.Ignored, s.ignored)
		}
	}
	for n := 1; n <= 32; n++ {
		if !rows[strconv.Itoa(n)] {
			t.Errorf("row %d is missing", n)
		}
	}
}

// TestResets: without quorum every node with a service resets,
// with a stopped one too; one that has none goes on.
func TestResets(t *testing.T) {
	c := lab(4, "a:101 b:201 c:301").stopped("201").request("301", "ignored")
	for node, want := range map[string]bool{"a": true, "b": true, "c": false, "d": false} {
		if c.Resets(node) != want {
			t.Errorf("node %s: resets %v, want %v", node, !want, want)
		}
	}
}
