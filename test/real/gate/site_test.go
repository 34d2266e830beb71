//go:build real

// Package gate compares what check_serviceable says of a host of Debian's Ceph
// with what Ceph does when that host is then really cut off: its OSDs, its
// monitor and its mgr are killed. Whoever got a yes must find all PGs active,
// the quorum kept and clients served. Proxmox VE is simulated and always
// agrees, so that Ceph alone decides.
package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/real/cluster"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// site is a cluster with the plugin.
type site struct {
	*cluster.Cluster
	t       testing.TB
	binary  string
	pve     *door
	objects map[string][]string // by pool, one in each PG
}

// settings make Ceph quick to notice what is gone and to report it. The
// decisions of Ceph are not touched.
const settings = `
[global]
mgr stats period = 1
mgr tick period = 1
mon tick interval = 1
mon mgr beacon grace = 4
paxos propose interval = 0.2
mon osd min down reporters = 1
osd heartbeat interval = 1
osd heartbeat grace = 12
osd mon report interval = 1
osd pg stat report interval max = 2
osd recovery sleep hdd = 0
osd recovery sleep ssd = 0
osd recovery sleep hybrid = 0
osd recovery max active = 16
osd max backfills = 8
`

// unneeded modules cost a mgr a part of its start. Those that are always on
// cannot be spared: without one of them the cluster is in HEALTH_ERR.
var unneeded = []string{
	"alerts", "cephadm", "dashboard", "influx", "insights", "iostat", "k8sevents", "localpool", "mds_autoscaler", "mirroring", "nfs",
	"osd_perf_query", "osd_support", "prometheus", "rook", "selftest", "snap_schedule", "stats", "telegraf", "test_orchestrator", "zabbix",
}

// build builds the plugin once.
func build(t testing.TB) string { return buildPlugin(t, "check_serviceable") }

func buildPlugin(t testing.TB, name string) string {
	t.Helper()
	binary := t.TempDir() + "/" + name
	if out, err := exec.Command("go", "build", "-o", binary, "../../../plugins/"+name).CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return binary
}

func newSite(t testing.TB, binary, network string) *site {
	t.Helper()
	return newSiteOf(t, binary, cluster.Config{Network: network, Settings: settings})
}

func newSiteOf(t testing.TB, binary string, config cluster.Config) *site {
	t.Helper()
	config.PGs, config.Without = 8, unneeded
	s := &site{t: t, binary: binary, objects: map[string][]string{}}
	s.Cluster = cluster.Up(t, config)
	s.pve = newDoor(t, s.FSID, min(s.Nodes, 6))
	s.Write("pve.ini", "[*]\ntoken = "+pve.Token+"\n")
	s.Write("pve.pem", s.pve.certificate())
	s.Write("object", strings.Repeat("noout ", 700))
	s.fill("rbd")
	s.Ceph("osd", "set", "noout")
	return s
}

// fill finds an object for each PG of a pool, and writes it.
func (s *site) fill(pool string) {
	s.t.Helper()
	var questions strings.Builder
	for i := range 100 {
		fmt.Fprintf(&questions, "osd map %s probe%d\n", pool, i)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	ask := s.Command(ctx, "ceph", "-f", "json")
	ask.Stdin = strings.NewReader(questions.String())
	out, err := ask.Output()
	if err != nil {
		s.t.Fatalf("osd map: %v", err)
	}
	var found []string
	seen := map[string]bool{}
	for line := range bytes.Lines(out) {
		var where struct{ PGID, ObjName string }
		if json.Unmarshal(line, &where) != nil || where.PGID == "" || seen[where.PGID] {
			continue
		}
		seen[where.PGID] = true
		found = append(found, where.ObjName)
	}
	if len(found) != s.PGs {
		s.t.Fatalf("objects in %d PGs of %s, it has %d", len(found), pool, s.PGs)
	}
	s.objects[pool] = found
	for _, name := range found {
		s.Tool("rados", "-p", pool, "put", name, s.Path("object"))
	}
}

// answer of the plugin.
type answer struct {
	Decision  string
	Checklist []struct{ Condition, Outcome, Evidence string }
}

// yes says whether the technician would go.
func (a answer) yes() bool { return a.Decision == "yes" || a.Decision == "yes-but" }

// reasons are the conditions that do not hold.
func (a answer) reasons() string {
	var out []string
	for _, c := range a.Checklist {
		if c.Outcome != "holds" {
			out = append(out, c.Outcome+": "+c.Evidence)
		}
	}
	return strings.Join(out, ", ")
}

// codes are the exit codes of the decisions.
var codes = map[string]int{"yes": 0, "yes-but": 1, "no": 2, "not-proven": 3}

// names of nodes, as --node takes them.
func names(nodes ...int) string {
	var out []string
	for _, n := range nodes {
		out = append(out, fmt.Sprintf("node%d", n))
	}
	return strings.Join(out, ",")
}

// ask asks the plugin once about nodes that leave together.
func (s *site) ask(nodes ...int) answer {
	s.t.Helper()
	cmd := exec.Command(s.binary,
		"-H", s.pve.address(), "--auth-file", s.Path("pve.ini"), "--ca-file", s.Path("pve.pem"), "--node", names(nodes...), "--state-dir", s.Path("memory"),
		"--ceph", "command", "--conf", s.Path("ceph.conf"), "--id", "nagios", "--keyring", s.Path("nagios.keyring"), "--mon-socket", s.Path("run", "none"),
		"--output", "json", "-t", "20")
	cmd.Env = append(os.Environ(), "CEPH_ARGS=")
	out, err := cmd.Output()
	var said struct{ Facts answer }
	if jsonErr := json.Unmarshal(out, &said); jsonErr != nil {
		s.t.Fatalf("check_serviceable: %v, %v\n%s", err, jsonErr, out)
	}
	if want, known := codes[said.Facts.Decision]; known && want != cmd.ProcessState.ExitCode() {
		s.t.Errorf("exit %d beside the decision %s", cmd.ProcessState.ExitCode(), said.Facts.Decision)
	}
	return said.Facts
}
