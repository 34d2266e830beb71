package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/test/sim/executable"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// flagged is a cluster with noout that was last changed some time before noon.
func flagged(modified time.Duration, flags ...string) ceph.Cluster {
	return ceph.Cluster{
		FSID: "f1", Health: &ceph.Health{Status: "HEALTH_WARN"},
		Map: &ceph.Map{Flags: flags, Created: noon.Add(-1000 * time.Hour), Modified: noon.Add(-modified)},
	}
}

// TestNooutAge: since when noout is set, whatever the clock did meanwhile.
func TestNooutAge(t *testing.T) {
	since := func(m memory) time.Duration { return noon.Sub(m.Noout["cluster"]) }
	t.Run("as old as the map at least", func(t *testing.T) {
		if m := remember(memory{}, flagged(5*time.Hour, "noout"), time.Time{}, noon); since(m) != 5*time.Hour {
			t.Errorf("%v", since(m))
		}
	})
	t.Run("the first poll counts", func(t *testing.T) {
		m := remember(memory{}, flagged(5*time.Hour, "noout"), time.Time{}, noon)
		m = remember(m, flagged(time.Minute, "noout"), time.Time{}, noon)
		if since(m) != 5*time.Hour {
			t.Errorf("%v", since(m))
		}
	})
	t.Run("set anew, counted anew", func(t *testing.T) {
		m := remember(memory{}, flagged(5*time.Hour, "noout"), time.Time{}, noon)
		m = remember(m, flagged(time.Hour), time.Time{}, noon)
		m = remember(m, flagged(time.Minute, "noout"), time.Time{}, noon)
		if since(m) != time.Minute {
			t.Errorf("%v", since(m))
		}
	})
	t.Run("a run that saw no flags forgets nothing", func(t *testing.T) {
		m := remember(memory{}, flagged(5*time.Hour, "noout"), time.Time{}, noon)
		m = remember(m, ceph.Cluster{FSID: "f1"}, time.Time{}, noon)
		if since(m) != 5*time.Hour {
			t.Errorf("%v", since(m))
		}
	})
	t.Run("our clock was ahead", func(t *testing.T) {
		m := memory{Noout: map[string]time.Time{"cluster": noon.Add(1000 * time.Hour)}}
		if m = remember(m, flagged(time.Hour, "noout"), time.Time{}, noon); since(m) != time.Hour {
			t.Errorf("%v", since(m))
		}
	})
	t.Run("our clock was at zero", func(t *testing.T) {
		m := memory{Noout: map[string]time.Time{"cluster": time.Unix(100, 0)}}
		if m = remember(m, flagged(time.Hour, "noout"), time.Time{}, noon); since(m) != time.Hour {
			t.Errorf("%v", since(m))
		}
	})
	t.Run("our clock is behind the mons'", func(t *testing.T) {
		if m := remember(memory{}, flagged(-time.Hour, "noout"), time.Time{}, noon); since(m) != 0 {
			t.Errorf("%v", since(m))
		}
	})
}

// TestNooutUnderAWrongClock: noout forgotten for 20 days, the OSD map changed a
// minute ago. One poll whose clock is behind loses nothing, then or afterwards.
func TestNooutUnderAWrongClock(t *testing.T) {
	known := memory{Noout: map[string]time.Time{"cluster": noon.Add(-20 * 24 * time.Hour)}}
	c := flagged(time.Minute, "noout")
	for _, behind := range []time.Duration{time.Hour, 20 * 24 * time.Hour, 365 * 24 * time.Hour, 3650 * 24 * time.Hour} {
		m := remember(known, c, time.Time{}, noon.Add(-behind))
		v := view{c: c, scopes: c.Scopes("noout"), now: noon.Add(-behind), p: policy{NooutCritical: 7 * 24 * time.Hour, NooutWarning: 4 * time.Hour}, m: recollection{memory: m, Works: true}}
		v.noout()
		if len(v.findings) != 1 || v.findings[0].Status != check.CRITICAL || len(v.notes) != 1 {
			t.Errorf("behind by %s: %+v %q", behind, v.findings, v.notes)
		}
		if m = remember(m, c, time.Time{}, noon); !m.Noout["cluster"].Equal(known.Noout["cluster"]) {
			t.Errorf("after a poll behind by %s: since %s", behind, m.Noout["cluster"])
		}
	}
}

