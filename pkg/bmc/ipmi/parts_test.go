package ipmi

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/secret"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	simipmi "github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/machine"
)

// mustParts reads the parts in time.
func mustParts(t *testing.T, l *lan) hardware.Inventory {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	v, _, err := l.Parts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Check(); err != nil {
		t.Fatal(err)
	}
	return v
}

// simulated is a controller of a vendor with a usual server behind it.
func simulated(t *testing.T, vendor simipmi.Vendor) (*sim.Sim, *lan) {
	t.Helper()
	s := sim.Start(t, sim.Server{Clock: world.Still(time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)), Machine: machine.Lab(3), Password: "monpw-0123456789", Username: "monitor", IPMI: &simipmi.Config{Vendor: vendor}})
	host, port, err := net.SplitHostPort(s.IPMI)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	source, err := LAN(Endpoint{Host: host, Credentials: secret.Credentials{Username: "monitor", Password: secret.NewText("monpw-0123456789")}}, Options{Port: number})
	if err != nil {
		t.Fatal(err)
	}
	return s, source.(*lan)
}

// changes are the differences in words.
func changes(before, after hardware.Inventory) string {
	var out []string
	for _, c := range hardware.Compare(before, after).Changes {
		out = append(out, c.String())
	}
	return strings.Join(out, "; ")
}

// TestPartsOfVendors: every single part that somebody takes out is found on every
// kind of controller, and nothing else is told; what fails or has no power is
// worse; and the repository is walked once for parts and fans.
func TestPartsOfVendors(t *testing.T) {
	names := map[string]string{
		"psu1": "power supply PSU1", "psu2": "power supply PSU2", "dimm1": "DIMM1", "dimm2": "DIMM2", "dimm3": "DIMM3",
		"dimm4": "DIMM4", "disk1": "disk Drive 1", "disk2": "disk Drive 2", "disk3": "disk Drive 3",
	}
	for _, vendor := range []simipmi.Vendor{simipmi.Dell, simipmi.HPE, simipmi.Intel, simipmi.Supermicro} {
		t.Run(string(vendor), func(t *testing.T) {
			s, l := simulated(t, vendor)
			want := poll1(t, l, bmc.Ask{})
			fans := s.Stats().IPMI.Packets
			s.Forget()
			before, memory, err := l.Parts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			parts := s.Stats().IPMI.Packets
			s.Forget()
			server := poll1(t, l, bmc.Ask{Memory: memory})
			after := s.Stats().IPMI.Packets
			t.Logf("the fans take %d packets, the parts %d, the fans after them %d", fans, parts, after)
			if after > 10+len(want.Fans)*2 {
				t.Errorf("%d packets: the repository is walked again", after)
			}
			if diff := cmp.Diff(want.Fans, server.Fans); diff != "" || !server.Identity.Same(want.Identity) {
				t.Errorf("fans after the parts: %s", diff)
			}
			if before.Machine.UUID == "" || before.Machine.Serial == "" {
				t.Errorf("machine: %+v", before.Machine)
			}
			must := func(part, is string) {
				if err := s.Do("hardware?part=" + part + "&is=" + is); err != nil {
					t.Fatal(err)
				}
			}
			for part, name := range names {
				must(part, "gone")
				if got := changes(before, mustParts(t, l)); got != name+" is missing" {
					t.Errorf("without %s: %q", part, got)
				}
				must(part, "works")
			}
			must("psu2", "off")
			must("dimm3", "bad")
			if got := changes(before, mustParts(t, l)); got != "power supply PSU2 is off, no input power: it was ok; DIMM3 is failed, uncorrectable error: it was ok" {
				t.Errorf("%q", got)
			}
			must("psu2", "works")
			must("dimm3", "works")
			if got := changes(before, mustParts(t, l)); got != "" {
				t.Errorf("all is back: %q", got)
			}
			must("inventory", "empty")
			d := hardware.Compare(before, mustParts(t, l))
			if n := len(d.Of(hardware.NotCompared)); n == 0 || n != len(d.Changes) {
				t.Errorf("a controller that has just started: %v", d.Changes)
			}
		})
	}
}

