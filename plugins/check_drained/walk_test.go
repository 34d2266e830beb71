package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// Whatever happens to a cluster, in any order: no yes while a guest runs on the
// node, went off with it, or is on its way to it, and no guest that runs there
// is left unnamed.
func TestWalk(t *testing.T) {
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth")
	if err := os.WriteFile(auth, []byte("[*]\ntoken = "+sim.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		config := sim.Presets[rapid.SampledFrom([]string{"lab", "lab", "five", "plain"}).Draw(r, "cluster")]()
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
		node := rapid.SampledFrom([]string{"pve2", "pve3"}).Draw(r, "node")
		ask := []string{"--auth-file", auth, "--state-dir", memory}
		if rapid.Bool().Draw(r, "a drain first") {
			drain(r, s, node, ask)
		}
		things := s.Walk()
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			_ = s.Do(rapid.SampledFrom(things).Draw(r, "happens")) // what cannot happen does not
			if rapid.Bool().Draw(r, "asked") {
				asked(r, s, node, ask)
			}
		}
	})
}

// drain moves every guest off the node, which must be a yes: a plugin that never
// says one would pass every walk.
func drain(r *rapid.T, s *sim.Sim, node string, args []string) {
	s.Must("maintenance?node="+node, "advance?by=2m")
	for _, id := range s.Truth().On[node] {
		s.Must(fmt.Sprintf("migrate?id=%d&to=pve1", id))
	}
	s.Must("advance?by=1m")
	if !asked(r, s, node, args) {
		r.Errorf("%s is drained, and no yes: %+v", node, s.Truth())
	}
}

// asked is true when the answer was a yes.
func asked(r *rapid.T, s *sim.Sim, node string, args []string) bool {
	var out bytes.Buffer
	p := pluginAt(func() time.Time { return s.Now() })
	code := check.Status(p.Run(append(args, "-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "--node", node, "-t", "12", "--output", "json"), &out))
	truth := s.Truth()
	if v := sim.Violations(s.Requests()); len(v) > 0 {
		r.Errorf("%q", v)
	}
	var got struct {
		Facts struct {
			Decision string
			Left     []struct {
				ID int `json:"vmid"`
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		r.Fatalf("%v: %s", err, out.Bytes())
	}
	if code != check.OK && code != check.WARNING {
		if got.Facts.Decision == "no" {
			for _, id := range truth.On[node] {
				if !slices.ContainsFunc(got.Facts.Left, func(l struct {
					ID int `json:"vmid"`
				}) bool {
					return l.ID == id
				}) {
					r.Errorf("guest %d is on %s and not named: %s", id, node, out.Bytes())
				}
			}
		}
		return false
	}
	if len(truth.On[node])+len(truth.Coming[node]) > 0 {
		r.Errorf("a yes for %s, and there is %+v: %s", node, truth, out.Bytes())
	}
	return true
}

// A steady run costs seven requests, and a node that is off costs none.
func TestBudget(t *testing.T) {
	t.Setenv("NOOUT_TOKEN", sim.Token)
	memory := filepath.Join(t.TempDir(), "state")
	s := sim.Start(t, sim.Lab())
	for _, tc := range []struct {
		does string
		most int
	}{
		{"advance?by=1m", 8}, // one guest's configuration is read, and kept
		{"advance?by=1m", 7},
		{"maintenance?node=pve3", 7},
		{"advance?by=2m", 7},
		{"poweroff?node=pve3", 5},
		{"advance?by=10m", 5},
	} {
		s.Must(tc.does)
		s.Requests()
		var out bytes.Buffer
		p := pluginAt(func() time.Time { return s.Now() })
		p.Run([]string{"-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "--node", "pve3", "--state-dir", memory}, &out)
		requests := s.Requests()
		if v := sim.Violations(requests); len(v) > 0 || len(requests) > tc.most {
			t.Errorf("%s: %d requests, at most %d, violations %q: %v\n%s", tc.does, len(requests), tc.most, v, requests, out.Bytes())
		}
	}
}
