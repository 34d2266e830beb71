//go:build real

package quorum

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// lab is a cluster of real corosync nodes on a bridge, and a qnetd beside it.
type lab struct {
	t         *testing.T
	algorithm string
	hub       *room
	qnetd     *room
	nodes     []*room
	silent    bool // qnetd is frozen
	// dead are nodes whose qdevice daemon was killed.
	dead   map[int]bool
	memory pve.Memory
}

// room is a machine: namespaces that a sleeping process keeps, and its daemons.
type room struct {
	t       *testing.T
	id      int
	keeper  *exec.Cmd
	daemons map[string]*exec.Cmd
	log     *os.File
}

// furnish gives a machine its own directories and loopback, so that nothing of
// this machine is touched.
const furnish = `mount --make-rprivate / &&
for d in /run /etc/corosync /var/lib/corosync /var/log/corosync /dev/shm; do
mkdir -p $d && mount -t tmpfs none $d || exit 1
done
mkdir -p /etc/corosync/qnetd/nssdb /run/corosync /run/corosync-qdevice /run/corosync-qnetd && ip link set lo up && echo ready && exec sleep 3600`

func newRoom(t *testing.T, id int) *room {
	t.Helper()
	r := &room{t: t, id: id, daemons: map[string]*exec.Cmd{}}
	var err error
	if r.log, err = os.Create(filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	r.keeper = exec.Command("unshare", "--mount", "--net", "sh", "-c", furnish)
	r.keeper.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := r.keeper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.keeper.Stderr = r.log
	if err := r.keeper.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, 5)
	if n, err := out.Read(ready); err != nil || string(ready[:n]) != "ready" {
		t.Fatalf("namespaces: %v, %s", err, r.said())
	}
	t.Cleanup(func() {
		for name := range r.daemons {
			r.kill(name)
		}
		if err := r.keeper.Process.Kill(); err == nil {
			_ = r.keeper.Wait() // it was killed
		}
		if t.Failed() {
			t.Logf("machine %d: %s", r.id, r.said())
		}
		_ = r.log.Close() // it was only a log
	})
	return r
}

// said is the end of what the daemons of a machine printed.
func (r *room) said() string {
	raw, err := os.ReadFile(r.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-2000):])
}

func (r *room) enter(name string, args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"-t", strconv.Itoa(r.keeper.Process.Pid), "-m", "-n", name}, args...)...)
}

func (r *room) must(name string, args ...string) {
	r.t.Helper()
	if out, err := r.enter(name, args...).CombinedOutput(); err != nil {
		r.t.Fatalf("%s %v: %v, %s", name, args, err, out)
	}
}

func (r *room) start(name string, args ...string) {
	r.t.Helper()
	cmd := r.enter(name, args...)
	cmd.Stdout, cmd.Stderr = r.log, r.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.daemons[name] = cmd
}

// end ends a daemon with a signal and waits for it.
func (r *room) end(name string, s syscall.Signal) {
	r.t.Helper()
	cmd := r.daemons[name]
	if cmd == nil {
		return
	}
	delete(r.daemons, name)
	if err := cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Fatal(err)
	}
	_ = cmd.Wait() // how it ended is not the question
}

func (r *room) kill(name string) { r.end(name, syscall.SIGKILL) }

func (r *room) address() string { return fmt.Sprintf("10.91.0.%d", r.id) }

func (r *room) name() string { return fmt.Sprintf("pve%d", r.id) }

// newLab wires n nodes and a qnetd to one bridge, and starts them.
func newLab(t *testing.T, n int, algorithm string) *lab {
	t.Helper()
	for _, program := range []string{"corosync", "corosync-qdevice", "corosync-qnetd", "corosync-quorumtool", "corosync-qdevice-tool", "unshare", "nsenter", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v: apt-get install corosync corosync-qdevice corosync-qnetd iproute2", err)
		}
	}
	l := &lab{t: t, algorithm: algorithm, hub: newRoom(t, 250), dead: map[int]bool{}}
	l.hub.must("ip", "link", "add", "br0", "type", "bridge")
	l.hub.must("ip", "link", "set", "br0", "up")
	l.qnetd = newRoom(t, 100)
	l.wire(l.qnetd)
	for i := range n {
		l.nodes = append(l.nodes, newRoom(t, i+1))
		l.wire(l.nodes[i])
	}
	l.qnetd.start("corosync-qnetd", "-f", "-s", "off", "-c", "off", "-p", "5403")
	for _, r := range l.nodes {
		cmd := r.enter("sh", "-c", "cat >/etc/corosync/corosync.conf")
		cmd.Stdin = strings.NewReader(l.conf())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		l.boot(r)
	}
	return l
}

