//go:build real

package gate

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/real/cluster"
)

// twoSites is the smallest Ceph in stretch mode: two data centres with two OSD
// hosts each, a monitor in each on a machine without an OSD, and the tiebreaker,
// whose machine is no node of Proxmox VE.
var twoSites = cluster.Shape{
	Nodes: 7, Disks: 4, Mons: []int{5, 6, 7}, Mgrs: []int{6, 7}, MDS: []int{2, 4},
	Centres: map[int]string{1: "dc1", 2: "dc1", 3: "dc2", 4: "dc2", 5: "dc1", 6: "dc2", 7: "dc3"},
}

// siteRule keeps two copies on each site, on different hosts.
const siteRule = `
rule stretch {
	id 1
	type replicated
	min_size 1
	max_size 10
	step take default
	step choose firstn 0 type datacenter
	step chooseleaf firstn 2 type host
	step emit
}
`

// mdsSettings: a standby takes over in a quarter of a minute, and waits as long
// for clients that are gone.
const mdsSettings = `
[global]
mds beacon grace = 10
mds reconnect timeout = 15
`

// stretch makes a file system and two sites of a cluster that has neither.
func (s *site) stretch() {
	s.t.Helper()
	for _, pool := range []string{"cephfs_metadata", "cephfs_data"} {
		s.Ceph("osd", "pool", "create", pool, "8", "8")
	}
	s.Ceph("fs", "new", "cephfs", "cephfs_metadata", "cephfs_data")
	s.Ceph("fs", "set", "cephfs", "standby_count_wanted", "0")
	s.Run("mds.node2", "mds.node4")

	s.Ceph("osd", "getcrushmap", "-o", s.Path("crush"))
	text := s.Tool("crushtool", "-d", s.Path("crush"))
	s.Write("crush.txt", text+siteRule)
	s.Tool("crushtool", "-c", s.Path("crush.txt"), "-o", s.Path("crush"))
	s.Ceph("osd", "setcrushmap", "-i", s.Path("crush"))

	s.Ceph("mon", "set", "election_strategy", "connectivity")
	for _, n := range s.Mons {
		s.Ceph("mon", "set_location", names(n), "datacenter="+s.Centres[n])
	}
	s.Ceph("mon", "enable_stretch_mode", "node7", "stretch", "datacenter")
	s.whole()
}

// whole waits until nothing is missing, MDS included.
func (s *site) whole() {
	s.t.Helper()
	s.UntilWell()
	s.Until("an active MDS and a standby", patience, func() bool {
		st := s.Status()
		return s.active(st) != 0 && st.FS.Standbys == 1
	})
}

// mortal are the daemons that are cut off in one case or another.
func (s *site) mortal() []string {
	return strings.Fields("osd.0 osd.1 osd.2 osd.3 mds.node2 mds.node4 mon.node5")
}

// active is the node of the MDS that serves the file system, 0 for none.
func (s *site) active(st cluster.Status) int {
	for _, r := range st.FS.Ranks {
		if r.Status == "up:active" {
			for _, n := range s.MDS {
				if r.Name == names(n) {
					return n
				}
			}
		}
	}
	return 0
}

// hanging says that Ceph lists an MDS as active that is dead.
func (s *site) hanging(st cluster.Status) bool {
	for _, r := range st.FS.Ranks {
		if strings.Contains(r.Status, "laggy or crashed") {
			return true
		}
	}
	return false
}

// TestStretch asks about hosts of a Ceph in stretch mode with a file system, and
// cuts them off.
func TestStretch(t *testing.T) {
	started := time.Now()
	s := newSiteOf(t, build(t), cluster.Config{Shape: twoSites, Network: "127.85.0.", Settings: settings + mdsSettings})
	s.stretch()
	t.Logf("up after %v", time.Since(started).Round(time.Second))
	var table strings.Builder
	own := func(t *testing.T) *site {
		mine := *s
		mine.t, mine.Cluster = t, s.For(t)
		return &mine
	}
	t.Run("sites", func(t *testing.T) { table.WriteString(own(t).sites()) })
	if !t.Failed() {
		t.Run("a dead MDS", func(t *testing.T) { table.WriteString(own(t).deadMDS()) })
	}
	t.Logf("nodes, decision, clients without them (%v):\n%s", time.Since(started).Round(time.Second), table.String())
}

