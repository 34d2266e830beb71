package pve

import (
	"fmt"
	"testing"
	"time"
)

// large is a cluster whose guests are all on one node and under HA, each with
// whatever makes somebody look it up: a lock, a task, a disk, a configuration
// in memory. It is what is dear for code that searches for each guest.
func large(guests int) DrainEvidence {
	c := Cluster{Name: "large", Asked: "pve1", Quorate: true, Time: noon}
	c.HA = HA{Time: noon, Master: "pve1", Nodes: map[string]string{}, LRM: map[string]LRM{}}
	for i := range 32 {
		n := fmt.Sprintf("pve%d", i+1)
		c.Nodes = append(c.Nodes, Node{Name: n, ID: i + 1, Online: true, Status: "online"})
		c.HA.Nodes[n] = "online"
		for k := range 20 {
			c.Storages = append(c.Storages, Storage{Name: fmt.Sprintf("local-%d", k), Node: n})
		}
	}
	c.HA.Nodes["pve3"] = "maintenance"
	m := Memory{Configs: map[int]ConfigFacts{}}
	list := make([]Presence, guests)
	for i := range guests {
		g := Guest{ID: 100 + i, Kind: VM, Name: fmt.Sprintf("customer-%d", i), Node: "pve3", Status: "running", Lock: []string{"", "backup"}[i%2]}
		s := Service{SID: g.SID(), Node: g.Node, State: "started"}
		t := Task{Node: g.Node, Type: "vzdump", ID: guestNumber(g), Start: noon}
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
		m.Configs[g.ID] = ConfigFacts{Config{Onboot: true, Disks: []Disk{{Slot: "scsi0", Storage: "local-0"}}}, noon.Add(-time.Hour)}
		list[i] = Presence{ID: g.ID, Kind: g.Kind, Status: g.Status}
	}
	return DrainEvidence{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]Presence{"pve3": list}, Memory: m}
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
	m := e.Memory.After(Look{Cluster: e.Cluster, Now: noon})
	if len(m.Configs) != guests || len(m.Locks) != guests/2 || len(m.Stops) != guests/8 {
		t.Errorf("%d configurations, %d locks, %d stops", len(m.Configs), len(m.Locks), len(m.Stops))
	}
	if b := BaselineOf(e.Cluster, e.Leaving, m, noon); len(b.Guests) != guests || b.Guests[1].HA != "started" {
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

// Two tasks of one user may each stop all guests of a node; what was stopped
// between them was stopped by hand.
func TestSweeps(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	c := Cluster{Tasks: []Task{
		{Node: "pve1", Type: "stopall", User: "root@pam", Start: at(0), End: at(10)},
		{Node: "pve1", Type: "stopall", User: "root@pam", Start: at(30)},
		{Node: "pve2", Type: "stopall", User: "root@pam", Start: at(0), End: at(60)},
	}}
	for _, tc := range []struct {
		node, user string
		start      int
		want       bool
	}{
		{"pve1", "root@pam", 5, true}, {"pve1", "root@pam", 20, false}, {"pve1", "root@pam", 40, true},
		{"pve1", "alice@pve", 5, false}, {"pve3", "root@pam", 5, false}, {"pve2", "root@pam", 20, true},
	} {
		if got := c.sweeps().of(Task{Node: tc.node, User: tc.user, Start: at(tc.start)}); got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
}

// A lock is explained by a task about its guest, or by one about many, and by
// no console.
func TestBusy(t *testing.T) {
	c := Cluster{Tasks: []Task{
		{Node: "pve1", Type: "vncshell", Start: noon}, {Node: "pve1", Type: "aptupdate", Start: noon},
		{Node: "pve1", Type: "vzdump", Start: noon}, {Node: "pve1", Type: "qmclone", ID: "101", Start: noon},
		{Node: "pve2", Type: "vncproxy", ID: "102", Start: noon}, {Node: "pve2", Type: "qmclone", ID: "102", Start: noon, End: noon},
	}}
	for _, tc := range []struct {
		id   int
		node string
		want string
	}{{101, "pve1", "qmclone"}, {103, "pve1", "vzdump"}, {102, "pve2", ""}, {101, "pve3", ""}} {
		if got, found := c.Index().Busy(Guest{ID: tc.id, Node: tc.node}); got.Type != tc.want || found != (tc.want != "") {
			t.Errorf("%+v: %+v", tc, got)
		}
	}
}
