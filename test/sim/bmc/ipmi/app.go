package ipmi

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// guid is the UUID as SMBIOS keeps it, which is how nearly all vendors send
// it: the first three fields last byte first.
func (s *Server) guid() []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s.look.Identity.UUID, "-", ""))
	if err != nil || len(b) != 16 {
		return make([]byte, 16)
	}
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return b
}

func (s *Server) systemGUID(*request) (byte, []byte) { return codeOK, s.guid() }

// makers are numbers that IANA gave.
var makers = map[Vendor]uint32{Dell: 674, HPE: 11, Lenovo: 19046, Supermicro: 10876, Intel: 343, Generic: 49622}

// deviceID answers with the version of the firmware and the maker (table 20-2).
func (s *Server) deviceID(*request) (byte, []byte) {
	major, minor := version(s.look.Identity.Firmware)
	maker := makers[s.config.Vendor]
	return codeOK, []byte{
		0x20, 0x01, major & 0x7f, minor, 0x02, 0xbf, byte(maker), byte(maker >> 8), byte(maker >> 16), 0x01, 0x00, 0, 0, 0, 0,
	}
}

// version finds the first "4.19" in the name of a firmware; the part behind
// the dot is a BCD number.
func version(name string) (major, minor byte) {
	for word := range strings.FieldsSeq(name) {
		a, rest, dot := strings.Cut(strings.TrimPrefix(word, "v"), ".")
		b, _, _ := strings.Cut(rest, ".")
		if m, err := strconv.Atoi(a); dot && err == nil {
			if n, err := strconv.ParseUint(b[:min(2, len(b))], 16, 8); err == nil {
				return byte(m), byte(n)
			}
		}
	}
	return 1, 0
}

// capabilities says that there are no sessions of IPMI 1.5, and whether a key
// of the controller is set (table 22-15).
func (s *Server) capabilities(r *request) (byte, []byte) {
	kinds, status, extended := byte(0x00), byte(0x04), byte(0x00)
	if r.data[0]&0x80 != 0 {
		kinds, extended = 0x80, 0x02 // IPMI 2.0 only
	}
	if s.config.Kg != "" {
		status |= 0x20
	}
	return codeOK, []byte{0x01, kinds, status, extended, 0, 0, 0, 0}
}

// cipherSuites lists them (table 22-17).
func (s *Server) cipherSuites(r *request) (byte, []byte) {
	var list []byte
	for _, number := range s.config.Suites {
		a := suites[number]
		list = append(list, 0xc0, number, a.authentication, 0x40|a.integrity, 0x80|encryption)
	}
	at := min(int(r.data[2]&0x3f)*16, len(list))
	return codeOK, append([]byte{0x01}, list[at:min(at+16, len(list))]...)
}

// setLevel changes the rights of the session (table 22-23).
func (s *Server) setLevel(r *request) (byte, []byte) {
	level := Level(r.data[0] & 0x0f)
	switch {
	case level == 0:
	case level == 1 || level > Admin:
		return codeBadField, nil
	case level > Level(r.session.role&0x0f) || level > r.session.account.Level:
		return 0x81, nil
	default:
		r.session.level = level
	}
	return codeOK, []byte{byte(r.session.level)}
}

// closeSession ends a session: a user its own, an administrator any. It ends
// when the answer is on its way.
func (s *Server) closeSession(r *request) (byte, []byte) {
	id := binary.LittleEndian.Uint32(r.data)
	switch {
	case s.sessions.open[id] == nil:
		return 0x87, nil
	case id != r.session.id && r.session.level < Admin:
		return codeNoPrivilege, nil
	}
	return codeOK, nil
}

// chassisStatus tells whether the host is on, and whether a fan failed (table
// 28-3).
func (s *Server) chassisStatus(*request) (byte, []byte) {
	power, misc := byte(0x01), byte(0x00)
	if s.look.Power == world.Off {
		power = 0
	}
	for _, v := range s.look.Fans {
		if v.Health == world.Bad {
			misc = 0x08
		}
	}
	return codeOK, []byte{power | 0x60, 0x00, misc}
}
