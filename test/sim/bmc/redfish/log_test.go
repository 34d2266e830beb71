package redfish

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// brief is a log entry in one line: what a reader has to go by.
func brief(e obj) string {
	out := fmt.Sprint(e["Id"], " ", e["Created"])
	for _, key := range []string{"SensorType", "SensorNumber", "EntryCode", "MessageId", "Severity", "Resolved"} {
		if v, ok := e[key]; ok && v != nil {
			if key == "SensorType" || key == "EntryCode" {
				text, _ := json.Marshal(v)
				v = strings.Trim(string(text), `"`)
			}
			out += fmt.Sprint(" ", key, "=", v)
		}
	}
	if oem, ok := e["Oem"].(obj); ok {
		for _, inner := range oem {
			for _, key := range []string{"CommonEventID", "Repaired", "Count", "Updated"} {
				if v, ok := inner.(obj)[key]; ok {
					out += fmt.Sprint(" ", key, "=", v)
				}
			}
		}
	}
	if e["Message"] != nil {
		out += fmt.Sprint(" | ", e["Message"])
	}
	return out
}

// logs are what is logged about fan 3 when it drops out for 11 s, as real
// entries of these vendors look.
var logs = []struct {
	vendor Vendor
	path   string
	want   []string
}{
	{Dell, dellLogs + "/Sel/Entries", []string{
		"16 2026-03-01T07:00:11-05:00 SensorType=Fan SensorNumber=117 EntryCode=Fully Redundant MessageId=0ffff Severity=OK | The fans are redundant.",
		"15 2026-03-01T07:00:11-05:00 SensorType=Fan SensorNumber=60 EntryCode=Deassert MessageId=0ffff Severity=OK | Fan 3A RPM is within range.",
		"14 2026-03-01T07:00:00-05:00 SensorType=Fan SensorNumber=117 EntryCode=Redundancy Lost MessageId=0ffff Severity=Critical | Fan redundancy is lost.",
		"13 2026-03-01T07:00:00-05:00 SensorType=Fan SensorNumber=60 EntryCode=Assert MessageId=0ffff Severity=Critical | Fan 3A RPM is less than the lower critical threshold.",
	}},
	{Dell, dellLogs + "/Lclog/Entries", []string{
		"83015 2026-03-01T07:00:11-05:00 MessageId=IDRAC.2.7.RDU0001 Severity=OK | The fans are redundant.",
		"83014 2026-03-01T07:00:11-05:00 MessageId=IDRAC.2.7.FAN0005 Severity=OK | Fan 3A RPM is within range.",
		"83013 2026-03-01T07:00:00-05:00 MessageId=IDRAC.2.7.RDU0002 Severity=Critical | Fan redundancy is lost.",
		"83012 2026-03-01T07:00:00-05:00 MessageId=IDRAC.2.7.FAN0001 Severity=Critical | Fan 3A RPM is less than the lower critical threshold.",
	}},
	{Dell8, dellManager + "/Logs/Sel", []string{
		`8 2026-03-01T06:00:11-06:00 SensorType=[{"Member":"Fan"}] SensorNumber=117 EntryCode=[{"Member":"Fully Redundant"}] MessageId=0ffff Severity=OK | The fans are redundant.`,
		`7 2026-03-01T06:00:11-06:00 SensorType=[{"Member":"Fan"}] SensorNumber=50 EntryCode=[{"Member":"Deassert"}] MessageId=0ffff Severity=OK | Fan 3A RPM is within range.`,
		`6 2026-03-01T06:00:00-06:00 SensorType=[{"Member":"Fan"}] SensorNumber=117 EntryCode=[{"Member":"Redundancy Lost"}] MessageId=0ffff Severity=Critical | Fan redundancy is lost.`,
		`5 2026-03-01T06:00:00-06:00 SensorType=[{"Member":"Fan"}] SensorNumber=50 EntryCode=[{"Member":"Assert"}] MessageId=0ffff Severity=Critical | Fan 3A RPM is less than the lower critical threshold.`,
	}},
	{HPE, hpeLogs + "/IML/Entries", []string{
		"6 2026-03-01T12:00:00Z MessageId=2.1 Severity=OK Repaired=true Count=1 Updated=2026-03-01T12:00:11Z | Fan Failure (Fan 3, Location System)",
		"7 2026-03-01T12:00:00Z MessageId=2.4 Severity=OK Repaired=true Count=1 Updated=2026-03-01T12:00:11Z | System Fans Not Redundant (Location System)",
	}},
	{HPE, hpeLogs + "/Event/Entries", []string{
		"6 2026-03-01T12:00:00Z MessageId=iLOEvents.2.3.FanFailed Severity=Critical",
		"7 2026-03-01T12:00:00Z MessageId=iLOEvents.2.3.FanRedundancyLost Severity=Warning",
		"8 2026-03-01T12:00:11Z MessageId=iLOEvents.2.3.FanStatusOK Severity=OK",
		"9 2026-03-01T12:00:11Z MessageId=iLOEvents.2.3.FanRedundancyRestored Severity=OK",
	}},
	{Lenovo, lenovoLogs + "/PlatformLog/Entries", []string{
		"9 2026-03-01T12:00:00.000+00:00 Severity=Critical CommonEventID=FQXSPCA0002M | Numeric sensor Fan 2A Tach going low (lower critical) has asserted.",
		"10 2026-03-01T12:00:00.000+00:00 Severity=Critical CommonEventID=FQXSPCA0031L | Redundancy Lost for Cooling Zone 1 has asserted.",
		"11 2026-03-01T12:00:11.000+00:00 Severity=OK CommonEventID=FQXSPCA2002I | Numeric sensor Fan 2A Tach going low (lower critical) has deasserted.",
		"12 2026-03-01T12:00:11.000+00:00 Severity=OK CommonEventID=FQXSPCA0030I | Redundancy Cooling Zone 1 has been restored.",
	}},
	{Lenovo, lenovoLogs + "/ActiveLog/Entries", []string{}},
	{Supermicro, supermicroLogs + "/Log1/Entries", []string{
		"21 2026-03-01T12:00:00Z SensorType=Fan SensorNumber=67 EntryCode=Assert MessageId=0x52FFFF Severity=Critical | FAN3, Fan, Lower Critical - Going Low - Assertion",
		"22 2026-03-01T12:00:00Z SensorType=Fan SensorNumber=67 EntryCode=Assert MessageId=0x54FFFF Severity=Critical | FAN3, Fan, Lower Non-Recoverable - Going Low - Assertion",
		"23 2026-03-01T12:00:11Z SensorType=Fan SensorNumber=67 EntryCode=Deassert MessageId=0x54FFFF Severity=OK | FAN3, Fan, Lower Non-Recoverable - Going Low - De-assertion",
		"24 2026-03-01T12:00:11Z SensorType=Fan SensorNumber=67 EntryCode=Deassert MessageId=0x52FFFF Severity=OK | FAN3, Fan, Lower Critical - Going Low - De-assertion",
	}},
	{OpenBMC, openBMCLogs + "/EventLog/Entries", []string{
		"1772366400 2026-03-01T12:00:00+00:00 MessageId=OpenBMC.0.4.SensorThresholdWarningLowGoingLow Severity=Warning | fan2 sensor crossed a warning low threshold going low. Reading=0.000000 Threshold=2000.000000.",
		"1772366400_1 2026-03-01T12:00:00+00:00 MessageId=OpenBMC.0.4.SensorThresholdCriticalLowGoingLow Severity=Critical | fan2 sensor crossed a critical low threshold going low. Reading=0.000000 Threshold=1500.000000.",
		"1772366400_2 2026-03-01T12:00:00+00:00 MessageId=OpenBMC.0.4.FanRedundancyLost Severity=Warning | Fan redundancy lost.",
		"1772366411 2026-03-01T12:00:11+00:00 MessageId=OpenBMC.0.4.SensorThresholdCriticalLowGoingHigh Severity=OK | fan2 sensor crossed a critical low threshold going high. Reading=9966.000000 Threshold=1500.000000.",
		"1772366411_1 2026-03-01T12:00:11+00:00 MessageId=OpenBMC.0.4.SensorThresholdWarningLowGoingHigh Severity=OK | fan2 sensor crossed a warning low threshold going high. Reading=9966.000000 Threshold=2000.000000.",
		"1772366411_2 2026-03-01T12:00:11+00:00 MessageId=OpenBMC.0.4.FanRedundancyRegained Severity=OK | Fan redundancy regained.",
	}},
	{AMI, "/redfish/v1/Managers/Self/LogServices/SEL/Entries", []string{
		"10 2026-03-01T12:00:00Z SensorType=Fan SensorNumber=162 EntryCode=Assert MessageId=0x52FFFF Severity=Critical | 0x52FFFF",
		"11 2026-03-01T12:00:00Z SensorType=Fan SensorNumber=12 EntryCode=Redundancy Degraded MessageId=0x02FFFF Severity=Warning | 0x02FFFF",
		"12 2026-03-01T12:00:11Z SensorType=Fan SensorNumber=162 EntryCode=Deassert MessageId=0x52FFFF Severity=OK | 0x52FFFF",
		"13 2026-03-01T12:00:11Z SensorType=Fan SensorNumber=12 EntryCode=Fully Redundant MessageId=0x00FFFF Severity=OK | 0x00FFFF",
	}},
	{Cisco, "/redfish/v1/Managers/BMC1/LogServices/SEL/Entries", []string{
		"8 2026-03-01 12:00:11  SensorType=Fan SensorNumber=98 EntryCode=State Deasserted MessageId=0x52FFFF Severity=OK | MOD3_FAN1_SPEED: lower critical going low deasserted",
		"7 2026-03-01 12:00:00  SensorType=Fan SensorNumber=98 EntryCode=State Asserted MessageId=0x52FFFF Severity=Critical | MOD3_FAN1_SPEED: lower critical going low asserted",
	}},
	{GB200, "/redfish/v1/Systems/System_0/LogServices/EventLog/Entries", []string{
		"102 2026-03-01T12:00:00+00:00 Severity=Critical Resolved=false | Chassis_0_FAN_2_FRONT critical low threshold assert. Reading=0.000000 Threshold=2204.000000.",
		"103 2026-03-01T12:00:11+00:00 Severity=OK Resolved=false | Chassis_0_FAN_2_FRONT critical low threshold deassert. Reading=6555.000000 Threshold=2204.000000.",
	}},
}

