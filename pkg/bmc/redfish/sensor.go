package redfish

import (
	"cmp"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// sensor is a Sensor resource.
type sensor struct {
	ID           text   `json:"Id"`
	Name         text   `json:"Name"`
	Reading      number `json:"Reading"`
	SpeedRPM     number `json:"SpeedRPM"`
	ReadingType  text   `json:"ReadingType"`
	ReadingUnits text   `json:"ReadingUnits"`
	Context      text   `json:"PhysicalContext"`
	Status       status `json:"Status"`
	Thresholds   struct{ LowerCaution, LowerCritical, LowerFatal excerpt }

	path string
}

// rotational says that the sensor counts rotations.
func (s sensor) rotational() bool {
	units := s.ReadingUnits.String()
	return strings.EqualFold(s.ReadingType.String(), "Rotational") || strings.EqualFold(units, "RPM") ||
		strings.HasPrefix(strings.ToLower(units), "{rev}/min")
}

// percent says that the sensor gives a share of the full speed.
func (s sensor) percent() bool {
	return s.ReadingUnits.String() == "%" || strings.EqualFold(s.ReadingType.String(), "Percent") || unit(s.ReadingUnits.Name()) == "%"
}

// other says that the sensor measures something that does not turn. Units that
// do not exist say nothing.
func (s sensor) other() bool {
	kind := s.ReadingType.String()
	return kind != "" && !strings.EqualFold(kind, "Rotational") && !strings.EqualFold(kind, "Percent") && !s.rotational() && !s.percent()
}

// turns says whether the sensor measures a fan or a pump by itself: it counts
// rotations, or it is in percent and has the rotations beside it (DMTF: the
// DataSourceUri of a fan is a sensor in percent). Percent alone may be what the
// fan was told (PWM), not what it does.
func (s sensor) turns() bool {
	return s.rotational() || s.percent() && s.SpeedRPM.value != nil
}

// pump says that what turns is a pump.
func (s sensor) pump() bool {
	return strings.Contains(strings.ToLower(s.Context.String()+" "+s.Name.String()+" "+s.ID.String()), "pump")
}

// rotors are the measurements of the sensor: its reading with the thresholds,
// and where that is in percent the rotations beside it.
func (s sensor) rotors() []bmc.Rotor {
	id, name := cmp.Or(s.ID.Name(), s.Name.Name()), cmp.Or(s.Name.Name(), s.ID.Name())
	main := bmc.Rotor{
		ID: id, Name: name, Reading: s.Reading.value, From: s.path,
		LowerNonCritical: s.Thresholds.LowerCaution.reading.threshold(),
		LowerCritical:    s.Thresholds.LowerCritical.reading.threshold(),
		LowerFatal:       s.Thresholds.LowerFatal.reading.threshold(),
		Health:           health(cmp.Or(s.Status.health, s.Status.rollup)),
	}
	switch {
	case s.rotational():
		main.Unit = "RPM"
	case s.percent():
		main.Unit = "%"
	}
	rpm := s.SpeedRPM.value
	if rpm == nil || main.Unit == "RPM" && main.Reading != nil {
		return []bmc.Rotor{main}
	}
	if main.Reading == nil || main.LowerNonCritical == nil && main.LowerCritical == nil && main.LowerFatal == nil {
		main.Reading, main.Unit = rpm, "RPM"
		return []bmc.Rotor{main}
	}
	return []bmc.Rotor{main, {ID: id + " SpeedRPM", Name: name + " SpeedRPM", Reading: rpm, Unit: "RPM", From: s.path}}
}

// fan makes a fan of a sensor that stands for one.
func (s sensor) fan() bmc.Fan {
	out := bmc.Fan{ID: cmp.Or(s.ID.Name(), s.Name.Name()), Name: cmp.Or(s.Name.Name(), s.ID.Name()), Sensor: -1, Unit: "RPM", Pump: s.pump()}
	s.Status.put(&out)
	out.Rotors = s.rotors()
	out.Weigh()
	return out
}

// sides are words that tell the rotors of one fan apart, behind its name.
var sides = []string{
	"a", "b", "c", "d", "f", "r", "l", "front", "rear", "inlet", "outlet", "in", "out", "primary", "secondary", "left", "right",
}

// keys are what the sensor is called, as fans are compared by.
func (s sensor) keys() []string {
	return []string{bmc.FanKey(untagged(s.Name.Name())), bmc.FanKey(untagged(s.ID.Name()))}
}

func keysOf(f bmc.Fan) []string { return []string{bmc.FanKey(f.Name), bmc.FanKey(ownID(f))} }

// fitting says how well a sensor's names name a fan: the length of the fan's name
// when it is that name, or that name and which rotor; 0 when it is another's.
func fitting(names, fan []string) int {
	best := 0
	for _, key := range fan {
		for _, name := range names {
			tail, ok := strings.CutPrefix(name, key)
			if key != "" && ok && (tail == "" || tail[0] == ' ' && rotorWord(strings.Fields(tail))) {
				best = max(best, len(key))
			}
		}
	}
	return best
}

// rotorWord says that what stands behind a fan's name says which rotor.
func rotorWord(tail []string) bool {
	if len(tail) == 2 && tail[0] == "rotor" {
		tail = tail[1:]
	}
	return len(tail) == 1 && (strings.Trim(tail[0], "0123456789") == "" || slices.Contains(sides, tail[0]))
}

// untagged is a sensor's id without what bmcweb puts before it: "fantach_fan2_0"
// is "fan2_0".
func untagged(name string) string {
	for _, tag := range []string{"fantach_", "fan_tach_", "fanpwm_", "fan_pwm_"} {
		if len(name) > len(tag) && strings.EqualFold(name[:len(tag)], tag) {
			return name[len(tag):]
		}
	}
	return name
}
