//go:build real

// Package ceph runs check_ceph against Debian's Ceph, by its command and by its
// dashboard.
package ceph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/real/cluster"
)

// site is the plugin and where it runs.
type site struct {
	*cluster.Cluster
	t      testing.TB
	binary string
	record string // directory for recordings, empty for none
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{Cluster: cluster.Up(t, cluster.Config{Dashboard: true}), t: t, record: os.Getenv("NOOUT_RECORD")}
	s.binary = s.Path("check_ceph")
	build := exec.Command("go", "build", "-o", s.binary, "../../../plugins/check_ceph")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building check_ceph: %v\n%s", err, out)
	}
	s.Write("auth.ini", "[*]\nusername = "+cluster.User+"\npassword = "+cluster.Password+"\n")
	return s
}

// command and dashboard are the options of both ways to ask.
func (s *site) command() []string {
	return []string{"--conf", s.Path("ceph.conf"), "--id", "nagios", "--keyring", s.Path("nagios.keyring"), "--state-dir", s.Path("memory"), "--mon-socket", s.Path("run", "ceph-mon.node*.asok")}
}

func (s *site) dashboard() []string {
	fingerprint, err := os.ReadFile(s.Path("fingerprint"))
	if err != nil {
		s.t.Fatal(err)
	}
	return []string{"--via", "dashboard", "-H", s.Address(1) + "," + s.Address(2), "--auth-file", s.Path("auth.ini"), "--fingerprint", string(fingerprint), "--state-dir", s.Path("memory")}
}

// ask runs the plugin and returns its exit code and all that its first line has to
// say, which as JSON is not cut at a pager's 160 bytes, and after it the next
// steps. Nothing may be on standard error, and it must not wait for
// the cluster: twice its time is for a busy machine.
func (s *site) ask(options []string, more ...string) (int, string) {
	s.t.Helper()
	cmd := exec.Command(s.binary, slices.Concat([]string{"--output", "json"}, options, more)...)
	var out, noise bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &noise
	started := time.Now()
	// the exit code says how it went
	_ = cmd.Run()
	if took := time.Since(started); took > 16*time.Second {
		s.t.Errorf("%v took %v", more, took)
	}
	if noise.Len() > 0 {
		s.t.Errorf("standard error: %s", noise.String())
	}
	var answer struct {
		Status, Text string
		Findings     []struct{ Next []string }
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		s.t.Errorf("%v: %v: %s", more, err, &out)
	}
	line := answer.Status + ": " + apart.ReplaceAllString(strings.TrimPrefix(answer.Text, "(1) "), ", ")
	for _, f := range answer.Findings {
		line = strings.Join(append([]string{line}, f.Next...), "\n")
	}
	return cmd.ProcessState.ExitCode(), line
}

// apart tells one finding from the next.
var apart = regexp.MustCompile(` \(\d+\) `)

var words = map[int]string{0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}

// patience is how long a starved cluster may take to notice, and to stop
// complaining of how slow it is (SLOW_OPS).
const patience = 2 * time.Minute

// expect asks until the first line says what it should, at most for limit: the
// cluster takes a while to notice.
func (s *site) expect(limit time.Duration, options []string, want string, more ...string) {
	s.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(500 * time.Millisecond) {
		code, line := s.ask(options, more...)
		if !strings.HasPrefix(line, words[code]+": ") {
			s.t.Errorf("exit %d beside %q", code, line)
		}
		if matches(line, want) {
			s.t.Logf("%s", line)
			return
		}
		if time.Now().After(end) {
			s.t.Errorf("%v %v:\n got %s\nwant %s", options[:2], more, line, want)
			return
		}
	}
}

// matches says whether all parts of want stand in the line in this order, the
// first at its begin.
func matches(line, want string) bool {
	parts := strings.Split(want, " ... ")
	if !strings.HasPrefix(line, parts[0]) {
		return false
	}
	for _, p := range parts {
		i := strings.Index(line, p)
		if i < 0 {
			return false
		}
		line = line[i+len(p):]
	}
	return true
}

// both expects the same of both ways to ask.
func (s *site) both(want string, more ...string) {
	s.t.Helper()
	s.expect(patience, s.command(), want, more...)
	s.expect(patience, s.dashboard(), want, more...)
}

