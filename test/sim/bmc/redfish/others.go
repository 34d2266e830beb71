package redfish

import (
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// cisco is a UCS C with a CIMC: no thresholds, dates that are no RFC 3339, and
// a fan module that is absent without reading.
func cisco() Profile {
	p := Profile{
		Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 1800, Unit: time.Second, Full: sessionsFull,
		World: world.Config{
			Identity: world.Identity{
				UUID: "1cd2f3a4-0000-4000-8000-73696d756c61", Serial: "WZPSIM0C1", Manufacturer: "Cisco Systems Inc",
				Model: "UCSC-C240-M5SX", Firmware: "4.2(3b)",
			},
			Off: world.Gone, Single: true, Up: 9 * 24 * time.Hour, Log: world.LogConfig{Capacity: 3008, Noise: 6},
		},
		resources: ciscoTree,
	}
	for i := range 7 {
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: fmt.Sprint(i + 1), Name: fmt.Sprintf("MOD%d_FAN1_SPEED", i+1), Sensor: 0x60 + i, Speed: 7600 + float64(i)*50,
			Unit: world.RPM, Empty: i == 6,
		})
	}
	return p
}

func ciscoTree(s *scene) tree {
	const chassis, system, manager = "/redfish/v1/Chassis/1", "/redfish/v1/Systems/1", "/redfish/v1/Managers/BMC1"
	t := tree{}
	plainRoot(t, obj{"Vendor": "Cisco Systems Inc"})
	fans := arr{}
	for i, v := range s.Fans {
		f := obj{
			"@odata.id": fmt.Sprintf("%s/Thermal#/Fans/%d", chassis, i), "MemberId": v.ID, "Name": v.Name,
			"ReadingUnits": "RPM", "Status": status(v),
		}
		if !v.Empty {
			f["Reading"] = reading(v)
		}
		fans = append(fans, f)
	}
	thermal := obj{"Name": "Thermal", "Fans": fans}
	if len(fans) == 0 {
		delete(thermal, "Fans") // as recorded from a host without power
	}
	t.resource(chassis+"/Thermal", "#Thermal.v1_7_2.Thermal", "Thermal", thermal)
	plainMachine(t, s, plainIDs{chassis, system, manager, "CIMC"})
	at := manager + "/LogServices"
	t.collection(at, "LogServiceCollection", "Log Service Collection", refs(at+"/SEL"))
	t.logService(s, at+"/SEL", obj{"LogEntryType": "SEL", "Name": "SEL Log Service"}, func() arr {
		return newestFirst(s.log(), func(r world.Record) obj {
			e := selEntry(at+"/SEL/Entries", r)
			e["Created"] = r.Time.Format("2006-01-02 15:04:05 ")
			e["EntryCode"] = map[string]string{"Assert": "State Asserted", "Deassert": "State Deasserted"}[direction(r.Kind)]
			return e
		})
	})
	return t
}

// intel is an S2600BP: chassis in one another, one of which does not exist, a
// redundancy that is Disabled and OK, and a system whose id is its serial.
func intel() Profile {
	p := Profile{
		Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 1800, Unit: time.Second, Full: sessionsFull,
		World: world.Config{
			Identity: world.Identity{
				UUID: "3504bf7d-ae5b-11e7-ab21-73696d756c61", Serial: "QSBPSIM0001", Manufacturer: "Intel Corporation",
				Model: "S2600BPB", Firmware: "1.93.870cf4f0",
			},
			MinNeeded: 4, Levels: []world.Level{world.LowerNonCritical, world.LowerCritical},
			Up: 33 * 24 * time.Hour, Log: world.LogConfig{Capacity: 3639, Noise: 7},
		},
		resources: intelTree,
	}
	for i := range 6 {
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("Sys Fan %d%c", i/2+1, 'A'+i%2), Sensor: 0xb0 + i, Speed: 17910 + float64(i%2)*597,
			Unit: world.RPM, Top: 22950, LowerNonCritical: 810, LowerCritical: 630,
		})
	}
	return p
}

func intelTree(s *scene) tree {
	const rack, manager = "/redfish/v1/Chassis/RackMount", "/redfish/v1/Managers/BMC"
	chassis, system := rack+"/Baseboard", "/redfish/v1/Systems/"+s.Identity.Serial
	t := tree{}
	plainRoot(t, obj{"UUID": "f4e0c73a-e66e-4acf-a109-73696d756c61"})
	fans, set := arr{}, arr{}
	for i, v := range s.Fans {
		at := fmt.Sprintf("%s/Thermal#/Fans/%d", chassis, i)
		set = append(set, ref(at))
		fans = append(fans, obj{
			"@odata.id": at, "MemberId": v.ID, "Name": v.Name, "Reading": reading(v), "ReadingUnits": "RPM", "Status": status(v),
			"LowerThresholdCritical": v.LowerCritical, "LowerThresholdNonCritical": v.LowerNonCritical, "MinReadingRange": 0,
			"MaxReadingRange": v.Top, "Redundancy": refs(chassis + "/Thermal#/Redundancy/0"),
		})
	}
	t.resource(chassis+"/Thermal", "#Thermal.v1_4_0.Thermal", "Thermal", obj{
		"Name": "Thermal", "Fans": fans, "Temperatures": arr{}, "Redundancy": arr{obj{
			"@odata.id": chassis + "/Thermal#/Redundancy/0", "MemberId": "0", "Name": "BaseBoard System Fans", "Mode": "N+m",
			"MinNumNeeded": s.Minimum, "MaxNumSupported": 5, "RedundancySet": set,
			"Status": obj{"State": "Disabled", "Health": "OK", "HealthRollup": "OK"},
		}},
	})
	plainMachine(t, s, plainIDs{chassis, system, manager, "S2600BPB"})
	card := t[chassis]
	t[chassis] = func() obj {
		o := card()
		delete(o, "Status")
		return o
	}
	// The first member answers 404, as recorded.
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis Collection", refs(rack, chassis, rack+"/HSBackplane"))
	t.resource(rack+"/HSBackplane", "#Chassis.v1_6_0.Chassis", "HSBackplane", obj{
		"Name": "Computer System Card", "ChassisType": "Card", "Manufacturer": "Intel Corporation", "PowerState": "On",
	})
	at := system + "/LogServices"
	t.collection(at, "LogServiceCollection", "Log Service Collection", refs(at+"/SEL"))
	t.logService(s, at+"/SEL", obj{"Name": "System Event Log"}, func() arr {
		return oldestFirst(s.log(), func(r world.Record) obj { return selEntry(at+"/SEL/Entries", r) })
	})
	t.collection(manager+"/LogServices", "LogServiceCollection", "Log Service Collection", arr{})
	return t
}

