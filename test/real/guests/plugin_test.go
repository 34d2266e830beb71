//go:build real

package guests

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/guests"
)

// built is check_guests, built once.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(home, "check_guests")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "../../../plugins/check_guests")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// call of the plugin in a namespace.
type call struct {
	user   int
	frozen bool
	// measured calls end in a line with the peak of memory, see measured.
	measured bool
	program  string // another copy
	wrap     []string
	args     []string
}

// result of a call.
type result struct {
	text  string
	exit  int
	taken time.Duration
}

func (n namespace) check(c call) result {
	n.t.Helper()
	cmd := n.command(c)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	began := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || complaints.Len() > 0 {
		n.t.Fatalf("%v: %s", err, complaints.String())
	}
	return result{text: out.String(), exit: cmd.ProcessState.ExitCode(), taken: time.Since(began)}
}

// measured runs a command and prints the most memory it used, in KiB, as the
// last line. A process starts with the peak of the one that made it, so it
// must be a small one: this program, without its tests.
func measured(args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		fmt.Println(used.Maxrss)
	}
	return cmd.ProcessState.ExitCode()
}

func (n namespace) command(c call) *exec.Cmd {
	n.t.Helper()
	program, err := built()
	if err != nil {
		n.t.Fatal(err)
	}
	if c.program != "" {
		program = c.program
	}
	args := []string{"netns", "exec", n.name, "setpriv"}
	if c.user != 0 {
		id := strconv.Itoa(c.user)
		args = append(args, "--reuid", id, "--regid", id, "--clear-groups")
	}
	args = append(args, c.wrap...)
	if c.measured {
		args = append(args, filepath.Join(home, "ask"), "measure")
	}
	if c.frozen {
		// In a second step: the first keeps capabilities until it is done.
		args = append(args, "setpriv", "--no-new-privs")
	}
	return exec.Command("ip", append(append(args, program), c.args...)...)
}

// hostFile lists addresses.
func hostFile(t *testing.T, n int, pattern string) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern+"\n", i/256, i%256)
	}
	file, err := os.CreateTemp(home, "hosts")
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(b.String())
	if err = errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// TestPluginTenThousand: none of 10,000 targets that answer is called anything
// else, at the default buffer, in little memory.
func TestPluginTenThousand(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		n := newNamespace(t)
		r := n.check(call{user: user, measured: true, args: []string{"--targets", hostFile(t, 10_000, "127.1.%d.%d"), "--rate", "0", "--interval", "0s", "-t", "30s", "-vv"}})
		lines := strings.Split(strings.TrimSpace(r.text), "\n")
		peak, err := strconv.Atoi(lines[len(lines)-1])
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s, %.1f MiB", r.taken, float64(peak)/1024)
		if r.exit != 0 || !strings.HasPrefix(r.text, "OK: 10000 of 10000 hosts answer") || !strings.Contains(r.text, " pl=0%") {
			t.Errorf("exit %d: %.300s", r.exit, r.text)
		}
		if peak > 24<<10 {
			t.Errorf("%d KiB of memory", peak)
		}
	})
}

// TestPluginRights: what a user may, and what is said when it may not.
func TestPluginRights(t *testing.T) {
	n := newNamespace(t)
	n.sysctl("net.ipv4.ping_group_range", "1 0")
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	capable := filepath.Join(home, "capable")
	run(t, "cp", program, capable)
	run(t, "setcap", "cap_net_raw+ep", capable)
	for _, c := range []struct {
		name string
		call call
		exit int
		want string
	}{
		{"root", call{}, 0, "OK: 2 of 2 hosts answer"},
		{"nobody", call{user: nobody}, 3, "setcap cap_net_raw+ep on the plugin"},
		{"nobody, setcap", call{user: nobody, program: capable}, 0, "OK: 2 of 2 hosts answer"},
		{"nobody, setcap, NoNewPrivileges", call{user: nobody, program: capable, frozen: true}, 3, "NoNewPrivileges is set, so setcap on the plugin has no effect here: give AmbientCapabilities=CAP_NET_RAW instead"},
		{"nobody, ambient, NoNewPrivileges", call{user: nobody, frozen: true, wrap: []string{"--inh-caps=+net_raw", "--ambient-caps=+net_raw"}}, 0, "OK: 2 of 2 hosts answer"},
		{"nobody, by TCP", call{user: nobody, args: []string{"--tcp", "9"}}, 0, "2 by TCP"},
	} {
		c.call.args = append(c.call.args, "--target", "127.0.0.1", "--target", "::1")
		if r := n.check(c.call); r.exit != c.exit || !strings.Contains(r.text, c.want) || strings.Contains(r.text, "CRITICAL") {
			t.Errorf("%s: exit %d: %s", c.name, r.exit, r.text)
		}
	}
	n.sysctl("net.ipv4.ping_group_range", "0 2147483647")
	if r := n.check(call{user: nobody, args: []string{"--target", "127.0.0.1", "-vv"}}); r.exit != 0 || !strings.Contains(r.text, "datagram socket") {
		t.Errorf("nobody, ping_group_range: exit %d: %s", r.exit, r.text)
	}
}

