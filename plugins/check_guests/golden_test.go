package main

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

// TestGolden plays the file world of each step before its command runs, with
// the network that the file net says.
func TestGolden(t *testing.T) {
	var stage sim.Stage
	var now *testing.T
	var folder string
	checktest.Golden(t, func() check.Plugin {
		stage.Play(now)
		return pluginWith(state.Wall{Now: stage.Sim.Now}, readNet(now, folder).prober())
	}, "testdata/*.txtar", func(t *testing.T, dir string) map[string]string {
		stage, now, folder = sim.Stage{}, t, dir
		return stage.Open(t, dir)
	})
}
