package redfish

import (
	"fmt"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// hpe7 is a ProLiant Gen12 with an iLO 7: no Thermal, only the subsystem, and
// nearly half of the bays empty.
func hpe7() Profile {
	p := hpe()
	p.World.Identity = world.Identity{
		UUID: "39383150-3630-584D-5153-494D30304837", Serial: "MXSIM000H7", Manufacturer: "HPE",
		Model: "ProLiant DL360 Gen12", Firmware: "iLO 7 v1.12.00",
	}
	p.World.Fans = nil
	for i := range 7 {
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("Fan %d", i+1), LogName: fmt.Sprint(i + 1), Sensor: 0x30 + i, Speed: 20,
			Unit: world.Percent, Top: 100, Empty: i >= 4,
		})
	}
	p.resources = hpe7Tree
	return p
}

func hpe7Tree(s *scene) tree {
	const under = "/redfish/v1/Chassis/1/ThermalSubsystem"
	t := tree{}
	hpeRoot(t, s, "iLO 7")
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis", refs("/redfish/v1/Chassis/1"))
	t.resource("/redfish/v1/Chassis/1", "#Chassis.v1_10_0.Chassis", "1", obj{
		"Name": "Computer System Chassis", "ChassisType": "RackMount", "Manufacturer": s.Identity.Manufacturer,
		"Model": s.Identity.Model, "PowerState": string(s.Power), "Status": well(), "ThermalSubsystem": ref(under),
		"Links": obj{"ComputerSystems": refs("/redfish/v1/Systems/1"), "ManagedBy": refs("/redfish/v1/Managers/1")},
	})
	t.resource(under, "#ThermalSubsystem.v1_3_1.ThermalSubsystem", "ThermalSubsystem", obj{
		"Name": "ThermalSubsystem", "Fans": ref(under + "/Fans"), "Pumps": ref(under + "/Pumps"),
		"ThermalMetrics": ref(under + "/ThermalMetrics"), "Status": obj{"HealthRollup": "OK", "State": "Enabled"},
	})
	members := arr{}
	for _, v := range s.Fans {
		at := under + "/Fans/" + v.ID
		members = append(members, ref(at))
		t.resource(at, "#Fan.v1_5_1.Fan", v.ID, obj{
			"Name": v.Name, "HotPluggable": true, "PhysicalContext": "SystemBoard", "Status": status(v),
			"SpeedPercent": obj{"Reading": reading(v)},
		})
	}
	t.collection(under+"/Fans", "FanCollection", "Fan Collection", members)
	hpeMachine(t, s)
	hpeLogServices(t, s, "iLOEvents.7.3", "iLOResourceEvents.7.1")
	return t
}
