package ceph

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recordings are real answers that are not part of the project.
const recordings = "../../../shared/corpus"

// read returns a recording; the test is skipped without the recordings.
func read(t *testing.T, path ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{recordings}, path...)...))
	if os.IsNotExist(err) {
		t.Skipf("no recordings here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// recorded puts a state together from all documents of the ceph command.
func recorded(t *testing.T, state string) Cluster {
	t.Helper()
	var c Cluster
	for _, doc := range []string{"status", "osd_dump", "osd_tree", "quorum_status", "health_detail"} {
		if c.add(read(t, "ceph", state, doc+".json")) == "" {
			t.Fatalf("%s/%s.json is not recognised", state, doc)
		}
	}
	if raw, err := os.ReadFile(filepath.Join(recordings, "ceph", state, "osd_df_tree.json")); err == nil && len(raw) > 2 {
		if c.add(raw) != docFill {
			t.Errorf("%s/osd_df_tree.json is not recognised", state)
		}
	}
	c.consistent()
	c.place()
	return c
}

func states(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(recordings, "ceph", "*", "status.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skip("no recordings here")
	}
	var out []string
	for _, f := range found {
		out = append(out, filepath.Base(filepath.Dir(f)))
	}
	return out
}

// TestRecordedStates: every recorded state is read whole, with its six OSDs on
// three hosts and its three monitors by name and host.
func TestRecordedStates(t *testing.T) {
	for _, state := range states(t) {
		t.Run(state, func(t *testing.T) {
			c := recorded(t, state)
			if len(c.Gaps) > 0 {
				t.Errorf("gaps: %+v", c.Gaps)
			}
			if len(c.Map.OSDs) != 6 || len(c.Tree.Hosts) != 3 || c.Counts.OSDs != 6 {
				t.Errorf("%d OSDs on %d hosts", len(c.Map.OSDs), len(c.Tree.Hosts))
			}
			if c.Mons.Total != 3 || len(c.Mons.Members) != 3 {
				t.Errorf("monitors: %+v", c.Mons)
			}
			for _, m := range c.Mons.Members {
				if m.Host != m.Name {
					t.Errorf("mon.%s is on host %q", m.Name, m.Host)
				}
			}
			if c.Space == nil || c.Changed().IsZero() || c.Map.Modified.Before(c.Map.Created) {
				t.Errorf("space %+v, times %v %v %v", c.Space, c.Changed(), c.Map.Created, c.Map.Modified)
			}
			if c.PGs.Missing() != 0 || len(c.Map.Pools) < 2 {
				t.Errorf("PGs %+v, pools %+v", c.PGs, c.Map.Pools)
			}
		})
	}
}

// TestDashboardAgrees: the dashboard's answer to a state tells the same as the
// command's, which was recorded a second earlier or later.
func TestDashboardAgrees(t *testing.T) {
	for _, state := range states(t) {
		raw, err := os.ReadFile(filepath.Join(recordings, "ceph", state, "dash_health_full.json"))
		if err != nil || len(raw) < 1000 {
			continue
		}
		t.Run(state, func(t *testing.T) {
			w, err := decode[wireDashboard](raw)
			if err != nil {
				t.Fatal(err)
			}
			var c Cluster
			c.addDashboard(w)
			c.consistent()
			c.place()
			if len(c.Gaps) > 0 {
				t.Errorf("gaps: %+v", c.Gaps)
			}
			command := recorded(t, state)
			type digest struct {
				FSID   string
				Codes  []string
				Mons   *Mons
				Counts Counts
				Flags  []string
				Scopes []Scope
				Hosts  []Host
			}
			of := func(c Cluster) digest {
				d := digest{FSID: c.FSID, Mons: c.Mons, Flags: c.Map.Flags, Scopes: c.Scopes("noout"), Hosts: c.Tree.Hosts}
				d.Counts = Counts{OSDs: c.Counts.OSDs, Up: c.Counts.Up, In: c.Counts.In}
				for _, k := range c.Health.Checks {
					// these two come and go within the second between both answers
					if k.Code != "PG_DEGRADED" && k.Code != "OSD_BACKFILLFULL" {
						d.Codes = append(d.Codes, k.Code)
					}
				}
				return d
			}
			if diff := cmp.Diff(of(command), of(c), cmp.AllowUnexported(Daemon{})); diff != "" {
				t.Errorf("command (-) and dashboard (+) differ:\n%s", diff)
			}
		})
	}
}

// TestReleases: the documents of other releases are read by their fields.
func TestReleases(t *testing.T) {
	status := func(t *testing.T, name string) Cluster {
		var c Cluster
		if doc := c.add(read(t, "ceph-releases", name, "input.json")); doc != docStatus {
			t.Fatalf("recognised as %q", doc)
		}
		return c
	}
	t.Run("luminous", func(t *testing.T) {
		c := status(t, "luminous-host-down-rook")
		if c.Counts == nil || *c.Counts != (Counts{OSDs: 2, Up: 1, In: 2}) {
			t.Errorf("counts %+v", c.Counts)
		}
		stale := c.PGs.Count(func(s PGState) bool { return s.Has("stale") })
		if stale != 101 || c.Health.Status != "HEALTH_WARN" || c.Mgr == nil || !c.Mgr.Available || c.Mgr.Standbys != 0 {
			t.Errorf("%d stale, %+v, mgr %+v", stale, c.Health, c.Mgr)
		}
	})
	t.Run("nautilus", func(t *testing.T) {
		c := status(t, "nautilus-healthy-rook")
		if !c.PGs.AllClean() || c.Mons.Total != 3 || len(c.Mons.Missing()) != 0 || c.Counts.Up != 3 {
			t.Errorf("%+v %+v %+v", c.PGs, c.Mons, c.Counts)
		}
	})
	t.Run("octopus without a mgrmap", func(t *testing.T) {
		c := status(t, "octopus-ceph_exporter-182")
		if c.Mgr != nil || len(c.Gaps) != 1 || c.Counts.Up != 3 || c.Mons.Total != 1 {
			t.Errorf("mgr %+v, gaps %+v", c.Mgr, c.Gaps)
		}
	})
	t.Run("pacific", func(t *testing.T) {
		c := status(t, "pacific-telegraf")
		if c.PGs.Degraded != 25919 || c.Rates.RecoveryBytes != 223303 || c.Rates.WriteOps != 1022 || c.FS.Ranks != 1 || c.FS.Standbys != 2 {
			t.Errorf("%+v %+v %+v", c.PGs, c.Rates, c.FS)
		}
	})
	t.Run("reef with four monitors", func(t *testing.T) {
		c := status(t, "reef-pve4-checkmk")
		if c.Mons.Spare() != 1 || c.Mons.Lost() != 0 || len(c.Gaps) != 0 {
			t.Errorf("%+v %+v", c.Mons, c.Gaps)
		}
	})
	t.Run("a status without a status", func(t *testing.T) {
		c := status(t, "partial-status-ceph_exporter-283")
		if c.Health != nil || len(c.Gaps) == 0 || c.PGs.Missing() != 52000-49 {
			t.Errorf("%+v %+v", c.Health, c.Gaps)
		}
	})
	t.Run("tentacle", func(t *testing.T) {
		var c Cluster
		if doc := c.add(read(t, "ceph-releases", "tentacle-quorum_status", "input.json")); doc != docQuorum {
			t.Fatalf("recognised as %q", doc)
		}
		if c.Mons.Total != 3 || len(c.Mons.Missing()) != 0 || c.Mons.Members[1].Name != "ceph-mon-03" {
			t.Errorf("%+v", c.Mons)
		}
	})
	t.Run("Proxmox VE", func(t *testing.T) {
		w, err := decode[wireHealth](read(t, "ceph-releases", "pve-health-noout-proxpatch", "input.json"))
		if h := w.facts(); err != nil || h == nil || len(h.Checks) != 1 || h.Checks[0].Code != "OSDMAP_FLAGS" {
			t.Errorf("%+v %v", w, err)
		}
	})
	for name, want := range map[string]int{"osd-tree-ceph_exporter-34": 17, "osd-tree-ceph_exporter-539": 1} {
		t.Run(name, func(t *testing.T) {
			w, err := decode[wireTree](read(t, "ceph-releases", name, "input.json"))
			if err != nil {
				t.Fatal(err)
			}
			osds := 0
			for id := range w.facts().nodes {
				if id >= 0 {
					osds++
				}
			}
			if osds != want {
				t.Errorf("%d OSDs, want %d", osds, want)
			}
		})
	}
	t.Run("dashboard", func(t *testing.T) {
		w, err := decode[wireDashboard](read(t, "ceph-releases", "dashboard-v16.2.15-api_health_minimal", "input.json"))
		if err != nil {
			t.Fatal(err)
		}
		var c Cluster
		c.addDashboard(w)
		if c.PGs.Count(func(s PGState) bool { return s.Has("incomplete") }) != 1 || c.PGs.Unfound != 1 || c.Mgr.Standbys != 1 {
			t.Errorf("%+v %+v", c.PGs, c.Mgr)
		}
		if c.Map != nil || len(c.Gaps) == 0 {
			t.Errorf("a map without ids: %+v", c.Map)
		}
	})
	for _, name := range []string{"dashboard-contract-v17.2.7", "dashboard-contract-v19.2.5"} {
		t.Run(name, func(t *testing.T) {
			doc, err := decode[struct {
				Health part[wireDashboard]    `json:"health_minimal"`
				OSDs   list[wireDashboardOSD] `json:"osds"`
			}](read(t, "ceph-releases", name, "input.json"))
			if err != nil || !doc.Health.set {
				t.Fatal(err)
			}
			var c Cluster
			c.addDashboard(doc.Health.value)
			if c.Health == nil || len(c.Health.Checks) != 2 || c.Counts == nil || c.Counts.Up != 1 || c.Space == nil {
				t.Errorf("%+v %+v %+v", c.Health, c.Counts, c.Space)
			}
		})
	}
}
