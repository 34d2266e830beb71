package redfish

import (
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// ami is a board with MegaRAC: the same fans in Thermal, subsystem and sensors,
// three redundancy groups in the subsystem only, and a log whose messages are
// three bytes.
func ami() Profile {
	p := Profile{
		Expand: 5, Skip: true, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 30, Unit: time.Minute, Full: sessionsFull,
		World: world.Config{
			Identity: world.Identity{
				UUID: "B11DD4F2-BFDE-1000-02BC-73696D756C61", Serial: "SIM1662923", Manufacturer: "GIGABYTE", Model: "R282-Z93",
				Firmware: "13.06.03",
			},
			MinNeeded: 1, Levels: []world.Level{world.LowerCritical}, Up: 50 * 24 * time.Hour,
			Log: world.LogConfig{Capacity: 3640, Linear: true, Noise: 9},
		},
		resources: amiTree,
	}
	for i := range 8 {
		name := fmt.Sprintf("SPD_FAN_SYS%d_%c", i/2+1, "FR"[i%2])
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: name, Name: name, Sensor: 160 + i, Speed: 4408 + float64(i%2)*1450, Unit: world.RPM, Top: 14790, LowerCritical: 2436,
		})
	}
	return p
}

func amiTree(s *scene) tree {
	const chassis, system, manager = "/redfish/v1/Chassis/Self", "/redfish/v1/Systems/Self", "/redfish/v1/Managers/Self"
	t := tree{}
	plainRoot(t, obj{
		"Vendor": "AMI", "Product": "AMI Redfish Server", "UUID": "b1273e3e-bfde-1000-02bc-73696d756c61",
		"ProtocolFeaturesSupported": obj{
			"ExcerptQuery": false, "FilterQuery": false, "OnlyMemberQuery": false, "SelectQuery": false,
			"ExpandQuery": obj{"ExpandAll": true, "Levels": true, "Links": true, "MaxLevels": 5, "NoLinks": true},
		},
	})
	plainMachine(t, s, plainIDs{chassis, system, manager, "77171220"})
	host := t[system]
	t[system] = func() obj { // the vendor has two names here, as on the DGX H100
		return merged(host(), obj{"Oem": obj{
			"AMI": obj{"@odata.type": "#AMIManagerBoot.v1_0_0.AMIManagerBoot"},
			"Ami": obj{"@odata.type": "#AMIBIOSInventoryCRC.v1_0_0.AMIBIOSInventoryCRC"},
		}})
	}
	whole := t[chassis]
	t[chassis] = func() obj {
		return merged(whole(), obj{"ThermalSubsystem": ref(chassis + "/ThermalSubsystem"), "Sensors": ref(chassis + "/Sensors")})
	}
	fans, members, sensors := arr{}, arr{}, arr{}
	for i, v := range s.Fans {
		fans = append(fans, obj{
			"@odata.id": fmt.Sprintf("%s/Thermal#/Fans/%d", chassis, i), "MemberId": fmt.Sprint(v.Number - 1), "Name": v.Name,
			"PhysicalContext": "Fan", "Reading": reading(v), "ReadingUnits": "RPM", "SensorNumber": v.Sensor, "Status": status(v),
			"LowerThresholdCritical": v.LowerCritical, "MinReadingRange": 0, "MaxReadingRange": v.Top, "RelatedItem@odata.count": 0,
		})
		at, sensor := chassis+"/ThermalSubsystem/Fans/"+v.ID, chassis+"/Sensors/"+v.ID
		members, sensors = append(members, ref(at)), append(sensors, ref(sensor))
		t.resource(at, "#Fan.v1_1_1.Fan", v.ID, obj{
			"Name": v.Name, "PhysicalContext": "Fan", "Status": status(v),
			"SpeedPercent": obj{"Reading": reading(v), "SpeedRPM": reading(v), "DataSourceUri": sensor},
		})
		t.resource(sensor, "#Sensor.v1_0_2.Sensor", v.ID, obj{
			"Name": v.Name, "PhysicalContext": "Fan", "Reading": reading(v), "ReadingRangeMax": v.Top, "ReadingRangeMin": 0,
			"ReadingType": "Rotational", "Status": status(v), "Thresholds": obj{"LowerCritical": obj{"Reading": v.LowerCritical}},
		})
	}
	t.resource(chassis+"/Thermal", "#Thermal.v1_5_3.Thermal", "Thermal", obj{
		"Name": "Thermal", "Description": "Thermal sensor readings", "Fans": fans, "Temperatures": arr{},
	})
	t.resource(chassis+"/ThermalSubsystem", "#ThermalSubsystem.v1_0_0.ThermalSubsystem", "ThermalSubsytem", obj{
		"Name": "ThermalSubsytem", "Fans": ref(chassis + "/ThermalSubsystem/Fans"), "Status": well(),
		"FanRedundancy": arr{obj{
			"RedundancyType": "NPlusM", "MaxSupportedInGroup": s.Members, "MinNeededInGroup": s.Minimum, "RedundancyGroup": members,
			"RedundancyGroup@odata.count": len(members), "Status": obj{"Health": string(s.Balance), "State": "Enabled"},
		}},
	})
	t.collection(chassis+"/ThermalSubsystem/Fans", "FanCollection", "Fan Collection", members)
	t.collection(chassis+"/Sensors", "SensorCollection", "Sensor Collection", sensors)
	amiLog(t, s, manager+"/LogServices")
	return t
}

