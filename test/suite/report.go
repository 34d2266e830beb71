package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// every is how often the long packages are named.
const every = 30 * time.Second

// report is what is known of a run of the tests.
type report struct {
	out                    io.Writer
	begun                  time.Time
	passed, failed, cached int
	packages               map[string]*running
	without                int                 // packages without tests
	left                   map[string][]string // tests that were left out, by their reasons
}

// running is a package whose tests run.
type running struct {
	name   string
	begun  time.Time
	tests  map[string]time.Time // those that run now
	output map[string][]string  // of tests, "" is the package's own, while they may fail
	cached bool
}

func newReport(out io.Writer, begun time.Time) *report {
	return &report{out: out, begun: begun, packages: map[string]*running{}, left: map[string][]string{}}
}

// follow takes events to their end, and names what takes long at each tick.
func (r *report) follow(events <-chan event, ticks <-chan time.Time) {
	for {
		select {
		case e, more := <-events:
			if !more {
				return
			}
			r.take(e, time.Now())
		case now := <-ticks:
			r.still(now)
		}
	}
}

func (r *report) say(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// take notes an event.
func (r *report) take(e event, now time.Time) {
	if e.Action == "build-output" {
		fmt.Fprint(r.out, e.Output)
	}
	if e.Package == "" {
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &running{strings.TrimPrefix(e.Package, module), now, map[string]time.Time{}, map[string][]string{}, false}
		r.packages[e.Package] = p
	}
	switch e.Action {
	case "run", "cont":
		p.tests[e.Test] = now
	case "pause":
		delete(p.tests, e.Test)
	case "output":
		p.note(e)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.ended(e, p)
			return
		}
		r.tested(e, p)
	}
}

// note keeps a line until it is known whether its test fails.
func (p *running) note(e event) {
	text := strings.TrimSuffix(e.Output, "\n")
	if e.Test == "" && strings.HasSuffix(text, "(cached)") {
		p.cached = true
	}
	for _, noise := range []string{"=== ", "--- ", "    --- ", "PASS", "ok  \t", "FAIL\t", "?   \t"} {
		if strings.HasPrefix(text, noise) {
			return
		}
	}
	p.output[e.Test] = append(p.output[e.Test], text)
}

// tested is the end of a test.
func (r *report) tested(e event, p *running) {
	delete(p.tests, e.Test)
	switch e.Action {
	case "skip":
		why := "no reason given"
		for _, line := range slices.Backward(p.output[e.Test]) {
			if _, after, found := strings.Cut(line, ".go:"); found {
				_, why, _ = strings.Cut(after, ": ")
				break
			}
		}
		r.left[why] = append(r.left[why], p.name+" "+e.Test)
	case "pass": // a test may do without a part of itself
		for _, line := range p.output[e.Test] {
			if _, why, found := strings.Cut(line, "left out: "); found {
				r.left[why] = append(r.left[why], p.name+" "+e.Test)
			}
		}
	case "fail":
		r.say("FAIL  %s %s (%.1fs)", p.name, e.Test, e.Elapsed)
		for _, line := range p.output[e.Test] {
			r.say("      %s", line)
		}
	}
	delete(p.output, e.Test)
}

// ended is the end of a package.
func (r *report) ended(e event, p *running) {
	delete(r.packages, e.Package)
	switch {
	case e.Action == "fail":
		r.failed++
		r.say("FAIL  %-40s %6.1fs", p.name, e.Elapsed)
		for _, test := range slices.Sorted(maps.Keys(p.output)) { // of a panic, the tests it took along
			for _, line := range p.output[test] {
				r.say("      %s", line)
			}
		}
	case e.Action == "skip":
		r.without++
	case p.cached:
		r.cached++
	default:
		r.passed++
		r.say("ok    %-40s %6.1fs", p.name, e.Elapsed)
	}
}

// still names the packages that take long, and what they are doing.
func (r *report) still(now time.Time) {
	for _, p := range slices.SortedFunc(maps.Values(r.packages), func(a, b *running) int { return cmp.Compare(a.name, b.name) }) {
		took := now.Sub(p.begun)
		if took < every {
			continue
		}
		oldest := ""
		for test, since := range p.tests {
			if oldest == "" || since.Before(p.tests[oldest]) || since.Equal(p.tests[oldest]) && test < oldest {
				oldest = test
			}
		}
		r.say("...   %-40s %6.0fs so far %s", p.name, took.Seconds(), oldest)
	}
}

// end sums up.
func (r *report) end(now time.Time) {
	if len(r.left) > 0 {
		r.say("left out:")
	}
	for _, why := range slices.Sorted(maps.Keys(r.left)) {
		tests := r.left[why]
		more := ""
		if n := len(tests) - 1; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		r.say("      %s%s: %s", tests[0], more, why)
	}
	for _, p := range r.packages {
		r.say("FAIL  %s did not end", p.name)
		r.failed++
	}
	r.say("%d packages pass, %d unchanged since they passed, %d fail, in %s", r.passed, r.cached, r.failed, now.Sub(r.begun).Round(time.Second))
}
