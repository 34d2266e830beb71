package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// Whatever happens to a cluster, in any order: a lost quorum, a node that went
// without maintenance, a guest that went off with a node and a failed service
// are CRITICAL, every time somebody asks.
func TestWalk(t *testing.T) {
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth")
	if err := os.WriteFile(auth, []byte("[*]\ntoken = "+sim.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	count := map[check.Status]int{}
	rapid.Check(t, func(r *rapid.T) {
		config := sim.Presets[rapid.SampledFrom([]string{"lab", "five", "plain", "two", "qdevice", "lms", "four"}).Draw(r, "cluster")]()
		config.Hangup = true
		s, err := sim.Run(config)
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		memory, err := os.MkdirTemp(dir, "state")
		if err != nil {
			r.Fatal(err)
		}
		things := s.Walk()
		flags := []string{"--auth-file", auth, "--state-dir", memory}
		asked(r, s, flags) // a device has been seen once
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			_ = s.Do(rapid.SampledFrom(things).Draw(r, "happens")) // what cannot happen does not
			if rapid.Bool().Draw(r, "asked") {
				count[asked(r, s, flags)]++
			}
		}
	})
	t.Logf("%v", count)
	for _, s := range []check.Status{check.OK, check.CRITICAL} {
		if count[s] == 0 {
			t.Errorf("not a single %s: the walks prove nothing", s)
		}
	}
}

func asked(r *rapid.T, s *sim.Sim, args []string) check.Status {
	var out bytes.Buffer
	p := pluginAt(state.Wall{Now: s.Now})
	code := check.Status(p.Run(append(args, "-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "-t", "12"), &out))
	if v := sim.Violations(s.Requests()); len(v) > 0 {
		r.Errorf("%q", v)
	}
	if code == check.CRITICAL || strings.Contains(out.String(), "no node gives a usable answer") {
		return code
	}
	truth := s.Truth()
	if !truth.Quorate || len(truth.Failed) > 0 {
		r.Errorf("%s, and there is %+v: %s", code, truth, out.Bytes())
	}
	if len(truth.Without) > 0 {
		r.Errorf("%s, and %v have no quorum: %s", code, truth.Without, out.Bytes())
	}
	for _, n := range truth.Away {
		if !slices.Contains(truth.Maintained, n) {
			r.Errorf("%s, and %s is away: %s", code, n, out.Bytes())
		}
		// What never wrote while it was alive cannot be known: that is UNKNOWN.
		if len(truth.On[n]) > 0 && code != check.UNKNOWN {
			r.Errorf("%s, and %v went off with %s: %s", code, truth.On[n], n, out.Bytes())
		}
	}
	return code
}
