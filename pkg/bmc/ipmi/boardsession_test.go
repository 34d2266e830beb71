package ipmi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// boardSession is what the board knows of a session.
type boardSession struct {
	console  uint32
	sha256   bool
	role     byte
	name     string
	rm, rc   [16]byte
	k1, k2   []byte
	active   bool
	sequence uint32
	got      map[uint32]bool // sequence numbers received
}

func (b *board) datagram(d []byte) []byte {
	if len(d) < 16 || d[0] != 6 || d[3] != 7 || d[4] != 6 {
		return nil
	}
	kind, id, size := d[5], binary.LittleEndian.Uint32(d[6:]), int(binary.LittleEndian.Uint16(d[14:]))
	if 16+size > len(d) {
		return nil
	}
	payload := d[16 : 16+size]
	plain := func(kind byte, payload []byte) []byte {
		out := append([]byte{6, 0, 0xff, 7, 6, kind}, make([]byte, 10)...)
		binary.LittleEndian.PutUint16(out[14:], uint16(len(payload)))
		return append(out, payload...)
	}
	switch kind {
	case 0x10:
		b.seen["open"]++
		return plain(0x11, b.openSession(payload))
	case 0x12:
		b.seen["rakp1"]++
		return plain(0x13, b.rakp1(payload))
	case 0x14:
		b.seen["rakp3"]++
		if answer := b.rakp3(payload); answer != nil {
			return plain(0x15, answer)
		}
	case 0xc0:
		return b.message(d, id)
	}
	return nil
}

func (b *board) openSession(m []byte) []byte {
	auth, integrity, crypt := m[12], m[20], m[28]
	refusal := func(status byte) []byte { return append([]byte{m[0], status, 0, 0}, m[4:8]...) }
	if status := b.refuse[0x11]; status != 0 {
		return refusal(status)
	}
	if want, ok := b.suites[auth]; !ok || want != integrity || crypt != 1 {
		return refusal(0x11)
	}
	if len(b.sessions) >= b.slots {
		return refusal(0x01)
	}
	b.nextID++
	s := &boardSession{console: binary.LittleEndian.Uint32(m[4:]), sha256: auth == 3, got: map[uint32]bool{}}
	b.sessions[b.nextID] = s
	out := append([]byte{m[0], 0, m[1], 0}, m[4:8]...)
	out = binary.LittleEndian.AppendUint32(out, b.nextID)
	return append(out, 0, 0, 0, 8, auth, 0, 0, 0, 1, 0, 0, 8, integrity, 0, 0, 0, 2, 0, 0, 8, crypt, 0, 0, 0)
}

