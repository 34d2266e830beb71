package ipmi

import (
	"crypto/hmac"
	"encoding/binary"
	"slices"
)

// exchange holds what both sides of a handshake know (IPMI 2.0, section
// 13.31): ids, random numbers, the account. Its methods lay out and check the
// six messages; they do no input or output.
type exchange struct {
	suite     suite
	role      byte // privilege level, with the name-only bit
	username  string
	password  []byte
	kg        []byte // nil: the password is the key
	tag       byte
	consoleID uint32
	console   [16]byte // our random number
	bmcID     uint32
	bmc       [16]byte // the controller's random number
	guid      [16]byte // the managed system's
}

// nameOnly asks the controller to look the account up by its name alone, not
// by name and privilege level.
const nameOnly byte = 0x10

// openRequest is the RMCP+ Open Session Request.
func (e *exchange) openRequest() []byte {
	m := []byte{e.tag, e.role &^ nameOnly, 0, 0}
	m = binary.LittleEndian.AppendUint32(m, e.consoleID)
	for kind, algorithm := range []byte{e.suite.auth, e.suite.integrity, confidentialityAES} {
		m = append(m, byte(kind), 0, 0, 8, algorithm, 0, 0, 0)
	}
	return m
}

// addressed checks what every answer of a handshake begins with: our tag, a
// status, and our session id. Controllers leave the id out of, or zero in,
// answers that refuse (OpenIPMI's ipmi_sim, go-ipmi's server).
func (e *exchange) addressed(m []byte) (s status, ok bool) {
	if len(m) < 2 || m[0] != e.tag {
		return 0, false
	}
	s = status(m[1])
	if len(m) < 8 {
		return s, s != 0
	}
	id := binary.LittleEndian.Uint32(m[4:])
	return s, id == e.consoleID || s != 0 && id == 0
}

// opened reads an Open Session Response that did not refuse; ok is false when
// it is malformed or agrees to other algorithms than were offered.
func (e *exchange) opened(m []byte) bool {
	if len(m) < 36 {
		return false
	}
	for kind, algorithm := range []byte{e.suite.auth, e.suite.integrity, confidentialityAES} {
		at := m[12+8*kind:]
		if at[0] != byte(kind) || at[4]&0x3f != algorithm {
			return false
		}
	}
	e.bmcID = binary.LittleEndian.Uint32(m[8:])
	return e.bmcID != 0
}

// rakp1 is RAKP message 1.
func (e *exchange) rakp1() []byte {
	m := binary.LittleEndian.AppendUint32([]byte{e.tag, 0, 0, 0}, e.bmcID)
	m = append(m, e.console[:]...)
	return append(append(m, e.role, 0, 0, byte(len(e.username))), e.username...)
}

// rakp2 reads RAKP message 2. formed is false when it is malformed; proven is
// false when the controller does not know the password that we know.
func (e *exchange) rakp2(m []byte) (formed, proven bool) {
	size := e.suite.hash().Size()
	if len(m) < 40+size {
		return false, false
	}
	copy(e.bmc[:], m[8:])
	copy(e.guid[:], m[24:])
	sum := e.suite.mac(e.password, e.ids(e.consoleID, e.bmcID), e.console[:], e.bmc[:], e.guid[:], e.account())
	return true, hmac.Equal(sum, m[40:40+size])
}

// rakp3 is RAKP message 3; a refusal other than zero ends the handshake, so
// that the controller frees what it had set aside.
func (e *exchange) rakp3(refusal status) []byte {
	m := binary.LittleEndian.AppendUint32([]byte{e.tag, byte(refusal), 0, 0}, e.bmcID)
	if refusal != 0 {
		return m
	}
	return append(m, e.suite.mac(e.password, e.bmc[:], e.ids(e.consoleID), e.account())...)
}

// rakp4 reads RAKP message 4. formed is false when it is malformed; proven is
// false when the two sides have made different keys.
func (e *exchange) rakp4(m []byte) (formed, proven bool) {
	if len(m) < 8+e.suite.codeSize {
		return false, false
	}
	sum := e.suite.mac(e.sik(), e.console[:], e.ids(e.bmcID), e.guid[:])
	return true, hmac.Equal(sum[:e.suite.codeSize], m[8:8+e.suite.codeSize])
}

// sik is the session integrity key.
func (e *exchange) sik() []byte {
	key := e.kg
	if len(key) == 0 {
		key = e.password
	}
	return e.suite.mac(key, e.console[:], e.bmc[:], e.account())
}

// account is how the role and the name enter the codes.
func (e *exchange) account() []byte {
	return slices.Concat([]byte{e.role, byte(len(e.username))}, []byte(e.username))
}

func (e *exchange) ids(ids ...uint32) []byte {
	var b []byte
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return b
}

// status is an RMCP+ status code other than success (IPMI 2.0, table 13-15).
type status byte

const (
	statusResources     status = 0x01
	statusRole          status = 0x09
	statusUnauthorized  status = 0x0a
	statusRoleResources status = 0x0b
	statusNameLength    status = 0x0c
	statusName          status = 0x0d
	statusCheckValue    status = 0x0f
	statusIllegal       status = 0x12
)

var statusTexts = map[status]string{
	statusResources:     "insufficient resources to create a session",
	0x02:                "invalid session id",
	0x03:                "invalid payload type",
	0x04:                "invalid authentication algorithm",
	0x05:                "invalid integrity algorithm",
	0x06:                "no matching authentication payload",
	0x07:                "no matching integrity payload",
	0x08:                "inactive session id",
	statusRole:          "invalid role",
	statusUnauthorized:  "unauthorized role or privilege level requested",
	statusRoleResources: "insufficient resources to create a session at the requested role",
	statusNameLength:    "invalid name length",
	statusName:          "unauthorized name",
	0x0e:                "unauthorized GUID",
	statusCheckValue:    "invalid integrity check value",
	0x10:                "invalid confidentiality algorithm",
	0x11:                "no cipher suite match with proposed security algorithms",
	statusIllegal:       "illegal or unrecognized parameter",
}

func (s status) String() string {
	if text, ok := statusTexts[s]; ok {
		return text
	}
	return "unknown status"
}

// suiteRefused says that another cipher suite may be accepted. ipmi_sim and
// some boards call an unknown algorithm an illegal parameter.
func (s status) suiteRefused() bool {
	return s >= 0x04 && s <= 0x07 || s == 0x10 || s == 0x11 || s == statusIllegal
}