// plainRoot is a service root without features.
func plainRoot(t tree, extra obj) {
	t.resource("/redfish/v1", "#ServiceRoot.v1_5_0.ServiceRoot", "RootService", merged(obj{
		"Name": "Root Service", "RedfishVersion": "1.6.0", "Chassis": ref("/redfish/v1/Chassis"),
		"Systems": ref("/redfish/v1/Systems"), "Managers": ref("/redfish/v1/Managers"),
		"SessionService": ref("/redfish/v1/SessionService"),
		"Links":          obj{"Sessions": ref("/redfish/v1/SessionService/Sessions")},
	}, extra))
}

type plainIDs struct{ chassis, system, manager, model string }

// plainMachine is a chassis, a system and a manager that say only what all say.
func plainMachine(t tree, s *scene, id plainIDs) {
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis", refs(id.chassis))
	t.resource(id.chassis, "#Chassis.v1_6_0.Chassis", base(id.chassis), obj{
		"Name": "Computer System Chassis", "ChassisType": "RackMount", "Manufacturer": s.Identity.Manufacturer,
		"Model": s.Identity.Model, "SerialNumber": s.Identity.Serial, "PowerState": string(s.Power), "Status": well(),
		"Thermal": ref(id.chassis + "/Thermal"),
		"Links":   obj{"ComputerSystems": refs(id.system), "ManagedBy": refs(id.manager)},
	})
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Systems", refs(id.system))
	logs := id.system + "/LogServices"
	t.resource(id.system, "#ComputerSystem.v1_5_0.ComputerSystem", base(id.system), obj{
		"Name": "System", "SystemType": "Physical", "Manufacturer": s.Identity.Manufacturer, "Model": s.Identity.Model,
		"SerialNumber": s.Identity.Serial, "UUID": s.Identity.UUID, "PowerState": string(s.Power), "Status": well(),
		"LogServices": ref(logs),
		"Links":       obj{"Chassis": refs(id.chassis), "ManagedBy": refs(id.manager)},
	})
	t.collection(logs, "LogServiceCollection", "Log Service Collection", arr{})
	t.collection("/redfish/v1/Managers", "ManagerCollection", "Managers", refs(id.manager))
	t.resource(id.manager, "#Manager.v1_3_3.Manager", base(id.manager), obj{
		"Name": "Manager", "ManagerType": "BMC", "Model": id.model, "FirmwareVersion": s.Identity.Firmware,
		"DateTime": s.stamp(s.Clock), "Status": well(), "LogServices": ref(id.manager + "/LogServices"),
		"Links": obj{"ManagerForChassis": refs(id.chassis), "ManagerForServers": refs(id.system)},
	})
}

// selEntry is an entry of an IPMI log as most vendors show it.
func selEntry(collection string, r world.Record) obj {
	id := fmt.Sprint(r.ID)
	e := obj{
		"@odata.id": collection + "/" + id, "@odata.type": "#LogEntry.v1_4_0.LogEntry", "Id": id, "Name": "Log Entry " + id,
		"EntryType": "SEL", "EntryCode": direction(r.Kind), "Created": r.Time.Format(time.RFC3339), "Severity": severity(r),
		"SensorType": "System Event", "SensorNumber": 0x83, "Message": plain(r), "MessageId": eventData(r),
	}
	switch {
	case r.Number > 0:
		e["SensorType"], e["SensorNumber"] = "Fan", r.Fan.Sensor
		words := map[string]string{"Assert": "asserted", "Deassert": "deasserted"}[direction(r.Kind)]
		e["Message"] = fmt.Sprintf("%s: %s going low %s", logName(r.Fan), r.Level, words)
	case aboutFans(r.Kind):
		e["SensorType"], e["SensorNumber"] = "Fan", 0x0c
		e["Message"] = "Fan Redundancy: " + string(r.Kind)
		e["EntryCode"] = map[world.Kind]string{
			world.RedundancyLost: "Redundancy Lost", world.RedundancyDegraded: "Redundancy Degraded",
			world.RedundancyRegained: "Fully Redundant",
		}[r.Kind]
	case r.Kind == world.Cleared:
		e["SensorType"] = "Event Logging Disabled"
	}
	return e
}
