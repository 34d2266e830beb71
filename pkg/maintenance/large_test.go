package maintenance

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// large is a cluster whose guests are all on one node and under pve.HA, each with
// whatever makes somebody look it up: a lock, a task, a disk, a configuration
// in memory. It is what is dear for code that searches for each guest.
func large(guests int) Evidence {
	c := pve.Cluster{Name: "large", Asked: "pve1", Quorate: true, Time: noon}
	c.HA = pve.HA{Time: noon, Master: "pve1", Nodes: map[string]string{}, LRM: map[string]pve.LRM{}}
	for i := range 32 {
		n := fmt.Sprintf("pve%d", i+1)
		c.Nodes = append(c.Nodes, pve.Node{Name: n, ID: i + 1, Online: true, Status: "online"})
		c.HA.Nodes[n] = "online"
		for k := range 20 {
			c.Storages = append(c.Storages, pve.Storage{Name: fmt.Sprintf("local-%d", k), Node: n})
		}
	}
	c.HA.Nodes["pve3"] = "maintenance"
	m := pve.Memory{Configs: map[int]pve.ConfigFacts{}}
	list := make([]pve.Presence, guests)
	for i := range guests {
		g := pve.Guest{ID: 100 + i, Kind: pve.VM, Name: fmt.Sprintf("customer-%d", i), Node: "pve3", Status: "running", Lock: []string{"", "backup"}[i%2]}
		s := pve.Service{SID: g.SID(), Node: g.Node, State: "started"}
		t := pve.Task{Node: g.Node, Type: "vzdump", ID: strconv.Itoa(g.ID), Start: noon}
		switch i % 8 {
		case 3:
			g.Status = "stopped"
		case 4:
			s.State, s.Target = "migrate", "pve4"
		case 5:
			t.Type = "qmigrate"
		case 6:
			g.Status, s.State = "stopped", "error"
		case 7:
			g.Status, s.State = "stopped", "error"
			t.Type, t.End, t.Status = "qmstop", noon, "OK"
		}
		c.Guests, c.HA.Services, c.Tasks = append(c.Guests, g), append(c.HA.Services, s), append(c.Tasks, t)
		m.Configs[g.ID] = pve.ConfigFacts{Config: pve.Config{Onboot: true, Disks: []pve.Disk{{Slot: "scsi0", Storage: "local-0"}}}, Time: noon.Add(-time.Hour)}
		list[i] = pve.Presence{ID: g.ID, Kind: g.Kind, Status: g.Status}
	}
	return Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": list}, Memory: m}}
}

// Every guest of a large cluster is accounted for once, in DrainOf and in what
// is remembered. Searching for each guest among all of them took a minute.
func TestLarge(t *testing.T) {
	const guests = 50_000
	e := large(guests)
	d := DrainOf(e)
	seen := map[int]bool{}
	for _, l := range d.Left {
		seen[l.Guest.ID] = true
	}
	if len(d.Left) != guests || len(seen) != guests || len(d.Stopped) != 0 {
		t.Errorf("%d left, %d different, %d stopped, of %d", len(d.Left), len(seen), len(d.Stopped), guests)
	}
	m := e.PVE.Memory.After(pve.Look{Cluster: e.PVE.Cluster, Now: noon})
	if len(m.Configs) != guests || len(m.Locks) != guests/2 || len(m.Stops) != guests/8 {
		t.Errorf("%d configurations, %d locks, %d stops", len(m.Configs), len(m.Locks), len(m.Stops))
	}
	if b := pve.BaselineOf(e.PVE.Cluster, e.PVE.Leaving, m, noon); len(b.Guests) != guests || b.Guests[1].HA != "started" {
		t.Errorf("%d in the baseline", len(b.Guests))
	}
}

// The figure for each guest must not grow with their number.
func BenchmarkDrainOf(b *testing.B) {
	for _, n := range []int{500, 5_000, 50_000} {
		e := large(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if len(DrainOf(e).Left) != n {
					b.Fatal("guests are missing")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/guest")
		})
	}
}
