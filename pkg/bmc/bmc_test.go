package bmc

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSameFan(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{"System Board Fan1A", "Fan 1A", true},
		{"0x17||Fan.Embedded.1A", "Fan 1A RPM", true},
		{"FAN3", "Fan 3", true},
		{"Fan 01", "Fan 1", true},
		{"Fan 1", "Fan 11", false},
		{"Fan 1", "Fan 1A", false},
		{"Fan 1A", "Fan 1B", false},
		{"FANA", "FANB", false},
		{"", "", false},
		{"System Board", "Chassis", false},
	}
	for _, tt := range tests {
		if got := SameFan(tt.a, tt.b); got != tt.same {
			t.Errorf("SameFan(%q, %q) = %t", tt.a, tt.b, got)
		}
	}
}

func TestModule(t *testing.T) {
	for name, want := range map[string]bool{"Fan 3A": true, "Fan 3 Front": true, "Fan 3": false, "FAN A": false, "": false} {
		if _, rotor := Module(name); rotor != want {
			t.Errorf("Module(%q) names a rotor: %t", name, rotor)
		}
	}
	a, _ := Module("System Board Fan3A")
	if b, _ := Module("Fan 3B"); a != b {
		t.Errorf("modules %q and %q", a, b)
	}
}

func TestIdentity(t *testing.T) {
	const u, v = "4c4c4544-0042-3510-8052-b4c04f565931", "4c4c4544-0042-3510-8052-b4c04f565932"
	tests := []struct {
		name string
		a, b Identity
		same bool
	}{
		{"equal UUIDs", Identity{UUID: u}, Identity{UUID: u}, true},
		{"other UUIDs", Identity{UUID: u}, Identity{UUID: v}, false},
		{"another board, the same serial number", Identity{UUID: u, Serial: "S1"}, Identity{UUID: v, Serial: "S1"}, true},
		{"one without UUID", Identity{UUID: u, Serial: "S1"}, Identity{Serial: "S1"}, true},
		{"another serial number", Identity{Serial: "S1"}, Identity{Serial: "S2"}, false},
		{"nothing was read", Identity{UUID: u, Serial: "S1"}, Identity{}, true},
		{"a serial number that is none", Identity{Serial: "To be filled by O.E.M.", UUID: u}, Identity{Serial: "Default string", UUID: v}, false},
	}
	for _, tt := range tests {
		if got := tt.a.Same(tt.b); got != tt.same {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	for _, junk := range []string{"", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "00020003-0004-0005-0006-000700080009"} {
		if s := (Identity{UUID: junk}).Subject(); s != "" {
			t.Errorf("%q names a device: %q", junk, s)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, pair := range [][2]string{{"FAN2", "FAN10"}, {"1/0x41", "1/0x42"}, {"Fan 1", "Fan 1A"}} {
		if Compare(pair[0], pair[1]) >= 0 || Compare(pair[1], pair[0]) <= 0 {
			t.Errorf("%q does not come before %q", pair[0], pair[1])
		}
	}
}

// TestByHand: what is cut by hand is what these expressions say.
func TestByHand(t *testing.T) {
	words, chunks := regexp.MustCompile(`[a-z]+|[0-9]+`), regexp.MustCompile(`[0-9]+|[^0-9]+`)
	for _, s := range []string{
		"", "0", "0x0", "XxX", "n/a", "none1", "To Be Filled By O.E.M.", "system-serial", "not  available", "0123456789ABC", "..", ".0", "CN7016", "0a",
		"Fan 1A", "0x17||Fan.Embedded.1A", "FAN10", "fan_3 (front)", "Lüfter 2", "1/0x41", " 7", "\xff3",
	} {
		if diff := cmp.Diff(chunks.FindAllString(s, -1), pieces(s, digit)); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
		var got []string
		for _, p := range pieces(s, kind) {
			if kind(p[0]) != 0 {
				got = append(got, p)
			}
		}
		if diff := cmp.Diff(words.FindAllString(s, -1), got); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
}
