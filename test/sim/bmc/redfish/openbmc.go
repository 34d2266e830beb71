package redfish

import (
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

const openBMCLogs = "/redfish/v1/Systems/system/LogServices"

// openBMC is a board with bmcweb built without query parameters: $expand is
// refused, nothing but the service root tells who it is, a fan that was pulled is Absent with Health OK (ibm-openbmc/dev#3449),
// and the ids of the event log are times.
func openBMC() Profile {
	p := Profile{
		Refuse: true, Skip: true, Page: 1000, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 1800, Unit: time.Second,
		Full: sessionsFull,
		World: world.Config{
			Identity: world.Identity{
				UUID: "34a1c22d-3f42-4cf6-9830-73696d756c61", Firmware: "2.15.0",
			},
			Shape: world.Absent, Off: world.Gone, Levels: []world.Level{world.LowerNonCritical, world.LowerCritical},
			Up: 6 * time.Hour, Log: world.LogConfig{Capacity: 200, Noise: 3},
		},
		resources: openBMCTree,
	}
	for i := range 6 {
		p.World.Fans = append(p.World.Fans, world.Fan{
			ID: fmt.Sprintf("fan%d", i), Name: fmt.Sprintf("fan%d", i), Sensor: 0x50 + i, Speed: 9900 + float64(i)*33,
			Unit: world.RPM, Top: 25000, LowerNonCritical: 2000, LowerCritical: 1500,
		})
	}
	return p
}

func openBMCTree(s *scene) tree {
	const chassis = "/redfish/v1/Chassis/chassis"
	t := tree{}
	t.resource("/redfish/v1", "#ServiceRoot.v1_15_0.ServiceRoot", "RootService", obj{
		"Name": "Root Service", "RedfishVersion": "1.17.0", "UUID": s.Identity.UUID, "Chassis": ref("/redfish/v1/Chassis"),
		"Systems": ref("/redfish/v1/Systems"), "Managers": ref("/redfish/v1/Managers"),
		"SessionService": ref("/redfish/v1/SessionService"),
		"Links":          obj{"ManagerProvidingService": ref("/redfish/v1/Managers/bmc"), "Sessions": ref("/redfish/v1/SessionService/Sessions")},
		"ProtocolFeaturesSupported": obj{
			"ExcerptQuery": false, "FilterQuery": false, "OnlyMemberQuery": false, "SelectQuery": false,
			"ExpandQuery": obj{"ExpandAll": false, "Levels": false, "Links": false, "NoLinks": false},
		},
	})
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis Collection", refs(chassis))
	t.resource(chassis, "#Chassis.v1_22_0.Chassis", "chassis", obj{
		"Name": "chassis", "ChassisType": "RackMount", "PowerState": string(s.Power),
		"Status":  obj{"Health": "OK", "HealthRollup": "OK", "State": hostState(s, "StandbyOffline")},
		"Thermal": ref(chassis + "/Thermal"), "Sensors": ref(chassis + "/Sensors"),
		"Links": obj{"ComputerSystems": refs("/redfish/v1/Systems/system"), "ManagedBy": refs("/redfish/v1/Managers/bmc")},
	})
	fans := arr{}
	for i, v := range s.Fans {
		fans = append(fans, obj{
			"@odata.id": fmt.Sprintf("%s/Thermal#/Fans/%d", chassis, i), "@odata.type": "#Thermal.v1_3_0.Fan", "MemberId": v.ID,
			"Name": v.Name, "Reading": reading(v), "ReadingUnits": "RPM", "MinReadingRange": 0, "MaxReadingRange": v.Top,
			"LowerThresholdCritical": v.LowerCritical, "LowerThresholdNonCritical": v.LowerNonCritical, "Status": status(v),
		})
	}
	t.resource(chassis+"/Thermal", "#Thermal.v1_4_0.Thermal", "Thermal", obj{
		"Name": "Thermal", "Fans": fans, "Redundancy": arr{}, "Temperatures": arr{},
	})
	t.collection(chassis+"/Sensors", "SensorCollection", "Sensors", arr{})
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Computer System Collection", refs("/redfish/v1/Systems/system"))
	t.resource("/redfish/v1/Systems/system", "#ComputerSystem.v1_16_0.ComputerSystem", "system", obj{
		"Name": "system", "SystemType": "Physical", "PowerState": string(s.Power), "LastResetTime": s.stamp(s.Powered),
		"Status":      obj{"Health": "OK", "HealthRollup": "OK", "State": hostState(s, "Disabled")},
		"LogServices": ref(openBMCLogs),
		"Links":       obj{"Chassis": refs(chassis), "ManagedBy": refs("/redfish/v1/Managers/bmc")},
	})
	openBMCManager(t, s, plainIDs{chassis, "/redfish/v1/Systems/system", "/redfish/v1/Managers/bmc", ""})
	t.collection(openBMCLogs, "LogServiceCollection", "System Log Services Collection", refs(openBMCLogs+"/EventLog"))
	t.logService(s, openBMCLogs+"/EventLog", obj{"Name": "Event Log Service", "MaxNumberOfRecords": nil, "ServiceEnabled": nil}, func() arr {
		ids := map[int64]int{}
		return oldestFirst(s.log(), func(r world.Record) obj { return s.openBMCEntry(r, ids) })
	})
	return t
}

func openBMCManager(t tree, s *scene, id plainIDs) {
	at := id.manager
	t.collection("/redfish/v1/Managers", "ManagerCollection", "Manager Collection", refs(at))
	t.resource(at, "#Manager.v1_14_0.Manager", base(at), obj{
		"Name": "OpenBmc Manager", "ManagerType": "BMC", "Model": "OpenBmc", "Description": "Baseboard Management Controller",
		"FirmwareVersion": s.Identity.Firmware, "DateTime": s.stamp(s.Clock), "DateTimeLocalOffset": s.Clock.Format("-07:00"),
		"LastResetTime": s.stamp(s.Started), "PowerState": "On", "Status": well(), "UUID": "8e7365a4-ec9c-4e2d-be63-73696d756c61",
		"LogServices": ref(at + "/LogServices"),
		"Links":       obj{"ManagerForChassis": refs(id.chassis), "ManagerForServers": refs(id.system)},
	})
	t.collection(at+"/LogServices", "LogServiceCollection", "Open BMC Log Services Collection", arr{})
}

// hostState is Enabled while the host runs.
func hostState(s *scene, off string) string {
	if s.Power == world.Off {
		return off
	}
	return "Enabled"
}

// openBMCMessages are the names in OpenBMC's registry.
var openBMCMessages = map[world.Kind]string{
	world.RedundancyLost: "FanRedundancyLost", world.RedundancyDegraded: "FanRedundancyLost",
	world.RedundancyRegained: "FanRedundancyRegained", world.Boot: "BMCBoot",
	world.PowerOff: "DCPowerOff", world.PowerOn: "DCPowerOn",
}

func (s *scene) openBMCEntry(r world.Record, ids map[int64]int) obj {
	// bmcweb makes the id from the time, and numbers those of one second.
	second := r.Time.Unix()
	id := fmt.Sprint(second)
	if n := ids[second]; n > 0 {
		id = fmt.Sprintf("%d_%d", second, n)
	}
	ids[second]++
	name, text, args, bad := openBMCMessages[r.Kind], plain(r), arr{}, severity(r)
	switch {
	case r.Number > 0:
		level := map[world.Level]string{world.LowerNonCritical: "Warning"}[r.Level]
		if level == "" {
			level = "Critical"
		}
		to := map[world.Kind]string{world.FanFailed: "Low"}[r.Kind]
		if to == "" {
			to = "High"
		}
		name = "SensorThreshold" + level + "LowGoing" + to
		args = arr{logName(r.Fan), fmt.Sprintf("%f", r.Reading), fmt.Sprintf("%f", r.Threshold)}
		text = fmt.Sprintf("%s sensor crossed a %s low threshold going %s. Reading=%f Threshold=%f.", logName(r.Fan),
			map[string]string{"Warning": "warning", "Critical": "critical"}[level], map[string]string{"Low": "low", "High": "high"}[to],
			r.Reading, r.Threshold)
	case failed(r.Kind):
		text, bad = "Fan redundancy lost.", "Warning"
	case aboutFans(r.Kind):
		text = "Fan redundancy regained."
	}
	if name == "" {
		name = "ServiceStarted"
	}
	return obj{
		"@odata.id": openBMCLogs + "/EventLog/Entries/" + id, "@odata.type": "#LogEntry.v1_9_0.LogEntry", "Id": id,
		"Name": "System Event Log Entry", "EntryType": "Event", "Created": s.stamp(r.Time), "Message": text, "MessageArgs": args,
		"MessageId": "OpenBMC.0.4." + name, "Severity": bad,
	}
}
