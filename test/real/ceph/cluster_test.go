//go:build real

// Package ceph runs check_ceph against Debian's Ceph: three monitors, two mgrs
// with the dashboard and six OSDs on three pretended hosts, all on loopback,
// started and stopped by this test alone. It needs the packages ceph-mon,
// ceph-mgr, ceph-osd, ceph-common and ceph-mgr-dashboard, 1 GiB of memory and
// root (or user namespaces), and touches nothing outside its own directory.
package ceph

import (
	"bytes"
	"context"
	"encoding/json"

	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// network is where the pretended hosts are: node1 is 127.81.0.1.
const network = "127.81.0."

// Sizes of the cluster.
const (
	hosts = 3
	osds  = 6
	mgrs  = 2
)

// cluster is a real Ceph.
type cluster struct {
	t       testing.TB
	dir     string
	fsid    string
	daemons map[string]*daemon
}

// daemon is a process of ours.
type daemon struct {
	kind, id string
	node     int
	cmd      *exec.Cmd
	ended    chan struct{}
}

// node of an OSD.
func nodeOf(osd int) int { return osd%hosts + 1 }

func (c *cluster) path(parts ...string) string {
	return filepath.Join(append([]string{c.dir}, parts...)...)
}

// tool runs a program to its end and returns what it printed.
func (c *cluster) tool(name string, args ...string) string {
	c.t.Helper()
	out, err := c.try(30*time.Second, name, args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func (c *cluster) try(limit time.Duration, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CEPH_CONF="+c.path("ceph.conf"), "CEPH_ARGS=")
	var out, noise bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &noise
	err := cmd.Run()
	if err != nil {
		return out.String() + noise.String(), err
	}
	return out.String(), nil
}

// ceph runs the administrator's ceph command.
func (c *cluster) ceph(args ...string) string {
	c.t.Helper()
	return strings.TrimSpace(c.tool("ceph", append([]string{"--connect-timeout", "15"}, args...)...))
}

// start runs a daemon in its own UTS namespace, so that its machine is called
// after the node.
func (c *cluster) start(kind, id string, node int) {
	c.t.Helper()
	name := kind + "." + id
	if d := c.daemons[name]; d != nil {
		select {
		case <-d.ended:
		default:
			return
		}
	}
	args := []string{"--uts", "sh", "-c", `hostname "$0" && exec "$@"`, "node" + strconv.Itoa(node), "ceph-" + kind, "-f", "-i", id, "-c", c.path("ceph.conf")}
	if os.Geteuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	d := &daemon{kind: kind, id: id, node: node, cmd: exec.Command("unshare", args...), ended: make(chan struct{})}
	log, err := os.OpenFile(c.path("log", name+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.Dir = log, log, "/"
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		// how it ended is in its log
		_ = d.cmd.Wait()
		_ = log.Close()
		close(d.ended)
	}()
	c.daemons[name] = d
}

// signal sends a signal to a daemon by its process id.
func (c *cluster) signal(name string, s syscall.Signal) {
	c.t.Helper()
	d := c.daemons[name]
	if d == nil {
		c.t.Fatalf("there is no %s", name)
	}
	select {
	case <-d.ended:
		return
	default:
	}
	if err := d.cmd.Process.Signal(s); err != nil {
		c.t.Errorf("%s: %v", name, err)
	}
	if s != syscall.SIGTERM && s != syscall.SIGKILL {
		return
	}
	select {
	case <-d.ended:
	case <-time.After(15 * time.Second):
		if err := d.cmd.Process.Kill(); err != nil {
			c.t.Logf("%s: %v", name, err)
		}
		<-d.ended
	}
}

func (c *cluster) halt(names ...string) {
	c.t.Helper()
	for _, n := range names {
		c.signal(n, syscall.SIGTERM)
	}
}

// run starts daemons by name.
func (c *cluster) run(names ...string) {
	c.t.Helper()
	for _, n := range names {
		kind, id, _ := strings.Cut(n, ".")
		node, err := strconv.Atoi(strings.TrimPrefix(id, "node"))
		if err != nil {
			c.t.Fatal(err)
		}
		if kind == "osd" {
			node = nodeOf(node)
		}
		c.start(kind, id, node)
	}
}

// down stops everything that was started.
func (c *cluster) down() {
	for _, kind := range []string{"osd", "mgr", "mon"} {
		for name, d := range c.daemons {
			if d.kind != kind {
				continue
			}
			select {
			case <-d.ended:
			default:
				// a frozen one must wake up to die
				_ = d.cmd.Process.Signal(syscall.SIGCONT)
				c.signal(name, syscall.SIGKILL)
			}
		}
	}
}

// until waits for a condition, at most for limit.
func (c *cluster) until(what string, limit time.Duration, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(300 * time.Millisecond) {
		if holds() {
			return
		}
		if time.Now().After(end) {
			status, _ := c.try(10*time.Second, "ceph", "--connect-timeout", "5", "-s")
			c.t.Fatalf("not within %v: %s\n%s", limit, what, status)
		}
	}
}

// status is what the test itself looks at.
type status struct {
	Health struct {
		Status string
		Checks map[string]json.RawMessage
	}
	OSDs struct {
		Up int `json:"num_up_osds"`
		In int `json:"num_in_osds"`
	} `json:"osdmap"`
	PGs struct {
		Total  int `json:"num_pgs"`
		States []struct {
			Name  string `json:"state_name"`
			Count int
		} `json:"pgs_by_state"`
	} `json:"pgmap"`
	Mgr struct {
		Available bool
		Standbys  int `json:"num_standbys"`
	} `json:"mgrmap"`
	Quorum []string `json:"quorum_names"`
}

func (c *cluster) status() (s status) {
	out, err := c.try(20*time.Second, "ceph", "--connect-timeout", "10", "-f", "json", "status")
	if err != nil {
		return s
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		c.t.Errorf("status: %v", err)
	}
	return s
}

func (s status) has(code string) bool { return s.Health.Checks[code] != nil }

// pgs counts those whose state holds the word.
func (s status) pgs(word string) int {
	n := 0
	for _, p := range s.PGs.States {
		for _, w := range strings.Split(p.Name, "+") {
			if w == word {
				n += p.Count
			}
		}
	}
	return n
}

func (s status) clean() bool {
	return s.PGs.Total > 0 && s.pgs("clean") == s.PGs.Total && s.pgs("active") == s.PGs.Total && s.pgs("stale") == 0 && s.OSDs.Up == osds && s.OSDs.In == osds
}

func (c *cluster) untilWell() {
	c.t.Helper()
	c.until("all OSDs up and in, all PGs clean, all monitors and mgrs there", 3*time.Minute, func() bool {
		s := c.status()
		return s.clean() && len(s.Quorum) == hosts && s.Mgr.Available && s.Mgr.Standbys == mgrs-1 && s.pgs("degraded") == 0
	})
}
