//go:build real

package gate

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/real/cluster"
)

// TestMain lets the clusters run side by side whatever the number of cores is.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(len(ways))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestGate walks through the states on three clusters at once: most of the time
// is spent waiting for Ceph to notice. Each host is asked about in each state,
// and cut off in most.
func TestGate(t *testing.T) {
	binary := build(t)
	var writing sync.Mutex
	rows := make([][]string, len(ways))
	t.Run("hosts", func(t *testing.T) {
		for i, third := range ways {
			t.Run(fmt.Sprint("third", i+1), func(t *testing.T) {
				t.Parallel()
				started := time.Now()
				s := newSite(t, binary, fmt.Sprintf("127.%d.0.", 82+i))
				t.Logf("up after %v", time.Since(started).Round(time.Second))
				for _, w := range third {
					walked := false
					passed := t.Run(w.name, func(t *testing.T) {
						own := *s
						own.t, own.Cluster = t, s.For(t)
						lines := own.walk(w)
						writing.Lock()
						defer writing.Unlock()
						rows[i], walked = append(rows[i], lines...), true
					})
					if !passed && !walked {
						return // the state is not taken back
					}
				}
			})
		}
	})
	var table strings.Builder
	for _, r := range rows {
		table.WriteString(strings.Join(r, ""))
	}
	t.Logf("state, host, decision, clients without it:\n%s", table.String())
}

// walk makes a state, asks about each host in it, cuts them off, and takes the
// state back.
func (s *site) walk(w state) []string {
	s.t.Helper()
	started := time.Now()
	if w.make != nil {
		w.make(s)
	}
	s.Halt(w.off...)
	s.settle(w)
	var answers [cluster.Hosts]answer
	for n := range cluster.Hosts {
		answers[n] = s.expect(w.hosts[n], n+1)
	}
	s.t.Logf("asked after %v", time.Since(started).Round(time.Second))
	var lines []string
	pool := w.pool
	if pool == "" {
		pool = "rbd"
	}
	for n, want := range w.hosts {
		if w.only != 0 && w.only != n+1 {
			s.answered(names(n+1), want, answers[n])
			continue
		}
		got := s.cut(n+1, pool, w.blocked)
		lines = append(lines, s.compare(w.name+" "+names(n+1), want, answers[n], got))
		if want.out {
			s.Until("Ceph marks OSDs out", patience, func() bool { return s.Status().OSDs.In < cluster.OSDs })
			s.Ceph("osd", "in", "0", "1", "2", "3", "4", "5")
		}
		s.settle(w)
		s.t.Logf("whole again after %v", time.Since(started).Round(time.Second))
	}
	if w.undo != nil {
		w.undo(s)
	}
	s.Run(daemons()...)
	s.UntilWell()
	s.t.Logf("%v", time.Since(started).Round(time.Second))
	return lines
}

// settle runs all daemons that run in the state, and waits for them.
func (s *site) settle(w state) {
	s.t.Helper()
	osds, mons, mgrs := 0, 0, 0
	for _, name := range daemons() {
		if !w.runs(name) {
			continue
		}
		s.Run(name)
		switch name[:4] {
		case "osd.":
			osds++
		case "mon.":
			mons++
		default:
			mgrs++
		}
	}
	s.Until("the state "+w.name, patience, func() bool {
		st := s.Status()
		there := st.OSDs.Up == osds && st.OSDs.In == cluster.OSDs && len(st.Quorum) == mons && st.Mgr.Available == (mgrs > 0) && w.settled(st)
		if mgrs > 0 {
			there = there && st.Mgr.Standbys == mgrs-1 && st.Count("active") == st.PGs.Total && st.Count("stale", "activating") == 0
		}
		return there
	})
}

// expect asks until the answer is the expected one: on a busy machine a
// question may take too long, or come while the last numbers are on their way. A
// yes is never asked away.
func (s *site) expect(w want, nodes ...int) answer {
	s.t.Helper()
	for end := time.Now().Add(patience / 2); ; time.Sleep(time.Second) {
		a := s.ask(nodes...)
		if a.Decision == w.decision && strings.Contains(a.reasons(), w.reason) || a.yes() || time.Now().After(end) {
			return a
		}
	}
}

// compare is the law: a yes leaves every client served. All else is compared
// with what is expected, so that no needless no comes in unseen.
func (s *site) compare(who string, w want, a answer, got truth) string {
	s.t.Helper()
	if a.yes() && !got.served {
		s.t.Errorf("UNSAFE: %s for %s, and then: %s", a.Decision, who, got.why)
	}
	s.answered(who, w, a)
	if got.served != w.served {
		s.t.Errorf("%s cut off: served is %v (%s), want %v", who, got.served, got.why, w.served)
	}
	line := fmt.Sprintf("%-32s %-10s %-28s %s", who, a.Decision, got.why, a.reasons())
	if !a.yes() && got.served {
		if w.needless == "" {
			s.t.Errorf("%s: a needless no without a reason", who)
		}
		line += "\n" + strings.Repeat(" ", 33) + "needless for clients, right because " + w.needless
	}
	return line + "\n"
}

func (s *site) answered(who string, w want, a answer) {
	s.t.Helper()
	if a.Decision != w.decision || !strings.Contains(a.reasons(), w.reason) {
		s.t.Errorf("%s: %s (%s), want %s (%s)", who, a.Decision, a.reasons(), w.decision, w.reason)
	}
}
