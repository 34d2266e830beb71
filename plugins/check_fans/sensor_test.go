package main

import (
	"strings"
	"testing"
)

// TestSensorAgreesAgain: a sensor that said less than its fan, and then the same, is
// one drop-out that is over; one that cannot be read any more is said to be so.
func TestSensorAgreesAgain(t *testing.T) {
	c := &couple{chassis: "On", system: "On", rollup: "Warning", fan1: "5400", fan2: "5400"}
	well, slow, gone := func() { c.sensor = "5400" }, func() { c.sensor = "400" }, func() { c.sensor = "not JSON" }
	for _, test := range []struct {
		name       string
		steps      []func()
		want, also string
	}{
		{"slow", []func(){well, slow, slow, slow, slow, slow}, "CRITICAL: (1) FAN2 (rotor FAN2 0) at 400 RPM", "FAN2 down since"},
		{"slow from the start, then well", []func(){slow, slow, well, well, well}, "CRITICAL: FAN2 dropped out once", "fans_failed=0"},
		{"slow, then not read", []func(){slow, slow, gone, gone, gone}, "CRITICAL: FAN2 dropped out once", "also UNKNOWN: FAN2 (Chassis 1"},
	} {
		got := polled(t, c, test.steps...)
		if !strings.HasPrefix(got, test.want) || !strings.Contains(got, test.also) {
			t.Errorf("%s: %s", test.name, got)
		}
	}
}
