package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// large is a cluster of many guests, all of them under HA and with long names,
// and what is remembered of it.
func large(guests int) (pve.Cluster, memory) {
	c := pve.Cluster{Name: "large", Asked: "hypervisor-01", Quorate: true, Time: evening}
	m := memory{}.writable()
	for i := range 32 {
		c.Nodes = append(c.Nodes, pve.Node{Name: fmt.Sprintf("hypervisor-%02d", i), Online: true, Status: "online"})
	}
	for i := range guests {
		g := pve.Guest{ID: 100 + i, Kind: pve.VM, Name: fmt.Sprintf("customer-%05d-web.example.net", i), Node: c.Nodes[i%32].Name, Status: "running", Uptime: time.Hour}
		c.Guests = append(c.Guests, g)
		c.HA.Services = append(c.HA.Services, pve.Service{SID: g.SID(), Node: g.Node, State: "started"})
		six := netip.MustParseAddr(fmt.Sprintf("2001:db8:1234:5678::%x", i))
		m.Homes[g.ID] = homeOf(pve.ConfigFacts{Time: evening, Config: pve.Config{Onboot: true, Agent: true, NICs: []pve.NIC{
			{Slot: "net0", MAC: "BC:24:11:00:00:01", Addresses: []netip.Addr{netip.AddrFrom4([4]byte{100, 64, byte(i >> 8), byte(i)}), six}},
			{Slot: "net1", MAC: "BC:24:11:00:00:02"},
		}}})
		m.Guests[g.ID] = known{Name: g.Name, Node: g.Node, Learned: stampOf(evening), Answered: stampOf(evening)}
	}
	return c, m
}

var evening = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// TestLarge: what is remembered of fifty thousand guests fits in a file.
func TestLarge(t *testing.T) {
	c, m := large(50_000)
	m.PVE = m.PVE.After(pve.Look{Cluster: c, Now: evening})
	f := facts{cluster: &c, now: evening}
	f.subjects, f.idle = inventory(c, m, policy{grace: time.Minute}, evening)
	if len(f.subjects) != 50_000 {
		t.Fatalf("%d subjects", len(f.subjects))
	}
	for i := range f.subjects {
		f.subjects[i].asked, f.subjects[i].reach = true, &ping.Watched{Reach: ping.Reach{Sent: 5}} // all silent
	}
	m = observe(m, f)
	store := newStore(t)
	if _, err := state.Update(store, "large", func(memory) (memory, error) { return m, nil }); err != nil {
		t.Fatal(err)
	}
	got, err := state.Load[memory](store, "large")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func newStore(t *testing.T) *state.Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := state.Options{Dir: dir, Mode: "require"}.Open("check_guests")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// What was remembered before our clock was set back is read again, and what is
// read now is remembered: it is not older than a time that is still to come.
func TestKeep(t *testing.T) {
	for name, tc := range map[string]struct {
		before, read time.Duration // beside the time of the run
		kept         bool
	}{
		"read now":                      {-time.Hour, 0, true},
		"not read again":                {-time.Hour, -time.Hour, false},
		"another run has read it since": {-time.Minute, -time.Hour, false},
		"our clock was set back":        {400 * 24 * time.Hour, 0, true},
		"set back, and not read again":  {400 * 24 * time.Hour, 400 * 24 * time.Hour, false},
	} {
		r := &recall{store: newStore(t), subject: "large"}
		c, before := large(1)
		config := func(after time.Duration, onboot bool) home {
			return homeOf(pve.ConfigFacts{Time: evening.Add(after), Config: pve.Config{Onboot: onboot}})
		}
		asked := func(after time.Duration, address string) known {
			return known{Node: c.Guests[0].Node, Asked: stampOf(evening.Add(after)), Reported: []netip.Addr{netip.MustParseAddr(address)}}
		}
		before.Homes[100], before.Guests[100] = config(tc.before, false), asked(tc.before, "192.0.2.1")
		if _, err := state.Update(r.store, r.subject, func(memory) (memory, error) { return before, nil }); err != nil {
			t.Fatal(err)
		}
		learned := before
		learned.Guests, learned.Homes = maps.Clone(before.Guests), maps.Clone(before.Homes)
		learned.Homes[100], learned.Guests[100] = config(tc.read, true), asked(tc.read, "192.0.2.2")
		r.memory = learned
		r.release(evening)
		r.keep(pve.Look{Cluster: c, Now: evening}, facts{cluster: &c, now: evening})
		got, err := state.Load[memory](r.store, r.subject)
		if err != nil || r.trouble != nil {
			t.Fatal(err, r.trouble)
		}
		if got.Homes[100].config().Onboot != tc.kept || (got.Guests[100].Reported[0].String() == "192.0.2.2") != tc.kept {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A line that was damaged is no memory of nothing, and one that is whole says what
// was written, the address of the card with the gateway first.
func TestLine(t *testing.T) {
	for _, line := range []home{"", "yesterday", "2026-11-20T18:00:00Z net0=,192.0.2", "2026-11-20T18:00:00Z net0=BC:24:11:00:00:01,x"} {
		if f, err := line.parse(); err == nil {
			t.Errorf("%q: %+v", line, f)
		}
	}
	inner, outer := netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("192.0.2.5")
	h := homeOf(pve.ConfigFacts{Time: evening, Config: pve.Config{Agent: true, Devices: []string{"usb0"}, NICs: []pve.NIC{
		{Slot: "net0", Addresses: []netip.Addr{inner}}, {Slot: "net1", MAC: "BC:24:11:00:00:01", Addresses: []netip.Addr{outer}, Gateway: true},
	}}})
	if want := home("2026-11-20T18:00:00Z agent net1=BC:24:11:00:00:01,192.0.2.5 net0=,10.0.0.5"); h != want {
		t.Errorf("%q, expected %q", h, want)
	}
	if m := (memory{Homes: map[int]home{7: h.moved(-time.Hour)}}); !slices.Equal(m.addresses(7), []netip.Addr{outer, inner}) || !m.Homes[7].read().Equal(evening.Add(-time.Hour)) || m.Homes[7].config().Onboot {
		t.Errorf("%v", m)
	}
	var m memory
	if err := json.Unmarshal([]byte(`{"configs":{"7":"yesterday"}}`), &m); err == nil || !strings.Contains(err.Error(), "configuration of 7") {
		t.Error(err)
	}
}