// TestEnd: what was declared holds as long as the noout it was declared for.
func TestEnd(t *testing.T) {
	end := noon.Add(time.Hour)
	m := remember(memory{}, flagged(0, "noout"), end, noon)
	if m = remember(m, flagged(0, "noout"), time.Time{}, noon); !m.Until.Equal(end) {
		t.Errorf("forgotten: %v", m.Until)
	}
	muted := flagged(0, "noout")
	muted.Health.Mutes = []ceph.Mute{{Code: "OSDMAP_FLAGS", Until: noon.Add(9 * time.Hour)}}
	if m = remember(m, muted, time.Time{}, noon); !m.Until.Equal(end) || m.Mute {
		t.Errorf("a mute moved what was declared: %v", m.Until)
	}
	n := remember(memory{}, muted, time.Time{}, noon)
	if n = remember(n, flagged(0, "noout"), time.Time{}, noon); !n.Until.Equal(noon.Add(9*time.Hour)) || !n.Mute {
		t.Errorf("the mute's end is forgotten with the mute: %v", n.Until)
	}
	if n = remember(n, flagged(0), time.Time{}, noon); !n.Until.IsZero() {
		t.Errorf("an end without noout: %v", n.Until)
	}
	other := flagged(0)
	other.Map.OSDs = []ceph.OSD{{ID: 3, State: []string{"noout"}}}
	if m = remember(m, other, time.Time{}, noon); !m.Until.IsZero() {
		t.Errorf("another noout inherits the end: %v", m.Until)
	}
}

// TestUnsettled: continuous over runs, anew when OSDs came or went.
func TestUnsettled(t *testing.T) {
	pgs := func(state string, changed time.Duration) ceph.Cluster {
		return ceph.Cluster{PGs: &ceph.PGs{Total: 1, States: []ceph.PGState{{State: state, Count: 1}}}, Counts: &ceph.Counts{Changed: noon.Add(changed)}}
	}
	m := remember(memory{}, pgs("peering", 0), time.Time{}, noon)
	m = remember(m, pgs("stale+active+clean", 0), time.Time{}, noon.Add(time.Minute))
	if !m.Unsettled.Equal(noon) {
		t.Errorf("not continuous: %v", m.Unsettled)
	}
	if n := remember(m, pgs("peering", time.Second), time.Time{}, noon.Add(2*time.Minute)); !n.Unsettled.Equal(noon.Add(2 * time.Minute)) {
		t.Errorf("an OSD came or went: %v", n.Unsettled)
	}
	if n := remember(m, pgs("active+clean", 0), time.Time{}, noon); !n.Unsettled.IsZero() {
		t.Errorf("settled: %v", n.Unsettled)
	}
	if n := remember(m, pgs("peering", 0), time.Time{}, noon.Add(-time.Hour)); !n.Unsettled.Equal(noon.Add(-time.Hour)) {
		t.Errorf("the clock was set back: %v", n.Unsettled)
	}
}

// TestUnusableMemory: the live verdict, and that there is no memory.
func TestUnusableMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	stub := filepath.Join(dir, "ceph")
	if err := executable.Write(stub, "#!/bin/sh\ncat "+dir+"/documents\n"); err != nil {
		t.Fatal(err)
	}
	documents := []string{
		`{"fsid":"f1","health":{"status":"HEALTH_OK","checks":{}},"quorum_names":["a"],"monmap":{"num_mons":1},"osdmap":{"num_osds":1,"num_up_osds":1,"num_in_osds":1},` +
			`"pgmap":{"pgs_by_state":[{"state_name":"active+clean","count":1}],"num_pgs":1,"bytes_used":1,"bytes_total":10},"mgrmap":{"available":true,"num_standbys":1}}`,
		`{"flags":"noout","osds":[{"osd":0,"up":1,"in":1}]}`,
		`{"nodes":[{"id":-1,"name":"n","type":"host","children":[0]},{"id":0,"type":"osd"}]}`,
		`{"nodes":[],"summary":{}}`,
	}
	if err := os.WriteFile(filepath.Join(dir, "documents"), []byte(strings.Join(documents, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for state, want := range map[string]string{
		"auto":    "WARNING: noout (cluster), age unknown - 1 of 1 OSDs up",
		"require": "WARNING: noout (cluster), age unknown, also UNKNOWN: no memory: state directory ",
	} {
		var out strings.Builder
		code := plugin().Run([]string{"--ceph-command", stub, "--state-dir", file, "--state", state}, &out)
		line := out.String() // a note that has no room in the first line stands below
		if check.Status(code) != check.WARNING || !strings.HasPrefix(line, want) || state == "auto" && !strings.Contains(line, "(no memory)") {
			t.Errorf("%s: %d %s", state, code, line)
		}
	}
}
