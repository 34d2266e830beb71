package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// decisions that agree with what is right about a recording.
var decisions = map[string][]string{"DRAINED": {"yes", "yes-but"}, "DRAINING": {"no"}, "NOT_DRAINED": {"no"}, "UNKNOWN": {"not-proven"}}

// The recordings of real clusters, with what is right about each of them.
const corpus = "../../../shared/corpus/proxmox"

func TestRecordings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*", "expect.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no recordings at " + corpus)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		var want struct{ Node, Drained string }
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if want.Drained == "" {
			continue // not about this question
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Setenv("NOOUT_TOKEN", sim.Token)
			r := sim.Replay(t, dir)
			args := []string{"-H", r.Address, "--fingerprint", r.Fingerprint(), "--node", want.Node, "--state", "off"}
			var out bytes.Buffer
			code := check.Status(plugin().Run(append(args, "--output", "json"), &out))
			var got struct {
				Facts struct{ Decision string }
			}
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, out.Bytes())
			}
			if !slices.Contains(decisions[want.Drained], got.Facts.Decision) {
				t.Errorf("%s, right is %s: %s", got.Facts.Decision, want.Drained, out.Bytes())
			}
			if is := map[check.Status]string{check.OK: "yes", check.WARNING: "yes-but", check.CRITICAL: "no", check.UNKNOWN: "not-proven"}[code]; is != got.Facts.Decision {
				t.Errorf("%s, and the decision is %s", code, got.Facts.Decision)
			}
			for _, asked := range r.Asked() {
				if asked[:4] != "GET " {
					t.Errorf("a write: %s", asked)
				}
			}
			if n := len(r.Asked()); n > 7 && code == check.OK {
				t.Errorf("%d requests, at most 7", n)
			}
			out.Reset()
			plugin().Run(append(args, "-v"), &out)
			t.Logf("%s", out.Bytes())
		})
	}
}
