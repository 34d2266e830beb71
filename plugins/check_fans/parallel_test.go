package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// TestParallelRuns: many runs at once share the one session of a controller that
// has four and refuses basic authentication: at first, and when it has ended their
// session. Each is OK, or says that it was busy; the controller sees one login, is
// never out of sessions, and no session of a living run is ended.
func TestParallelRuns(t *testing.T) {
	s := newSite(t, bmc.Server{Vendor: bmc.Dell, Auth: bmc.SessionsOnly, Sessions: 4})
	for round, before := range map[string]func(){"the session was ended": s.sim.EndSessions, "as it is": func() {}} {
		before()
		s.sim.Forget()
		outs := s.many(t, short(200, 40))
		busy := 0
		for _, o := range outs {
			switch {
			case o.code == 0:
			case o.code == 3 && strings.Contains(o.out, "busy: another run is logging in"):
				busy++
			default:
				t.Errorf("%s: exit code %d\n%s", round, o.code, o.out)
			}
		}
		stats := s.sim.Stats()
		ended := 0
		for _, r := range stats.Requests {
			if r.Method == http.MethodDelete {
				ended++
			}
		}
		t.Logf("%s: %d runs, %d busy, %d logins", round, len(outs), busy, stats.Logins)
		if stats.Sessions != 1 || stats.Logins > 1 || stats.Exhausted > 0 || ended > 0 || busy == len(outs) {
			t.Errorf("%s: %d sessions open after %d logins, %d times none was left, %d were ended", round, stats.Sessions, stats.Logins, stats.Exhausted, ended)
		}
	}
}

// many runs the binary so often at once.
func (s site) many(t *testing.T, n int) []outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	outs := make([]outcome, n)
	var wg sync.WaitGroup
	for i := range n {
		cmd, out, stderr := s.command(ctx, "-t", "2m")
		wg.Go(func() {
			err := cmd.Run()
			if cmd.ProcessState == nil || stderr.Len() > 0 {
				t.Errorf("%v %s", err, stderr)
				return
			}
			outs[i] = outcome{code: cmd.ProcessState.ExitCode(), out: out.String()}
			checktest.Answer(t, out.Bytes(), outs[i].code)
		})
	}
	wg.Wait()
	return outs
}
