package redfish

import (
	"fmt"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

const (
	lenovoChassis = "/redfish/v1/Chassis/1"
	lenovoLogs    = "/redfish/v1/Systems/1/LogServices"
)

// lenovo is a ThinkSystem SR670 V2 with an XCC 2.83: two rotors a module, the
// manager's logs are those of the system, and what an entry is about stands in
// Oem.Lenovo.CommonEventID only.
func lenovo() Profile {
	p := Profile{
		Expand: 2, Skip: true, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 300, Unit: time.Second, Full: sessionsFull,
		World: world.Config{
			Identity: world.Identity{
				UUID: "6173ecec-6ef5-11ee-834a-73696d756c61", Serial: "J1SIM05", Manufacturer: "Lenovo",
				Model: "ThinkSystem SR670 V2", Firmware: "TGBT42S 2.83 2023-07-05",
			},
			Up: 15 * 24 * time.Hour, Log: world.LogConfig{Capacity: 1024, Noise: 8},
		},
		resources: lenovoTree,
	}
	for i := range 10 {
		label := fmt.Sprintf("%d%c", i/2+1, 'A'+i%2)
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: "Fan_" + label + "_Tach", Name: "Fan " + label + " Tach", Sensor: 80 + i, Speed: 6431 - float64(i%2)*599,
			Unit: world.RPM, Top: 15045, LowerCritical: 472 - float64(i%2)*40,
		})
	}
	return p
}

func lenovoTree(s *scene) tree {
	t := tree{}
	t.resource("/redfish/v1", "#ServiceRoot.v1_13_0.ServiceRoot", "RootService", obj{
		"@odata.id": "/redfish/v1/", "Name": "Root Service", "RedfishVersion": "1.15.0", "Vendor": "Lenovo",
		"UUID": strings.ToUpper(s.Identity.UUID), "Chassis": ref("/redfish/v1/Chassis"), "Systems": ref("/redfish/v1/Systems"),
		"Managers": ref("/redfish/v1/Managers"), "SessionService": ref("/redfish/v1/SessionService"),
		"Links": obj{"Sessions": ref("/redfish/v1/SessionService/Sessions")},
		"ProtocolFeaturesSupported": obj{
			"ExcerptQuery": false, "FilterQuery": false, "OnlyMemberQuery": false, "SelectQuery": false,
			"ExpandQuery": obj{"ExpandAll": true, "Levels": true, "Links": true, "MaxLevels": 2, "NoLinks": true},
		},
	})
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "ChassisCollection", refs(lenovoChassis, "/redfish/v1/Chassis/3"))
	t.resource(lenovoChassis, "#Chassis.v1_19_0.Chassis", "1", obj{
		"Name": "Chassis", "ChassisType": "RackMount", "Manufacturer": "Lenovo", "Model": "7Z23CTO1WW",
		"SerialNumber": s.Identity.Serial, "UUID": strings.ToUpper(s.Identity.UUID), "PowerState": string(s.Power), "Status": well(),
		"Thermal": ref(lenovoChassis + "/Thermal"), "ThermalSubsystem": ref(lenovoChassis + "/ThermalSubsystem"),
		"Sensors": ref(lenovoChassis + "/Sensors"), "LogServices": ref(lenovoLogs),
		"Links": obj{"ComputerSystems": refs("/redfish/v1/Systems/1"), "ManagedBy": refs("/redfish/v1/Managers/1")},
	})
	t.resource("/redfish/v1/Chassis/3", "#Chassis.v1_19_0.Chassis", "3", obj{
		"Name": "SAS Backplane 1", "ChassisType": "Enclosure", "Manufacturer": "LNVO", "Model": nil, "SerialNumber": "R4SIM02C",
		"PowerState": nil, "Status": well(),
	})
	lenovoFans(t, s)
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "ComputerSystemCollection", refs("/redfish/v1/Systems/1"))
	t.resource("/redfish/v1/Systems/1", "#ComputerSystem.v1_17_0.ComputerSystem", "1", obj{
		"Name": "ComputerSystem", "SystemType": "Physical", "Manufacturer": "Lenovo", "Model": s.Identity.Model, "SKU": "7Z23CTO1WW",
		"SerialNumber": s.Identity.Serial, "UUID": s.Identity.UUID, "HostName": "XCC-7Z23-" + s.Identity.Serial,
		"PowerState": string(s.Power), "Status": obj{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"},
		"LogServices": ref(lenovoLogs),
		"Links":       obj{"Chassis": refs(lenovoChassis), "ManagedBy": refs("/redfish/v1/Managers/1")},
	})
	t.collection("/redfish/v1/Managers", "ManagerCollection", "ManagerCollection", refs("/redfish/v1/Managers/1"))
	t.resource("/redfish/v1/Managers/1", "#Manager.v1_14_0.Manager", "1", obj{
		"Name": "Manager", "ManagerType": "BMC", "Model": "Lenovo XClarity Controller", "FirmwareVersion": s.Identity.Firmware,
		"DateTime": s.stamp(s.Clock), "DateTimeLocalOffset": s.Clock.Format("-07:00"), "PowerState": "On",
		"Status": obj{"State": "Enabled"}, "UUID": strings.ToUpper(s.Identity.UUID), "LogServices": ref(lenovoLogs),
		"Links": obj{"ManagerForChassis": refs(lenovoChassis), "ManagerForServers": refs("/redfish/v1/Systems/1")},
	})
	lenovoLogServices(t, s)
	return t
}

