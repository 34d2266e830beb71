package main

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

// TestGolden plays the file world of each step before its command runs.
func TestGolden(t *testing.T) {
	var stage sim.Stage
	var now *testing.T
	checktest.Golden(t, func() check.Plugin {
		stage.Play(now)
		return pluginAt(state.Wall{Now: stage.Sim.Now})
	}, "testdata/*.txtar", func(t *testing.T, dir string) map[string]string {
		stage, now = sim.Stage{}, t
		return stage.Open(t, dir)
	})
}