// of gives a record another entity.
func of(record []byte, entity, instance byte) []byte {
	record[atEntity], record[atEntity+1] = entity, instance
	return record
}

// TestPartSensors: how boards name and split what they tell of one part.
func TestPartSensors(t *testing.T) {
	b := newBoard(t)
	b.put(of(discrete(1, typeSupply, kindOwn, "Status"), 10, 1), of(discrete(2, typeSupply, kindOwn, "Status"), 10, 2), // Dell
		of(discrete(3, typeSupply, kindOwn, "PS3 Status"), 10, 3), of(discrete(4, typeEntity, kindOwn, "PS3 Presence"), 10, 3),
		of(discrete(5, typeEntity, kindOwn, "PS4 Presence"), 10, 4), discrete(6, typeSupply, kindRedundancy, "PS Redundancy"),
		of(share(discrete(7, typeMemory, kindPresence, "DIMM_A"), 2, 0x81), 32, 1), discrete(9, typeDrive, kindOwn, "Drive 1"), tach(0x41, "FAN1"))
	for n, states := range map[byte]byte{1: 1, 2: 0, 3: 1 | 4, 4: 1, 5: 2, 7: 2, 8: 1} {
		b.state(n, states)
	}
	b.na(9)
	got := []string{}
	for _, l := range mustParts(t, b.client()).Lists {
		for _, p := range l.Parts {
			got = append(got, fmt.Sprintf("%s: %s %s %s", l.Kind, p.Slot, p.State, p.Says))
		}
		if len(l.Holes) > 0 {
			got = append(got, fmt.Sprint(l.Kind, " not told: ", l.Holes))
		}
	}
	want := []string{
		"power supply: entity 10.1 ok ", "power supply: entity 10.2 absent ", "power supply: PS3 degraded a failure is predicted",
		"power supply: PS4 absent ", "memory module: DIMM A 1 ok ", "memory module: DIMM A 2 absent ", "disk not told: [0x09]",
		"firmware:   ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPartsUnread: a list of which a sensor could not be asked is not told, and
// says why: half of a list is none.
func TestPartsUnread(t *testing.T) { bubble(t, "unread", partsUnread) }

func partsUnread(t *testing.T) {
	untold := func(v hardware.Inventory) string {
		var out []string
		for _, l := range v.Lists {
			out = append(out, fmt.Sprintf("%s: %t", l.Kind, l.Untold != ""))
		}
		return strings.Join(out, ", ")
	}
	b := newBoard(t)
	b.put(discrete(1, typeSupply, kindOwn, "PS1"), discrete(2, typeSupply, kindOwn, "PS2"))
	for n := range byte(8) {
		b.put(discrete(0x10+n, typeMemory, kindOwn, fmt.Sprintf("DIMM%d", n)))
		b.state(0x10+n, 1<<6)
	}
	b.state(1, 1)
	b.state(2, 1)
	l := b.client()
	if got := untold(mustParts(t, l)); got != "power supply: false, memory module: false, firmware: false" {
		t.Error(got)
	}
	b.muteAfter(3 + 1 + 1 + 10 + 2 + 3) // session, repository, reservation, records, both supplies, three modules
	v, _, err := l.Parts(t.Context())
	if got := untold(v); err != nil || !strings.HasPrefix(got, "power supply: false, memory module: true") || !strings.Contains(v.Lists[1].Untold, "5 of 8 sensors not read") {
		t.Errorf("%v: %s %+v", err, got, v.Lists)
	}

	b = newBoard(t)
	b.put(discrete(1, typeSupply, kindOwn, "PS1"))
	b.state(1, 1)
	for n := range byte(21) {
		b.put(share(discrete(0x10+n, typeMemory, kindOwn, "DIMM"), 15, 1))
	}
	if got := untold(mustParts(t, b.client())); got != "power supply: false, memory module: true, firmware: false" {
		t.Error(got)
	}
}
