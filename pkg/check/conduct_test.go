package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

func TestReserve(t *testing.T) {
	if want := bmc.CloseTime + 100*time.Millisecond; reserve != want {
		t.Errorf("the context of a check ends %v before -t, want %v", reserve, want)
	}
	if grace <= bmc.CloseTime {
		t.Errorf("after a signal a check has %v, sources need %v to close", grace, bmc.CloseTime)
	}
}

// played is what a run did in a bubble, where time is played.
type played struct {
	answer string
	code   int
	took   time.Duration
	writes int
}

// counter counts writes.
type counter struct {
	bytes.Buffer
	writes int
}

func (c *counter) Write(b []byte) (int, error) {
	c.writes++
	return c.Buffer.Write(b)
}

// play runs a check with signals sent at given times. release ends what hangs.
func play(t *testing.T, check func(ctx context.Context, release <-chan struct{}) (Result, error), signals map[time.Duration]os.Signal, args ...string) played {
	t.Helper()
	var p played
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stop := make(chan os.Signal, 1)
		for at, sig := range signals {
			time.AfterFunc(at, func() { stop <- sig })
		}
		var out counter
		started := time.Now()
		plugin := Plugin{Name: "check_sample", Check: func(ctx context.Context) (Result, error) { return check(ctx, release) }}
		p.code = plugin.run(args, &out, func() <-chan os.Signal { return stop })
		p.took = time.Since(started)
		close(release)
		synctest.Wait()
		p.answer, p.writes = out.String(), out.writes
	})
	if p.writes != 1 {
		t.Errorf("%d writes, want one", p.writes)
	}
	return p
}

var well = Result{Findings: []Finding{{Status: OK, Text: "well"}}}

// conducted is a run in a bubble and what comes of it.
type conducted struct {
	name    string
	check   func(ctx context.Context, release <-chan struct{}) (Result, error)
	signals map[time.Duration]os.Signal
	args    []string
	answer  string
	took    time.Duration
}

func (c conducted) run(t *testing.T) {
	p := play(t, c.check, c.signals, c.args...)
	if p.answer != c.answer || p.took != c.took {
		t.Errorf("after %v:\n%swant after %v:\n%s", p.took, p.answer, c.took, c.answer)
	}
	if word, _, _ := strings.Cut(p.answer, ":"); Status(p.code).String() != word {
		t.Errorf("exit code %d with %s", p.code, word)
	}
}

// stuck does not heed its context.
func stuck(_ context.Context, release <-chan struct{}) (Result, error) {
	<-release
	return well, nil
}

func TestDeadline(t *testing.T) {
	obedient := func(ctx context.Context, _ <-chan struct{}) (Result, error) {
		<-ctx.Done()
		r := Result{Findings: []Finding{{Status: CRITICAL, Text: "fan 1 stands"}}}
		return r, fmt.Errorf("reading the log: %w", ctx.Err())
	}
	after := func(d time.Duration) func(context.Context, <-chan struct{}) (Result, error) {
		return func(context.Context, <-chan struct{}) (Result, error) { time.Sleep(d); return well, nil }
	}
	for _, test := range []conducted{
		{"at once", after(0), nil, nil, "OK: well\n", 0},
		{"just in time", after(7999 * time.Millisecond), nil, nil, "OK: well\n", 7999 * time.Millisecond},
		{"stuck", stuck, nil, nil,
			"UNKNOWN: no answer within 8s (-t 8s), and the check could not be stopped\n", 8 * time.Second},
		{"stuck, other time and state", stuck, nil, []string{"-t", "2", "--timeout-state=critical"},
			"CRITICAL: no answer within 2s (-t 2s), and the check could not be stopped\n", 2 * time.Second},
		{"what was gathered is judged", obedient, nil, []string{"-t", "3s"},
			"CRITICAL: fan 1 stands, also UNKNOWN: no answer within 2.5s (-t 3s): reading the log: context deadline exceeded\n[CRITICAL] fan 1 stands\n[UNKNOWN] no answer within 2.5s (-t 3s): reading the log: context deadline exceeded\n", 2500 * time.Millisecond},
		{"what was gathered, other state", obedient, nil, []string{"-t", "3s", "--timeout-state=warning"},
			"CRITICAL: fan 1 stands, also WARNING: no answer within 2.5s (-t 3s): reading the log: context deadline exceeded\n[CRITICAL] fan 1 stands\n[WARNING] no answer within 2.5s (-t 3s): reading the log: context deadline exceeded\n", 2500 * time.Millisecond},
	} {
		t.Run(test.name, test.run)
	}
}

