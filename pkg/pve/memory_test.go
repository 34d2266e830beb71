package pve

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// threeNodes is a cluster in which pve3 may be off.
func threeNodes(off bool) Cluster {
	c := Cluster{Name: "lab", Quorate: true, Time: noon, Nodes: []Node{
		{Name: "pve1", Online: true, Status: "online"}, {Name: "pve2", Online: true, Status: "online"},
		{Name: "pve3", Online: !off, Status: map[bool]string{true: "offline", false: "online"}[off]},
	}}
	for i, status := range []string{"running", "stopped", "running"} {
		node := c.Nodes[i].Name
		c.Guests = append(c.Guests, Guest{ID: 101 + i, Kind: VM, Node: node, Status: status, Stale: off && node == "pve3"})
	}
	return c
}

func TestMaintenanceAge(t *testing.T) {
	c := threeNodes(false)
	look := func(now time.Time, maintained ...string) Look {
		return Look{Cluster: c, Maintained: maintained, Now: now}
	}
	m := Memory{}.After(look(noon, "pve3"))
	m = m.After(look(noon.Add(time.Hour), "pve3"))
	if got := m.Maintenance["pve3"]; !got.Equal(noon) {
		t.Errorf("since %s", got)
	}
	if m := m.After(look(noon.Add(-time.Hour), "pve3")); !m.Maintenance["pve3"].Equal(noon.Add(-time.Hour)) {
		t.Errorf("a clock that was set back: since %s", m.Maintenance["pve3"])
	}
	if m := m.After(look(noon.Add(2 * time.Hour))); len(m.Maintenance) != 0 {
		t.Errorf("it has ended: %v", m.Maintenance)
	}
	// A node that is off stopped writing when it went.
	c = threeNodes(true)
	c.HA = HA{Time: noon, LRM: map[string]LRM{"pve1": {Time: noon}, "pve3": {Time: noon.Add(-3 * time.Hour)}}}
	if m := (Memory{}).After(look(noon, "pve3")); !m.Maintenance["pve3"].Equal(noon.Add(-3 * time.Hour)) {
		t.Errorf("since %s", m.Maintenance["pve3"])
	}
}

func TestLocksAndStops(t *testing.T) {
	c := threeNodes(false)
	c.Guests[0].Lock = "backup"
	m := Memory{}.After(Look{Cluster: c, Now: noon})
	m = m.After(Look{Cluster: c, Now: noon.Add(time.Hour)})
	if got := m.Locks[101]; got.Name != "backup" || !got.Since.Equal(noon) {
		t.Errorf("%+v", got)
	}
	c.Guests[0].Lock = "snapshot"
	if m := m.After(Look{Cluster: c, Now: noon.Add(2 * time.Hour)}); !m.Locks[101].Since.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("another lock: %+v", m.Locks[101])
	}
	c.Tasks = []Task{
		{ID: "102", Type: "qmshutdown", Status: "OK", User: "anna@pve", End: noon},
		{ID: "102", Type: "qmstop", Status: "interrupted", User: "bert@pve", End: noon.Add(time.Minute)},
	}
	m = m.After(Look{Cluster: c, Now: noon})
	c.Tasks = nil // it scrolled out of the list
	m = m.After(Look{Cluster: c, Now: noon})
	if got := m.Stops[102]; got.User != "anna@pve" {
		t.Errorf("%+v", got)
	}
	c.Guests[1].Status = "running"
	if m := m.After(Look{Cluster: c, Now: noon}); len(m.Stops) != 0 {
		t.Errorf("it runs again: %+v", m.Stops)
	}
}

