//go:build real

package guests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/test/sim/guests"
	"golang.org/x/sys/unix"
)

const (
	ms     = time.Millisecond
	prefix = "nooutg"
	nobody = 65534
)

// TestMain runs the tests, or, started by one of them in a namespace, asks the
// guests.
func TestMain(m *testing.M) {
	if text := os.Getenv("NOOUT_REAL_ASK"); text != "" {
		os.Exit(child(text))
	}
	if len(os.Args) > 2 && os.Args[1] == "measure" {
		os.Exit(measured(os.Args[2:]))
	}
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests make network namespaces: expected root")
		os.Exit(1)
	}
	sweep()
	os.Exit(inHome(m))
}

// home holds what other users must be able to read: this program.
var home string

func inHome(m *testing.M) (code int) {
	err := func() (err error) {
		if home, err = os.MkdirTemp("", prefix); err != nil {
			return err
		}
		if err := os.Chmod(home, 0o755); err != nil {
			return err
		}
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		program, err := os.ReadFile(exe)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(home, "ask"), program, 0o755)
	}()
	defer func() {
		if err := os.RemoveAll(home); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// sweep removes what a run that was killed has left.
func sweep() {
	left, err := filepath.Glob("/run/netns/" + prefix + "*")
	if err != nil {
		return
	}
	for _, path := range left {
		name := filepath.Base(path)
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "-")
		if n, err := strconv.Atoi(pid); err == nil && syscall.Kill(n, 0) == nil {
			continue // another run is using it
		}
		if out, err := exec.Command("ip", "netns", "del", name).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v %s\n", name, err, out)
		}
		_ = os.RemoveAll("/etc/netns/" + name) // mostly there is none
	}
}

// namespace is a network of its own, with loopback.
type namespace struct {
	t    testing.TB
	name string
}

// count numbers the namespaces of this run.
var count int

func newNamespace(t testing.TB) namespace {
	t.Helper()
	count++
	n := namespace{t, fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), count)}
	run(t, "ip", "netns", "add", n.name)
	t.Cleanup(func() { run(t, "ip", "netns", "del", n.name) })
	n.ip("link set lo up")
	n.sysctl("net.ipv4.ping_group_range", "0 2147483647")
	n.sysctl("net.ipv6.conf.all.accept_dad", "0")
	n.sysctl("net.ipv6.conf.default.accept_dad", "0")
	return n
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (n namespace) ip(command string) {
	n.t.Helper()
	words := strings.Fields(command)
	if strings.Contains(command, "route") && strings.Contains(command, ":") && words[0] != "-6" {
		words = append([]string{"-6"}, words...)
	}
	run(n.t, "ip", append([]string{"-n", n.name}, words...)...)
}

func (n namespace) sysctl(name, value string) {
	n.t.Helper()
	run(n.t, "ip", "netns", "exec", n.name, "sysctl", "-qw", name+"="+value)
}

func (n namespace) nft(rules string) {
	n.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", n.name, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("nft: %v\n%s\n%s", err, out, rules)
	}
}

// nameserver is the only one that the namespace's programs know.
func (n namespace) nameserver(addr string) {
	n.t.Helper()
	dir := "/etc/netns/" + n.name
	if err := os.MkdirAll(dir, 0o755); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			n.t.Error(err)
		}
		_ = os.Remove("/etc/netns") // it stays when somebody else uses it
	})
	if err := os.WriteFile(dir+"/resolv.conf", []byte("nameserver "+addr+"\n"), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// pair connects two namespaces with a cable: 10.N.0.1 and 10.N.0.2, and the
// same for IPv6. The interfaces are called vN.
func pair(a, b namespace, number int) {
	a.t.Helper()
	v := fmt.Sprintf("v%d", number)
	a.ip(fmt.Sprintf("link add %s type veth peer name %s netns %s", v, v, b.name))
	for i, n := range []namespace{a, b} {
		n.ip(fmt.Sprintf("addr add 10.%d.0.%d/24 dev %s", number, i+1, v))
		n.ip(fmt.Sprintf("addr add fd00:%d::%d/64 dev %s nodad", number, i+1, v))
		n.ip("link set " + v + " up")
	}
	// The first search for an IPv6 neighbour on a link that has just come up
	// is mostly in vain.
	for range 50 {
		q := question{Run: &ping.Options{Packets: 1, Wait: 200 * ms}}
		q.Targets = []ping.Target{target(fmt.Sprintf("10.%d.0.2", number)), target(fmt.Sprintf("fd00:%d::2", number))}
		if got := a.ask(q); got.Targets[0].Alive() && got.Targets[1].Alive() {
			return
		}
	}
	a.t.Fatal("the cable carries nothing")
}

// tun puts guests behind an interface of a namespace.
func (n namespace) tun(list map[netip.Addr]*guests.Guest) *guests.TUN {
	n.t.Helper()
	type opened struct {
		tun *guests.TUN
		err error
	}
	done := make(chan opened)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the namespace it is in
		tun, err := n.openTUN(list)
		done <- opened{tun, err}
	}()
	o := <-done
	if o.err != nil {
		n.t.Fatal(o.err)
	}
	n.t.Cleanup(func() {
		if err := o.tun.Close(); err != nil {
			n.t.Error(err)
		}
	})
	n.ip("addr add 10.99.255.254/16 dev guests")
	n.ip("addr add fd00:99::ffff:fffe/64 dev guests nodad")
	n.ip("link set guests up txqueuelen 10000")
	n.ip("route add 192.0.2.0/24 dev guests")
	n.ip("route add 2001:db8::/32 dev guests")
	return o.tun
}

