package redfish

import (
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

const supermicroLogs = "/redfish/v1/Systems/1/LogServices"

// supermicro is a board of the X11 to X13 generations: two thresholds, whose
// crossings are logged one inside the other, and a log of which the interesting
// part is under Systems and what the BMC did itself under Managers.
func supermicro() Profile {
	p := Profile{
		Expand: 2, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 300, Unit: time.Second, Full: sessionsFull,
		World: world.Config{
			Identity: world.Identity{
				UUID: "00000000-0000-0000-0000-AC1F6B5A4D31", Serial: "SIM0000SM1", Manufacturer: "Supermicro",
				Model: "SYS-1029U-TR4", Firmware: "01.73.12",
			},
			Levels: []world.Level{world.LowerCritical, world.LowerFatal}, Off: world.AbsentMute, Single: true,
			Up: 60 * 24 * time.Hour, Log: world.LogConfig{Capacity: 4096, Noise: 20},
		},
		resources: supermicroTree,
	}
	for i, name := range []string{"FAN1", "FAN2", "FAN3", "FAN4", "FANA", "FANB"} {
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: fmt.Sprint(i), Name: name, Sensor: 65 + i, Speed: 10780 + float64(i%2)*140, Unit: world.RPM, Top: 35800,
			LowerCritical: 420, LowerFatal: 280,
		})
	}
	return p
}

