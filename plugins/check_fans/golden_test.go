package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestGolden runs what testdata records. A recording says in its file "bmc"
// which controller there is; a file "do" before a command makes something
// happen to it first.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	clock := world.Still(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))
	var sim *bmc.Sim
	var dir string
	prepare := func(t *testing.T, work string) map[string]string {
		dir = work
		vendor, err := os.ReadFile(filepath.Join(work, "bmc"))
		if err != nil {
			t.Fatal(err)
		}
		sim = bmc.Start(t, bmc.Server{Vendor: bmc.Vendor(strings.TrimSpace(string(vendor))), Clock: clock})
		auth := "[*]\nusername = " + bmc.Username + "\npassword = " + bmc.Password + "\n"
		if err := os.WriteFile(filepath.Join(work, "auth.ini"), []byte(auth), 0o600); err != nil {
			t.Fatal(err)
		}
		return map[string]string{"BMC": sim.Host, "FINGERPRINT": sim.Fingerprint()}
	}
	newPlugin := func() check.Plugin {
		happen(t, sim, filepath.Join(dir, "do"))
		return pluginAt(clock.Now)
	}
	checktest.Golden(t, newPlugin, file, prepare)
}

// happen does what a file says, a line at a time, once.
func happen(t *testing.T, sim *bmc.Sim, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if err := sim.Do(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

// TestThresholdsOfNothing: a range that no drop-out at all would break can only
// be a mistake.
func TestThresholdsOfNothing(t *testing.T) {
	for _, option := range []string{"--warning", "--critical"} {
		for _, text := range []string{"1:", "@0:3", "~:-1"} {
			var out strings.Builder
			code := plugin().Run([]string{"-H", "192.0.2.1", option + "=" + text}, &out)
			if want := "UNKNOWN: option " + option + ": expected a range with 0 in it"; code != 3 || !strings.HasPrefix(out.String(), want) {
				t.Errorf("%s=%s: exit code %d, %s", option, text, code, &out)
			}
		}
	}
}
