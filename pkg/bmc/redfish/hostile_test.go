package redfish

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// places where a fault may strike, and what must be read all the same.
var places = []struct {
	name, path string
	fans       bool // are read
	log        bool // is read
}{
	{"everywhere", "", false, false},
	{"chassis", "/redfish/v1/Chassis*", false, true},
	{"fans", "/redfish/v1/Chassis/System.Embedded.1/Thermal", false, true},
	{"log", "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Sel/Entries", true, false},
}

// hangs are the faults that only the deadline ends.
var hangs = map[string]bool{sim.SilentAccept: true, sim.SilentTLS: true, sim.Hang: true, sim.Drip: true}

// TestFaults breaks a controller in every way the simulator knows, in every
// place: the poll ends, says what it could not read, hides nothing of what it
// could, writes nothing, and tells nobody else the password.
func TestFaults(t *testing.T) {
	for _, fault := range sim.Faults() {
		for _, place := range places {
			t.Run(fault+" "+place.name, func(t *testing.T) {
				t.Parallel()
				s := sim.Start(t, sim.Server{Clock: world.Still(noon)})
				source := ours(t, s, sim.Password)
				source.now = time.Now
				healthy := mustPoll(t, source, bmc.Ask{Logs: true})
				s.MustBreak(t, sim.Fault{Name: fault, Path: place.path, Delay: 50 * time.Millisecond})
				limit := 5 * time.Minute // never reached, on no machine
				if hangs[fault] {
					limit = 4 * time.Second // what is read beside it takes 20 ms
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				server, err := source.Poll(ctx, bmc.Ask{Logs: true, Memory: healthy.Memory, Known: ids(healthy)})
				checkFault(t, s, server, err)
				if place.path == "" || fault == sim.SilentAccept {
					return
				}
				if err != nil && place.name != "chassis" {
					t.Fatal(err)
				}
				if diff := cmp.Diff(ids(healthy), ids(server)); place.fans && diff != "" {
					t.Errorf("fans:\n%s", diff)
				}
				if place.log && err == nil && len(server.Logs) == 0 && !hangs[fault] {
					t.Errorf("the log is lost too: %v\n%s", server.Gaps, strings.Join(server.Evidence, "\n"))
				}
				if len(ids(server)) < len(ids(healthy)) && err == nil && !slices.ContainsFunc(server.Gaps, func(g bmc.Gap) bool { return !g.Log }) && fault != sim.Status404 {
					t.Errorf("fans are missing and nothing says why: %v\n%s", ids(server), strings.Join(server.Evidence, "\n"))
				}
			})
		}
	}
}

func checkFault(t *testing.T, s *sim.Sim, server bmc.Server, err error) {
	t.Helper()
	stats := s.Stats()
	if len(stats.Violations) > 0 || len(stats.Broken) > 0 {
		t.Errorf("violations %v, broken %v", stats.Violations, stats.Broken)
	}
	for _, visit := range s.Elsewhere().Visits() {
		t.Errorf("somebody else was asked: %+v", visit)
	}
	var all strings.Builder
	fmt.Fprintln(&all, err, server.Evidence, string(server.Memory))
	for _, g := range server.Gaps {
		fmt.Fprintln(&all, g.What, g.Err)
		if g.Err == nil || g.What == "" || len(g.What) > maxName {
			t.Errorf("a gap without a reason: %+v", g)
		}
	}
	if strings.Contains(all.String(), sim.Password) {
		t.Errorf("the password shows: %s", &all)
	}
	if stats.Count > maxRequests {
		t.Errorf("%d requests", stats.Count)
	}
}

// TestOneHangs has one resource that never answers: it costs half of the time,
// and nothing else.
func TestOneHangs(t *testing.T) {
	s := sim.Start(t, sim.Server{Clock: world.Still(noon)})
	source := ours(t, s, sim.Password)
	s.MustBreak(t, sim.Fault{Name: sim.Hang, Path: "/redfish/v1/Chassis/System.Embedded.1/Thermal"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	server, err := source.Poll(ctx, bmc.Ask{Logs: true})
	if err != nil || len(server.Gaps) != 1 || len(server.Logs) != 1 || server.Identity.Serial == "" {
		t.Errorf("%v, gaps %v, %d logs\n%s", err, server.Gaps, len(server.Logs), strings.Join(server.Evidence, "\n"))
	}
}

// TestHuge reads no more of an answer than it can use.
func TestHuge(t *testing.T) {
	for _, fault := range []string{sim.Huge, sim.HugeDeclared, sim.GzipBomb} {
		t.Run(fault, func(t *testing.T) {
			s := sim.Start(t, sim.Server{Clock: world.Still(noon)})
			source := ours(t, s, sim.Password)
			s.MustBreak(t, sim.Fault{Name: fault, Path: "/redfish/v1/Chassis/System.Embedded.1/Thermal"})
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			server := mustPoll(t, source, bmc.Ask{})
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 100<<20 {
				t.Errorf("%d MiB were allocated, by both sides", grown>>20)
			}
			if len(server.Gaps) != 1 {
				t.Errorf("gaps %v", server.Gaps)
			}
		})
	}
}

// TestLinksElsewhere offers links to another host in every place where one may
// stand: none is followed.
func TestLinksElsewhere(t *testing.T) {
	other := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent to another host, Authorization %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	host := strings.TrimPrefix(other.URL, "https://")
	for _, evil := range []string{
		other.URL + "/redfish/v1/x", "//" + host + "/redfish/v1/x", "@" + host + "/redfish/v1/x", "https://monitor:right@" + host + "/redfish/v1/x",
		"/redfish/../../x", "https:" + host + "/redfish/v1", "/\\" + host + "/redfish/v1/", "\t//" + host + "/redfish/v1", "file:///redfish/v1",
	} {
		t.Run(evil, func(t *testing.T) {
			_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				link := fmt.Sprintf(`{"@odata.id":%q}`, evil)
				switch r.URL.Path {
				case "/redfish/v1/":
					write(w, `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Systems":`+link+`,"Managers":`+link+`}`)
				case "/redfish/v1/Chassis":
					write(w, `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},`+link+`]}`)
				case "/redfish/v1/Chassis/1":
					write(w, `{"Id":"1","Thermal":`+link+`,"ThermalSubsystem":`+link+`,"Sensors":`+link+`,"Links":{"ComputerSystems":[`+link+`],"ManagedBy":[`+link+`]}}`)
				default:
					t.Errorf("a request for %s", r.URL)
				}
			}))
			server, err := source.Poll(t.Context(), bmc.Ask{Logs: true, Known: []string{"x"}})
			if err != nil || len(server.Gaps) == 0 {
				t.Error(err, server.Gaps)
			}
		})
	}
}

