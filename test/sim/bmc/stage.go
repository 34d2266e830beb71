package bmc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// Stage sets a scene for one recorded command after the other: a file named bmc
// in the directory says whose controller there is, and a file named do, before a
// command, what happens first, a line for each [Sim.Do].
type Stage struct {
	Sim   *Sim
	clock *world.Clock
	dir   string
}

// Open starts the controller at a time that stands still, and returns what
// commands name: its address ($BMC), the fingerprint of its certificate
// ($FINGERPRINT) and a file with its account ($AUTH).
func (s *Stage) Open(tb TB, dir string) map[string]string {
	tb.Helper()
	vendor, err := os.ReadFile(filepath.Join(dir, "bmc"))
	if err != nil {
		tb.Fatalf("whose controller it is: %v", err)
	}
	s.dir, s.clock = dir, world.Still(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))
	s.Sim = Start(tb, Server{Vendor: Vendor(strings.TrimSpace(string(vendor))), Clock: s.clock})
	auth := filepath.Join(dir, "auth.ini")
	if err := os.WriteFile(auth, fmt.Appendf(nil, "[*]\nusername = %s\npassword = %s\n", Username, Password), 0o600); err != nil {
		tb.Fatalf("writing the account: %v", err)
	}
	return map[string]string{"BMC": s.Sim.Host, "FINGERPRINT": s.Sim.Fingerprint(), "AUTH": auth}
}

// Play lets happen what the file do says, once.
func (s *Stage) Play(tb TB) {
	tb.Helper()
	file := filepath.Join(s.dir, "do")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		tb.Fatalf("reading the scene: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if err := s.Sim.Do(strings.TrimSpace(line)); err != nil {
			tb.Fatalf("%v", err)
		}
	}
	if err := os.Remove(file); err != nil {
		tb.Fatalf("ending the scene: %v", err)
	}
}

// Now is the true time.
func (s *Stage) Now() time.Time { return s.clock.Now() }
