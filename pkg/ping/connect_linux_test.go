package ping

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listener on loopback that nobody accepts from.
func listener(t *testing.T, address string) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// blackHole is a port where connections are neither accepted nor refused: the
// queue of a listener that is full.
func blackHole(t *testing.T) (port int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{}); err != nil { // any address

		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port = name.(*unix.SockaddrInet4).Port
	for range 4 {
		c, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(c) })
		if err := unix.Connect(c, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}); err != nil && err != unix.EINPROGRESS {
			t.Fatal(err)
		}
	}
	return port
}

// closedPort is one that nobody listens on.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().(*net.TCPAddr).Port
}

var home = Target{Name: "home", Addr: netip.MustParseAddr("127.0.0.1")}

func connect(t *testing.T, targets []Target, o ConnectOptions) []Connection {
	t.Helper()
	out, err := Connect(context.Background(), targets, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(targets) {
		t.Fatalf("%d of %d", len(out), len(targets))
	}
	return out
}

func TestConnect(t *testing.T) {
	open, closed, hole := listener(t, "127.0.0.1:0"), closedPort(t), blackHole(t)
	for _, c := range []struct {
		name     string
		ports    []int
		answered bool
		refused  bool
		port     int
		reason   string
	}{
		{"open", []int{open}, true, false, open, ""},
		{"refused", []int{closed}, true, true, closed, ""},
		{"silent", []int{hole}, false, false, 0, "no answer"},
		{"one is silent", []int{hole, closed}, true, true, closed, ""},
	} {
		got := connect(t, []Target{home}, ConnectOptions{Ports: c.ports, Wait: 300 * ms})[0]
		if got.Answered != c.answered || got.Refused != c.refused || got.Port != c.port || got.Reason != c.reason || got.Pending || len(got.Refusals) > 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got.Answered != (got.RTT > 0) {
			t.Errorf("%s: round trip %s", c.name, got.RTT)
		}
	}
}

func TestConnectWithoutInterface(t *testing.T) {
	got := connect(t, []Target{{Addr: netip.MustParseAddr("fe80::1%nosuch0")}}, ConnectOptions{Ports: []int{22}, Wait: time.Second})[0]
	if got.Answered || len(got.Refusals) != 1 || got.Refusals[0].Errno != unix.ENODEV || got.Reason != "" {
		t.Errorf("%+v", got)
	}
}

// TestConnectWithFewDescriptors: many silent targets, a handful of files.
func TestConnectWithFewDescriptors(t *testing.T) {
	hole := blackHole(t)
	var targets []Target
	for i := range 100 {
		targets = append(targets, Target{Addr: netip.AddrFrom4([4]byte{127, 2, byte(i >> 8), byte(i)})})
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = uint64(len(files) + 8)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	}()
	for _, got := range connect(t, targets, ConnectOptions{Ports: []int{hole}, Wait: 20 * ms}) {
		if got.Answered || got.Reason != noAnswer || len(got.Refusals) > 0 {
			t.Fatalf("%+v", got)
		}
	}
}

func TestConnectEndsWithTheContext(t *testing.T) {
	hole := blackHole(t)
	ctx, cancel := context.WithTimeout(context.Background(), 100*ms)
	defer cancel()
	targets := make([]Target, 300)
	for i := range targets {
		targets[i] = home
	}
	out, err := Connect(ctx, targets, ConnectOptions{Ports: []int{hole}, Wait: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range out {
		if got.Answered || !got.Pending || got.Reason != "" {
			t.Fatalf("%d: %+v", i, got)
		}
	}
}

func TestBadConnect(t *testing.T) {
	for _, o := range []ConnectOptions{
		{Wait: 1}, {Ports: []int{0}, Wait: 1}, {Ports: []int{65536}, Wait: 1}, {Ports: []int{22}}, {Ports: make([]int, 17), Wait: 1},
	} {
		if _, err := Connect(context.Background(), []Target{home}, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if _, err := Connect(context.Background(), []Target{{}}, ConnectOptions{Ports: []int{22}, Wait: 1}); err == nil {
		t.Error("no address was taken for one")
	}
}
