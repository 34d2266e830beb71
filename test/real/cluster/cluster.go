//go:build real

// Package cluster runs Debian's Ceph for tests: three monitors, two mgrs and six
// OSDs on three pretended hosts, or another [Shape], all on loopback. It needs the
// packages ceph-mon, ceph-mgr, ceph-osd, ceph-common, for the dashboard
// ceph-mgr-dashboard and for file systems ceph-mds, 1 GiB of memory and root (or
// user namespaces), touches nothing outside its own directory, and ends every
// process that it started by its id.
package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Config is what differs between clusters.
type Config struct {
	// Shape of the cluster, empty for the usual one.
	Shape
	// Network holds the hosts: node1 is its first address. Empty: 127.81.0.
	Network string
	// PGs of the pool rbd, 0 for 32.
	PGs int
	// Dashboard serves the dashboard on both mgrs, for [User].
	Dashboard bool
	// Modules of the mgr that are not loaded, beside those that cannot be.
	Without []string
	// Settings are further lines of ceph.conf, with their sections.
	Settings string
}

// Sizes of the usual cluster.
const (
	Hosts = 3
	OSDs  = 6
)

// Shape is what a cluster consists of. Nodes are numbered from 1.
type Shape struct {
	Nodes int
	// Disks are its OSDs, dealt to the nodes in turns.
	Disks int
	// Mons, Mgrs and MDS are the nodes with such a daemon.
	Mons, Mgrs, MDS []int
	// Centres are the data centres of nodes that have one.
	Centres map[int]string
}

// usual has a monitor on each node.
var usual = Shape{Nodes: Hosts, Disks: OSDs, Mons: []int{1, 2, 3}, Mgrs: []int{1, 2}}

// on is the node of an OSD.
func (s Shape) on(osd int) int { return osd%s.Nodes + 1 }

// Cluster is a real Ceph.
type Cluster struct {
	Config
	FSID    string
	t       testing.TB
	dir     string
	daemons map[string]*daemon
}

// For is the same cluster in a part of the test.
func (c *Cluster) For(t testing.TB) *Cluster {
	own := *c
	own.t = t
	return &own
}

// Address of a host, by its number.
func (c *Cluster) Address(node int) string { return fmt.Sprintf("%s%d", c.Network, node) }

// Path of a file of the cluster.
func (c *Cluster) Path(parts ...string) string {
	return filepath.Join(append([]string{c.dir}, parts...)...)
}

// Write writes a file of the cluster.
func (c *Cluster) Write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(c.Path(name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Cluster) mkdir(parts ...string) {
	c.t.Helper()
	if err := os.MkdirAll(c.Path(parts...), 0o755); err != nil {
		c.t.Fatal(err)
	}
}

// Tool runs a program to its end and returns what it printed.
func (c *Cluster) Tool(name string, args ...string) string {
	c.t.Helper()
	out, err := c.Try(3*time.Minute, name, args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// Try runs a program that may fail, or take longer than limit.
func (c *Cluster) Try(limit time.Duration, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := c.Command(ctx, name, args...)
	var out, noise bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &noise
	err := cmd.Run()
	if err != nil {
		return out.String() + noise.String(), err
	}
	return out.String(), nil
}

// Command is a program that finds the cluster as its administrator, and that
// ends with the test.
func (c *Cluster) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CEPH_CONF="+c.Path("ceph.conf"), "CEPH_ARGS=")
	cmd.SysProcAttr = withTest()
	return cmd
}

// Ceph runs the administrator's ceph command.
func (c *Cluster) Ceph(args ...string) string {
	c.t.Helper()
	return strings.TrimSpace(c.Tool("ceph", append([]string{"--connect-timeout", "15"}, args...)...))
}

// Until waits for a condition, at most for limit.
func (c *Cluster) Until(what string, limit time.Duration, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(300 * time.Millisecond) {
		if holds() {
			return
		}
		if time.Now().After(end) {
			status, _ := c.Try(10*time.Second, "ceph", "--connect-timeout", "5", "-s")
			c.t.Fatalf("not within %v: %s\n%s", limit, what, status)
		}
	}
}
