package redfish

import (
	"fmt"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// Paths of an iDRAC.
const (
	dellChassis = "/redfish/v1/Chassis/System.Embedded.1"
	dellSystem  = "/redfish/v1/Systems/System.Embedded.1"
	dellManager = "/redfish/v1/Managers/iDRAC.Embedded.1"
	dellLogs    = dellManager + "/LogServices"
)

// dell is a PowerEdge R750 with an iDRAC9 6.x.
func dell() Profile {
	p := Profile{
		Expand: 1, Page: 50, Skip: true, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 1800, Unit: time.Second,
		Full: Refusal{503, "IDRAC.2.7.RAC0218", "The maximum number of user sessions is reached."},
		World: world.Config{
			Identity: world.Identity{
				UUID: "4c4c4544-0044-4810-8031-b5c04f4e4f31", Serial: "CNSIM0000000D1", Manufacturer: "Dell Inc.",
				Model: "PowerEdge R750", Firmware: "6.00.30.00",
			},
			Zone: time.FixedZone("CDT", -5*3600), Off: world.Gone, Presence: true, Up: 40 * 24 * time.Hour,
			Log: world.LogConfig{Capacity: 1024, Noise: 12, HistoryID: 83000},
		},
		resources: dellTree,
	}
	for i := range 6 {
		label := fmt.Sprintf("%dA", i+1)
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: "Fan.Embedded." + label, Name: "System Board Fan" + label, LogName: label, Sensor: 56 + 2*i,
			Speed: 18600 + float64(i%3)*120, Unit: world.RPM, LowerNonCritical: 840, LowerCritical: 480,
		})
	}
	return p
}

