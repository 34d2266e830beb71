// Bench measures whole processes: CPU time, wall time and peak memory as the
// operating system accounts them, medians of several runs. Two commands are
// compared pair by pair, in turn, because machines drift: the ratio holds where
// the figures do not.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// command is one process to measure.
type command struct {
	args []string
	env  []string
}

// figures are those of one run.
type figures struct {
	cpu, wall time.Duration
	peak      int64 // KiB
	exit      int
}

func (c command) run() (figures, error) {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, c.env...)
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	start := time.Now()
	err := cmd.Run()
	f := figures{wall: time.Since(start)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return f, fmt.Errorf("run %s: %w", c.args[0], err)
	}
	f.exit = cmd.ProcessState.ExitCode()
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.peak = ru.Maxrss
	}
	return f, nil
}

// measure runs a command n times after a warm-up.
func measure(c command, n int) ([]figures, error) {
	var out []figures
	for i := range n + 1 {
		f, err := c.run()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, f)
		}
	}
	return out, nil
}

// pair runs two commands in turn.
func pair(a, b command, n int) (as, bs []figures, err error) {
	for i := range n + 1 {
		fa, err := a.run()
		if err != nil {
			return nil, nil, err
		}
		fb, err := b.run()
		if err != nil {
			return nil, nil, err
		}
		if i > 0 {
			as, bs = append(as, fa), append(bs, fb)
		}
	}
	return as, bs, nil
}

func median[T cmp.Ordered](in []T) T {
	s := slices.Sorted(slices.Values(in))
	return s[len(s)/2]
}

func column[T any](fs []figures, of func(figures) T) []T {
	out := make([]T, len(fs))
	for i, f := range fs {
		out[i] = of(f)
	}
	return out
}

func cpu(f figures) time.Duration  { return f.cpu }
func wall(f figures) time.Duration { return f.wall }

// row prints one command's medians.
func row(w io.Writer, name string, fs []figures) {
	fmt.Fprintf(w, "%-46s cpu %7.1f ms   wall %7.1f ms   peak <= %5.1f MiB   exit %d\n", name,
		ms(median(column(fs, cpu))), ms(median(column(fs, wall))), float64(median(column(fs, func(f figures) int64 { return f.peak })))/1024, fs[0].exit)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ratios prints the medians of a/b, pair by pair, and what the one of CPU time
// may be at most, 0 for anything.
func ratios(w io.Writer, as, bs []figures, limit float64) {
	ratio := func(of func(figures) time.Duration) float64 {
		out := make([]float64, len(as))
		for i := range as {
			out[i] = float64(of(as[i])) / float64(max(of(bs[i]), time.Microsecond))
		}
		return median(out)
	}
	fmt.Fprintf(w, "%-46s cpu %7.3f      wall %7.3f", "  ratio, pair by pair", ratio(cpu), ratio(wall))
	if limit > 0 {
		fmt.Fprintf(w, "   expected: cpu at most %g", limit)
	}
	fmt.Fprintln(w)
}

// left says what is not measured, and why.
func left(name, why string) { fmt.Printf("%-46s left out: %s\n", name, why) }
