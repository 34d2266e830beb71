package maintenance

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
	"pgregory.net/rapid"
)

// drawEvidence makes up what a cluster may say about its nodes and guests,
// sensible or not.
func drawEvidence(t *rapid.T) Evidence {
	c := pve.Cluster{Name: "lab", Asked: "pve1", Quorate: true, Time: noon}
	names := []string{"pve1", "pve2", "pve3"}
	pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(t, what) }
	c.HA = pve.HA{Time: noon, Nodes: map[string]string{}, Requested: map[string]bool{}, LRM: map[string]pve.LRM{}}
	for _, n := range names {
		online := n == "pve1" || rapid.IntRange(0, 3).Draw(t, "online "+n) > 0
		status := "offline"
		if online {
			status = pick("status "+n, "online", "online", "online", "unknown")
		}
		c.Nodes = append(c.Nodes, pve.Node{Name: n, Online: online, Status: status})
		c.HA.Nodes[n] = pick("ha "+n, "online", "maintenance", "fence", "unknown")
		c.HA.Requested[n] = rapid.Bool().Draw(t, "requested "+n)
		c.HA.LRM[n] = pve.LRM{Mode: "active", Time: noon.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, "silent")) * time.Second)}
	}
	for id := 100; id < 100+rapid.IntRange(0, 6).Draw(t, "guests"); id++ {
		g := pve.Guest{ID: id, Kind: pve.VM, Node: pick("node", names...), Status: pick("status", "running", "stopped", "paused", "unknown", "io-error")}
		g.Template = rapid.IntRange(0, 5).Draw(t, "template") == 0
		g.Lock = pick("lock", "", "", "migrate", "backup")
		n, _ := c.Node(g.Node)
		g.Stale = !n.Online || n.Status != "online"
		c.Guests = append(c.Guests, g)
		if rapid.Bool().Draw(t, "managed") {
			s := pve.Service{SID: g.SID(), Node: pick("service on", g.Node, g.Node, "pve1"), State: pick("state", "started", "stopped", "migrate", "error", "freeze", "fence")}
			if s.Moving() {
				s.Target = pick("target", names...)
			}
			c.HA.Services = append(c.HA.Services, s)
		}
		if rapid.IntRange(0, 4).Draw(t, "task") == 0 {
			c.Tasks = append(c.Tasks, pve.Task{Node: pick("task on", names...), Type: pick("type", "qmigrate", "qmstart", "vzdump", "vncproxy"), ID: strconv.Itoa(g.ID), Start: noon})
		}
	}
	e := Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{}, Silent: map[string]error{}}}
	if n, _ := c.Node("pve3"); n.Online && rapid.IntRange(0, 3).Draw(t, "own list") > 0 {
		e.PVE.Presence["pve3"] = []pve.Presence{}
		for _, g := range c.Guests {
			if g.Node == "pve3" {
				e.PVE.Presence["pve3"] = append(e.PVE.Presence["pve3"], pve.Presence{ID: g.ID, Kind: g.Kind, Status: pick("own", "running", "stopped"), Template: g.Template})
			}
		}
	}
	return e
}

// Every single fact that speaks against an empty node is in the answer,
// whatever else is there. The facts are read here one by one, with no sum or
// search of the code under test.
func TestNothingIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 100 { // cheap, and odd combinations are rare
			notMissed(t, drawEvidence(t))
		}
	})
}

