package main

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// TestGolden runs what testdata records. A recording says in its file "bmc"
// which controller there is; a file "do" before a command makes something
// happen to it first.
func TestGolden(t *testing.T) {
	var stage bmc.Stage
	var now *testing.T
	checktest.Golden(t, func() check.Plugin {
		stage.Play(now)
		return pluginAt(stage.Now)
	}, "testdata/*.txtar", func(t *testing.T, dir string) map[string]string {
		stage, now = bmc.Stage{}, t
		return stage.Open(t, dir)
	})
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
