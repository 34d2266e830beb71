package ipmi

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// vectors are computed by another implementation of HMAC (Python's hmac) from
// the specification's formulas, for the exchange below.
var vectors = []struct {
	name                    string
	suite                   suite
	kg                      string
	rakp2, rakp3, rakp4, k1 string
}{
	{"suite 3", suite3, "",
		"cbd0e8648deddcf917c4ee5fb5eb793b706daa6b",
		"bc219a83e7ff358279b1aedb1bacb1eeaf86a001",
		"f6901f958719b54ebbd951e6",
		"6f18976c43f4b6789fbf7b466a07f6d34bceff2b"},
	{"suite 3 with Kg", suite3, "0123456789:;<=>?@ABC",
		"cbd0e8648deddcf917c4ee5fb5eb793b706daa6b",
		"bc219a83e7ff358279b1aedb1bacb1eeaf86a001",
		"d7f8fc440f5348fa61cb26ba",
		"34cebe4b4f7fbabe48b3580db5f2fa6aa81bb4b1"},
	{"suite 17", suite17, "",
		"0554c80ab3b932a05da9c2af71e1047d6ce9aa3321bbe2e4d4568d184ca848f9",
		"75f35f8227061f571c4b50d20ccaff6715845bb26c9a017a2113532b7cc7567d",
		"f52dfd9701a3f0ac2037477e15c5bc96",
		"7b8443bd33d29163664966587a8bd94cb750eb3243e762bea712f05a560b90c9"},
	{"suite 17 with Kg", suite17, "0123456789:;<=>?@ABC",
		"0554c80ab3b932a05da9c2af71e1047d6ce9aa3321bbe2e4d4568d184ca848f9",
		"75f35f8227061f571c4b50d20ccaff6715845bb26c9a017a2113532b7cc7567d",
		"9b9ad738769230e09b497aa29b2f7370",
		"08f3f104e21b958f7ea90b519b950e3a37b842f8ac729a5c8270e93955878d78"},
}

func vectorExchange(s suite, kg string) *exchange {
	e := &exchange{
		suite: s, role: 0x12, username: "monitor", password: []byte("monpw-0123456789"), kg: []byte(kg),
		tag: 9, consoleID: 0xa0a1a2a3, bmcID: 0x02001234,
	}
	for i := range e.console {
		e.console[i] = byte(i)
	}
	return e
}

// The controller's random number and GUID of the vectors, as RAKP 2 has them.
func vectorRAKP2(sum string) []byte {
	m := []byte{9, 0, 0, 0, 0xa3, 0xa2, 0xa1, 0xa0}
	for i := range 16 {
		m = append(m, byte(0x80+i))
	}
	guid, _ := hex.DecodeString("78563412bc9af04d8102030405060708" + sum)
	return append(m, guid...)
}

func TestRAKP(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			e := vectorExchange(v.suite, v.kg)
			if formed, proven := e.rakp2(vectorRAKP2(v.rakp2)); !formed || !proven {
				t.Errorf("RAKP 2: formed %t, proven %t", formed, proven)
			}
			want := "09000000" + "34120002" + v.rakp3
			if got := hex.EncodeToString(e.rakp3(0)); got != want {
				t.Errorf("RAKP 3 = %s, want %s", got, want)
			}
			code, _ := hex.DecodeString(v.rakp4)
			rakp4 := append([]byte{9, 0, 0, 0, 0xa3, 0xa2, 0xa1, 0xa0}, code...)
			if formed, proven := e.rakp4(rakp4); !formed || !proven {
				t.Errorf("RAKP 4: formed %t, proven %t", formed, proven)
			}
			for i := range code {
				rakp4[8+i] ^= 1
				if _, proven := e.rakp4(rakp4); proven {
					t.Errorf("RAKP 4 with byte %d changed is taken", i)
				}
				rakp4[8+i] ^= 1
			}
			k, err := v.suite.derive(e.sik())
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(k.integrity); got != v.k1 {
				t.Errorf("K1 = %s, want %s", got, v.k1)
			}
		})
	}
}

func TestRAKP2Refuses(t *testing.T) {
	good := vectorRAKP2(vectors[2].rakp2)
	for i := 8; i < len(good); i++ {
		m := bytes.Clone(good)
		m[i] ^= 0x10
		if _, proven := vectorExchange(suite17, "").rakp2(m); proven {
			t.Errorf("RAKP 2 with byte %d changed proves the password", i)
		}
	}
	if formed, _ := vectorExchange(suite17, "").rakp2(good[:len(good)-1]); formed {
		t.Error("RAKP 2 one byte short is taken")
	}
}

