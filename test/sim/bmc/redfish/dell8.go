package redfish

import (
	"fmt"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// dell8 is a PowerEdge of the 13th generation with an iDRAC8 2.86: no $expand,
// fans without sensor numbers, member ids such as 0x17||Fan.Embedded.1A, and a
// SEL whose SensorType and EntryCode are arrays (idrac_exporter#26).
func dell8() Profile {
	p := dell()
	p.Expand, p.Page, p.Skip = 0, 0, false
	p.Sessions = "/redfish/v1/Sessions"
	p.Full = Refusal{503, "IDRAC.1.6.RAC0218", "The maximum number of user sessions is reached."}
	p.World.Identity = world.Identity{
		UUID: "4c4c4544-0053-3410-8052-b4c04f4d5132", Serial: "CNSIM0000000D8", Manufacturer: "Dell Inc.",
		Model: "PowerEdge R730", Firmware: "2.86.86.86",
	}
	p.World.Zone = time.FixedZone("CST", -6*3600)
	p.World.Log = world.LogConfig{Capacity: 512, Noise: 4}
	p.World.Fans = nil
	for i := range 6 {
		label := fmt.Sprintf("%dA", i+1)
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: "0x17||Fan.Embedded." + label, Name: "System Board Fan" + label, LogName: label, Sensor: 48 + i,
			Speed: 3000 + float64(i)*120, Unit: world.RPM, LowerNonCritical: 840, LowerCritical: 720, LowerFatal: 720,
		})
	}
	p.resources = dell8Tree
	return p
}

func dell8Tree(s *scene) tree {
	t := tree{}
	t.resource("/redfish/v1", "#ServiceRoot.v1_5_0.ServiceRoot", "RootService", obj{
		"Name": "Root Service", "RedfishVersion": "1.4.0", "Chassis": ref("/redfish/v1/Chassis"),
		"Systems": ref("/redfish/v1/Systems"), "Managers": ref("/redfish/v1/Managers"),
		"SessionService": ref("/redfish/v1/SessionService"), "Links": obj{"Sessions": ref("/redfish/v1/Sessions")},
		"Oem": obj{"Dell": obj{}},
	})
	enclosure := "/redfish/v1/Chassis/Enclosure.Internal.0-1:RAID.Integrated.1-1"
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis", refs(dellChassis, enclosure))
	t.resource(dellChassis, "#Chassis.v1_10_0.Chassis", "System.Embedded.1", obj{
		"Name": "Computer System Chassis", "ChassisType": "RackMount", "Manufacturer": s.Identity.Manufacturer,
		"Model": s.Identity.Model, "PowerState": string(s.Power), "Status": well(), "Thermal": ref(dellChassis + "/Thermal"),
		"Links": obj{"ComputerSystems": refs(dellSystem), "ManagedBy": refs(dellManager)},
	})
	t.resource(enclosure, "#Chassis.v1_10_0.Chassis", base(enclosure), obj{
		"Name": "Backplane", "ChassisType": "Enclosure", "PowerState": "On", "Status": well(), "Thermal": ref(enclosure + "/Thermal"),
	})
	t.resource(dellChassis+"/Thermal", "#Thermal.v1_4_0.Thermal", "Thermal", dell8Thermal(s))
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Systems", refs(dellSystem))
	t.resource(dellSystem, "#ComputerSystem.v1_10_0.ComputerSystem", "System.Embedded.1", obj{
		"Name": "System", "SystemType": "Physical", "Manufacturer": s.Identity.Manufacturer, "Model": s.Identity.Model,
		"SerialNumber": s.Identity.Serial, "UUID": s.Identity.UUID, "PowerState": string(s.Power), "Status": well(),
	})
	t.collection("/redfish/v1/Managers", "ManagerCollection", "Managers", refs(dellManager))
	t.resource(dellManager, "#Manager.v1_5_0.Manager", "iDRAC.Embedded.1", obj{
		"Name": "Manager", "ManagerType": "BMC", "Model": "13G Monolithic", "FirmwareVersion": s.Identity.Firmware,
		"DateTime": s.stamp(s.Clock), "DateTimeLocalOffset": s.Clock.Format("-07:00"), "Status": well(), "LogServices": ref(dellLogs),
	})
	t.collection(dellLogs, "LogServiceCollection", "Log Service Collection", refs(dellLogs+"/Sel"))
	t.logService(s, dellLogs+"/Sel", obj{
		"@odata.type": "#LogService.v1_1_0.LogService", "Id": "SEL", "Name": "SEL Log Service",
		"Entries": ref(dellManager + "/Logs/Sel"),
	}, func() arr { return newestFirst(s.log(), s.dell8Sel) })
	return t
}

func dell8Thermal(s *scene) obj {
	fans := arr{}
	for _, v := range s.Fans {
		f := dellFan(v, dellChassis+"/Sensors/Fans/"+strings.ReplaceAll(v.ID, "|", "%7C"), v.ID)
		f["@odata.type"], f["MinReadingRange"] = "#Thermal.v1_4_0.Fan", v.LowerCritical
		delete(f, "SensorNumber")
		delete(f, "HotPluggable")
		fans = append(fans, f)
	}
	return obj{
		"Name": "Thermal", "Description": "Represents the properties for Temperature and Cooling", "Fans": fans,
		"Fans@odata.count": len(fans), "Redundancy": arr{obj{
			"@odata.id":   dellChassis + "/Thermal/Redundancy/iDRAC.Embedded.1%23SystemBoardFanRedundancy",
			"@odata.type": "#Redundancy.v1_3_0.Redundancy", "MemberId": "iDRAC.Embedded.1#SystemBoardFanRedundancy",
			"Name": "System Board Fan Redundancy", "Mode": "N+m", "RedundancyEnabled": true, "MinNumNeeded": 0, "MaxNumSupported": 0,
			"RedundancySet": arr{}, "Status": obj{"Health": string(s.Balance), "State": "Enabled"},
		}},
		"Redundancy@odata.count": 1,
	}
}

func (s *scene) dell8Sel(r world.Record) obj {
	e := s.dellSel(r)
	e["@odata.id"], e["@odata.type"] = dellManager+"/Logs/Sel/"+e["Id"].(string), "#LogEntry.v1_3_0.LogEntry"
	e["Name"], e["Description"] = " "+e["Name"].(string), " "+e["Description"].(string)
	delete(e, "GeneratorId")
	for _, key := range []string{"SensorType", "EntryCode"} {
		if e[key] != nil {
			e[key] = arr{obj{"Member": e[key]}}
		}
	}
	return e
}
