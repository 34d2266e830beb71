package ipmi

import (
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// fans makes the facts of all fans, of which some are expected, and redundancy sets.
func (s set) fans(expected []string, power bmc.Power) ([]bmc.Fan, []bmc.Redundancy) {
	fans := make([]bmc.Fan, 0, len(s.members))
	for _, m := range s.members {
		if m.main.failed == nil {
			fans = append(fans, m.fan(slices.Contains(expected, m.id), power))
		}
	}
	var sets []bmc.Redundancy
	for _, r := range s.redundancy {
		if r.failed == nil {
			sets = append(sets, r.redundancy())
		}
	}
	return fans, sets
}

// gaps are the sensors about which the controller gave no answer. A fan whose
// own sensor is one of them is left out: that it was not read is no evidence
// that it has no reading.
func (s set) gaps() []bmc.Gap {
	var gaps []bmc.Gap
	seen := map[string]bool{}
	add := func(r reading, hides string) {
		if r.failed != nil && !seen[r.what()] {
			seen[r.what()] = true
			gaps = append(gaps, bmc.Gap{What: r.what(), Hides: hides, Fan: hides, Err: r.failed})
		}
	}
	for _, m := range s.members {
		add(m.main, m.id)
		for _, r := range m.others {
			add(r, "")
		}
	}
	for _, r := range slices.Concat(s.redundancy, s.parts) {
		add(r, "")
	}
	return gaps
}

// cooling makes the facts of what tells about the cooling as a whole.
func (s set) cooling() []bmc.Part {
	var parts []bmc.Part
	for _, r := range s.parts {
		if r.failed == nil {
			parts = append(parts, bmc.Part{ID: r.id(), Name: r.Name, Kind: bmc.Cooling, Presence: bmc.Present, Health: r.health(), Says: r.state()})
		}
	}
	return parts
}

// fan makes the facts of one fan.
func (m *member) fan(expected bool, power bmc.Power) bmc.Fan {
	r := m.main
	fan := bmc.Fan{
		ID:       m.id,
		Name:     m.name(),
		Sensor:   int(r.Number),
		Presence: m.presence(expected, power),
		Witness:  m.witness(),
		Pump:     nameOf(r.Name).any(pumpWords),
		Health:   r.health(),
		Says:     m.says(),
	}
	if m.measured {
		fan.Rotors = []bmc.Rotor{m.rotor()}
	} else if fan.Health != bmc.HealthUnknown {
		fan.Opinion = bmc.BySensor
	}
	for _, other := range m.others {
		if h := other.health(); h != bmc.HealthUnknown {
			fan.Health, fan.Opinion = bmc.Worse(fan.Health, h), bmc.BySensor
		}
	}
	if fan.Health == bmc.HealthUnknown && m.onlyThere() {
		fan.Health, fan.Opinion = bmc.HealthOK, bmc.Seen
	}
	fan.Weigh()
	if fan.Presence != bmc.Present {
		fan.Reading, fan.Health, fan.Opinion = nil, bmc.HealthUnknown, bmc.NoOpinion
		for i := range fan.Rotors {
			fan.Rotors[i].Reading = nil
		}
	}
	return fan
}

// rotor is what the fan's tachometer measures.
func (m *member) rotor() bmc.Rotor {
	r := m.main
	unit, _ := r.unit()
	rotor := bmc.Rotor{
		ID: r.id(), Name: r.Name, Unit: unit, From: "sensor " + r.id(),
		LowerNonCritical: r.threshold(lowerNonCritical),
		LowerCritical:    r.threshold(lowerCritical),
		LowerFatal:       r.threshold(lowerFatal),
		Health:           r.health(),
	}
	if value, ok := r.value(); ok {
		rotor.Reading = &value
	}
	return rotor
}

// witness is what the fan's presence sensors say.
func (m *member) witness() bmc.Presence {
	said := bmc.Presence("")
	for _, r := range m.all() {
		switch {
		case !r.presence(), r.missing == turning:
		case r.absent():
			return bmc.Absent
		case r.present():
			said = bmc.Present
		case said == "":
			said = bmc.Unread
		}
	}
	return said
}

// all are the fan's sensors.
func (m *member) all() []reading { return append([]reading{m.main}, m.others...) }

// presence says whether the fan is there. A presence sensor knows. Without one
// "reading unavailable", "scanning disabled" and "sensor not present" are said
// alike of a header where no fan was ever plugged in (Supermicro "ns", OpenBMC
// "disabled", Fujitsu 0xcb), and of a fan that died while the controller was
// restarting. Which one it is only its history tells: a fan that is expected
// has lost its reading, another one is an empty bay. While the host is off
// nothing can be concluded, and nothing while one of its sensors could not be
// read: a run that is cut short must teach nothing.
func (m *member) presence(expected bool, power bmc.Power) bmc.Presence {
	gone, disabled, unread := true, false, false
	for _, r := range m.all() {
		switch {
		case r.absent():
			return bmc.Absent
		case r.present():
			expected = true
		case r.failed != nil:
			unread = true
		case r.Kind == kindEnabled && r.missing == "" && r.has(0) && !r.has(1):
			disabled = true
		}
		gone = gone && (r.missing != "" || r.failed != nil)
	}
	switch {
	case disabled:
		return bmc.Standby
	case gone && !expected && unread:
		return bmc.Unread
	case gone && !expected && power != bmc.PowerOff:
		return bmc.Absent
	}
	return bmc.Present
}

// onlyThere says that the controller knows of the fan that it is there or
// enabled and says so, and has no sensor that could say more. That is all it
// will ever say of a good fan.
func (m *member) onlyThere() bool {
	there := false
	for _, r := range m.all() {
		if !r.presence() && r.Kind != kindEnabled {
			return false
		}
		there = there || r.present() || r.Kind == kindEnabled && r.missing == "" && r.has(1)
	}
	return there
}

// name is the shortest of the names of a fan's sensors of the same stem: "Fan
// 3" rather than "Fan 3 DutyCycle".
func (m *member) name() string {
	name := m.main.Name
	stem := strings.Join(nameOf(name).stem(), " ")
	for _, r := range m.others {
		if len(r.Name) < len(name) && strings.Join(nameOf(r.Name).stem(), " ") == stem {
			name = r.Name
		}
	}
	return name
}

// says is everything that the controller said of the fan, sensor by sensor.
func (m *member) says() string {
	parts := []string{m.main.state()}
	for _, r := range m.others {
		if r.missing != turning {
			parts = append(parts, r.Name+": "+r.state())
		}
	}
	return phrase.Clip(strings.Join(parts, ", "), maxText)
}

// state is what a sensor says besides its number.
func (r reading) state() string {
	switch says := r.says(); {
	case r.failed != nil:
		return "not read: " + r.failed.Error()
	case r.missing != "":
		return r.missing
	case says != "":
		return says
	case !r.status:
		return "no state sent"
	}
	return "no threshold crossed"
}

// redundancy makes the facts of one redundancy sensor.
func (r reading) redundancy() bmc.Redundancy {
	lost := r.failed == nil && r.missing == "" &&
		(r.has(redundantLost) || r.has(redundantSufficient) || r.has(redundantRegained) || r.has(redundantInsufficient))
	return bmc.Redundancy{
		ID:       r.id(),
		Name:     r.Name,
		Health:   r.health(),
		Lost:     lost,
		Disabled: r.disabled,
		Says:     r.state(),
	}
}