// lenovoFans shows the fans three times: Thermal, subsystem and sensors.
func lenovoFans(t tree, s *scene) {
	fans, members, sensors := arr{}, arr{}, arr{}
	subsystem := lenovoChassis + "/ThermalSubsystem"
	for i, v := range s.Fans {
		part := obj{"PartLocation": obj{"ServiceLabel": v.Name, "LocationType": "Slot", "LocationOrdinalValue": v.Number}}
		sensor := fmt.Sprintf("%s/Sensors/%dL0", lenovoChassis, v.Sensor)
		fans = append(fans, obj{
			"@odata.id": fmt.Sprintf("%s/Thermal#/Fans/%d", lenovoChassis, i), "MemberId": fmt.Sprint(v.Number - 1),
			"Name": v.Name, "FanName": v.Name, "HotPluggable": true, "PhysicalContext": "Fan", "SensorNumber": v.Sensor,
			"Reading": reading(v), "ReadingUnits": "RPM", "MinReadingRange": 0, "MaxReadingRange": v.Top, "Status": status(v),
			"LowerThresholdCritical": limit(v.LowerCritical), "LowerThresholdNonCritical": limit(v.LowerNonCritical),
			"LowerThresholdFatal": limit(v.LowerFatal), "UpperThresholdCritical": nil, "UpperThresholdFatal": nil,
			"UpperThresholdNonCritical": nil, "Location": part, "RelatedItem": refs("/redfish/v1/Systems/1", lenovoChassis),
		})
		at := subsystem + "/Fans/" + v.ID
		members = append(members, ref(at))
		t.resource(at, "#Fan.v1_1_1.Fan", v.ID, obj{
			"Name": v.Name, "HotPluggable": true, "PhysicalContext": "Fan", "Status": status(v), "Location": part,
			"SpeedPercent": obj{"Reading": reading(v), "SpeedRPM": reading(v), "DataSourceUri": sensor},
		})
		sensors = append(sensors, ref(sensor))
		t.resource(sensor, "#Sensor.v1_3_0.Sensor", fmt.Sprintf("%dL0", v.Sensor), obj{
			"Name": v.Name, "ReadingType": "Rotational", "ReadingUnits": "RPM", "Reading": reading(v), "Status": status(v),
		})
	}
	t.resource(lenovoChassis+"/Thermal", "#Thermal.v1_7_1.Thermal", "1", obj{
		"Name": "Thermal", "Description": "It represents the properties for Temperature and Cooling.",
		"Fans": fans, "Fans@odata.count": len(fans), "Temperatures": arr{}, "Temperatures@odata.count": 0,
		"Status": obj{"HealthRollup": "OK", "State": "Enabled"},
	})
	t.resource(subsystem, "#ThermalSubsystem.v1_0_0.ThermalSubsystem", "ThermalSubsystem", obj{
		"Name": "Thermal Subsystem", "Fans": ref(subsystem + "/Fans"), "Status": well(),
	})
	t.collection(subsystem+"/Fans", "FanCollection", "FanCollection", members)
	t.collection(lenovoChassis+"/Sensors", "SensorCollection", "SensorCollection", sensors)
}

