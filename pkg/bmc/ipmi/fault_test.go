package ipmi

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// speeds are the readings of a poll by fan.
func speeds(server bmc.Server) map[string]float64 {
	all := map[string]float64{}
	for _, f := range server.Fans {
		if f.Reading != nil {
			all[f.ID] = *f.Reading
		}
	}
	return all
}

// rackSpeeds are what the fans of a rack read.
func rackSpeeds() map[string]float64 {
	all := map[string]float64{}
	for n := range 8 {
		all[fmt.Sprintf("0x%02x", 0x41+n)] = 5600 + 100*float64(n)
	}
	return all
}

// session is the board's only active session.
func (b *board) session() (*boardSession, uint32) {
	for id, s := range b.sessions {
		if s.active {
			return s, id
		}
	}
	return nil, 0
}

// lie is an answer to Get Sensor Reading with a wrong number in it, made with
// the session's own keys.
func (b *board) lie(sequence, session uint32) []byte {
	s, _ := b.session()
	if s == nil {
		return []byte{1, 2, 3}
	}
	head := []byte{0x81, (netSensor | 1) << 2}
	tail := []byte{0x20, 0x00, 0x2d, 0x00, 0x01, 0xc0, 0xc0}
	m := append(append(head, -sumOf(head)), append(tail, -sumOf(tail))...)
	return s.datagram(m, sequence, session)
}

// TestHostileAnswers puts something into the way of every answer of a session.
// The client drops what is not the answer and takes what is: the readings are
// right in the end, or there are none, never wrong ones.
func TestHostileAnswers(t *testing.T) {
	every := func(n int, do func(answer []byte) [][]byte) func(*board) {
		return func(b *board) {
			b.reply = func(at int, answer []byte) [][]byte {
				if at%n == 0 {
					return do(answer)
				}
				return [][]byte{answer}
			}
		}
	}
	flip := func(at int) func(answer []byte) [][]byte {
		return func(answer []byte) [][]byte {
			bad := bytes.Clone(answer)
			bad[(at+len(bad))%len(bad)] ^= 0x20
			return [][]byte{bad}
		}
	}
	tests := []struct {
		name string
		set  func(b *board)
	}{
		{"every third lost", every(3, func([]byte) [][]byte { return nil })},
		{"every answer twice", every(1, func(a []byte) [][]byte { return [][]byte{a, a} })},
		{"integrity code corrupted", every(4, flip(-1))},
		{"integrity trailer corrupted", every(4, flip(-18))},
		{"session id corrupted", every(4, flip(7))},
		{"sequence corrupted", every(4, flip(11))},
		{"payload type corrupted", every(4, flip(5))},
		{"ciphertext corrupted", every(4, flip(40))},
		{"length corrupted", every(4, flip(15))},
		{"cut short", every(4, func(a []byte) [][]byte { return [][]byte{a[:len(a)/2]} })},
		{"empty datagrams before", every(1, func(a []byte) [][]byte { return [][]byte{{}, {}, a} })},
		{"oversized before", every(1, func(a []byte) [][]byte { return [][]byte{make([]byte, 60000), a} })},
		{"answer with a tail before", every(1, func(a []byte) [][]byte { return [][]byte{append(bytes.Clone(a), 0), a} })},
		{"garbage before", every(1, func(a []byte) [][]byte {
			junk := bytes.Repeat([]byte{0xa5}, 64)
			copy(junk, a[:6])
			return [][]byte{junk, junk[:17], junk[:16], junk[:3], a}
		})},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			b := shelf(t)
			b.change(func() { tt.set(b) })
			l := b.client()
			server := poll1(t, l, bmc.Ask{})
			if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" {
				t.Errorf("%s\n%v\n%s", diff, server.Gaps, strings.Join(server.Evidence, "\n"))
			}
		})
	}
}

// TestForgedAnswers have the right keys and are wrong in one number: replays,
// numbers out of the window, another session. None may be believed.
func TestForgedAnswers(t *testing.T) {
	tests := map[string]func(b *board, s *boardSession) []byte{
		"sequence of an older answer": func(b *board, s *boardSession) []byte { return b.lie(s.sequence-1, s.console) },
		"sequence zero":               func(b *board, s *boardSession) []byte { return b.lie(0, s.console) },
		"sequence beyond the window":  func(b *board, s *boardSession) []byte { return b.lie(s.sequence+1000, s.console) },
		"another session":             func(b *board, s *boardSession) []byte { return b.lie(s.sequence, s.console+1) },
		"our own session id": func(b *board, s *boardSession) []byte {
			_, id := b.session()
			return b.lie(s.sequence, id)
		},
		"another request": func(b *board, s *boardSession) []byte { return b.lie(s.sequence, s.console) },
	}
	for name, forge := range tests {
		bubble(t, name, func(t *testing.T) {
			b := shelf(t)
			forged := 0
			b.change(func() {
				b.reply = func(_ int, answer []byte) [][]byte {
					if s, _ := b.session(); s != nil && s.sequence > 2 {
						forged++
						return [][]byte{forge(b, s), answer}
					}
					return [][]byte{answer}
				}
			})
			server := poll1(t, b.client(), bmc.Ask{})
			if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" {
				t.Error(diff)
			}
			if b.change(func() {}); forged < 8 {
				t.Errorf("only %d answers were forged", forged)
			}
		})
	}
}

// Every integrity code is wrong: nothing is believed, and the error says that
// something came back.
func TestEveryIntegrityCodeWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := shelf(t)
		b.change(func() {
			b.reply = func(_ int, answer []byte) [][]byte {
				if answer[5] == 0xc0 {
					answer[len(answer)-1] ^= 1
				}
				return [][]byte{answer}
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		server, err := b.client().Poll(ctx, bmc.Ask{})
		if err == nil || !strings.Contains(err.Error(), "failing the integrity check") {
			t.Errorf("error %v, fans %v", err, server.Fans)
		}
	})
}

// TestBusy: a controller that is busy now and then is asked again; one that
// stays busy leaves a gap for each sensor, and no verdict about the fan.
func TestBusy(t *testing.T) {
	synctest.Test(t, testBusy)
}

func testBusy(t *testing.T) {
	b := shelf(t)
	n := 0
	b.change(func() {
		b.intercept = func(c asked) ([]byte, bool) {
			n++
			return []byte{0xc0}, n%3 == 0
		}
	})
	server := poll1(t, b.client(), bmc.Ask{})
	if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" {
		t.Error(diff)
	}
	b.change(func() {
		b.intercept = func(c asked) ([]byte, bool) {
			return []byte{0xc3}, c.cmd == 0x2d && c.data[0] == 0x43
		}
	})
	server = poll1(t, b.client(), bmc.Ask{Known: []string{"0x43"}})
	if len(server.Gaps) != 1 || server.Gaps[0].What != "sensor 0x43 FAN3" || len(speeds(server)) != 7 {
		t.Errorf("gaps %v, readings %v", server.Gaps, speeds(server))
	}
	// The fan is not said to have no reading, but to be where was not looked.
	if len(server.Fans) != 7 || !server.Hides("0x43") || server.Hides("0x44") {
		t.Errorf("fans %+v, gaps %+v", server.Fans, server.Gaps)
	}
}
