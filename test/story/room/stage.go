package room

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/executable"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// Stage sets a scene for one recorded command after the other: a file named
// world in the directory says what happens before each. Its first line may name
// a cluster of Proxmox VE, as in "cluster two", or be "cluster stretch".
type Stage struct {
	Room *Room
	dir  string
}

// TB is the part of a test that a stage needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Open opens the room at a time that stands still, and returns its names. The
// ceph command is a program that behaves as the simulator's.
func (s *Stage) Open(tb TB, dir, command string) map[string]string {
	tb.Helper()
	c := Lab()
	text := s.read(tb, dir)
	if first, _, _ := strings.Cut(text, "\n"); first == "cluster stretch" {
		c = Stretch()
	} else if strings.HasPrefix(first, "cluster ") {
		c.PVE = pve.Presets[strings.TrimPrefix(first, "cluster ")]()
		c.Served = "pve1"
		c.Ceph.Hosts = c.Ceph.Hosts[:min(len(c.Ceph.Hosts), len(c.PVE.Nodes))]
	}
	c.Clock = world.Still(time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC))
	r, err := Open(c)
	if err != nil {
		tb.Fatalf("opening the room: %v", err)
	}
	tb.Cleanup(r.Close)
	s.Room, s.dir = r, dir
	names, err := r.Files(dir)
	if err != nil {
		tb.Fatalf("writing the files: %v", err)
	}
	names["CEPH"] = filepath.Join(dir, "ceph")
	if err := executable.Write(names["CEPH"], "#!/bin/sh\nexec "+command+" \"$@\"\n"); err != nil {
		tb.Fatalf("writing the ceph command: %v", err)
	}
	site := fmt.Sprintf("[pve]\nhost = %s\nca-file = %s\nauth-file = %s\nstate-dir = %s/state\n", names["NODES"], names["CA"], names["AUTH"], dir)
	site += fmt.Sprintf("[command]\nhost = %s\nca-file = %s\nauth-file = %s\nstate-dir = %s/state\nceph = command\nceph-command = %s\nconf = %s\nid = nagios\nkeyring = %s\n",
		names["NODES"], names["CA"], names["AUTH"], dir, names["CEPH"], names["CONF"], names["KEYRING"])
	if err := os.WriteFile(filepath.Join(dir, "site.ini"), []byte(site), 0o600); err != nil {
		tb.Fatalf("writing the settings: %v", err)
	}
	return names
}

// Play plays the scene of the next command, once.
func (s *Stage) Play(tb TB) {
	tb.Helper()
	if s.Room == nil {
		return
	}
	for line := range strings.Lines(s.read(tb, s.dir)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "cluster ") {
			continue
		}
		if err := s.Room.Do(line); err != nil {
			tb.Fatalf("%s: %v", line, err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "world"), nil, 0o600); err != nil {
		tb.Fatalf("%v", err)
	}
}

func (s *Stage) read(tb TB, dir string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "world"))
	if err != nil && !os.IsNotExist(err) {
		tb.Fatalf("%v", err)
	}
	return string(text)
}
