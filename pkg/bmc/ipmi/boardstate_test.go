package ipmi

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// boardState is what the board's commands tell about.
type boardState struct {
	records     [][]byte
	added       uint32
	erased      uint32
	volatile    bool // the time of the last addition is always another
	noInfo      bool // Get SDR Repository Info is not supported
	noReserve   bool
	maxRead     int // most bytes of a record given at once, 0: any
	maxReadCode byte
	reservation uint16
	loseEvery   int // the reservation is lost every so many requests
	partial     int

	sensors map[byte][]byte // number -> answer with completion code
	limits  map[byte][]byte // number -> Get Sensor Thresholds without code

	log        [][]byte // entries of 16 bytes
	logFree    uint16
	logAdded   uint32
	logErased  uint32
	logFull    bool
	clock      uint32
	powered    bool
	fault      bool
	inventory  []byte
	privileges bool // commands need Set Session Privilege Level first
}

func newState() boardState {
	return boardState{
		added: 0x60000000, erased: 0x50000000, maxReadCode: 0xca,
		sensors: map[byte][]byte{}, limits: map[byte][]byte{},
		logFree: 0x4000, logAdded: 0, logErased: 0x50000000, clock: 0x65000000, powered: true,
	}
}

// asked is one command.
type asked struct {
	netFn, lun, cmd byte
	data            []byte
}

// command answers one command: the completion code and its data.
func (b *board) command(c asked) []byte {
	name, data := fmt.Sprintf("%02x/%02x", c.netFn, c.cmd), c.data
	b.seen[name]++
	if b.intercept != nil {
		if answer, ok := b.intercept(c); ok {
			return answer
		}
	}
	if b.privileges && name != "06/3b" && name != "06/3c" {
		return []byte{0xd4}
	}
	switch name {
	case "00/01":
		return []byte{0, bit(b.powered, 0), 0, bit(b.fault, 3), 0}
	case "04/2d":
		if answer, ok := b.sensors[data[0]]; ok && c.lun == 0 {
			return answer
		}
		return []byte{0xcb}
	case "04/27":
		if answer, ok := b.limits[data[0]]; ok {
			return append([]byte{0}, answer...)
		}
		return []byte{0xcb}
	case "06/01":
		return []byte{0, 0x20, 1, 2, 0x41, 0x02, 0xbf, 0, 0, 0, 0, 0}
	case "06/37":
		return append([]byte{0}, b.guid[:]...)
	case "06/3b":
		b.privileges = false
		return []byte{0, data[0]}
	case "06/3c":
		return []byte{0}
	case "0a/11":
		return b.readInventory(data)
	case "0a/20", "0a/22", "0a/23":
		return b.repositoryCommand(c.cmd, data)
	case "0a/40", "0a/43", "0a/48":
		return b.logCommand(c.cmd, data)
	}
	return []byte{0xc1}
}

func bit(set bool, at int) byte {
	if set {
		return 1 << at
	}
	return 0
}

func (b *board) readInventory(data []byte) []byte {
	at, n := int(binary.LittleEndian.Uint16(data[1:])), int(data[3])
	if at >= len(b.inventory) {
		return []byte{0xc9}
	}
	part := b.inventory[at:min(at+n, len(b.inventory))]
	return append([]byte{0, byte(len(part))}, part...)
}

func (b *board) repositoryCommand(cmd byte, data []byte) []byte {
	switch cmd {
	case 0x20:
		if b.noInfo {
			return []byte{0xc1}
		}
		if b.volatile {
			b.added++
		}
		out := binary.LittleEndian.AppendUint16([]byte{0, 0x51}, uint16(len(b.records)))
		out = append(append(append(out, 0xff, 0x0f), le(b.added)...), le(b.erased)...)
		return append(out, 0x02)
	case 0x22:
		if b.noReserve {
			return []byte{0xc1}
		}
		b.reservation++
		return binary.LittleEndian.AppendUint16([]byte{0}, b.reservation)
	}
	return b.sdr(data)
}

