package redfish

import (
	"encoding/json"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/test/sim/hostile"
)

// FuzzThermal decodes a Thermal resource: whatever it holds, the fans have ids
// of their own, texts are bounded, numbers are numbers, and what is no list is
// said.
func FuzzThermal(f *testing.F) {
	for _, seed := range []string{
		`{"Fans":[{"MemberId":"0","Name":"FAN1","SensorNumber":65,"Reading":10780,"ReadingUnits":"RPM","Status":{"State":"Enabled","Health":"OK"},"LowerThresholdCritical":420}]}`,
		`{"Fans":[{"FanName":"Fan 1","CurrentReading":17,"Units":"Percent","Status":{"Health":"OK"}},{"FanName":"Fan 1"},null,5]}`,
		`{"Fans":[{"MemberId":"0x17||Fan.Embedded.1A","Name":"System Board Fan1A","Reading":"17760 RPM","SensorNumber":"0x38"}],"Redundancy":[{"MemberId":"0","Mode":"N+m","MinNumNeeded":null,"Status":{"Health":"OK"}}]}`,
		`{"Fans":{"0":{"Name":"a"},"1":{"Name":"a"}},"Redundancy":{"Status":"lost"}}`,
		`{"Fans":"none","Redundancy":7}`,
		`{"error":{"code":"x","message":"y"}}`,
		`{"Fans":[{"Reading":1e999,"Status":"Critical"},{"Reading":-0.0},{"Name":["x"],"MemberId":{"Member":"y"}}]}`,
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range append(hostile.Seeds(`{"Fans":`, "MemberId", `}`), hostile.Seeds(`{"Fans":[],"Redundancy":`, "MemberId", `}`)...) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var resource thermal
		if object(body, &resource) != nil {
			return
		}
		p := pollOf()
		p.client = &client{base: &url.URL{Scheme: "https", Host: "bmc.example"}, requests: maxRequests}
		c := &chassis{path: "/redfish/v1/Chassis/1", id: "1"}
		p.takeFans(t.Context(), c, resource.Fans, "Chassis 1 Thermal")
		p.redundancies(c, resource.Redundancy, "Chassis 1 Thermal")
		p.finish(byThermal, nil)
		seen := map[string]bool{}
		for _, fan := range p.server.Fans {
			if seen[fan.ID] || !strings.HasPrefix(fan.ID, "1/") || len(fan.ID) > 3*maxName {
				t.Errorf("id %q", fan.ID)
			}
			seen[fan.ID] = true
			checkFan(t, fan)
		}
		if resource.Fans.wrong && len(p.server.Gaps) == 0 {
			t.Error("fans that are no list, and no gap")
		}
		for _, r := range p.server.Redundancies {
			if r.ID == "" || len(r.Name) > maxName+20 {
				t.Errorf("redundancy %+v", r)
			}
		}
	})
}

func checkFan(t *testing.T, fan bmc.Fan) {
	t.Helper()
	if len(fan.Name) > maxName || len(fan.Serial) > maxName || len(fan.Says) > 3*maxName || fan.Sensor == 0 || fan.Sensor < -1 || fan.Sensor > 254 {
		t.Errorf("fan %+v", fan)
	}
	if fan.Unit != "RPM" && fan.Unit != "%" || fan.Presence == "" {
		t.Errorf("fan %+v", fan)
	}
	if fan.Reading != nil && (math.IsNaN(*fan.Reading) || math.IsInf(*fan.Reading, 0)) {
		t.Errorf("reading %v", *fan.Reading)
	}
	for _, limit := range []*float64{fan.LowerNonCritical, fan.LowerCritical, fan.LowerFatal} {
		if limit != nil && (*limit == 0 || math.IsNaN(*limit) || math.IsInf(*limit, 0)) {
			t.Errorf("threshold %v", *limit)
		}
	}
}