// TestStory walks a cluster through the service of a host and through what goes
// wrong meanwhile.
func TestStory(t *testing.T) {
	started := time.Now()
	s := newSite(t)
	t.Logf("up after %v", time.Since(started).Round(time.Second))
	s.objects()
	for _, step := range []struct {
		name string
		walk func(*site)
	}{
		{"healthy", healthy},
		{"planned", planned},
		{"host-stopped", hostStopped},
		{"foreign-mon-lost", foreignMonLost},
		{"foreign-osd-killed", foreignOSDKilled},
		{"back", back},
		{"noout-forgotten", nooutForgotten},
		{"pause", pause},
		{"frozen-osd", frozenOSD},
		{"full", full},
		{"scrub-error", scrubError},
		{"mon-lost", monLost},
		{"mgr-hangs", mgrHangs},
		{"mgr-lost", mgrLost},
		{"quorum-lost", quorumLost},
		{"bad-input", badInput},
		{"well-again", wellAgain},
	} {
		if !t.Run(step.name, func(t *testing.T) {
			own := *s
			own.t, own.Cluster = t, s.For(t)
			at := time.Now()
			step.walk(&own)
			t.Logf("%v", time.Since(at).Round(time.Second))
		}) {
			return
		}
	}
	t.Logf("all in %v", time.Since(started).Round(time.Second))
}

// objects are some data, so that PGs have something to lose.
func (s *site) objects() {
	s.Write("object", strings.Repeat("noout ", 4000))
	for i := range 40 {
		s.Tool("rados", "-p", "rbd", "put", fmt.Sprintf("object%d", i), s.Path("object"))
	}
}

func healthy(s *site) {
	s.UntilWell()
	s.both("OK: 6 of 6 OSDs up, 33 PGs clean, 3 of 3 monitors in quorum")
	s.save("healthy")
	s.both("OK: maintenance of node1, ... one more failure on another host stops I/O in pool", "--maintenance", "node1")
}

func planned(s *site) {
	s.Ceph("osd", "set-group", "noout", "node1")
	s.both("OK: maintenance of node1, 6 of 6 OSDs up, ... noout (host node1) for")
	s.save("noout-host")
	s.Ceph("osd", "unset-group", "noout", "node1")
	s.Ceph("osd", "set-group", "noout", "osd.0", "osd.3")
	s.both("OK: maintenance of osd.0, osd.3, 6 of 6 OSDs up, ... noout (osd.0, osd.3) for")
	s.save("noout-osds")
	s.Ceph("osd", "unset-group", "noout", "osd.0", "osd.3")
	s.Ceph("osd", "set", "noout")
	s.both("OK: 6 of 6 OSDs up, 33 PGs clean, ... noout (cluster) for")
	s.save("noout-cluster")
}

func hostStopped(s *site) {
	s.Halt("osd.0", "osd.3")
	s.both("OK: maintenance of node1, 4 of 6 OSDs up, 33 of 33 PGs active, ... one more failure on another host stops I/O in pool ... rbd", "--maintenance", "node1")
	s.both("WARNING: node1 is down (2 OSDs), declared by nobody")
	s.both("CRITICAL: noout hides a failure: osd.0, osd.3 on node1", "--maintenance", "node2")
	s.save("host-down")
	s.Halt("mon.node1", "mgr.node1")
	s.Until("two monitors in quorum, one mgr", 3*time.Minute, func() bool {
		st := s.Status()
		return len(st.Quorum) == 2 && st.Mgr.Available && st.Mgr.Standbys == 0
	})
	s.both("OK: maintenance of node1, 4 of 6 OSDs up, 33 of 33 PGs active, ... 2 of 3 monitors in quorum, ... one more monitor lost stops the cluster", "--maintenance", "node1")
	s.save("host-down-with-daemons")
}

// foreignMonLost: with the monitor of node1 running again, that of node3 goes.
func foreignMonLost(s *site) {
	s.Run("mon.node1")
	s.Until("all monitors in quorum", 3*time.Minute, func() bool { return len(s.Status().Quorum) == 3 })
	s.Halt("mon.node3")
	s.Until("two monitors in quorum", 3*time.Minute, func() bool { return len(s.Status().Quorum) == 2 })
	s.both("WARNING: mon.node3 out of quorum (2 of 3 in quorum, one more lost stops the cluster)", "--maintenance", "node1")
	s.save("foreign-mon-lost")
	s.Run("mon.node3")
	s.Until("all monitors in quorum", 3*time.Minute, func() bool { return len(s.Status().Quorum) == 3 })
}

func foreignOSDKilled(s *site) {
	s.Signal("osd.4", syscall.SIGKILL)
	s.Until("osd.4 is down", 3*time.Minute, func() bool { return s.Status().OSDs.Up == 3 })
	s.both("CRITICAL: ... PGs inactive, I/O on them has stopped: ... noout hides a failure: osd.4 on node2", "--maintenance", "node1")
	s.save("foreign-osd-killed")
}

