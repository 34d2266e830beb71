package ipmi

import (
	"fmt"
	"time"
)

// Network functions (table 5-1).
const (
	netChassis   = 0x00
	netSensor    = 0x04
	netApp       = 0x06
	netStorage   = 0x0a
	netTransport = 0x0c
	netGroup     = 0x2c
)

// Completion codes (table 5-2).
const (
	codeOK           = 0x00
	codeBusy         = 0xc0
	codeUnknown      = 0xc1 // no such command
	codeReservation  = 0xc5
	codeTooShort     = 0xc7
	codeOutOfRange   = 0xc9
	codeTooMuch      = 0xca // that many bytes do not fit
	codeNotPresent   = 0xcb
	codeBadField     = 0xcc
	codeIllegalHere  = 0xcd
	codeNoPrivilege  = 0xd4
	codeNotSupported = 0xd5
)

// request is a command as it was sent in a message (section 13.8).
type request struct {
	*exchange
	netFn, cmd  byte
	data        []byte
	responder   [2]byte // address, network function and unit
	requester   byte
	order, unit byte // number of the request, unit of the requester
}

// code is the command's place in tables.
func (r *request) code() uint16 { return uint16(r.netFn)<<8 | uint16(r.cmd) }

// message takes a message apart, carries out its command and answers.
func (s *Server) message(x *exchange, m []byte) {
	if len(m) < 7 || checksum(m[:3]) != 0 || checksum(m[3:]) != 0 || m[1]>>2&1 != 0 {
		s.stats.Malformed++
		return
	}
	if m[0] != 0x20 {
		return // somebody else's
	}
	r := &request{
		exchange: x, netFn: m[1] >> 2, cmd: m[5], data: m[6 : len(m)-1], responder: [2]byte{m[0], m[1]},
		requester: m[3], order: m[4] >> 2, unit: m[4] & 3,
	}
	code, data := s.command(r)
	if f := s.hit(Cut); f != nil {
		data = data[:len(data)/2]
	}
	s.answer(x, r.answer(code, data))
	if code == codeOK && r.code() == netApp<<8|0x3c {
		s.sessions.end(r, &s.stats)
	}
}

// answer makes the message that answers a request.
func (r *request) answer(code byte, data []byte) []byte {
	m := []byte{r.requester, (r.netFn|1)<<2 | r.unit}
	m = append(m, checksum(m))
	m = append(m, r.responder[0], r.order<<2|r.responder[1]&3, r.cmd, code)
	m = append(m, data...)
	return append(m, checksum(m[3:]))
}

// checksum is what brings a sum of bytes to zero (section 13.8).
func checksum(b []byte) byte {
	var sum byte
	for _, v := range b {
		sum += v
	}
	return -sum
}

// end closes the session that a Close Session command named.
func (l *sessions) end(r *request, stats *Stats) {
	id := uint32(r.data[0]) | uint32(r.data[1])<<8 | uint32(r.data[2])<<16 | uint32(r.data[3])<<24
	delete(l.open, id)
	stats.Closed++
}

// command carries a command out.
func (s *Server) command(r *request) (byte, []byte) {
	known, ok := commands[r.code()]
	name := known.name
	if !ok {
		name = fmt.Sprintf("0x%02x 0x%02x", r.netFn, r.cmd)
	}
	s.stats.ByCommand[name]++
	if !ok && !reads[r.code()] {
		s.stats.Violations = append(s.stats.Violations, name)
		return codeNoPrivilege, nil
	}
	if !ok {
		return codeUnknown, nil
	}
	if r.session == nil && !known.outside {
		return codeNoPrivilege, nil
	}
	if f := s.hitCommand(r); f != nil {
		return f.Code, nil
	}
	if len(r.data) < known.least {
		return codeTooShort, nil
	}
	return known.run(s, r)
}

// command is one that the controller knows.
type command struct {
	name    string
	least   int  // bytes of data it needs
	outside bool // may be asked outside of a session
	run     func(*Server, *request) (byte, []byte)
}