func amiLog(t tree, s *scene, at string) {
	t.collection(at, "LogServiceCollection", "Log Service Collection", refs(at+"/SEL"))
	t.logService(s, at+"/SEL", obj{"Name": "IPMI SEL", "LogEntryType": "SEL", "Status": well()}, func() arr {
		return oldestFirst(s.log(), func(r world.Record) obj {
			e := selEntry(at+"/SEL/Entries", r)
			e["Message"], e["EventTimestamp"], e["Description"] = e["MessageId"], e["Created"], "SEL "+fmt.Sprint(r.ID)
			return e
		})
	})
}

// gb200 is an NVIDIA GB200: several chassis with empty collections of fans, the
// fans only as sensors of one of them, and two logs that tell the same.
func gb200() Profile {
	p := Profile{
		Expand: 6, Skip: true, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 1800, Unit: time.Second, Full: sessionsFull,
		World: world.Config{
			Identity: world.Identity{
				UUID: "64f913aa-8e7b-4d75-b3df-73696d756c61", Serial: "SIM1333024020", Manufacturer: "NVIDIA", Model: "GB200 NVL",
				Firmware: "GB200Nvl-24.12-8",
			},
			Shape: world.Zero, Off: world.Null, Single: true, Up: 16 * 24 * time.Hour,
			Log: world.LogConfig{Noise: 4, FirstID: 98},
		},
		resources: gb200Tree,
	}
	for i := range 12 {
		label := fmt.Sprintf("FAN_%d_%s", i/2+1, [...]string{"FRONT", "REAR"}[i%2])
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: "Chassis_0_" + label, Name: "Chassis 0 " + spaced(label), LogName: "Chassis_0_" + label, Sensor: 40 + i,
			Speed: 6553 + float64(i), Unit: world.RPM, Top: 25000, LowerCritical: 2204,
		})
	}
	return p
}

func gb200Tree(s *scene) tree {
	const system = "/redfish/v1/Systems/System_0"
	t := tree{}
	plainRoot(t, obj{
		"Vendor": "NVIDIA", "Product": "GB200 NVL", "UUID": s.Identity.UUID,
		"ProtocolFeaturesSupported": obj{
			"ExcerptQuery": false, "FilterQuery": false, "OnlyMemberQuery": false, "SelectQuery": false,
			"ExpandQuery": obj{"ExpandAll": true, "Levels": true, "Links": true, "MaxLevels": 6, "NoLinks": true},
		},
	})
	var all arr
	for _, id := range []string{"BMC_0", "CBC_0", "CPLD_0", "Chassis_0", "HGX_BMC_0", "HGX_GPU_0", "PDB_0"} {
		at := "/redfish/v1/Chassis/" + id
		all = append(all, ref(at))
		t.resource(at, "#Chassis.v1_22_0.Chassis", id, obj{
			"Name": id, "ChassisType": "Component", "Manufacturer": "NVIDIA", "Model": s.Identity.Model,
			"SerialNumber": s.Identity.Serial, "PowerState": string(s.Power), "Status": well(), "Sensors": ref(at + "/Sensors"),
			"ThermalSubsystem": ref(at + "/ThermalSubsystem"),
			"Links":            obj{"ComputerSystems": refs(system), "ManagedBy": refs("/redfish/v1/Managers/BMC_0")},
		})
		t.resource(at+"/ThermalSubsystem", "#ThermalSubsystem.v1_3_0.ThermalSubsystem", "ThermalSubsystem", obj{
			"Name": "Thermal Subsystem", "Fans": ref(at + "/ThermalSubsystem/Fans"), "Status": well(),
		})
		t.collection(at+"/ThermalSubsystem/Fans", "FanCollection", "Fan Collection", arr{})
		t.collection(at+"/Sensors", "SensorCollection", "Sensors", arr{})
	}
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis Collection", all)
	gb200Sensors(t, s, "/redfish/v1/Chassis/Chassis_0/Sensors")
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Computer System Collection", refs(system, "/redfish/v1/Systems/HGX_Baseboard_0"))
	t.resource(system, "#ComputerSystem.v1_22_0.ComputerSystem", "System_0", obj{
		"Name": "System_0", "SystemType": "Physical", "PowerState": string(s.Power), "LastResetTime": s.stamp(s.Powered),
		"Status": well(), "UUID": s.Identity.UUID, "LogServices": ref(system + "/LogServices"),
		"Links": obj{"Chassis": refs("/redfish/v1/Chassis/BMC_0"), "ManagedBy": refs("/redfish/v1/Managers/BMC_0")},
	})
	t.resource("/redfish/v1/Systems/HGX_Baseboard_0", "#ComputerSystem.v1_17_0.ComputerSystem", "HGX_Baseboard_0", obj{
		"Name": "HGX_Baseboard_0", "SystemType": "Physical", "Manufacturer": "NVIDIA", "PowerState": "On", "Status": well(),
		"LastResetTime": "1970-01-01T00:00:00+00:00", "UUID": "0bd03ed4-3f75-04e8-9c62-73696d756c61",
	})
	openBMCManager(t, s, plainIDs{"/redfish/v1/Chassis/BMC_0", system, "/redfish/v1/Managers/BMC_0", ""})
	gb200Logs(t, s, system+"/LogServices")
	return t
}

