package ipmi

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
)

// A suite is an RMCP+ cipher suite (IPMI 2.0, table 22-20): how the two sides
// prove who they are, how each message is protected, and how it is encrypted
// (always AES-CBC-128 here).
type suite struct {
	id        byte
	auth      byte // RAKP authentication algorithm
	integrity byte // integrity algorithm
	hash      func() hash.Hash
	codeSize  int // bytes of the integrity code, and of RAKP 4's check value
}

// The two suites spoken. Suite 0 is no authentication at all and is never
// offered; 1 and 2 do not encrypt; 8 and 12 are MD5.
var (
	suite17 = suite{id: 17, auth: 3, integrity: 4, hash: sha256.New, codeSize: 16}
	suite3  = suite{id: 3, auth: 1, integrity: 1, hash: sha1.New, codeSize: 12}
)

// confidentialityAES is AES-CBC-128, the same for both suites.
const confidentialityAES byte = 1

// mac is the HMAC of the parts.
func (s suite) mac(key []byte, parts ...[]byte) []byte {
	sum := hmac.New(s.hash, key)
	for _, part := range parts {
		sum.Write(part)
	}
	return sum.Sum(nil)
}

// keys are what both sides derive from the session integrity key.
type keys struct {
	integrity []byte       // K1
	block     cipher.Block // AES under K2
}

// derive makes the keys of a session (IPMI 2.0, section 13.32).
func (s suite) derive(sik []byte) (keys, error) {
	constant := func(b byte) []byte { return bytes.Repeat([]byte{b}, 20) }
	block, err := aes.NewCipher(s.mac(sik, constant(2))[:aes.BlockSize])
	if err != nil {
		return keys{}, fmt.Errorf("deriving the session's AES key: %w", err)
	}
	return keys{integrity: s.mac(sik, constant(1)), block: block}, nil
}

// seal encrypts a payload: a random initialisation vector, then the payload
// padded with 1, 2, 3, ... and the pad's length.
func (k keys) seal(payload []byte) []byte {
	pad := (aes.BlockSize - (len(payload)+1)%aes.BlockSize) % aes.BlockSize
	sealed := make([]byte, aes.BlockSize, aes.BlockSize+len(payload)+pad+1)
	rand.Read(sealed)
	sealed = append(sealed, payload...)
	for i := range pad {
		sealed = append(sealed, byte(i+1))
	}
	sealed = append(sealed, byte(pad))
	text := sealed[aes.BlockSize:]
	cipher.NewCBCEncrypter(k.block, sealed[:aes.BlockSize]).CryptBlocks(text, text)
	return sealed
}

// open decrypts what seal made; ok is false unless length and pad are exactly
// as they should be.
func (k keys) open(sealed []byte) (payload []byte, ok bool) {
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, false
	}
	text := append([]byte(nil), sealed[aes.BlockSize:]...)
	cipher.NewCBCDecrypter(k.block, sealed[:aes.BlockSize]).CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad >= aes.BlockSize || pad+1 > len(text) {
		return nil, false
	}
	payload, rest := text[:len(text)-1-pad], text[len(text)-1-pad:len(text)-1]
	for i, b := range rest {
		if b != byte(i+1) {
			return nil, false
		}
	}
	return payload, true
}
