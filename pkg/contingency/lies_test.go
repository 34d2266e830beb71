package contingency

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// loss of a failure by its name, which has to be looked at.
func (o Outlook) loss(t *testing.T, name string) Loss {
	t.Helper()
	i := slices.IndexFunc(o.Losses, func(l Loss) bool { return l.Failure.String() == name })
	if i < 0 {
		t.Fatalf("%s is not looked at: %+v", name, o)
	}
	return o.Losses[i]
}

// said is the first condition that does not hold.
func (l Loss) said() (maintenance.Outcome, string) {
	for _, c := range l.Conditions {
		if c.Outcome != maintenance.Holds {
			return c.Outcome, c.String()
		}
	}
	return maintenance.Holds, ""
}

// managed puts all guests of a plain cluster under HA.
func managed(nodes ...string) Evidence {
	e := plain(nodes...)
	e.Backup = 26 * time.Hour
	e.Reserve.HAVersion = pve.Kept[string]{Value: "5.2.0", Time: noon}
	for _, n := range nodes {
		e.Cluster.HA.Nodes[n] = "online"
	}
	for _, g := range e.Cluster.Guests {
		e.Cluster.HA.Services = append(e.Cluster.HA.Services, pve.Service{SID: g.SID(), Node: g.Node, State: "started", Running: true})
		e.HA.Resources = append(e.HA.Resources, pve.HAResource{SID: g.SID(), State: "started", Relocations: 1})
	}
	return e
}

// TestReplica: HA starts a guest from whatever replication has brought; when that
// is old, what was written since is gone.
func TestReplica(t *testing.T) {
	for name, tc := range map[string]struct {
		job  pve.Job
		want maintenance.Outcome
		text string
	}{
		"just synced":       {pve.Job{LastSync: noon.Add(-10 * time.Minute)}, maintenance.Holds, ""},
		"fails since":       {pve.Job{LastSync: noon.Add(-2 * time.Hour), Fails: 3}, maintenance.Reserved, "its replication fails, the replica is 3h old"},
		"failed for weeks":  {pve.Job{LastSync: noon.Add(-21 * 24 * time.Hour), Fails: 300}, maintenance.Fails, "the replica is 22d old"},
		"old, nobody knows": {pve.Job{LastSync: noon.Add(-21 * 24 * time.Hour)}, maintenance.Fails, "the replica is 22d old"},
		"never synced":      {pve.Job{}, maintenance.Fails, "no node qualifies|it can start on none|which only a has"},
		"switched off":      {pve.Job{LastSync: noon.Add(-10 * time.Minute), Disabled: true}, maintenance.Fails, "which only a has"},
	} {
		e := managed("a", "b", "c")
		for _, n := range []string{"a", "b", "c"} {
			e.Cluster.Storages = append(e.Cluster.Storages, pve.Storage{Name: "zfs", Node: n, Available: true, Content: []string{"images"}},
				pve.Storage{Name: "pbs", Node: n, Shared: true, Available: true, Content: []string{"backup"}})
		}
		e.Reserve.Backups = map[string]pve.BackupList{"pbs": {Time: noon}}
		e.Configs[101] = pve.ConfigFacts{Config: pve.Config{Disks: []pve.Disk{{Slot: "scsi0", Storage: "zfs"}}}, Time: noon}
		e.Reserve.Replicated = pve.Kept[[]int]{Value: []int{101}, Time: noon}
		b, c := tc.job, tc.job
		b.Guest, b.Target, c.Guest, c.Target = 101, "b", 101, "c"
		e.Reserve.Jobs = map[string]pve.JobFacts{"a": {Jobs: []pve.Job{b, c}, Time: noon}}
		got, text := Of(e).loss(t, "node a").said()
		found := slices.ContainsFunc(strings.Split(tc.text, "|"), func(s string) bool { return strings.Contains(text, s) })
		if got != tc.want || !found {
			t.Errorf("%s: %v %q, expected %v and %q", name, got, text, tc.want, tc.text)
		}
	}
}

