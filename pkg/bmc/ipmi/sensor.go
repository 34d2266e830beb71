package ipmi

import (
	"encoding/hex"
	"fmt"
	"math"
)

// Sensor types that are about fans (IPMI 2.0, table 42-3).
const (
	typeFan     byte = 0x04
	typeCooling byte = 0x0a
	// typeEntity says of any part whether it is there; it is about a fan by its
	// entity or its name.
	typeEntity byte = 0x25
)

// entityFan is the entity of fans and cooling devices (IPMI 2.0, table 43-13).
const entityFan byte = 0x1d

// Event/reading types (IPMI 2.0, tables 42-1 and 42-2).
const (
	kindThreshold    byte = 0x01
	kindUsage        byte = 0x02
	kindState        byte = 0x03
	kindPredictive   byte = 0x04
	kindLimit        byte = 0x05
	kindPerformance  byte = 0x06
	kindSeverity     byte = 0x07
	kindPresence     byte = 0x08
	kindEnabled      byte = 0x09
	kindAvailability byte = 0x0a
	kindRedundancy   byte = 0x0b
	kindOwn          byte = 0x6f // the sensor type's own states
)

// Record types of sensors.
const (
	recordFull      byte = 0x01
	recordCompact   byte = 0x02
	recordEventOnly byte = 0x03
)

// Units that a fan is measured in.
const (
	unitNone        byte = 0
	unitRPM         byte = 18
	unitHertz       byte = 19
	unitRevolutions byte = 41

	perMinute byte = 4
)

// The thresholds, in the order of Get Sensor Thresholds and of the readable
// mask, which is also the order of the status bits in a reading.
const (
	lowerNonCritical = iota
	lowerCritical
	lowerFatal
	upperNonCritical
	upperCritical
	upperFatal
	thresholds
)

// sensor is what is kept of one sensor record; its JSON is part of the cache.
type sensor struct {
	Record byte   `json:"r"`
	Owner  byte   `json:"o"`
	LUN    byte   `json:"l,omitempty"`
	Number byte   `json:"n"`
	Type   byte   `json:"t"`
	Kind   byte   `json:"k"`
	Entity byte   `json:"e,omitempty"`
	Name   string `json:"name,omitempty"`
	// Compares has a bit for each threshold that the sensor's status tells.
	Compares byte `json:"c,omitempty"`
	// Readable has a bit for each threshold that has a value.
	Readable byte     `json:"m,omitempty"`
	Limits   limits   `json:"limits,omitzero"`
	Units    byte     `json:"u,omitempty"` // format, rate, percentage
	Base     byte     `json:"b,omitempty"` // base unit
	Formula  *formula `json:"f,omitempty"` // none: not a number
}

// limits are raw thresholds; as text they are hex digits.
type limits [thresholds]byte

// MarshalText writes the thresholds.
func (l limits) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, l[:]), nil }

// UnmarshalText reads them again.
func (l *limits) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(l)) {
		return hex.ErrLength
	}
	_, err := hex.Decode(l[:], text)
	return err
}

// formula turns a raw reading into a number: y = L((M x + B 10^K1) 10^K2).
type formula struct {
	M     int16 `json:"m"`
	B     int16 `json:"b,omitempty"`
	BExp  int8  `json:"k1,omitempty"`
	RExp  int8  `json:"k2,omitempty"`
	Curve byte  `json:"l,omitempty"` // linearization
}

// id names the sensor within its controller. Numbers are per logical unit and
// per owner; nearly every sensor is in the first unit of the controller itself.
func (s sensor) id() string { return sensorID(s.Owner, s.LUN, s.Number) }

func sensorID(owner, lun, number byte) string {
	id := fmt.Sprintf("0x%02x", number)
	if lun != 0 {
		id = fmt.Sprintf("%d.%s", lun, id)
	}
	if owner != controllerAddress {
		id = fmt.Sprintf("0x%02x/%s", owner, id)
	}
	return id
}

// what names the sensor for people: "sensor 0x41 FAN1".
func (s sensor) what() string {
	if s.Name == "" {
		return "sensor " + s.id()
	}
	return "sensor " + s.id() + " " + s.Name
}

