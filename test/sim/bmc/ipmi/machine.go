package ipmi

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// machine is a server as its sensors show it.
type machine struct {
	bays    map[int]world.Fan // by place; also those that are not listed now
	of      world.Identity
	made    string // of what the records were made
	records [][]byte
	sensors map[byte]*sensor
	added   time.Time
	// presence is the number of the presence sensor of each place, redundancy
	// that of the redundancy sensor; state that of each fan's discrete one.
	presence, state map[int]byte
	redundancy      byte
}

// sensor is one that can be read.
type sensor struct {
	identity
	measured *measured // nil: it has states
	read     func(*observed) reading
}

// reading is what a sensor says (table 35-15).
type reading struct {
	value    byte
	missing  bool // reading unavailable
	disabled bool // scanning disabled
	states   uint16
	code     byte // completion code instead of an answer
}

// observed is the server at the moment of a question.
type observed struct {
	world.Snapshot
	absent byte // completion code for what is not there
}

// fan is the fan of a place; false when it is not listed.
func (s *observed) fan(place int) (world.View, bool) {
	for _, v := range s.Fans {
		if v.Number == place {
			return v, true
		}
	}
	return world.View{}, false
}

// follow makes the records anew when fans got other names, or when it is
// another server.
func (m *machine) follow(c Config, look world.Snapshot) {
	if m.bays == nil || m.of.UUID != look.Identity.UUID || m.of.Serial != look.Identity.Serial {
		m.bays, m.of = map[int]world.Fan{}, look.Identity
	}
	for _, v := range look.Fans {
		m.bays[v.Number] = v.Fan
	}
	made := fmt.Sprint(m.bays, m.of)
	if made == m.made {
		return
	}
	m.made, m.added = made, look.Clock
	b := newBuilder(c, m.bays)
	b.build()
	m.records, m.sensors = b.records, b.sensors
	m.presence, m.state, m.redundancy = b.presence, b.state, b.redundancy
	for i, r := range m.records {
		binary.LittleEndian.PutUint16(r, uint16(i+1))
	}
}

// builder makes the records and sensors of a machine.
type builder struct {
	config          Config
	bays            map[int]world.Fan
	records         [][]byte
	sensors         map[byte]*sensor
	presence, state map[int]byte
	redundancy      byte
	taken           map[byte]bool
}

func newBuilder(c Config, bays map[int]world.Fan) *builder {
	b := &builder{
		config: c, bays: bays, sensors: map[byte]*sensor{}, presence: map[int]byte{}, state: map[int]byte{},
		taken: map[byte]bool{0: true, 0xff: true},
	}
	for _, f := range bays {
		b.taken[byte(f.Sensor)] = true
	}
	return b
}

// build makes what every controller has, and the fans as the vendor shows them.
func (b *builder) build() {
	b.records = append(b.records, controllerRecord("BMC"), inventoryRecord("System Board", 0, part{7, 1}))
	shapes[b.config.Vendor].fans(b)
	b.others(b.config.Records - len(b.records))
}

// places are the numbers of the bays in order.
func (b *builder) places() []int { return slices.Sorted(maps.Keys(b.bays)) }

// free takes count sensor numbers in a row, from first on if they are free.
func (b *builder) free(first byte, count int) byte {
	for at := int(first); ; at = at%0xfe + 1 {
		run := 0
		for run < count && at+run < 0xff && !b.taken[byte(at+run)] {
			run++
		}
		if run == count {
			for i := range count {
				b.taken[byte(at+i)] = true
			}
			return byte(at)
		}
	}
}

func (b *builder) add(record []byte, sensors ...*sensor) {
	b.records = append(b.records, record)
	for _, s := range sensors {
		b.sensors[s.number] = s
	}
}

// tach adds the speed of a fan.
func (b *builder) tach(place int, name string, p part) {
	f := b.bays[place]
	b.speed(place, identity{byte(f.Sensor), name, typeFan, kindThreshold, p}, &measured{unit: unitRPM})
}

// speed adds a measured value of a fan.
func (b *builder) speed(place int, id identity, m *measured) {
	f := b.bays[place]
	if f.Unit == world.Percent {
		m.unit, m.percent = unitNone, true
	}
	m.scale = fit(f)
	m.limits = limitsOf(f, m.scale)
	b.add(fullRecord(id, *m), &sensor{id, m, func(s *observed) reading { return s.speed(place, m) }})
}

// states adds a sensor that has states and no number.
func (b *builder) states(id identity, read func(*observed) reading) {
	b.add(compactRecord(id, 1, 0), &sensor{id, nil, read})
}

// event adds a sensor that only writes to the log.
func (b *builder) event(id identity) { b.add(eventRecord(id)) }

// speed is the reading of a tachometer.
func (s *observed) speed(place int, m *measured) reading {
	v, listed := s.fan(place)
	switch {
	case !listed, v.State == "Absent":
		return reading{missing: true, code: s.absent}
	case v.State != "Enabled":
		return reading{missing: true, disabled: true}
	case v.Reading == nil:
		return reading{missing: true}
	}
	r := reading{value: m.scale.raw(*v.Reading)}
	switch v.Health {
	case world.Bad:
		r.states = uint16(m.limits.mask)
	case world.Warning:
		r.states = 1
	}
	return r
}

// running is the state of a fan as "transition to" states.
func (s *observed) running(place int) reading {
	v, listed := s.fan(place)
	switch {
	case !listed, v.State == "Absent", v.Health == "":
		return reading{missing: true, code: s.absent}
	case v.State != "Enabled":
		return reading{states: 1 << 2} // power off
	case v.Health == world.Bad:
		return reading{states: 1 << 4} // off line
	case v.Health == world.Warning:
		return reading{states: 1 << 6} // degraded
	}
	return reading{states: 1 << 0}
}

// present is the state of a presence sensor.
func (s *observed) present(place int) reading {
	if v, listed := s.fan(place); !listed || v.State == "Absent" {
		return reading{states: 1 << 0}
	}
	return reading{states: 1 << 1}
}

// redundant is the state of a redundancy sensor.
func (s *observed) redundant() reading {
	return reading{states: map[world.Health]uint16{world.OK: 1 << 0, world.Bad: 1 << 1, world.Warning: 1 << 2}[s.Balance]}
}
