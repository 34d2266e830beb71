package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// TestDamagedMemory: a fan that was pulled is not forgotten into an OK because
// the memory was damaged in between. Every run says so until --relearn.
func TestDamagedMemory(t *testing.T) {
	s := newSite(t, bmc.Server{Vendor: bmc.OpenBMC})
	if o := s.run(t, "--log", "off"); o.code != 0 {
		t.Fatalf("exit code %d at first:\n%s", o.code, o.out)
	}
	files, err := filepath.Glob(filepath.Join(s.home, "state", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d state files, %v", len(files), err)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.sim.Do("drop?fan=2&for=5h&shape=gone"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		o := s.run(t, "--log", "off")
		if o.code != 1 || !strings.HasPrefix(o.out, "WARNING: memory was damaged at ") || !strings.Contains(o.out, "--relearn") {
			t.Errorf("run %d: exit code %d, want 1 and what was lost\n%s", i, o.code, o.out)
		}
	}
	if o := s.run(t, "--log", "off", "--relearn"); o.code != 0 {
		t.Errorf("--relearn: exit code %d\n%s", o.code, o.out)
	}
	if o := s.run(t, "--log", "off"); o.code != 0 {
		t.Errorf("after it: exit code %d\n%s", o.code, o.out)
	}
}
