package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// TestNothingCanBeWritten: with a full disk the fans are judged, it is said
// that nothing is remembered, and no run leaves its session behind until the
// controller has none left.
func TestNothingCanBeWritten(t *testing.T) {
	s := newSite(t, bmc.Server{Vendor: bmc.HPE, Auth: bmc.SessionsOnly, Sessions: 4})
	for i := range 6 {
		// No file may grow: what write says is what it says when the disk is full.
		args := append([]string{"-c", `ulimit -f 0 && exec "$0" "$@"`, built}, s.args...)
		cmd := exec.CommandContext(t.Context(), "/bin/sh", args...)
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &stderr
		_ = cmd.Run() // its exit code is asserted below
		if code := cmd.ProcessState.ExitCode(); code != 0 || stderr.Len() > 0 || !strings.Contains(out.String(), "no memory: ") {
			t.Fatalf("run %d: exit code %d, want 0 and a note\n%s%s", i, code, &out, &stderr)
		}
		if n := s.sim.Stats().Sessions; n > 0 {
			t.Fatalf("run %d left %d sessions", i, n)
		}
	}
}
