package ipmi

import (
	"bytes"
	"encoding/binary"
	"net"
)

// Classes of RMCP (section 13.1.3) and authentication types (table 13-8).
const (
	classASF  = 0x06
	classIPMI = 0x07

	authNone  = 0x00
	authRMCPP = 0x06
)

// Payload types (table 13-16) and their flags.
const (
	payloadMessage      = 0x00
	payloadOpenRequest  = 0x10
	payloadOpenResponse = 0x11
	payloadRAKP1        = 0x12
	payloadRAKP2        = 0x13
	payloadRAKP3        = 0x14
	payloadRAKP4        = 0x15

	flagEncrypted     = 0x80
	flagAuthenticated = 0x40
)

// rmcp is the header of every packet: version 6, no acknowledgement, a class.
func rmcp(class byte) []byte { return []byte{0x06, 0x00, 0xff, class} }

// exchange is a packet and who sent it.
type exchange struct {
	peer net.Addr
	raw  []byte
	old  bool // came in the packets of IPMI 1.5
	// session is the one it belongs to; nil outside of any.
	session *session
}

// packet takes one packet apart and answers it.
func (s *Server) packet(peer net.Addr, raw []byte) {
	s.observe()
	s.stats.Packets++
	if !s.look.Up || s.hit(DropRequest) != nil || s.hit(Mute) != nil {
		return
	}
	x := &exchange{peer: peer, raw: raw}
	switch {
	case len(raw) < 5 || raw[0] != 0x06:
		s.stats.Malformed++
	case raw[3] == classASF:
		s.ping(x)
	case raw[3] != classIPMI:
		s.stats.Malformed++
	case raw[4] == authNone:
		x.old = true
		s.sessionless(x)
	case raw[4] == authRMCPP:
		s.rmcpp(x)
	default:
		s.stats.Malformed++ // sessions of IPMI 1.5 there are none
	}
}

// ping answers an ASF presence ping (section 13.2.3) with a pong.
func (s *Server) ping(x *exchange) {
	iana := []byte{0x00, 0x00, 0x11, 0xbe}
	if len(x.raw) < 12 || !bytes.Equal(x.raw[4:8], iana) || x.raw[8] != 0x80 {
		s.stats.Malformed++
		return
	}
	pong := append(rmcp(classASF), 0x00, 0x00, 0x11, 0xbe, 0x40, x.raw[9], 0x00, 0x10)
	pong = append(pong, iana...)
	s.send(x, append(pong, 0, 0, 0, 0, 0x81, 0, 0, 0, 0, 0, 0, 0))
}

// sessionless takes the packet format of IPMI 1.5 apart, in which a client may
// ask what the controller is able to (section 13.6).
func (s *Server) sessionless(x *exchange) {
	if len(x.raw) < 14 || int(x.raw[13]) > len(x.raw)-14 || binary.LittleEndian.Uint32(x.raw[9:]) != 0 {
		s.stats.Malformed++
		return
	}
	message := x.raw[14 : 14+int(x.raw[13])]
	s.asked(message)
	s.message(x, message)
}

// asked counts questions that come again. Each has a number, and a handshake's
// has random bytes, so that no two questions are the same by chance.
func (s *Server) asked(question []byte) {
	if bytes.Equal(question, s.question) {
		s.stats.Again++
	}
	s.question = bytes.Clone(question)
}

// rmcpp takes a packet of IPMI 2.0 apart (table 13-8).
func (s *Server) rmcpp(x *exchange) {
	if len(x.raw) < 16 {
		s.stats.Malformed++
		return
	}
	kind, id := x.raw[5], binary.LittleEndian.Uint32(x.raw[6:])
	length := int(binary.LittleEndian.Uint16(x.raw[14:]))
	if length > len(x.raw)-16 {
		s.stats.Malformed++
		return
	}
	payload := x.raw[16 : 16+length]
	if id == 0 {
		s.asked(payload)
		s.outside(x, kind, payload)
		return
	}
	session := s.sessions.open[id]
	if session == nil {
		s.stats.Strangers++
		return
	}
	plain, ok := session.unwrap(x.raw, kind, payload)
	if !ok {
		s.stats.Forged++
		return
	}
	if !session.inWindow(binary.LittleEndian.Uint32(x.raw[10:])) {
		s.stats.Repeated++
		return
	}
	s.asked(plain)
	session.used = s.look.Time
	x.session = session
	if kind&0x3f == payloadMessage {
		s.message(x, plain)
	} else {
		s.stats.Malformed++
	}
}

// outside handles what needs no session.
func (s *Server) outside(x *exchange, kind byte, payload []byte) {
	switch kind {
	case payloadMessage:
		s.message(x, payload)
	case payloadOpenRequest:
		s.openSession(x, payload)
	case payloadRAKP1:
		s.rakp1(x, payload)
	case payloadRAKP3:
		s.rakp3(x, payload)
	default:
		s.stats.Malformed++
	}
}

// plainPacket wraps a payload that belongs to no session.
func plainPacket(kind byte, payload []byte) []byte {
	out := append(rmcp(classIPMI), authRMCPP, kind, 0, 0, 0, 0, 0, 0, 0, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(payload)))
	return append(out, payload...)
}

// oldPacket wraps a message as IPMI 1.5 does.
func oldPacket(message []byte) []byte {
	out := append(rmcp(classIPMI), authNone, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(message)))
	return append(out, message...)
}

// answer sends a message back in the format in which it was asked for.
func (s *Server) answer(x *exchange, message []byte) {
	switch {
	case x.session != nil:
		s.send(x, s.spoiled(x.session, message))
	case x.old:
		s.send(x, oldPacket(message))
	default:
		s.send(x, plainPacket(payloadMessage, message))
	}
}