// FuzzLogEntry reads an entry of an event log: an event has a kind, a fan of
// the server or a name, a bounded text, and a time that can be a date or none.
func FuzzLogEntry(f *testing.F) {
	for _, seed := range []string{
		`{"Id":"13","Created":"2024-07-04T07:30:00-05:00","EntryCode":"Assert","Message":"Fan 3A RPM is less than the lower critical threshold.","SensorNumber":56,"SensorType":"Fan"}`,
		`{"Id":"22","Created":"2022-01-14T06:27:53-06:00","EntryCode":[{"Member":"Assert"}],"SensorType":[{"Member":"Fan"}],"Message":"Fan 1A failed"}`,
		`{"Id":"1","MessageId":"IDRAC.2.7.FAN0001","MessageArgs":["1"]}`,
		`{"Id":"4","MessageId":"iLOEvents.3.7.FanRemoved","Message":"The fan has been removed from fan location 3."}`,
		`{"Id":"5","Message":"Numeric sensor Fan 3A Tach going low (lower critical) has deasserted.","Oem":{"Lenovo":{"CommonEventID":"FQXSPCA2002I"}}}`,
		`{"Id":"6","Message":"FANA, Fan, Lower Non-Recoverable - Going Low - De-assertion","Created":"2024/07/04 07:09:15"}`,
		`{"Id":"7","Message":"0x07FFFF","SensorType":"Fan","SensorNumber":"0xB3","EntryCode":"Transition to Critical from less severe"}`,
		`{"Id":"100","Message":"Chassis_0_FAN_2_FRONT critical low threshold assert. Reading=0.000000 Threshold=2204.000000.","Resolved":true,"Modified":"2024-12-20T12:53:55+00:00"}`,
		`{"Id":"9","Message":"Fan Failure (Fan 5, Location System)","Oem":{"Hpe":{"Repaired":true,"Count":3,"Updated":"2025-06-11T11:28:00Z"}},"Created":"0000-00-00T00:00:00Z"}`,
		`{"Id":"x","Message":"Log area reset/cleared fan"}`,
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range hostile.Seeds(`{"Id":"1","EntryCode":`, "Member", `}`) {
		f.Add([]byte(seed))
	}
	fans := append(append([]bmc.Fan{}, dell...), supermicro...)
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		p := pollOf(fans...)
		r := &logRead{words: p.fanWords()}
		r.take([]json.RawMessage{body}, &logMemory{})
		events := p.events(r, calendar{now: now, zone: 2 * time.Hour})
		if len(events) > 3 {
			t.Errorf("%d events of one entry", len(events))
		}
		for _, e := range events {
			redundancy := e.Kind == bmc.RedundancyLost || e.Kind == bmc.RedundancyRegained
			if _, ends := ending[e.Kind]; !ends && e.Kind != bmc.Recovered && e.Kind != bmc.Inserted && e.Kind != bmc.RedundancyRegained {
				t.Errorf("kind %q", e.Kind)
			}
			if redundancy != (e.Fan == "") || len(e.Fan) > 3*maxName || len(e.Text) > maxText || len(e.ID) > maxName+30 || len(e.Stamp) > maxText {
				t.Errorf("event %+v", e)
			}
			if !e.Time.IsZero() && (e.Time.Year() < firstYear || e.Time.Year() > 2199) {
				t.Errorf("time %v of %q", e.Time, e.Stamp)
			}
		}
	})
}

// FuzzLink follows no link away from the controller.
func FuzzLink(f *testing.F) {
	for _, seed := range []string{
		"/redfish/v1/Chassis/1", "/redfish/v1/Chassis/0x17%7C%7CFan", "/redfish/v1/Chassis?$expand=.($levels=1)", "//other/redfish/v1", "@other/redfish",
		"https://other/redfish/v1/", "https://bmc.example/redfish/v1", "/redfish/../x", "/redfish/%2e%2e/x", "https:other/redfish", "/\\other", "/redfish/v1#/Fans/0", "\x00",
	} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "bmc.example"}
	f.Fuzz(func(t *testing.T, link string) {
		c := &client{base: base}
		u, err := c.target(link)
		if err != nil {
			return
		}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != "bmc.example" || again.Scheme != "https" || again.User != nil || !strings.HasPrefix(again.Path, "/redfish") {
			t.Errorf("%q leads to %v, %v", link, again, err)
		}
	})
}

// FuzzMemory takes any memory, and makes one that it can read.
func FuzzMemory(f *testing.F) {
	f.Add([]byte(`{"version":1,"learned":"2026-11-21T01:40:30Z","way":"thermal","fans":["/redfish/v1/Chassis/1"],"logs":[{"name":"Sel","path":"/x","last":5}],"session":{"path":"/s","token":"t","host":"h","user":"u"}}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := recall(raw)
		stored := m.store()
		if len(stored) == 0 || len(stored) > maxMemory+maxLink*8 {
			t.Errorf("%d bytes", len(stored))
		}
		if again := recall(stored); (again.Session == nil) != (m.Session == nil) {
			t.Error("the session is lost")
		}
	})
}

// FuzzScan cuts JSON as encoding/json does, and nonsense without failing.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[ ]`, `[1, "a,]\"" ,{"x":[{}]},null]`, `{"a":1,"b" : [2,{"c":"}"}] , "d":"\\"}`, `{}`, `["\ud800\u0000",-1e5]`, `[,`, `{"a"`, `["`, `[[`, `{"a":`,
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range hostile.Seeds(``, "Id", ``) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		parts := split(raw)
		got := map[string]string{}
		fields(raw, func(key string, value []byte) { got[key] = string(value) })
		var array []json.RawMessage
		if json.Unmarshal(raw, &array) == nil && len(raw) > 0 && raw[0] == '[' {
			if diff := cmp.Diff(array, parts, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%q:\n%s", raw, diff)
			}
		}
		var all map[string]json.RawMessage
		if json.Unmarshal(raw, &all) == nil && len(raw) > 0 && raw[0] == '{' {
			for key, value := range all {
				if v, ok := got[key]; ok && v != string(value) {
					t.Errorf("%q: %q is %q, expected %q", raw, key, v, value)
				} else if !ok && !strings.ContainsRune(string(raw), '\\') && utf8.Valid(raw) {
					t.Errorf("%q: %q is missing", raw, key)
				}
			}
		}
	})
}