// Who stops all guests of a node may mean the guests, or the node.
func TestStopsOfANode(t *testing.T) {
	const short = time.Minute
	stop := []Task{
		{ID: "103", Type: "qmshutdown", Node: "pve3", Status: "OK", User: "root@pam", Start: noon.Add(5 * time.Second), End: noon.Add(9 * time.Second)},
		{Type: "stopall", Node: "pve3", Status: "OK", User: "root@pam", Start: noon, End: noon.Add(20 * time.Second)},
	}
	after := func(change func(*Cluster)) bool {
		m := Memory{}
		for i := range 2 { // in the second poll the tasks have scrolled out
			c := threeNodes(false)
			c.Time, c.Guests[2].Status, c.Nodes[2].Uptime = noon.Add(short), "stopped", time.Hour
			if i == 0 {
				c.Tasks = slices.Clone(stop)
			}
			change(&c)
			m = m.After(Look{Cluster: c, Now: noon.Add(time.Hour)})
		}
		_, found := m.Stops[103]
		return found
	}
	for name, tc := range map[string]struct {
		change func(*Cluster)
		want   bool
	}{
		"the node stays":            {func(*Cluster) {}, true},
		"the node goes":             {func(c *Cluster) { c.Nodes[2].Online = false }, false},
		"the node went and is back": {func(c *Cluster) { c.Nodes[2].Uptime = 30 * time.Second }, false},
		"the guest alone":           {func(c *Cluster) { c.Tasks, c.Nodes[2].Online = c.Tasks[:min(1, len(c.Tasks))], false }, true},
		"all of another node":       {func(c *Cluster) { rename(c.Tasks, "pve1"); c.Nodes[2].Online = false }, true},
		"with warnings":             {func(c *Cluster) { restate(c.Tasks, "WARNINGS: 1") }, true},
		"in vain":                   {func(c *Cluster) { restate(c.Tasks, "VM quit/powerdown failed") }, false},
		"and was started since": {func(c *Cluster) {
			c.Tasks = append(c.Tasks, Task{ID: "103", Type: "qmstart", Status: "OK", End: noon.Add(short)})
		}, false},
		"and was started in vain": {func(c *Cluster) {
			c.Tasks = append(c.Tasks, Task{ID: "103", Type: "qmstart", Status: "no disk", End: noon.Add(short)})
		}, true},
		"the node's uptime is a gap": {func(c *Cluster) { c.Nodes[2].Uptime = 0 }, true},
	} {
		if got := after(tc.change); got != tc.want {
			t.Errorf("%s: counts as a wish: %v", name, got)
		}
	}
}

func rename(tasks []Task, node string) {
	if len(tasks) > 1 {
		tasks[1].Node = node
	}
}

func restate(tasks []Task, status string) {
	if len(tasks) > 0 {
		tasks[0].Status = status
	}
}

// A number that was given to another guest has another configuration. Times of
// tasks are the nodes', other times ours.
func TestRenewed(t *testing.T) {
	c := threeNodes(false)
	c.Time = noon.Add(-time.Hour) // their clock
	c.Tasks = []Task{{ID: "101", Type: "qmrestore", Status: "OK", End: noon.Add(-time.Hour - 10*time.Second)}}
	read := func(age time.Duration) Memory {
		facts := ConfigFacts{Config{Agent: true}, noon.Add(-age)}
		return Memory{Configs: map[int]ConfigFacts{101: facts, 102: facts}}.After(Look{Cluster: c, Now: noon})
	}
	if m := read(time.Minute); len(m.Configs) != 1 || !m.Configs[102].Agent {
		t.Errorf("restored since: %+v", m.Configs)
	}
	if m := read(time.Second); len(m.Configs) != 2 {
		t.Errorf("read since: %+v", m.Configs)
	}
}

// What went off with a node is known for as long as it is off, and not before
// anybody has looked.
func TestWas(t *testing.T) {
	c := threeNodes(false)
	c.Guests = append(c.Guests,
		Guest{ID: 104, Node: "pve3", Status: "stopped", Name: "tpl", Template: true}, Guest{ID: 105, Node: "pve3", Status: "stopped"})
	m := Memory{}.After(Look{Cluster: c, Now: noon})
	off := threeNodes(true)
	off.Guests = append(off.Guests, Guest{ID: 104, Node: "pve3", Status: "unknown"}, Guest{ID: 105, Node: "pve3", Status: "unknown"})
	off.Guests[2].Status = "unknown"
	for range 3 {
		m = m.After(Look{Cluster: off, Now: noon.Add(time.Hour)})
	}
	for id, want := range map[int]string{103: "running", 104: "stopped", 105: "stopped"} {
		g, _ := off.Index().Guest(id)
		if was, known := m.Was(g); !known || was.Status != want || was.Template != (id == 104) {
			t.Errorf("%d: %+v, %v", id, was, known)
		}
		if was, known := (Memory{}).Was(g); known || was.Status != "unknown" {
			t.Errorf("%d without memory: %+v", id, was)
		}
	}
	// Within five minutes the list still says how it went.
	just := threeNodes(true)
	if was, known := (Memory{}).After(Look{Cluster: just, Now: noon}).Was(Guest{ID: 103, Node: "pve3", Status: "unknown"}); !known || was.Status != "running" {
		t.Errorf("%+v, %v", was, known)
	}
}