func TestSignal(t *testing.T) {
	closing := func(ctx context.Context, _ <-chan struct{}) (Result, error) {
		<-ctx.Done()
		time.Sleep(bmc.CloseTime)
		return well, nil
	}
	term := func(at time.Duration) map[time.Duration]os.Signal {
		return map[time.Duration]os.Signal{at: syscall.SIGTERM}
	}
	for _, test := range []conducted{
		{"a signal", closing, term(time.Second), nil, "UNKNOWN: stopped by SIGTERM\n", time.Second + bmc.CloseTime},
		{"a signal while stuck", stuck, term(time.Second), nil, "UNKNOWN: stopped by SIGTERM\n", time.Second + grace},
		{"a signal while stuck near the end", stuck, term(7900 * time.Millisecond), nil, "UNKNOWN: stopped by SIGTERM\n", 8 * time.Second},
		{"a signal from the keyboard", closing, map[time.Duration]os.Signal{0: syscall.SIGINT}, nil, "UNKNOWN: stopped by SIGINT\n", bmc.CloseTime},
		{"other signals", closing, map[time.Duration]os.Signal{0: syscall.SIGQUIT}, nil, "UNKNOWN: stopped by SIGQUIT\n", bmc.CloseTime},
	} {
		t.Run(test.name, test.run)
	}
}

func TestOutcome(t *testing.T) {
	for _, test := range []conducted{
		{"an error", func(context.Context, <-chan struct{}) (Result, error) {
			return well, errors.New("wrong password for https://root:calvin@bmc")
		}, nil, nil, "UNKNOWN: wrong password for https://***@bmc\n", 0},
		{"an error beside a finding", func(context.Context, <-chan struct{}) (Result, error) {
			return Result{Findings: []Finding{{Status: WARNING, Text: "slow"}}}, errors.New("no log")
		}, nil, nil, "WARNING: slow, also UNKNOWN: no log\n[WARNING] slow\n[UNKNOWN] no log\n", 0},
		{"an error at a gate", func(context.Context, <-chan struct{}) (Result, error) {
			return Result{Policy: Gate, Findings: []Finding{{Status: WARNING, Text: "slow"}}}, errors.New("no log")
		}, nil, nil, "UNKNOWN: no log, also WARNING: slow\n[UNKNOWN] no log\n[WARNING] slow\n", 0},
		{"no result", func(context.Context, <-chan struct{}) (Result, error) { return Result{}, nil }, nil, nil,
			"UNKNOWN: nothing was judged\n", 0},
		{"the end of its goroutine", func(context.Context, <-chan struct{}) (Result, error) { runtime.Goexit(); return well, nil }, nil, nil,
			"UNKNOWN: the check ended without a result\n", 0},
	} {
		t.Run(test.name, test.run)
	}
}

// Whatever else has happened, a result that is there is the answer. When several
// channels are ready select takes any: hence often.
func TestResultIsNotReplaced(t *testing.T) {
	for range 100 {
		done, signals := make(chan Result, 1), make(chan os.Signal, 1)
		watchdog := make(chan time.Time, 1)
		done <- well
		signals <- syscall.SIGTERM
		watchdog <- time.Time{}
		v := wait{signals: signals, done: done, watchdog: watchdog, cancel: func() {}, overdue: func() Result { return unknown("late") }}
		if got := v.result(); got.Status() != OK {
			t.Fatalf("the result is replaced by %+v", got)
		}
	}
}
