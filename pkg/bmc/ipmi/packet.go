package ipmi

import (
	"crypto/hmac"
	"encoding/binary"
)

// Payload types of RMCP+ (IPMI 2.0, table 13-16).
const (
	payloadMessage     byte = 0x00
	payloadOpenRequest byte = 0x10
	payloadOpenAnswer  byte = 0x11
	payloadRAKP1       byte = 0x12
	payloadRAKP2       byte = 0x13
	payloadRAKP3       byte = 0x14
	payloadRAKP4       byte = 0x15
)

// Flags beside the payload type.
const (
	flagEncrypted     byte = 0x80
	flagAuthenticated byte = 0x40
)

const (
	rmcpVersion    = 0x06 // RMCP 1.0
	rmcpNoSequence = 0xff // no RMCP acknowledge is wanted
	classIPMI      = 0x07
	formatRMCPPlus = 0x06 // the "authentication type" of RMCP+

	headerSize = 16 // RMCP and RMCP+ header together
	nextHeader = 0x07
)

// A packet is one RMCP+ datagram taken apart.
type packet struct {
	payloadType byte // with the flags
	session     uint32
	sequence    uint32
	payload     []byte
	trailer     []byte // integrity pad, pad length, next header, code
}

// frame puts an RMCP+ header before a payload.
func frame(p packet) []byte {
	datagram := make([]byte, headerSize, headerSize+len(p.payload)+32)
	copy(datagram, []byte{rmcpVersion, 0, rmcpNoSequence, classIPMI, formatRMCPPlus, p.payloadType})
	binary.LittleEndian.PutUint32(datagram[6:], p.session)
	binary.LittleEndian.PutUint32(datagram[10:], p.sequence)
	binary.LittleEndian.PutUint16(datagram[14:], uint16(len(p.payload)))
	return append(datagram, p.payload...)
}

// isRMCPPlus says whether a datagram looks like RMCP+ at all; an IPMI 1.5
// answer or another protocol does not.
func isRMCPPlus(datagram []byte) bool {
	return len(datagram) >= headerSize && datagram[0] == rmcpVersion &&
		datagram[3] == classIPMI && datagram[4] == formatRMCPPlus
}

// unframe takes a datagram apart; ok is false when it is not RMCP+ or shorter
// than it says.
func unframe(datagram []byte) (p packet, ok bool) {
	if !isRMCPPlus(datagram) {
		return packet{}, false
	}
	size := int(binary.LittleEndian.Uint16(datagram[14:]))
	if headerSize+size > len(datagram) {
		return packet{}, false
	}
	return packet{
		payloadType: datagram[5],
		session:     binary.LittleEndian.Uint32(datagram[6:]),
		sequence:    binary.LittleEndian.Uint32(datagram[10:]),
		payload:     datagram[headerSize : headerSize+size],
		trailer:     datagram[headerSize+size:],
	}, true
}

// protect encrypts a message and puts it into a datagram with its integrity
// code.
func (k keys) protect(s suite, session, sequence uint32, message []byte) []byte {
	datagram := frame(packet{
		payloadType: payloadMessage | flagEncrypted | flagAuthenticated,
		session:     session,
		sequence:    sequence,
		payload:     k.seal(message),
	})
	// The code covers everything after the RMCP header, in whole words.
	pad := 0
	for (len(datagram)-4+pad+2)%4 != 0 {
		pad++
	}
	for range pad {
		datagram = append(datagram, 0xff)
	}
	datagram = append(datagram, byte(pad), nextHeader)
	return append(datagram, s.mac(k.integrity, datagram[4:])[:s.codeSize]...)
}

// unprotect verifies a datagram of a session and decrypts its message. ok is
// false when the flags, the session, the integrity code, a length or a pad are
// wrong. The code is compared in constant time and before anything is
// decrypted.
func (k keys) unprotect(s suite, session uint32, datagram []byte) (message []byte, sequence uint32, ok bool) {
	p, ok := unframe(datagram)
	if !ok || p.payloadType != payloadMessage|flagEncrypted|flagAuthenticated || p.session != session {
		return nil, 0, false
	}
	if len(p.trailer) < 2+s.codeSize {
		return nil, 0, false
	}
	covered, sum := datagram[4:len(datagram)-s.codeSize], datagram[len(datagram)-s.codeSize:]
	if !hmac.Equal(s.mac(k.integrity, covered)[:s.codeSize], sum) {
		return nil, 0, false
	}
	// What the pad holds is left alone: the code has proven that the
	// controller sent it, and the specification's 0xff is not universal.
	pad, next := int(covered[len(covered)-2]), covered[len(covered)-1]
	if pad != len(p.trailer)-2-s.codeSize || next != nextHeader {
		return nil, 0, false
	}
	message, ok = k.open(p.payload)
	return message, p.sequence, ok
}