// TestOddTypes puts every kind of JSON value in the place of every field of a
// fan: at most that field is lost, never the fan beside it.
func TestOddTypes(t *testing.T) {
	values := []string{`null`, `true`, `5`, `5.0`, `-1`, `1e999`, `"5"`, `"N/A"`, `""`, `[]`, `{}`, `[1]`, `[null]`, `{"a":1}`, `[[[[]]]]`, `"\u0000\ud800"`}
	fields := []string{
		"@odata.id", "MemberId", "Name", "FanName", "Reading", "CurrentReading", "ReadingUnits", "Units", "SensorNumber", "SerialNumber", "Status",
		"LowerThresholdNonCritical", "LowerThresholdCritical", "LowerThresholdFatal", "UpperThresholdNonCritical", "UpperThresholdCritical",
		"RelatedItem", "Location", "HotPluggable", "Redundancy", "Oem",
	}
	for _, field := range fields {
		for _, value := range values {
			fan := map[string]string{"MemberId": `"a"`, "Name": `"FAN1"`, "Reading": `3000`, "Status": `{"State":"Enabled","Health":"OK"}`}
			fan[field] = value
			var odd []string
			for _, key := range slices.Sorted(maps.Keys(fan)) {
				odd = append(odd, fmt.Sprintf("%q:%s", key, fan[key]))
			}
			body := fmt.Sprintf(`{"Fans":[{%s},
				{"MemberId":"b","Name":"FAN2","Reading":"2000 RPM","Status":"OK"}],"Redundancy":%s,"Temperatures":%s}`, strings.Join(odd, ","), value, value)
			server, err := pollThermal(t, body)
			if err != nil || len(server.Fans) != 2 {
				t.Errorf("%s: %s: %d fans, %v", field, value, len(server.Fans), err)
				continue
			}
			if f := server.Fans[1]; f.Name != "FAN2" || f.Reading == nil || *f.Reading != 2000 || f.Health != bmc.HealthOK {
				t.Errorf("%s: %s: the other fan is %+v", field, value, f)
			}
			if server.Fans[0].ID == server.Fans[1].ID {
				t.Errorf("%s: %s: one id for two fans", field, value)
			}
		}
	}
	for _, value := range values {
		server, err := pollThermal(t, `{"Fans":[`+value+`,{"Name":"FAN2","Reading":2000}]}`)
		if err != nil || len(server.Fans) == 0 || server.Fans[len(server.Fans)-1].Name != "FAN2" {
			t.Errorf("beside %s: %+v, %v", value, server.Fans, err)
		}
		if gone := len(server.Fans) == 1 && value != "null"; gone != (len(server.Gaps) == 1) {
			t.Errorf("beside %s: gaps %v", value, server.Gaps)
		}
		if _, err := pollThermal(t, `{"Fans":`+value+`}`); err != nil {
			t.Errorf("fans %s: %v", value, err)
		}
	}
}

