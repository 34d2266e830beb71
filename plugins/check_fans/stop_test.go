package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	device "github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
)

// A run that is stopped is stopped at a moment that the controller sees: a
// connection, a request, what was done and not yet told, an answer. A clock
// would choose other moments on each machine, and on a slow one mostly those
// before the first request.

// stopping stops runs of a site at each moment of an undisturbed one.
type stopping struct {
	site
	signal syscall.Signal
	// hold keeps the client waiting for an answer that does not come, until the
	// run has ended; false: at this moment that cannot be.
	hold func(m bmc.Moment, ended <-chan struct{}) bool
	// before prepares each run; a whole one too.
	before func()
	// gaps are the times between the moments of an undisturbed run, the first
	// from its start, the last to its end.
	gaps []time.Duration
	rng  *rand.Rand
}

// Ways to stop a run at a moment.
const (
	atOnce  = iota // before the conversation goes on
	between        // before the next moment, wherever
	held           // while the client waits in vain
	ways
)

// stopped is a run that got a signal.
type stopped struct {
	moment, way int
	took        time.Duration // from the signal to its end
	outcome
	stderr string
	status syscall.WaitStatus
}

func (s stopped) String() string {
	return fmt.Sprintf("moment %d, way %d: exit code %d, signal %v\n%s%s", s.moment, s.way, s.code, s.status.Signal(), s.out, s.stderr)
}

func (s *stopping) watch(t *testing.T, f func(bmc.Moment)) {
	t.Helper()
	if err := s.sim.Watch(f); err != nil {
		t.Fatal(err)
	}
}

// rehearse looks at undisturbed runs.
func (s *stopping) rehearse(t *testing.T) {
	t.Helper()
	s.gaps = nil
	for range 3 {
		s.before()
		var lock sync.Mutex // a moment may be told while the watch ends
		var times []time.Time
		s.watch(t, func(bmc.Moment) {
			lock.Lock()
			defer lock.Unlock()
			times = append(times, time.Now())
		})
		last := time.Now()
		if o := s.run(t); o.code != 0 {
			t.Fatalf("undisturbed: exit code %d\n%s", o.code, o.out)
		}
		s.watch(t, nil)
		lock.Lock()
		for i, next := range append(slices.Clone(times), time.Now()) {
			if i == len(s.gaps) {
				s.gaps = append(s.gaps, 0)
			}
			s.gaps[i] = max(s.gaps[i], next.Sub(last))
			last = next
		}
		lock.Unlock()
	}
	t.Logf("%d moments in an undisturbed run", len(s.gaps))
}

