package redfish

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

const (
	boxPath     = "/redfish/v1/Chassis/1"
	coolingPath = boxPath + "/ThermalSubsystem"
	sensorPath  = boxPath + "/Sensors/"
	ok          = `"Status":{"State":"Enabled","Health":"OK"}`
)

// box is a controller whose fans and sensors are given by their ids. It answers
// $expand only when told to, and counts what it was asked.
type box struct {
	paths    map[string]string
	expand   bool
	requests []string
}

func newBox(fans, sensors map[string]string) *box {
	b := &box{paths: map[string]string{
		"/redfish/v1/": `{"UUID":"11111111-2222-3333-4444-555555555555","Chassis":{"@odata.id":"/redfish/v1/Chassis"}}`,
		boxPath: `{"Id":"1","PowerState":"On","Status":{"State":"Enabled","HealthRollup":"OK"},"ThermalSubsystem":{"@odata.id":"` + coolingPath +
			`"},"Sensors":{"@odata.id":"` + boxPath + `/Sensors"}}`,
		coolingPath: `{"Id":"ThermalSubsystem",` + ok + `,"Fans":{"@odata.id":"` + coolingPath + `/Fans"}}`,
	}}
	b.collect("/redfish/v1/Chassis", "/redfish/v1/Chassis/", map[string]string{"1": ""})
	b.collect(coolingPath+"/Fans", coolingPath+"/Fans/", fans)
	b.collect(boxPath+"/Sensors", sensorPath, sensors)
	return b
}

// collect puts a collection and its members.
func (b *box) collect(at, under string, members map[string]string) {
	var links []string
	for id := range maps.Keys(members) {
		links = append(links, `{"@odata.id":"`+under+id+`"}`)
		if members[id] != "" {
			b.paths[under+id] = `{"@odata.id":"` + under + id + `","Id":"` + id + `",` + members[id] + `}`
		}
	}
	b.paths[at] = `{"Members":[` + strings.Join(links, ",") + `]}`
}

func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.requests = append(b.requests, r.URL.Path)
	body, found := b.paths[r.URL.Path]
	if b.expand && r.URL.Path == "/redfish/v1/" {
		body = strings.Replace(body, "{", `{"ProtocolFeaturesSupported":{"ExpandQuery":{"NoLinks":true}},`, 1)
	}
	if b.expand && r.URL.Query().Has("$expand") {
		var whole []string
		for path, member := range b.paths {
			whole = append(whole, `{"@odata.id":"`+path+`"}`, strings.Replace(member, "{", `{"@odata.id":"`+path+`","n":1,`, 1))
		}
		body = strings.NewReplacer(whole...).Replace(body)
	}
	if !found {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	write(w, body)
}

// turning are the fans of a poll, by name.
func turning(server bmc.Server) map[string]string {
	out := map[string]string{}
	for _, f := range server.Fans {
		out[f.Name] = rotors(f)
	}
	return out
}

func tach(name string, reading int, more string) string {
	return fmt.Sprintf(`"Name":%q,"Reading":%d,"ReadingType":"Rotational","ReadingUnits":"RPM"%s`, name, reading, more)
}

