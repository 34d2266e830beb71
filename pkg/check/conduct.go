package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	// reserve is the time before -t at which the context of a check ends: its
	// sources have 400 ms to close what they opened (bmc.CloseTime), judging and
	// writing have the rest.
	reserve = 500 * time.Millisecond
	// grace is what a check gets for the same after a signal.
	grace = 600 * time.Millisecond
)

// conduct runs the check and returns its result, or that of whatever came
// first: the time or a signal.
func (p Plugin) conduct(s settings, started time.Time, signals <-chan os.Signal) Result {
	ctx, cancel := context.WithDeadline(context.Background(), started.Add(s.Timeout-reserve))
	defer cancel()
	done := make(chan Result, 1) // holds the result, so that checked always ends
	go p.checked(ctx, s, started, done)
	watchdog := time.NewTimer(time.Until(started.Add(s.Timeout)))
	defer watchdog.Stop()
	late := func() Result { return overdue(s, time.Since(started)) }
	return wait{signals: signals, done: done, watchdog: watchdog.C, cancel: cancel, overdue: late}.result()
}

// wait is for the end of a check.
type wait struct {
	signals  <-chan os.Signal
	done     <-chan Result
	watchdog <-chan time.Time
	cancel   func()
	overdue  func() Result
}

// result never replaces a result that is there by the time-out or a signal.
func (w wait) result() Result {
	select {
	case r := <-w.done:
		return r
	case <-w.watchdog:
		if len(w.done) > 0 {
			return <-w.done
		}
		return w.overdue()
	case sig := <-w.signals:
		if len(w.done) > 0 {
			return <-w.done
		}
		w.cancel()
		w.closing()
		return interrupted(sig)
	}
}

// closing lets the check close what it opened.
func (w wait) closing() {
	enough := time.NewTimer(grace)
	defer enough.Stop()
	select {
	case <-w.done:
	case <-enough.C:
	case <-w.watchdog:
	}
}

// checked calls Check and sends what came of it, whatever that is.
func (p Plugin) checked(ctx context.Context, s settings, started time.Time, done chan<- Result) {
	// stands when Check neither returns nor panics: runtime.Goexit
	outcome := unknown("the check ended without a result")
	defer func() {
		if cause := recover(); cause != nil {
			outcome = crash(cause)
		}
		done <- outcome
	}()
	result, err := p.Check(ctx)
	if err != nil {
		result = result.and(fault(err, s, time.Since(started)))
	}
	outcome = result
}

// waited is the time that was really waited, beside the limit, which a source that was
// given a part of it never reaches.
func (s settings) waited(d time.Duration) string {
	return fmt.Sprintf("no answer within %s (-t %s)", DurationText(d.Round(100*time.Millisecond)), DurationText(s.Timeout))
}

// fault is the finding an error becomes after so long a time.
func fault(err error, s settings, after time.Duration) Finding {
	if errors.Is(err, context.DeadlineExceeded) {
		return Finding{Status: s.TimeoutState.Status(), Text: s.waited(after) + ": " + err.Error()}
	}
	text, next := Advised(err)
	return Finding{Status: UNKNOWN, Text: text, Next: next}
}

// overdue answers for a check that does not.
func overdue(s settings, after time.Duration) Result {
	text := s.waited(after) + ", and the check could not be stopped"
	return Result{Findings: []Finding{{Status: s.TimeoutState.Status(), Text: text}}}
}

func interrupted(sig os.Signal) Result {
	names := map[os.Signal]string{
		syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT", syscall.SIGHUP: "SIGHUP", syscall.SIGQUIT: "SIGQUIT",
	}
	name, ok := names[sig]
	if !ok {
		name = sig.String()
	}
	return unknown("stopped by " + name)
}

func unknown(text string) Result {
	return Result{Findings: []Finding{{Status: UNKNOWN, Text: text}}}
}
