package main

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/fans"
)

// TestThresholdBelowZero: a threshold that no fan can fall below hides no other.
func TestThresholdBelowZero(t *testing.T) {
	none, fatal := -1.0, 500.0
	server := six(third(func(f *bmc.Fan) { f.LowerCritical, f.LowerFatal = &none, &fatal }))
	for _, d := range perfdata(fans.Poll{Server: server, Now: noon}, defaults(), fans.Memory{}, fans.Verdict{}) {
		if d.Label == "fan_3" && (d.Crit == nil || d.Crit.String() != "500:") {
			t.Errorf("critical at %v", d.Crit)
		}
	}
}
