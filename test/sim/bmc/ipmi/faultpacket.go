package ipmi

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// spoiled wraps an answer as the faults of messages and packets want.
func (s *Server) spoiled(session *session, message []byte) []byte {
	if s.hit(BadChecksum) != nil {
		message[len(message)-1] ^= 0x01
	}
	if s.hit(OtherRequest) != nil {
		message[4] ^= 0x40
		resum(message)
	}
	if s.hit(OtherCommand) != nil {
		message[5] ^= 0x01
		resum(message)
	}
	e := session.envelope()
	for name, change := range envelopes {
		if s.hit(name) != nil {
			change(&e)
		}
	}
	return session.seal(e, message)
}

// resum makes the checksum fit again.
func resum(message []byte) {
	last := len(message) - 1
	message[last] = checksum(message[3:last])
}

// envelopes are the faults of the packet.
var envelopes = map[string]func(*envelope){
	BadCode:       func(e *envelope) { e.wrong = true },
	NoCode:        func(e *envelope) { e.naked = true },
	NotEncrypted:  func(e *envelope) { e.plain = true },
	BadPadding:    func(e *envelope) { e.badPad = true },
	ForeignID:     func(e *envelope) { e.id ^= 0x00010000 },
	StaleSequence: func(e *envelope) { e.sequence = 1 },
	FarSequence:   func(e *envelope) { e.sequence += 100 },
	OtherPayload:  func(e *envelope) { e.kind = 0x01 },
	Oversized:     func(e *envelope) { e.excess = 1000 },
}

// send sends a packet, unless a fault of what is sent does something else.
func (s *Server) send(x *exchange, packet []byte) {
	s.moment(Done)
	defer s.moment(Told)
	for name, junk := range junks {
		if s.hit(name) != nil {
			for range 3 {
				s.write(x, junk(x, packet))
			}
		}
	}
	if s.hit(DropAnswer) != nil {
		return
	}
	copies := 1
	if s.hit(Duplicate) != nil {
		copies = 2
	}
	if f := s.hit(Delay); f != nil {
		s.later(f.Delay, func() { s.writeAll(x, packet, copies) })
		return
	}
	s.writeAll(x, packet, copies)
}

func (s *Server) writeAll(x *exchange, packet []byte, copies int) {
	for range copies {
		s.stats.Answers++
		s.write(x, packet)
	}
}

// write sends a datagram. That one is lost happens: nobody needs to know.
func (s *Server) write(x *exchange, packet []byte) {
	_, _ = s.conn.WriteTo(packet, x.peer)
}

// later does something after d of real time, unless the controller stops.
func (s *Server) later(d time.Duration, do func()) {
	if d == 0 {
		d = time.Second
	}
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.late, timer)
		if !s.closed {
			do()
		}
	})
	s.late[timer] = true
}

// junks are datagrams that nobody asked for. Each is sent three times.
var junks = map[string]func(*exchange, []byte) []byte{
	ShortJunk: func(*exchange, []byte) []byte {
		return random(int(random(1)[0]) % 31)
	},
	LongJunk: func(*exchange, []byte) []byte { return random(1400) },
	RandomJunk: func(*exchange, []byte) []byte {
		out := append(rmcp(classIPMI), authRMCPP)
		return append(out, random(60)...)
	},
	// The session's own number with the encrypted bit and too little behind it,
	// or a length that is not there: what killed a library.
	HostileJunk: func(x *exchange, packet []byte) []byte {
		out := append(rmcp(classIPMI), authRMCPP, payloadMessage|flagEncrypted|flagAuthenticated)
		var console, sequence uint32
		if x.session != nil {
			console, sequence = x.session.console, x.session.sent+1
		}
		out = binary.LittleEndian.AppendUint32(out, console)
		out = binary.LittleEndian.AppendUint32(out, sequence)
		behind := random(int(random(1)[0]) % 64)
		length := len(behind)
		if random(1)[0]&1 == 0 {
			length = 0xfff0
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(length))
		return append(out, behind...)
	},
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