func supermicroTree(s *scene) tree {
	t := tree{}
	t.resource("/redfish/v1", "#ServiceRoot.v1_9_0.ServiceRoot", "RootService", obj{
		"Name": "Root Service", "RedfishVersion": "1.11.0", "UUID": "00000000-0000-0000-0000-AC1F6B5A4D30",
		"Chassis": ref("/redfish/v1/Chassis"), "Systems": ref("/redfish/v1/Systems"), "Managers": ref("/redfish/v1/Managers"),
		"SessionService": ref("/redfish/v1/SessionService"), "Oem": obj{"Supermicro": obj{}},
		"Links": obj{"Sessions": ref("/redfish/v1/SessionService/Sessions")},
		"ProtocolFeaturesSupported": obj{
			"FilterQuery": false, "SelectQuery": false, "ExcerptQuery": false, "OnlyMemberQuery": false,
			"ExpandQuery": obj{"ExpandAll": true, "Levels": true, "Links": true, "MaxLevels": 2, "NoLinks": true},
		},
	})
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis Collection", refs("/redfish/v1/Chassis/1"))
	t.resource("/redfish/v1/Chassis/1", "#Chassis.v1_10_0.Chassis", "1", obj{
		"Name": "Computer System Chassis", "ChassisType": "RackMount", "Manufacturer": "Supermicro", "Model": s.Identity.Model,
		"SerialNumber": "", "PowerState": string(s.Power), "Status": obj{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"},
		"Thermal": ref("/redfish/v1/Chassis/1/Thermal"),
		"Links":   obj{"ComputerSystems": refs("/redfish/v1/Systems/1"), "ManagedBy": refs("/redfish/v1/Managers/1")},
	})
	fans := arr{}
	for i, v := range s.Fans {
		fans = append(fans, obj{
			"@odata.id": fmt.Sprintf("/redfish/v1/Chassis/1/Thermal#/Fans/%d", i), "@odata.type": "#Thermal.v1_6_0.Fan",
			"MemberId": v.ID, "Name": v.Name, "SensorNumber": v.Sensor, "PhysicalContext": "Fan", "Status": status(v),
			"Reading": reading(v), "ReadingUnits": "RPM", "LowerThresholdCritical": v.LowerCritical,
			"LowerThresholdFatal": v.LowerFatal, "UpperThresholdCritical": v.Top - 240, "UpperThresholdFatal": v.Top - 100,
			"MinReadingRange": 180, "MaxReadingRange": v.Top, "RelatedItem": refs("/redfish/v1/Systems/1", "/redfish/v1/Chassis/1"),
		})
	}
	t.resource("/redfish/v1/Chassis/1/Thermal", "#Thermal.v1_6_0.Thermal", "Thermal-1", obj{
		"Name": "Thermal", "Fans": fans, "Temperatures": arr{obj{
			"@odata.id": "/redfish/v1/Chassis/1/Thermal#/Temperatures/0", "MemberId": "0", "Name": "CPU Temp", "SensorNumber": 1,
			"Status": well(), "ReadingCelsius": 63, "UpperThresholdCritical": 100, "LowerThresholdCritical": 5,
		}, obj{
			"@odata.id": "/redfish/v1/Chassis/1/Thermal#/Temperatures/1", "MemberId": "1", "Name": "Inlet Temp", "SensorNumber": 9,
			"Status": obj{"State": "Absent"}, "ReadingCelsius": 0, "UpperThresholdCritical": 0, "LowerThresholdCritical": 0,
		}},
	})
	supermicroMachine(t, s)
	return t
}

func supermicroMachine(t tree, s *scene) {
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Computer System Collection", refs("/redfish/v1/Systems/1"))
	t.resource("/redfish/v1/Systems/1", "#ComputerSystem.v1_3_0.ComputerSystem", "1", obj{
		"Name": "System", "SystemType": "Physical", "Manufacturer": "Supermicro", "Model": s.Identity.Model,
		"SerialNumber": s.Identity.Serial, "SKU": "To be filled by O.E.M.", "UUID": s.Identity.UUID,
		"PowerState": string(s.Power), "Status": well(), "LogServices": ref(supermicroLogs),
		"Links": obj{"Chassis": refs("/redfish/v1/Chassis/1"), "ManagedBy": refs("/redfish/v1/Managers/1")},
	})
	under := "/redfish/v1/Managers/1/LogServices"
	t.collection("/redfish/v1/Managers", "ManagerCollection", "Managers", refs("/redfish/v1/Managers/1"))
	t.resource("/redfish/v1/Managers/1", "#Manager.v1_3_2.Manager", "1", obj{
		"Name": "Manager", "ManagerType": "BMC", "Model": "ASPEED", "FirmwareVersion": s.Identity.Firmware, "Status": well(),
		"DateTime": s.stamp(s.Clock), "DateTimeLocalOffset": s.Clock.Format("-07:00"), "UUID": "00000000-0000-0000-0000-AC1F6B5A4D30",
		"LogServices": ref(under),
		"Links":       obj{"ManagerForChassis": refs("/redfish/v1/Chassis/1"), "ManagerForServers": refs("/redfish/v1/Systems/1")},
	})
	t.collection(supermicroLogs, "LogServiceCollection", "Collection of Health Event Logs", refs(supermicroLogs+"/Log1"))
	t.logService(s, supermicroLogs+"/Log1", obj{
		"Name": "Health Event Log Service", "LogEntryType": "SEL", "DateTime": zulu(s.Clock), "Status": well(),
	}, func() arr { return oldestFirst(s.log(), s.supermicroSel) })
	t.collection(under, "LogServiceCollection", "Collection of Maintenance Event Logs", refs(under+"/Log1"))
	t.logService(s, under+"/Log1", obj{
		"Name": "Maintenance Event Log Service", "DateTime": zulu(s.Clock), "Status": well(),
	}, func() arr { return oldestFirst(s.history(), s.supermicroMaintenance) })
}

// supermicroLevels are the words of IPMI for a threshold.
var supermicroLevels = map[world.Level]string{
	world.LowerNonCritical: "Lower Non-critical - Going Low", world.LowerCritical: "Lower Critical - Going Low",
	world.LowerFatal: "Lower Non-Recoverable - Going Low",
}

func (s *scene) supermicroSel(r world.Record) obj {
	id := fmt.Sprint(r.ID)
	e := obj{
		"@odata.id": supermicroLogs + "/Log1/Entries/" + id, "@odata.type": "#LogEntry.v1_7_0.LogEntry", "Id": id,
		"Name": "Health Event Log Entry " + id, "EntryType": "SEL", "Severity": severity(r), "Created": zulu(r.Time),
		"EntryCode": direction(r.Kind), "SensorNumber": 255, "MessageId": eventData(r), "GeneratorId": "0x0020",
	}
	raw := obj{"EventDirAndType": "0x6F", "SensorType": "0xC8", "SensorName": nil}
	switch {
	case r.Number > 0:
		words := map[string]string{"Assert": "Assertion", "Deassert": "De-assertion"}[direction(r.Kind)]
		e["SensorType"], e["SensorNumber"] = "Fan", r.Fan.Sensor
		e["Message"] = fmt.Sprintf("%s, Fan, %s - %s", logName(r.Fan), supermicroLevels[r.Level], words)
		raw = obj{"EventDirAndType": map[string]string{"Assert": "0x01", "Deassert": "0x81"}[direction(r.Kind)],
			"SensorType": "0x04", "SensorName": logName(r.Fan)}
	case r.Kind == world.Cleared:
		e["SensorType"], e["Message"] = "Event Logging Disabled", "[SYS-0002] "+plain(r)
	default:
		e["OemSensorType"], e["Message"] = "System NIC", "[SYS-0027] "+plain(r)
	}
	e["Oem"] = obj{"Supermicro": obj{"@odata.type": "#SmcLogEntryExtensions.v1_0_1.LogEntry", "RawEventData": raw}}
	return e
}

func (s *scene) supermicroMaintenance(r world.Record) obj {
	if r.Kind != world.Login && r.Kind != world.Boot {
		return nil
	}
	id := fmt.Sprint(r.ID)
	return obj{
		"@odata.id": "/redfish/v1/Managers/1/LogServices/Log1/Entries/" + id, "@odata.type": "#LogEntry.v1_7_0.LogEntry", "Id": id,
		"Name": "Maintenance Event Log Entry " + id, "EntryType": "Oem", "OemRecordFormat": "SMC", "Severity": "OK",
		"Created": zulu(r.Time), "Message": "[MEL-0133] " + plain(r), "MessageId": "Event.1.0.RedfishSessionCreated",
	}
}
