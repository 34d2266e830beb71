// Bench measures whole processes, as the operating system accounts them, and
// pairs those of this tree with those of another revision, with the least that a
// program costs and with other people's plugins. All of a row run in turn,
// because machines drift: ratios hold where figures do not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

var parts = []struct {
	name string
	run  func(*session, context.Context) error
}{
	{"start", (*session).start}, {"fans", (*session).fans}, {"ipmi", (*session).overIPMI}, {"clusters", (*session).clusters},
	{"gates", (*session).gates}, {"customers", (*session).customers}, {"guests", (*session).guests}, {"where", (*session).where},
}

// session is one run of the bench.
type session struct {
	bin, rev, out, only string
	runs                int
	targets, packets    int
	dir                 string // where all that is built and written goes
	report
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == asSimulator {
		fail(beSimulator(os.Args[2], os.Args[3]))
		return
	}
	s := session{}
	flag.StringVar(&s.bin, "bin", "bin", "folder with the built plugins")
	flag.StringVar(&s.rev, "baseline", "", "revision to compare with")
	flag.StringVar(&s.out, "o", "", "file to write the report to")
	flag.IntVar(&s.runs, "n", 40, "counted runs of each command")
	flag.IntVar(&s.targets, "targets", 10_000, "how many guests to ask")
	flag.IntVar(&s.packets, "packets", 5, "packets to each of them")
	flag.StringVar(&s.only, "only", "", "parts, such as guests,gates: all without it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(s.bench(ctx))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (s *session) bench(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "noout-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	if s.rev != "" {
		if err := (revision{".", s.rev}).build(ctx, filepath.Join(s.dir, "baseline")); err != nil {
			return err
		}
	}
	built, bin := filepath.Join(s.dir, "built"), filepath.Join(s.dir, "bin")
	if err := build(ctx, ".", built, "./test/bench/hello", "./test/bench/ping", "./test/bench/request", "./test/bench/starter"); err != nil {
		return err
	}
	if err := errors.Join(install(s.dir, built), install(bin, s.bin)); err != nil {
		return err
	}
	s.bin = bin
	for _, p := range parts {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), p.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", p.name)
		if err := p.run(s, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	text := s.text()
	fmt.Print(text)
	if s.out == "" {
		return nil
	}
	return os.WriteFile(s.out, []byte(text), 0o644)
}
