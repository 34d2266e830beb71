package main

import (
	"os"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/test/gates"
)

// asPlugin makes the test binary the plugin, at the time that it names.
const asPlugin = "CONTINGENCY_TEST_NOW"

func TestMain(m *testing.M) {
	if now, err := time.Parse(time.RFC3339, os.Getenv(asPlugin)); err == nil {
		check.Main(pluginAt(func() time.Time { return now }))
	}
	gates.Main(m)
}

// TestCommandLine: as strict, as helpful and as well described as all others.
func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

func TestGolden(t *testing.T) { gates.Golden(t, pluginAt) }
