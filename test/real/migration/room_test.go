//go:build real

package migration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	monitorAddr = "10.18.0.1"
	guestAddr   = "10.18.0.2"
)

// room is a network namespace that a sleeping process keeps.
type room struct {
	t      *testing.T
	keeper *exec.Cmd
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, keeper: exec.Command("unshare", "--net", "sh", "-c", "ip link set lo up && echo ready && exec sleep infinity")}
	bound(r.keeper)
	out, err := r.keeper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.keeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(r.keeper, syscall.SIGKILL) })
	ready := make([]byte, 5)
	if n, err := out.Read(ready); err != nil || string(ready[:n]) != "ready" {
		t.Fatalf("no network namespace: %v", err)
	}
	return r
}

// bound ends a process with this one, however that ends.
func bound(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// end ends a process and waits for it.
func end(cmd *exec.Cmd, s syscall.Signal) {
	_ = cmd.Process.Signal(s) // it may have ended
	_ = cmd.Wait()            // how it ended is not the question
}

func (r *room) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"-t", strconv.Itoa(r.keeper.Process.Pid), "-n", name}, args...)...)
	bound(cmd)
	return cmd
}

// first is a command that runs before all others of this machine, because who
// measures is not to be measured.
//
// All that ask run on one processor, and the guest on one: what a processor sends
// waits in a queue of its own until ksoftirqd gets to it. On a busy machine one is
// tens of milliseconds behind the other, and packets overtake those before them.
func (r *room) first(name string, args ...string) *exec.Cmd {
	r.t.Helper()
	cpus := r.processors()
	return r.command("taskset", append([]string{"-c", cpus[0], "chrt", "-f", "1", name}, args...)...)
}

// soon is a command that need not wait for others: a guest that gets no processor
// answers one packet and not the next, and has no gap that two could agree on.
func (r *room) soon(name string, args ...string) *exec.Cmd {
	r.t.Helper()
	cpus := r.processors()
	// As nice as it gets is -20.
	return r.command("taskset", append([]string{"-c", cpus[len(cpus)-1], "nice", "-n", "-40", name}, args...)...)
}

// processors are those that this process may use.
func (r *room) processors() (list []string) {
	r.t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		r.t.Fatal(err)
	}
	for i := 0; len(list) < all.Count(); i++ {
		if all.IsSet(i) {
			list = append(list, strconv.Itoa(i))
		}
	}
	return list
}

func (r *room) ip(format string, args ...any) {
	r.t.Helper()
	line := fmt.Sprintf(format, args...)
	if out, err := r.command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		r.t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

// bridge makes one without spanning tree and delay, as Proxmox VE has them.
func (r *room) bridge(name string) {
	r.ip("link add %s type bridge stp_state 0 forward_delay 0", name)
	r.ip("link set %s up", name)
}

// site is a switch with two nodes and the machine that monitors.
type site struct {
	monitor *room
	nodes   [2]*room
}

func newSite(t *testing.T) site {
	t.Helper()
	hub := newRoom(t)
	hub.bridge("switch")
	plug := func(port string) *room {
		r := newRoom(t)
		r.ip("link add wire type veth peer name %s netns %d", port, hub.keeper.Process.Pid)
		hub.ip("link set %s master switch up", port)
		r.ip("link set wire up")
		return r
	}
	s := site{monitor: plug("monitor")}
	s.monitor.ip("addr add %s/24 dev wire", monitorAddr)
	for i := range s.nodes {
		n := plug(fmt.Sprintf("node%d", i))
		n.bridge("vmbr0")
		n.ip("link set wire master vmbr0")
		n.ip("tuntap add tap0 mode tap")
		n.ip("link set tap0 master vmbr0 up")
		s.nodes[i] = n
	}
	return s
}

// pingers is how many sockets there are that hear pings, in a network namespace:
// who has opened one has begun.
func (r *room) pingers() int {
	r.t.Helper()
	n := 0
	for _, table := range []string{"raw", "icmp"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", r.keeper.Process.Pid, table))
		if err != nil {
			r.t.Fatal(err)
		}
		n += strings.Count(string(text), "\n") - 1 // the head of the table
	}
	return n
}

// dial connects from inside. The thread comes back: with one that ends, the
// kernel would end what that has started, see bound.
func (r *room) dial(addr string) (conn net.Conn, err error) {
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer home.Close()
	there, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", r.keeper.Process.Pid))
	if err != nil {
		return nil, err
	}
	defer there.Close()
	runtime.LockOSThread()
	if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err == nil {
		conn, err = net.DialTimeout("tcp", addr, limit)
	}
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		r.t.Fatal(back) // and the thread is never used again
	}
	runtime.UnlockOSThread()
	return conn, err
}
