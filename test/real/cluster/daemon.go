//go:build real

package cluster

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// daemon is a process of ours.
type daemon struct {
	kind  string
	node  int
	cmd   *exec.Cmd
	ended chan struct{}
}

func (d *daemon) runs() bool {
	select {
	case <-d.ended:
		return false
	default:
		return true
	}
}

// withTest ends a process even when the test dies of its time limit, which runs
// no cleanup.
func withTest() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// Run starts daemons by name, such as osd.3 and mon.node1, that do not run.
func (c *Cluster) Run(names ...string) {
	c.t.Helper()
	for _, n := range names {
		kind, id, _ := strings.Cut(n, ".")
		node, err := strconv.Atoi(strings.TrimPrefix(id, "node"))
		if err != nil {
			c.t.Fatal(err)
		}
		if kind == "osd" {
			node = c.on(node)
		}
		c.start(kind, id, node)
	}
}

// start runs a daemon in its own UTS namespace, so that its machine is called
// after the node.
func (c *Cluster) start(kind, id string, node int) {
	c.t.Helper()
	name := kind + "." + id
	if d := c.daemons[name]; d != nil && d.runs() {
		return
	}
	args := []string{"--uts", "sh", "-c", `hostname "$0" && exec "$@"`, "node" + strconv.Itoa(node), "ceph-" + kind, "-f", "-i", id, "-c", c.Path("ceph.conf")}
	if os.Geteuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	d := &daemon{kind: kind, node: node, cmd: exec.Command("unshare", args...), ended: make(chan struct{})}
	log, err := os.OpenFile(c.Path("log", name+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.Dir = log, log, "/"
	d.cmd.SysProcAttr = withTest()
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

// Signal sends a signal to a daemon by its process id.
func (c *Cluster) Signal(name string, s syscall.Signal) {
	c.t.Helper()
	d := c.daemons[name]
	if d == nil {
		c.t.Fatalf("there is no %s", name)
	}
	if !d.runs() {
		return
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

// Halt stops daemons in an orderly way.
func (c *Cluster) Halt(names ...string) {
	c.t.Helper()
	for _, n := range names {
		c.Signal(n, syscall.SIGTERM)
	}
}

// Running are the daemons of a host that run, by name.
func (c *Cluster) Running(node int) []string {
	var out []string
	for name, d := range c.daemons {
		if d.node == node && d.runs() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// down stops everything that was started.
func (c *Cluster) down() {
	for _, kind := range []string{"mds", "osd", "mgr", "mon"} {
		for name, d := range c.daemons {
			if d.kind == kind && d.runs() {
				// SIGKILL reaches a frozen one too
				c.Signal(name, syscall.SIGKILL)
			}
		}
	}
}