// TestDeviceInside: a quorum device on a machine, or in a guest, of what fails is
// no vote for those that stay.
func TestDeviceInside(t *testing.T) {
	for name, tc := range map[string]struct {
		host string
		lost bool
	}{
		"elsewhere":       {"192.0.2.9", false},
		"on the node":     {"a", true},
		"by its address":  {"192.0.2.1", true},
		"by its domain":   {"A.example.net", true},
		"in a guest":      {"witness.example.net", true},
		"another's guest": {"vm102", false},
		"with its port":   {"192.0.2.1:5403", true},
		"a name and port": {"witness.example.net:5403", true},
		"IPv6 and port":   {"2001:db8::1:5403", true},
		"other, and port": {"192.0.2.11:5403", false},
	} {
		e := managed("a", "b")
		e.Cluster.Nodes[0].IP, e.Cluster.Nodes[1].IP = "192.0.2.1", "192.0.2.2"
		if strings.HasPrefix(tc.host, "2001:") {
			e.Cluster.Nodes[0].IP = "2001:db8::1"
		}
		e.Cluster.Guests[0].Name, e.Cluster.Guests[1].Name = "witness", "vm102"
		e.Cluster.Votes.Device = pve.Device{Present: true, Votes: 1, Host: tc.host}
		for i := range e.Cluster.Votes.Voters {
			e.Cluster.Votes.Voters[i].Daemon = pve.Daemon{Told: true, Casts: true}
		}
		_, text := Of(e).loss(t, "node a").said()
		if lost := strings.Contains(text, "quorum is lost"); lost != tc.lost {
			t.Errorf("%s: %q", name, text)
		}
		if tc.lost && !strings.Contains(advised(Of(e)), "put the quorum device on a machine that does not die with a") {
			t.Errorf("%s: %s", name, advised(Of(e)))
		}
	}
}

// TestMappedDevice: that a node has the device is not enough, another guest may
// have it.
func TestMappedDevice(t *testing.T) {
	for name, tc := range map[string]struct {
		nodes    []string // one for each device
		users    []int
		mediated bool
		want     maintenance.Outcome
		text     string
	}{
		"free":               {[]string{"a", "b", "c"}, []int{101}, false, maintenance.Holds, ""},
		"taken everywhere":   {[]string{"a", "b", "c"}, []int{101, 102, 103}, false, maintenance.Fails, "the mapped device pci:gpu of b is in use there"},
		"two on each":        {[]string{"a", "a", "b", "b", "c", "c"}, []int{101, 102, 103}, false, maintenance.Holds, ""},
		"one is free":        {[]string{"a", "b", "c"}, []int{101, 102}, false, maintenance.Holds, ""},
		"serves several":     {[]string{"a", "b", "c"}, []int{101, 102, 103}, true, maintenance.Unknown, "is in use there"},
		"two for one":        {[]string{"a", "a", "b"}, []int{101, 104}, false, maintenance.Unknown, "vm101 and vm104 may not all start on b"},
		"who knows":          {[]string{"a", "b", "c"}, []int{101, -102}, false, maintenance.Unknown, "whether vm102 has the mapped device pci:gpu of b is not known"},
		"on some nodes only": {[]string{"a", "c"}, []int{101}, false, maintenance.Holds, ""},
		"on no other":        {[]string{"a"}, []int{101}, false, maintenance.Fails, "is not on b"},
	} {
		e := managed("a", "b", "c")
		if slices.Contains(tc.users, 104) { // on a, and b is the only other node for both
			g := e.Cluster.Guests[0]
			g.ID = 104
			e.Cluster.Guests = append(e.Cluster.Guests, g)
			e.Configs[104] = e.Configs[101]
			e.Cluster.HA.Services = append(e.Cluster.HA.Services, pve.Service{SID: "vm:104", Node: "a", State: "started", Running: true})
			e.HA.Rules = append(e.HA.Rules, pve.HARule{ID: "gpus", Type: "node-affinity", Strict: true, Resources: []string{"vm:101", "vm:104"}, Nodes: map[string]int{"a": 0, "b": 0}})
		}
		for _, id := range tc.users {
			if id < 0 { // nobody has read what it has
				delete(e.Configs, -id)
				continue
			}
			f := e.Configs[id]
			f.Devices, f.Mapped = []string{"hostpci0"}, []string{"pci:gpu"}
			e.Configs[id] = f
		}
		e.Reserve.Mappings = pve.Kept[map[string][]string]{Value: map[string][]string{"pci:gpu": tc.nodes}, Time: noon}
		if tc.mediated {
			e.Reserve.Mediated = []string{"pci:gpu"}
		}
		got, text := Of(e).loss(t, "node a").said()
		if got != tc.want || !strings.Contains(text, tc.text) {
			t.Errorf("%s: %v %q, expected %v and %q", name, got, text, tc.want, tc.text)
		}
	}
}