// pollThermal polls a server with one chassis, whose Thermal is body.
func pollThermal(t testing.TB, body string) (bmc.Server, error) {
	t.Helper()
	return pollPaths(t, map[string]string{"/redfish/v1/Chassis/1/Thermal": body}, bmc.Ask{})
}

// pollPaths polls a server with one chassis and these resources.
func pollPaths(t testing.TB, paths map[string]string, ask bmc.Ask) (bmc.Server, error) {
	t.Helper()
	all := map[string]string{
		"/redfish/v1/":                  `{"UUID":"11111111-2222-3333-4444-555555555555","Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Systems":{"@odata.id":"/redfish/v1/Systems"}}`,
		"/redfish/v1/Chassis":           `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`,
		"/redfish/v1/Chassis/1":         `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"}}`,
		"/redfish/v1/Chassis/1/Thermal": `{"Fans":[{"MemberId":"0","Name":"FAN1","Reading":2000,"Status":{"Health":"OK","State":"Enabled"}}]}`,
		"/redfish/v1/Systems":           `{"Members":[]}`,
	}
	for path, body := range paths {
		all[path] = body
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := all[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		write(w, body)
	}))
	defer server.Close()
	return New(server.Client(), server.URL, credentials).Poll(t.Context(), ask)
}

// TestManyFans stops at more fans than any server has, and says so.
func TestManyFans(t *testing.T) {
	server, err := pollThermal(t, `{"Fans":[`+strings.Repeat(`{"Name":"FAN","Reading":1},`, 5000)+`null]}`)
	if err != nil || len(server.Fans) != maxFans || len(server.Gaps) != 1 {
		t.Errorf("%d fans, gaps %v, %v", len(server.Fans), server.Gaps, err)
	}
}

// TestFansAreLinks follows fans that are only links, as on old iDRACs, but not
// into the resource they stand in.
func TestFansAreLinks(t *testing.T) {
	server, err := pollPaths(t, map[string]string{
		"/redfish/v1/Chassis/1/Thermal":                            `{"Fans":[{"@odata.id":"/redfish/v1/Chassis/1/Sensors/Fans/0x17%7C%7CFan.Embedded.1A"},{"@odata.id":"/redfish/v1/Chassis/1/Thermal#/Fans/1"}]}`,
		"/redfish/v1/Chassis/1/Sensors/Fans/0x17||Fan.Embedded.1A": `{"MemberId":"0x17||Fan.Embedded.1A","FanName":"System Board Fan1A","Reading":3000,"Status":{"State":"Enabled","Health":"OK"}}`,
	}, bmc.Ask{})
	if err != nil || !slices.Equal(ids(server), []string{"1/Fan.Embedded.1A"}) || len(server.Gaps) != 1 {
		t.Errorf("%v, gaps %v, %v", ids(server), server.Gaps, err)
	}
}
