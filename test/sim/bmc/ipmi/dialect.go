package ipmi

import "github.com/noout-monitoring/noout/test/sim/bmc/world"

// tachPresence has a presence sensor of the generic kind beside each tachometer.
func (b *builder) tachPresence() {
	for _, place := range b.places() {
		p := part{29, byte(place)}
		b.tach(place, b.bays[place].Name, p)
		b.presence[place] = b.free(0x90, 1)
		b.states(identity{b.presence[place], b.bays[place].Name + " Prsnt", typeFan, kindPresence, p}, func(s *observed) reading { return s.present(place) })
	}
	b.addRedundancy(identity{0x75, "Fan Redundancy", typeFan, kindRedundancy, part{30, 1}})
}

// tachEntity has an entity presence of the same name beside each tachometer, as
// Fujitsu has: its states are the other way round (table 42-3, type 25h).
func (b *builder) tachEntity() {
	for _, place := range b.places() {
		p := part{29, byte(place)}
		b.tach(place, b.bays[place].Name, p)
		b.states(identity{b.free(0x90, 1), b.bays[place].Name, typeEntity, kindSpecific, p}, func(s *observed) reading {
			if s.present(place).states == 1<<1 {
				return reading{states: 1 << 0}
			}
			return reading{states: 1 << 1}
		})
	}
	b.addRedundancy(identity{0x75, "Fan Redundancy", typeFan, kindRedundancy, part{30, 1}})
}

// discreteOnly measures and shows only what it makes of it: running, degraded or
// off line. The state has the number that the tachometer would have.
func (b *builder) discreteOnly() {
	for _, place := range b.places() {
		p := part{29, byte(place)}
		number := byte(b.bays[place].Sensor)
		b.state[place], b.presence[place] = number, b.free(0x90, 1)
		b.states(identity{number, b.bays[place].Name, typeFan, kindRunning, p}, func(s *observed) reading { return s.judged(place) })
		b.states(identity{b.presence[place], b.bays[place].Name + " Prsnt", typeFan, kindPresence, p}, func(s *observed) reading { return s.present(place) })
	}
	b.addRedundancy(identity{0x75, "Fan Redundancy", typeFan, kindRedundancy, part{30, 1}})
}

// judged is running of a controller that compares with its thresholds.
func (s *observed) judged(place int) reading {
	v, listed := s.fan(place)
	switch {
	case !listed, v.State == "Absent", v.Reading == nil:
		return reading{missing: true, code: s.absent}
	case v.State != "Enabled":
		return reading{states: 1 << 2}
	}
	return reading{states: map[world.Health]uint16{world.OK: 1 << 0, world.Warning: 1 << 6, world.Bad: 1 << 4, "": 0}[v.Judged()]}
}