func (n namespace) openTUN(list map[netip.Addr]*guests.Guest) (*guests.TUN, error) {
	ns, err := os.Open("/run/netns/" + n.name)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	return guests.OpenTUN("guests", guests.NewWorld(list))
}

// question is what a child is asked to find out.
type question struct {
	Targets []ping.Target
	Run     *ping.Options
	Watch   *watch
	Connect *ping.ConnectOptions
	Resolve []string
	// Witness asks pro-bing to watch, and not us.
	Witness bool
	// Limit of the whole.
	Limit time.Duration
	// User to become, 0 for root.
	User int
	// Frozen sets no_new_privs, Bound takes cap_net_raw out of the bounding
	// set.
	Frozen, Bound bool
}

// watch is how to watch.
type watch struct{ Duration, Interval, Wait time.Duration }

// answer of a child.
type answer struct {
	Targets     []ping.Watched
	Connections []ping.Connection
	Names       []resolved
	Faults      []fault
	Cut         bool
	Elapsed     time.Duration
	Spacing     time.Duration
	Evidence    []string
	Error       string
	// RSS is the most memory the child used, in bytes.
	RSS int64
}

type fault struct {
	Trouble   ping.Trouble
	Family    string
	Count     int
	Text      string
	Privilege bool
}

type resolved struct {
	Name  string
	Addrs []netip.Addr
	Err   string
}

// ask starts a child in the namespace and returns its answer.
func (n namespace) ask(q question) answer {
	n.t.Helper()
	cmd := n.child(context.Background(), q)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		n.t.Fatalf("child: %v\n%s", err, complaints.String())
	}
	var a answer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		n.t.Fatalf("child: %v\n%s%s", err, out.String(), complaints.String())
	}
	if a.Error != "" {
		n.t.Fatalf("child: %s", a.Error)
	}
	return a
}

// returns says whether a child answers in time. One that does not is killed.
func (n namespace) returns(q question, limit time.Duration) bool {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := n.child(ctx, q).Run()
	if err != nil && ctx.Err() == nil {
		n.t.Fatal(err)
	}
	return ctx.Err() == nil
}

func (n namespace) child(ctx context.Context, q question) *exec.Cmd {
	n.t.Helper()
	if q.Limit == 0 {
		q.Limit = 20 * time.Second
	}
	text, err := json.Marshal(q)
	if err != nil {
		n.t.Fatal(err)
	}
	file, err := os.CreateTemp(home, "question")
	if err != nil {
		n.t.Fatal(err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		n.t.Fatal(err)
	}
	args := []string{"netns", "exec", n.name, "setpriv"}
	if q.User != 0 {
		id := strconv.Itoa(q.User)
		args = append(args, "--reuid", id, "--regid", id, "--clear-groups")
	}
	if q.Frozen {
		args = append(args, "--no-new-privs")
	}
	if q.Bound {
		args = append(args, "--bounding-set=-net_raw")
	}
	cmd := exec.CommandContext(ctx, "ip", append(args, filepath.Join(home, "ask"))...)
	cmd.Env = append(os.Environ(), "NOOUT_REAL_ASK="+file.Name())
	return cmd
}

// modes are the two kinds of sockets: root has raw ones, others the kernel's
// own for pings.
var modes = []struct {
	name string
	user int
}{{"raw", 0}, {"datagram", nobody}}
