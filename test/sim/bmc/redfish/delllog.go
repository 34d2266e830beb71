package redfish

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// eemi is what an iDRAC writes: the number in Dell's registry, the EntryCode of
// the SEL, severity and text.
type eemi struct {
	id, code, severity, text string
}

// dellMessages are the texts of Dell's message registry; %s is the fan.
var dellMessages = map[world.Kind]eemi{
	world.FanFailed:          {"FAN0001", "Assert", "Critical", "Fan %s RPM is less than the lower critical threshold."},
	world.FanRecovered:       {"FAN0005", "Deassert", "OK", "Fan %s RPM is within range."},
	world.FanRemoved:         {"FAN0006", "Assert", "Critical", "Fan %s is removed."},
	world.FanInserted:        {"FAN0007", "Deassert", "OK", "Fan %s was inserted."},
	world.RedundancyLost:     {"RDU0002", "Redundancy Lost", "Critical", "Fan redundancy is lost."},
	world.RedundancyDegraded: {"RDU0003", "Redundancy Degraded", "Warning", "Fan redundancy is degraded."},
	world.RedundancyRegained: {"RDU0001", "Fully Redundant", "OK", "The fans are redundant."},
	world.Cleared:            {"SEL0002", "Assert", "OK", "Log cleared."},
	world.PowerOff:           {"SYS1001", "Assert", "OK", "System is turning off."},
	world.PowerOn:            {"SYS1000", "Assert", "OK", "System is turning on."},
	world.Boot:               {"RAC0182", "Assert", "OK", "The iDRAC firmware was rebooted with the following reason: ac."},
	world.Login:              {"USR0030", "", "OK", "%s"},
	world.Other:              {"SYS1003", "Assert", "OK", "%s"},
}

// dellMessage is the message of a record with its arguments.
func dellMessage(r world.Record) (eemi, arr) {
	m := dellMessages[r.Kind]
	if r.Kind == world.FanFailed && r.Level == world.LowerNonCritical {
		m = eemi{"FAN0000", "Assert", "Warning", "Fan %s RPM is less than the lower warning threshold."}
	}
	if !strings.Contains(m.text, "%s") {
		return m, arr{}
	}
	arg := r.Text
	if r.Number > 0 {
		arg = logName(r.Fan)
	}
	m.text = fmt.Sprintf(m.text, arg)
	return m, arr{arg}
}

// dellSel is a record as the SEL of an iDRAC9 shows it: the MessageId is raw
// event data and says nothing.
func (s *scene) dellSel(r world.Record) obj {
	m, _ := dellMessage(r)
	id := fmt.Sprint(r.ID)
	e := obj{
		"@odata.id": dellLogs + "/Sel/Entries/" + id, "@odata.type": "#LogEntry.v1_9_0.LogEntry", "Id": id,
		"Name": "Log Entry " + id, "Description": "Log Entry " + id, "Created": s.stamp(r.Time), "EntryType": "SEL",
		"EntryCode": m.code, "GeneratorId": "0x0020", "Message": m.text, "MessageArgs": arr{}, "MessageArgs@odata.count": 0,
		"MessageId": "0ffff", "SensorNumber": 26, "SensorType": nil, "Severity": m.severity, "Links": obj{},
	}
	switch {
	case r.Number > 0:
		e["SensorType"], e["SensorNumber"] = "Fan", r.Fan.Sensor
	case strings.HasPrefix(m.id, "RDU"):
		e["SensorType"], e["SensorNumber"] = "Fan", 117
	case r.Kind == world.Cleared:
		e["SensorType"], e["SensorNumber"] = "Event Logging Disabled", 114
	}
	return e
}

// dellLclog is a record as the Lifecycle Controller's log shows it.
func (s *scene) dellLclog(r world.Record) obj {
	m, args := dellMessage(r)
	id := fmt.Sprint(r.ID)
	category := "System Health"
	if r.Kind == world.Login {
		category = "Audit"
	}
	return obj{
		"@odata.id": dellLogs + "/Lclog/Entries/" + id, "@odata.type": "#LogEntry.v1_9_0.LogEntry", "Id": id,
		"Name": "Log Entry " + id, "Description": "Log Entry " + id, "Created": s.stamp(r.Time), "EntryType": "Oem",
		"OemRecordFormat": "Dell", "Message": m.text, "MessageArgs": args, "MessageArgs@odata.count": len(args),
		"MessageId": "IDRAC.2.7." + m.id, "Severity": m.severity, "Links": obj{},
		"Oem": obj{"Dell": obj{
			"@odata.type": "#DellLCLogEntry.v1_1_0.DellLCLogEntry", "Category": category, "Comment": nil, "LastUpdatedByUser": nil,
		}},
	}
}
