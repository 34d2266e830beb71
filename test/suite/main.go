// Suite runs the tests and says what it is doing: packages as they end, the
// long ones while they run, what failed, and what was left out and why.
//
//	go run ./test/suite [ARGUMENT OF go test ...] [PACKAGE ...]
//
// Without a package it runs all of them.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

const module = "github.com/noout-monitoring/noout/"

// long are the packages that take longest. They are begun first, and while they
// wait for deadlines the others have the processors.
var long = []string{"./test", "./test/story", "./plugins/check_fans", "./pkg/maintenance"}

// shipped are the flags of the Makefile's build: what is tested is what is shipped,
// and what the tests themselves build needs no second net/http.
const shipped = "-trimpath -tags=nethttpomithttp2"

// patience is when go test gives up a package: an hour and a half, for a machine
// at a tenth of the speed.
const patience = "-timeout=90m"

// waiting is how many tests of a package that say so run at once: they wait for
// deadlines more than they work.
const waiting = "-parallel=8"

// unvetted leaves vet to make lint, which has all of its analysers.
const unvetted = "-vet=off"

func main() {
	begun := time.Now()
	r := newReport(os.Stdout, begun)
	err := run(os.Args[1:], r)
	r.end(time.Now())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Println(err)
	}
	if err != nil || r.failed > 0 {
		os.Exit(1)
	}
}

// run starts go test and reports its events.
func run(args []string, r *report) error {
	packages := fmt.Sprintf("-p=%d", 2*runtime.NumCPU()) // for the same reason
	command := append([]string{"test", "-json", patience, waiting, unvetted, packages}, args...)
	if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "./") }) {
		command = append(append(command, long...), "./...")
	}
	cmd := exec.Command(cmp.Or(os.Getenv("GO"), "go"), command...)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" "+shipped))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	events := make(chan event)
	broken := make(chan error, 1)
	go func() {
		defer close(events)
		broken <- read(out, events)
	}()
	r.follow(events, time.Tick(every))
	return errors.Join(<-broken, cmd.Wait())
}

// event is what go test -json tells (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// read passes events on.
func read(from io.Reader, to chan<- event) error {
	lines := json.NewDecoder(from)
	for {
		var e event
		switch err := lines.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("what go test tells: %w", err)
		}
		to <- e
	}
}
