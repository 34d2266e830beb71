package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// parts of the bench. The guests come first: what a process is said to have
// used at most includes what used the one that started it, and the simulators of
// the others have not run yet.
var parts = []struct {
	name string
	run  func(sizes) error
}{{"guests", guests}, {"fans", fans}, {"ipmi", overIPMI}, {"ceph", clusters}}

// sizes of what is measured.
type sizes struct {
	bin              string
	runs             int
	targets, packets int
}

func main() {
	s := sizes{}
	flag.StringVar(&s.bin, "bin", "bin", "folder with the built plugins")
	flag.IntVar(&s.runs, "n", 15, "counted runs of each command")
	flag.IntVar(&s.targets, "targets", 10_000, "how many guests to ask")
	flag.IntVar(&s.packets, "packets", 5, "packets to each of them")
	only := flag.String("only", "", "parts, such as guests,ceph: all without it")
	flag.Parse()
	if err := bench(s, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(s sizes, only string) error {
	for _, p := range parts {
		if only != "" && !slices.Contains(strings.Split(only, ","), p.name) {
			continue
		}
		if err := p.run(s); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (s sizes) plugin(name string) string { return filepath.Join(s.bin, name) }

// scratch is a folder with one for the plugins' memory in it, until done.
func scratch() (dir, state string, done func(error) error, err error) {
	if dir, err = os.MkdirTemp("", "noout-bench-"); err != nil {
		return "", "", nil, err
	}
	done = func(err error) error { return errors.Join(err, os.RemoveAll(dir)) }
	state = filepath.Join(dir, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		return "", "", nil, done(err)
	}
	return dir, state, done, nil
}
