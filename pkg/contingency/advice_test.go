package contingency

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// plain is a cluster of which all is known: each node has one vote and runs one
// guest, whose disk every node shares. HA manages nothing.
func plain(nodes ...string) Evidence {
	e := Evidence{Now: noon, Configs: map[int]pve.ConfigFacts{}}
	e.Ceph.Absent = "there is none"
	c := pve.Cluster{Name: "lab", Asked: nodes[0], Quorate: true, Time: noon}
	c.HA = pve.HA{Nodes: map[string]string{}, Requested: map[string]bool{}, LRM: map[string]pve.LRM{}}
	c.Votes.Known = true
	for i, n := range nodes {
		c.Nodes = append(c.Nodes, pve.Node{Name: n, ID: i + 1, Online: true, Status: "online", CPUs: 8, MaxMemory: 64 * giB, Memory: 4 * giB})
		c.Votes.Voters = append(c.Votes.Voters, pve.Voter{Node: n, Votes: 1, Online: true})
		c.Storages = append(c.Storages, pve.Storage{Name: "nfs", Node: n, Shared: true, Available: true, Content: []string{"images"}})
		c.Guests = append(c.Guests, pve.Guest{ID: 101 + i, Kind: pve.VM, Node: n, Status: "running", CPUs: 2, MaxMemory: 2 * giB, Memory: giB})
		e.Configs[101+i] = pve.ConfigFacts{Config: pve.Config{Disks: []pve.Disk{{Slot: "scsi0", Storage: "nfs"}}}, Time: noon}
	}
	e.Cluster = c
	return e
}

// advised are the commands of all steps.
func advised(o Outlook) string {
	var out []string
	for _, l := range o.Losses {
		for _, c := range l.Conditions {
			for _, s := range c.Next {
				out = append(out, s.String())
			}
		}
	}
	return strings.Join(out, "\n")
}

// TestNoHAWithoutQuorum: HA resets a node that loses quorum. Where one more
// failure takes it, a guest put under HA goes down with a node that lives.
func TestNoHAWithoutQuorum(t *testing.T) {
	if got := advised(Of(plain("pve1", "pve2", "pve3"))); !strings.Contains(got, "ha-manager add vm:102") {
		t.Errorf("three nodes keep quorum, HA helps: %q", got)
	}
	if got := advised(Of(plain("pve1", "pve2"))); strings.Contains(got, "ha-manager add") {
		t.Errorf("two nodes lose quorum, HA resets the one that is left: %q", got)
	}
	// Each node counts the device for itself: pve2 alone loses quorum.
	e := plain("pve1", "pve2")
	e.Cluster.Votes.Device = pve.Device{Present: true, Votes: 1, Host: "q"}
	e.Cluster.Votes.Voters[0].Daemon = pve.Daemon{Told: true, State: "Connected", Casts: true}
	e.Cluster.Votes.Voters[1].Daemon = pve.Daemon{Told: true}
	if got := advised(Of(e)); strings.Contains(got, "ha-manager add") {
		t.Errorf("pve2 is reset when pve1 fails: %q", got)
	}
}

// TestNoHAInMaintenance: HA moves what it is given off a node in maintenance at
// once, containers with a restart.
func TestNoHAInMaintenance(t *testing.T) {
	e := plain("pve1", "pve2", "pve3")
	e.Cluster.Guests[1].Kind = pve.Container
	e.Cluster.HA.Nodes["pve2"] = "maintenance"
	if got := advised(Of(e)); strings.Contains(got, "ha-manager add ct:102") {
		t.Errorf("HA restarts the container elsewhere at once: %q", got)
	}
}

// TestNobodyStays: all nodes in one rack, machines of Ceph in others.
func TestNobodyStays(t *testing.T) {
	x := newStage(plain("pve1", "pve2", "pve3"))
	l := x.loss(Failure{Kind: "rack", Name: "r1", Nodes: []string{"pve1", "pve2", "pve3"}})
	if l.Conditions.Count(maintenance.Fails) == 0 {
		t.Errorf("every node dies: %+v", l.Conditions)
	}
}

// TestStranded: a node that quorum needs back is one more that HA may choose, and
// what a guest needs is not there: in the 12,408th cluster of the advice proof the
// disk of vm128 is replicated to two other nodes.
func TestStranded(t *testing.T) {
	r := robot{t: t, r: rand.New(rand.NewPCG(12408, 23)), done: map[string]int{}}
	r.world = random(r.r)
	e, err := r.ask()
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, f := range printed(Of(e)) {
		for _, s := range f.Next {
			steps = append(steps, s.String())
		}
	}
	const want = "bring pve1 back, where HA may put vm128 that cannot start there"
	if !slices.Contains(steps, want) {
		t.Errorf("no %q in %q", want, steps)
	}
}

// TestOnceFound has the clusters in which 20,000 worlds of the advice proof found a
// step that hurt: a disk moved, or a guest put under HA, and then two guests wanted
// the one device of a node.
func TestOnceFound(t *testing.T) {
	for _, number := range []uint64{1153, 1479, 7636, 8362, 8600, 10301, 12408} {
		r := robot{t: t, r: rand.New(rand.NewPCG(number, 23)), done: map[string]int{}}
		r.world = random(r.r)
		if _, err := r.obey(); err != nil {
			t.Errorf("cluster %d: %v", number, err)
		}
	}
}
