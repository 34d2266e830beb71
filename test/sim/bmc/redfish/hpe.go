package redfish

import (
	"fmt"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

const hpeLogs = "/redfish/v1/Systems/1/LogServices"

// hpe is a ProLiant DL325 Gen10 Plus with an iLO 5: percent without thresholds,
// two empty bays among eight, and the IML, which keeps a failure as one entry
// with its state.
func hpe() Profile {
	p := Profile{
		Expand: 1, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 30, Unit: time.Minute, Absolute: true,
		Full: Refusal{400, "Base.1.4.CreateLimitReachedForResource",
			"The create operation failed because the resource has reached the limit of possible resources."},
		World: world.Config{
			Identity: world.Identity{
				UUID: "36383150-3630-584D-5153-494D30304835", Serial: "MXSIM000H5", Manufacturer: "HPE",
				Model: "ProLiant DL325 Gen10 Plus", Firmware: "iLO 5 v2.46",
			},
			Presence: true, Up: 20 * 24 * time.Hour, Log: world.LogConfig{Noise: 5, KeepIDs: true, Stateful: true},
		},
		resources: hpeTree,
	}
	for i := range 8 {
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("Fan %d", i+1), LogName: fmt.Sprint(i + 1), Sensor: 0x30 + i, Speed: 35,
			Unit: world.Percent, Top: 100, Empty: i == 1 || i == 6,
		})
	}
	return p
}

func hpeTree(s *scene) tree {
	t := tree{}
	hpeRoot(t, s, "iLO 5")
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Computer System Chassis", refs("/redfish/v1/Chassis/1"))
	t.resource("/redfish/v1/Chassis/1", "#Chassis.v1_10_2.Chassis", "1", obj{
		"Name": "Computer System Chassis", "ChassisType": "RackMount", "Manufacturer": s.Identity.Manufacturer,
		"Model": s.Identity.Model, "SerialNumber": s.Identity.Serial, "SKU": "P00000-B21", "PowerState": string(s.Power),
		"Status": well(), "Thermal": ref("/redfish/v1/Chassis/1/Thermal"),
		"Links": obj{"ComputerSystems": refs("/redfish/v1/Systems/1"), "ManagedBy": refs("/redfish/v1/Managers/1")},
	})
	fans := arr{}
	for _, v := range s.Fans {
		fans = append(fans, obj{
			"@odata.id": "/redfish/v1/Chassis/1/Thermal#Fans/" + v.ID, "MemberId": v.ID, "Name": v.Name,
			"Reading": reading(v), "ReadingUnits": "Percent", "Status": status(v),
			"Oem": obj{"Hpe": obj{
				"@odata.type": "#HpeServerFan.v2_0_0.HpeServerFan", "HotPluggable": true, "Location": "System",
				"Redundant": !v.Empty && s.Balance == world.OK,
			}},
		})
	}
	t.resource("/redfish/v1/Chassis/1/Thermal", "#Thermal.v1_6_2.Thermal", "Thermal", obj{
		"Name": "Thermal", "Fans": fans, "Temperatures": arr{obj{
			"@odata.id": "/redfish/v1/Chassis/1/Thermal#Temperatures/0", "MemberId": "0", "Name": "01-Inlet Ambient",
			"PhysicalContext": "Intake", "ReadingCelsius": 17, "SensorNumber": 1, "Status": well(), "UpperThresholdCritical": 42,
		}},
	})
	hpeMachine(t, s)
	hpeLogServices(t, s, "iLOEvents.2.3", "iLOEvents.2.3")
	return t
}

func hpeRoot(t tree, s *scene, kind string) {
	t.resource("/redfish/v1", "#ServiceRoot.v1_5_1.ServiceRoot", "RootService", obj{
		"Name": "HPE RESTful Root Service", "RedfishVersion": "1.6.0", "Vendor": "HPE", "Product": s.Identity.Model,
		"UUID": "51b90f18-5aa5-5613-a356-73696d756c61", "Chassis": ref("/redfish/v1/Chassis"),
		"Systems": ref("/redfish/v1/Systems"), "Managers": ref("/redfish/v1/Managers"),
		"SessionService": ref("/redfish/v1/SessionService"),
		"Links":          obj{"Sessions": ref("/redfish/v1/SessionService/Sessions")},
		"ProtocolFeaturesSupported": obj{
			"FilterQuery": false, "OnlyMemberQuery": false, "SelectQuery": false,
			"ExpandQuery": obj{"ExpandAll": false, "Levels": true, "Links": false, "MaxLevels": 1, "NoLinks": true},
		},
		"Oem": obj{"Hpe": obj{"Manager": arr{obj{
			"ManagerType": kind, "ManagerFirmwareVersion": s.Identity.Firmware[strings.LastIndex(s.Identity.Firmware, "v")+1:],
		}}}},
	})
}

func hpeMachine(t tree, s *scene) {
	redundant := "Redundant"
	if s.Balance != world.OK {
		redundant = "NonRedundant"
	}
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Computer Systems", refs("/redfish/v1/Systems/1"))
	t.resource("/redfish/v1/Systems/1", "#ComputerSystem.v1_10_0.ComputerSystem", "1", obj{
		"Name": "Computer System", "SystemType": "Physical", "Manufacturer": s.Identity.Manufacturer, "Model": s.Identity.Model,
		"SerialNumber": s.Identity.Serial, "SKU": "P00000-B21", "UUID": s.Identity.UUID, "HostName": "node1",
		"PowerState": string(s.Power), "Status": obj{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"},
		"LogServices": ref(hpeLogs),
		"Links":       obj{"Chassis": refs("/redfish/v1/Chassis/1"), "ManagedBy": refs("/redfish/v1/Managers/1")},
		"Oem": obj{"Hpe": obj{"AggregateHealthStatus": obj{
			"FanRedundancy": redundant, "Fans": obj{"Status": obj{"Health": string(s.Balance)}},
		}}},
	})
	t.collection("/redfish/v1/Managers", "ManagerCollection", "Managers", refs("/redfish/v1/Managers/1"))
	t.resource("/redfish/v1/Managers/1", "#Manager.v1_5_1.Manager", "1", obj{
		"Name": "Manager", "ManagerType": "BMC", "Model": s.Identity.Firmware[:len("iLO 5")], "FirmwareVersion": s.Identity.Firmware,
		"DateTime": zulu(s.Clock), "DateTimeLocalOffset": "+00:00", "Status": well(), "UUID": "1668bf7f-855a-5188-aece-73696d756c61",
		"LogServices": ref("/redfish/v1/Managers/1/LogServices"),
		"Links":       obj{"ManagerForChassis": refs("/redfish/v1/Chassis/1"), "ManagerForServers": refs("/redfish/v1/Systems/1")},
	})
}