func notMissed(t *rapid.T, e Evidence) {
	d := DrainOf(e)
	against := func(why string, in ...any) {
		if len(d.Doubts)+len(d.Left)+len(d.Arriving)+len(d.Finishing) == 0 {
			t.Fatalf("%s %v, and the node counts as empty: %+v", why, in, e)
		}
	}
	n, _ := e.PVE.Cluster.Node("pve3")
	maintained := e.PVE.Cluster.HA.Requested["pve3"] || e.PVE.Cluster.HA.Nodes["pve3"] == "maintenance"
	if !n.Online && !maintained {
		against("it went without maintenance")
	}
	if n.Online && n.Status == "unknown" {
		against("pvestatd is silent")
	}
	for _, g := range e.PVE.Cluster.Guests {
		if g.Node == "pve3" && !g.Template && g.Status != "stopped" {
			against("a guest is on it", g)
		}
		if g.Node != "pve3" && g.Lock == "migrate" && g.HAState == "" && !moves(e.PVE.Cluster, g) {
			against("a guest is on its way to nobody knows where", g)
		}
	}
	for _, p := range e.PVE.Presence["pve3"] {
		if p.Status != "stopped" && !p.Template {
			against("the node itself says that a guest runs", p)
		}
	}
	for _, s := range e.PVE.Cluster.HA.Services {
		if s.Node == "pve3" && s.State != "stopped" || s.Target == "pve3" {
			against("HA has a service on it or on its way to it", s)
		}
	}
	for _, k := range e.PVE.Cluster.Tasks {
		if on, _ := e.PVE.Cluster.Node(k.Node); on.Online && k.Node == "pve3" && (k.Type == "qmigrate" || k.Type == "qmstart") {
			against("a task moves or starts a guest there", k)
		}
	}
}

// moves says that pve.HA moves the guest, and to another node than pve3.
func moves(c pve.Cluster, g pve.Guest) bool {
	for _, s := range c.HA.Services {
		if s.SID == g.SID() && s.State == "migrate" && s.Target != "pve3" {
			return true
		}
	}
	return false
}

func TestDoubts(t *testing.T) {
	whole := threeNodes()
	e := func(change func(*pve.Cluster)) Evidence {
		c := whole
		change(&c)
		return Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}}}
	}
	for want, e := range map[string]Evidence{
		"it lacks VM.Audit on /vms": e(func(c *pve.Cluster) { c.Rights = pve.Rights{"VM.Audit on /vms"} }),
		"does not see vm:999":       e(func(c *pve.Cluster) { c.HA.Services = []pve.Service{{SID: "vm:999", Node: "pve1", State: "started"}} }),
		"it lists nothing": e(func(c *pve.Cluster) {
			c.HA.Services = []pve.Service{{SID: "vm:999", Node: "pve1", State: "started"}}
			c.Gaps = []pve.Gap{{Path: "/cluster/resources", Err: errors.New("it lists nothing")}}
		}),
		"does not see vm:0, vm:1, vm:2, vm:3, vm:4, vm:5, vm:6, vm:7, vm:8, vm:9 and 2 more, which": e(func(c *pve.Cluster) {
			for i := range 12 {
				c.HA.Services = append(c.HA.Services, pve.Service{SID: fmt.Sprintf("vm:%d", i), Node: "pve1", State: "started"})
			}
		}),
		"no quorum": e(func(c *pve.Cluster) { c.Quorate = false }),
		"596 Broken pipe": e(func(c *pve.Cluster) {
			c.Gaps = []pve.Gap{{Path: "/cluster/tasks", Err: &pve.Error{Status: "596 Broken pipe", Code: 596}}}
		}),
		"silent for 1m30s": e(func(c *pve.Cluster) {
			c.HA = pve.HA{Services: []pve.Service{{SID: "vm:101", Node: "pve1", State: "started"}}, Time: noon, LRM: map[string]pve.LRM{"pve1": {Time: noon.Add(90 * time.Second)}}}
		}),
		"there is no node pve9, the cluster has pve1, pve2, pve3": {PVE: PVE{Cluster: whole, Leaving: []string{"pve9"}}},
	} {
		d := DrainOf(e)
		if len(d.Doubts) != 1 || !strings.Contains(d.Doubts[0], want) || len(d.Left) > 0 {
			t.Errorf("%q: %+v", want, d)
		}
	}
	if d := DrainOf(Evidence{PVE: PVE{Cluster: whole, Leaving: []string{"pve3"}}}); len(d.Doubts) > 0 || len(d.Left) != 1 || len(d.Unconfirmed) != 1 {
		t.Errorf("%+v", d)
	}
}

