package pve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// TestReserve: what changes slowly is asked once in 15 minutes, a shared storage
// once, and nothing of a node that is off.
func TestReserve(t *testing.T) {
	s := sim.Start(t, sim.Saved())
	s.Must("backup?id=105&storage=pbs&ago=3h", "backup?id=105&storage=pbs&ago=1h&failed=1", "backup?id=105&storage=pbs&ago=1m&unfinished=1", "backup?id=100&storage=pbs&ago=2h", "crash?node=pve3", "advance?by=4m")
	api := client(t, s)
	c, err := api.Cluster(within(t, 10*time.Second), pve.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	s.Requests()
	seek := pve.Seek{Cluster: c, Mapped: true, Now: s.Now(), Lists: 10}
	first, gaps := api.Reserve(within(t, 10*time.Second), pve.Reserve{}, seek)
	asked := s.Requests()
	if len(gaps) > 0 || len(sim.Violations(asked)) > 0 || len(asked) > 7 {
		t.Errorf("gaps %v, violations %v, %d requests", gaps, sim.Violations(asked), len(asked))
	}
	if age := s.Now().Sub(time.Unix(first.Backups["pbs"].Latest[105], 0)); age < 3*time.Hour || age > 4*time.Hour {
		t.Errorf("the last backup that is whole and was not found broken is %s old", age)
	}
	if first.HAVersion.Value != "5.2.0" || !first.Unscheduled.Known() || !first.Mappings.Known() {
		t.Errorf("%+v", first)
	}
	if _, gaps = api.Reserve(within(t, 10*time.Second), first, seek); len(gaps) > 0 || len(s.Requests()) > 0 {
		t.Error("what is young was asked again")
	}
}

// TestReserveDirectories: directories are mapped since release 8.4, and that there are
// none before is no gap.
func TestReserveDirectories(t *testing.T) {
	for release, want := range map[string]int{"8.3.5": 0, "9.2.11": 1} {
		config := sim.Saved()
		config.Release, config.Mappings = release, []sim.Mapping{{Kind: "dir", Name: "share", Node: "pve1"}, {Kind: "pci", Name: "gpu", Node: "pve1"}}
		s := sim.Start(t, config)
		api := client(t, s)
		c, err := api.Cluster(within(t, 10*time.Second), pve.Ask{})
		if err != nil {
			t.Fatal(err)
		}
		r, gaps := api.Reserve(within(t, 10*time.Second), pve.Reserve{}, pve.Seek{Cluster: c, Mapped: true, Now: s.Now(), Lists: 10})
		found := r.Mappings.Value
		if len(gaps) > 0 || !r.Mappings.Known() || len(found["dir:share"]) != want || len(found["pci:gpu"]) != 1 {
			t.Errorf("%s: %v, gaps %v", release, found, gaps)
		}
	}
}

// TestReserveHidden: an auditor is shown no backups, and no error tells. Nothing
// is known then, which is not that there are none.
func TestReserveHidden(t *testing.T) {
	config := sim.Saved()
	config.Tokens = nil
	s := sim.Start(t, config)
	api := client(t, s)
	c, err := api.Cluster(within(t, 10*time.Second), pve.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	r, gaps := api.Reserve(within(t, 10*time.Second), pve.Reserve{}, pve.Seek{Cluster: c, Now: s.Now(), Lists: 10})
	if len(r.Backups) > 0 || len(gaps) != 1 || !gaps[0].Backup || !strings.Contains(gaps[0].Err.Error(), "Datastore.AllocateSpace") {
		t.Errorf("%v %v", r.Backups, gaps)
	}
}

// TestHAConfig: rules of 9, groups of before.
func TestHAConfig(t *testing.T) {
	for release, group := range map[string]bool{"9.2.11": false, "8.3.5": true} {
		config := sim.Lab()
		config.Release, config.Scheduler = release, "static"
		config.Rules = []sim.Rule{{ID: "few", Guests: []int{100}, Nodes: "pve1:2,pve2", Strict: true}}
		s := sim.Start(t, config)
		api := client(t, s)
		if _, err := api.Cluster(within(t, 10*time.Second), pve.Ask{}); err != nil {
			t.Fatal(err)
		}
		h := api.HAConfig(within(t, 10*time.Second))
		if len(h.Gaps) > 0 || h.Scheduler != "static" || len(h.Rules) != 1 || h.Rules[0].Group != group || !h.Rules[0].Strict ||
			h.Rules[0].Nodes["pve1"] != 2 || len(h.Rules[0].Resources) != 1 || len(h.Resources) != 3 {
			t.Errorf("%s: %+v", release, h)
		}
	}
}
