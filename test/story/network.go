package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/story/room"
)

// Every address of loopback answers pings, whatever a test would like: the
// kernel does it. So the story is walked in a network namespace of its own, with
// an interface behind which the room decides who answers. Root may make one;
// others may where the kernel lets them make a user namespace.

const (
	// role names what a program that walks the story was started as.
	role    = "NOOUT_STORY"
	asCeph  = "ceph"
	asProbe = "probe"
	asWalk  = "walk"
	// refused says why a walk has no network of its own.
	refused = "NOOUT_STORY_REFUSED"
)

// StandIn is what this process was started as, and then does not return: the
// ceph command of the room, or a try whether guests can be pinged. Programs that
// walk the story call it first.
func StandIn() {
	switch os.Getenv(role) {
	case asCeph:
		os.Exit(ceph.Command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	case asProbe:
		if err := probe(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// Walking says whether this process is to walk, in the network it is in.
// Otherwise it calls [Again].
func Walking() bool { return os.Getenv(role) == asWalk }

// Again starts this program once more, to walk in a network of its own, or in
// this one where that is refused. The error is an [*exec.ExitError] when the
// program said itself what was wrong.
func Again(ctx context.Context, out io.Writer, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// The new process shall end with this one, and the kernel means the thread
	// that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var reasons []string
	for _, n := range networks() {
		reason := try(ctx, self, n)
		if reason == "" {
			return walk(ctx, n, out, append([]string{self}, args...))
		}
		reasons = append(reasons, reason)
	}
	n := &network{attr: syscall.SysProcAttr{}, refused: strings.Join(reasons, ", ")}
	return walk(ctx, n, out, append([]string{self}, args...))
}

// network is a way to start a process in a network of its own.
type network struct {
	name    string
	attr    syscall.SysProcAttr
	refused string
}

// networks are the ways there are, the simplest first.
func networks() []*network {
	uid, gid := os.Getuid(), os.Getgid()
	user := &network{name: "a user namespace", attr: syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW},
	}}
	if uid != 0 {
		return []*network{user}
	}
	return []*network{{name: "a network namespace", attr: syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}}, user}
}

// try says why guests cannot be pinged that way; empty when they can.
func try(ctx context.Context, self string, n *network) string {
	cmd := exec.CommandContext(ctx, self)
	attr := n.attr
	cmd.SysProcAttr, cmd.Env = &attr, append(os.Environ(), role+"="+asProbe)
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && len(out) > 0:
		return strings.TrimSpace(string(out)) + " in " + n.name
	case err != nil:
		return n.name + " is refused: " + err.Error()
	}
	return ""
}

// probe tries what the guests, and those who ask them, need.
func probe() error {
	if err := room.Wired(); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		return fmt.Errorf("opening a socket for pings: %w", err)
	}
	return unix.Close(fd)
}

func walk(ctx context.Context, n *network, out io.Writer, args []string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	attr := n.attr
	attr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr = &attr
	cmd.Env = append(os.Environ(), role+"="+asWalk, refused+"="+n.refused)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, os.Stderr
	if out != io.Writer(os.Stdout) {
		cmd.Stderr = out
	}
	return cmd.Run()
}