// wire connects a machine with the bridge.
func (l *lab) wire(r *room) {
	port := fmt.Sprintf("v%d", r.id)
	l.hub.must("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(r.keeper.Process.Pid))
	l.hub.must("ip", "link", "set", port, "master", "br0", "up")
	r.must("ip", "addr", "add", r.address()+"/24", "dev", "eth0")
	r.must("ip", "link", "set", "eth0", "up")
}

// conf is what pvecm qdevice setup writes, without its certificates.
func (l *lab) conf() string {
	votes := "\n    votes: 1"
	if l.algorithm == "lms" {
		votes = "" // one less than the nodes
	}
	var b strings.Builder
	fmt.Fprintf(&b, "totem {\n  version: 2\n  cluster_name: lab\n  transport: knet\n  crypto_cipher: none\n  crypto_hash: none\n}\n"+
		"logging {\n  to_stderr: yes\n  to_syslog: no\n}\nquorum {\n  provider: corosync_votequorum\n  device {\n    model: net%s\n    net {\n      host: %s\n      algorithm: %s\n      tls: off\n    }\n  }\n}\nnodelist {\n",
		votes, l.qnetd.address(), l.algorithm)
	for _, r := range l.nodes {
		fmt.Fprintf(&b, "  node {\n    name: %s\n    nodeid: %d\n    quorum_votes: 1\n    ring0_addr: %s\n  }\n", r.name(), r.id, r.address())
	}
	return b.String() + "}\n"
}

func (l *lab) boot(r *room) {
	r.start("corosync", "-f")
	l.wait(r.name()+" runs corosync", func() bool { return r.enter("corosync-quorumtool", "-s").Run() == nil || l.view(r).known })
	r.start("corosync-qdevice", "-f")
}

// view is what corosync itself says on a node.
type view struct {
	known    bool
	quorate  bool
	expected int
	total    int
	members  []int
	// given says that the device votes for this node.
	given bool
}

var (
	figures = regexp.MustCompile(`(?m)^(Expected votes|Total votes):\s+(\d+)`)
	own     = regexp.MustCompile(`(?m)^\s+\d+\s+\d+\s+A,V,\S+\s.*\(local\)`)
	member  = regexp.MustCompile(`(?m)^\s+(\d+)\s+\d+\s+\S+\s+\S`)
)

// view asks corosync-quorumtool, whose exit code only says whether there is
// quorum. Its lower half is of the votes, the upper one may be of before.
func (l *lab) view(r *room) view {
	if r.daemons["corosync"] == nil {
		return view{}
	}
	out, _ := r.enter("corosync-quorumtool", "-s").Output() // it is 2 without quorum
	v := view{quorate: !bytes.Contains(out, []byte("Activity blocked")) && bytes.Contains(out, []byte("Quorate:          Yes"))}
	for _, m := range figures.FindAllSubmatch(out, -1) {
		n, err := strconv.Atoi(string(m[2]))
		if err != nil {
			continue
		}
		if v.known = true; string(m[1]) == "Expected votes" {
			v.expected = n
		} else {
			v.total = n
		}
	}
	v.given = own.Match(out)
	for _, m := range member.FindAllSubmatch(out, -1) {
		if id, err := strconv.Atoi(string(m[1])); err == nil && id > 0 {
			v.members = append(v.members, id)
		}
	}
	slices.Sort(v.members)
	return v
}

// alive are the nodes whose corosync runs.
func (l *lab) alive() []*room {
	var out []*room
	for _, r := range l.nodes {
		if r.daemons["corosync"] != nil {
			out = append(out, r)
		}
	}
	return out
}

// wait waits for a state. The bound is there for a state that never comes.
func (l *lab) wait(what string, reached func() bool) {
	l.t.Helper()
	for end := time.Now().Add(90 * time.Second); !reached(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("never: %s", what)
		}
	}
}