// A guest may be stopped for the moment only.
func TestStoppedForNow(t *testing.T) {
	for _, tc := range []struct {
		task, lock       string
		arriving, doubts int
	}{
		{"qmreboot", "", 1, 0},
		{"vzrollback", "rollback", 1, 0},
		{"vzdump", "backup", 0, 1},
		{"vzdump", "", 0, 0},
		{"qmshutdown", "", 0, 0},
	} {
		c := threeNodes()
		c.Guests = []pve.Guest{{ID: 103, Kind: pve.VM, Node: "pve3", Status: "stopped", Lock: tc.lock}}
		c.Tasks = []pve.Task{{Node: "pve3", Type: tc.task, Start: noon}}
		d := DrainOf(Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": {}}}})
		if len(d.Arriving) != tc.arriving || len(d.Doubts) != tc.doubts || len(d.Left) > 0 {
			t.Errorf("%+v: %+v", tc, d)
		}
	}
}

// A guest on a node that the cluster does not know may be anywhere, unless a
// leaving node says that it has it.
func TestStrayGuests(t *testing.T) {
	for _, tc := range []struct {
		status                 string
		template, own          bool
		doubts, astray, remain int
	}{
		{status: "running", doubts: 1},
		{status: "io-error", doubts: 1},
		{status: "unknown", astray: 1},
		{status: "unknown", template: true},
		{status: "stopped"},
		{status: "running", own: true, remain: 1},
		{status: "unknown", own: true, remain: 1},
	} {
		c := threeNodes()
		c.Guests = []pve.Guest{{ID: 103, Kind: pve.VM, Node: "pve9", Status: tc.status, Template: tc.template, Stale: true}}
		e := Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": {}}}}
		if tc.own {
			e.PVE.Presence["pve3"] = []pve.Presence{{ID: 103, Kind: pve.VM, Status: "running"}}
		}
		d := DrainOf(e)
		if len(d.Doubts) != tc.doubts || len(d.Astray) != tc.astray || len(d.Left) != tc.remain {
			t.Errorf("%+v: %+v", tc, d)
		}
	}
}

// An pve.HA that nobody uses writes no time, and nothing of it is missed.
func TestIdleHA(t *testing.T) {
	c := threeNodes()
	c.Guests = c.Guests[:2]
	d := DrainOf(Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": {}}}})
	if len(d.Doubts)+len(d.Left)+len(d.Returns)+len(d.Unconfirmed) > 0 {
		t.Errorf("%+v", d)
	}
}

// threeNodes with a guest on each; the second is stopped.
func threeNodes() pve.Cluster {
	c := pve.Cluster{Name: "lab", Quorate: true, Time: noon, Nodes: []pve.Node{
		{Name: "pve1", Online: true, Status: "online"}, {Name: "pve2", Online: true, Status: "online"}, {Name: "pve3", Online: true, Status: "online"},
	}}
	for i, status := range []string{"running", "stopped", "running"} {
		c.Guests = append(c.Guests, pve.Guest{ID: 101 + i, Kind: pve.VM, Node: c.Nodes[i].Name, Status: status})
	}
	return c
}

// TestBulkActions: a cluster-wide action runs on the node that was asked for it, and
// starts its next task on any. Between two of them nothing else shows it.
func TestBulkActions(t *testing.T) {
	for kind, want := range map[string]string{"bulk-migrate": "the API does not say where to", "bulk-start": "may start guests on any node", "bulk-shutdown": ""} {
		c := threeNodes()
		c.Guests = nil
		c.Tasks = []pve.Task{{Node: "pve1", Type: kind, Start: noon}}
		d := DrainOf(Evidence{Now: noon, PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": {}}}})
		if got := strings.Join(d.Doubts, ", "); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}