func (b *board) sdr(data []byte) []byte {
	reservation, id := binary.LittleEndian.Uint16(data), binary.LittleEndian.Uint16(data[2:])
	offset, n := int(data[4]), int(data[5])
	if b.partial++; b.loseEvery > 0 && b.partial%b.loseEvery == 0 {
		b.reservation++
	}
	if offset > 0 && !b.noReserve && reservation != b.reservation {
		return []byte{0xc5}
	}
	at := slices.IndexFunc(b.records, func(r []byte) bool { return binary.LittleEndian.Uint16(r) == id })
	switch {
	case id == 0:
		at = 0
	case id == 0xffff:
		at = len(b.records) - 1
	}
	if at < 0 || at >= len(b.records) {
		return []byte{0xcb}
	}
	record, next := b.records[at], uint16(0xffff)
	if at+1 < len(b.records) {
		next = binary.LittleEndian.Uint16(b.records[at+1])
	}
	if b.maxRead > 0 && n > b.maxRead {
		return []byte{b.maxReadCode}
	}
	if offset > len(record) {
		return []byte{0xc9}
	}
	out := binary.LittleEndian.AppendUint16([]byte{0}, next)
	return append(out, record[offset:min(offset+n, len(record))]...)
}

func (b *board) logCommand(cmd byte, data []byte) []byte {
	switch cmd {
	case 0x40:
		out := binary.LittleEndian.AppendUint16([]byte{0, 0x51}, uint16(len(b.log)))
		out = binary.LittleEndian.AppendUint16(out, b.logFree)
		return append(append(append(out, le(b.logAdded)...), le(b.logErased)...), 2|bit(b.logFull, 7))
	case 0x48:
		return append([]byte{0}, le(b.clock)...)
	}
	id := binary.LittleEndian.Uint16(data[2:])
	at := slices.IndexFunc(b.log, func(e []byte) bool { return binary.LittleEndian.Uint16(e) == id })
	switch id {
	case 0:
		at = 0
	case 0xffff:
		at = len(b.log) - 1
	}
	if at < 0 || at >= len(b.log) {
		return []byte{0xcb}
	}
	next := uint16(0xffff)
	if at+1 < len(b.log) {
		next = binary.LittleEndian.Uint16(b.log[at+1])
	}
	return append(binary.LittleEndian.AppendUint16([]byte{0}, next), b.log[at]...)
}

// entry appends an entry to the log: sensor type and number, event type with
// the deassertion bit, and the three data bytes.
func (b *board) entry(sensorType, number, kind byte, data ...byte) {
	id := uint16(1)
	if n := len(b.log); n > 0 {
		id = binary.LittleEndian.Uint16(b.log[n-1]) + 1
	}
	b.logAdded = 0x64f00000 + uint32(id)
	e := binary.LittleEndian.AppendUint16(nil, id)
	e = append(append(e, 0x02), le(b.logAdded)...)
	e = append(e, 0x20, 0, 0x04, sensorType, number, kind)
	e = append(e, append(data, 0xff, 0xff, 0xff)[:3]...)
	b.log = append(b.log, e)
}

// clear empties the log; numbers start again at 1.
func (b *board) clear() {
	b.log = nil
	b.logErased += 1000
}

// tach is a full record of a tachometer: 100 RPM a count, lower thresholds
// 300, 500 and 700 RPM.
func tach(number byte, name string) []byte {
	r := []byte{0, 0, 0x51, 0x01, 0, 0x20, 0x00, number, 0x1d, number, 0x7f, 0x58, 0x04, 0x01, 0x95, 0x7a, 0x95, 0x7a, 0x3f, 0x3f,
		0x00, 0x12, 0x00, 0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x00,
		0xff, 0xfe, 0xfd, 0x03, 0x05, 0x07, 0x01, 0x01, 0x00, 0x00, 0x00, 0xc0 | byte(len(name))}
	return append(r, name...)
}

// discrete is a compact record.
func discrete(number, sensorType, kind byte, name string) []byte {
	r := []byte{0, 0, 0x51, 0x02, 0, 0x20, 0x00, number, 0x1d, 1, 0x67, 0x40, sensorType, kind, 0xff, 0, 0xff, 0, 0xff, 0,
		0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0 | byte(len(name))}
	return append(r, name...)
}

// share makes a compact record stand for several sensors: count has the kind of
// the name modifier too, which counts from first.
func share(record []byte, count, first byte) []byte {
	record[23], record[24] = count, first
	return record
}

// other is a full record of a temperature.
func other(number byte) []byte {
	r := tach(number, fmt.Sprintf("Temp %d", number))
	r[12], r[21] = 0x01, 0x01
	return r
}

// put appends records and numbers them.
func (b *board) put(records ...[]byte) {
	for _, r := range records {
		binary.LittleEndian.PutUint16(r, uint16(len(b.records)+1))
		r[4] = byte(len(r) - 5)
		b.records = append(b.records, r)
	}
}

// turn sets a sensor's answer: reading, flags, states.
func (b *board) turn(number, raw byte, rest ...byte) {
	if len(rest) == 0 {
		rest = []byte{0xc0, 0xc0}
	}
	b.sensors[number] = append([]byte{0, raw}, rest...)
}
