package ipmi

import (
	"encoding/binary"
	"math"
)

const last = 0xffff // as the id of a record: the last, or none behind it

// repositoryInfo tells how many records there are and when they changed (table
// 33-3).
func (s *Server) repositoryInfo(*request) (byte, []byte) {
	out := []byte{0x51}
	out = binary.LittleEndian.AppendUint16(out, uint16(len(s.machine.records)))
	out = binary.LittleEndian.AppendUint16(out, math.MaxUint16-1)
	out = binary.LittleEndian.AppendUint32(out, seconds(s.machine.added))
	out = binary.LittleEndian.AppendUint32(out, seconds(s.machine.added))
	return codeOK, append(out, 0x22)
}

// reserveRepository gives a reservation, which ends the one before.
func (s *Server) reserveRepository(*request) (byte, []byte) {
	if s.reserved++; s.reserved == 0 {
		s.reserved++
	}
	return codeOK, binary.LittleEndian.AppendUint16(nil, s.reserved)
}

// readRecord answers with a part of a sensor record (table 33-8).
func (s *Server) readRecord(r *request) (byte, []byte) {
	reservation, id := binary.LittleEndian.Uint16(r.data), int(binary.LittleEndian.Uint16(r.data[2:]))
	at, count := int(r.data[4]), int(r.data[5])
	if id == 0 {
		id = 1
	}
	if id == last {
		id = len(s.machine.records)
	}
	if id > len(s.machine.records) {
		return codeNotPresent, nil
	}
	lost := s.hit(LostReserve) != nil
	if (at > 0 || reservation != 0) && (reservation != s.reserved || lost) {
		return codeReservation, nil
	}
	chunk := s.config.Chunk
	if s.hit(WholeRecords) != nil {
		chunk = 16
	}
	record := s.machine.records[id-1]
	if chunk > 0 && count > chunk {
		return codeTooMuch, nil
	}
	if at >= len(record) {
		return codeOutOfRange, nil
	}
	if count == 0xff {
		count = len(record)
	}
	next := id + 1
	if id == len(s.machine.records) {
		next = last
	}
	if s.hit(Loop) != nil {
		next = id
	}
	return codeOK, append(binary.LittleEndian.AppendUint16(nil, uint16(next)), record[at:min(at+count, len(record))]...)
}

// sensorReading answers with what a sensor says (table 35-15).
func (s *Server) sensorReading(r *request) (byte, []byte) {
	sensor := s.machine.sensors[r.data[0]]
	if sensor == nil {
		return codeNotPresent, nil
	}
	v := sensor.read(&observed{s.look, s.config.AbsentCode})
	if v.code != 0 {
		return v.code, nil
	}
	flags := byte(0xc0)
	if v.missing {
		flags |= 0x20
	}
	if v.disabled {
		flags &^= 0x40
	}
	if s.hitIf(ShortReading, func(f *fault) bool { return f.Sensor == 0 || f.Sensor == r.data[0] }) != nil {
		return codeOK, []byte{v.value, flags}
	}
	if sensor.measured != nil {
		return codeOK, []byte{v.value, flags, byte(v.states) | 0xc0, 0x00}
	}
	return codeOK, []byte{v.value, flags, byte(v.states), byte(v.states>>8) | 0x80}
}

// sensorThresholds answers with those that can be read (table 35-10).
func (s *Server) sensorThresholds(r *request) (byte, []byte) {
	sensor := s.machine.sensors[r.data[0]]
	switch {
	case sensor == nil:
		return codeNotPresent, nil
	case sensor.measured == nil:
		return codeIllegalHere, nil
	}
	l := sensor.measured.limits
	return codeOK, []byte{l.mask, l.value[0], l.value[1], l.value[2], 0, 0, 0}
}

// inventoryInfo and inventoryRead answer for the inventory of the machine
// (tables 34-1, 34-2).
func (s *Server) inventoryInfo(r *request) (byte, []byte) {
	if r.data[0] != 0 {
		return codeNotPresent, nil
	}
	return codeOK, append(binary.LittleEndian.AppendUint16(nil, uint16(len(s.inventory()))), 0x00)
}

func (s *Server) inventoryRead(r *request) (byte, []byte) {
	image, at := s.inventory(), int(binary.LittleEndian.Uint16(r.data[1:]))
	switch {
	case r.data[0] != 0:
		return codeNotPresent, nil
	case at >= len(image):
		return codeOutOfRange, nil
	case r.data[3] > 64:
		return codeTooMuch, nil
	}
	part := image[at:min(at+int(r.data[3]), len(image))]
	return codeOK, append([]byte{byte(len(part))}, part...)
}

// inventory is an image with a chassis, a board and a product area ("Platform
// Management FRU Information Storage Definition" 1.0).
func (s *Server) inventory() []byte {
	id := s.look.Identity
	chassis := area([]byte{0x01, 0x00, 0x17}, "", id.Serial)
	board := area([]byte{0x01, 0x00, 0x19, 0, 0, 0}, id.Manufacturer, "System Board", id.Serial, "", "")
	product := area([]byte{0x01, 0x00, 0x19}, id.Manufacturer, id.Model, "", "", id.Serial, "", "")
	b := 1 + len(chassis)/8
	head := []byte{0x01, 0x00, 0x01, byte(b), byte(b + len(board)/8), 0x00, 0x00}
	out := append(head, checksum(head))
	out = append(out, chassis...)
	out = append(out, board...)
	return append(out, product...)
}

// area is a head, fields, a length in units of eight bytes and a checksum.
func area(head []byte, fields ...string) []byte {
	out := append([]byte{}, head...)
	for _, f := range fields {
		f = f[:min(len(f), 63)]
		out = append(out, 0xc0|byte(len(f)))
		out = append(out, f...)
	}
	out = append(out, 0xc1)
	for len(out)%8 != 7 {
		out = append(out, 0)
	}
	out[1] = byte(len(out)/8 + 1)
	return append(out, checksum(out))
}
