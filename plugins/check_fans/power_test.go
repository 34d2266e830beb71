package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// couple is a controller of two fans. An empty power of the chassis is not told.
type couple struct{ chassis, system, rollup, fan1, fan2, sensor string }

func (c *couple) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	power := ""
	if c.chassis != "" {
		power = `"PowerState":"` + c.chassis + `",`
	}
	body := map[string]string{
		"/redfish/v1/":          `{"UUID":"4c4c4544-0042-1111-2222-333344445555","Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Systems":{"@odata.id":"/redfish/v1/Systems"}}`,
		"/redfish/v1/Chassis":   `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`,
		"/redfish/v1/Chassis/1": `{"Id":"1",` + power + `"Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},"Sensors":{"@odata.id":"/redfish/v1/Chassis/1/Sensors"},"Links":{"ComputerSystems":[{"@odata.id":"/redfish/v1/Systems/1"}]},"Status":{"HealthRollup":"` + c.rollup + `"}}`,
		"/redfish/v1/Systems/1": `{"Id":"1","PowerState":"` + c.system + `"}`,
		"/redfish/v1/Chassis/1/Thermal": `{"Fans":[{"MemberId":"FAN1","Name":"FAN1","Reading":` + c.fan1 + `,"Status":{"State":"Enabled","Health":"OK"}},
			{"MemberId":"FAN2","Name":"FAN2","Reading":` + c.fan2 + `,"Status":{"State":"Enabled","Health":"OK"}}]}`,
		"/redfish/v1/Chassis/1/Sensors": `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1/Sensors/FAN2_0"}]}`,
	}[r.URL.Path]
	if r.URL.Path == "/redfish/v1/Chassis/1/Sensors/FAN2_0" && c.sensor != "" {
		body = `{"Id":"FAN2_0","Name":"FAN2 0","Reading":` + c.sensor + `,"ReadingType":"Rotational","Thresholds":{"LowerCritical":{"Reading":500}},"Status":{"State":"Enabled","Health":"OK"}}`
	}
	if body == "" || strings.Contains(body, `"PowerState":""`) {
		w.WriteHeader(http.StatusNotFound)
	}
	fmt.Fprint(w, body)
}

// polled runs the plugin every five minutes and returns the first line of the last
// answer.
func polled(t *testing.T, c *couple, steps ...func()) string {
	t.Helper()
	t.Setenv("NOOUT_USERNAME", "u")
	t.Setenv("NOOUT_PASSWORD", "p")
	server := httptest.NewTLSServer(c)
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	dir, now := t.TempDir()+"/state", time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	for _, step := range steps {
		step()
		out.Reset()
		pluginAt(func() time.Time { return now }).Run([]string{"-H", u.Hostname(), "-p", u.Port(), "--insecure", "--via", "redfish", "--log", "off", "--state-dir", dir}, &out)
		now = now.Add(5 * time.Minute)
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	return first
}

// TestPowerThatDidNotChange: drop-outs around a change of the host's power do not
// count, those of a host that only seems to change it do.
func TestPowerThatDidNotChange(t *testing.T) {
	c := new(couple)
	state := func(chassis, system, fan1, fan2 string) func() {
		return func() { c.chassis, c.system, c.fan1, c.fan2 = chassis, system, fan1, fan2 }
	}
	const runs, still, counted, excused = "5400", "0", "CRITICAL: FAN2 dropped out once", "OK: 2 fans turn"
	for _, test := range []struct {
		name  string
		steps []func()
		want  string
	}{
		{"off hours ago, told only in trouble", []func(){state("", "On", runs, runs), state("", "Off", still, still), state("", "On", runs, runs),
			state("", "On", runs, runs), state("", "On", runs, runs), state("", "On", runs, still), state("", "On", runs, runs)}, counted},
		{"powering on for ever", []func(){state("On", "PoweringOn", runs, runs), state("On", "PoweringOn", runs, still), state("On", "PoweringOn", runs, runs)}, counted},
		{"powering off for ever", []func(){state("On", "PoweringOff", runs, runs), state("On", "PoweringOff", runs, still), state("On", "PoweringOff", runs, runs)}, counted},
		{"powering on for ever, chassis silent", []func(){state("", "On", runs, runs), state("", "Off", still, still), state("", "PoweringOn", runs, runs),
			state("", "PoweringOn", runs, runs), state("", "PoweringOn", runs, runs), state("", "PoweringOn", runs, still), state("", "PoweringOn", runs, runs)}, counted},
		{"started", []func(){state("On", "On", runs, runs), state("Off", "Off", still, still), state("On", "PoweringOn", runs, still), state("On", "PoweringOn", runs, runs), state("On", "On", runs, runs)}, excused},
		{"started, chassis always on", []func(){state("On", "On", runs, runs), state("On", "Off", still, still), state("On", "PoweringOn", still, still), state("On", "PoweringOn", runs, runs), state("On", "On", runs, runs)}, excused},
		{"started, chassis silent", []func(){state("", "On", runs, runs), state("", "Off", still, still), state("", "PoweringOn", runs, still), state("", "On", runs, runs), state("", "On", runs, runs)}, excused},
		{"stopped between", []func(){state("On", "On", runs, runs), state("On", "PoweringOff", runs, still), state("Off", "Off", still, still), state("On", "On", runs, runs)}, excused},
		{"fans turn while it is off", []func(){state("", "On", runs, runs), state("", "Off", runs, still), state("", "Off", runs, runs), state("", "Off", runs, runs),
			state("", "Off", runs, runs), state("", "On", runs, still), state("", "On", runs, runs)}, excused},
		{"fans turn while it is off, once not told", []func(){state("", "On", runs, runs), state("", "Off", runs, still), state("", "", runs, still), state("", "Off", runs, still),
			state("", "On", runs, still), state("", "On", runs, runs)}, excused},
	} {
		*c = couple{rollup: "OK", sensor: "5400"}
		if got := polled(t, c, test.steps...); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s", test.name, got)
		}
	}
}
