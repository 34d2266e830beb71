package redfish

import (
	"fmt"
	"math"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// cooling adds what tells of the fans.
func (d dialect) cooling(t tree, s *scene) {
	sets := arr{}
	if !d.thermal {
		sets = append(sets, obj{
			"RedundancyType": "NPlusM", "MinNeededInGroup": s.Minimum, "RedundancyGroup": arr{},
			"Status": obj{"State": "Enabled", "Health": string(s.Balance)},
		})
	}
	fans, pumps := arr{}, arr{}
	for _, m := range modules(s) {
		at := dialectSubsystem + "/Fans/" + m.id
		switch {
		case m.pump && !(d.sensors != "" && !d.fans):
			at = dialectSubsystem + "/Pumps/" + m.id
			pumps = append(pumps, ref(at))
			t.resource(at, "#Pump.v1_0_0.Pump", m.id, obj{
				"Name": m.name, "PumpType": "Liquid", "Status": d.status(m, false), "PumpSpeedPercent": speedOf(m.rotors[0]),
			})
		case !m.pump && !d.thermal && d.fans:
			fans = append(fans, ref(at))
			t.resource(at, "#Fan.v1_5_0.Fan", m.id, d.fan(m))
		}
	}
	t.resource(dialectSubsystem, "#ThermalSubsystem.v1_3_0.ThermalSubsystem", "ThermalSubsystem", obj{
		"Name": "Thermal Subsystem", "Status": well(), "Fans": ref(dialectSubsystem + "/Fans"), "Pumps": ref(dialectSubsystem + "/Pumps"),
		"FanRedundancy": sets,
	})
	t.collection(dialectSubsystem+"/Fans", "FanCollection", "Fans", fans)
	t.collection(dialectSubsystem+"/Pumps", "PumpCollection", "Pumps", pumps)
	if d.thermal {
		t.resource(dialectChassis+"/Thermal", "#Thermal.v1_7_0.Thermal", "Thermal", obj{
			"Name": "Thermal", "Fans": d.thermalFans(s), "Redundancy": arr{obj{
				"MemberId": "0", "Name": "Fan redundancy", "Mode": "N+m", "MinNumNeeded": s.Minimum, "RedundancySet": arr{},
				"Status": obj{"State": "Enabled", "Health": string(s.Balance)},
			}},
		})
	}
	if d.sensors != "" {
		d.sensorList(t, s)
	}
}

// thermalFans are the fans of a Thermal: the rotors, or the modules of a
// controller that measures and does not show it.
func (d dialect) thermalFans(s *scene) arr {
	out := arr{}
	if d.modules {
		for _, m := range modules(s) {
			if !m.pump {
				out = append(out, obj{"MemberId": m.id, "Name": m.name, "Status": d.status(m, true)})
			}
		}
		return out
	}
	for _, v := range s.Fans {
		if v.Pump {
			continue
		}
		out = append(out, obj{
			"MemberId": v.ID, "Name": v.Name, d.reading: reading(v), "ReadingUnits": "RPM", "Status": status(v),
			"LowerThresholdNonCritical": limit(v.LowerNonCritical), "LowerThresholdCritical": limit(v.LowerCritical),
		})
	}
	return out
}

// fan is a Fan resource.
func (d dialect) fan(m module) obj {
	o := obj{"Name": m.name, "PhysicalContext": "Fan", "Status": d.status(m, false)}
	for i, v := range m.rotors {
		property := []string{"SpeedPercent", "SecondarySpeedPercent"}[i]
		switch {
		case i > 0 && !d.secondary && !d.linked:
		case d.speed:
			o[property] = speedOf(v)
		case d.linked:
			o[property] = obj{"DataSourceUri": dialectSensorPath + "/" + v.ID}
		}
	}
	return o
}

// speedOf is a speed in percent with the rotations beside it.
func speedOf(v world.View) obj {
	return obj{"Reading": percentOf(v), "SpeedRPM": reading(v)}
}

// percentOf is a reading in percent of the most that the fan can do.
func percentOf(v world.View) any {
	if v.Reading == nil {
		return nil
	}
	return math.Round(*v.Reading / v.Top * 100)
}

// sensorList adds a sensor for each rotor and the duty cycle of each fan.
func (d dialect) sensorList(t tree, s *scene) {
	members := arr{}
	put := func(id string, fields obj) {
		members = append(members, ref(dialectSensorPath+"/"+id))
		t.resource(dialectSensorPath+"/"+id, "#Sensor.v1_7_0.Sensor", id, fields)
	}
	for _, v := range s.Fans {
		if v.Pump && d.fans {
			continue // told among the pumps
		}
		o := obj{"Name": v.Name, "Status": status(v), "PhysicalContext": map[bool]string{true: "Pump", false: "Fan"}[v.Pump]}
		low, critical := v.LowerNonCritical, v.LowerCritical
		if d.sensors == "%" {
			o["ReadingType"], o["ReadingUnits"], o["Reading"], o["SpeedRPM"] = "Percent", "%", percentOf(v), reading(v)
			low, critical = low/v.Top*100, critical/v.Top*100
		} else {
			o["ReadingType"], o["ReadingUnits"], o["Reading"] = "Rotational", "RPM", reading(v)
		}
		o["Thresholds"] = obj{"LowerCaution": obj{"Reading": low}, "LowerCritical": obj{"Reading": critical}}
		put(v.ID, o)
		put(fmt.Sprintf("fanpwm_%d", v.Number), obj{"Name": fmt.Sprintf("PWM %d", v.Number), "Reading": 40, "ReadingType": "Percent", "ReadingUnits": "%", "Status": well()})
	}
	put("temperature_inlet", obj{"Name": "Inlet", "Reading": 24, "ReadingType": "Temperature", "ReadingUnits": "Cel", "Status": well()})
	t.collection(dialectSensorPath, "SensorCollection", "Sensors", members)
}
