package ipmi

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// systemEvent is the type of entries that come from sensors; others are the
// vendor's own.
const systemEvent byte = 0x02

// logEntry is a system event entry taken apart (IPMI 2.0, table 32-1).
type logEntry struct {
	id       uint16
	time     uint32
	owner    byte // slave address, or software id when odd
	lun      byte
	sensor   byte
	kind     byte // event/reading type
	typ      byte // sensor type
	cleared  bool // deassertion
	offset   int
	data     [3]byte
	flags    byte // what data bytes 2 and 3 are
	software bool // not the controller's sensor but the BIOS's or a driver's
}

func entryOf(raw []byte) logEntry {
	return logEntry{
		id:       binary.LittleEndian.Uint16(raw),
		time:     binary.LittleEndian.Uint32(raw[3:]),
		owner:    raw[7],
		lun:      raw[8] & 3,
		typ:      raw[10],
		sensor:   raw[11],
		kind:     raw[12] & 0x7f,
		cleared:  raw[12]&0x80 != 0,
		offset:   int(raw[13] & 0x0f),
		flags:    raw[13] >> 4,
		data:     [3]byte(raw[13:16]),
		software: raw[7]&1 != 0,
	}
}

// witnessed makes an event of entity presence one of presence, see
// [reading.witnessed].
func (e logEntry) witnessed() logEntry {
	if e.typ == typeEntity && e.kind == kindOwn && e.offset <= 1 {
		e.kind, e.offset = kindPresence, presencePresent-e.offset
	}
	return e
}

// named makes an event of a digital state what the name of its sensor says, as
// [reading.meaning] does: one of presence, or that a fan runs.
func (e logEntry) named(name string) logEntry {
	switch word := nameOf(name); {
	case e.kind != kindState || e.offset > 1 || word.any(faultWords):
	case word.any(runWords):
		e.offset = 1 - e.offset
	case word.any(presenceWords):
		e.kind = kindPresence
	}
	return e
}

// event makes an event of an entry; false when it is not about fans.
func (s set) event(raw []byte) (bmc.Event, bool) {
	if raw[2] != systemEvent {
		return bmc.Event{}, false
	}
	e := entryOf(raw).witnessed()
	source, known := s.source(e)
	if e.typ != typeFan && e.typ != typeCooling && !(known && source.Kind == e.kind && source.about()) {
		return bmc.Event{}, false
	}
	kind, level := e.named(source.Name).means(source.falls())
	if kind == "" {
		return bmc.Event{}, false
	}
	event := bmc.Event{
		ID:    strconv.Itoa(int(e.id)),
		Order: int64(e.id),
		Stamp: strconv.FormatUint(uint64(e.time), 10),
		Kind:  kind,
		Level: level,
		Text:  phrase.Clip(e.text(source), maxText),
	}
	if at, ok := date(e.time); ok {
		event.Time = at
	}
	if e.kind != kindRedundancy {
		event.Fan = source.Name
		if id, ok := s.index[source.id()]; known && ok {
			event.Fan = id
		}
		if event.Fan == "" {
			event.Fan = "sensor " + source.id()
		}
	}
	return event, true
}

// source is the sensor that an entry came from. Boards name the generator
// differently, so that a sensor of the controller itself is meant when the
// generator has none of that number; only software has numbers of its own.
func (s set) source(e logEntry) (sensor, bool) {
	if found, ok := s.named[sensorID(e.owner, e.lun, e.sensor)]; ok {
		return found, true
	}
	if found, ok := s.named[sensorID(controllerAddress, 0, e.sensor)]; ok && !e.software {
		return found, true
	}
	return sensor{Owner: controllerAddress, Number: e.sensor, Type: e.typ, Kind: e.kind}, false
}

// Levels of threshold events, by offset / 2.
var levels = [thresholds]string{
	"lower non-critical", "lower critical", "lower non-recoverable",
	"upper non-critical", "upper critical", "upper non-recoverable",
}

// means says what an entry tells about the fan, and at which level; no kind
// when it tells nothing about its failing. Recoveries have three spellings:
// the same offset deasserted (Supermicro, Intel), the opposite one asserted
// (Dell), and "transition to good" or "to running" (HPE).
func (e logEntry) means(falls bool) (bmc.Kind, string) {
	failed, recovered := bmc.Failed, bmc.Recovered
	if e.cleared {
		failed, recovered = recovered, failed
	}
	switch e.kind {
	case kindThreshold:
		return e.crossing(falls)
	case kindState, kindPredictive, kindLimit, kindPerformance:
		switch e.offset {
		case 0:
			return recovered, ""
		case 1:
			return failed, ""
		}
	case kindSeverity:
		switch e.offset {
		case 0:
			if e.cleared {
				return "", "" // what it changed to is an entry of its own
			}
			return recovered, ""
		case 1, 4:
			return failed, "non-critical"
		case 2, 5:
			return failed, "critical"
		case 3, 6:
			return failed, "non-recoverable"
		}
	case kindPresence:
		if e.offset > presencePresent {
			return "", ""
		}
		if (e.offset == presencePresent) != e.cleared {
			return bmc.Inserted, ""
		}
		return bmc.Removed, ""
	case kindAvailability:
		switch e.offset {
		case availRunning, availOnLine:
			return recovered, ""
		case availPowerOff, availOffLine, availDegraded, availInstallFail:
			return failed, ""
		}
	case kindRedundancy:
		switch {
		case e.offset > redundantDegradedNon:
			return "", ""
		case (e.offset == redundantFull) != e.cleared:
			return bmc.RedundancyRegained, ""
		}
		// One level for all: Intel boards log the loss as three offsets and
		// take back two of them.
		return bmc.RedundancyLost, ""
	}
	return "", ""
}

// crossing is what a threshold event tells. A fan that turns too fast has not
// dropped out; on a sensor whose numbers fall with the raw value, the upper
// thresholds are the slow side.
func (e logEntry) crossing(falls bool) (bmc.Kind, string) {
	which := [thresholds]int{lowerNonCritical, lowerCritical, lowerFatal, upperNonCritical, upperCritical, upperFatal}
	if e.offset/2 >= len(which) {
		return "", ""
	}
	threshold, goingHigh := which[e.offset/2], e.offset%2 == 1
	upper := threshold >= upperNonCritical
	if upper != falls {
		return "", ""
	}
	if goingHigh == upper != e.cleared {
		return bmc.Failed, levels[threshold]
	}
	return bmc.Recovered, levels[threshold]
}

// text is the entry in words.
func (e logEntry) text(source sensor) string {
	words := source.what() + ": " + e.state()
	if e.cleared {
		words += ", deasserted"
	} else {
		words += ", asserted"
	}
	if e.kind != kindThreshold || source.Kind != kindThreshold {
		return words
	}
	unit, _ := source.unit()
	if value, ok := source.value(e.data[1]); ok && e.flags>>2 == 1 && source.numeric() {
		words += fmt.Sprintf(", reading %.6g %s", value, unit)
	}
	if value, ok := source.value(e.data[2]); ok && e.flags&3 == 1 && source.numeric() {
		words += fmt.Sprintf(", threshold %.6g %s", value, unit)
	}
	return words
}

func (e logEntry) state() string {
	if e.kind == kindThreshold && e.offset/2 < len(levels) {
		return levels[e.offset/2] + [2]string{" going low", " going high"}[e.offset%2]
	}
	if known := offsets[e.kind]; e.offset < len(known) {
		return known[e.offset].says
	}
	return fmt.Sprintf("state %d of kind 0x%02x", e.offset, e.kind)
}