// sites are cut off in parts and whole.
func (s *site) sites() string {
	s.t.Helper()
	only := func(w want, nodes ...int) { s.answered(names(nodes...), w, s.expect(w, nodes...)) }
	only(want{decision: ready}, 1)
	only(want{decision: refused, reason: "1 of 3 monitors stay in quorum, 2 needed"}, 5, 6)
	only(want{decision: refused, reason: "no monitor would stay in dc1"}, 5)

	// a host of each site, one of them with the MDS that serves
	serving := s.active(s.Status())
	other := map[int]int{2: 3, 4: 1}[serving]
	w := want{decision: ready, served: true}
	a := s.expect(w, serving, other)
	table := s.compare("a host of each site "+names(serving, other), w, a, s.strike([]int{serving, other}, files, false))
	s.Run(s.mortal()...)
	s.whole()

	// all OSDs of a site, while its monitor stays
	if said := s.Ceph("-f", "json", "osd", "ok-to-stop", "2", "3"); !strings.Contains(said, `"ok_to_stop":true`) {
		s.t.Errorf("Ceph itself no longer says yes for the OSDs of a site: %s", said)
	}
	w = want{decision: refused, reason: "a site loses its last OSD"}
	a = s.expect(w, 3, 4)
	table += s.compare("OSD hosts of a site "+names(3, 4), w, a, s.strike([]int{3, 4}, "rbd", false))
	s.Run(s.mortal()...)
	s.whole()

	// the only monitor of a site, with one of its OSDs, so that PGs peer anew
	w = want{decision: refused, reason: "no monitor would stay in dc1"}
	a = s.expect(w, 1, 5)
	table += s.compare("a site's monitor "+names(1, 5), w, a, s.strand("mon.node5", 1, 5))
	s.Run(s.mortal()...)
	s.whole()
	return table
}

// strand kills all that runs on nodes, waits until Ceph knows it and clients
// wait, and shows that it was for one daemon alone: when that runs again clients
// are served, although the others are still away.
func (s *site) strand(cause string, nodes ...int) truth {
	s.t.Helper()
	b := s.bench("rbd")
	defer b.stop()
	s.Until("clients are served before the cut", patience, func() bool { n, _ := b.told(); return n > 0 })
	for _, node := range nodes {
		for _, name := range s.Running(node) {
			s.Signal(name, syscall.SIGKILL)
		}
	}
	s.Until("Ceph knows, and clients wait", patience, func() bool {
		st := s.Status()
		_, still := b.told()
		return len(st.Quorum) == s.living("mon") && st.OSDs.Up == s.living("osd") && still >= manyLines
	})
	waited, _ := b.told()
	s.Run(cause)
	s.Until("clients are served again with "+cause, patience, func() bool { n, _ := b.told(); return n > waited })
	return truth{why: "clients wait for " + cause}
}

// deadMDS kills the only MDS: Ceph goes on calling it active, and its health
// well, while clients hang until it runs again.
func (s *site) deadMDS() string {
	s.t.Helper()
	serving := s.active(s.Status())
	standby := map[int]int{2: 4, 4: 2}[serving]
	s.Halt("mds." + names(standby))
	s.Until("no standby", patience, func() bool { st := s.Status(); return st.FS.Standbys == 0 && s.active(st) == serving })
	w := want{decision: refused, reason: "1 is without an MDS of its own elsewhere, 0 free elsewhere"}
	before := s.expect(w, serving)
	rest := s.expect(want{decision: ready}, 3)

	b := s.bench(files)
	defer b.stop()
	s.Until("the file system serves", patience, func() bool { n, _ := b.told(); return n > 0 })
	s.Signal("mds."+names(serving), syscall.SIGKILL)
	s.Until("Ceph knows, and clients wait", patience, func() bool { _, still := b.told(); return s.hanging(s.Status()) && still >= fewLines })
	table := s.compare("the only MDS "+names(serving), w, before, truth{why: "clients of the file system wait"})

	// What an MDS complained of before its death, on a busy machine, stays.
	st := s.Status()
	for code := range st.Health.Checks {
		if strings.HasPrefix(code, "FS_") || code == "MDS_ALL_DOWN" || code == "MDS_UP_LESS_THAN_MAX" {
			s.t.Errorf("Ceph itself says %s of a dead MDS", code)
		}
	}
	dead := want{decision: refused, reason: "laggy or crashed"}
	s.answered(names(3), want{decision: ready}, rest)
	s.answered("node3 beside a dead MDS", dead, s.expect(dead, 3))
	if code, text := s.check(); code != 2 || !strings.Contains(text, "laggy or crashed") {
		s.t.Errorf("check_ceph: exit %d, %s", code, text)
	}
	waited, _ := b.told()
	s.Run("mds." + names(serving))
	s.Until("the file system serves again", patience, func() bool { n, _ := b.told(); return n > waited })
	return table
}

// check is the exit code and the text of check_ceph.
func (s *site) check() (int, string) {
	s.t.Helper()
	cmd := exec.Command(buildPlugin(s.t, "check_ceph"), "--conf", s.Path("ceph.conf"), "--id", "nagios", "--keyring", s.Path("nagios.keyring"),
		"--mon-socket", s.Path("run", "none"), "--state-dir", s.Path("memory"), "--output", "json", "-t", "20")
	cmd.Env = append(os.Environ(), "CEPH_ARGS=")
	out, err := cmd.Output()
	var said struct{ Text string }
	if jsonErr := json.Unmarshal(out, &said); jsonErr != nil {
		s.t.Fatalf("check_ceph: %v, %v\n%s", err, jsonErr, out)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
