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
	var clock *world.Clock
	var sim *bmc.Sim
	var now *testing.T
	var dir string
	prepare := func(t *testing.T, work string) map[string]string {
		clock, now, dir = world.Still(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)), t, work
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
		checktest.Happen(now, filepath.Join(dir, "do"), sim.Do)
		return pluginAt(clock.Now)
	}
	checktest.Golden(t, newPlugin, "testdata/*.txtar", prepare)
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