// run number i is stopped at the i-th moment, and in another way each time
// round. A run that ends before its signal came is as good.
func (s *stopping) stop(t *testing.T, i int) stopped {
	t.Helper()
	s.before()
	at, chosen := i%len(s.gaps), (i+i/len(s.gaps))%ways
	var way atomic.Int32 // the one that was gone
	way.Store(int32(chosen))
	pause := time.Duration(s.rng.Int64N(int64(s.gaps[at]) + 1))
	cmd, out, stderr := s.command(t.Context())
	started, ended := make(chan struct{}), make(chan struct{})
	var sent atomic.Pointer[time.Time]
	signal := func() {
		now := time.Now()
		sent.Store(&now)
		_ = cmd.Process.Signal(s.signal) // it may have ended already
	}
	late := time.AfterFunc(time.Hour, signal)
	defer late.Stop()
	var seen atomic.Int32
	s.watch(t, func(m bmc.Moment) {
		if int(seen.Add(1)) != at {
			return
		}
		<-started
		if chosen == between {
			late.Reset(pause)
			return
		}
		signal()
		if chosen == held && !s.hold(m, ended) {
			way.Store(atOnce)
		}
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	switch {
	case at > 0:
	case chosen == atOnce:
		signal()
	default:
		way.Store(between)
		late.Reset(pause)
	}
	close(started)
	_ = cmd.Wait() // its exit code is looked at
	close(ended)
	s.watch(t, nil)
	if int(seen.Load()) < at {
		way.Store(between) // one connection fewer: that moment did not come
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	took := time.Duration(0)
	if at := sent.Load(); at != nil {
		took = time.Since(*at)
	}
	return stopped{at, int(way.Load()), took, outcome{code: cmd.ProcessState.ExitCode(), out: out.String()}, stderr.String(), status}
}

// terminate stops a run by SIGTERM, after which it has [device.CloseTime] to end
// its session, and half of that for a login that is under way. Where all is slow
// that may be too short for one run, but not each time that it is stopped at the
// same moment.
func (s *stopping) terminate(t *testing.T, i int, sessions func() int) {
	t.Helper()
	for try := 1; ; try++ {
		o := s.answered(t, i)
		n := sessions()
		if n == 0 {
			return
		}
		if o.took < device.CloseTime/2 || try == 10 {
			t.Fatalf("run %d left %d sessions after %v, %v", i, n, o.took, o)
		}
		t.Logf("run %d was given too little of the machine to end its session", i)
		s.sim.EndSessions()
		s.sim.Advance(time.Minute) // which ends those of IPMI
	}
}

// answered stops a run, which says that it was stopped, or what it had found
// out before.
func (s *stopping) answered(t *testing.T, i int) stopped {
	t.Helper()
	o := s.stop(t, i)
	switch {
	case o.status.Signaled() && o.moment == 0: // it had not yet come to handle signals
	case o.status.Signaled() || o.stderr != "":
		t.Fatalf("run %d, %v", i, o)
	case o.code == 3 && strings.HasPrefix(o.out, "UNKNOWN: stopped by SIGTERM\n"):
	case o.code == 0 && strings.HasPrefix(o.out, "OK: ") && o.way != held:
	default:
		t.Fatalf("run %d, %v", i, o)
	}
	return o
}

// TestSigterm: a run that is stopped at any moment leaves no session behind on
// a controller that allows four.
func TestSigterm(t *testing.T) {
	s := stopping{site: newSite(t, bmc.Server{Vendor: bmc.Dell, Auth: bmc.SessionsOnly, Sessions: 4}), signal: syscall.SIGTERM, before: func() {}}
	s.args = append(s.args, "--state", "off")
	s.rng = rand.New(rand.NewPCG(7, 11))
	// A login and a logout are waited for, because what they do has to be known.
	s.hold = func(m bmc.Moment, ended <-chan struct{}) bool {
		if m.What == bmc.Told || m.Method != "GET" && m.What != bmc.Connected {
			return false
		}
		<-ended
		return true
	}
	s.rehearse(t)
	for i := range short(1000, 2*len(s.gaps)) {
		s.terminate(t, i, func() int { return s.sim.Stats().Sessions })
	}
	s.clean(t)
}

// TestIPMISigterm: a run that is stopped at any moment leaves no session on a
// controller that has four.
func TestIPMISigterm(t *testing.T) {
	s := stopping{site: newIPMISite(t, bmc.Server{Vendor: bmc.Dell, IPMI: &ipmi.Config{Records: 12}}), signal: syscall.SIGTERM, before: func() {}}
	s.args = append(s.args, "--state", "off")
	s.rng = rand.New(rand.NewPCG(17, 3))
	s.hold = func(m bmc.Moment, _ <-chan struct{}) bool {
		if m.What != string(ipmi.Came) {
			return false
		}
		s.sim.MustBreakIPMI(t, ipmi.Fault{Name: ipmi.DropAnswer, Times: 1})
		return true
	}
	s.rehearse(t)
	for i := range short(300, 40) {
		if testing.Short() {
			i *= 7 // of all kinds
		}
		s.terminate(t, i, func() int { return s.sim.Stats().IPMI.Sessions })
		s.sim.Mend()
	}
	s.cleanIPMI(t)
}

// TestSigkill: a run that is killed leaves at most its own session, and the
// next run ends it; also one that has to log in, because the session that was
// kept is no more.
func TestSigkill(t *testing.T) {
	for _, kept := range []bool{true, false} {
		s := stopping{site: newSite(t, bmc.Server{Vendor: bmc.Dell, Auth: bmc.SessionsOnly, Sessions: 4}), signal: syscall.SIGKILL}
		s.rng = rand.New(rand.NewPCG(7, 13))
		s.hold = func(m bmc.Moment, _ <-chan struct{}) bool { return m.What != bmc.Told } // a dead one needs no patience
		s.before = func() {
			if !kept {
				s.sim.EndSessions()
			}
		}
		s.run(t)
		s.rehearse(t)
		for i := range short(60, 12) {
			s.stop(t, i)
			if o := s.run(t); o.code != 0 {
				t.Fatalf("run %d after a killed one: exit code %d\n%s", i, o.code, o.out)
			}
			if n := s.sim.Stats().Sessions; n > 1 {
				t.Fatalf("run %d: %d sessions open, at most the kept one", i, n)
			}
		}
	}
}

func short(runs, few int) int {
	if testing.Short() {
		return few
	}
	return runs
}
