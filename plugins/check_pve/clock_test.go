package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

var jumps = []time.Duration{
	50 * time.Second, 20 * time.Minute, 3 * time.Hour, 26 * time.Hour, 365 * 24 * time.Hour, 3650 * 24 * time.Hour,
}

// start is a start of the host that asks, by the right time.
type start struct {
	boot  int
	begun time.Time
}

func (s start) up(now func() time.Time) (time.Duration, string, error) {
	return now().Sub(s.begun), fmt.Sprint(s.boot), nil
}

// TestJumpsNeverMakeMilder asks one cluster by two clocks, one of which jumps,
// either way, for one poll or for good: by it the answer is never milder. The
// uptime of our host tells, or the nodes' clock, which counts to the minute. The
// first look may have the wrong time already, and our host may be started at any.
func TestJumpsNeverMakeMilder(t *testing.T) {
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth")
	if err := os.WriteFile(auth, []byte("[*]\ntoken = "+sim.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		few(t, "20")
	}
	rapid.Check(t, func(r *rapid.T) {
		config := sim.Presets["lab"]()
		config.Hangup = true
		s, err := sim.Run(config)
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		host, ahead := start{begun: s.Now().Add(-time.Hour)}, time.Duration(0)
		up := func() (time.Duration, string, error) { return host.up(s.Now) }
		if rapid.Bool().Draw(r, "no uptime") {
			up = nil
		}
		ask := func(clock state.Wall, memory, warn, crit string) (check.Status, string) {
			var out bytes.Buffer
			return check.Status(pluginAt(clock).Run([]string{"--auth-file", auth, "--state-dir", memory, "-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "-t", "12",
				"--maintenance-warning", warn, "--maintenance-critical", crit, "--lock-warning", warn}, &out)), out.String()
		}
		folders := [2]string{}
		for i := range folders {
			if folders[i], err = os.MkdirTemp(dir, "state"); err != nil {
				r.Fatal(err)
			}
		}
		things := []string{"maintenance?node=pve2", "maintenance?on=0&node=pve2", "lock?is=snapshot&id=103", "lock?is=backup&id=105", "stop?id=105", "start?id=105"}
		for range rapid.IntRange(2, 8).Draw(r, "polls") {
			_ = s.Do(rapid.SampledFrom(things).Draw(r, "happens")) // what cannot happen does not
			s.Advance(rapid.SampledFrom([]time.Duration{time.Minute, 10 * time.Minute, 40 * time.Minute}).Draw(r, "passes"))
			if rapid.IntRange(0, 3).Draw(r, "our host starts") == 0 {
				host = start{host.boot + 1, s.Now().Add(-20 * time.Second)}
			}
			switch rapid.IntRange(0, 3).Draw(r, "clock") {
			case 2:
				ahead = 0
			case 0:
				ahead = rapid.SampledFrom(jumps).Draw(r, "ahead")
			case 1:
				ahead = -rapid.SampledFrom(jumps).Draw(r, "behind")
			}
			steady, right := ask(state.Wall{Now: s.Now, Up: up}, folders[0], "32m", "82m")
			jumped, wrong := ask(state.Wall{Now: func() time.Time { return s.Now().Add(ahead) }, Up: up}, folders[1], "30m", "80m")
			if order := []check.Status{check.OK, check.UNKNOWN, check.WARNING, check.CRITICAL}; slices.Index(order, jumped) < slices.Index(order, steady) {
				r.Fatalf("ahead by %s\n%s%s", ahead, wrong, right)
			}
		}
	})
}

// TestClockIsSaid: a node in maintenance, and our clock is set back.
func TestClockIsSaid(t *testing.T) {
	config := sim.Presets["lab"]()
	s := sim.Start(t, config)
	auth, memory := filepath.Join(t.TempDir(), "auth"), t.TempDir()
	if err := os.WriteFile(auth, []byte("[*]\ntoken = "+sim.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(memory, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Must("maintenance?node=pve2")
	for i, ahead := range []time.Duration{0, 0, -48 * time.Hour, -48 * time.Hour} {
		var out bytes.Buffer
		pluginAt(state.Wall{Now: func() time.Time { return s.Now().Add(ahead) }}).Run([]string{"--auth-file", auth, "--state-dir", memory, "-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "-v"}, &out)
		if said := strings.Contains(out.String(), "clock set back by 2d since the last run"); said != (i == 2) || i == 3 && !strings.Contains(out.String(), "pve2 in maintenance for 2h") {
			t.Errorf("look %d: %s", i, out.String())
		}
		s.Advance(time.Hour)
	}
}

// few lets the rest of a test try so many cases.
func few(t *testing.T, n string) {
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