// TestMeasure finds the speed of fans that show none, in one list and one by
// one, and asks no more than it must once it knows where.
func TestMeasure(t *testing.T) {
	mute := func(name string) string { return `"Name":"` + name + `",` + ok }
	linked := func(name, to string) string {
		return mute(name) + `,"SpeedPercent":{"DataSourceUri":"` + to + `"}`
	}
	tests := []struct {
		name          string
		fans, sensors map[string]string
		want          map[string]string
		gaps          int
		steady        int // requests of a steady run with $expand
	}{
		{"by name, two tachometers each", map[string]string{"fan1": mute("fan1"), "fan10": mute("fan10")},
			map[string]string{
				"fantach_fan1_0": tach("fan1 0", 9600, ","+ok), "fantach_fan1_1": tach("fan1 1", 0, ","+`"Status":{"State":"Enabled","Health":"Critical"}`),
				"fantach_fan10_0": tach("fan10 0", 9100, ""), "temperature_fan": `"Name":"fan1","Reading":30,"ReadingType":"Temperature"`,
				"fanpwm_fan1": `"Name":"fan1 PWM","Reading":40,"ReadingUnits":"%"`,
			},
			map[string]string{
				"fan1":  "present, measurement, Enabled, critical, fantach_fan1_0 9600 RPM, fantach_fan1_1 0 RPM, worst fan1 1",
				"fan10": "present, measurement, Enabled, ok, fantach_fan10_0 9100 RPM",
			}, 0, 4},
		{"where the fan says", map[string]string{"1": linked("Fan 1", sensorPath+"x7"), "2": linked("Fan 2", sensorPath+"x8")},
			map[string]string{"x7": `"Name":"PWM A","Reading":52,"ReadingUnits":"%"`, "x8": `"Name":"PWM B","Reading":52,"ReadingUnits":"%","SpeedRPM":0,` + ok},
			map[string]string{"Fan 1": "present, measurement, Enabled, ok, x7 52 %", "Fan 2": "present, measurement, Enabled, ok, x8 0 RPM"}, 0, 4},
		{"thresholds in percent, rotations beside", map[string]string{"1": linked("Fan 1", sensorPath+"x7")},
			map[string]string{"x7": `"Name":"S","Reading":5,"ReadingUnits":"%","SpeedRPM":900,"Thresholds":{"LowerCritical":{"Reading":10}}`},
			map[string]string{"Fan 1": "present, measurement, Enabled, ok, x7 5 %, x7 SpeedRPM 900 RPM, worst S"}, 0, 4},
		{"nobody measures", map[string]string{"1": mute("Fan 1")}, map[string]string{"inlet": `"Name":"Inlet","Reading":20,"ReadingUnits":"Cel"`},
			map[string]string{"Fan 1": "present, claim, Enabled, ok"}, 0, 3},
		{"a temperature is no speed", map[string]string{"1": linked("Fan 1", sensorPath+"t")}, map[string]string{"t": `"Name":"T","Reading":20,"ReadingType":"Temperature","ReadingUnits":"Cel"`},
			map[string]string{"Fan 1": "present, claim, Enabled, ok, SpeedPercent - %"}, 0, 3},
		{"units that do not exist", map[string]string{"1": linked("Fan 1", sensorPath+"t")}, map[string]string{"t": `"Name":"T","Reading":20,"ReadingUnits":"furlongs"`},
			map[string]string{"Fan 1": "present, measurement, Enabled, ok, t 20 "}, 0, 4},
		{"the sensor is gone", map[string]string{"1": linked("Fan 1", sensorPath+"x7")}, map[string]string{"x7": ""},
			map[string]string{"Fan 1": "unread, claim, Enabled, ok, SpeedPercent - %"}, 1, 4},
		{"the link leads outside", map[string]string{"1": linked("Fan 1", "https://other.example.net/redfish/v1/x")}, nil,
			map[string]string{"Fan 1": "unread, claim, Enabled, ok, SpeedPercent - %"}, 1, 3},
		{"a pump's sensor is no fan's", map[string]string{"1": mute("Fan 1")}, map[string]string{"Pump1": tach("Pump 1", 3000, ""), "fan_1_pump": tach("Fan 1", 3000, `,"PhysicalContext":"Pump"`)},
			map[string]string{"Fan 1": "present, claim, Enabled, ok"}, 0, 3},
		{"has a speed of its own", map[string]string{"1": mute("Fan 1") + `,"SpeedPercent":{"SpeedRPM":5000}`}, map[string]string{"fan_1": tach("Fan 1", 0, "")},
			map[string]string{"Fan 1": "present, measurement, Enabled, ok, SpeedPercent 5000 RPM, fan_1 0 RPM, worst Fan 1"}, 0, 4},
		{"a sensor that does not measure contradicts nobody", map[string]string{"1": mute("Fan 1") + `,"SpeedPercent":{"SpeedRPM":5000}`},
			map[string]string{"fan_1": tach("Fan 1", 0, `,"Status":{"State":"UnavailableOffline"}`)},
			map[string]string{"Fan 1": "present, measurement, Enabled, ok, SpeedPercent 5000 RPM"}, 0, 3},
	}
	for _, test := range tests {
		for _, expand := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, expand %t", test.name, expand), func(t *testing.T) {
				b := newBox(test.fans, test.sensors)
				b.expand = expand
				_, source := serve(t, b)
				server := mustPoll(t, source, bmc.Ask{})
				for range 2 {
					if diff := cmp.Diff(test.want, turning(server)); diff != "" || len(server.Gaps) != test.gaps {
						t.Fatalf("(-want +got):\n%s%v", diff, server.Gaps)
					}
					b.requests = nil
					server = mustPoll(t, source, bmc.Ask{Memory: server.Memory})
				}
				if expand && len(b.requests) != test.steady {
					t.Errorf("a steady run asked %d times: %q", len(b.requests), b.requests)
				}
			})
		}
	}
}

