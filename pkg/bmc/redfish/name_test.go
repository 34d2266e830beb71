package redfish

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// spellings are how one controller lists a fan and how its log, or another
// part of it, speaks of the same one; %d is its number and %s its rotor.
var spellings = []struct{ listed, logged string }{
	{"System Board Fan%d%s", "Fan %d%s RPM is less than the lower critical threshold."},
	{"System Board Fan%d%s", "Fan.Embedded.%d%s has failed"},
	{"Fan %d%s Tach", "Numeric sensor Fan %d%s Tach going low (lower critical) has asserted."},
	{"Sys Fan %d%s", "System Fan %d%s : Lower Critical - going low : Asserted"},
	{"FAN%d%s", "FAN%d%s, Fan, Lower Critical - Going Low - Assertion"},
	{"Chassis_0_FAN_%d%s", "Chassis_0_FAN_%d%s critical low threshold assert. Reading=0.000000"},
	{"Fan %d%s", "Fan Failure (Fan %d%s, Location System)"},
	{"fan%d_%s0", "fan%d_%s0 critical low threshold assert."},
}

// TestNamesNeverMix makes servers of many fans and log entries about one of
// them: the event is about that fan, never about another.
func TestNamesNeverMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		how := rapid.SampledFrom(spellings).Draw(t, "spelling")
		rotors := rapid.SampledFrom([][]string{{""}, {"A", "B"}, {"A"}}).Draw(t, "rotors")
		count := rapid.IntRange(1, 24).Draw(t, "fans")
		var fans []bmc.Fan
		var texts []string
		for n := range count {
			for _, rotor := range rotors {
				name := fmt.Sprintf(how.listed, n+1, rotor)
				fans = append(fans, fanNamed("1/"+name, name))
				texts = append(texts, fmt.Sprintf(how.logged, n+1, rotor))
			}
		}
		p := pollOf(rapid.Permutation(fans).Draw(t, "order")...)
		i := rapid.IntRange(0, len(fans)-1).Draw(t, "which")
		if got := p.fanOf(logEntry{Message: text(texts[i])}, meaning{}); got != fans[i].ID {
			t.Fatalf("%q is about %q, expected %q", texts[i], got, fans[i].ID)
		}
		// The same text on a server that does not have this fan.
		others := append(append([]bmc.Fan{}, fans[:i]...), fans[i+1:]...)
		if got := pollOf(others...).fanOf(logEntry{Message: text(texts[i])}, meaning{}); isFan(others, got) {
			t.Fatalf("%q is about %q, which is another fan", texts[i], got)
		}
	})
}

func isFan(fans []bmc.Fan, id string) bool {
	for _, f := range fans {
		if f.ID == id {
			return true
		}
	}
	return false
}