func (s *boardSession) hmac(key []byte, parts ...[]byte) []byte {
	var h hash.Hash
	if s.sha256 {
		h = hmac.New(sha256.New, key)
	} else {
		h = hmac.New(sha1.New, key)
	}
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func (s *boardSession) cut(sum []byte) []byte {
	if s.sha256 {
		return sum[:16]
	}
	return sum[:12]
}

func le(id uint32) []byte { return binary.LittleEndian.AppendUint32(nil, id) }

func (b *board) rakp1(m []byte) []byte {
	id := binary.LittleEndian.Uint32(m[4:])
	s := b.sessions[id]
	if s == nil {
		return []byte{m[0], 0x02, 0, 0, 0, 0, 0, 0}
	}
	head := append([]byte{m[0], 0, 0, 0}, le(s.console)...)
	copy(s.rm[:], m[8:24])
	s.role, s.name = m[24], string(m[28:28+int(m[27])])
	status := b.refuse[0x13]
	switch {
	case status != 0:
	case s.name != b.user:
		status = 0x0d
	case s.role&0x0f > b.role:
		status = 0x0a
	}
	if status != 0 {
		delete(b.sessions, id)
		head[1] = status
		return head
	}
	for i := range s.rc {
		s.rc[i] = byte(i*7 + int(id) + 31*b.seen["rakp1"]) // another one each time
	}
	sum := s.hmac([]byte(b.password), le(s.console), le(id), s.rm[:], s.rc[:], b.guid[:], []byte{s.role, byte(len(s.name))}, []byte(s.name))
	return append(append(append(head, s.rc[:]...), b.guid[:]...), sum...)
}

func (b *board) rakp3(m []byte) []byte {
	id := binary.LittleEndian.Uint32(m[4:])
	s := b.sessions[id]
	if s == nil {
		return []byte{m[0], 0x02, 0, 0, 0, 0, 0, 0}
	}
	head := append([]byte{m[0], 0, 0, 0}, le(s.console)...)
	if m[1] != 0 { // the console gives up
		delete(b.sessions, id)
		return nil
	}
	name := append([]byte{s.role, byte(len(s.name))}, s.name...)
	status := b.refuse[0x15]
	if status == 0 && !hmac.Equal(m[8:], s.hmac([]byte(b.password), s.rc[:], le(s.console), name)) {
		status = 0x0f
	}
	if status != 0 {
		delete(b.sessions, id)
		head[1] = status
		return head
	}
	key := b.kg
	if key == "" {
		key = b.password
	}
	sik := s.hmac([]byte(key), s.rm[:], s.rc[:], name)
	repeat := func(x byte) []byte {
		var c [20]byte
		for i := range c {
			c[i] = x
		}
		return c[:]
	}
	s.k1, s.k2, s.active = s.hmac(sik, repeat(1)), s.hmac(sik, repeat(2))[:16], true
	return append(head, s.cut(s.hmac(sik, s.rm[:], le(id), b.guid[:]))...)
}

// message answers a message inside a session; anything wrong with it fails the
// test, because the client is to send nothing wrong.
func (b *board) message(d []byte, id uint32) []byte {
	s := b.sessions[id]
	if s == nil || !s.active {
		b.seen["stray"]++
		return nil
	}
	size := len(s.cut(make([]byte, 32)))
	body, sum := d[4:len(d)-size], d[len(d)-size:]
	if !hmac.Equal(sum, s.cut(s.hmac(s.k1, body))) {
		b.t.Error("request with a wrong integrity code")
		return nil
	}
	if len(body)%4 != 0 || body[len(body)-1] != 7 {
		b.t.Errorf("integrity trailer % x", body[len(body)-4:])
	}
	sequence := binary.LittleEndian.Uint32(d[10:])
	if s.got[sequence] || sequence == 0 {
		b.t.Errorf("session sequence number %d used again", sequence)
	}
	s.got[sequence] = true
	m := b.decrypt(s, d[16:16+int(binary.LittleEndian.Uint16(d[14:]))])
	c := asked{netFn: m[1] >> 2, lun: m[1] & 3, cmd: m[5], data: m[6 : len(m)-1]}
	if sumOf(m[:3]) != 0 || sumOf(m[3:]) != 0 {
		b.t.Errorf("checksums of % x", m)
	}
	answer := b.command(c)
	if answer == nil {
		return nil
	}
	out := []byte{m[3], (c.netFn|1)<<2 | m[4]&3}
	out = append(out, -sumOf(out))
	tail := append([]byte{m[0], m[4]&^3 | c.lun, c.cmd}, answer...)
	out = append(append(out, tail...), -sumOf(tail))
	if c.netFn == 6 && c.cmd == 0x3c {
		delete(b.sessions, id)
	}
	return b.wrap(s, out)
}

func sumOf(data []byte) (sum byte) {
	for _, x := range data {
		sum += x
	}
	return sum
}

func (b *board) decrypt(s *boardSession, sealed []byte) []byte {
	block, _ := aes.NewCipher(s.k2)
	out := make([]byte, len(sealed)-16)
	cipher.NewCBCDecrypter(block, sealed[:16]).CryptBlocks(out, sealed[16:])
	pad := int(out[len(out)-1])
	for i := range pad {
		if out[len(out)-1-pad+i] != byte(i+1) {
			b.t.Errorf("confidentiality pad of % x", out)
		}
	}
	return out[:len(out)-1-pad]
}

// wrap encrypts and signs an answer.
func (b *board) wrap(s *boardSession, m []byte) []byte {
	s.sequence++
	return s.datagram(m, s.sequence, s.console)
}

// datagram is an answer with any sequence number and session id.
func (s *boardSession) datagram(m []byte, sequence, session uint32) []byte {
	pad := (16 - (len(m)+1)%16) % 16
	for i := range pad {
		m = append(m, byte(i+1))
	}
	m = append(m, byte(pad))
	iv := s.hmac(s.k1, le(sequence))[:16]
	block, _ := aes.NewCipher(s.k2)
	sealed := make([]byte, len(m))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, m)
	sealed = append(iv, sealed...)
	d := append([]byte{6, 0, 0xff, 7, 6, 0xc0}, le(session)...)
	d = append(d, le(sequence)...)
	d = append(binary.LittleEndian.AppendUint16(d, uint16(len(sealed))), sealed...)
	trail := 0
	for (len(d)-4+trail+2)%4 != 0 {
		trail++
	}
	for range trail {
		d = append(d, 0xff)
	}
	d = append(d, byte(trail), 7)
	return append(d, s.cut(s.hmac(s.k1, d[4:]))...)
}