// TestManySensors looks at ten thousand sensors, with $expand and without, and
// finds the one that stands still in a few requests.
func TestManySensors(t *testing.T) {
	sensors := map[string]string{}
	for i := range 10_000 {
		sensors[fmt.Sprintf("s%d", i)] = `"Name":"x"`
	}
	sensors["fantach_fan1_0"] = tach("fan1 0", 0, "")
	b := newBox(map[string]string{"fan1": `"Name":"fan1",` + ok}, sensors)
	_, source := serve(t, b)
	for _, b.expand = range []bool{true, false} {
		b.requests = nil
		if server := mustPoll(t, source, bmc.Ask{}); turning(server)["fan1"] != "present, measurement, Enabled, ok, fantach_fan1_0 0 RPM" || len(server.Gaps) > 0 {
			t.Errorf("expand %t: %v, gaps %v", b.expand, turning(server), server.Gaps)
		}
		if len(b.requests) > 8 {
			t.Errorf("expand %t: asked %d times", b.expand, len(b.requests))
		}
	}
	for i := range 200 {
		b.paths[fmt.Sprintf("%sfan_x%d", sensorPath, i)] = `{"Id":"x"}`
		b.paths[boxPath+"/Sensors"] = strings.Replace(b.paths[boxPath+"/Sensors"], "[", fmt.Sprintf(`[{"@odata.id":"%sfan_x%d"},`, sensorPath, i), 1)
	}
	server := mustPoll(t, source, bmc.Ask{})
	if len(server.Gaps) != 1 || turning(server)["fan1"] != "unread, claim, Enabled, ok" {
		t.Errorf("too many to ask for: %v, gaps %v", turning(server), server.Gaps)
	}
}

// TestCooling reads what a ThermalSubsystem has besides fans.
func TestCooling(t *testing.T) {
	b := newBox(map[string]string{"1": `"Name":"Fan 1","SpeedPercent":{"SpeedRPM":5000},` + ok}, nil)
	b.expand = true
	b.paths[coolingPath] = `{"Status":{"State":"Enabled","Health":"Critical"},"Fans":{"@odata.id":"` + coolingPath + `/Fans"},"Pumps":{"@odata.id":"` + coolingPath +
		`/Pumps"},"LeakDetection":{"@odata.id":"` + coolingPath + `/LeakDetection"}}`
	b.paths[coolingPath+"/LeakDetection"] = `{"LeakDetectors":{"@odata.id":"` + coolingPath + `/LeakDetection/LeakDetectors"}}`
	b.collect(coolingPath+"/Pumps", coolingPath+"/Pumps/", map[string]string{
		"1": `"Name":"Pump 1","PumpSpeedPercent":{"SpeedRPM":0},"Status":{"State":"Enabled","Health":"OK"}`,
	})
	b.collect(coolingPath+"/LeakDetection/LeakDetectors", coolingPath+"/LeakDetection/LeakDetectors/", map[string]string{
		"L": `"Name":"Manifold","DetectorState":"Critical",` + ok,
		"M": `"DetectorState":"Unavailable",` + ok,
		"N": `"DetectorState":"Unavailable","Status":{"State":"Enabled","Health":"Critical"}`,
		"O": `"DetectorState":"OK","Status":{"State":"Enabled","HealthRollup":"Critical"}`,
	})
	_, source := serve(t, b)
	server := mustPoll(t, source, bmc.Ask{})
	if diff := cmp.Diff(map[string]string{
		"Fan 1": "present, measurement, Enabled, ok, SpeedPercent 5000 RPM", "Pump 1": "present, measurement, Enabled, ok, PumpSpeedPercent 0 RPM",
	}, turning(server)); diff != "" {
		t.Error(diff)
	}
	for _, f := range server.Fans {
		if f.Pump != (f.ID == "1/Pumps/1") {
			t.Errorf("%s is a pump: %t", f.ID, f.Pump)
		}
	}
	parts := map[string]bmc.Health{}
	for _, part := range server.Parts {
		parts[part.ID] = part.Health
	}
	want := map[string]bmc.Health{"1/ThermalSubsystem": bmc.HealthCritical, "1/LeakDetectors/L": bmc.HealthCritical,
		"1/LeakDetectors/M": bmc.HealthUnknown, "1/LeakDetectors/N": bmc.HealthCritical, "1/LeakDetectors/O": bmc.HealthCritical}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
	b.requests = nil
	if again := mustPoll(t, source, bmc.Ask{Memory: server.Memory}); len(again.Parts) != 4 || len(b.requests) != 5 {
		t.Errorf("with the roll-up fine: %+v, asked %q", again.Parts, b.requests)
	}
	b.paths[boxPath] = strings.Replace(b.paths[boxPath], `"HealthRollup":"OK"`, `"HealthRollup":"Critical"`, 1)
	if again := mustPoll(t, source, bmc.Ask{Memory: server.Memory}); len(again.Parts) != 5 {
		t.Errorf("with a bad roll-up: %+v", again.Parts)
	}
}

