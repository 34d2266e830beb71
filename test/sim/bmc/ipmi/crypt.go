package ipmi

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// suite is a set of algorithms (table 22-20): how both prove that they know
// the password, and how packets are protected. All encrypt with AES-CBC-128.
type suite struct {
	authentication, integrity byte // their numbers (tables 13-17, 13-18)
	hash                      func() hash.Hash
	proof                     int // bytes of the code that ends the handshake
	code                      int // bytes of the code of each packet
}

// encryption is the number of AES-CBC-128 (table 13-19).
const encryption = 1

var suites = map[byte]suite{
	3:  {authentication: 1, integrity: 1, hash: sha1.New, proof: 12, code: 12},
	17: {authentication: 3, integrity: 4, hash: sha256.New, proof: 16, code: 16},
}

// sum is a keyed hash of all parts.
func (s suite) sum(key []byte, parts ...[]byte) []byte {
	h := hmac.New(s.hash, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// derive makes the keys of a session of its integrity key (section 13.32).
func (s *session) derive() {
	s.k1 = s.suite.sum(s.sik, bytes.Repeat([]byte{1}, 20))
	s.k2 = s.suite.sum(s.sik, bytes.Repeat([]byte{2}, 20))[:16]
}

// unwrap checks and decrypts what came in a session: both protections are
// mandatory here, as they are where an administrator cares.
func (s *session) unwrap(raw []byte, kind byte, payload []byte) ([]byte, bool) {
	if kind&(flagEncrypted|flagAuthenticated) != flagEncrypted|flagAuthenticated || s.k1 == nil {
		return nil, false
	}
	signed := len(raw) - s.suite.code
	trailer := signed - 16 - len(payload) // padding, its length, "next header"
	if trailer < 2 || (signed-4)%4 != 0 || raw[signed-1] != 0x07 || int(raw[signed-2]) != trailer-2 {
		return nil, false
	}
	if !hmac.Equal(raw[signed:], s.suite.sum(s.k1, raw[4:signed])[:s.suite.code]) {
		return nil, false
	}
	return s.decrypt(payload)
}

func (s *session) decrypt(payload []byte) ([]byte, bool) {
	if len(payload) < 32 || len(payload)%16 != 0 {
		return nil, false
	}
	block, err := aes.NewCipher(s.k2)
	if err != nil {
		return nil, false
	}
	plain := make([]byte, len(payload)-16)
	cipher.NewCBCDecrypter(block, payload[:16]).CryptBlocks(plain, payload[16:])
	count := int(plain[len(plain)-1])
	if count > 15 {
		return nil, false
	}
	end := len(plain) - 1 - count
	for i, p := range plain[end : len(plain)-1] {
		if int(p) != i+1 {
			return nil, false
		}
	}
	return plain[:end], true
}

// encrypt puts an initialization vector before and padding behind.
func (s *session) encrypt(plain []byte, pad bool) []byte {
	count := (15 - len(plain)%16) % 16
	padded := bytes.Clone(plain)
	for i := range count {
		p := byte(i + 1)
		if !pad {
			p = 0x5a
		}
		padded = append(padded, p)
	}
	padded = append(padded, byte(count))
	out := make([]byte, 16+len(padded))
	// rand.Read never fails, and the key always has 16 bytes.
	_, _ = rand.Read(out[:16])
	block, err := aes.NewCipher(s.k2)
	if err != nil {
		panic(err)
	}
	cipher.NewCBCEncrypter(block, out[:16]).CryptBlocks(out[16:], padded)
	return out
}

// envelope is how an answer is wrapped; faults change it.
type envelope struct {
	id, sequence  uint32
	kind          byte // payload type
	plain, naked  bool // not encrypted, without integrity code
	badPad, wrong bool // bad padding of the encryption, wrong integrity code
	excess        int  // bytes behind the message
}

// envelope is the right one for the next answer of a session.
func (s *session) envelope() envelope {
	s.sent++
	return envelope{id: s.console, sequence: s.sent, kind: payloadMessage}
}

// seal wraps a message in a packet of the session.
func (s *session) seal(e envelope, message []byte) []byte {
	kind := e.kind
	payload := append(bytes.Clone(message), make([]byte, e.excess)...)
	if !e.plain {
		kind |= flagEncrypted
		payload = s.encrypt(payload, !e.badPad)
	}
	if !e.naked {
		kind |= flagAuthenticated
	}
	out := append(rmcp(classIPMI), authRMCPP, kind)
	out = binary.LittleEndian.AppendUint32(out, e.id)
	out = binary.LittleEndian.AppendUint32(out, e.sequence)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(payload)))
	out = append(out, payload...)
	if e.naked {
		return out
	}
	pad := (4 - (len(out)-4+2)%4) % 4
	out = append(out, bytes.Repeat([]byte{0xff}, pad)...)
	out = append(out, byte(pad), 0x07)
	code := s.suite.sum(s.k1, out[4:])[:s.suite.code]
	if e.wrong {
		code[len(code)/2] ^= 0x10
	}
	return append(out, code...)
}
