package redfish

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// rotors are a fan's measurements and what follows from them, in one line.
func rotors(f bmc.Fan) string {
	parts := []string{string(f.Presence), string(f.Opinion), f.State, string(f.Health)}
	for _, r := range f.Rotors {
		reading := "-"
		if r.Reading != nil {
			reading = fmt.Sprint(*r.Reading)
		}
		parts = append(parts, r.ID+" "+reading+" "+r.Unit)
	}
	if f.Rotor != "" {
		parts = append(parts, "worst "+f.Rotor)
	}
	return strings.Join(parts, ", ")
}

// TestThermalRotors reads every spelling of a speed in Thermal.
func TestThermalRotors(t *testing.T) {
	tests := []struct{ name, fan, want string }{
		{"ReadingRPM", `{"Name":"F","ReadingRPM":0,"Status":{"State":"Enabled","Health":"OK"},"LowerThresholdCritical":600}`,
			"present, measurement, Enabled, ok, Reading 0 RPM"},
		{"Reading counts before ReadingRPM", `{"Name":"F","Reading":5000,"ReadingUnits":"RPM","ReadingRPM":4900}`,
			"present, , , , Reading 5000 RPM"},
		{"percent and rotations", `{"Name":"F","Reading":40,"ReadingUnits":"Percent","ReadingRPM":0,"Status":{"Health":"OK"}}`,
			"present, measurement, , ok, Reading 40 %, ReadingRPM 0 RPM, worst ReadingRPM"},
		{"only a roll-up", `{"Name":"F","Status":{"State":"Enabled","HealthRollup":"Critical"}}`,
			"present, claim, Enabled, critical, Reading - RPM"},
		{"the roll-up as iLO4 spells it", `{"Name":"F","Reading":5000,"Status":{"HealthRollUp":"Warning"}}`,
			"present, measurement, , warning, Reading 5000 RPM"},
		{"its own health counts before the roll-up", `{"Name":"F","Reading":5000,"Status":{"Health":"OK","HealthRollup":"Critical"}}`,
			"present, measurement, , ok, Reading 5000 RPM"},
		{"a state without a reading", `{"Name":"F","Status":{"State":"UnavailableOffline","Health":"OK"}}`,
			"present, claim, UnavailableOffline, ok, Reading - RPM"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := pollThermal(t, `{"Fans":[`+test.fan+`]}`)
			if err != nil || len(server.Fans) != 1 {
				t.Fatal(err, server.Fans)
			}
			if diff := cmp.Diff(test.want, rotors(server.Fans[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSubsystemRotors reads every spelling of a speed in a Fan resource.
func TestSubsystemRotors(t *testing.T) {
	tests := []struct{ name, speeds, want string }{
		{"percent", `"SpeedPercent":{"Reading":40}`, "SpeedPercent 40 %"},
		{"a bare number", `"SpeedPercent":40`, "SpeedPercent 40 %"},
		{"rotations beside it", `"SpeedPercent":{"Reading":40,"SpeedRPM":9600}`, "SpeedPercent 9600 RPM"},
		{"the second rotor stands still", `"SpeedPercent":{"Reading":52,"SpeedRPM":9600},"SecondarySpeedPercent":{"Reading":0,"SpeedRPM":0}`,
			"SpeedPercent 9600 RPM, SecondarySpeedPercent 0 RPM, worst SecondarySpeedPercent"},
		{"the second rotor in percent", `"SpeedPercent":{"Reading":52},"SecondarySpeedPercent":{"Reading":50}`,
			"SpeedPercent 52 %, SecondarySpeedPercent 50 %, worst SpeedPercent"},
		{"one without a reading", `"SpeedPercent":{"SpeedRPM":null},"SecondarySpeedPercent":{"SpeedRPM":9000}`,
			"SpeedPercent - %, SecondarySpeedPercent 9000 RPM, worst SecondarySpeedPercent"},
		{"odd", `"SpeedPercent":[1],"SecondarySpeedPercent":"N/A"`, "SpeedPercent 1 %"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var f subsystemFan
			if err := object([]byte(`{"Id":"1","Status":{"State":"Enabled","Health":"OK"},`+test.speeds+`}`), &f); err != nil {
				t.Fatal(err)
			}
			opinion := "measurement"
			if diff := cmp.Diff("present, "+opinion+", Enabled, ok, "+test.want, rotors(f.fan())); diff != "" {
				t.Error(diff)
			}
		})
	}
}