func back(s *site) {
	s.Run("osd.4", "osd.0", "osd.3", "mgr.node1")
	s.UntilWell()
	s.both("OK: maintenance of node1, 6 of 6 OSDs up, 33 PGs clean", "--maintenance", "node1")
}

func nooutForgotten(s *site) {
	s.both("WARNING: noout (cluster) since ", "--noout-warning", "1s")
	s.both("CRITICAL: noout (cluster) since ", "--noout-warning", "1s", "--noout-critical", "2s", "--maintenance", "node1")
	s.Ceph("health", "mute", "OSDMAP_FLAGS", "1h")
	s.both("OK: 6 of 6 OSDs up, ... muted until ", "--noout-warning", "1s")
	s.Ceph("osd", "unset", "noout")
	s.Until("the mute is gone", 3*time.Minute, func() bool { return s.Status().Health.Status == "HEALTH_OK" })
	s.both("OK: 6 of 6 OSDs up, 33 PGs clean")
}

func pause(s *site) {
	s.Ceph("osd", "pause")
	s.both("CRITICAL: pause is set: all client I/O is stopped")
	s.save("pause")
	s.Ceph("osd", "unpause")
}

// frozenOSD: nodown keeps the cluster from noticing that an OSD hangs.
func frozenOSD(s *site) {
	s.Ceph("config", "set", "osd", "osd_op_complaint_time", "3")
	s.Ceph("osd", "set", "nodown")
	s.Signal("osd.4", syscall.SIGSTOP)
	client := s.Command(context.Background(), "rados", "-p", "rbd", "bench", "120", "write", "-b", "4096", "--no-cleanup")
	if err := client.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.both("CRITICAL: client I/O waits: ... slow ops, ... also WARNING: nodown is set", "--slow-ops", "5s")
	s.save("frozen-osd")
	s.Signal("osd.4", syscall.SIGCONT)
	if err := client.Process.Kill(); err != nil {
		s.t.Error(err)
	}
	// it was killed
	_ = client.Wait()
	s.Ceph("osd", "unset", "nodown")
	s.Ceph("config", "rm", "osd", "osd_op_complaint_time")
	s.Until("no slow operations", 3*time.Minute, func() bool { return !s.Status().Has("SLOW_OPS") })
	s.UntilWell()
}

func full(s *site) {
	s.Ceph("osd", "set-nearfull-ratio", "0.02")
	s.Ceph("osd", "set-backfillfull-ratio", "0.03")
	s.Ceph("osd", "set-full-ratio", "0.04")
	s.both("CRITICAL: osd.0, osd.1, osd.2, osd.3, osd.4, osd.5, pool ... full: writes are stopped")
	s.save("full")
	s.Ceph("osd", "set-full-ratio", "0.95")
	s.Ceph("osd", "set-backfillfull-ratio", "0.9")
	s.Ceph("osd", "set-nearfull-ratio", "0.85")
	s.Until("nothing is full", 3*time.Minute, func() bool { st := s.Status(); return !st.Has("OSD_FULL") && !st.Has("POOL_FULL") })
}