// A poll that proves nothing teaches nothing.
func TestNothingLearned(t *testing.T) {
	m := Memory{}.After(Look{Cluster: threeNodes(false), Maintained: []string{"pve3"}, Now: noon})
	for name, c := range map[string]Cluster{
		"no quorum": {Nodes: threeNodes(false).Nodes},
		"no list":   {Quorate: true, Gaps: []Gap{{Path: pathResources}}},
	} {
		next := m.After(Look{Cluster: c, Now: noon.Add(time.Hour)})
		if len(next.Maintenance) != 1 || len(next.Heard) != 3 {
			t.Errorf("%s: %+v", name, next)
		}
	}
}

func TestRecall(t *testing.T) {
	o := state.Options{Dir: filepath.Join(t.TempDir(), "state"), Mode: "auto"}
	c := threeNodes(false)
	first := Remember(o, "check_pve", c)
	if first.Trouble != nil || first.Store() == nil || len(first.Memory.Heard) != 0 {
		t.Fatalf("%+v", first)
	}
	first.Keep(Look{Cluster: c, Maintained: []string{"pve3"}, Now: noon}, Memory{Nodes: map[string]NodeFacts{"pve1": {Version: "9.2.11", Time: noon}}})
	second := Remember(o, "check_pve", c)
	if second.Trouble != nil || second.Memory.Nodes["pve1"].Version != "9.2.11" || !second.Memory.Maintenance["pve3"].Equal(noon) {
		t.Errorf("%+v", second)
	}
	if nobody := Remember(o, "check_pve", Cluster{}); nobody.Store() != nil || nobody.Trouble != nil {
		t.Errorf("a cluster without a name: %+v", nobody)
	}
	o.Mode = state.Off
	if off := Remember(o, "check_pve", c); off.Store() != nil || off.Trouble != nil {
		t.Errorf("off: %+v", off)
	}
}

func TestSubject(t *testing.T) {
	c := Cluster{Name: "pve", Nodes: []Node{{Name: "b", ID: 2, IP: "192.0.2.2"}, {Name: "a", ID: 1, IP: "192.0.2.1"}}}
	if got := c.Subject(); got != "pve-a-192.0.2.1" {
		t.Errorf("%q", got)
	}
	if got := (Cluster{Name: "alone", Nodes: []Node{{Name: "alone"}}}).Subject(); got != "alone" {
		t.Errorf("%q", got)
	}
	if got := (Cluster{}).Subject(); got != "" {
		t.Errorf("%q", got)
	}
}

// TestWasIsOfThisTime: how a guest was weeks ago says nothing of how it went off.
func TestWasIsOfThisTime(t *testing.T) {
	m := Memory{Heard: map[string]time.Time{"pve3": noon.Add(-14 * 24 * time.Hour)}, Idle: map[int]Idle{103: {Node: "pve3"}}}
	off := threeNodes(true)
	off.Guests[2].Status = "unknown"
	off.HA.Time = noon
	off.HA.LRM = map[string]LRM{"pve3": {Mode: "maintenance", Time: noon.Add(-10 * time.Minute)}}
	m = m.After(Look{Cluster: off, Now: noon})
	if was, known := m.Was(Guest{ID: 103, Node: "pve3", Status: "unknown"}); known {
		t.Errorf("taken for %s, by what was seen two weeks before the node went off", was.Status)
	}
	m.Idle[103] = Idle{Node: "pve3", Template: true}
	if was, known := m.Was(Guest{ID: 103, Node: "pve3", Status: "unknown"}); !known || !was.Template {
		t.Errorf("a template runs nowhere, whenever it was seen: %+v", was)
	}
}

// TestStill: two looks tell that HA stands still, whatever the clocks say.
func TestStill(t *testing.T) {
	c := threeNodes(true)
	c.HA.Time = noon.Add(-9 * 24 * time.Hour) // a clock that is far behind
	at := func(m Memory, after, beat time.Duration) Memory {
		c.HA.Time = c.HA.Time.Add(beat)
		return m.After(Look{Cluster: c, Now: noon.Add(after)})
	}
	m := at(Memory{}, 0, 0)
	if got := m.Still(noon); got != 0 {
		t.Errorf("a first look: still for %s", got)
	}
	m = at(m, time.Minute, 10*time.Second)
	if got := m.Still(noon.Add(time.Minute)); got != 0 {
		t.Errorf("it has written: still for %s", got)
	}
	m = at(m, 5*time.Minute, 0)
	if got := m.Still(noon.Add(5 * time.Minute)); got != 4*time.Minute {
		t.Errorf("it has not written since: still for %s", got)
	}
}
