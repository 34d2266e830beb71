package ipmi

import (
	"fmt"
)

// Network functions of requests (IPMI 2.0, table 5-1). Answers carry the
// number plus one.
const (
	netChassis byte = 0x00
	netSensor  byte = 0x04
	netApp     byte = 0x06
	netStorage byte = 0x0a
)

// A request is one IPMI command on its way to the controller.
type request struct {
	name  string // as the specification calls it, for errors and evidence
	netFn byte
	lun   byte
	cmd   byte
	data  []byte
	// once is set when silence is itself an answer: some controllers drop
	// requests that they cannot serve.
	once bool
}

// Addresses inside a LAN message: the controller's slave address and a
// remote console's software id.
const (
	controllerAddress byte = 0x20
	consoleAddress    byte = 0x81
)

// pack lays the request out as a LAN message with sequence number seq.
func (r request) pack(seq byte) []byte {
	head := []byte{controllerAddress, r.netFn<<2 | r.lun&3}
	body := append([]byte{consoleAddress, seq << 2, r.cmd}, r.data...)
	message := append(head, checksum(head))
	message = append(message, body...)
	return append(message, checksum(body))
}

// answer takes the data out of a LAN message if it answers the request with
// sequence number seq: the completion code and what follows it. ok is false
// for everything else, however malformed.
func (r request) answer(message []byte, seq byte) (data []byte, ok bool) {
	if len(message) < 8 {
		return nil, false
	}
	head, body := message[:3], message[3:]
	if checksum(head) != 0 || checksum(body) != 0 {
		return nil, false
	}
	if head[1]>>2 != r.netFn|1 || body[1]>>2 != seq&0x3f || body[2] != r.cmd {
		return nil, false
	}
	return body[3 : len(body)-1], true
}

// short says that an answer has fewer bytes than the specification wants.
func short(name string, data []byte, want int) error {
	return fmt.Errorf("%s: %d bytes, expected %d", name, len(data), want)
}

// checksum is the two's complement of the sum, so that a sum over data and
// checksum is zero.
func checksum(data []byte) byte {
	var sum byte
	for _, b := range data {
		sum += b
	}
	return -sum
}

// code is a completion code other than success. It is an error of its own, so
// that callers can tell "the controller said no" from "nobody answered".
type code byte

// Completion codes that mean something here (IPMI 2.0, table 5-2).
const (
	codeBusy          code = 0xc0
	codeTimeout       code = 0xc3
	codeReservation   code = 0xc5
	codeLength        code = 0xc7
	codeField         code = 0xc8
	codeRange         code = 0xc9
	codeBytes         code = 0xca
	codeNotPresent    code = 0xcb
	codeData          code = 0xcc
	codeIllegal       code = 0xcd
	codeNoResponse    code = 0xce
	codeDuplicate     code = 0xcf
	codeRepository    code = 0xd0
	codeStarting      code = 0xd2
	codeDestination   code = 0xd3
	codePrivilege     code = 0xd4
	codeState         code = 0xd5
	codeUnspecified   code = 0xff
	codeEraseProgress code = 0x81 // Get SEL Info and Get SEL Entry only
)

// codeTexts are our words for the codes above.
var codeTexts = map[code]string{
	codeBusy:          "node busy",
	0xc1:              "command not supported",
	codeTimeout:       "timeout inside the controller",
	0xc4:              "out of space",
	codeReservation:   "reservation lost",
	codeLength:        "request length refused",
	codeField:         "request field too long",
	codeRange:         "parameter out of range",
	codeBytes:         "cannot return that many bytes",
	codeNotPresent:    "sensor, data or record not present",
	codeData:          "invalid data field",
	codeIllegal:       "command illegal for this sensor or record",
	codeNoResponse:    "response could not be provided",
	codeDuplicate:     "duplicated request",
	codeRepository:    "sensor repository is being updated",
	0xd1:              "firmware is being updated",
	codeStarting:      "controller is starting",
	codeDestination:   "destination not available",
	codePrivilege:     "insufficient privilege, see --ipmi-privilege",
	codeState:         "not supported in the present state",
	0xd6:              "command disabled",
	codeUnspecified:   "unspecified error",
	codeEraseProgress: "event log is being erased",
}

func (c code) Error() string {
	if text, ok := codeTexts[c]; ok {
		return fmt.Sprintf("%s (completion code 0x%02x)", text, byte(c))
	}
	return fmt.Sprintf("completion code 0x%02x", byte(c))
}

// again says that the same request may succeed a moment later.
func (c code) again() bool {
	switch c {
	case codeBusy, codeTimeout, codeDuplicate, codeRepository, codeStarting, codeEraseProgress:
		return true
	}
	return false
}