// TestLogEntries lets a fan drop out everywhere.
func TestLogEntries(t *testing.T) {
	const drop = "drop?fan=3&for=11s&shape=critical"
	for _, c := range logs {
		t.Run(string(c.vendor)+" "+c.path, func(t *testing.T) {
			quiet, _ := service(t, c.vendor)
			before := len(members(t, quiet, c.path))
			s, clock := service(t, c.vendor, drop)
			clock.Advance(time.Minute)
			got := []string{}
			for _, e := range members(t, s, c.path) {
				got = append(got, brief(e))
			}
			newest := c.vendor == Dell || c.vendor == Dell8 || c.vendor == Cisco
			if newest {
				got = got[:len(got)-before]
			} else if c.vendor == GB200 {
				got = slices.DeleteFunc(got, func(l string) bool { return !strings.Contains(l, "2026-03-01T12") })
			} else {
				got = got[before:]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// members asks for a log and also for each entry by its own path.
func members(t *testing.T, s *Service, path string) []obj {
	t.Helper()
	s.Page = 0
	o, refused := s.Get(path, nil)
	if refused != nil {
		t.Fatalf("%s: %+v", path, refused)
	}
	var out []obj
	for _, m := range o["Members"].(arr) {
		e := m.(obj)
		out = append(out, e)
		single, refused := s.Get(e["@odata.id"].(string), nil)
		if refused != nil || single["Id"] != e["Id"] {
			t.Errorf("%v by itself: %v %+v", e["@odata.id"], single, refused)
		}
	}
	return out
}

func TestActiveLogHoldsWhatIsWrongNow(t *testing.T) {
	s, clock := service(t, Lenovo, "drop?fan=1&for=1m")
	if n := len(members(t, s, lenovoLogs+"/ActiveLog/Entries")); n != 2 {
		t.Errorf("%d entries while a fan is out, want it and the redundancy", n)
	}
	clock.Advance(time.Minute)
	if n := len(members(t, s, lenovoLogs+"/ActiveLog/Entries")); n != 0 {
		t.Errorf("%d entries after it returned", n)
	}
}

func TestIMLKeepsFailuresThatWereNeverRepaired(t *testing.T) {
	s, clock := service(t, HPE, "drop?fan=3&for=11s&log=failure")
	clock.Advance(time.Hour)
	all := members(t, s, hpeLogs+"/IML/Entries")
	last := all[len(all)-2] // before the redundancy
	if oem := last["Oem"].(obj)["Hpe"].(obj); last["Severity"] != "Critical" || oem["Repaired"] != false {
		t.Errorf("entry: %v", last)
	}
}

// TestMessagesAreThoseOfTheRegistries compares ids and texts about fans with
// the vendors' registries.
func TestMessagesAreThoseOfTheRegistries(t *testing.T) {
	r := readRegistries(t)
	for kind, m := range dellMessages {
		if aboutFans(kind) {
			r.check(t, "dell-eemi", m.id, obj{"Severity": m.severity, "Message": m.text})
		}
	}
	for kind, m := range lenovoEvents {
		if aboutFans(kind) {
			r.check(t, "lenovo-xcc", m.id, obj{"Severity": severity(world.Record{Kind: kind}), "Message": m.text})
		}
	}
	for _, shape := range []string{"critical", "absent-nohealth"} {
		for vendor, registry := range map[Vendor]string{HPE: "hpe-ilo5-iLOEvents", HPE7: "hpe-ilo7-iLOEvents", OpenBMC: "openbmc"} {
			path := map[Vendor]string{OpenBMC: openBMCLogs + "/EventLog/Entries"}[vendor]
			if path == "" {
				path = hpeLogs + "/Event/Entries"
			}
			s, clock := service(t, vendor, "drop?fan=1&for=11s&shape="+shape)
			clock.Advance(time.Minute)
			for _, e := range members(t, s, path) {
				prefix, name, _ := cutLast(e["MessageId"].(string), ".")
				if !strings.Contains(name, "Fan") && !strings.Contains(name, "Threshold") {
					continue
				}
				which := registry
				if strings.HasPrefix(prefix, "iLOResourceEvents") {
					which = "hpe-ilo7-iLOResourceEvents"
				}
				r.check(t, which, name, e)
			}
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// registries are messages about fans: by registry, by id.
type registries map[string]struct {
	Messages map[string]struct{ Severity, Message string }
}

func readRegistries(t *testing.T) registries {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(corpus, "../redfish-logs/fan-message-ids.json"))
	if err != nil {
		t.Skipf("the registries are not here: %v", err)
	}
	var r registries
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// check compares an entry with its message; some entries have no text.
func (r registries) check(t *testing.T, registry, id string, e obj) {
	t.Helper()
	m, ok := r[registry].Messages[id]
	if !ok {
		t.Errorf("%s has no %s", registry, id)
	}
	if e["Severity"] != m.Severity {
		t.Errorf("%s %s: severity %v is not %s", registry, id, e["Severity"], m.Severity)
	}
	text, ok := e["Message"].(string)
	for _, part := range regexp.MustCompile(`%\d`).Split(m.Message, -1) {
		if ok && !strings.Contains(text, part) {
			t.Errorf("%s %s: %q is not %q", registry, id, text, m.Message)
		}
	}
}

func TestEveryVendorHasWhatEveryVendorHas(t *testing.T) {
	for _, v := range Vendors() {
		t.Run(string(v), func(t *testing.T) {
			s, _ := service(t, v)
			paths := s.Paths()
			for _, want := range []string{"/redfish/v1", "/redfish/v1/Chassis", "/redfish/v1/Systems", "/redfish/v1/Managers"} {
				if !slices.Contains(paths, want) {
					t.Errorf("%s is missing", want)
				}
			}
			// All links of collections lead somewhere, but for the one that does
			// not on Intel's boards either.
			for _, p := range paths {
				o, refused := s.Get(p, nil)
				if refused != nil || o["@odata.id"] == nil || o["Name"] == nil {
					t.Fatalf("%s: %v %+v", p, o, refused)
				}
				list, _ := o["Members"].(arr)
				for _, m := range list {
					at := m.(obj)["@odata.id"].(string)
					if _, refused := s.Get(at, nil); refused != nil && at != "/redfish/v1/Chassis/RackMount" {
						t.Errorf("%s leads to %s, which is not there", p, at)
					}
				}
			}
		})
	}
}
