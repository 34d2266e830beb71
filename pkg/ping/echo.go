package ping

import "encoding/binary"

// The data of our echo requests begins with a tag: who sent it, to which
// target, in which round. A time does not belong there: a host that alters the
// data would alter the round-trip time.
const (
	echoHeader = 8
	tagSize    = 16
)

// kinds of echo messages by family.
var (
	requestKind = [families]uint8{8, 128}
	replyKind   = [families]uint8{0, 129}
)

// echo writes and reads the messages of one run.
type echo struct {
	// id tells our packets from those of other programs. With a datagram
	// socket it is 0, the kernel puts in its own.
	id uint16
	// run tells our packets from those of a program that has the same id.
	run uint64
}

// put writes a request into b, whose data after the tag is there already.
func (e echo) put(b []byte, f family, target, round int) {
	b[0], b[1], b[2], b[3] = requestKind[f], 0, 0, 0
	binary.BigEndian.PutUint16(b[4:], e.id)
	binary.BigEndian.PutUint16(b[6:], uint16(round))
	binary.BigEndian.PutUint64(b[8:], e.run)
	binary.BigEndian.PutUint32(b[16:], uint32(target))
	binary.BigEndian.PutUint32(b[20:], uint32(round))
	if f == v4 { // of ICMPv6 the kernel knows the addresses that are part of the sum
		binary.BigEndian.PutUint16(b[2:], ^sum(b))
	}
}

// answer is what of a reply tells what it is for.
type answer struct {
	id, seq uint16
	// tagged answers carry our tag: target and round are known.
	tagged        bool
	target, round int
}

// parse reads a reply. ok is false for anything else.
func (e echo) parse(b []byte, f family) (a answer, ok bool) {
	if len(b) < echoHeader || b[0] != replyKind[f] || b[1] != 0 {
		return answer{}, false
	}
	a.id, a.seq = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	if len(b) < echoHeader+tagSize || binary.BigEndian.Uint64(b[8:]) != e.run {
		return a, true
	}
	a.target, a.round = int(binary.BigEndian.Uint32(b[16:])), int(binary.BigEndian.Uint32(b[20:]))
	a.tagged = uint16(a.round) == a.seq
	return a, true
}

// quoted reads the beginning of a request that an error quotes, 8 bytes at
// least (RFC 792).
func (e echo) quoted(b []byte, f family) (seq uint16, ok bool) {
	if len(b) < echoHeader || b[0] != requestKind[f] || e.id != 0 && binary.BigEndian.Uint16(b[4:]) != e.id {
		return 0, false
	}
	return binary.BigEndian.Uint16(b[6:]), true
}

// sum is the internet checksum of RFC 1071, not inverted: 0xffff over a whole
// message whose checksum is right.
func sum(b []byte) uint16 {
	var s uint64
	for len(b) >= 4 {
		s += uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b)) << 16
		b = b[2:]
		if len(b) > 0 {
			s += uint64(b[0]) << 8
		}
	} else if len(b) > 0 {
		s += uint64(b[0]) << 24
	}
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s)
}