// gb200Sensors are a speed for each rotor and a duty cycle for each module.
func gb200Sensors(t tree, s *scene, at string) {
	members := arr{}
	for _, v := range s.Fans {
		members = append(members, ref(at+"/"+v.ID))
		t.resource(at+"/"+v.ID, "#Sensor.v1_7_0.Sensor", v.ID, obj{
			"Name": v.Name, "Reading": reading(v), "ReadingRangeMax": v.Top, "ReadingRangeMin": 0, "ReadingType": "Rotational",
			"ReadingUnits": "RPM", "Status": status(v), "Thresholds": obj{"LowerCritical": obj{"Reading": v.LowerCritical}},
		})
		if v.Number%2 == 0 {
			continue
		}
		id := fmt.Sprintf("Chassis_0_FAN_%d_PWM", v.Number/2+1)
		members = append(members, ref(at+"/"+id))
		t.resource(at+"/"+id, "#Sensor.v1_7_0.Sensor", id, obj{
			"Name": spaced(id), "Reading": 29.8, "ReadingType": "Percent", "ReadingUnits": "%", "Status": well(),
		})
	}
	t.collection(at, "SensorCollection", "Sensors", members)
}

func gb200Logs(t tree, s *scene, at string) {
	t.collection(at, "LogServiceCollection", "System Log Services Collection", refs(at+"/SEL", at+"/EventLog"))
	sorted := func(entry func(world.Record) obj) func() arr {
		return func() arr {
			members := oldestFirst(s.log(), entry)
			// By the text of the id: "100", "1001", "101".
			slices.SortFunc(members, func(a, b any) int { return compareIDs(a.(obj), b.(obj)) })
			return members
		}
	}
	few := obj{"MaxNumberOfRecords": nil, "ServiceEnabled": nil}
	t.logService(s, at+"/EventLog", few, sorted(func(r world.Record) obj {
		e := gb200Entry(s, at+"/EventLog/Entries", r)
		e["EntryType"], e["AdditionalDataURI"] = "Event", e["@odata.id"].(string)+"/attachment"
		if r.Number > 0 {
			words := map[string]string{"Assert": "assert", "Deassert": "deassert"}[direction(r.Kind)]
			e["Message"] = fmt.Sprintf("%s critical low threshold %s. Reading=%f Threshold=%f.", logName(r.Fan), words, r.Reading, r.Threshold)
		}
		return e
	}))
	t.logService(s, at+"/SEL", few, sorted(func(r world.Record) obj {
		e := gb200Entry(s, at+"/SEL/Entries", r)
		e["EntryType"], e["EntryCode"], e["MessageId"], e["SensorNumber"] = "SEL", direction(r.Kind), "OpenBMC.0.1", r.Fan.Sensor
		e["SensorType"] = map[bool]string{true: "Fan", false: "System Event"}[r.Number > 0]
		return e
	}))
}

func gb200Entry(s *scene, at string, r world.Record) obj {
	id := fmt.Sprint(r.ID)
	return obj{
		"@odata.id": at + "/" + id, "@odata.type": "#LogEntry.v1_15_0.LogEntry", "Id": id, "Name": "System Event Log Entry",
		"Created": s.stamp(r.Time), "Modified": s.stamp(r.Time), "Message": "OpenBMC.0.1", "Resolved": false, "Severity": severity(r),
	}
}
