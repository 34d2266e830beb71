// Package gates is what the tests of the gates share: recorded runs in a machine
// room, and the recordings of real clusters.
package gates

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/pkg/gate"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	nodes "github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/executable"
	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/story/room"
)

// standIn makes a test binary the ceph command of the simulator.
const standIn = "NOOUT_TEST_CEPH"

// Main runs the tests of a package, whose binary is the ceph command too.
func Main(m *testing.M) {
	if os.Getenv(standIn) != "" {
		os.Exit(ceph.Command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// stranger is the ceph command of a cluster with the same hosts and another id.
const stranger = `#!/bin/sh
"${0%/*}/ceph" "$@" | sed 's/6f6e6f75-7400-4000-8000-000000000001/6f6e6f75-7400-4000-8000-000000000002/g'
`

// Golden plays the file world of each step before its command runs. What no
// check may ever do is looked for at the end.
func Golden(t *testing.T, plugin func(now func() time.Time) check.Plugin) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stage room.Stage
	var now *testing.T
	checktest.Golden(t, func() check.Plugin {
		stage.Play(now)
		return plugin(func() time.Time { return stage.Room.Now() })
	}, "testdata/*.txtar", func(t *testing.T, dir string) map[string]string {
		stage, now = room.Stage{}, t
		names := stage.Open(t, dir, "env "+standIn+"=1 "+self)
		asked := stage.Room.PVE // the next test has another
		t.Cleanup(func() {
			if v := pve.Violations(asked.Requests()); len(v) > 0 {
				t.Errorf("%q", v)
			}
		})
		names["STRANGER"] = filepath.Join(dir, "stranger")
		if err := executable.Write(names["STRANGER"], stranger); err != nil {
			t.Fatal(err)
		}
		return names
	})
}

// corpus are recordings of real clusters, each with what is right about it.
const corpus = "../../../shared/corpus/proxmox"

// Recordings asks about real clusters, of which none has a Ceph that may be
// looked at. Right is the key of what is right, and answers are the decisions
// that agree with it.
func Recordings(t *testing.T, right string, answers map[string][]string, ask func(gate.Survey) (maintenance.Checklist, error)) {
	files, err := filepath.Glob(filepath.Join(corpus, "*", "expect.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no recordings at " + corpus)
	}
	for _, file := range files {
		var want map[string]any
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		node, _ := want["node"].(string)
		is, _ := want[right].(string)
		if answers[is] == nil {
			continue // not about this question
		}
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Setenv("NOOUT_TOKEN", pve.Token)
			r := pve.Replay(t, dir)
			s := gate.Survey{Now: time.Now, Options: gate.Options{Nodes: gate.Nodes{Node: []nodes.NodeName{nodes.NodeName(node)}}, Storage: gate.Storage{Ceph: "none"}}}
			s.Options.PVE.Hosts, s.Options.PVE.Transport.Fingerprint = []string{r.Address}, r.Fingerprint()
			s.Options.State.Mode = "off"
			list, err := ask(s)
			got := list.Decision() // that of nothing is not proven
			if !slices.Contains(answers[is], got) {
				t.Errorf("%s, right is %s: %q %v", got, is, list, err)
			}
		})
	}
}
