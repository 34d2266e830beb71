//go:build real

package gate

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/test/real/cluster"
)

// patience is how long anything may take on a busy machine.
const patience = 3 * time.Minute

// bench is a client that writes without end: rados bench, which prints a line a
// second. Sixteen writes go to an object, so that few are to be
// recovered.
type bench struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu       sync.Mutex
	finished int // writes
	still    int // lines since the last one that finished
}

func (s *site) bench(pool string) *bench {
	s.t.Helper()
	command := []string{"rados", "-p", pool, "bench", "3600", "write", "-b", "4096", "-O", "65536", "-t", "4", "--no-cleanup"}
	if pool == files {
		command = []string{"/usr/bin/python3", "-c", filesClient, s.Path("ceph.conf")}
	}
	b := &bench{cmd: s.Command(context.Background(), command[0], command[1:]...), ended: make(chan struct{})}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(b.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			b.read(lines.Text())
		}
		// it is killed in the end
		_ = b.cmd.Wait()
	}()
	return b
}

// read takes a line: seconds, operations on their way, started, finished.
func (b *bench) read(line string) {
	f := strings.Fields(line)
	if len(f) < 4 {
		return
	}
	if _, err := strconv.Atoi(f[0]); err != nil {
		return // a heading
	}
	n, err := strconv.Atoi(f[3])
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.finished {
		b.finished, b.still = n, 0
	} else {
		b.still++
	}
}

func (b *bench) told() (finished, still int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.finished, b.still
}

func (b *bench) stop() {
	// it may have ended by itself
	_ = b.cmd.Process.Kill()
	<-b.ended
}

// truth is what Ceph did without the host.
type truth struct {
	served bool
	why    string
	out    bool // an OSD was marked out
}

// Lines of rados bench without a finished write that prove that clients wait:
// few where Ceph says why, many where it does not.
const (
	fewLines  = 4
	manyLines = 20
)

// cut kills all that runs on a host and finds out what became of the clients.
func (s *site) cut(node int, pool string, blocked bool) truth {
	s.t.Helper()
	return s.strike([]int{node}, pool, blocked)
}

// strike kills all that runs on hosts, at once.
func (s *site) strike(nodes []int, pool string, blocked bool) truth {
	s.t.Helper()
	b := s.bench(pool)
	defer b.stop()
	s.Until("clients are served before the cut", patience, func() bool { n, still := b.told(); return n > 0 || blocked && still > fewLines })
	var gone []string
	for _, node := range nodes {
		gone = append(gone, s.Running(node)...)
	}
	started := time.Now()
	for _, name := range gone {
		s.Signal(name, syscall.SIGKILL)
	}
	var found *truth
	enough := manyLines
	if blocked {
		enough = fewLines
	}
	s.Until("it is known what became of the clients", patience, func() bool {
		st := s.Status()
		_, still := b.told()
		select {
		case <-b.ended:
			s.t.Fatal("rados bench ended by itself")
		default:
		}
		switch {
		case len(st.Quorum) == 0:
			if still >= fewLines && s.probing() {
				found = &truth{why: "quorum is lost"}
			}
		case s.hanging(st) && still >= fewLines:
			found = &truth{why: "clients of the file system wait"}
		case !s.noticed(st) || s.hanging(st):
		case s.stopped(st) > 0 && still >= fewLines:
			found = &truth{why: fmt.Sprintf("%d of %d PGs inactive", s.stopped(st), st.PGs.Total)}
		case still >= enough && pool != files:
			found = &truth{why: "clients wait"}
		case s.stopped(st) == 0 && s.serves(b, pool):
			found = &truth{served: true, why: "all PGs serve", out: s.Status().OSDs.In < st.OSDs.Up}
		}
		return found != nil
	})
	s.t.Logf("node%d cut off: %s, told after %v", nodes, found.why, time.Since(started).Round(time.Second))
	return *found
}

// living counts the daemons of a kind that run.
func (s *site) living(kind string) int {
	n := 0
	for node := range s.Nodes {
		for _, name := range s.Running(node + 1) {
			if strings.HasPrefix(name, kind+".") {
				n++
			}
		}
	}
	return n
}

// probing says whether all monitors that live look for others: what they do
// when they are too few.
func (s *site) probing() bool {
	for node := range s.Nodes {
		for _, name := range s.Running(node + 1) {
			if !strings.HasPrefix(name, "mon.") {
				continue
			}
			out, err := s.Try(10*time.Second, "ceph", "--admin-daemon", s.Path("run", "ceph-"+name+".asok"), "mon_status")
			if err != nil || !strings.Contains(out, `"state": "probing"`) {
				return false
			}
		}
	}
	return true
}

// noticed says whether Ceph knows what is gone, and its PGs have settled. The
// numbers of PGs are those of a mgr that lives, or nobody's.
func (s *site) noticed(st cluster.Status) bool {
	if len(st.Quorum) != s.living("mon") || st.OSDs.Up != s.living("osd") {
		return false
	}
	mgrs := s.living("mgr")
	if mgrs == 0 {
		return true
	}
	// a mgr that was killed is still counted for some seconds
	return st.Mgr.Available && st.Mgr.Standbys == mgrs-1 && st.Count("undersized", "down", "incomplete") > 0 && st.Count("stale", "peering", "activating", "creating", "unknown") == 0
}

// stopped are the PGs that serve nobody, as far as a mgr counts them.
func (s *site) stopped(st cluster.Status) int {
	if s.living("mgr") == 0 {
		return 0
	}
	return st.PGs.Total - st.Count("active")
}

// serves says whether the client goes on writing, and every PG takes an
// object.
func (s *site) serves(b *bench, pool string) bool {
	before, _ := b.told()
	if pool == files {
		pool = "rbd" // files find few PGs
	}
	for _, object := range s.objects[pool] {
		if _, err := s.Try(30*time.Second, "rados", "-p", pool, "put", object, s.Path("object")); err != nil {
			return false
		}
	}
	s.Until("the client writes", patience, func() bool { after, still := b.told(); return after > before || still >= manyLines })
	after, _ := b.told()
	return after > before
}
