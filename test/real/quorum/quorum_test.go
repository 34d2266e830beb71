//go:build real

package quorum

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// least is how many situations there are at least, over all clusters.
const least = 40

// TestVotes plays what can happen to a cluster with a quorum device. Before a
// node goes the project says of each that stays whether it will have quorum,
// and in every situation whether it has.
func TestVotes(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("namespaces need root")
	}
	var situations atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d situations", situations.Load())
		if situations.Load() < least && !t.Failed() {
			t.Errorf("%d situations, at least %d expected", situations.Load(), least)
		}
	})
	for _, c := range []struct {
		nodes     int
		algorithm string
		script    string
	}{
		{3, "lms", "- daemon2 stop3 daemon2 stop1 kill2 kill3 daemon1 stop2 silent kill3 silent daemon13 stop3 daemon123 stop3"},
		{2, "ffsplit", "- stop2 kill1 daemon1 stop2 daemon2 stop2 silent stop2 daemon12 kill1 qnetd stop1"},
		{4, "ffsplit", "- stop3 stop34 daemon2 stop34 daemon2 kill34 silent stop4 stop34 daemon1234 stop1 daemon1 kill12 kill123"},
	} {
		t.Run(fmt.Sprintf("%d nodes %s", c.nodes, c.algorithm), func(t *testing.T) {
			t.Parallel() // each has its own bridge
			l := newLab(t, c.nodes, c.algorithm)
			l.settle()
			for _, word := range strings.Fields(c.script) {
				situations.Add(int64(l.play(word)))
			}
		})
	}
}

// play lets something happen, judges, and mends what was done to nodes. A dead
// daemon or a silent qnetd stays until the word comes again, so that nodes can
// go meanwhile.
func (l *lab) play(word string) int {
	l.t.Helper()
	verb := strings.TrimRight(word, "1234")
	var nodes []*room
	for _, digit := range word[len(verb):] {
		nodes = append(nodes, l.nodes[digit-'1'])
	}
	switch verb {
	case "-":
		return l.compare(word)
	case "silent": // qnetd does not answer any more, as a host that froze
		l.freeze()
		return l.compare(word)
	case "qnetd": // its process is killed: connections are reset
		l.qnetd.kill("corosync-qnetd")
		l.settle()
		return l.compare(word)
	case "daemon":
		for _, r := range nodes {
			l.toggle(r)
		}
		l.settle()
		return l.compare(word)
	}
	before := l.ask(l.alive()[len(l.alive())-1]) // of a node that goes, mostly
	var leaving []string
	for _, r := range nodes {
		leaving = append(leaving, r.name())
		signal := syscall.SIGTERM
		if verb == "kill" {
			signal = syscall.SIGKILL
		}
		r.kill("corosync-qdevice")
		r.end("corosync", signal)
	}
	l.settle()
	l.promised(word, before.Votes, leaving)
	n := l.compare(word)
	for _, r := range nodes {
		l.boot(r)
		if l.dead[r.id] {
			r.kill("corosync-qdevice")
		}
	}
	l.settle()
	return n + l.compare(word+", back")
}

// promised holds what was said of each staying node before against what is.
func (l *lab) promised(word string, before pve.Votes, leaving []string) {
	l.t.Helper()
	all := true
	for _, r := range l.alive() {
		// The smaller half of an even cluster is not given the device's vote: it
		// counts one less than it might, and has no quorum either way.
		want, truth := before.Count(r.name(), leaving...), l.view(r)
		if want < truth.total || before.Need() != truth.expected/2+1 || (want >= before.Need()) != truth.quorate {
			l.t.Errorf("%s: before, %s was to count %d of %d; it counts %+v", word, r.name(), want, before.Expected(), truth)
		}
		all = all && truth.quorate
	}
	if before.Survives(leaving...) != (all && len(l.alive()) > 0) {
		l.t.Errorf("%s: quorum survives %v, and on all that stay it is %v", word, before.Survives(leaving...), all)
	}
}

// compare asks at every node that lives, and is one situation.
func (l *lab) compare(word string) int {
	l.t.Helper()
	for _, first := range l.alive() {
		found := l.ask(first)
		v := found.Votes
		for _, r := range l.alive() {
			truth := l.view(r)
			if got := v.Count(r.name()); !v.Known || got != truth.total || v.Expected() != truth.expected || (got >= v.Need()) != truth.quorate {
				l.t.Errorf("%s, asked at %s: %s counts %d of %d, quorum from %d; corosync says %+v; gaps %v, %v", word, first.name(), r.name(), got, v.Expected(), v.Need(), truth, found.Gaps, l.device(r))
			}
		}
		l.memory = l.memory.After(pve.Look{Cluster: found, Now: time.Now()})
	}
	return 1
}

// toggle ends or starts the qdevice daemon of a node.
func (l *lab) toggle(r *room) {
	if l.dead[r.id] {
		r.start("corosync-qdevice", "-f")
	} else {
		r.kill("corosync-qdevice")
	}
	l.dead[r.id] = !l.dead[r.id]
}

// freeze stops qnetd without a word, or lets it go on.
func (l *lab) freeze() {
	l.t.Helper()
	signal := map[bool]syscall.Signal{false: syscall.SIGSTOP, true: syscall.SIGCONT}[l.silent]
	if err := l.qnetd.daemons["corosync-qnetd"].Process.Signal(signal); err != nil {
		l.t.Fatal(err)
	}
	l.silent = !l.silent
	l.settle()
}

// settle waits until every node that lives sees those that live and no others,
// its daemon is where it should be, and corosync has heard the same.
func (l *lab) settle() {
	l.t.Helper()
	var want []int
	for _, r := range l.alive() {
		want = append(want, r.id)
	}
	reachable := !l.silent && l.qnetd.daemons["corosync-qnetd"] != nil
	for _, r := range l.alive() {
		l.wait(fmt.Sprintf("%s sees %v, and its daemon is as it should", r.name(), want), func() bool {
			v, device := l.view(r), l.device(r)
			connected := device["State"] == "Connected"
			given := connected && strings.Contains(fmt.Sprint(device["Last poll call"]), "(cast vote)")
			return fmt.Sprint(v.members) == fmt.Sprint(want) && connected == (reachable && !l.dead[r.id]) && given == v.given
		})
	}
}
