package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	sim "github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/executable"
)

// standIn makes this test binary the ceph command of the simulator.
const standIn = "NOOUT_TEST_CEPH"

func TestMain(m *testing.M) {
	if os.Getenv(standIn) != "" {
		os.Exit(sim.Command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// command writes a ceph command into dir.
func command(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ceph")
	if err := executable.Write(path, fmt.Sprintf("#!/bin/sh\nexec env %s=1 %s \"$@\"\n", standIn, self)); err != nil {
		t.Fatal(err)
	}
	return path
}

// twoSites is a Ceph in stretch mode, with a host to spare on each site and a
// monitor on a third.
func twoSites(clock sim.Clock) sim.Config {
	c := sim.Config{Clock: clock, Sites: map[string]string{"node1": "dc1", "node2": "dc1", "node3": "dc2", "node4": "dc2", "tie": "dc3"}}
	for _, name := range []string{"node1", "node2", "node3", "node4"} {
		c.Hosts = append(c.Hosts, sim.Host{Name: name, OSDs: 1})
	}
	for _, name := range []string{"node1", "node2", "node3", "node4", "tie"} {
		c.Mons = append(c.Mons, sim.Daemon{Name: name, Host: name})
	}
	return c
}

// TestGolden runs what testdata records against the simulator. A file "do"
// before a command makes something happen first, a file "sites" in the first
// step is for stretch mode.
func TestGolden(t *testing.T) {
	var clock *world.Clock
	var s *sim.Sim
	var now *testing.T
	var dir string
	prepare := func(t *testing.T, work string) map[string]string {
		clock, now, dir = world.Still(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)), t, work
		config := sim.Config{Clock: clock}
		if _, err := os.Stat(filepath.Join(work, "sites")); err == nil {
			config = twoSites(clock)
		}
		s = sim.Start(t, config)
		if err := s.Files(work); err != nil {
			t.Fatal(err)
		}
		ceph := command(t, work)
		memory := "state-dir = " + work + "/state\n"
		secure := "fingerprint = " + s.Fingerprint() + "\n"
		files := map[string]string{
			"auth.ini":  "[*]\nusername = " + sim.Username + "\npassword = " + sim.Password + "\n",
			"wrong.ini": "[*]\nusername = " + sim.Username + "\npassword = wrong-pass-2\n",
			"pve.ini":   "[*]\ntoken = " + sim.Token + "\n",
			"site.ini": "[command]\nceph-command = " + ceph + "\nconf = " + work + "/ceph.conf\nid = nagios\nkeyring = " + work + "/ceph.client.nagios.keyring\n" + memory +
				"[dashboard]\nvia = dashboard\nauth-file = " + work + "/auth.ini\n" + secure + memory +
				"[pve]\nvia = pve\nhost = " + s.API + "\nauth-file = " + work + "/pve.ini\n" + secure + memory,
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return map[string]string{"CEPH": ceph, "MGR1": s.Dashboards[0], "MGR2": s.Dashboards[1], "API": s.API, "FINGERPRINT": s.Fingerprint(), "PIN": colons(s.Fingerprint())}
	}
	newPlugin := func() check.Plugin {
		checktest.Happen(now, filepath.Join(dir, "do"), s.Do)
		return pluginAt(state.Wall{Now: clock.Now})
	}
	checktest.Golden(t, newPlugin, "testdata/*.txtar", prepare)
}

// colons is a fingerprint as it is printed.
func colons(hex string) string {
	var parts []string
	for i := 0; i < len(hex); i += 2 {
		parts = append(parts, strings.ToUpper(hex[i:i+2]))
	}
	return strings.Join(parts, ":")
}

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }
