package redfish

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestContradiction: a fan that calls itself well beside a sensor of its name
// that is worse is as bad as that, and the rotor is named; with $expand and
// without, and steady runs ask no more than before.
func TestContradiction(t *testing.T) {
	fans := map[string]string{
		"fan1": `"Name":"Fan 1","SpeedPercent":{"Reading":50,"SpeedRPM":9600},` + ok,
		"fan2": `"Name":"Fan 2","SpeedPercent":{"Reading":50,"SpeedRPM":9600},` + ok,
	}
	for name, tt := range map[string]struct {
		sensor string
		health bmc.Health
		rotor  string
		speed  float64
	}{
		"called critical":   {`"Name":"Fan 2","Reading":9600,"ReadingUnits":"RPM","Status":{"State":"Enabled","Health":"Critical"}`, bmc.HealthCritical, "Fan 2", 9600},
		"stands still":      {`"Name":"Fan 2 Rear","Reading":0,"ReadingType":"Rotational","ReadingUnits":"RPM",` + ok, bmc.HealthOK, "Fan 2 Rear", 0},
		"at its threshold":  {`"Name":"Fan 2","Reading":500,"ReadingUnits":"RPM","Thresholds":{"LowerCritical":{"Reading":600}},` + ok, bmc.HealthOK, "Fan 2", 500},
		"agrees":            {`"Name":"Fan 2","Reading":9600,"ReadingUnits":"RPM",` + ok, bmc.HealthOK, "", 9600},
		"unit that is none": {`"Name":"Fan 2","Reading":0,"ReadingUnits":"furlongs","ReadingType":"Length",` + ok, bmc.HealthOK, "", 9600},
	} {
		for _, expand := range []bool{false, true} {
			for _, rollup := range []string{"OK", "Critical", ""} {
				t.Run(fmt.Sprintf("%s, expand %t, roll-up %s", name, expand, rollup), func(t *testing.T) {
					b := newBox(fans, map[string]string{"fan2": tt.sensor, "inlet": `"Name":"Inlet","Reading":24,"ReadingUnits":"Cel",` + ok})
					b.expand = expand
					b.paths[boxPath] = strings.Replace(b.paths[boxPath], `"HealthRollup":"OK"`, `"HealthRollup":"`+rollup+`"`, 1)
					_, source := serve(t, b)
					now := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
					source.now = func() time.Time { return now }
					server := mustPoll(t, source, bmc.Ask{})
					if f := fanOf(server, "1/fan2"); f.Health != tt.health || f.Rotor != tt.rotor || *f.Reading != tt.speed || fanOf(server, "1/fan1").Rotor != "" {
						t.Errorf("%+v", server.Fans)
					}
					now = now.Add(5 * time.Minute)
					b.requests = nil
					again := mustPoll(t, source, bmc.Ask{Memory: server.Memory})
					asked := strings.Contains(strings.Join(b.requests, " "), "/Sensors")
					if f := fanOf(again, "1/fan2"); f.Health != tt.health || *f.Reading != tt.speed || asked != (tt.rotor != "") {
						t.Errorf("again: sensors asked %t, %+v", asked, f)
					}
				})
			}
		}
	}
}

// TestContradictionEnds: a sensor that is no worse than its fan any more is not
// missed; one that cannot be read any more has not agreed, which says nothing of another
// fan that shows no speed.
func TestContradictionEnds(t *testing.T) {
	const slow, agrees = `"Name":"Fan 2","Reading":500,"ReadingUnits":"RPM","Thresholds":{"LowerCritical":{"Reading":600}},` + ok, `"Name":"Fan 2","Reading":9600,"ReadingUnits":"RPM",` + ok
	const lost = "not JSON"
	fan := map[string]string{"mute": `"Name":"Fan 1",` + ok, "turns": `"Name":"Fan 1","SpeedPercent":{"Reading":50,"SpeedRPM":9600},` + ok}
	for _, first := range []string{"turns", "mute"} {
		b := newBox(map[string]string{"fan1": fan["turns"], "fan2": `"Name":"Fan 2","SpeedPercent":{"Reading":50,"SpeedRPM":9600},` + ok}, map[string]string{"fan2": slow})
		b.paths[boxPath] = strings.Replace(b.paths[boxPath], `"HealthRollup":"OK"`, `"HealthRollup":"Critical"`, 1)
		_, source := serve(t, b)
		now := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
		source.now = func() time.Time { return now }
		var memory bmc.Memory
		for n, step := range []struct {
			sensor     string
			speed      float64
			lent, gaps int
		}{{slow, 500, 1, 0}, {slow, 500, 1, 0}, {lost, 9600, 0, 1}, {lost, 9600, 0, 1}, {slow, 500, 1, 0}, {agrees, 9600, 0, 0}, {lost, 9600, 0, 0}} {
			if b.paths[sensorPath+"fan2"] = `{"Id":"fan2",` + step.sensor + `}`; step.sensor == lost {
				b.paths[sensorPath+"fan2"] = lost
			}
			if n > 0 {
				b.paths[coolingPath+"/Fans/fan1"] = `{"Id":"fan1",` + fan[first] + `}`
			}
			server := mustPoll(t, source, bmc.Ask{Memory: memory})
			f, lent := fanOf(server, "1/fan2"), 0
			for _, r := range f.Rotors {
				if r.Lent {
					lent++
				}
			}
			if *f.Reading != step.speed || lent != step.lent || len(server.Gaps) != step.gaps || step.gaps > 0 && server.Gaps[0].Fan != "1/fan2" || fanOf(server, "1/fan1").Presence != bmc.Present {
				t.Errorf("%s, poll %d: %+v %+v", first, n, f, server.Gaps)
			}
			memory = server.Memory
			now = now.Add(5 * time.Minute)
		}
	}
}

