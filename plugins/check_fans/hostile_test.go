package main

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// budget is the memory that check_fans may take, whatever it is sent.
const budget = 64 << 10 // KiB

// few is a controller that is well, page by page.
var few = map[string]string{
	"/redfish/v1": `{"UUID":"c0ffee00-0000-4000-8000-000000000001","Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Systems":{"@odata.id":"/redfish/v1/Systems"},
		"ProtocolFeaturesSupported":{"ExpandQuery":{"NoLinks":true,"Levels":true}}}`,
	"/redfish/v1/Chassis": `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`,
	"/redfish/v1/Chassis/1": `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},
		"ThermalSubsystem":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem"},"Sensors":{"@odata.id":"/redfish/v1/Chassis/1/Sensors"},
		"Links":{"ComputerSystems":[{"@odata.id":"/redfish/v1/Systems/1"}]}}`,
	"/redfish/v1/Chassis/1/Thermal": `{"Fans":[{"MemberId":"f0","Name":"Fan 0","Reading":9600,"ReadingUnits":"RPM","Status":{"State":"Enabled","Health":"OK"}},
		{"MemberId":"f1","Name":"Fan 1","Status":{"State":"Enabled","Health":"OK"}}]}`,
	"/redfish/v1/Chassis/1/ThermalSubsystem": `{"Fans":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans"},"Pumps":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Pumps"},
		"LeakDetection":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/LeakDetection"}}`,
	"/redfish/v1/Chassis/1/ThermalSubsystem/Fans":          `{"Members":[]}`,
	"/redfish/v1/Chassis/1/ThermalSubsystem/Pumps":         `{"Members":[]}`,
	"/redfish/v1/Chassis/1/ThermalSubsystem/LeakDetection": `{"LeakDetectorGroups":[]}`,
	"/redfish/v1/Chassis/1/Sensors":                        `{"Members":[{"Id":"fan1","@odata.id":"/redfish/v1/Chassis/1/Sensors/fan1","Name":"Fan 1","Reading":9600,"ReadingUnits":"RPM","ReadingType":"Rotational"}]}`,
	"/redfish/v1/Systems":                                  `{"Members":[{"@odata.id":"/redfish/v1/Systems/1"}]}`,
	"/redfish/v1/Systems/1":                                `{"Id":"1","PowerState":"On","LogServices":{"@odata.id":"/redfish/v1/Systems/1/LogServices"}}`,
	"/redfish/v1/Systems/1/LogServices":                    `{"Members":[{"@odata.id":"/redfish/v1/Systems/1/LogServices/SEL"}]}`,
	"/redfish/v1/Systems/1/LogServices/SEL":                `{"Id":"SEL","Entries":{"@odata.id":"/redfish/v1/Systems/1/LogServices/SEL/Entries"}}`,
	"/redfish/v1/Systems/1/LogServices/SEL/Entries":        `{"Members":[]}`,
}

// much repeats a unit, of which %d is the place, up to nearly the 8 MiB that are
// read.
func much(before, unit, after string) string {
	var b strings.Builder
	b.WriteString(before)
	for n := 0; b.Len() < 8<<20-2048; n++ {
		if n > 0 {
			b.WriteByte(',')
		}
		if strings.Contains(unit, "%d") {
			fmt.Fprintf(&b, unit, n)
		} else {
			b.WriteString(unit)
		}
	}
	b.WriteString(after)
	return b.String()
}

// sensor is what is left where Thermal has no Fans: Sensors have one.
const sensor = "1 fan turns"

