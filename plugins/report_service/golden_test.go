package main

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
)

// today is when recorded runs take place.
var today = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func atToday() check.Plugin { return pluginAt(func() time.Time { return today }) }

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

func TestGolden(t *testing.T) { checktest.Golden(t, atToday, "testdata/*.txtar") }
