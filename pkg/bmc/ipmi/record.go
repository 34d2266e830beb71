package ipmi

import (
	"fmt"
	"strings"
)

// recordHeader is the length of a sensor record's header, and its fifth byte
// how many bytes follow.
const recordHeader = 5

// Where the fields of sensor records are (IPMI 2.0, tables 43-1 to 43-3), from
// the first byte of the header on.
const (
	atType   = 3
	atOwner  = 5
	atLUN    = 6
	atNumber = 7
	atEntity = 8

	atSensorType = 12
	atKind       = 13
	atLowerMask  = 14
	atUpperMask  = 16
	atReadable   = 18
	atUnits      = 20
	atBase       = 21

	fullAccess    = 11
	fullCurve     = 23
	fullM         = 24
	fullB         = 26
	fullExponents = 29
	fullLimits    = 36 // upper fatal first, lower non-critical last
	fullName      = 47

	compactShare = 23
	compactName  = 31

	eventType  = 10
	eventKind  = 11
	eventShare = 12
	eventName  = 16
)

// length is how long a record is by its header; the header's own without one.
func length(record []byte) int {
	if len(record) < recordHeader {
		return recordHeader
	}
	return recordHeader + int(record[recordHeader-1])
}

// relevant says whether a record may be about fans, from its first bytes; the
// second result is false when they do not suffice. It spares reading the rest
// of the others.
func relevant(record []byte) (about, known bool) {
	if len(record) < recordHeader {
		return false, false
	}
	switch record[atType] {
	case recordFull, recordCompact:
		if len(record) <= atBase {
			return false, false
		}
		t := record[atSensorType]
		turning := record[atBase] == unitRPM || record[atBase] == unitRevolutions
		entity := t == typeEntity && (record[atKind] == kindOwn || record[atKind] == kindPresence)
		return t == typeFan || t == typeCooling || turning || entity, true
	case recordEventOnly:
		if len(record) <= eventKind {
			return false, false
		}
		t := record[eventType]
		return t == typeFan || t == typeCooling, true
	}
	return false, true
}

// sensors reads the sensors out of one record: none when it is not about fans
// or too short, several when it is shared.
func sensors(record []byte) []sensor {
	if about, known := relevant(record); !about || !known {
		return nil
	}
	s := sensor{
		Record: record[atType],
		Owner:  record[atOwner], LUN: record[atLUN] & 3, Number: record[atNumber],
	}
	switch s.Record {
	case recordFull:
		return s.full(record)
	case recordCompact:
		return s.compact(record)
	}
	s.Type, s.Kind = record[eventType], record[eventKind]
	if len(record) <= eventName {
		return []sensor{s}
	}
	s.Name = text(record[eventName], record[eventName+1:], true)
	return s.shared(record[eventShare], record[eventShare+1])
}

// full reads what only a full record has: conversion and thresholds.
func (s sensor) full(record []byte) []sensor {
	if len(record) <= fullName {
		return nil
	}
	s.common(record)
	s.Name = text(record[fullName], record[fullName+1:], true)
	if access := record[fullAccess] >> 2 & 3; s.Kind == kindThreshold && access != 0 {
		s.Readable = record[atReadable] & 0x3f
	}
	for i := range thresholds {
		s.Limits[i] = record[fullLimits+thresholds-1-i]
	}
	s.Formula = conversion(record, s.Units)
	if !s.about() {
		return nil
	}
	return []sensor{s}
}

// conversion is nil when the record says that there are no numbers, or gives
// none that lead to any: non-linear sensors need a request of their own for
// each reading, and M = 0 makes every reading the same.
func conversion(record []byte, units byte) *formula {
	f := formula{
		M:     signed(uint16(record[fullM])|uint16(record[fullM+1]&0xc0)<<2, 10),
		B:     signed(uint16(record[fullB])|uint16(record[fullB+1]&0xc0)<<2, 10),
		RExp:  int8(signed(uint16(record[fullExponents]>>4), 4)),
		BExp:  int8(signed(uint16(record[fullExponents]&15), 4)),
		Curve: record[fullCurve] & 0x7f,
	}
	if units>>6 == 3 || int(f.Curve) >= len(curves) || f.M == 0 {
		return nil
	}
	return &f
}

// signed reads a two's complement number of so many bits.
func signed(x uint16, bits int) int16 {
	return int16(x<<(16-bits)) >> (16 - bits)
}

// compact reads what a compact record has: no conversion, but it may stand for
// several sensors.
func (s sensor) compact(record []byte) []sensor {
	if len(record) <= compactName {
		return nil
	}
	s.common(record)
	s.Name = text(record[compactName], record[compactName+1:], true)
	if !s.about() {
		return nil
	}
	return s.shared(record[compactShare], record[compactShare+1])
}

// common reads what full and compact records share.
func (s *sensor) common(record []byte) {
	s.Type, s.Kind = record[atSensorType], record[atKind]
	if s.Type == typeEntity {
		s.Entity = record[atEntity]
	}
	s.Units, s.Base = record[atUnits], record[atBase]
	if s.Kind == kindThreshold {
		// Which comparisons the status tells: bits 12 to 14 of the two masks.
		s.Compares = record[atLowerMask+1]>>4&7 | record[atUpperMask+1]>>4&7<<3
	}
}

// shared expands a record that stands for several sensors: their numbers
// count up, and their names get a number or a letter (IPMI 2.0, table 43-2, bytes 24 and 25).
func (s sensor) shared(share, modifier byte) []sensor {
	count := int(share & 15)
	if count <= 1 {
		return []sensor{s}
	}
	all := make([]sensor, 0, count)
	for i := range count {
		one := s
		one.Number += byte(i)
		one.Name = strings.TrimSpace(s.Name + " " + suffix(share>>4&3, int(modifier&0x7f)+i))
		if one.Number < s.Number {
			break // past the last sensor number
		}
		all = append(all, one)
	}
	return all
}

// suffix is the n-th name modifier: numbers, or letters A to Z, AA, AB, ...
func suffix(kind byte, n int) string {
	if kind == 0 {
		return fmt.Sprint(n)
	}
	var b strings.Builder
	if n >= 26 {
		b.WriteByte(byte('A' + (n/26-1)%26))
	}
	b.WriteByte(byte('A' + n%26))
	return b.String()
}