// hostile are answers that are small for what they make of themselves.
var hostile = []struct {
	name, path string
	body       func() string
	status     int
	says       string // in the answer; empty: anything
}{
	{"fans, empty", "Chassis/1/Thermal", func() string { return much(`{"Fans":[`, `{}`, `]}`) }, 200, "elements"},
	{"fans, null", "Chassis/1/Thermal", func() string { return much(`{"Fans":[`, `null`, `]}`) }, 200, "elements"},
	{"fans, digits", "Chassis/1/Thermal", func() string { return much(`{"Fans":[`, `7`, `]}`) }, 200, "elements"},
	{"fans, no text", "Chassis/1/Thermal", func() string { return much(`{"Fans":[`, `""`, `]}`) }, 200, "elements"},
	{"fans, lists", "Chassis/1/Thermal", func() string { return much(`{"Fans":[`, `[]`, `]}`) }, 200, "elements"},
	{"fans by key", "Chassis/1/Thermal", func() string { return much(`{"Fans":{`, `"%d":{}`, `}}`) }, 200, "elements"},
	{"fans, just short", "Chassis/1/Thermal", func() string { return `{"Fans":[` + strings.Repeat(`{},`, 19_000) + `{}]}` }, 200, "more than 512"},
	{"fans, failed, named", "Chassis/1/Thermal", func() string {
		return much(`{"Fans":[`, `{"MemberId":"f%d","Name":"`+strings.Repeat("long ", 100)+`","Status":"Critical"}`, `]}`)
	}, 200, " more"},
	{"sets, empty", "Chassis/1/Thermal", func() string { return much(`{"Fans":[],"Redundancy":[`, `{}`, `]}`) }, 200, "elements"},
	{"sets, just short", "Chassis/1/Thermal", func() string {
		return `{"Fans":[],"Redundancy":[` + strings.Repeat(`{"Status":"Critical"},`, 19_000) + `{}]}`
	}, 200, ""},
	{"one long key", "Chassis/1/Thermal", func() string { return `{"` + strings.Repeat("k", 8<<20-100) + `":1}` }, 200, "a key of more than 64 KiB"},
	{"long keys", "Chassis/1/Thermal", func() string { return much(`{"Fans":{`, `"`+strings.Repeat("k", 1000)+`%d":{}`, `}}`) }, 200, ""},
	{"a number of a million digits", "Chassis/1/Thermal", func() string {
		return `{"Fans":[{"MemberId":"f0","Name":"Fan 0","Reading":` + strings.Repeat("9", 1_000_000) + `}]}`
	}, 200, ""},
	{"a text of 8 MiB", "Chassis/1/Thermal", func() string { return `{"Fans":[{"MemberId":"f0","Name":"` + strings.Repeat("9", 8<<20-100) + `"}]}` }, 200, ""},
	{"deep", "Chassis/1/Thermal", func() string { return `{"Fans":` + strings.Repeat("[", 4<<20) + strings.Repeat("]", 4<<20-100) + `}` }, 200, "deep"},
	{"deep objects", "Chassis/1/Thermal", func() string { return strings.Repeat(`{"Fans":`, 900_000) + `1` + strings.Repeat("}", 900_000) }, 200, "deep"},
	{"a fan that stands still, and turns", "Chassis/1/Thermal", func() string {
		return `{"Fans":[{"MemberId":"f0","Name":"Fan 0","Reading":0,"ReadingUnits":"RPM","Reading":9600,"Status":{"Health":"OK"}}]}`
	}, 200, `twice`},
	{"two lists of fans", "Chassis/1/Thermal", func() string {
		return `{"Fans":[{"MemberId":"f0","Name":"Fan 0","Reading":0}],"FANS":[{"MemberId":"f0","Name":"Fan 0","Reading":9600}]}`
	}, 200, `twice`},
	{"chassis, empty", "Chassis", func() string { return much(`{"Members":[`, `{}`, `]}`) }, 200, "elements"},
	{"chassis, many", "Chassis", func() string { return much(`{"Members":[`, `{"@odata.id":"/redfish/v1/Chassis/%d"}`, `]}`) }, 200, "elements"},
	{"links, empty", "Chassis/1", func() string { return much(`{"Id":"1","Links":{"ComputerSystems":[`, `{}`, `]}}`) }, 200, ""},
	{"sensors, empty", "Chassis/1/Sensors", func() string { return much(`{"Members":[`, `{}`, `]}`) }, 200, "elements"},
	{"sensors that could measure", "Chassis/1/Sensors", func() string {
		return much(`{"Members":[`, `{"@odata.id":"/redfish/v1/Chassis/1/Sensors/fan%d"}`, `]}`)
	}, 200, "elements"},
	{"sensors that do measure", "Chassis/1/Sensors", func() string {
		return `{"Members":[` + strings.TrimSuffix(strings.Repeat(`{"Id":"fan1","@odata.id":"/redfish/v1/x","Name":"Fan 1","Reading":9600,"ReadingUnits":"RPM"},`, 15_000), ",") + `]}`
	}, 200, "2 fans turn"},
	{"leaks, empty", "Chassis/1/ThermalSubsystem/LeakDetection", func() string { return much(`{"LeakDetectorGroups":[{"Detectors":[`, `{}`, `]}]}`) }, 200, "elements"},
	{"leaks, just short", "Chassis/1/ThermalSubsystem/LeakDetection", func() string {
		return `{"LeakDetectorGroups":[{"Detectors":[` + strings.Repeat(`{"DetectorState":"Critical"},`, 19_000) + `5]}]}`
	}, 200, "leak"},
	{"pumps, empty", "Chassis/1/ThermalSubsystem/Pumps", func() string { return much(`{"Members":[`, `{}`, `]}`) }, 200, "elements"},
	{"entries, empty", "Systems/1/LogServices/SEL/Entries", func() string { return much(`{"Members":[`, `{}`, `]}`) }, 200, "not read"},
	{"entries, just short", "Systems/1/LogServices/SEL/Entries", func() string {
		return much(`{"Members":[`, `{"Id":"%d","Created":"2026-11-20T03:00:00Z","Message":"Fan 0 failed","EntryCode":"Assert","SensorType":"Fan","Text":"`+strings.Repeat("x", 300)+`"}`, `]}`)
	}, 200, ""},
	{"an error, at length", "Chassis/1/Thermal", func() string { return much(`{"error":{"@Message.ExtendedInfo":[`, `{}`, `]}}`) }, 500, "500"},
	{"an error as success", "Chassis/1/Thermal", func() string { return much(`{"error":{"@Message.ExtendedInfo":[`, `{}`, `]}}`) }, 200, "elements"},
	{"the root", "", func() string { return much(`{"Chassis":[`, `{}`, `]}`) }, 200, ""},
}

