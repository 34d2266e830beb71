// Bench asks many targets on loopback that all answer, and compares pkg/ping
// with fping and with a bare loop in C, run in turn because machines drift: the
// ratio of CPU time pair by pair holds where the figures do not. It needs to be
// root, and fping and a C compiler for what they are about.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
)

func main() {
	targets := flag.Int("targets", 10_000, "how many")
	packets := flag.Int("packets", 5, "to each")
	runs := flag.Int("n", 15, "counted pairs")
	plugin := flag.String("plugin", "bin/check_guests", "the plugin, measured too when it is there")
	engine := flag.Bool("engine", false, "ask and end: what is measured")
	flag.Parse()
	ask := bench
	if *engine {
		ask = run
	}
	if err := ask(sizes{*targets, *packets, *runs, *plugin}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type sizes struct {
	targets, packets, runs int
	plugin                 string
}

func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}) }

// run is the engine in a process of its own.
func run(s sizes) error {
	targets := make([]ping.Target, s.targets)
	for i := range targets {
		targets[i].Addr = address(i)
	}
	r, err := ping.Run(context.Background(), targets, ping.Options{Packets: s.packets, Wait: 2 * time.Second})
	if err != nil {
		return err
	}
	for _, x := range r.Targets {
		if x.Received != s.packets {
			return fmt.Errorf("%s: %d of %d packets answered, %v", x.Addr, x.Received, s.packets, r.Faults)
		}
	}
	return nil
}

// figures of one process.
type figures struct {
	cpu, wall time.Duration
	peak      int64 // KiB
}

func measure(args []string) (figures, error) {
	cmd := exec.Command(args[0], args[1:]...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	f := figures{wall: time.Since(start)}
	if err != nil {
		return f, fmt.Errorf("%s: %w: %.200s", args[0], err, out)
	}
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.peak = used.Maxrss
	}
	return f, nil
}

func bench(s sizes) (err error) {
	dir, err := os.MkdirTemp("", "noout-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	list := filepath.Join(dir, "targets")
	var text []byte
	for i := range s.targets {
		text = append(text, address(i).String()+"\n"...)
	}
	if err := os.WriteFile(list, text, 0o644); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	targets, packets := strconv.Itoa(s.targets), strconv.Itoa(s.packets)
	ours := []string{self, "-engine", "-targets", targets, "-packets", packets}
	fmt.Printf("%d targets, %d packets to each, medians of %d\n", s.targets, s.packets, s.runs)
	floor := filepath.Join(dir, "floor")
	if out, err := exec.Command("cc", "-O2", "-o", floor, "test/bench/ping/testdata/floor.c").CombinedOutput(); err != nil {
		fmt.Printf("no bare loop to compare with: %v %s\n", err, out)
	} else if err := compare("pkg/ping, bare loop in C", ours, []string{floor, targets, packets}, s.runs); err != nil {
		return err
	}
	fping, err := exec.LookPath("fping")
	if err != nil {
		fmt.Println("no fping to compare with")
		return nil
	}
	theirs := []string{fping, "-q", "-i0", "-p10", "-c" + packets, "-f", list}
	if err := compare("pkg/ping, fping -i0", ours, theirs, s.runs); err != nil {
		return err
	}
	if _, err := os.Stat(s.plugin); err != nil {
		return nil
	}
	return compare("check_guests, fping -i0", []string{s.plugin, "--targets", list, "--packets", packets, "--interval", "0s", "--rate", "0", "--state", "off", "-t", "30s"}, theirs, s.runs)
}

// compare runs two commands in turn and prints medians and ratios.
func compare(name string, a, b []string, n int) error {
	var as, bs []figures
	for i := range n + 1 {
		x, err := measure(a)
		if err != nil {
			return err
		}
		y, err := measure(b)
		if err != nil {
			return err
		}
		if i > 0 { // the first pair warms up
			as, bs = append(as, x), append(bs, y)
		}
	}
	ratio := func(of func(figures) time.Duration) float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = float64(of(as[i])) / float64(max(of(bs[i]), time.Microsecond))
		}
		return median(out)
	}
	cpu := func(f figures) time.Duration { return f.cpu }
	wall := func(f figures) time.Duration { return f.wall }
	fmt.Printf("%-26s cpu %6.1f / %6.1f ms = %.2f   wall %6.1f / %6.1f ms = %.2f   peak %.1f / %.1f MiB\n", name,
		millis(median(column(as, cpu))), millis(median(column(bs, cpu))), ratio(cpu),
		millis(median(column(as, wall))), millis(median(column(bs, wall))), ratio(wall),
		float64(median(column(as, func(f figures) int64 { return f.peak })))/1024, float64(median(column(bs, func(f figures) int64 { return f.peak })))/1024)
	return nil
}

func column[T any](fs []figures, of func(figures) T) []T {
	out := make([]T, len(fs))
	for i, f := range fs {
		out[i] = of(f)
	}
	return out
}

func median[T cmp.Ordered](in []T) T {
	s := slices.Sorted(slices.Values(in))
	return s[len(s)/2]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