// scrubError: one copy of an object is changed behind the OSD's back.
func scrubError(s *site) {
	s.Ceph("osd", "set", "noout")
	where := s.Ceph("-f", "json", "osd", "map", "rbd", "object7")
	pg := between(where, `"pgid":"`, `"`)
	osd := between(where, `"acting_primary":`, "}")
	osd, _, _ = strings.Cut(osd, ",")
	s.Halt("osd." + osd)
	s.Tool("ceph-objectstore-tool", "--data-path", s.Path("osd", osd), "--pgid", pg, "object7", "set-bytes", s.Path("password"))
	s.Run("osd." + osd)
	s.UntilWell()
	s.Ceph("osd", "unset", "noout")
	s.Until("the scrub finds it", 3*time.Minute, func() bool {
		// a scrub that is asked for too early is forgotten
		_, _ = s.Try(20*time.Second, "ceph", "pg", "deep-scrub", pg)
		time.Sleep(2 * time.Second)
		return s.Status().Has("PG_DAMAGED")
	})
	s.both("CRITICAL: OSD_SCRUB_ERRORS: ... scrub errors, PG_DAMAGED: ")
	s.save("scrub-error")
	s.Until("the repair is done", 3*time.Minute, func() bool {
		_, _ = s.Try(20*time.Second, "ceph", "pg", "repair", pg)
		time.Sleep(2 * time.Second)
		return !s.Status().Has("PG_DAMAGED")
	})
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

func monLost(s *site) {
	s.Halt("mon.node3")
	s.both("WARNING: mon.node3 out of quorum (2 of 3 in quorum, one more lost stops the cluster)")
	s.both("OK: maintenance of node3, 6 of 6 OSDs up", "--maintenance", "node3")
	s.Run("mon.node3")
	s.UntilWell()
}

// mgrHangs before the monitors notice it, however slow the machine is.
func mgrHangs(s *site) {
	s.Ceph("tell", "mon.*", "config", "set", "mon_mgr_beacon_grace", "600")
	active := "mgr." + between(s.Ceph("-f", "json", "mgr", "stat"), `"active_name":"`, `"`)
	s.Signal(active, syscall.SIGSTOP)
	s.expect(time.Minute, s.command(), "WARNING: the active mgr does not answer: the numbers of PGs and space may be frozen")
	s.Signal(active, syscall.SIGCONT)
	s.Ceph("tell", "mon.*", "config", "set", "mon_mgr_beacon_grace", "10")
	s.UntilWell()
}

func mgrLost(s *site) {
	s.Halt("mgr.node1", "mgr.node2")
	s.expect(patience, s.command(), "WARNING: no active mgr: the numbers of PGs and space are frozen")
	s.save("mgr-lost")
	s.expect(0, s.dashboard(), "CRITICAL: no dashboard answers: ")
	s.Run("mgr.node1", "mgr.node2")
	s.Until("both mgrs are back", 3*time.Minute, func() bool { st := s.Status(); return st.Mgr.Available && st.Mgr.Standbys == 1 })
	s.UntilWell()
	s.both("OK: 6 of 6 OSDs up")
}

func quorumLost(s *site) {
	s.Halt("mon.node2", "mon.node3")
	s.expect(patience, s.command(), "CRITICAL: quorum lost: mon.node1 here is ")
	s.expect(patience, s.dashboard(), "CRITICAL: no dashboard answers: ")
	s.Run("mon.node2", "mon.node3")
	s.UntilWell()
	for n := range cluster.Hosts {
		s.Signal(fmt.Sprintf("mon.node%d", n+1), syscall.SIGSTOP)
	}
	s.expect(patience, s.command(), "CRITICAL: no answer from the monitors within ", "-t", "4s")
	for n := range cluster.Hosts {
		s.Signal(fmt.Sprintf("mon.node%d", n+1), syscall.SIGCONT)
	}
	s.UntilWell()
	s.Write("nobody.conf", "[global]\nfsid = "+s.FSID+"\nmon host = "+s.Address(99)+"\n")
	s.expect(patience, []string{"--conf", s.Path("nobody.conf"), "--id", "nagios", "--keyring", s.Path("nagios.keyring"), "--mon-socket", s.Path("run", "none")}, "CRITICAL: no answer from the monitors within ", "-t", "4s", "--state", "off")
}

func badInput(s *site) {
	conf, keyring := []string{"--conf", s.Path("ceph.conf"), "--state", "off"}, s.Path("nagios.keyring")
	s.expect(0, []string{"--ceph-command", s.Path("nowhere")}, "UNKNOWN: no command ")
	s.expect(0, []string{"--conf", s.Path("nowhere.conf")}, "UNKNOWN: ceph: ... name the configuration with --conf")
	s.expect(0, conf, "UNKNOWN: ceph: ... name the keyring with --keyring", "--id", "nagios", "--keyring", s.Path("nowhere"))
	s.expect(0, conf, "UNKNOWN: ceph: ... is the key the one of this cluster", "--id", "monitors", "--keyring", keyring)
	s.expect(patience, conf, "OK: 6 of 6 OSDs up, ... without the usage of each OSD, which needs caps mgr ", "--id", "monitors", "--keyring", s.Path("monitors.keyring"))
	s.expect(patience, s.command(), "UNKNOWN: --maintenance pve9: there is no such host, there are node1, node2, node3", "--maintenance", "pve9")
	s.expect(0, s.command(), "UNKNOWN: option --ignore OSDMAP_FLAGS", "--ignore", "OSDMAP_FLAGS")
	s.Write("wrong.ini", "[*]\nusername = "+cluster.User+"\npassword = wrong-pass-2\n")
	options := s.dashboard()
	options[5] = s.Path("wrong.ini")
	s.expect(0, append(options[:len(options)-2], "--state", "off"), "UNKNOWN: dashboard of ... login of monitor refused")
}

func wellAgain(s *site) {
	s.UntilWell()
	s.both("OK: 6 of 6 OSDs up, 33 PGs clean, 3 of 3 monitors in quorum")
}
