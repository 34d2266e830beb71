package ipmi

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// Sensor types (table 42-3), event/reading types (tables 42-1, 42-2).
const (
	typeFan     = 0x04
	typeCooling = 0x0a
	typeEntity  = 0x25

	kindThreshold  = 0x01
	kindState      = 0x03
	kindSeverity   = 0x07
	kindPresence   = 0x08
	kindRunning    = 0x0a
	kindRedundancy = 0x0b
	kindSpecific   = 0x6f
)

// Units (table 43-15).
const (
	unitNone    = 0
	unitCelsius = 1
	unitVolts   = 4
	unitWatts   = 6
	unitRPM     = 18
)

// scale turns a raw value into a number: M times it, times ten to the R.
type scale struct {
	m      int
	r      int
	signed bool
}

// raw is the raw value that comes nearest to a number.
func (c scale) raw(v float64) byte {
	n := math.Round(v / (float64(c.m) * math.Pow10(c.r)))
	if c.signed {
		return byte(int8(max(-128, min(127, n))))
	}
	return byte(max(0, min(255, n)))
}

// fit finds the scale that expresses a fan best; of those that are equally
// good the one that vendors like.
func fit(f world.Fan) scale {
	if f.Unit == world.Percent {
		return scale{m: 5, r: -1}
	}
	wrong := func(m int) float64 {
		sum := 0.0
		for _, v := range []float64{f.Speed, f.LowerNonCritical, f.LowerCritical, f.LowerFatal} {
			sum += math.Abs(v - float64(m)*float64(scale{m: m}.raw(v)))
		}
		return sum
	}
	best, least := 100, wrong(100)
	for m := 255; m > 0; m-- {
		if w := wrong(m); w < least {
			best, least = m, w
		}
	}
	return scale{m: best}
}

// part says what a record is about: entity and its instance (table 43-13).
type part struct{ entity, instance byte }

// identity is how the records of a sensor begin.
type identity struct {
	number byte
	name   string
	typ    byte
	kind   byte
	part   part
}

// header begins a record; its id is filled in when it is stored.
func header(kind byte, rest []byte) []byte {
	return append([]byte{0, 0, 0x51, kind, byte(len(rest))}, rest...)
}

// name is an id string of 8-bit characters with its length (section 43.15).
func idString(text string) []byte {
	text = text[:min(len(text), 16)]
	return append([]byte{0xc0 | byte(len(text))}, text...)
}

// packed is an id string of 6-bit characters, four in three bytes.
func packed(text string) []byte {
	var bits, count uint
	var out []byte
	for _, c := range []byte(text) {
		bits |= uint(c-0x20) & 0x3f << count
		count += 6
		for ; count >= 8; count -= 8 {
			out = append(out, byte(bits))
			bits >>= 8
		}
	}
	if count > 0 {
		out = append(out, byte(bits))
	}
	return append([]byte{0x80 | byte(len(out))}, out...)
}

// limits are lower thresholds as raw values, non-critical first, and which of
// them there are.
type limits struct {
	value [3]byte
	mask  byte
}

func limitsOf(f world.Fan, c scale) limits {
	var l limits
	for i, v := range []float64{f.LowerNonCritical, f.LowerCritical, f.LowerFatal} {
		if v > 0 {
			l.value[i], l.mask = c.raw(v), l.mask|1<<i
		}
	}
	return l
}

// measured is what a full record has more than others.
type measured struct {
	unit    byte
	percent bool
	scale   scale
	limits  limits
	name6   bool // the name is packed
}

// fullRecord is a record of type 0x01 (table 43-1).
func fullRecord(id identity, m measured) []byte {
	b := make([]byte, 42)
	copy(b, []byte{0x20, 0, id.number, id.part.entity, id.part.instance, 0x7f, 0x40, id.typ, id.kind})
	if m.limits.mask != 0 {
		b[6] |= 0x04
		// Asserted and deasserted going low; the status tells these thresholds.
		events := uint16(m.limits.mask&1) | uint16(m.limits.mask&2)<<1 | uint16(m.limits.mask&4)<<2
		binary.LittleEndian.PutUint16(b[9:], events|uint16(m.limits.mask)<<12)
		binary.LittleEndian.PutUint16(b[11:], events)
		b[13] = m.limits.mask
	}
	if m.scale.signed {
		b[15] |= 0x80
	}
	if m.percent {
		b[15] |= 0x01
	}
	b[16] = m.unit
	b[19], b[20] = byte(m.scale.m), byte(m.scale.m>>8&3)<<6
	b[24] = byte(m.scale.r&0x0f) << 4
	b[29], b[30] = 0xff, 0x00
	b[34], b[35], b[36] = m.limits.value[2], m.limits.value[1], m.limits.value[0]
	text := idString(id.name)
	if m.name6 {
		text = packed(id.name)
	}
	return header(0x01, append(b, text...))
}

// compactRecord is a record of type 0x02 (table 43-2). When share is greater
// than 1 it stands for so many sensors, whose names go on counting at first.
func compactRecord(id identity, share, first byte) []byte {
	b := make([]byte, 26)
	copy(b, []byte{0x20, 0, id.number, id.part.entity, id.part.instance, 0x67, 0x40, id.typ, id.kind})
	binary.LittleEndian.PutUint16(b[9:], 0x7fff)
	binary.LittleEndian.PutUint16(b[11:], 0x7fff)
	binary.LittleEndian.PutUint16(b[13:], 0x7fff)
	b[15] = 0xc0
	if share > 1 {
		b[18], b[19] = share&0x0f, 0x80|first&0x7f
	}
	return header(0x02, append(b, idString(id.name)...))
}

// eventRecord is a record of type 0x03: a sensor that only writes to the log.
func eventRecord(id identity) []byte {
	b := []byte{0x20, 0, id.number, id.part.entity, id.part.instance, id.typ, id.kind, 0x01, 0, 0, 0}
	return header(0x03, append(b, idString(id.name)...))
}

// inventoryRecord points to an inventory (table 43-7), controllerRecord to the
// controller (table 43-8), vendorRecord is anything (table 43-12).
func inventoryRecord(name string, device byte, p part) []byte {
	b := []byte{0x20, device, 0x80, 0x00, 0x00, 0x10, 0x00, p.entity, p.instance, 0x00}
	return header(0x11, append(b, idString(name)...))
}

func controllerRecord(name string) []byte {
	b := []byte{0x20, 0x00, 0x00, 0xbf, 0, 0, 0, 0x06, 0x01, 0x00}
	return header(0x12, append(b, idString(name)...))
}

func vendorRecord(maker uint32) []byte {
	b := []byte{byte(maker), byte(maker >> 8), byte(maker >> 16)}
	return header(0xc0, append(b, bytes.Repeat([]byte{0x5a}, 20)...))
}
