package redfish

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// Dialects of Redfish: one and the same server, told in every way that DMTF and
// vendors have for a fan. A firmware update moves a controller from one to
// another (iDRAC10 and Supermicro X14 have no Thermal, OpenBMC switches it off).
const (
	ThermalReading    Vendor = "thermal"                   // Thermal, each rotor a fan, Reading
	ThermalRPM        Vendor = "thermal-rpm"               // the same, ReadingRPM (Thermal 1.0)
	ThermalRollup     Vendor = "thermal-rollup"            // modules, no reading at all, HealthRollup
	SubsystemSpeed    Vendor = "subsystem"                 // modules, SpeedPercent with SpeedRPM
	SubsystemBoth     Vendor = "subsystem-secondary"       // the same with SecondarySpeedPercent
	SubsystemTach     Vendor = "subsystem-sensors"         // modules without speed, a Sensor in RPM for each rotor
	SubsystemPercent  Vendor = "subsystem-sensors-percent" // the same, in percent with SpeedRPM, by DataSourceUri
	SensorsTach       Vendor = "sensors"                   // no Fan at all, Sensors in RPM
	SensorsPercent    Vendor = "sensors-percent"           // no Fan at all, Sensors in percent with SpeedRPM
	dialectChassis           = "/redfish/v1/Chassis/1"
	dialectSubsystem         = dialectChassis + "/ThermalSubsystem"
	dialectSensorPath        = dialectChassis + "/Sensors"
	dialectSystem            = "/redfish/v1/Systems/1"
	dialectManager           = "/redfish/v1/Managers/1"
)

// dialect is a way to tell of fans.
type dialect struct {
	thermal   bool   // fans are in Thermal, else in a ThermalSubsystem
	modules   bool   // a fan is a module, else a rotor
	reading   string // property of Thermal; empty: it has none
	speed     bool   // SpeedPercent
	secondary bool   // SecondarySpeedPercent
	sensors   string // "RPM", "%" or none
	linked    bool   // fans name their sensors
	fans      bool   // there are fans at all
}

var dialects = map[Vendor]dialect{
	ThermalReading:   {thermal: true, fans: true, reading: "Reading"},
	ThermalRPM:       {thermal: true, fans: true, reading: "ReadingRPM"},
	ThermalRollup:    {thermal: true, fans: true, modules: true},
	SubsystemSpeed:   {fans: true, modules: true, speed: true},
	SubsystemBoth:    {fans: true, modules: true, speed: true, secondary: true},
	SubsystemTach:    {fans: true, modules: true, sensors: "RPM"},
	SubsystemPercent: {fans: true, modules: true, sensors: "%", linked: true},
	SensorsTach:      {sensors: "RPM"},
	SensorsPercent:   {sensors: "%"},
}

// Dialects lists them.
func Dialects() []Vendor { return slices.Sorted(maps.Keys(dialects)) }

// Rotors is the server that all dialects tell of: three fans of two rotors, one
// of one, and a pump.
func Rotors() world.Config {
	c := world.Config{
		Identity: world.Identity{
			UUID: "5d0f7d7c-6b56-4b8e-9c1d-73696d756c61", Serial: "SIM0007", Manufacturer: "Example", Model: "Rotor 4", Firmware: "1.0",
		},
		MinNeeded: 4, Shape: world.Critical, Levels: []world.Level{world.LowerNonCritical, world.LowerCritical},
		Up: 24 * time.Hour, Log: world.LogConfig{Capacity: 200, Noise: 2},
	}
	add := func(name, module string, pump bool) {
		n := len(c.Fans)
		c.Fans = append(c.Fans, world.Fan{
			ID: fmt.Sprintf("r%d", n+1), Name: name, Module: module, Sensor: 0x30 + n, Speed: 9600 + 100*float64(n%2), Unit: world.RPM,
			Top: 20000, LowerNonCritical: 2000, LowerCritical: 1500, Pump: pump,
		})
	}
	for n := 1; n <= 3; n++ {
		for _, side := range []string{"A", "B"} {
			add(fmt.Sprintf("Fan %d%s", n, side), fmt.Sprintf("Fan %d", n), false)
		}
	}
	add("Fan 4", "", false)
	add("Pump 1", "", true)
	return c
}