func lenovoLogServices(t tree, s *scene) {
	t.collection(lenovoLogs, "LogServiceCollection", "LogServiceCollection",
		refs(lenovoLogs+"/PlatformLog", lenovoLogs+"/AuditLog", lenovoLogs+"/ActiveLog", lenovoLogs+"/MaintenanceLog"))
	for name, members := range map[string]func() arr{
		"PlatformLog": func() arr {
			return oldestFirst(s.log(), func(r world.Record) obj { return s.lenovoEntry(r, "PlatformLog") })
		},
		"ActiveLog": func() arr {
			return oldestFirst(s.log(), func(r world.Record) obj {
				if !failed(r.Kind) || !r.Repaired.IsZero() {
					return nil
				}
				return s.lenovoEntry(r, "ActiveLog")
			})
		},
		"AuditLog": func() arr {
			return oldestFirst(s.history(), func(r world.Record) obj {
				if r.Kind != world.Login {
					return nil
				}
				return s.lenovoEntry(r, "AuditLog")
			})
		},
		"MaintenanceLog": func() arr { return arr{} },
	} {
		t.logService(s, lenovoLogs+"/"+name, obj{"@odata.type": "#LogService.v1_3_0.LogService", "LogEntryType": "Multiple", "Name": "LogService"}, members)
	}
}

// lenovoEvents are the ids and texts of Lenovo's event registry; %s is what the
// event is about.
var lenovoEvents = map[world.Kind]struct{ id, text string }{
	world.FanFailed:          {"FQXSPCA0002M", "Numeric sensor %s going low (lower critical) has asserted."},
	world.FanRecovered:       {"FQXSPCA2002I", "Numeric sensor %s going low (lower critical) has deasserted."},
	world.RedundancyLost:     {"FQXSPCA0031L", "Redundancy Lost for %s has asserted."},
	world.RedundancyDegraded: {"FQXSPCA0032J", "Redundancy Degraded for %s has asserted."},
	world.RedundancyRegained: {"FQXSPCA0030I", "Redundancy %s has been restored."},
	world.Login:              {"FQXSPSE4001I", "%s"},
}

func (s *scene) lenovoEntry(r world.Record, log string) obj {
	event, ok := lenovoEvents[r.Kind]
	if !ok {
		event.id, event.text = "FQXSPNM4000I", "%s"
	}
	if r.Level == world.LowerNonCritical {
		event.id = map[world.Kind]string{world.FanFailed: "FQXSPCA0000J", world.FanRecovered: "FQXSPCA2000I"}[r.Kind]
		event.text = strings.Replace(event.text, "lower critical", "lower non-critical", 1)
	}
	about := plain(r)
	if r.Number > 0 {
		about = logName(r.Fan)
	} else if aboutFans(r.Kind) {
		about = "Cooling Zone 1"
	}
	id := fmt.Sprint(r.ID)
	oem := obj{
		"@odata.type": "#LenovoLogEntry.v1_0_0." + log + "Entry", "CommonEventID": event.id, "EventSequenceNumber": r.ID,
		"Source": "System", "Serviceable": "Not Serviceable", "Hidden": false, "IsLocalEvent": true, "ReportingChain": "XCC",
	}
	if r.Number > 0 {
		oem["AlertCategory"] = "Critical - Fan Failure"
	}
	return obj{
		"@odata.id": lenovoLogs + "/" + log + "/Entries/" + id, "@odata.type": "#LogEntry.v1_11_0.LogEntry", "Id": id,
		"Name": "LogEntry", "Created": r.Time.Format("2006-01-02T15:04:05.000-07:00"), "EntryType": "Oem",
		"OemRecordFormat": "Lenovo", "Message": fmt.Sprintf(event.text, about), "MessageArgs": arr{about}, "Severity": severity(r),
		"EventId": fmt.Sprintf("0x80010002%02x01ffff", r.Fan.Sensor), "EventGroupId": 0, "Oem": obj{"Lenovo": oem},
		"Links": obj{"OriginOfCondition": ref("/redfish/v1/Systems/1")},
	}
}
