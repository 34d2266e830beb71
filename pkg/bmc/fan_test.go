package bmc_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

func at(v float64) *float64 { return &v }

// A fan shows its worst rotor, and the first one while all are well.
func TestWeigh(t *testing.T) {
	well := bmc.Rotor{ID: "a", Name: "a", Reading: at(5000), Unit: "RPM", LowerCritical: at(500), Health: bmc.HealthOK}
	tests := []struct {
		name string
		with bmc.Rotor
		want string
	}{
		{"well", bmc.Rotor{Name: "b", Reading: at(4000), Unit: "RPM"}, "a"},
		{"stands still", bmc.Rotor{Name: "b", Reading: at(0), Unit: "RPM", Health: bmc.HealthOK}, "b"},
		{"equal to critical", bmc.Rotor{Name: "b", Reading: at(500), LowerCritical: at(500)}, "b"},
		{"under fatal", bmc.Rotor{Name: "b", Reading: at(200), LowerFatal: at(300)}, "b"},
		{"low", bmc.Rotor{Name: "b", Reading: at(600), LowerNonCritical: at(700)}, "b"},
		{"its sensor complains", bmc.Rotor{Name: "b", Reading: at(6000), Health: bmc.HealthCritical}, "b"},
		{"complains without a reading", bmc.Rotor{Name: "b", Health: bmc.HealthWarning}, "b"},
		{"nothing known", bmc.Rotor{Name: "b"}, "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, fan := range []bmc.Fan{{Rotors: []bmc.Rotor{well, test.with}}, {Rotors: []bmc.Rotor{test.with, well}}} {
				fan.Weigh()
				want := test.want
				if test.name == "well" {
					want = fan.Rotors[0].Name
				}
				if fan.Rotor != want {
					t.Errorf("shows %q of %+v, expected %q", fan.Rotor, fan.Rotors, want)
				}
			}
		})
	}
}

// Whatever the rotors say: no rotor that stands still or complains is hidden by
// another, and the order does not matter for how bad the fan is.
func TestWeighHidesNothing(t *testing.T) {
	healths := []bmc.Health{bmc.HealthUnknown, bmc.HealthOK, bmc.HealthWarning, bmc.HealthCritical}
	rotor := rapid.Custom(func(t *rapid.T) bmc.Rotor {
		r := bmc.Rotor{Unit: "RPM", Health: rapid.SampledFrom(healths).Draw(t, "health")}
		if rapid.Bool().Draw(t, "read") {
			r.Reading = at(float64(rapid.SampledFrom([]int{0, 400, 500, 600, 5000}).Draw(t, "reading")))
		}
		if rapid.Bool().Draw(t, "limited") {
			r.LowerCritical = at(500)
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		fan := bmc.Fan{Rotors: rapid.SliceOfN(rotor, 1, 4).Draw(t, "rotors")}
		fan.Weigh()
		bad := func(reading, limit *float64) bool {
			return reading != nil && (*reading <= 0 || limit != nil && *reading <= *limit)
		}
		anyBad, worst := false, bmc.HealthUnknown
		for _, r := range fan.Rotors {
			anyBad = anyBad || bad(r.Reading, r.LowerCritical)
			worst = bmc.Worse(worst, r.Health)
		}
		if shown := bad(fan.Reading, fan.LowerCritical); shown != anyBad {
			t.Fatalf("shows bad %t, and one is %t", shown, anyBad)
		}
		if fan.Health != worst {
			t.Fatalf("health %q, the worst is %q", fan.Health, worst)
		}
	})
}

// What an opinion rests on.
func TestOpinion(t *testing.T) {
	tests := []struct {
		fan  bmc.Fan
		want bmc.Opinion
	}{
		{bmc.Fan{}, bmc.NoOpinion},
		{bmc.Fan{Health: bmc.HealthOK}, bmc.Claim},
		{bmc.Fan{Health: bmc.HealthOK, Opinion: bmc.BySensor}, bmc.BySensor},
		{bmc.Fan{Health: bmc.HealthOK, Rotors: []bmc.Rotor{{Reading: at(1)}}}, bmc.Measurement},
		{bmc.Fan{Health: bmc.HealthOK, Rotors: []bmc.Rotor{{}}}, bmc.Claim},
		{bmc.Fan{Rotors: []bmc.Rotor{{Reading: at(1)}}}, bmc.NoOpinion},
	}
	for _, test := range tests {
		if test.fan.Weigh(); test.fan.Opinion != test.want {
			t.Errorf("%+v: %q, expected %q", test.fan, test.fan.Opinion, test.want)
		}
	}
}