// TestToldOnce takes fans that an enclosure lists without data for those of the
// same names that its controller measures.
func TestToldOnce(t *testing.T) {
	thermal := func(body string) map[string]string {
		return map[string]string{
			"/redfish/v1/Chassis":           `{"Members":[{"@odata.id":"/redfish/v1/Chassis/E"},{"@odata.id":"/redfish/v1/Chassis/1"}]}`,
			"/redfish/v1/Chassis/E":         `{"Id":"E","Thermal":{"@odata.id":"/redfish/v1/Chassis/E/Thermal"}}`,
			"/redfish/v1/Chassis/E/Thermal": body,
		}
	}
	for body, want := range map[string]int{
		`{"Fans":[{"MemberId":"0","Name":"FAN1","Status":{"State":"Enabled"}}]}`:                 1,
		`{"Fans":[{"MemberId":"0","Name":"FAN1","Reading":3000,"Status":{"State":"Enabled"}}]}`:  2,
		`{"Fans":[{"MemberId":"0","Name":"FAN1","Status":{"State":"Enabled","Health":"OK"}}]}`:   2,
		`{"Fans":[{"MemberId":"0","Name":"FAN2","Status":{"State":"Enabled"}}]}`:                 2,
		`{"Fans":[{"MemberId":"0","Name":"FAN1","Status":{"State":"Absent","Health":null}}]}`:    2,
		`{"Fans":[{"MemberId":"0","Name":"FAN1","Status":{"State":"Enabled"}},{"Name":"FAN2"}]}`: 2,
	} {
		server, err := pollPaths(t, thermal(body), bmc.Ask{})
		if err != nil || len(server.Fans) != want {
			t.Errorf("%s: %d fans, expected %d, %v", body, len(server.Fans), want, err)
		}
	}
}

// TestUnreadNamed names a member that cannot be read by the id that it had.
func TestUnreadNamed(t *testing.T) {
	fan := func(name string) string { return `"Name":"` + name + `","SpeedPercent":{"SpeedRPM":5000},` + ok }
	b := newBox(map[string]string{"a": fan("Fan A"), "b": fan("Fan B")}, nil)
	b.paths[coolingPath+"/Fans/b"] = strings.Replace(b.paths[coolingPath+"/Fans/b"], `"Id":"b"`, `"Id":"Bay 2"`, 1)
	_, source := serve(t, b)
	first := mustPoll(t, source, bmc.Ask{})
	delete(b.paths, coolingPath+"/Fans/b")
	second := mustPoll(t, source, bmc.Ask{Memory: first.Memory})
	if len(second.Gaps) != 1 || second.Gaps[0].Fan != "1/Bay 2" || !second.Hides("1/Bay 2") || second.Hides("1/a") {
		t.Errorf("gaps %+v", second.Gaps)
	}
}

// TestLeftOut says which chassis are not asked.
func TestLeftOut(t *testing.T) {
	server, err := pollPaths(t, map[string]string{"/redfish/v1/Chassis": `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/` +
		url.PathEscape("Enclosure.External.0-0:RAID.Slot.4-1") + `"}]}`}, bmc.Ask{})
	if err != nil || len(server.LeftOut) != 1 || !strings.Contains(server.LeftOut[0].What, "Enclosure.External.0-0") || server.LeftOut[0].Why == "" || len(server.Gaps) > 0 {
		t.Errorf("%+v, gaps %v, %v", server.LeftOut, server.Gaps, err)
	}
}
