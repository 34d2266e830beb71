package redfish

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// told1 is what a test expects of one entry.
type told1 struct {
	Fan   string
	Kind  bmc.Kind
	Level string
}

// withFans are polls of servers with these fans.
func pollOf(fans ...bmc.Fan) *poll {
	return &poll{server: &bmc.Server{Fans: fans}}
}

func fanNamed(id, name string) bmc.Fan { return bmc.Fan{ID: id, Name: name, Sensor: -1} }

func fanSensor(id, name string, sensor int) bmc.Fan {
	return bmc.Fan{ID: id, Name: name, Sensor: sensor}
}

var (
	dell = []bmc.Fan{
		fanNamed("System.Embedded.1/Fan.Embedded.1A", "System Board Fan1A"), fanNamed("System.Embedded.1/Fan.Embedded.1B", "System Board Fan1B"),
		fanNamed("System.Embedded.1/Fan.Embedded.3A", "System Board Fan3A"), fanNamed("System.Embedded.1/Fan.Embedded.11A", "System Board Fan11A"),
	}
	dellSingle = []bmc.Fan{fanSensor("System.Embedded.1/0x38", "System Board Fan1A", 0x38), fanSensor("System.Embedded.1/0x3a", "System Board Fan2A", 0x3a)}
	hpe        = []bmc.Fan{fanNamed("1/Fan 1", "Fan 1"), fanNamed("1/Fan 5", "Fan 5"), fanNamed("1/Fan 11", "Fan 11")}
	lenovoFans = []bmc.Fan{fanSensor("1/0x50", "Fan 1A Tach", 0x50), fanSensor("1/0x54", "Fan 3A Tach", 0x54)}
	supermicro = []bmc.Fan{fanSensor("1/0x41", "FAN1", 0x41), fanSensor("1/0x45", "FANA", 0x45), fanSensor("1/0x46", "FANB", 0x46)}
	openbmc    = []bmc.Fan{fanNamed("Chassis_0/FAN_2_FRONT", "Chassis_0_FAN_2_FRONT"), fanNamed("Chassis_0/FAN_2", "Chassis_0_FAN_2"), fanNamed("Chassis_0/fan0_0", "fan0_0")}
	dgx        = []bmc.Fan{fanSensor("DGX/0xb3", "SPD_FAN_SYS10_F", 0xb3), fanSensor("DGX/0xa0", "SPD_FAN_PSU0_F", 0xa0)}
	intel      = []bmc.Fan{fanNamed("Baseboard/Sys Fan 1A", "Sys Fan 1A"), fanNamed("Baseboard/Sys Fan 1B", "Sys Fan 1B")}
)

