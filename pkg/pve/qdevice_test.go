package pve_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// daemons asks as the gates do, with what is remembered.
func daemons(t *testing.T, s *sim.Sim, m pve.Memory) pve.Cluster {
	t.Helper()
	c := client(t, s)
	found, err := c.Cluster(within(t, 10*time.Second), pve.Ask{Votes: true})
	if err != nil {
		t.Fatal(err)
	}
	return c.Daemons(within(t, 10*time.Second), found, m)
}

func mute(v pve.Votes) string {
	var out []string
	for _, n := range v.Mute() {
		out = append(out, n.Node+" "+n.Daemon.String())
	}
	return strings.Join(out, ", ")
}

// Each node is asked for its own daemon, and only where there is a device.
func TestDaemons(t *testing.T) {
	s := sim.Start(t, sim.Presets["lms"]())
	v := daemons(t, s, pve.Memory{}).Votes
	if !v.Known || v.Expected() != 5 || v.Present() != 5 || len(v.Unasked()) > 0 || !v.Survives("pve3") {
		t.Errorf("all well: %+v", v)
	}
	s.Must("qdevice?gone=1&node=pve2")
	v = daemons(t, s, pve.Memory{}).Votes
	if mute(v) != "pve2 not running" || v.Survives("pve3") || !v.Survives("pve2") || v.Count("pve1", "pve3") != 4 || v.Count("pve2", "pve3") != 2 {
		t.Errorf("a dead daemon: %s, %+v", mute(v), v)
	}
	s.Must("qdevice?on=0&node=pve1", "qdevice?node=pve2")
	if v = daemons(t, s, pve.Memory{}).Votes; mute(v) != "pve1 Connect failed" || v.Margin() != 0 {
		t.Errorf("qnetd does not answer one: %s, margin %d", mute(v), v.Margin())
	}
	s.Must("qdevice?gone=1")
	known := pve.Memory{}.After(pve.Look{Cluster: pve.Cluster{Quorate: true, Votes: v}, Now: s.Now().Add(-1000 * time.Hour)})
	if v = daemons(t, s, known).Votes; v.Expected() != 5 || v.Device.Seen.IsZero() || len(v.Mute()) != 3 {
		t.Errorf("no daemon runs, and there was a device long ago: %+v", v)
	}
	none := sim.Start(t, sim.Lab())
	before := len(none.Requests())
	if v := daemons(t, none, pve.Memory{}).Votes; v.Device.Present || len(v.Mute())+len(v.Unasked()) > 0 {
		t.Errorf("there is none: %+v", v)
	}
	if n := len(none.Requests()) - before; n != 7 {
		t.Errorf("%d requests without a device, want 7", n)
	}
}

// A node that is silent, or tells nonsense, counts without.
func TestDaemonsUntold(t *testing.T) {
	for _, fault := range []string{"hang", "html", "500", "drip", "huge"} {
		s := sim.Start(t, sim.Presets["lms"]())
		if err := s.Break(sim.Fault{Name: fault, Node: "pve2", Path: "/cluster/config/qdevice"}); err != nil {
			t.Fatal(err)
		}
		v := daemons(t, s, pve.Memory{}).Votes
		if u := v.Unasked(); len(u) != 1 || u[0].Node != "pve2" || u[0].Daemon.Err == nil || v.Survives("pve3") || !v.Hoped().Survives("pve3") {
			t.Errorf("%s: %+v", fault, v)
		}
	}
}

// What earlier releases kept was a time only.
func TestKnownDevice(t *testing.T) {
	for raw, want := range map[string]string{
		`{"device":"2026-03-14T12:00:00Z"}`:                                   "",
		`{"device":{"seen":"2026-03-14T12:00:00Z","algorithm":"LMS"}}`:        "LMS",
		`{"device":{"seen":"2026-03-14T12:00:00Z","algorithm":"LMS","x":[]}}`: "LMS",
	} {
		var m pve.Memory
		if err := json.Unmarshal([]byte(raw), &m); err != nil || m.Device == nil || m.Device.Algorithm != want || m.Device.Seen.Year() != 2026 {
			t.Errorf("%s: %v, %+v", raw, err, m.Device)
		}
	}
	kept := pve.Memory{Device: &pve.KnownDevice{Algorithm: "LMS"}}
	look := pve.Look{Cluster: pve.Cluster{Quorate: true}, Now: time.Unix(1<<33, 0)}
	if m := kept.After(look); m.Device == nil {
		t.Error("a device was forgotten by itself")
	}
	look.Forget = true
	if m := kept.After(look); m.Device != nil {
		t.Error("a device was not forgotten by the operator's word")
	}
}

// Two nodes that tell of different devices prove nothing.
func TestDaemonsDiffer(t *testing.T) {
	s := sim.Start(t, sim.Presets["lms"]())
	c := client(t, s)
	found, err := c.Cluster(within(t, 10*time.Second), pve.Ask{Votes: true})
	if err != nil {
		t.Fatal(err)
	}
	found.Votes.Device.Host = "192.0.2.9:5403"
	after := c.Daemons(within(t, 10*time.Second), found, pve.Memory{})
	if after.Votes.Known || !slices.ContainsFunc(after.Untold(), func(text string) bool { return strings.Contains(text, "192.0.2.9:5403") }) {
		t.Errorf("known %v, %q", after.Votes.Known, after.Untold())
	}
}
