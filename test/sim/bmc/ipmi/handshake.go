package ipmi

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"slices"
)

// Status codes of the handshake (table 13-15).
const (
	statusOK          = 0x00
	statusNoResources = 0x01
	statusBadSession  = 0x02
	statusBadRole     = 0x0a
	statusBadName     = 0x0d
	statusBadCode     = 0x0f
	statusNoSuite     = 0x11
	statusIllegal     = 0x12
)

// openSession answers an RMCP+ Open Session Request (table 13-9).
func (s *Server) openSession(x *exchange, p []byte) {
	if len(p) < 32 {
		s.stats.Malformed++
		return
	}
	refuse := func(status byte) {
		s.send(x, plainPacket(payloadOpenResponse, append([]byte{p[0], status, 0, 0}, p[4:8]...)))
	}
	number, known := proposed(p)
	switch {
	case known && slices.Contains(s.config.Ignore, number):
		return
	case s.hit(NoSlots) != nil || len(s.sessions.open) >= s.config.Slots:
		s.stats.Full++
		refuse(statusNoResources)
		return
	case !known || !slices.Contains(s.config.Suites, number):
		s.stats.WrongSuites++
		refuse(statusNoSuite)
		return
	case p[1]&0x0f > byte(Admin):
		refuse(statusIllegal)
		return
	}
	o := &session{console: binary.LittleEndian.Uint32(p[4:]), suite: suites[number], asked: p[1] & 0x0f, used: s.look.Time}
	if o.console == 0 {
		refuse(statusBadSession)
		return
	}
	s.sessions.begin(o)
	level := o.asked
	if level == 0 {
		level = byte(Admin)
	}
	out := append([]byte{p[0], statusOK, level, 0}, p[4:8]...)
	out = binary.LittleEndian.AppendUint32(out, o.id)
	for kind, algorithm := range [3]byte{o.suite.authentication, o.suite.integrity, encryption} {
		out = append(out, byte(kind), 0, 0, 8, algorithm, 0, 0, 0)
	}
	s.send(x, plainPacket(payloadOpenResponse, out))
}

// proposed is the cipher suite that is made of the three algorithms of a
// request.
func proposed(p []byte) (byte, bool) {
	for number, suite := range suites {
		want := [3]byte{suite.authentication, suite.integrity, encryption}
		fits := true
		for kind := range want {
			a := p[8+8*kind : 16+8*kind]
			fits = fits && a[0] == byte(kind) && a[3] == 8 && a[4]&0x3f == want[kind]
		}
		if fits {
			return number, true
		}
	}
	return 0, false
}

// rakp1 answers with our random number, and proves that we know the password
// (tables 13-11, 13-12).
func (s *Server) rakp1(x *exchange, p []byte) {
	if len(p) < 28 || len(p) < 28+int(p[27]) || p[27] > 16 {
		s.stats.Malformed++
		return
	}
	o := s.sessions.opening(binary.LittleEndian.Uint32(p[4:]))
	if o == nil {
		s.send(x, plainPacket(payloadRAKP2, []byte{p[0], statusBadSession, 0, 0, 0, 0, 0, 0}))
		return
	}
	o.used = s.look.Time
	reply := func(status byte, rest ...byte) {
		out := binary.LittleEndian.AppendUint32([]byte{p[0], status, 0, 0}, o.console)
		s.send(x, plainPacket(payloadRAKP2, append(out, rest...)))
	}
	o.theirs, o.role, o.name = [16]byte(p[8:24]), p[24], slices.Clone(p[28:28+int(p[27])])
	account, ok := s.account(string(o.name))
	wanted := Level(o.role & 0x0f)
	switch {
	case !ok:
		s.stats.WrongNames++
		s.sessions.abandon(o.id)
		reply(statusBadName)
		return
	case wanted > account.Level || wanted == 0 || wanted > Admin:
		s.stats.WrongLevels++
		s.sessions.abandon(o.id)
		reply(statusBadRole)
		return
	}
	o.account = account
	_, _ = rand.Read(o.ours[:]) // never fails
	guid := s.guid()
	proof := o.suite.sum(o.key(), number(o.console), number(o.id), o.theirs[:], o.ours[:], guid, o.who())
	reply(statusOK, slices.Concat(o.ours[:], guid, proof)...)
}

// account finds an account by name.
func (s *Server) account(name string) (Account, bool) {
	for _, a := range s.config.Accounts {
		if a.Name == name {
			return a, true
		}
	}
	return Account{}, false
}

// key is the password as it is kept: 20 bytes, filled with zeros.
func (s *session) key() []byte { return padded(s.account.Password) }

func padded(secret string) []byte {
	key := make([]byte, 20)
	copy(key, secret)
	return key
}

// who is the part of every code that says who logs in with which rights.
func (s *session) who() []byte {
	return append([]byte{s.role, byte(len(s.name))}, s.name...)
}

func number(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

// rakp3 checks that the client knows the password, and opens the session
// (tables 13-13, 13-14).
func (s *Server) rakp3(x *exchange, p []byte) {
	if len(p) < 8 {
		s.stats.Malformed++
		return
	}
	id := binary.LittleEndian.Uint32(p[4:])
	o := s.sessions.opening(id)
	if o == nil {
		// Our answer was lost, and this is the same question again; or nobody's.
		if open := s.sessions.open[id]; open == nil || open.highest > 0 || !s.proven(open, p) {
			s.send(x, plainPacket(payloadRAKP4, []byte{p[0], statusBadSession, 0, 0, 0, 0, 0, 0}))
		} else {
			s.welcome(x, open, p[0])
		}
		return
	}
	refuse := func(status byte) {
		s.sessions.abandon(id)
		s.send(x, plainPacket(payloadRAKP4, append([]byte{p[0], status, 0, 0}, number(o.console)...)))
	}
	switch {
	case p[1] != statusOK:
		s.stats.WrongPasswords++
		s.sessions.abandon(id) // the client gave up; it expects no answer
	case o.name == nil || !s.proven(o, p):
		s.stats.WrongPasswords++
		refuse(statusBadCode)
	case len(s.sessions.open) >= s.config.Slots:
		s.stats.Full++
		refuse(statusNoResources)
	default:
		s.admit(o)
		s.welcome(x, o, p[0])
	}
}

// admit opens a session. It begins with the rights of a user, whatever was
// asked for (section 6.8).
func (s *Server) admit(o *session) {
	s.sessions.abandon(o.id)
	kg := o.key()
	if s.config.Kg != "" {
		kg = padded(s.config.Kg)
	}
	o.sik = o.suite.sum(kg, o.theirs[:], o.ours[:], o.who())
	o.derive()
	o.level, o.used = User, s.look.Time
	s.sessions.open[o.id] = o
	s.stats.Opened++
	s.stats.MostSessions = max(s.stats.MostSessions, len(s.sessions.open))
}

// proven says whether RAKP message 3 shows that the client knows the password.
func (s *Server) proven(o *session, p []byte) bool {
	return hmac.Equal(p[8:], o.suite.sum(o.key(), o.ours[:], number(o.console), o.who()))
}

// welcome sends RAKP message 4.
func (s *Server) welcome(x *exchange, o *session, tag byte) {
	out := append([]byte{tag, statusOK, 0, 0}, number(o.console)...)
	proof := o.suite.sum(o.sik, o.theirs[:], number(o.id), s.guid())[:o.suite.proof]
	s.send(x, plainPacket(payloadRAKP4, append(out, proof...)))
}