// TestEntries reads entries in the shape of each vendor.
func TestEntries(t *testing.T) {
	tests := []struct {
		name  string
		fans  []bmc.Fan
		entry string
		want  []told1
	}{
		// Dell iDRAC9 SEL: the message id says nothing, sensor type and entry code do.
		{"iDRAC SEL assert", dell, `{"EntryCode":"Assert","SensorType":"Fan","SensorNumber":56,"MessageId":"0ffff","Message":"Fan 3A RPM is less than the lower critical threshold."}`,
			[]told1{{"System.Embedded.1/Fan.Embedded.3A", bmc.Failed, "lower critical"}}},
		{"iDRAC SEL deassert", dell, `{"EntryCode":"Deassert","SensorType":"Fan","SensorNumber":56,"MessageId":"0ffff","Message":"Fan 3A RPM is within range."}`,
			[]told1{{"System.Embedded.1/Fan.Embedded.3A", bmc.Recovered, ""}}},
		{"iDRAC SEL redundancy lost", dell, `{"EntryCode":"Redundancy Lost","SensorType":"Fan","SensorNumber":117,"Message":"Fan redundancy is lost."}`,
			[]told1{{"", bmc.RedundancyLost, ""}}},
		{"iDRAC SEL redundant", dell, `{"EntryCode":"Fully Redundant","SensorType":"Fan","Message":"The fans are redundant."}`, []told1{{"", bmc.RedundancyRegained, ""}}},
		{"iDRAC SEL power supply redundancy", dell, `{"EntryCode":"Redundancy Lost","SensorType":"Power Supply / Converter","SensorNumber":119,"Message":"Power supply redundancy is lost.","MessageId":"1ffff"}`, nil},
		{"iDRAC FAN0004 in words", dell, `{"Message":"Fan 3A RPM is outside of range."}`,
			[]told1{{"System.Embedded.1/Fan.Embedded.3A", bmc.Failed, ""}}},
		{"and its end", dell, `{"Message":"Fan 3A RPM is within range."}`,
			[]told1{{"System.Embedded.1/Fan.Embedded.3A", bmc.Recovered, ""}}},
		{"iDRAC SEL sensor number", dellSingle, `{"EntryCode":"Assert","SensorType":"Fan","SensorNumber":58,"Message":"Fan 2 RPM is less than the lower critical threshold."}`,
			[]told1{{"System.Embedded.1/0x3a", bmc.Failed, "lower critical"}}},
		{"iDRAC SEL null sensor type", dell, `{"EntryCode":"Assert","SensorType":null,"MessageId":"7e012490","Message":"Fan 1B RPM is less than the lower warning threshold."}`,
			[]told1{{"System.Embedded.1/Fan.Embedded.1B", bmc.Failed, "lower non-critical"}}},
		{"iDRAC8 arrays", dell, `{"EntryCode":[{"Member":"Assert"}],"SensorType":[{"Member":"Fan"}],"MessageId":"0ffff","Message":"Fan 1A RPM is less than the lower critical threshold."}`,
			[]told1{{"System.Embedded.1/Fan.Embedded.1A", bmc.Failed, "lower critical"}}},
		{"iDRAC8 battery", dell, `{"EntryCode":[{"Member":"Assert"}],"SensorType":[{"Member":"Battery"}],"Message":"The PERC1 battery is low."}`, nil},
		{"iDRAC Lclog, two rotors", dell, `{"MessageId":"IDRAC.2.7.FAN0001","Message":"Fan 1 RPM is less than the lower critical threshold.","MessageArgs":["1"]}`,
			[]told1{{"Fan 1", bmc.Failed, "lower critical"}}},
		{"iDRAC Lclog, one rotor", dellSingle, `{"MessageId":"IDRAC.2.7.FAN0001","MessageArgs":["1"]}`, []told1{{"System.Embedded.1/0x38", bmc.Failed, "lower critical"}}},
		{"iDRAC Lclog, not 11", dell, `{"MessageId":"IDRAC.2.7.FAN0005","MessageArgs":["11"]}`, []told1{{"System.Embedded.1/Fan.Embedded.11A", bmc.Recovered, ""}}},
		{"iDRAC Lclog removed", dell, `{"MessageId":"FAN0006","Message":"Fan 3A is removed."}`, []told1{{"System.Embedded.1/Fan.Embedded.3A", bmc.Removed, ""}}},
		{"iDRAC Lclog inserted", dell, `{"MessageId":"FAN0007","Message":"Fan 3A was inserted."}`, []told1{{"System.Embedded.1/Fan.Embedded.3A", bmc.Inserted, ""}}},
		{"iDRAC Lclog degraded", dell, `{"MessageId":"RDU0003","Message":"Fan redundancy is degraded."}`, []told1{{"", bmc.RedundancyLost, "degraded"}}},
		{"iDRAC Lclog power supply fan", dell, `{"MessageId":"PSU0037","Message":"Fan failure detected on power supply 1."}`, nil},
		{"iDRAC Lclog too fast", dell, `{"MessageId":"FAN0003","Message":"Fan 3A RPM is greater than the upper critical threshold."}`, nil},
		{"iDRAC Lclog cooling mode", dell, `{"MessageId":"FAN911","Message":"The attempt to enable the Enhanced Cooling Mode was not successful."}`, nil},
		{"iDRAC Lclog fan area", dell, `{"MessageId":"SEC0006","Message":"The fan area is open."}`, nil},

		{"iLO4", hpe, `{"Message":"Fan Failure (Fan 5, Location System)","Severity":"Critical"}`, []told1{{"1/Fan 5", bmc.Failed, ""}}},
		{"iLO4 redundancy", hpe, `{"Message":"System Fans Not Redundant (Location System)"}`, []told1{{"", bmc.RedundancyLost, ""}}},
		{"iLO5 IML repaired", hpe, `{"Message":"System Fan Failure. (Fan 11, Location System)","MessageId":"17.10","Created":"2025-06-11T11:27:01Z","Oem":{"Hpe":{"Repaired":true,"Count":1,"Updated":"2025-06-11T11:28:00Z"}}}`,
			[]told1{{"1/Fan 11", bmc.Failed, ""}, {"1/Fan 11", bmc.Recovered, ""}}},
		{"iLO5 IML three times", hpe, `{"Message":"Fan Failure (Fan 1, Location System)","Created":"2025-06-11T11:27:01Z","Oem":{"Hpe":{"Repaired":false,"Count":3,"Updated":"2025-06-11T12:28:00Z"}}}`,
			[]told1{{"1/Fan 1", bmc.Failed, ""}, {"1/Fan 1", bmc.Failed, ""}}},
		{"iLO6 event", hpe, `{"MessageId":"iLOEvents.3.7.FanFailed","MessageArgs":["5"],"OemRecordFormat":"Hpe-Event"}`, []told1{{"1/Fan 5", bmc.Failed, ""}}},
		{"iLO6 event text", hpe, `{"MessageId":"iLOEvents.3.7.FanRemoved","Message":"The fan has been removed from fan location 5."}`, []told1{{"1/Fan 5", bmc.Removed, ""}}},
		{"iLO6 fans OK", hpe, `{"MessageId":"iLOResourceEvents.1.3.FansHealthOk"}`, nil},
		{"iLO storage fan", hpe, `{"MessageId":"iLOEvents.3.7.StorageSystemFanFailed","Message":"The storage system fan in location 1 connected to controller in 2 has failed"}`, nil},

		{"XCC", lenovoFans, `{"Message":"Numeric sensor Fan 3A Tach going low (lower critical) has asserted.","Oem":{"Lenovo":{"CommonEventID":"FQXSPCA0002M"}}}`,
			[]told1{{"1/0x54", bmc.Failed, "lower critical"}}},
		{"XCC back", lenovoFans, `{"Message":"Numeric sensor Fan 3A Tach going low (lower critical) has deasserted.","Oem":{"Lenovo":{"CommonEventID":"FQXSPCA2002I"}}}`,
			[]told1{{"1/0x54", bmc.Recovered, "lower critical"}}},
		{"XCC temperature", lenovoFans, `{"Message":"Numeric sensor Ambient Temp going low (lower critical) has asserted.","Oem":{"Lenovo":{"CommonEventID":"FQXSPCA0002M"}}}`, nil},
		{"XCC redundancy", lenovoFans, `{"Message":"Redundancy Lost for Cooling Zone 1 has asserted.","Oem":{"Lenovo":{"CommonEventID":"FQXSPCA0031L"}}}`, []told1{{"", bmc.RedundancyLost, ""}}},
		{"XCC power redundancy", lenovoFans, `{"Message":"Redundancy Lost for Power Unit has asserted.","Oem":{"Lenovo":{"CommonEventID":"FQXSPCA0031L"}}}`, nil},
		{"XCC enclosure", lenovoFans, `{"Message":"Fan problem detected with the enclosure. Please check the enclosure unit fan for correct operation.","Oem":{"Lenovo":{"CommonEventID":"FQXSPEM4020I"}}}`, nil},

		{"Supermicro text", supermicro, `{"Message":"FANA, Fan, Lower Critical - Going Low - Assertion"}`, []told1{{"1/0x45", bmc.Failed, "lower critical"}}},
		{"Supermicro nested", supermicro, `{"Message":"FANA, Fan, Lower Non-Recoverable - Going Low - Assertion"}`, []told1{{"1/0x45", bmc.Failed, "lower non-recoverable"}}},
		{"Supermicro back", supermicro, `{"Message":"FANA, Fan, Lower Non-Recoverable - Going Low - De-assertion"}`, []told1{{"1/0x45", bmc.Recovered, "lower non-recoverable"}}},
		{"Supermicro X13", supermicro, `{"Message":"[FAN-0001] FANB","MessageId":"0x0500FF","SensorType":"Fan","SensorNumber":70,"EntryCode":"Lower Critical - going low"}`,
			[]told1{{"1/0x46", bmc.Failed, "lower critical"}}},
		{"Supermicro power supply", supermicro, `{"Message":"PS1 Fan, Fan, Lower Critical - Going Low - Assertion"}`, nil},

		{"AMI", dgx, `{"Message":"0x07FFFF","SensorType":"Fan","SensorNumber":179,"EntryCode":"Assert"}`, []told1{{"DGX/0xb3", bmc.Failed, ""}}},
		{"AMI back", dgx, `{"Message":"0x07FFFF","SensorType":"Fan","SensorNumber":"0xB3","EntryCode":"Deassert"}`, []told1{{"DGX/0xb3", bmc.Recovered, ""}}},
		{"AMI processor", dgx, `{"Message":"0x07FFFF","SensorType":"Processor","SensorNumber":179,"EntryCode":"Assert"}`, nil},
		{"AMI supply fan that is listed", dgx, `{"Message":"SPD_FAN_PSU0_F lower critical going low","SensorType":"Fan","EntryCode":"Assert"}`, []told1{{"DGX/0xa0", bmc.Failed, "lower critical"}}},
		{"AMI unknown sensor", dgx, `{"Message":"0x07FFFF","SensorType":"Fan","SensorNumber":7,"EntryCode":"State Asserted"}`, []told1{{"sensor 0x07", bmc.Failed, ""}}},

		{"NVIDIA text", openbmc, `{"Message":"Chassis_0_FAN_2_FRONT critical low threshold assert. Reading=0.000000 Threshold=2204.000000.","Resolved":false}`,
			[]told1{{"Chassis_0/FAN_2_FRONT", bmc.Failed, "lower critical"}}},
		{"NVIDIA back", openbmc, `{"Message":"Chassis_0_FAN_2 critical low threshold deassert. Reading=9000.000000 Threshold=2204.000000."}`, []told1{{"Chassis_0/FAN_2", bmc.Recovered, "lower critical"}}},
		{"NVIDIA resolved", openbmc, `{"Message":"Chassis_0_FAN_2 critical low threshold assert.","Resolved":true,"Created":"2024-12-20T12:53:55+00:00","Modified":"2024-12-20T12:54:05+00:00"}`,
			[]told1{{"Chassis_0/FAN_2", bmc.Failed, "lower critical"}, {"Chassis_0/FAN_2", bmc.Recovered, "lower critical"}}},
		{"OpenBMC registry", openbmc, `{"MessageId":"OpenBMC.0.1.SensorThresholdCriticalLowGoingLow","MessageArgs":["fan0_0","0","1000"]}`, []told1{{"Chassis_0/fan0_0", bmc.Failed, "lower critical"}}},
		{"OpenBMC back", openbmc, `{"MessageId":"OpenBMC.0.1.SensorThresholdWarningLowGoingHigh","MessageArgs":["fan0_0","2000","1000"]}`, []told1{{"Chassis_0/fan0_0", bmc.Recovered, "lower non-critical"}}},
		{"OpenBMC other sensor", openbmc, `{"MessageId":"OpenBMC.0.1.SensorThresholdCriticalLowGoingLow","MessageArgs":["P12V","0","1000"]}`, nil},
		{"OpenBMC supply fan", openbmc, `{"MessageId":"OpenBMC.0.1.PowerSupplyFanFailed","MessageArgs":["1","2"],"Message":"Power supply 1 fan 2 failed."}`, nil},
		{"OpenBMC redundancy", openbmc, `{"MessageId":"OpenBMC.0.1.FanRedundancyRegained"}`, []told1{{"", bmc.RedundancyRegained, ""}}},
		{"DMTF environmental", hpe, `{"MessageId":"Environmental.1.0.FanRestored","MessageArgs":["Fan 1"]}`, []told1{{"1/Fan 1", bmc.Recovered, ""}}},

		{"Intel", intel, `{"SensorType":"Fan","EntryCode":"Lower Critical - going low","Message":"Sys Fan 1B : Lower Critical - going low : Asserted"}`, []told1{{"Baseboard/Sys Fan 1B", bmc.Failed, "lower critical"}}},
		{"Intel back", intel, `{"SensorType":"Fan","EntryCode":"Lower Critical - going low","Message":"System Fan 1B : Lower Critical - going low : Deasserted"}`, []told1{{"Baseboard/Sys Fan 1B", bmc.Recovered, "lower critical"}}},
		{"Intel removed", intel, `{"SensorType":"Fan","EntryCode":"Device Removed / Device Absent","Message":"Sys Fan 1A"}`, []told1{{"Baseboard/Sys Fan 1A", bmc.Removed, ""}}},
		{"Intel removal taken back", intel, `{"SensorType":"Fan","EntryCode":"Device Removed / Device Absent","Message":"Sys Fan 1A Deasserted"}`, []told1{{"Baseboard/Sys Fan 1A", bmc.Inserted, ""}}},
		{"CIMC", hpe, `{"SensorType":"Fan","EntryCode":"State Asserted","Message":"FAN5: fan failure asserted"}`, []told1{{"1/Fan 5", bmc.Failed, ""}}},

		{"fan-out", hpe, `{"Message":"Fan-out cable test failed"}`, nil},
		{"profile", hpe, `{"Message":"Fan profile changed, previous profile failed"}`, nil},
		{"speed", hpe, `{"Message":"Fan speed is increased because a PCIe card was installed"}`, nil},
		{"fancy", hpe, `{"Message":"Fancy device failed"}`, nil},
		{"cleared", hpe, `{"Message":"Log area reset/cleared","SensorType":"Fan","EntryCode":"Assert"}`, nil},
		{"nothing", hpe, `{}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &logRead{words: pollOf(test.fans...).fanWords()}
			r.take([]json.RawMessage{json.RawMessage(test.entry)}, &logMemory{})
			var got []told1
			for _, e := range pollOf(test.fans...).events(r, calendar{now: time.Now()}) {
				got = append(got, told1{e.Fan, e.Kind, e.Level})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFlappingTree reads four drop-outs of one fan from a recorded log shape.
func TestFlappingTree(t *testing.T) {
	dir := corpus + "/derived-dell-sel-fan-flapping"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no recorded tree at " + dir)
	}
	_, source := serve(t, &tree{dir: dir})
	server, err := source.Poll(t.Context(), bmc.Ask{Logs: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(server.Logs) != 1 || !server.Logs[0].Whole {
		t.Fatalf("logs %+v, gaps %+v", server.Logs, server.Gaps)
	}
	count := map[told1]int{}
	for _, e := range server.Logs[0].Events {
		count[told1{e.Fan, e.Kind, e.Level}]++
	}
	want := map[told1]int{
		{"System.Embedded.1/Fan.Embedded.3A", bmc.Failed, "lower critical"}: 4,
		{"System.Embedded.1/Fan.Embedded.3A", bmc.Recovered, ""}:            4,
		{"", bmc.RedundancyLost, ""}:                                        4,
		{"", bmc.RedundancyRegained, ""}:                                    4,
	}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	first := server.Logs[0].Events[0]
	wantFirst := bmc.Event{
		ID: "16", Order: 16, Stamp: "2024-07-04T07:30:37-05:00", Time: time.Date(2024, 7, 4, 12, 30, 37, 0, time.UTC),
		Kind: bmc.RedundancyRegained, Text: "The fans are redundant.",
	}
	if diff := cmp.Diff(wantFirst, first, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("first event (-want +got):\n%s", diff)
	}
	if server.Logs[0].Clock == nil || server.Logs[0].Clock.Abs() > time.Minute {
		t.Errorf("clock %v of a controller on this machine", server.Logs[0].Clock)
	}
}
