package guests

import (
	"encoding/binary"
	"net/netip"
)

// Numbers of the protocols.
const (
	icmp4, icmp6 = 1, 58

	ipv4Header, ipv6Header, icmpHeader = 20, 40, 8
)

// packet is an ICMP message in an IP packet.
type packet struct {
	raw      []byte
	v6       bool
	from, to netip.Addr
	message  []byte
}

// parse reads an IP packet that carries ICMP and is no fragment.
func parse(raw []byte) (packet, bool) {
	switch {
	case len(raw) >= ipv4Header && raw[0]>>4 == 4:
		head := int(raw[0]&15) * 4
		fragment := binary.BigEndian.Uint16(raw[6:])&0x3fff != 0
		if head < ipv4Header || len(raw) < head+icmpHeader || raw[9] != icmp4 || fragment {
			return packet{}, false
		}
		return packet{raw, false, netip.AddrFrom4([4]byte(raw[12:16])), netip.AddrFrom4([4]byte(raw[16:20])), raw[head:]}, true
	case len(raw) >= ipv6Header+icmpHeader && raw[0]>>4 == 6 && raw[6] == icmp6:
		return packet{raw, true, netip.AddrFrom16([16]byte(raw[8:24])), netip.AddrFrom16([16]byte(raw[24:40])), raw[ipv6Header:]}, true
	}
	return packet{}, false
}

// build makes an IP packet around an ICMP message, whose checksum it fills in.
func build(from, to netip.Addr, message []byte, dontFragment bool) []byte {
	if to.Is4() {
		raw := make([]byte, ipv4Header, ipv4Header+len(message))
		raw[0], raw[8], raw[9] = 0x45, 64, icmp4
		binary.BigEndian.PutUint16(raw[2:], uint16(ipv4Header+len(message)))
		if dontFragment {
			raw[6] = 0x40
		}
		a, b := from.As4(), to.As4()
		copy(raw[12:], a[:])
		copy(raw[16:], b[:])
		binary.BigEndian.PutUint16(raw[10:], ^sum(raw, 0))
		raw = append(raw, message...)
		seal(raw[ipv4Header:], 0)
		return raw
	}
	raw := make([]byte, ipv6Header, ipv6Header+len(message))
	raw[0], raw[6], raw[7] = 0x60, icmp6, 64
	binary.BigEndian.PutUint16(raw[4:], uint16(len(message)))
	a, b := from.As16(), to.As16()
	copy(raw[8:], a[:])
	copy(raw[24:], b[:])
	raw = append(raw, message...)
	seal(raw[ipv6Header:], pseudo(raw))
	return raw
}

// seal fills in the checksum of a message.
func seal(message []byte, start uint32) {
	message[2], message[3] = 0, 0
	binary.BigEndian.PutUint16(message[2:], ^sum(message, start))
}

// pseudo is the sum of what ICMPv6 adds from the IP header (RFC 8200, 8.1).
func pseudo(raw []byte) uint32 {
	return uint32(sum(raw[8:40], uint32(len(raw)-ipv6Header)+icmp6))
}

// sum of RFC 1071, not inverted.
func sum(b []byte, start uint32) uint16 {
	s := start
	for i, c := range b {
		if i%2 == 0 {
			s += uint32(c) << 8
		} else {
			s += uint32(c)
		}
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// right says whether the checksum of the message is.
func (p packet) right() bool {
	if p.v6 {
		return sum(p.message, pseudo(p.raw)) == 0xffff
	}
	return sum(p.message, 0) == 0xffff
}

func (p packet) kind() uint8 { return p.message[0] }

func (p packet) request() uint8 {
	if p.v6 {
		return 128
	}
	return 8
}

// isError says whether the message is about another packet.
func (p packet) isError() bool {
	if p.v6 {
		return p.kind() < 128
	}
	return p.kind() == 3 || p.kind() == 11 || p.kind() == 12
}

// unfragmentable says whether routers may not cut the packet. IPv6 routers
// never do.
func (p packet) unfragmentable() bool { return p.v6 || p.raw[6]&0x40 != 0 }

// reply is the answer to an echo request.
func (p packet) reply(g Guest) []byte {
	message := append([]byte(nil), p.message...)
	message[0] = 0
	if p.v6 {
		message[0] = 129
	}
	data := message[icmpHeader:]
	for i := range data[:min(g.Overwrite, len(data))] {
		data[i] = 0xee
	}
	if g.Keep > 0 && g.Keep < len(data) {
		message = message[:icmpHeader+g.Keep]
	}
	from := p.to
	if g.From.IsValid() {
		from = g.From
	}
	return build(from, p.from, message, false)
}

// refuse is a router's error about the packet.
func (p packet) refuse(e Error) []byte {
	quote := min(len(p.raw), 548)
	if e.Brief {
		quote = len(p.raw) - len(p.message) + 8
	}
	message := make([]byte, icmpHeader, icmpHeader+quote)
	message[0], message[1] = e.Type, e.Code
	by := e.By
	if !by.IsValid() {
		by = p.to
	}
	return build(by, p.from, append(message, p.raw[:quote]...), false)
}

// tooBig is a router's word on what the path takes.
func (p packet) tooBig(by netip.Addr, mtu int) []byte {
	e := Error{Type: 3, Code: 4, By: by}
	if p.v6 {
		e.Type, e.Code = 2, 0
	}
	raw := p.refuse(e)
	if q, ok := parse(raw); ok {
		binary.BigEndian.PutUint32(q.message[4:], uint32(mtu))
		start := uint32(0)
		if q.v6 {
			start = pseudo(raw)
		}
		seal(q.message, start)
	}
	return raw
}
