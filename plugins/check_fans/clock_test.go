package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// pluginAt has one clock and no other.
func pluginAt(now func() time.Time) check.Plugin {
	return pluginOf(&options{now: now, up: func() (time.Duration, string, error) {
		return 0, "", errors.New("not told by the test")
	}})
}

// TestPollUnderAWrongClock: a fan dropped out, then one poll has the wrong time,
// which the uptime of this host or the controller's clock tells. It says so, and
// the drop-out counts in that poll and in those after it.
func TestPollUnderAWrongClock(t *testing.T) {
	for _, witness := range []string{"uptime", "controller"} {
		for _, ahead := range []time.Duration{40 * 24 * time.Hour, -40 * 24 * time.Hour} {
			clock := world.Still(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))
			begun := clock.Now().Add(-time.Hour)
			at := newSite(t, bmc.Server{Vendor: "supermicro", Clock: clock})
			poll := func(ahead time.Duration) string {
				up := func() (time.Duration, string, error) { return clock.Now().Sub(begun), "2f1c", nil }
				if witness == "controller" {
					up = func() (time.Duration, string, error) { return 0, "", errors.New("no /proc") }
				}
				var out bytes.Buffer
				pluginOf(&options{now: func() time.Time { return clock.Now().Add(ahead) }, up: up}).Run(slices.Clone(at.args), &out)
				clock.Advance(5 * time.Minute)
				return out.String()
			}
			poll(0)
			if err := at.sim.Do("drop?fan=3&for=11s"); err != nil {
				t.Fatal(err)
			}
			clock.Advance(time.Minute)
			for i, ahead := range []time.Duration{0, ahead, 0, 0} {
				out := poll(ahead)
				if !strings.HasPrefix(out, "WARNING: ") || !strings.Contains(out, "FAN3 dropped out once") {
					t.Errorf("%s, poll %d under a clock set by %s: %s", witness, i, ahead, out)
				}
				if said := strings.Contains(out, "clock set"); said != (i == 1 || i == 2) {
					t.Errorf("%s, poll %d: the jump is said %v: %s", witness, i, said, out)
				}
			}
		}
	}
}