func TestOpenSessionRequest(t *testing.T) {
	want := "09020000" + "a3a2a1a0" +
		"0000000803000000" + "0100000804000000" + "0200000801000000"
	if got := hex.EncodeToString(vectorExchange(suite17, "").openRequest()); got != want {
		t.Errorf("Open Session Request = %s\nwant %s", got, want)
	}
}

func TestOpenedRefusesOtherAlgorithms(t *testing.T) {
	answer, _ := hex.DecodeString("09000200" + "a3a2a1a0" + "34120002" +
		"0000000803000000" + "0100000804000000" + "0200000801000000")
	if !vectorExchange(suite17, "").opened(answer) {
		t.Fatal("a correct Open Session Response is refused")
	}
	// No authentication, no integrity, no encryption; and no session id.
	for _, at := range []int{16, 24, 32} {
		m := bytes.Clone(answer)
		m[at] = 0
		if vectorExchange(suite17, "").opened(m) {
			t.Errorf("an answer with algorithm byte %d cleared is taken", at)
		}
	}
	none := append(bytes.Clone(answer[:8]), append(make([]byte, 4), answer[12:]...)...)
	if vectorExchange(suite17, "").opened(none) {
		t.Error("an answer with session id 0 is taken")
	}
}

// testKeys are the keys of a session that never was.
func testKeys(s suite) keys {
	k, err := s.derive(bytes.Repeat([]byte{7}, 20))
	if err != nil {
		panic(err)
	}
	return k
}

func TestProtect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]suite{suite3, suite17}).Draw(t, "suite")
		message := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "message")
		session, sequence := rapid.Uint32().Draw(t, "session"), rapid.Uint32().Draw(t, "sequence")
		k := testKeys(s)
		d := k.protect(s, session, sequence, message)
		if len(d[4:len(d)-s.codeSize])%4 != 0 {
			t.Fatalf("the integrity code covers %d bytes, not whole words", len(d)-4-s.codeSize)
		}
		got, number, ok := k.unprotect(s, session, d)
		if !ok || number != sequence || !bytes.Equal(got, message) {
			t.Fatalf("unprotect = % x, %d, %t", got, number, ok)
		}
		if _, _, ok := k.unprotect(s, session^1, d); ok {
			t.Fatal("taken in another session")
		}
		at, flip := rapid.IntRange(0, len(d)-1).Draw(t, "at"), rapid.ByteRange(1, 255).Draw(t, "flip")
		d[at] ^= flip
		if got, _, ok := k.unprotect(s, session, d); ok && at != 1 && at != 2 {
			t.Fatalf("taken with byte %d changed: % x", at, got)
		}
	})
}

// A datagram that says it is neither encrypted nor authenticated must not pass
// for a session's, whatever is in it.
func TestUnprotectWantsBothFlags(t *testing.T) {
	k := testKeys(suite17)
	message := request{netFn: netSensor, cmd: 0x2d, data: []byte{1}}.pack(1)
	for _, flags := range []byte{0, flagEncrypted, flagAuthenticated} {
		d := frame(packet{payloadType: flags, session: 5, sequence: 1, payload: message})
		if _, _, ok := k.unprotect(suite17, 5, d); ok {
			t.Errorf("taken with flags 0x%02x", flags)
		}
	}
}

func TestRequestPack(t *testing.T) {
	got := request{netFn: netSensor, lun: 1, cmd: 0x2d, data: []byte{0x41}}.pack(3)
	want := []byte{0x20, 0x11, 0xcf, 0x81, 0x0c, 0x2d, 0x41, 0x05}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnswer(t *testing.T) {
	r := request{netFn: netSensor, cmd: 0x2d}
	good := []byte{0x81, 0x14, 0x6b, 0x20, 0x0c, 0x2d, 0x00, 0x38, 0xc0, 0xc0, 0xef}
	data, ok := r.answer(good, 3)
	if !ok || !bytes.Equal(data, []byte{0, 0x38, 0xc0, 0xc0}) {
		t.Fatalf("answer = % x, %t", data, ok)
	}
	for i := range good {
		m := bytes.Clone(good)
		m[i]++
		if _, ok := r.answer(m, 3); ok {
			t.Errorf("taken with byte %d changed", i)
		}
	}
	for n := range good {
		if _, ok := r.answer(good[:n], 3); ok {
			t.Errorf("taken when cut to %d bytes", n)
		}
	}
	if _, ok := r.answer(good, 4); ok {
		t.Error("taken for another request number")
	}
	if _, ok := (request{netFn: netSensor, cmd: 0x27}).answer(good, 3); ok {
		t.Error("taken for another command")
	}
	if _, ok := (request{netFn: netStorage, cmd: 0x2d}).answer(good, 3); ok {
		t.Error("taken for another network function")
	}
}
