package redfish

import (
	"math"
	"net/url"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// FuzzSpeed reads anything as a Fan, a Pump, a Sensor, a fan of Thermal and a
// leak detector: a speed is a finite number, and what a fan shows is one of its
// rotors'.
func FuzzSpeed(f *testing.F) {
	for _, seed := range []string{
		`{"Id":"1","Name":"Fan 1","SpeedPercent":{"Reading":52,"SpeedRPM":9600,"DataSourceUri":"/redfish/v1/x"},"SecondarySpeedPercent":{"SpeedRPM":0}}`,
		`{"Id":"1","PumpSpeedPercent":40,"Status":{"State":"UnavailableOffline","HealthRollup":"Critical"}}`,
		`{"Id":"x","Reading":5,"ReadingUnits":"%","SpeedRPM":900,"Thresholds":{"LowerCritical":{"Reading":10}},"PhysicalContext":"Pump"}`,
		`{"MemberId":"0","Name":"F","ReadingRPM":0,"Reading":"40 %","ReadingUnits":"Percent","LowerThresholdCritical":600}`,
		`{"Id":"L","DetectorState":"Critical","Status":"OK","DataSourceUri":"//other/redfish"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var one subsystemFan
		var two pump
		var three sensor
		var four thermalFan
		var all []bmc.Fan
		for _, into := range []any{&one, &two, &three, &four} {
			if object(body, into) != nil {
				return
			}
		}
		all = append(all, one.fan(), two.fan(), three.fan(), four.fan())
		for _, fan := range all {
			if len(fan.Rotors) > 0 && fan.Rotor == "" && len(fan.Rotors) > 1 && fan.Rotors[0].Name != "" {
				t.Errorf("the worst of %d rotors has no name: %+v", len(fan.Rotors), fan)
			}
			for _, r := range fan.Rotors {
				if r.Reading != nil && (math.IsNaN(*r.Reading) || math.IsInf(*r.Reading, 0)) {
					t.Errorf("reading %v", *r.Reading)
				}
				if bmc.Worse(fan.Health, r.Health) != fan.Health {
					t.Errorf("a rotor is worse than its fan: %+v", fan)
				}
			}
			if used := take([]bmc.Fan{fan}, 0, []sensor{three}, ownersOf([]sensor{three}, []bmc.Fan{fan})); len(used) > 0 && len(three.rotors()) == 0 {
				t.Errorf("sensors used and nothing measured: %+v", fan)
			}
		}
		p := &poll{client: &client{base: new(url.URL)}, server: new(bmc.Server)}
		p.leak(&chassis{id: "1"}, "x", body)
		if len(p.server.Parts)+len(p.server.Gaps) > 1 {
			t.Errorf("%+v %+v", p.server.Parts, p.server.Gaps)
		}
	})
}