var commands = map[uint16]command{
	netApp<<8 | 0x01:     {"Get Device ID", 0, false, (*Server).deviceID},
	netApp<<8 | 0x08:     {"Get Device GUID", 0, false, (*Server).systemGUID},
	netApp<<8 | 0x37:     {"Get System GUID", 0, true, (*Server).systemGUID},
	netApp<<8 | 0x38:     {"Get Channel Authentication Capabilities", 2, true, (*Server).capabilities},
	netApp<<8 | 0x3b:     {"Set Session Privilege Level", 1, false, (*Server).setLevel},
	netApp<<8 | 0x3c:     {"Close Session", 4, false, (*Server).closeSession},
	netApp<<8 | 0x54:     {"Get Channel Cipher Suites", 3, true, (*Server).cipherSuites},
	netChassis<<8 | 0x01: {"Get Chassis Status", 0, false, (*Server).chassisStatus},
	netSensor<<8 | 0x27:  {"Get Sensor Thresholds", 1, false, (*Server).sensorThresholds},
	netSensor<<8 | 0x2d:  {"Get Sensor Reading", 1, false, (*Server).sensorReading},
	netStorage<<8 | 0x10: {"Get FRU Inventory Area Info", 1, false, (*Server).inventoryInfo},
	netStorage<<8 | 0x11: {"Read FRU Data", 4, false, (*Server).inventoryRead},
	netStorage<<8 | 0x20: {"Get SDR Repository Info", 0, false, (*Server).repositoryInfo},
	netStorage<<8 | 0x22: {"Reserve SDR Repository", 0, false, (*Server).reserveRepository},
	netStorage<<8 | 0x23: {"Get SDR", 6, false, (*Server).readRecord},
	netStorage<<8 | 0x40: {"Get SEL Info", 0, false, (*Server).logInfo},
	netStorage<<8 | 0x42: {"Reserve SEL", 0, false, (*Server).reserveLog},
	netStorage<<8 | 0x43: {"Get SEL Entry", 6, false, (*Server).logEntry},
	netStorage<<8 | 0x48: {"Get SEL Time", 0, false, (*Server).logTime},
}

// reads are the commands that the controller does not know, but that only
// read: asking for them is no violation (appendix G).
var reads = map[uint16]bool{
	netApp<<8 | 0x04: true, netApp<<8 | 0x07: true, netApp<<8 | 0x09: true, netApp<<8 | 0x0a: true, netApp<<8 | 0x2f: true,
	netApp<<8 | 0x31: true, netApp<<8 | 0x36: true, netApp<<8 | 0x3d: true, netApp<<8 | 0x41: true, netApp<<8 | 0x42: true,
	netApp<<8 | 0x44: true, netApp<<8 | 0x46: true, netApp<<8 | 0x4b: true, netApp<<8 | 0x4d: true, netApp<<8 | 0x4e: true,
	netApp<<8 | 0x4f: true, netApp<<8 | 0x39: true,
	netChassis << 8: true, netChassis<<8 | 0x07: true, netChassis<<8 | 0x09: true, netChassis<<8 | 0x0f: true,
	netSensor<<8 | 0x01: true, netSensor<<8 | 0x20: true, netSensor<<8 | 0x21: true, netSensor<<8 | 0x22: true,
	netSensor<<8 | 0x23: true, netSensor<<8 | 0x25: true, netSensor<<8 | 0x29: true, netSensor<<8 | 0x2b: true, netSensor<<8 | 0x2f: true,
	netStorage<<8 | 0x21: true, netStorage<<8 | 0x28: true, netStorage<<8 | 0x41: true, netStorage<<8 | 0x45: true,
	netStorage<<8 | 0x5a: true, netStorage<<8 | 0x5c: true, netTransport<<8 | 0x02: true,
	netGroup << 8: true, netGroup<<8 | 0x01: true, netGroup<<8 | 0x02: true, netGroup<<8 | 0x3e: true,
}

// seconds is a time as IPMI keeps it (section 37).
func seconds(t time.Time) uint32 {
	if t.Unix() < 0 || t.Unix() > 0xfffffffe {
		return 0xffffffff
	}
	return uint32(t.Unix())
}