func dellTree(s *scene) tree {
	t := tree{}
	dellRoot(t)
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis Collection",
		refs(dellChassis, "/redfish/v1/Chassis/Enclosure.Internal.0-1"))
	t.resource(dellChassis, "#Chassis.v1_16_0.Chassis", "System.Embedded.1", obj{
		"Name": "Computer System Chassis", "ChassisType": "RackMount", "Manufacturer": s.Identity.Manufacturer,
		"Model": s.Identity.Model, "SerialNumber": s.Identity.Serial, "SKU": "D1SIM01", "UUID": s.Identity.UUID,
		"PowerState": string(s.Power), "Status": obj{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"},
		"Thermal": ref(dellChassis + "/Thermal"), "ThermalSubsystem": ref(dellChassis + "/ThermalSubsystem"),
		"Sensors": ref(dellChassis + "/Sensors"),
		"Links": obj{
			"ComputerSystems": refs(dellSystem), "ManagedBy": refs(dellManager),
			"Contains": refs("/redfish/v1/Chassis/Enclosure.Internal.0-1"),
		},
	})
	t.resource("/redfish/v1/Chassis/Enclosure.Internal.0-1", "#Chassis.v1_16_0.Chassis", "Enclosure.Internal.0-1", obj{
		"Name": "PCIe SSD Backplane 1", "ChassisType": "StorageEnclosure", "Manufacturer": nil, "Model": "PCIe SSD Backplane 1",
		"PowerState": "On", "Status": obj{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"},
		"Links": obj{"ContainedBy": ref(dellChassis), "ManagedBy": refs(dellManager)},
	})
	t.resource(dellChassis+"/Thermal", "#Thermal.v1_7_1.Thermal", "Thermal", dellThermal(s))
	dellSubsystem(t, s)
	dellMachine(t, s)
	dellLogServices(t, s)
	return t
}

func dellRoot(t tree) {
	t.resource("/redfish/v1", "#ServiceRoot.v1_10_0.ServiceRoot", "RootService", obj{
		"Name": "Root Service", "RedfishVersion": "1.13.1", "Vendor": "Dell",
		"Product": "Integrated Dell Remote Access Controller", "Chassis": ref("/redfish/v1/Chassis"),
		"Systems": ref("/redfish/v1/Systems"), "Managers": ref("/redfish/v1/Managers"),
		"SessionService": ref("/redfish/v1/SessionService"),
		"Links":          obj{"Sessions": ref("/redfish/v1/SessionService/Sessions")},
		"Oem":            obj{"Dell": obj{"@odata.type": "#DellServiceRoot.v1_0_0.DellServiceRoot", "IsBranded": 0, "ServiceTag": "D1SIM01"}},
		"ProtocolFeaturesSupported": obj{
			"ExcerptQuery": false, "FilterQuery": false, "OnlyMemberQuery": false, "SelectQuery": false,
			"ExpandQuery": obj{"ExpandAll": true, "Levels": true, "Links": true, "MaxLevels": 1, "NoLinks": true},
		},
	})
}

func dellThermal(s *scene) obj {
	fans := arr{}
	for i, v := range s.Fans {
		id := fmt.Sprintf("%s/Thermal#/Fans/%d", dellChassis, i)
		fans = append(fans, dellFan(v, id, fmt.Sprint(v.Number-1)))
	}
	return obj{
		"Name": "Thermal", "Description": "Represents the properties for Temperature and Cooling",
		"Fans": fans, "Fans@odata.count": len(fans), "Redundancy": arr{obj{
			"@odata.id": dellChassis + "/Thermal#/Redundancy/0", "@odata.type": "#Redundancy.v1_4_0.Redundancy",
			"MemberId": "0", "Name": "System Board Fan Redundancy", "Mode": "N+m", "RedundancyEnabled": true,
			"MinNumNeeded": nil, "MaxNumSupported": nil, "RedundancySet": arr{},
			"Status": obj{"Health": string(s.Balance), "State": "Enabled"},
		}},
		"Redundancy@odata.count": 1, "Temperatures": arr{obj{
			"@odata.id": dellChassis + "/Thermal#/Temperatures/0", "MemberId": "0", "Name": "CPU1 Temp", "ReadingCelsius": 37,
			"SensorNumber": 1, "Status": well(), "LowerThresholdCritical": 3, "UpperThresholdCritical": 99,
		}},
	}
}

func dellFan(v world.View, id, member string) obj {
	return obj{
		"@odata.id": id, "@odata.type": "#Thermal.v1_7_1.Fan", "MemberId": member, "Name": v.Name, "FanName": v.Name,
		"HotPluggable": true, "PhysicalContext": "SystemBoard", "Reading": reading(v), "ReadingUnits": "RPM",
		"SensorNumber": v.Sensor, "Status": status(v), "Redundancy": arr{}, "RelatedItem": refs(dellChassis),
		"LowerThresholdNonCritical": limit(v.LowerNonCritical), "LowerThresholdCritical": limit(v.LowerCritical),
		"LowerThresholdFatal": limit(v.LowerFatal), "UpperThresholdCritical": nil, "UpperThresholdFatal": nil,
		"UpperThresholdNonCritical": nil, "MaxReadingRange": nil, "MinReadingRange": nil,
	}
}

// dellSubsystem shows the same fans under other names, and once more as sensors.
func dellSubsystem(t tree, s *scene) {
	under := dellChassis + "/ThermalSubsystem"
	t.resource(under, "#ThermalSubsystem.v1_0_0.ThermalSubsystem", "ThermalSubsystem", obj{
		"Name": "Thermal Subsystem for Chassis", "Fans": ref(under + "/Fans"), "Status": well(),
		"FanRedundancy": arr{obj{
			"RedundancyType": "NPlusM", "MaxSupportedInGroup": nil, "MinNeededInGroup": nil, "RedundancyGroup": arr{},
			"Status": obj{"Health": string(s.Balance), "State": "Enabled"},
		}},
	})
	fans, sensors := arr{}, refs(dellChassis+"/Sensors/CPU1Temp")
	t.resource(dellChassis+"/Sensors/CPU1Temp", "#Sensor.v1_3_0.Sensor", "CPU1Temp", obj{
		"Name": "CPU1 Temp", "ReadingType": "Temperature", "ReadingUnits": "Cel", "Reading": 37, "Status": well(),
	})
	for _, v := range s.Fans {
		fans = append(fans, ref(under+"/Fans/"+v.ID))
		sensors = append(sensors, ref(dellChassis+"/Sensors/"+v.ID))
		t.resource(under+"/Fans/"+v.ID, "#Fan.v1_1_0.Fan", v.ID, obj{
			"Name": "Fan " + strings.TrimPrefix(v.ID, "Fan.Embedded."), "Status": status(v), "HotPluggable": true,
			"PhysicalContext": "SystemBoard", "SpeedPercent": obj{"SpeedRPM": reading(v)},
			"Location": obj{"PartLocation": obj{"ServiceLabel": v.Name, "LocationType": "Bay"}},
		})
		t.resource(dellChassis+"/Sensors/"+v.ID, "#Sensor.v1_3_0.Sensor", v.ID, obj{
			"Name": v.Name, "ReadingType": "Rotational", "ReadingUnits": "RPM", "Reading": reading(v), "SpeedRPM": reading(v),
			"PhysicalContext": "SystemBoard", "Status": status(v), "Thresholds": obj{
				"LowerCaution": obj{"Reading": limit(v.LowerNonCritical)}, "LowerCritical": obj{"Reading": limit(v.LowerCritical)},
				"UpperCaution": obj{"Reading": nil}, "UpperCritical": obj{"Reading": nil},
			},
		})
	}
	t.collection(under+"/Fans", "FanCollection", "Fan Collection", fans)
	t.collection(dellChassis+"/Sensors", "SensorCollection", "SensorCollection", sensors)
}

func dellMachine(t tree, s *scene) {
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Computer System Collection", refs(dellSystem))
	t.resource(dellSystem, "#ComputerSystem.v1_16_0.ComputerSystem", "System.Embedded.1", obj{
		"Name": "System", "Manufacturer": s.Identity.Manufacturer, "Model": s.Identity.Model, "SerialNumber": s.Identity.Serial,
		"SKU": "D1SIM01", "UUID": s.Identity.UUID, "PowerState": string(s.Power), "SystemType": "Physical",
		"HostName": "", "LastResetTime": s.stamp(s.Powered), "Status": obj{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"},
		"Links": obj{"Chassis": refs(dellChassis), "ManagedBy": refs(dellManager)},
	})
	t.collection("/redfish/v1/Managers", "ManagerCollection", "Manager", refs(dellManager))
	t.resource(dellManager, "#Manager.v1_12_0.Manager", "iDRAC.Embedded.1", obj{
		"Name": "Manager", "ManagerType": "BMC", "Model": "15G Monolithic", "FirmwareVersion": s.Identity.Firmware,
		"DateTime": s.stamp(s.Clock), "DateTimeLocalOffset": s.Clock.Format("-07:00"), "LastResetTime": s.stamp(s.Started),
		"PowerState": "On", "Status": well(), "UUID": "314e4f4f-c0b5-3180-1048-00444c4c4544", "LogServices": ref(dellLogs),
		"Links": obj{"ManagerForChassis": refs(dellChassis), "ManagerForServers": refs(dellSystem)},
	})
}

func dellLogServices(t tree, s *scene) {
	t.collection(dellLogs, "LogServiceCollection", "Log Service Collection",
		refs(dellLogs+"/Sel", dellLogs+"/Lclog", dellLogs+"/FaultList"))
	t.logService(s, dellLogs+"/Sel", obj{"Name": "SEL Log Service", "LogEntryType": "SEL"},
		func() arr { return newestFirst(s.log(), s.dellSel) })
	t.logService(s, dellLogs+"/Lclog", obj{
		"Name": "LifeCycle Controller Log Service", "LogEntryType": "OEM", "MaxNumberOfRecords": 500000,
	}, func() arr { return newestFirst(s.history(), s.dellLclog) })
	t.logService(s, dellLogs+"/FaultList", obj{"Name": "FaultListEntries", "LogEntryType": "SEL", "MaxNumberOfRecords": 500000},
		func() arr { return arr{} })
}
