package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/story/room"
)

// site is a room of n nodes with m guests under HA, each with a backup, and d
// OSDs; and what this test's own binary, as the plugin, answers about it.
type site struct {
	t    *testing.T
	room *room.Room
	dir  string
	args []string
}

func openSite(t *testing.T, n, m, d int) site {
	t.Helper()
	noon := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	c := room.Config{PVE: pve.Config{Name: "large"}, Clock: world.Still(noon)}
	for i := range n {
		name := fmt.Sprintf("pve%d", i+1)
		c.PVE.Nodes = append(c.PVE.Nodes, pve.Node{Name: name, Memory: int64(m/n+m) * 2 << 30, Storages: []pve.Storage{
			{Name: "ceph", Plugin: "rbd", Shared: true}, {Name: "pbs", Plugin: "pbs", Shared: true, Content: "backup"},
		}})
		c.Ceph.Hosts = append(c.Ceph.Hosts, ceph.Host{Name: name, OSDs: d/n + min(1, max(0, d%n-i))})
	}
	c.Ceph.Mgrs = []ceph.Daemon{{Name: "pve1", Host: "pve1"}, {Name: "pve2", Host: "pve2"}}
	for i := range m {
		g := pve.Guest{ID: 100 + i, Name: fmt.Sprintf("customer-%05d", i), Node: c.PVE.Nodes[i%n].Name, HA: "started", Memory: 2 << 30, Used: 1 << 30}
		c.PVE.Guests = append(c.PVE.Guests, g)
		c.PVE.Backups = append(c.PVE.Backups, pve.Backup{Guest: g.ID, Storage: "pbs", At: noon.Add(-3 * time.Hour)})
	}
	// who may see backups
	c.PVE.Tokens = map[string][]pve.Grant{pve.Token: append(pve.Auditor(), pve.Grant{Path: "/", Privileges: append([]string{"Datastore.AllocateSpace", "VM.Backup"}, pve.Audit...)})}
	r, err := room.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	dir := t.TempDir()
	names, err := r.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	return site{t, r, dir, []string{"-H", names["NODES"], "--ca-file", names["CA"], "--auth-file", names["AUTH"], "--state-dir", filepath.Join(dir, "state"), "-t", "120", "--output", "json"}}
}

// answer is what one run cost and said.
type answer struct {
	requests     []pve.Request
	peak         int64 // KiB
	Status, Text string
	Facts        struct{ Failures []struct{} }
}

// ask runs the plugin so much later.
func (s site) ask(later string) answer {
	s.t.Helper()
	if err := s.room.Do("advance?by=" + later); err != nil {
		s.t.Fatal(err)
	}
	a := ask(s.t, s.room.Now(), s.args)
	a.requests = s.room.PVE.Requests()
	return a
}

// ask runs the plugin as a process. Time is reported and not judged.
func ask(t *testing.T, now time.Time, args []string) answer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), asPlugin+"="+now.Format(time.RFC3339))
	var out bytes.Buffer
	cmd.Stdout = &out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	peak := peakOf(cmd)
	var a answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatalf("%v, %s: %.500s", err, cmd.ProcessState, out.Bytes())
	}
	a.peak = peak
	t.Logf("%d KiB, %s, %s of processors: %s %.120s", a.peak, time.Since(began).Round(time.Millisecond),
		cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), a.Status, strings.TrimSpace(a.Text))
	return a
}

// peakOf a process that was started, in KiB, until it has ended. What wait4 reports
// will not do: a process starts with the peak of the one that forked it, and that is
// this test with its documents.
func peakOf(cmd *exec.Cmd) (peak int64) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // what it printed says the rest
	}()
	for {
		select {
		case <-done:
			return peak
		case <-time.After(time.Millisecond):
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		_, after, found := strings.Cut(string(status), "VmHWM:")
		var kb int64
		if _, bad := fmt.Sscan(after, &kb); err == nil && found && bad == nil {
			peak = max(peak, kb)
		}
	}
}

// TestRequests: 16 nodes with 400 guests and 200 OSDs are asked at most twenty
// times, and twice for each node more, once the guests' disks are known; also when
// nothing that is kept is young enough.
func TestRequests(t *testing.T) {
	s := openSite(t, 16, 400, 200)
	for i, later := range []string{"1m", "1m", "1m", "20m", "1m"} {
		a := s.ask(later)
		t.Logf("%d requests", len(a.requests))
		if v := pve.Violations(a.requests); len(v) > 0 {
			t.Errorf("%q", v)
		}
		if i < 2 {
			continue // it learns
		}
		if a.Status != "OK" || len(a.Facts.Failures) != 16 {
			t.Errorf("%s: %s, %d failures", a.Status, a.Text, len(a.Facts.Failures))
		}
		if most := 20 + 2*16; len(a.requests) > most {
			t.Errorf("%d requests, expected at most %d", len(a.requests), most)
			for _, r := range a.requests {
				t.Log(r.Path)
			}
		}
	}
}
