package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// phases are what the time of a run goes to, each with the beginnings of the
// names of its functions. The innermost function that is known decides: what the
// runtime does for one, such as to find memory, is that one's.
var phases = []struct {
	name      string
	functions []string
}{
	{"start and end of the process (kernel)", []string{"__x64_sys_execve", "do_execve", "do_exit", "do_group_exit"}},
	{"Go's runtime: start, threads, stacks", nil}, // all that is nobody's
	{"initialization of packages", []string{"runtime.doInit"}},
	{"TLS, certificates", []string{"crypto/"}},
	{"HTTP, network", []string{"net/http", "net.", "net/", "github.com/stmcginnis/", ours + "transport."}},
	{"JSON", []string{"encoding/json.", ours + "lenient."}},
	{"memory and credentials", []string{ours + "state.", ours + "journal.", ours + "secret."}},
	{"command line, answer", []string{ours + "check.", "github.com/spf13/"}},
	{"facts and verdict", []string{ours, "main."}},
}

const ours = "github.com/noout-monitoring/noout/pkg/"

const process, runtimes, initialization = 0, 1, 2

// phaseOf is the phase of a stack, its innermost function first.
func phaseOf(stack []string) int {
	found := -1
	for _, function := range stack {
		for i, p := range phases {
			for _, begin := range p.functions {
				if !strings.HasPrefix(function, begin) {
					continue
				}
				if i == process || i == initialization {
					return i // whatever is done there
				}
				if found < 0 {
					found = i
				}
			}
		}
	}
	if found < 0 {
		return runtimes
	}
	return found
}

// profile counts samples.
type profile struct {
	phases []int
	faults int // samples in the kernel's handling of page faults, of all phases
}

// readProfile counts what perf script prints with -F comm,ip,sym: a line for each
// sample, its stack in indented lines, and an empty line.
func readProfile(in io.Reader) (profile, error) {
	p := profile{phases: make([]int, len(phases))}
	var stack []string
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) > 1 && strings.ContainsAny(lines.Text()[:1], " \t"):
			stack = append(stack, words[1])
		case len(words) == 0 && len(stack) > 0:
			p.phases[phaseOf(stack)]++
			if strings.Contains(strings.Join(stack, " "), "asm_exc_page_fault") {
				p.faults++
			}
			stack = stack[:0]
		}
	}
	return p, lines.Err()
}

// hertz is how often perf looks.
const hertz = 10_000

// profiled lets perf look at a command that runs again and again.
func (s *session) profiled(ctx context.Context, args []string) (profile, error) {
	file := filepath.Join(s.dir, "perf.data")
	loop := []string{"record", "-q", "-F", strconv.Itoa(hertz), "-e", "cpu-clock", "-g", "-o", file, "--",
		"sh", "-c", `n=$1; shift; for i in $(seq "$n"); do "$@" >/dev/null; done; true`, "sh", strconv.Itoa(s.runs)}
	if out, err := exec.CommandContext(ctx, "perf", append(loop, args...)...).CombinedOutput(); err != nil {
		return profile{}, fmt.Errorf("perf record: %w: %.300s", err, out)
	}
	name := filepath.Base(args[0])
	out, err := exec.CommandContext(ctx, "perf", "script", "-i", file, "--comm", name[:min(len(name), 15)], "-F", "comm,ip,sym").Output()
	if err != nil {
		return profile{}, fmt.Errorf("perf script: %w", err)
	}
	return readProfile(bytes.NewReader(out))
}

// where tells for the least that a request costs, and for each kind of run, how
// many milliseconds go to what. It needs perf (Debian: linux-perf) and root.
func (s *session) where(ctx context.Context) error {
	if _, err := exec.LookPath("perf"); err != nil {
		s.leave("where the rest goes", "perf is not installed")
		return nil
	}
	into := filepath.Join(s.dir, "named")
	if err := os.Mkdir(into, 0o700); err != nil {
		return err
	}
	if err := buildNamed(ctx, ".", into, "./plugins/...", "./test/bench/request"); err != nil {
		return err
	}
	table := make([][]string, len(phases)+2)
	for i, p := range phases {
		table[i] = []string{p.name}
	}
	table[len(phases)], table[len(phases)+1] = []string{"**all**"}, []string{"of it handling page faults"}
	for _, l := range lookedAt {
		p, err := s.look(ctx, into, l)
		if err != nil {
			return err
		}
		sum, ms := 0, func(n int) string { return fmt.Sprintf("%.1f", float64(n)*1000/hertz/float64(s.runs)) }
		for i, n := range p.phases {
			table[i] = append(table[i], ms(n))
			sum += n
		}
		table[len(phases)] = append(table[len(phases)], ms(sum))
		table[len(phases)+1] = append(table[len(phases)+1], ms(p.faults))
	}
	s.goes = table
	return nil
}
