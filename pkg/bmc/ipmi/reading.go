package ipmi

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// maxText bounds the texts that are kept.
const maxText = 500

// reading is one sensor as it is now.
type reading struct {
	sensor
	// failed is why the controller gave no answer about the sensor.
	failed error
	// missing says why there is nothing to read although the controller
	// answered, empty when there is.
	missing string
	// disabled says that the controller does not scan the sensor.
	disabled bool
	raw      byte
	own      bool // the states were the sensor type's own, see witnessed
	states   uint16
	status   bool // states were sent
}

// Flags in the second byte of Get Sensor Reading.
const (
	flagScanning    byte = 0x40
	flagUnavailable byte = 0x20
)

// readings reads every sensor that can be read: one request each, and one more
// where its status and its thresholds contradict each other. Presence is left
// for later, see [poll.witnesses].
func (p *poll) readings(ctx context.Context, sensors []sensor) []reading {
	all := make([]reading, 0, len(sensors))
	for i, s := range sensors {
		r := reading{sensor: s, missing: turning}.witnessed()
		if r.later() {
			all = append(all, r)
			continue
		}
		r = p.reading(ctx, s)
		if r.contradicts() {
			p.relearn(ctx, &sensors[i])
			r.sensor = sensors[i]
		}
		all = append(all, r)
	}
	trustScanning(all)
	for _, r := range all {
		if r.Record != recordEventOnly && !r.later() {
			p.note("Get Sensor Reading 0x%02x %s: %s", r.Number, r.Name, r)
		}
	}
	return all
}

// reading is one Get Sensor Reading. Whatever completion code it is answered
// with: boards have seven ways to say that a sensor is not there (0xcb Dell
// 2950, 0xcd 0xd5 0xff 0xd3 Sun, 0xc9 Dell 2650, 0xce HP DL145, 0xcc ipmi_sim),
// and none of them says anything about the next sensor.
func (p *poll) reading(ctx context.Context, s sensor) reading {
	r := reading{sensor: s}
	if s.Record == recordEventOnly {
		r.missing = "event only"
		return r
	}
	if s.Owner != controllerAddress {
		r.failed = fmt.Errorf("it belongs to the satellite controller 0x%02x, which is not asked", s.Owner)
		return r
	}
	data, err := p.send(ctx, request{name: "Get Sensor Reading", netFn: netSensor, lun: s.LUN, cmd: 0x2d, data: []byte{s.Number}})
	c := code(0)
	switch {
	case errors.As(err, &c) && !c.again() && c != codePrivilege:
		r.missing = c.Error()
	case err != nil:
		r.failed = err
	case len(data) < 2:
		r.failed = short("Get Sensor Reading", data, 2)
	default:
		r.take(data)
	}
	return r
}

// witnessed makes what entity presence says what presence says: its first
// states are the other way round, present and absent (IPMI 2.0, table 42-3,
// type 25h), its third is disabled.
func (r reading) witnessed() reading {
	if r.Type != typeEntity || r.Kind != kindOwn {
		return r
	}
	r.Kind, r.own = kindPresence, true
	states := r.states
	r.states = 0
	if states&1 != 0 {
		r.states |= 1 << presencePresent
	}
	if states&2 != 0 {
		r.states |= 1 << presenceAbsent
	}
	return r
}

// take reads the answer. Some boards leave the states out (Dell 2950).
func (r *reading) take(data []byte) {
	r.raw = data[0]
	if len(data) > 2 {
		r.states, r.status = uint16(data[2]), true
	}
	if len(data) > 3 && r.Kind != kindThreshold {
		r.states |= uint16(data[3]&0x7f) << 8 // bit 15 is always set
	}
	switch {
	case data[1]&flagUnavailable != 0:
		r.missing = "reading unavailable"
	case data[1]&flagScanning == 0:
		r.missing, r.disabled = "scanning disabled", true
	}
}

// trustScanning undoes "scanning disabled" where the controller says it of
// every tachometer and yet gives a reading of each: some boards never set the
// bit (Dell PowerEdge R410, R610). A fan that is really not scanned reads zero
// (OpenBMC), or has neighbours that are scanned.
func trustScanning(all []reading) {
	var wrong []*reading
	for i := range all {
		r := &all[i]
		if !r.numeric() || r.Record == recordEventOnly {
			continue
		}
		if !r.disabled || r.raw == 0 {
			return
		}
		wrong = append(wrong, r)
	}
	if len(wrong) < 2 {
		return
	}
	for _, r := range wrong {
		r.missing, r.disabled = "", false
	}
}

// value is the reading as a number.
func (r reading) value() (float64, bool) {
	if r.failed != nil || r.missing != "" || !r.numeric() {
		return 0, false
	}
	return r.sensor.value(r.raw)
}

// crossed are the thresholds that the controller says are crossed. Boards set
// bits of comparisons that they do not make (Supermicro H8 and X9, Dell 2950);
// those that make none according to their record are believed all the same.
func (r reading) crossed() byte {
	if r.failed != nil || r.missing != "" || r.Kind != kindThreshold {
		return 0
	}
	made := r.Compares | r.Readable
	if made == 0 {
		made = 0x3f
	}
	return byte(r.states) & made
}

// contradicts says that the thresholds of the record cannot be those in use:
// the reading is beyond a lower one and the status does not say so, or the
// other way round. Operators change thresholds at run time (quiet fans on
// Supermicro boards), and the record keeps the ones of the factory.
func (r reading) contradicts() bool {
	value, ok := r.value()
	if !ok || !r.status || r.Kind != kindThreshold {
		return false
	}
	for which := lowerNonCritical; which <= lowerFatal; which++ {
		limit := r.threshold(which)
		if limit == nil {
			continue
		}
		if beyond := value <= *limit; beyond != (r.states&(1<<which) != 0) {
			return true
		}
	}
	return false
}

// relearn asks for the thresholds in use and keeps them in the cache.
func (p *poll) relearn(ctx context.Context, s *sensor) {
	data, err := p.send(ctx, request{name: "Get Sensor Thresholds", netFn: netSensor, lun: s.LUN, cmd: 0x27, data: []byte{s.Number}})
	if err == nil && len(data) < 1+thresholds {
		err = short("Get Sensor Thresholds", data, 1+thresholds)
	}
	if err != nil {
		p.note("%s: %v", s.what(), err)
		return
	}
	s.Readable = data[0] & 0x3f
	copy(s.Limits[:], data[1:])
	p.note("Get Sensor Thresholds 0x%02x %s: readable 0x%02x, % x", s.Number, s.Name, s.Readable, s.Limits)
}

// String is the reading in the controller's words.
func (r reading) String() string {
	switch {
	case r.failed != nil:
		return r.failed.Error()
	case r.missing != "":
		return r.missing
	}
	var parts []string
	if value, ok := r.value(); ok {
		unit, _ := r.unit()
		parts = append(parts, fmt.Sprintf("%.6g %s", value, unit))
	}
	switch says := r.says(); {
	case says != "":
		parts = append(parts, says)
	case !r.status:
		parts = append(parts, "no state sent")
	}
	parts = append(parts, fmt.Sprintf("(raw 0x%02x, states 0x%04x)", r.raw, r.states))
	return strings.Join(parts, " ")
}
