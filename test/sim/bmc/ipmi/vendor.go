package ipmi

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Vendor names how a controller shows fans.
type Vendor string

// Vendors.
const (
	Generic    Vendor = "generic"    // tachometers, shared presence, redundancy
	Supermicro Vendor = "supermicro" // tachometers only
	Dell       Vendor = "dell"       // rotors, redundancy, presence in the log only
	HPE        Vendor = "hpe"        // three sensors a fan, percent without thresholds
	Lenovo     Vendor = "lenovo"     // two rotors and a state a module, cooling zone
	Intel      Vendor = "intel"      // tachometers, shared presence, redundancy

	// Dialects, see the redfish package: of one and the same server.
	TachPresence Vendor = "tach-presence" // a tachometer and a presence (08h) for each rotor
	TachEntity   Vendor = "tach-entity"   // the same, entity presence (25h) of the same name
	DiscreteOnly Vendor = "discrete"      // a state and a presence for each rotor, nothing measured
)

// Dialects are those of IPMI.
func Dialects() []Vendor { return []Vendor{DiscreteOnly, TachEntity, TachPresence} }

// shape is what distinguishes a vendor.
type shape struct {
	chunk int // bytes of a record in one answer; negative: any number
	fans  func(*builder)
}

var shapes = map[Vendor]shape{
	Generic: {32, (*builder).generic}, Supermicro: {-1, (*builder).supermicro}, Dell: {32, (*builder).dell},
	HPE: {48, (*builder).hpe}, Lenovo: {32, (*builder).lenovo}, Intel: {-1, (*builder).intel},
	TachPresence: {-1, (*builder).tachPresence}, TachEntity: {-1, (*builder).tachEntity}, DiscreteOnly: {32, (*builder).discreteOnly},
}

// Vendors lists the shapes.
func Vendors() []Vendor { return slices.Sorted(maps.Keys(shapes)) }

// supermicro has a fan for each header, 29.1 and so on.
func (b *builder) supermicro() {
	for _, place := range b.places() {
		b.tach(place, b.bays[place].Name, part{29, byte(place)})
	}
}

// dell has a sensor for each rotor; all are in the entity 7.1, so that it tells
// nothing about which fan it is.
func (b *builder) dell() {
	for _, place := range b.places() {
		f := b.bays[place]
		name := f.Name
		if f.LogName != "" {
			name = "Fan" + f.LogName
		}
		b.tach(place, name, part{7, 1})
	}
	b.addRedundancy(identity{0x75, "Fan Redundancy", typeFan, kindRedundancy, part{7, 1}})
}

func (b *builder) addRedundancy(id identity) {
	if b.config.Single {
		return
	}
	id.number = b.free(id.number, 1)
	b.redundancy = id.number
	b.states(id, (*observed).redundant)
}

// hpe has a state, a duty cycle and a presence for each fan, and no threshold.
func (b *builder) hpe() {
	first, count := b.run()
	present := b.free(first+0x40, count)
	state := b.free(first+0x20, count)
	for _, place := range b.places() {
		p := part{29, byte(place)}
		name := fmt.Sprintf("Fan %d", place)
		b.state[place], b.presence[place] = state+byte(place-1), present+byte(place-1)
		b.states(identity{b.state[place], name, typeFan, kindRunning, p}, func(s *observed) reading { return s.running(place) })
		b.speed(place, identity{byte(b.bays[place].Sensor), name + " DutyCycle", typeFan, kindThreshold, p}, &measured{unit: unitRPM})
		b.states(identity{b.presence[place], name + " Presence", typeFan, kindPresence, p}, func(s *observed) reading { return s.present(place) })
	}
	b.addRedundancy(identity{0x2f, "Fans", typeFan, kindRedundancy, part{29, 0x60}})
}

// run is the first sensor number of fans, and how many places there are.
func (b *builder) run() (first byte, places int) {
	for _, place := range b.places() {
		if first == 0 || byte(b.bays[place].Sensor) < first {
			first = byte(b.bays[place].Sensor)
		}
		places = max(places, place)
	}
	return first, places
}

// lenovo has a tachometer for each rotor and a state for each module: "Fan 1"
// for "Fan 1A Tach" and "Fan 1B Tach".
func (b *builder) lenovo() {
	modules := map[string][]int{}
	for _, place := range b.places() {
		f := b.bays[place]
		b.tach(place, f.Name, part{29, byte(place)})
		module := strings.TrimRight(strings.TrimSuffix(f.Name, " Tach"), "ABCD")
		modules[module] = append(modules[module], place)
	}
	for i, name := range slices.Sorted(maps.Keys(modules)) {
		rotors := modules[name]
		id := identity{b.free(0xa0, 1), name, typeFan, kindSeverity, part{30, byte(i + 1)}}
		for _, place := range rotors {
			b.state[place] = id.number
		}
		b.states(id, func(s *observed) reading { return s.module(rotors) })
	}
	b.addRedundancy(identity{0x2e, "Cooling Zone 1", typeCooling, kindRedundancy, part{30, 0x60}})
	for i := range 2 {
		b.states(identity{b.free(0xb8, 1), fmt.Sprintf("PS %d Fan Fault", i+1), typeFan, kindState, part{10, byte(i + 1)}},
			func(*observed) reading { return reading{states: 1 << 0} })
	}
}

// module is the worst that is true of its rotors, as a severity.
func (s *observed) module(rotors []int) reading {
	worst := reading{states: 1 << 0}
	for _, place := range rotors {
		switch r := s.running(place); {
		case r.missing:
			return reading{missing: true}
		case r.states == 1<<4:
			worst.states = 1 << 2 // critical
		case r.states == 1<<6 && worst.states == 1<<0:
			worst.states = 1 << 1 // non-critical
		}
	}
	return worst
}

// intel counts its fans and has a shared record for their presence.
func (b *builder) intel() {
	for _, place := range b.places() {
		b.tach(place, fmt.Sprintf("System Fan %d", place), part{29, byte(place)})
	}
	b.sharedPresence(1)
	b.addRedundancy(identity{0x0c, "Fan Redundancy", typeFan, kindRedundancy, part{30, 1}})
}

// generic shows fans by the names they have. Where these are numbered one after
// the other, a shared record tells their presence.
func (b *builder) generic() {
	first, numbered := -1, true
	for i, place := range b.places() {
		name := b.bays[place].Name
		b.tach(place, name, part{29, byte(place)})
		n, err := strconv.Atoi(strings.TrimLeft(strings.ToLower(name), "fan_ "))
		if i == 0 {
			first = n
		}
		numbered = numbered && err == nil && n == first+i
	}
	if numbered && first >= 0 {
		b.sharedPresence(first)
	}
	b.addRedundancy(identity{0x75, "Fan Redundancy", typeFan, kindRedundancy, part{30, 1}})
}

// sharedPresence adds one record for the presence of all fans; their names go
// on counting at first. A record stands for at most 15.
func (b *builder) sharedPresence(first int) {
	places := b.places()
	for at := 0; at < len(places); at += 15 {
		some := places[at:min(at+15, len(places))]
		id := identity{b.free(0xd0, len(some)), "Fan Present ", typeFan, kindPresence, part{29, byte(some[0])}}
		var sensors []*sensor
		for i, place := range some {
			each := id
			each.number += byte(i)
			b.presence[place] = each.number
			sensors = append(sensors, &sensor{each, nil, func(s *observed) reading { return s.present(place) }})
		}
		b.add(compactRecord(id, byte(len(some)), byte(first+at)), sensors...)
	}
}