func fanOf(server bmc.Server, id string) bmc.Fan {
	i := slices.IndexFunc(server.Fans, func(f bmc.Fan) bool { return f.ID == id })
	return server.Fans[i]
}

// TestPumpsWithoutFans: a chassis of pumps beside one whose fans Thermal tells
// of; and one without Thermal.
func TestPumpsWithoutFans(t *testing.T) {
	for _, thermal := range []string{`{"Fans":[]}`, ``} {
		paths := map[string]string{
			"/redfish/v1/Chassis":                              `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/CDU"}]}`,
			"/redfish/v1/Chassis/CDU":                          `{"Id":"CDU","Thermal":{"@odata.id":"/redfish/v1/Chassis/CDU/Thermal"},"ThermalSubsystem":{"@odata.id":"/redfish/v1/Chassis/CDU/ThermalSubsystem"}}`,
			"/redfish/v1/Chassis/CDU/ThermalSubsystem":         `{"Pumps":{"@odata.id":"/redfish/v1/Chassis/CDU/ThermalSubsystem/Pumps"}}`,
			"/redfish/v1/Chassis/CDU/ThermalSubsystem/Pumps":   `{"Members":[{"@odata.id":"/redfish/v1/Chassis/CDU/ThermalSubsystem/Pumps/1"}]}`,
			"/redfish/v1/Chassis/CDU/ThermalSubsystem/Pumps/1": `{"Id":"1","Name":"Pump 1","PumpSpeedPercent":{"Reading":0,"SpeedRPM":0},` + ok + `}`,
		}
		if thermal != "" {
			paths["/redfish/v1/Chassis/CDU/Thermal"] = thermal
		}
		server, err := pollPaths(t, paths, bmc.Ask{})
		if err != nil || len(server.Fans) != 2 || !server.Fans[1].Pump || server.Fans[1].Reading == nil || *server.Fans[1].Reading != 0 || len(server.Gaps) > 0 {
			t.Fatalf("%v %+v %v", err, server.Fans, server.Gaps)
		}
		again, err := pollPaths(t, paths, bmc.Ask{Memory: server.Memory})
		if err != nil || len(again.Fans) != 2 || !again.Fans[1].Pump {
			t.Errorf("again: %v %+v", err, again.Fans)
		}
	}
}

// TestLeakDetectionUnread: leak detectors that could not be found are said, and
// looked for again.
func TestLeakDetectionUnread(t *testing.T) {
	b := newBox(map[string]string{"fan1": `"Name":"Fan 1","SpeedPercent":{"SpeedRPM":9600},` + ok}, nil)
	leaks := coolingPath + "/LeakDetection"
	b.paths[coolingPath] = strings.Replace(b.paths[coolingPath], "{", `{"LeakDetection":{"@odata.id":"`+leaks+`"},`, 1)
	b.paths[leaks] = `not JSON`
	_, source := serve(t, b)
	var memory bmc.Memory
	for range 2 {
		server := mustPoll(t, source, bmc.Ask{Memory: memory})
		if len(server.Gaps) != 1 || server.Gaps[0].What != "Chassis 1 leak detectors" {
			t.Fatalf("%+v", server.Gaps)
		}
		memory = server.Memory
	}
	b.paths[leaks] = `{"LeakDetectorGroups":[{"Detectors":[{"DeviceName":"Tray","DetectorState":"Critical"}]}]}`
	server := mustPoll(t, source, bmc.Ask{Memory: memory})
	if len(server.Gaps) > 0 || len(server.Parts) != 2 || server.Parts[1].Health != bmc.HealthCritical {
		t.Errorf("%+v %+v", server.Gaps, server.Parts)
	}
}
