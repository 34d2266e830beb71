//go:build real

package ipmi_test

import (
	"fmt"
	"strings"
)

// fansim is what ipmi_sim is told to be: a server with fan sensors of every
// kind that boards have, and records that are not about fans between them.
// ipmi_sim reads it as a list of its own commands.
type fansim struct {
	commands []string
}

const (
	sensorFan     = 0x04
	sensorCooling = 0x0a

	kindThreshold    = 0x01
	kindState        = 0x03
	kindSeverity     = 0x07
	kindPresence     = 0x08
	kindAvailability = 0x0a
	kindRedundancy   = 0x0b
)

func (f *fansim) add(format string, values ...any) {
	f.commands = append(f.commands, fmt.Sprintf(format, values...))
}

// record adds a sensor record; its number and length are filled in.
func (f *fansim) record(kind byte, body []byte, name string) {
	record := append([]byte{0, 0, 0x51, kind, byte(len(body) + 1 + len(name))}, body...)
	record = append(append(record, 0xc0|byte(len(name))), name...)
	f.raw(record)
}

func (f *fansim) raw(record []byte) {
	var b strings.Builder
	for _, x := range record {
		fmt.Fprintf(&b, " 0x%02x", x)
	}
	f.add("main_sdr_add 0x20%s", b.String())
}

// tach is a tachometer: y = L((M x + B 10^K1) 10^K2), thresholds as raw values
// in the order lower non-critical, critical, non-recoverable.
type tach struct {
	number   byte
	name     string
	m, b     int
	k1, k2   int
	curve    byte
	units    byte // 0x01 is percent
	base     byte // 18 is RPM
	limits   [3]byte
	raw      byte
	scanning bool
	missing  bool // a record without a sensor behind it
	typ      byte
}

// sensor adds a tachometer, or anything else that is measured.
func (f *fansim) sensor(t tach) {
	if t.typ == 0 {
		t.typ = sensorFan
	}
	body := []byte{
		0x20, 0x00, t.number, 0x1d, t.number & 0x1f, 0x7f, 0x58, t.typ, kindThreshold, 0x95, 0x7a, 0x95, 0x7a, 0x3f, 0x3f,
		t.units, t.base, 0x00, t.curve,
		byte(t.m), byte(t.m>>8&3) << 6, byte(t.b), byte(t.b>>8&3) << 6, 0x00, byte(t.k2&15)<<4 | byte(t.k1&15),
		0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0xff, 0xfe, 0xfd, t.limits[2], t.limits[1], t.limits[0], 0x01, 0x01, 0x00, 0x00, 0x00,
	}
	f.record(0x01, body, t.name)
	if t.missing {
		return
	}
	f.add("sensor_add 0x20 0 0x%02x 0x%02x 0x01", t.number, t.typ)
	f.add("sensor_set_value 0x20 0 0x%02x 0x%02x 0", t.number, t.raw)
	f.add("sensor_set_threshold 0x20 0 0x%02x settable 111111 0xff 0xfe 0xfd 0x%02x 0x%02x 0x%02x", t.number, t.limits[2], t.limits[1], t.limits[0])
	f.add("sensor_set_hysteresis 0x20 0 0x%02x settable 0x01 0x01", t.number)
	const lower = "000101010010101"
	scanning := "no-scanning"
	if t.scanning {
		scanning = "scanning"
	}
	f.add("sensor_set_event_support 0x20 0 0x%02x enable %s per-state %s %s %s %s", t.number, scanning, lower, lower, lower, lower)
}

// discrete is a sensor with states, or several that share a record: share is
// the count and the kind of name modifier, modifier its first value; set is the
// state that each is in.
type discrete struct {
	number, typ, kind byte
	name              string
	set               []byte
	share, modifier   byte
}

func (f *fansim) states(d discrete) {
	body := []byte{
		0x20, 0x00, d.number, 0x1d, d.number & 0x1f, 0x67, 0x40, d.typ, d.kind, 0xff, 0x01, 0xff, 0x01, 0xff, 0x01,
		0xc0, 0x00, 0x00, d.share, d.modifier, 0, 0, 0, 0, 0, 0,
	}
	f.record(0x02, body, d.name)
	for i, state := range d.set {
		number := int(d.number) + i
		f.add("sensor_add 0x20 0 0x%02x 0x%02x 0x%02x", number, d.typ, d.kind)
		const all = "000000111111111"
		f.add("sensor_set_event_support 0x20 0 0x%02x enable scanning per-state %s %s %s %s", number, all, all, all, all)
		f.add("sensor_set_bit 0x20 0 0x%02x %d 1 0", number, state)
	}
}