// hostileSite serves few, but for one page.
func hostileSite(t *testing.T, path, body string, status int) site {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := strings.TrimSuffix(r.URL.Path, "/")
		page, known := few[at]
		code := http.StatusOK
		switch {
		case at == strings.TrimSuffix("/redfish/v1/"+path, "/"):
			page, code = body, status
		case !known:
			code = http.StatusNotFound
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		if _, err := w.Write([]byte(page)); err != nil {
			return // it had read enough
		}
	}))
	t.Cleanup(server.Close)
	home := t.TempDir()
	ca := filepath.Join(home, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	auth := credentials(t, home, "username = u", "password = p")
	return site{home: home, args: []string{"-H", strings.TrimPrefix(server.URL, "https://"), "--auth-file", auth, "--ca-file", ca, "--state-dir", filepath.Join(home, "state")}}
}

// raced says that the race detector is on, which takes several times the memory.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestHostileAnswers: whatever stands in an answer of 8 MiB, the run takes no
// more memory than was promised, and never says that all is well.
func TestHostileAnswers(t *testing.T) {
	well := hostileSite(t, "-", "", 0).run(t)
	if well.code != 0 || !strings.Contains(well.out, "2 fans turn") {
		t.Fatalf("all well: exit code %d:\n%s", well.code, well.out)
	}
	most := well.peakKB
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			o := hostileSite(t, tt.path, tt.body(), tt.status).run(t, "-t", "30s")
			well := strings.Contains(tt.path, "/LogServices/") || tt.says == sensor || tt.says == "2 fans turn"
			if o.code == 0 && !well || !strings.Contains(o.out, tt.says) {
				t.Errorf("exit code %d, expected %q:\n%s", o.code, tt.says, o.out)
			}
			t.Logf("%d KiB", o.peakKB)
			if most = max(most, o.peakKB); o.peakKB > budget && !raced() {
				t.Errorf("%d KiB, at most %d", o.peakKB, budget)
			}
		})
	}
	t.Logf("peak %d KiB of all, %d KiB when all is well", most, well.peakKB)
}

// TestManyFailed: however many fans fail, the first line names the first and
// counts the others.
func TestManyFailed(t *testing.T) {
	var fans []string
	for n := range 512 {
		fans = append(fans, fmt.Sprintf(`{"MemberId":"f%d","Name":"Fan %d","Reading":0,"ReadingUnits":"RPM","Status":{"State":"Enabled","Health":"OK"}}`, n, n))
	}
	o := hostileSite(t, "Chassis/1/Thermal", `{"Fans":[`+strings.Join(fans, ",")+`]}`, 200).run(t)
	first, _, _ := strings.Cut(o.out, "\n")
	text, data, _ := strings.Cut(first, " | ")
	if o.code != 2 || len(text) > 160 || !strings.Contains(text, "(1) Fan 0 stands still (0 RPM) (2) Fan 1 stands still (0 RPM)") || !strings.Contains(text, " more - ") {
		t.Errorf("exit code %d, %d bytes before the performance data:\n%s", o.code, len(text), text)
	}
	if !strings.Contains(data, "fans_failed=512") || len(o.out) > 4096 || !strings.Contains(o.out, "items of performance data do not fit") {
		t.Errorf("%d bytes:\n%s", len(o.out), o.out)
	}
	t.Log(text)
}