func (s sensor) percent() bool { return s.Units&1 != 0 }

// turns says whether the sensor counts revolutions.
func (s sensor) turns() bool {
	rate := s.Units >> 3 & 7
	return s.Base == unitRPM && !s.percent() || s.Base == unitRevolutions && rate == perMinute
}

// unit is the unit of the reading, and whether it can be one of a fan: power
// or temperature of a fan (there are boards) say nothing about its turning.
func (s sensor) unit() (string, bool) {
	switch {
	case s.percent():
		return "%", true
	case s.turns(), s.Base == unitNone:
		// White boxes leave the unit out.
		return "RPM", true
	case s.Base == unitHertz:
		return "Hz", true
	}
	return "", false
}

// numeric says whether the reading byte is a measurement.
func (s sensor) numeric() bool {
	_, fan := s.unit()
	return s.Formula != nil && fan && (s.Kind == kindThreshold || s.percent() || s.turns())
}

// about says whether the sensor is about fans at all. Boards exist whose
// tachometers have an OEM type, so that the unit counts too.
func (s sensor) about() bool {
	if s.Type == typeEntity {
		return (s.Kind == kindOwn || s.Kind == kindPresence) && (s.Entity == entityFan || nameOf(s.Name).any(fanWords))
	}
	if s.Type == typeFan || s.Type == typeCooling {
		_, fan := s.unit()
		return fan || s.Kind != kindThreshold
	}
	return s.Record == recordFull && s.Kind == kindThreshold && s.turns()
}

// Linearizations (IPMI 2.0, table 43-1, byte 24).
const (
	curveLinear  = 0
	curveInverse = 7
	curveInvCube = 11
)

// value converts a raw reading or threshold; false when it is no number.
func (s sensor) value(raw byte) (float64, bool) {
	f := s.Formula
	if f == nil {
		return 0, false
	}
	x := float64(raw)
	switch s.Units >> 6 {
	case 1: // one's complement
		if raw&0x80 != 0 {
			x = -float64(^raw)
		}
	case 2: // two's complement
		x = float64(int8(raw))
	}
	y := scaled(float64(f.M)*x+scaled(float64(f.B), f.BExp), f.RExp)
	y = curves[f.Curve](y)
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return 0, false
	}
	return y, true
}

// scaled is v times ten to the power of exponent. Dividing keeps 29.4 % what it
// is: 0.001 is no exact number, 1000 is.
func scaled(v float64, exponent int8) float64 {
	if exponent < 0 {
		return v / math.Pow10(-int(exponent))
	}
	return v * math.Pow10(int(exponent))
}

// curves are the linearization functions by number.
var curves = [12]func(float64) float64{
	curveLinear:  func(y float64) float64 { return y },
	1:            math.Log,
	2:            math.Log10,
	3:            math.Log2,
	4:            math.Exp,
	5:            func(y float64) float64 { return math.Pow(10, y) },
	6:            math.Exp2,
	curveInverse: func(y float64) float64 { return 1 / y },
	8:            func(y float64) float64 { return y * y },
	9:            func(y float64) float64 { return y * y * y },
	10:           math.Sqrt,
	curveInvCube: func(y float64) float64 { return 1 / (y * y * y) },
}

// falls says whether a greater raw value is a smaller number. Controllers
// compare raw values, so that it is not told which side a threshold of such a
// sensor is on: only its status bits count.
func (s sensor) falls() bool {
	f := s.Formula
	return f != nil && (f.M < 0) != (f.Curve == curveInverse || f.Curve == curveInvCube)
}

// threshold is the value of a threshold; nil when there is none. Zero is none:
// boards fill the fields of thresholds that they do not have with zeros.
func (s sensor) threshold(which int) *float64 {
	if s.Readable&(1<<which) == 0 || !s.numeric() || s.falls() {
		return nil
	}
	value, ok := s.value(s.Limits[which])
	if !ok || value == 0 {
		return nil
	}
	return &value
}