// TestMappedDirectory: a directory of the host is shared by as many guests as want
// it, and a guest starts only where it is mapped.
func TestMappedDirectory(t *testing.T) {
	for name, tc := range map[string]struct {
		nodes []string
		want  maintenance.Outcome
		text  string
	}{
		"on every node": {[]string{"a", "b", "c"}, maintenance.Holds, ""},
		"on no other":   {[]string{"a"}, maintenance.Fails, "the mapped directory dir:share is not on b"},
		"not told":      {nil, maintenance.Unknown, "the mapping dir:share is not known"},
	} {
		e := managed("a", "b", "c")
		for _, id := range []int{101, 102, 103} {
			f := e.Configs[id]
			f.Devices, f.Mapped = []string{"virtiofs0"}, []string{"dir:share"}
			e.Configs[id] = f
		}
		e.Reserve.Mappings = pve.Kept[map[string][]string]{Value: map[string][]string{}, Time: noon}
		if tc.nodes != nil {
			e.Reserve.Mappings.Value["dir:share"] = tc.nodes
		}
		got, text := Of(e).loss(t, "node a").said()
		if got != tc.want || !strings.Contains(text, tc.text) {
			t.Errorf("%s: %v %q, expected %v and %q", name, got, text, tc.want, tc.text)
		}
	}
}

// TestSnippets: a guest does not start without its hook script, which no replication
// brings. Where the node has no such storage that is certain, where each has its own
// nobody can tell, and shared ones are everywhere. No disk is moved for it.
func TestSnippets(t *testing.T) {
	for storage, want := range map[string]struct {
		outcome maintenance.Outcome
		text    string
	}{
		"nfs":   {maintenance.Holds, ""},
		"local": {maintenance.Unknown, "vm101 may not start on b, whether the hookscript in local of a is there too is not known"},
		"fast":  {maintenance.Fails, "HA cannot help 1 guest: vm101 cannot start elsewhere, the storage fast is not on"},
	} {
		e := managed("a", "b", "c")
		for _, n := range []string{"a", "b", "c"} {
			e.Cluster.Storages = append(e.Cluster.Storages, pve.Storage{Name: "local", Node: n, Available: true})
		}
		e.Cluster.Storages = append(e.Cluster.Storages, pve.Storage{Name: "fast", Node: "a", Available: true})
		f := e.Configs[101]
		f.Snippets = []pve.Disk{{Slot: "hookscript", Storage: storage, Snippet: true}}
		e.Configs[101] = f
		o := Of(e)
		if outcome, text := o.loss(t, "node a").said(); outcome != want.outcome || !strings.Contains(text, want.text) {
			t.Errorf("%s: %v %s", storage, outcome, text)
		}
		if next := advised(o); strings.Contains(next, "hookscript") || strings.Contains(next, "101") {
			t.Errorf("%s: advised %s", storage, next)
		}
	}
}
