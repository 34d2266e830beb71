package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

var jumps = []time.Duration{
	20 * time.Second, 50 * time.Second, 20 * time.Minute, 26 * time.Hour, 365 * 24 * time.Hour, 3650 * 24 * time.Hour,
}

// TestJumpsNeverMakeMilder asks the guests of one cluster by two clocks, one of
// which jumps, either way, for one poll or for good: by it the answer is never
// milder. Two seconds are no jump, nor is a minute when our host was started: a
// migration that excuses silence for a minute, or for as much longer, is right. The
// first look may have the wrong time already, and our host may be started at any.
func TestJumpsNeverMakeMilder(t *testing.T) {
	dir := authFile(t)
	if testing.Short() {
		fewer(t, "20")
	}
	rapid.Check(t, func(r *rapid.T) {
		c := newTown(r, sim.Presets["plain"](), dir)
		defer c.sim.Close()
		now := c.sim.Now
		begun, boot, ahead := now().Add(-time.Hour), 0, time.Duration(0)
		up := func() (time.Duration, string, error) { return now().Sub(begun), fmt.Sprint(boot), nil }
		folder, err := os.MkdirTemp(dir, "state")
		if err != nil {
			r.Fatal(err)
		}
		ask := func(clock state.Wall, name string, grace time.Duration) (severity int, text string) {
			c.truth = c.sim.Truth()
			args := append(slices.Clone(c.args), "--migration-grace", grace.String())
			args[slices.Index(args, "--state-dir")+1] = filepath.Join(folder, name)
			var out bytes.Buffer
			status := check.Status(pluginWith(clock, prober{run: c.run, resolve: ping.Resolve}).Run(args, &out))
			return slices.Index([]check.Status{check.OK, check.UNKNOWN, check.WARNING, check.CRITICAL}, status), out.String()
		}
		happens := []string{"migrate?id=%d&to=pve1&for=2s", "migrate?id=%d&to=pve2&for=40s", "kill?id=%d", "stop?id=%d", "start?id=%d", "lock?is=backup&id=%d", "status?is=paused&id=%d"}
		for range rapid.IntRange(2, 8).Draw(r, "polls") {
			// What cannot happen does not.
			_ = c.sim.Do(fmt.Sprintf(rapid.SampledFrom(happens).Draw(r, "happens"), rapid.SampledFrom([]int{102, 103, 105}).Draw(r, "guest")))
			c.sim.Advance(time.Duration(rapid.SampledFrom([]int{5, 15, 40, 61, 90, 300, 5000}).Draw(r, "seconds")) * time.Second)
			if rapid.IntRange(0, 3).Draw(r, "our host starts") == 0 {
				boot, begun = boot+1, now().Add(-3*time.Second)
			}
			switch rapid.IntRange(0, 3).Draw(r, "clock") {
			case 2:
				ahead = 0
			case 0:
				ahead = rapid.SampledFrom(jumps).Draw(r, "ahead")
			case 1:
				ahead = -rapid.SampledFrom(jumps).Draw(r, "behind")
			}
			// A guest that is stopped in between was silent for the one and stopped for
			// the other, and both remember it.
			wall := state.Wall{Now: now, Up: up}
			steady, right := ask(wall, "steady", time.Minute)
			later, late := ask(wall, "later", 62*time.Second+time.Duration(boot)*state.ClockSkew)
			wall.Now = func() time.Time { return now().Add(ahead) }
			if jumped, wrong := ask(wall, "jumped", time.Minute); jumped < min(steady, later) {
				r.Fatalf("ahead by %s\n%s%s%s", ahead, wrong, right, late)
			}
		}
	})
}

// fewer lets the rest of a test try so many cases.
func fewer(t *testing.T, n string) {
	t.Helper()
	old := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set("rapid.checks", old); err != nil {
			t.Error(err)
		}
	})
}
