package redfish

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/hardware"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestIDs keeps the id of a fan when another leaves the list, although the
// controller then counts anew, and when it is called something else.
func TestIDs(t *testing.T) {
	fan := func(member, name, sensor string) string {
		return fmt.Sprintf(`{"MemberId":%q,"Name":%q,"SensorNumber":%s,"Reading":3000,"Status":{"State":"Enabled","Health":"OK"}}`, member, name, sensor)
	}
	tests := []struct {
		name string
		fans []string
		want []string
	}{
		{"places and sensor numbers", []string{fan("0", "FAN1", "65"), fan("1", "FAN2", "66"), fan("2", "FAN3", "67")}, []string{"1/0x41", "1/0x42", "1/0x43"}},
		{"one has left", []string{fan("0", "FAN1", "65"), fan("1", "FAN3", "67")}, []string{"1/0x41", "1/0x43"}},
		{"renamed", []string{fan("0", "Front 1", "65"), fan("1", "Rear 1", "66")}, []string{"1/0x41", "1/0x42"}},
		{"places and names", []string{fan("0", "Sys Fan 1A", "null"), fan("1", "Sys Fan 1B", "null")}, []string{"1/Sys Fan 1A", "1/Sys Fan 1B"}},
		{"one of these has left", []string{fan("0", "Sys Fan 1B", "null")}, []string{"1/Sys Fan 1B"}},
		{"iDRAC8", []string{fan("0x17||Fan.Embedded.1A", "System Board Fan1A", "null")}, []string{"1/Fan.Embedded.1A"}},
		{"nothing but places", []string{fan("0", "", "null"), fan("1", "", "0")}, []string{"1/0", "1/1"}},
		{"twice the same", []string{fan("a", "FAN", "null"), fan("a", "FAN", "null"), fan("a~2", "FAN", "null"), fan("a", "FAN", "null")}, []string{"1/a", "1/a~2", "1/a~2~2", "1/a~3"}},
		{"no sensor number", []string{fan("0", "FAN1", "255"), fan("1", "FAN2", `"0x42"`)}, []string{"1/FAN1", "1/0x42"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := pollThermal(t, `{"Fans":[`+strings.Join(test.fans, ",")+`]}`)
			if err != nil {
				t.Fatal(err)
			}
			got := ids(server)
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(test.want))) {
				t.Errorf("%v, expected %v", got, test.want)
			}
		})
	}
}