func (d dialect) profile() Profile {
	return Profile{
		World: Rotors(), Expand: 1, Skip: true, Sessions: "/redfish/v1/SessionService/Sessions", Timeout: 1800, Unit: time.Second,
		Full: sessionsFull, resources: d.tree,
	}
}

// module is a fan with its rotors, as they are shown.
type module struct {
	id, name string
	pump     bool
	rotors   []world.View
}

// modules are the fans of a scene; of those that have rotors, both.
func modules(s *scene) []module {
	var out []module
	for _, v := range s.Fans {
		name := cmp.Or(v.Module, v.Name)
		i := slices.IndexFunc(out, func(m module) bool { return m.name == name })
		if i < 0 {
			out = append(out, module{id: fmt.Sprintf("m%d", v.Number), name: name, pump: v.Pump})
			i = len(out) - 1
		}
		out[i].rotors = append(out[i].rotors, v)
	}
	return out
}

// health is the worst of the rotors': what the dialect shows by itself, it does
// not say again. Whoever has no thresholds or no reading to show compares and
// says what came of it.
func (d dialect) health(m module) world.Health {
	order := []world.Health{"", world.OK, world.Warning, world.Bad}
	worst := world.Health("")
	for i, v := range m.rotors {
		h := v.Judged()
		measured := d.sensors != "" && !m.pump // with thresholds
		speed := (d.speed || m.pump) && (i == 0 || d.secondary)
		if measured || speed && v.Reading != nil && *v.Reading == 0 {
			h = v.Health
		}
		if slices.Index(order, h) > slices.Index(order, worst) {
			worst = h
		}
	}
	return worst
}

// state is that of the rotors: a module is pulled as a whole.
func (m module) state() string { return m.rotors[0].State }

func (d dialect) status(m module, rollup bool) obj {
	o := obj{"State": m.state()}
	name := "Health"
	if rollup {
		name = "HealthRollup"
	}
	if h := d.health(m); h != "" {
		o[name] = string(h)
	}
	return o
}

// tree are the resources of a dialect.
func (d dialect) tree(s *scene) tree {
	t := tree{}
	plainRoot(t, obj{
		"Vendor": "Example", "UUID": s.Identity.UUID,
		"ProtocolFeaturesSupported": obj{"ExpandQuery": obj{"ExpandAll": true, "Levels": true, "Links": true, "MaxLevels": 1, "NoLinks": true}},
	})
	t.collection("/redfish/v1/Chassis", "ChassisCollection", "Chassis Collection", refs(dialectChassis))
	chassis := obj{
		"Name": "1", "ChassisType": "RackMount", "SerialNumber": s.Identity.Serial, "Manufacturer": s.Identity.Manufacturer,
		"Model": s.Identity.Model, "PowerState": string(s.Power), "Status": obj{"State": "Enabled", "Health": "OK", "HealthRollup": "OK"},
		"ThermalSubsystem": ref(dialectSubsystem),
		"Links":            obj{"ComputerSystems": refs(dialectSystem), "ManagedBy": refs(dialectManager)},
	}
	if d.thermal {
		chassis["Thermal"] = ref(dialectChassis + "/Thermal")
	}
	if d.sensors != "" {
		chassis["Sensors"] = ref(dialectSensorPath)
	}
	t.resource(dialectChassis, "#Chassis.v1_22_0.Chassis", "1", chassis)
	t.collection("/redfish/v1/Systems", "ComputerSystemCollection", "Systems", refs(dialectSystem))
	t.resource(dialectSystem, "#ComputerSystem.v1_16_0.ComputerSystem", "1", obj{
		"Name": "1", "PowerState": string(s.Power), "UUID": s.Identity.UUID, "Status": well(), "LogServices": ref(dialectSystem + "/LogServices"),
	})
	openBMCManager(t, s, plainIDs{dialectChassis, dialectSystem, dialectManager, ""})
	t.collection(dialectSystem+"/LogServices", "LogServiceCollection", "Log Services", refs(dialectSystem+"/LogServices/EventLog"))
	t.logService(s, dialectSystem+"/LogServices/EventLog", obj{"Name": "Event Log"}, func() arr {
		ids := map[int64]int{}
		return oldestFirst(s.log(), func(r world.Record) obj { return s.openBMCEntry(r, ids) })
	})
	d.cooling(t, s)
	return t
}
