package main

import (
	"os"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/story/room"
)

// standIn makes this test binary the ceph command of the simulator.
const standIn = "NOOUT_TEST_CEPH"

func TestMain(m *testing.M) {
	if os.Getenv(standIn) != "" {
		os.Exit(ceph.Command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

// TestGolden plays the file world of each step before its command runs. What no
// check may ever do is looked for after each.
func TestGolden(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stage room.Stage
	var now *testing.T
	checktest.Golden(t, func() check.Plugin {
		stage.Play(now)
		if v := pve.Violations(stage.Room.PVE.Requests()); len(v) > 0 {
			now.Errorf("%q", v)
		}
		return pluginAt(func() time.Time { return stage.Room.Now() })
	}, "testdata/*.txtar", func(t *testing.T, dir string) map[string]string {
		stage, now = room.Stage{}, t
		t.Cleanup(func() {
			if v := pve.Violations(stage.Room.PVE.Requests()); len(v) > 0 {
				t.Errorf("%q", v)
			}
		})
		return stage.Open(t, dir, "env "+standIn+"=1 "+self)
	})
}
