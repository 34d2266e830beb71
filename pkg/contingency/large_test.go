package contingency

import (
	"fmt"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// large is a cluster of n nodes with m guests under HA.
func large(n, m int) Evidence {
	e := Evidence{Now: noon, Backup: 26 * time.Hour, Configs: map[int]pve.ConfigFacts{}, Ceph: maintenance.Ceph{Absent: "there is none"}}
	c := pve.Cluster{Name: "large", Asked: "pve000", Quorate: true, Time: noon}
	c.HA.Nodes = map[string]string{}
	for i := range n {
		name := fmt.Sprintf("pve%03d", i)
		c.Nodes = append(c.Nodes, pve.Node{Name: name, ID: i + 1, Online: true, Status: "online", CPUs: 256, MaxMemory: 4096 * giB, Memory: int64(m/n) * giB})
		c.HA.Nodes[name] = "online"
		c.Votes.Voters = append(c.Votes.Voters, pve.Voter{Node: name, Votes: 1, Online: true})
		c.Storages = append(c.Storages, pve.Storage{Name: "ceph", Node: name, Shared: true, Available: true})
	}
	c.Votes.Known = true
	for id := range m {
		g := pve.Guest{ID: 100 + id, Kind: pve.VM, Node: c.Nodes[id%n].Name, Status: "running", CPUs: 2, MaxMemory: 2 * giB, Memory: giB}
		c.Guests = append(c.Guests, g)
		c.HA.Services = append(c.HA.Services, pve.Service{SID: g.SID(), Node: g.Node, State: "started"})
		e.HA.Resources = append(e.HA.Resources, pve.HAResource{SID: g.SID(), State: "started", Relocations: 1})
		e.Configs[g.ID] = pve.ConfigFacts{Config: pve.Config{Disks: []pve.Disk{{Slot: "scsi0", Storage: "ceph"}}}, Time: noon}
	}
	e.Cluster = c
	return e
}

// TestLarge: the work grows with the guests, not with their square. Ten times
// the guests may take a little more than ten times the work.
func TestLarge(t *testing.T) {
	for _, l := range Of(large(16, 400)).Losses {
		if !l.Survives() || len(l.Restarted) != 25 {
			t.Errorf("%s: %v", l.Failure, l.Conditions)
		}
	}
	for _, l := range Of(large(32, 50_000)).Losses {
		if !l.Survives() {
			t.Errorf("%s: %v", l.Failure, l.Conditions)
		}
	}
}

// TestTrials: what is tried out is bounded, however many guests it would be tried
// for: 50,000 that HA does not manage, on nodes where none has room for another.
func TestTrials(t *testing.T) {
	e := large(32, 50_000)
	e.Cluster.HA.Services, e.HA.Resources = nil, nil
	for i := range e.Cluster.Nodes {
		e.Cluster.Nodes[i].MaxMemory = 3200 * giB // a guest may use 2 GiB
	}
	x := newStage(e)
	for _, f := range x.failures {
		if l := x.loss(f); l.Survives() || len(l.Down) < 1500 {
			t.Errorf("%s: %d down", f, len(l.Down))
		}
	}
	if x.trial == nil || x.trial.left != 0 || len(x.trial.failures) != 32 {
		t.Errorf("%+v", x.trial)
	}
}

func BenchmarkOutlook(b *testing.B) {
	for _, size := range [][2]int{{16, 400}, {32, 50_000}} {
		e := large(size[0], size[1])
		b.Run(fmt.Sprintf("%d nodes %d guests", size[0], size[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Of(e)
			}
		})
	}
}
