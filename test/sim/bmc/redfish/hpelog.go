package redfish

import (
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

func hpeLogServices(t tree, s *scene, events, inventory string) {
	t.collection(hpeLogs, "LogServiceCollection", "Logs", refs(hpeLogs+"/IML", hpeLogs+"/Event"))
	plainly := obj{
		"@odata.type": "#LogService.v1_1_0.LogService", "DateTime": zulu(s.Clock), "MaxNumberOfRecords": nil, "Status": well(),
	}
	t.logService(s, hpeLogs+"/IML", plainly, func() arr { return oldestFirst(s.log(), s.hpeIML) })
	t.logService(s, hpeLogs+"/Event", plainly, func() arr {
		return oldestFirst(s.history(), func(r world.Record) obj { return s.hpeEvent(r, events, inventory) })
	})
	under := "/redfish/v1/Managers/1/LogServices"
	t.collection(under, "LogServiceCollection", "Logs", refs(under+"/IEL"))
	t.logService(s, under+"/IEL", plainly, func() arr {
		return oldestFirst(s.history(), func(r world.Record) obj {
			if r.Kind != world.Login {
				return nil
			}
			id := fmt.Sprint(r.ID)
			return obj{
				"@odata.id": under + "/IEL/Entries/" + id, "@odata.type": "#LogEntry.v1_1_0.LogEntry", "Id": id,
				"Name": "iLO Event Log", "Created": hpeDate(r, r.Time), "EntryType": "Oem", "OemRecordFormat": "Hpe-IEL",
				"Message": r.Text, "Severity": "OK",
			}
		})
	})
}

// hpeDate is a time as iLO writes it, also when it has none.
func hpeDate(r world.Record, t time.Time) string {
	if r.Undated {
		return "0000-00-00T00:00:00Z"
	}
	return zulu(t)
}

// hpeIML is an entry of the Integrated Management Log, which is stateful.
func (s *scene) hpeIML(r world.Record) obj {
	var text, category string
	class, code := 0x02, 0
	switch r.Kind {
	case world.FanFailed:
		text, code = fmt.Sprintf("Fan Failure (Fan %s, Location System)", logName(r.Fan)), 0x01
	case world.FanRemoved:
		text, code = fmt.Sprintf("System Fan Removed (Fan %s, Location System)", logName(r.Fan)), 0x03
	case world.RedundancyLost, world.RedundancyDegraded:
		text, code = "System Fans Not Redundant (Location System)", 0x04
	case world.Cleared:
		class, code, text, category = 0x21, 0x01, "IML Cleared ( user: System Administrator)", "Maintenance"
	default:
		class, code, text, category = 0x20, 0x05, plain(r), "Other"
	}
	id := fmt.Sprint(r.ID)
	oem := obj{
		"@odata.type": "#HpeLogEntry.v2_4_0.HpeLogEntry", "Class": class, "ClassDescription": category, "Code": code,
		"Count": r.Count, "EventNumber": 100 + r.ID, "Severity": "Informational", "Updated": hpeDate(r, r.Updated),
		"Categories": arr{category},
	}
	level := "OK"
	if failed(r.Kind) {
		level = map[bool]string{true: "Critical", false: "Warning"}[r.Number > 0]
		oem["Categories"], oem["ClassDescription"] = arr{"Hardware", "Environment"}, "Environment"
		oem["Severity"], oem["Repaired"] = map[bool]string{true: "Critical", false: "Caution"}[r.Number > 0], false
		if !r.Repaired.IsZero() {
			level, oem["Severity"], oem["Repaired"] = "OK", "Repaired", true
		}
	}
	return obj{
		"@odata.id": hpeLogs + "/IML/Entries/" + id, "@odata.type": "#LogEntry.v1_11_0.LogEntry", "Id": id,
		"Name": "Integrated Management Log", "Created": hpeDate(r, r.Time), "EntryType": "Oem", "OemRecordFormat": "Hpe-IML",
		"Message": text, "MessageArgs": arr{}, "MessageId": fmt.Sprintf("%d.%d", class, code), "Severity": level,
		"Oem": obj{"Hpe": oem},
	}
}

// hpeEvent is an entry of the Event log, which has no text: the registries are
// those of events and, from iLO 7 on, of what was put in or taken out.
func (s *scene) hpeEvent(r world.Record, events, inventory string) obj {
	names := map[world.Kind]string{
		world.FanFailed: events + ".FanFailed", world.FanRecovered: events + ".FanStatusOK",
		world.FanRemoved: inventory + ".FanRemoved", world.FanInserted: inventory + ".FanInserted",
		world.RedundancyLost: events + ".FanRedundancyLost", world.RedundancyDegraded: events + ".FanRedundancyLost",
		world.RedundancyRegained: events + ".FanRedundancyRestored", world.Boot: events + ".iLORestServicesStarted",
		world.PowerOff: events + ".ServerPoweredOff", world.PowerOn: events + ".ServerPoweredOn",
	}
	name, ok := names[r.Kind]
	if !ok {
		return nil
	}
	id := fmt.Sprint(r.ID)
	e := obj{
		"@odata.id": hpeLogs + "/Event/Entries/" + id, "@odata.type": "#LogEntry.v1_11_0.LogEntry", "Id": id, "Name": "Event",
		"Created": hpeDate(r, r.Time), "EventTimestamp": hpeDate(r, r.Time), "EntryType": "Oem", "OemRecordFormat": "Hpe-Event",
		"EventId": fmt.Sprintf("5e000000-0000-4000-8000-%012x", r.ID), "MessageId": name, "Severity": severity(r),
		"Links": obj{"OriginOfCondition": ref("/redfish/v1/Systems/1")},
	}
	if r.Kind != world.FanFailed && failed(r.Kind) {
		e["Severity"] = "Warning"
	}
	if r.Number > 0 {
		e["MessageArgs"] = arr{logName(r.Fan)}
	}
	return e
}