// TestFanFacts reads one fan in each vendor's words.
func TestFanFacts(t *testing.T) {
	rpm := func(v float64) *float64 { return &v }
	tests := []struct {
		name, fan string
		want      bmc.Fan
	}{
		{"iLO4", `{"FanName":"Fan 1","CurrentReading":17,"Units":"Percent","Status":{"Health":"OK","State":"Enabled"}}`,
			bmc.Fan{ID: "1/Fan 1", Name: "Fan 1", Sensor: -1, Presence: bmc.Present, Health: bmc.HealthOK, Reading: rpm(17), Unit: "%", Says: "State Enabled, Health OK"}},
		{"Huawei", `{"MemberId":"0","Name":"Fan1 Front","Reading":6400.0,"ReadingUnits":"RPM","SerialNumber":"S7","Status":{"State":"Enabled","Health":"Warning"}}`,
			bmc.Fan{ID: "1/Fan1 Front", Name: "Fan1 Front", Serial: "S7", Sensor: -1, Presence: bmc.Present, Health: bmc.HealthWarning, Reading: rpm(6400), Unit: "RPM", Says: "State Enabled, Health Warning"}},
		{"Cisco", `{"MemberId":"FAN1","Name":"FAN1","Reading":"N/A","Status":{"State":"Enabled"}}`,
			bmc.Fan{ID: "1/FAN1", Name: "FAN1", Sensor: -1, Presence: bmc.Present, Unit: "RPM", Says: "State Enabled"}},
		{"pulled, Health OK", `{"MemberId":"0","Name":"FAN1","Reading":0,"Status":{"State":"Absent","Health":"OK"},"LowerThresholdCritical":0,"LowerThresholdFatal":null}`,
			bmc.Fan{ID: "1/FAN1", Name: "FAN1", Sensor: -1, Presence: bmc.Absent, Health: bmc.HealthOK, Reading: rpm(0), Unit: "RPM", Says: "State Absent, Health OK"}},
		{"standby", `{"MemberId":"0","Name":"FAN1","Reading":0,"Status":{"State":"StandbyOffline"}}`,
			bmc.Fan{ID: "1/FAN1", Name: "FAN1", Sensor: -1, Presence: bmc.Standby, Reading: rpm(0), Unit: "RPM", Says: "State StandbyOffline"}},
		{"no status, thresholds as text", `{"MemberId":"0","Name":"FAN1","SensorNumber":"0x41","Reading":"2000 RPM","LowerThresholdNonCritical":"700","LowerThresholdCritical":420.5,"LowerThresholdFatal":"N/A","UpperThresholdCritical":9000}`,
			bmc.Fan{ID: "1/0x41", Name: "FAN1", Sensor: 0x41, Presence: bmc.Present, Reading: rpm(2000), Unit: "RPM", LowerNonCritical: rpm(700), LowerCritical: rpm(420.5), Says: "no Status"}},
		{"status is a word", `{"MemberId":"0","Name":"FAN1","Reading":2000,"Status":"Critical"}`,
			bmc.Fan{ID: "1/FAN1", Name: "FAN1", Sensor: -1, Presence: bmc.Present, Health: bmc.HealthCritical, Reading: rpm(2000), Unit: "RPM", Says: "Health Critical"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := pollThermal(t, `{"Fans":[`+test.fan+`]}`)
			if err != nil || len(server.Fans) != 1 {
				t.Fatal(err, server.Fans)
			}
			got := server.Fans[0]
			got.Rotors, got.Opinion, got.State = nil, "", "" // see rotor_test.go
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWays finds fans in the first place that has some, and never the same
// ones again in another.
func TestWays(t *testing.T) {
	const (
		all = `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},"ThermalSubsystem":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem"},
			"Sensors":{"@odata.id":"/redfish/v1/Chassis/1/Sensors"}}`
		subsystem = `{"Fans":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans"},"FanRedundancy":[{"RedundancyType":"NPlusM","MinNeededInGroup":3,"RedundancyGroup":[{},{},{}],"Status":{"State":"Enabled","Health":"Critical"}}]}`
		fans      = `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans/0"}]}`
		fan0      = `{"Id":"0","Name":"Fan 1","SpeedPercent":{"Reading":20.0},"Status":{"Health":"OK","State":"Enabled"}}`
		sensors   = `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1/Sensors/FAN_1"},{"@odata.id":"/redfish/v1/Chassis/1/Sensors/CPU_Temp"},{"@odata.id":"/redfish/v1/Chassis/1/Sensors/pump_fan"}]}`
		fan1      = `{"Id":"FAN_1","Name":"FAN 1","ReadingType":"Rotational","ReadingUnits":"RPM","Reading":9000,"Thresholds":{"LowerCritical":{"Reading":2200},"LowerFatal":{"Reading":0}},"Status":{"State":"Enabled","Health":"OK"}}`
		pump      = `{"Id":"pump_fan","Name":"Pump","ReadingType":"Rotational","Reading":9000}`
	)
	base := map[string]string{
		"/redfish/v1/Chassis/1": all, "/redfish/v1/Chassis/1/ThermalSubsystem": subsystem, "/redfish/v1/Chassis/1/ThermalSubsystem/Fans": fans,
		"/redfish/v1/Chassis/1/ThermalSubsystem/Fans/0": fan0, "/redfish/v1/Chassis/1/Sensors": sensors,
		"/redfish/v1/Chassis/1/Sensors/FAN_1": fan1, "/redfish/v1/Chassis/1/Sensors/pump_fan": pump,
	}
	tests := []struct {
		name    string
		changes map[string]string
		want    []string
		gaps    int
		sets    int
	}{
		{"Thermal", nil, []string{"1/FAN1"}, 0, 1},
		{"Thermal is empty", map[string]string{"/redfish/v1/Chassis/1/Thermal": `{"Fans":[]}`}, []string{"1/0"}, 0, 1},
		{"Thermal without Fans", map[string]string{"/redfish/v1/Chassis/1/Thermal": `{"Id":"Thermal"}`}, []string{"1/0"}, 0, 1},
		{"Thermal is an error", map[string]string{"/redfish/v1/Chassis/1/Thermal": `{"error":{"code":"Base.1.0.GeneralError","message":"no"}}`}, nil, 1, 0},
		{"Thermal is denied", map[string]string{"/redfish/v1/Chassis/1/Thermal": `{"error":{"code":"Base.1.4.ResourceMissingAtURI"}}`}, []string{"1/0"}, 0, 1},
		{"only sensors", map[string]string{"/redfish/v1/Chassis/1/Thermal": `{"Fans":[]}`, "/redfish/v1/Chassis/1/ThermalSubsystem/Fans": `{"Members":[]}`}, []string{"1/FAN_1", "1/pump_fan"}, 0, 1},
		{"a fan of the subsystem is gone", map[string]string{"/redfish/v1/Chassis/1/Thermal": `{"Fans":null}`,
			"/redfish/v1/Chassis/1/ThermalSubsystem/Fans": `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans/9"},{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans/0"}]}`}, []string{"1/0"}, 1, 1},
		{"nowhere", map[string]string{"/redfish/v1/Chassis/1": `{"Id":"1"}`}, nil, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			paths := map[string]string{}
			for _, from := range []map[string]string{base, test.changes} {
				for path, body := range from {
					paths[path] = body
				}
			}
			server, err := pollPaths(t, paths, bmc.Ask{})
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(server); !slices.Equal(got, test.want) || len(server.Gaps) != test.gaps || len(server.Redundancies) != test.sets {
				t.Errorf("fans %v, gaps %v, redundancy %v\n%s", got, server.Gaps, server.Redundancies, strings.Join(server.Evidence, "\n"))
			}
		})
	}
}

// TestPower asks the systems only when it matters, and takes only their word.
func TestPower(t *testing.T) {
	chassis := func(power string) string {
		return `{"Id":"1","PowerState":"` + power + `","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},
			"Links":{"ComputerSystems":[{"@odata.id":"/redfish/v1/Systems/1"},{"@odata.id":"/redfish/v1/Systems/2"}]}}`
	}
	const (
		turning = `{"Fans":[{"MemberId":"a","Reading":2000,"Status":{"State":"Enabled","Health":"OK"}},{"MemberId":"b","Status":{"State":"Absent"}}]}`
		still   = `{"Fans":[{"MemberId":"a","Reading":0,"Status":{"State":"Enabled","Health":"OK"}}]}`
		none    = `{"Fans":[]}`
	)
	tests := []struct {
		name, chassis, fans, first, second string
		known                              []string
		want                               bmc.Power
		asked                              int
	}{
		{"on and well", "On", turning, "Off", "Off", []string{"1/a"}, bmc.PowerOn, 0},
		{"an empty bay is not known yet", "On", turning, "On", "On", nil, bmc.PowerOn, 2},
		{"a fan stands still", "On", still, "Off", "Off", []string{"1/a"}, bmc.PowerOff, 2},
		{"one node is on", "Off", still, "Off", "On", []string{"1/a"}, bmc.PowerOn, 2},
		{"one node is starting", "Off", still, "Off", "PoweringOn", []string{"1/a"}, bmc.PowerChanges, 2},
		{"on, and its operating system starts", "On", still, "PoweringOn", "PoweringOn", []string{"1/a"}, bmc.PowerOn, 2},
		{"one node says nothing", "Off", still, "Off", "", []string{"1/a"}, bmc.PowerUnknown, 2},
		{"the chassis is wrong", "Off", turning, "On", "On", []string{"1/a"}, bmc.PowerOn, 2},
		{"no fan at all", "On", none, "Off", "Off", nil, bmc.PowerOff, 2},
		{"an expected fan is missing", "On", turning, "Off", "Off", []string{"1/a", "1/b"}, bmc.PowerOff, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := pollPaths(t, map[string]string{
				"/redfish/v1/Chassis/1": chassis(test.chassis), "/redfish/v1/Chassis/1/Thermal": test.fans,
				"/redfish/v1/Systems/1": `{"PowerState":"` + test.first + `"}`, "/redfish/v1/Systems/2": `{"PowerState":"` + test.second + `"}`,
			}, bmc.Ask{Known: test.known})
			if err != nil {
				t.Fatal(err)
			}
			if asked := strings.Count(strings.Join(server.Evidence, "\n"), "/Systems/"); server.Power != test.want || asked != test.asked {
				t.Errorf("%q with %d requests, expected %q with %d", server.Power, asked, test.want, test.asked)
			}
		})
	}
	server, err := pollPaths(t, map[string]string{"/redfish/v1/Chassis/1": chassis("Off"), "/redfish/v1/Chassis/1/Thermal": still}, bmc.Ask{})
	if err != nil || server.Power != bmc.PowerUnknown || len(server.Gaps) != 2 {
		t.Errorf("systems that cannot be read: %q, %v, %v", server.Power, server.Gaps, err)
	}
	server, err = pollPaths(t, map[string]string{
		"/redfish/v1/Chassis/1": `{"Id":"1","PowerState":"Off","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"}}`, "/redfish/v1/Chassis/1/Thermal": still,
		"/redfish/v1/Systems":   `{"Members":[{"@odata.id":"/redfish/v1/Systems/1"}],"Members@odata.nextLink":"/redfish/v1/Systems/Page2"}`,
		"/redfish/v1/Systems/1": `{"PowerState":"Off"}`, "/redfish/v1/Systems/Page2": "not JSON",
	}, bmc.Ask{})
	if err != nil || server.Power != bmc.PowerUnknown || len(server.Gaps) != 1 {
		t.Errorf("a list of systems that ends early: %q, %v, %v", server.Power, server.Gaps, err)
	}
}

// TestPowerOfSilentChassis: where the chassis says nothing, the systems are asked until
// they say that the host is on, and no longer than they answer.
func TestPowerOfSilentChassis(t *testing.T) {
	paths := map[string]string{"/redfish/v1/Chassis/1": `{"Id":"1","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},"Links":{"ComputerSystems":[{"@odata.id":"/redfish/v1/Systems/1"}]}}`}
	var memory bmc.Memory
	for n, step := range []struct {
		reading, system string
		want            bmc.Power
		asked           int
	}{
		{"2000", "On", bmc.PowerUnknown, 0}, {"0", "Off", bmc.PowerOff, 1}, {"2000", "Off", bmc.PowerOff, 1}, {"2000", "PoweringOn", bmc.PowerChanges, 1},
		{"2000", "On", bmc.PowerOn, 1}, {"2000", "On", bmc.PowerUnknown, 0}, {"0", "Off", bmc.PowerOff, 1}, {"2000", "", bmc.PowerUnknown, 1}, {"2000", "Off", bmc.PowerUnknown, 0},
	} {
		paths["/redfish/v1/Chassis/1/Thermal"] = `{"Fans":[{"MemberId":"a","Reading":` + step.reading + `,"Status":{"State":"Enabled","Health":"OK"}}]}`
		delete(paths, "/redfish/v1/Systems/1")
		if step.system != "" {
			paths["/redfish/v1/Systems/1"] = `{"PowerState":"` + step.system + `"}`
		}
		server, err := pollPaths(t, paths, bmc.Ask{Known: []string{"1/a"}, Memory: memory})
		if asked := strings.Count(strings.Join(server.Evidence, "\n"), "/Systems/"); err != nil || server.Power != step.want || asked != step.asked || len(server.Gaps) > 0 {
			t.Errorf("poll %d: %q with %d requests, expected %q with %d: %v %v", n, server.Power, asked, step.want, step.asked, server.Gaps, err)
		}
		memory = server.Memory
	}
}

// TestRedundancyHealth: a set is as bad as it says, in whichever of its words.
func TestRedundancyHealth(t *testing.T) {
	for status, want := range map[string]bmc.Health{
		`{"Health":"OK","HealthRollup":"Critical"}`:     bmc.HealthOK,
		`{"State":"Enabled","HealthRollup":"Critical"}`: bmc.HealthCritical,
		`{"State":"Degraded"}`:                          bmc.HealthWarning,
		`{"State":"Degraded","Health":"Critical"}`:      bmc.HealthCritical,
		`{"State":"Enabled"}`:                           bmc.HealthUnknown,
	} {
		server, err := pollPaths(t, map[string]string{
			"/redfish/v1/Chassis/1/Thermal": `{"Fans":[{"MemberId":"0","Name":"FAN1","Reading":2000}],"Redundancy":[{"MemberId":"0","Name":"R","Status":` + status + `}]}`,
		}, bmc.Ask{})
		if err != nil || len(server.Redundancies) != 1 || server.Redundancies[0].Health != want {
			t.Errorf("%s: %+v, %v, expected %q", status, server.Redundancies, err, want)
		}
	}
}

// TestRestart tells when the controller started, by our clock, and only when a
// fan that is expected is missing.
func TestRestart(t *testing.T) {
	ahead := 5 * time.Hour
	now := time.Now().Add(ahead)
	paths := map[string]string{
		"/redfish/v1/Chassis/1": `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},"Links":{"ManagedBy":[{"@odata.id":"/redfish/v1/Managers/1"}]}}`,
		"/redfish/v1/Managers/1": fmt.Sprintf(`{"LastResetTime":%q,"DateTime":%q,"FirmwareVersion":"2.1"}`,
			now.Add(-time.Minute).UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)),
	}
	server, err := pollPaths(t, paths, bmc.Ask{Known: []string{"1/FAN1", "1/FAN2"}})
	if err != nil || time.Since(server.Restarted) > 2*time.Minute || time.Since(server.Restarted) < 50*time.Second || server.Identity.Firmware != "2.1" {
		t.Errorf("%v, restarted %v", err, server.Restarted)
	}
	server, err = pollPaths(t, paths, bmc.Ask{Known: []string{"1/FAN1"}})
	if err != nil || !server.Restarted.IsZero() || strings.Contains(strings.Join(server.Evidence, ""), "Managers") {
		t.Errorf("all is well: %v, restarted %v", err, server.Restarted)
	}
}

// TestIdentity leaves out what names nothing.
func TestIdentity(t *testing.T) {
	tests := []struct {
		name, root, chassis string
		want                bmc.Identity
	}{
		{"root", `"UUID":"6173ECEC-6EF5-11EE-834A-0A8FC3A58A71"`, `"SerialNumber":"J1","Manufacturer":"Lenovo ","Model":"7Z23"`,
			bmc.Identity{UUID: "6173ecec-6ef5-11ee-834a-0a8fc3a58a71", Serial: "J1", Manufacturer: "Lenovo", Model: "7Z23"}},
		{"zeros", `"UUID":"00000000-0000-0000-0000-000000000000"`, `"UUID":"4C4C4544-0035-3410-8050-c6c04f314733","SerialNumber":"0000000000"`,
			bmc.Identity{UUID: "4c4c4544-0035-3410-8050-c6c04f314733"}},
		{"ones", `"UUID":"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"`, `"SerialNumber":"To be filled by O.E.M.","Model":"Default string"`, bmc.Identity{}},
		{"null", `"UUID":null`, `"SerialNumber":null,"Manufacturer":5`, bmc.Identity{Manufacturer: "5"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := pollPaths(t, map[string]string{"/redfish/v1/": `{` + test.root + `}`, "/redfish/v1/Chassis/1": `{"Id":"1",` + test.chassis + `}`}, bmc.Ask{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, server.Identity); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLogsHalfFound looks for the event logs again when the better place could
// not be read, and says so until then.
func TestLogsHalfFound(t *testing.T) {
	paths := map[string]string{
		"/redfish/v1/Chassis/1": `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},
			"Links":{"ComputerSystems":[{"@odata.id":"/redfish/v1/Systems/1"}],"ManagedBy":[{"@odata.id":"/redfish/v1/Managers/1"}]}}`,
		"/redfish/v1/Systems/1/LogServices":               `busy`,
		"/redfish/v1/Managers/1/LogServices":              `{"Members":[{"@odata.id":"/redfish/v1/Managers/1/LogServices/Log1"}]}`,
		"/redfish/v1/Managers/1/LogServices/Log1":         `{"Entries":{"@odata.id":"/redfish/v1/Managers/1/LogServices/Log1/Entries"}}`,
		"/redfish/v1/Managers/1/LogServices/Log1/Entries": `{"Members":[]}`,
		"/redfish/v1/Systems/1/LogServices/Log1":          `{}`,
		"/redfish/v1/Systems/1/LogServices/Log1/Entries":  `{"Members":[]}`,
	}
	first, err := pollPaths(t, paths, bmc.Ask{Logs: true})
	if err != nil || len(first.Logs) != 1 || len(first.Gaps) != 1 || !first.Gaps[0].Log {
		t.Fatalf("%v, %+v, gaps %v", err, first.Logs, first.Gaps)
	}
	paths["/redfish/v1/Systems/1/LogServices"] = `{"Members":[{"@odata.id":"/redfish/v1/Systems/1/LogServices/Log1"}]}`
	second, err := pollPaths(t, paths, bmc.Ask{Logs: true, Memory: first.Memory})
	if err != nil || len(second.Logs) != 1 || !strings.Contains(second.Logs[0].ID, "Systems") || len(second.Gaps) != 0 {
		t.Errorf("%v, %+v, gaps %v", err, second.Logs, second.Gaps)
	}
}

// TestDenied keeps the session when one resource alone is denied with 401.
func TestDenied(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	source := ours(t, s, sim.Password)
	first := mustPoll(t, source, bmc.Ask{Keep: true, Logs: true})
	s.MustBreak(t, sim.Fault{Name: sim.Status401, Path: "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Sel/Entries"})
	s.Forget()
	second := mustPoll(t, source, bmc.Ask{Keep: true, Logs: true, Memory: first.Memory})
	if stats := s.Stats(); stats.Logins != 0 || stats.Sessions != 1 || len(second.Gaps) != 1 || len(second.Fans) != 6 {
		t.Errorf("%d logins, %d sessions, gaps %v, fans %v", stats.Logins, stats.Sessions, second.Gaps, ids(second))
	}
}

// TestOddValueCostsItself: a value of another type than it should have, however
// deep, hides nothing of what stands beside it.
func TestOddValueCostsItself(t *testing.T) {
	var r root
	if err := object([]byte(`{"Links": "none", "ProtocolFeaturesSupported": {"ExpandQuery": true}, "UUID": "u", "Chassis": {"@odata.id": "/redfish/v1/Chassis"}}`), &r); err != nil || r.UUID != "u" || r.Chassis == "" {
		t.Errorf("the root: %+v, %v", r, err)
	}
	var s systemBody
	if err := object([]byte(`{"MemorySummary": "32 GiB", "Links": [], "SerialNumber": "S1"}`), &s); err != nil || s.SerialNumber != "S1" {
		t.Errorf("a system: %+v, %v", s, err)
	}
	part := powerSupply("1", json.RawMessage(`{"Oem": {"Hpe": []}, "SerialNumber": "S2", "Status": {"Health": "Critical"}}`))
	if part.Serial != "S2" || part.State != hardware.Failed {
		t.Errorf("a power supply: %+v", part)
	}
	var e logEntry
	if err := object([]byte(`{"Oem": {"Hpe": "x", "Lenovo": {"CommonEventID": "FQXSPCA0002M"}}, "Created": "2024-01-01T00:00:00Z"}`), &e); err != nil || e.id() != "FQXSPCA0002M" {
		t.Errorf("a log entry: %+v, %v", e, err)
	}
	for text, want := range map[string]error{`[]`: errNoObject, `"x"`: errNoObject, `null`: errNoObject, `{"Id": }`: errNotJSON, ``: errNotJSON, `<html>`: errPage} {
		if err := object([]byte(text), &root{}); err != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

// TestFull: a member is whole when it has an id, in whatever type, and a link when it
// has none: asked for one by one, members with numbers are more than may be asked.
func TestFull(t *testing.T) {
	for member, want := range map[string]bool{
		`{"@odata.id": "/a", "Id": "a", "Name": "x"}`: true, `{"@odata.id": "/7", "Id": 7, "Name": "x"}`: true,
		`{"@odata.id": "/a"}`: false, `{"@odata.id": "/a", "Id": ""}`: false, `{"@odata.id": "/a", "Id": null}`: false, ``: false,
	} {
		if got := full([]byte(member)); got != want {
			t.Errorf("%s: %t, want %t", member, got, want)
		}
	}
}