// eventOnly adds sensors that only log.
func (f *fansim) eventOnly(number, share byte, name string) {
	f.record(0x03, []byte{0x20, 0x00, number, 0x1d, number & 0x1f, sensorFan, kindSeverity, share, 0x01, 0x00, 0x00}, name)
}

// world is the server of these tests.
func world() string {
	f := &fansim{}
	f.add("mc_setbmc 0x20")
	f.add("mc_add 0x20 0x20 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr")
	f.add("sel_enable 0x20 1000 0x0a")
	f.raw(append([]byte{0, 0, 0x51, 0x12, 0x0f, 0x20, 0, 0, 0xbf, 0, 0, 0, 0x07, 1, 0, 0xc4}, "simC"...))
	rpm := func(number byte, name string, raw byte) tach {
		return tach{number: number, name: name, m: 100, base: 18, limits: [3]byte{7, 5, 3}, raw: raw, scanning: true}
	}
	f.sensor(rpm(0x41, "FAN1", 56))
	f.sensor(rpm(0x42, "FAN2", 57))
	f.sensor(rpm(0x43, "FAN3", 4)) // below its lower critical threshold
	f.sensor(rpm(0x44, "FAN4", 0)) // stands
	few := rpm(0x45, "CPU_FAN1", 40)
	few.m = 75
	f.sensor(few)
	many := rpm(0x46, "Fan 5A Tach", 41)
	many.m = 120
	f.sensor(many)
	f.sensor(tach{number: 0x47, name: "Fan 6 DutyCycle", m: 392, k2: -3, units: 0x01, limits: [3]byte{7, 5, 3}, raw: 75, scanning: true})
	f.sensor(tach{number: 0x48, name: "FAN INV", m: 1, k2: -6, curve: 7, base: 18, limits: [3]byte{1, 1, 1}, raw: 200, scanning: true})
	f.sensor(tach{number: 0x49, name: "FAN NEG", m: -10, b: 255, k1: 1, base: 18, limits: [3]byte{1, 1, 1}, raw: 100, scanning: true})
	gone := rpm(0x4a, "FAN GONE", 0)
	gone.missing = true
	f.sensor(gone)
	idle := rpm(0x4b, "FAN IDLE", 30)
	idle.scanning = false
	f.sensor(idle)
	f.sensor(rpm(0x4c, "FAN PSU1", 47))
	f.sensor(tach{number: 0x10, name: "Ambient", m: 1, units: 0x80, base: 1, limits: [3]byte{5, 3, 1}, raw: 30, scanning: true, typ: 0x01})
	f.sensor(tach{number: 0x11, name: "12V", m: 6, k2: -2, base: 4, limits: [3]byte{180, 175, 170}, raw: 200, scanning: true, typ: 0x02})
	f.states(discrete{number: 0x50, typ: sensorFan, kind: kindRedundancy, name: "Fan Redundancy", set: []byte{0}})
	f.states(discrete{0x51, sensorFan, kindPresence, "Fan Bay", []byte{1, 1, 1, 0}, 4, 1})
	f.states(discrete{0x56, sensorFan, kindAvailability, "PS Fan Run", []byte{0, 0}, 2 | 1<<4, 0})
	f.states(discrete{number: 0x58, typ: sensorFan, kind: kindSeverity, name: "Fan Status", set: []byte{0}})
	f.states(discrete{number: 0x59, typ: sensorFan, kind: kindState, name: "Fan Fail", set: []byte{0}})
	f.states(discrete{number: 0x5a, typ: sensorCooling, kind: kindRedundancy, name: "Cooling Zone 1", set: []byte{0}})
	f.states(discrete{number: 0x5b, typ: sensorFan, kind: kindAvailability, name: "Fan 6", set: []byte{0}})
	f.states(discrete{number: 0x5c, typ: 0x08, kind: 0x6f, name: "PS1 Status", set: []byte{0}})
	f.eventOnly(0x60, 0, "Fan Event")
	f.eventOnly(0x61, 2|1<<4, "Fan Log")
	f.raw(append([]byte{0, 0, 0x51, 0xc0, 0x08, 0x57, 0x01, 0x00}, "OEM1."...))
	f.add("mc_enable 0x20")
	return strings.Join(f.commands, "\n") + "\n"
}