// TestPluginFewFiles: thousands of targets that drop pings, with a limit of 64
// open files.
func TestPluginFewFiles(t *testing.T) {
	n := newNamespace(t)
	n.nft(fmt.Sprintf(filter, "input", "drop", "drop"))
	r := n.check(call{user: nobody, wrap: []string{"prlimit", "--nofile=64:64"},
		args: []string{"--targets", hostFile(t, 3000, "127.1.%d.%d"), "--tcp", "9", "--packets", "1", "--rate", "0", "-t", "30s"}})
	if r.exit != 0 || !strings.HasPrefix(r.text, "OK: 3000 of 3000 hosts answer, 3000 by TCP") {
		t.Errorf("exit %d: %.300s", r.exit, r.text)
	}
}

// TestPluginWatch: the gap of one guest among ten, as it is printed.
func TestPluginWatch(t *testing.T) {
	n := newNamespace(t)
	list := map[netip.Addr]*guests.Guest{}
	args := []string{"--watch", "3s", "-t", "30s"}
	for i := range 10 {
		x := target(fmt.Sprintf("10.99.0.%d", i+1))
		list[x.Addr] = &guests.Guest{}
		args = append(args, "--target", x.Name)
	}
	tun := n.tun(list)
	away := netip.MustParseAddr("10.99.0.7")
	from := tun.Now() + 1500*ms
	tun.World().Set(away, &guests.Guest{Away: []guests.Span{{From: from, To: from + gap}}})
	r := n.check(call{args: args})
	m := regexp.MustCompile(`longest gap 10\.99\.0\.7: (\d+) ms \((\d+)-(\d+)\)`).FindStringSubmatch(r.text)
	if r.exit != 0 || m == nil {
		t.Fatalf("exit %d: %s", r.exit, r.text)
	}
	least, _ := strconv.Atoi(m[2])
	most, _ := strconv.Atoi(m[3])
	truth := tun.Silence(away)
	if time.Duration(least)*ms > truth+slack || time.Duration(most)*ms < truth-slack {
		t.Errorf("truth %s, printed %s", truth, m[0])
	}
	t.Logf("%s", r.text)
}

// TestPluginStops: a signal ends it at once, and its own time does when
// nothing answers.
func TestPluginStops(t *testing.T) {
	a, b := newNamespace(t), newNamespace(t)
	pair(a, b, 1)
	b.nft(fmt.Sprintf(filter, "input", "drop", "drop"))
	args := []string{"--targets", hostFile(t, 2000, "10.1.%d.%d"), "--rate", "100", "-t", "20s"}
	cmd := a.command(call{args: args})
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// However early the signal comes, the answer must be the same.
	time.Sleep(500 * ms)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 3 || !strings.HasPrefix(out.String(), "UNKNOWN: stopped by SIGTERM") {
		t.Errorf("%v: %s", err, out.String())
	}
	args[len(args)-1] = "3s"
	if r := a.check(call{args: args}); r.exit != 3 || !strings.Contains(r.text, "no time was left, -t is too short") || strings.Contains(r.text, "CRITICAL") {
		t.Errorf("exit %d after %s: %.300s", r.exit, r.taken, r.text)
	}
}
