package ipmi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// bubble runs a subtest on a clock of its own, which stands still while
// anything runs and jumps while everything waits.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// opening polls and returns why no session could be opened.
func opening(t *testing.T, l *lan, limit time.Duration) *OpenError {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	server, err := l.Poll(ctx, bmc.Ask{})
	failure := (*OpenError)(nil)
	if !errors.As(err, &failure) {
		t.Fatalf("error %v, fans %v", err, server.Fans)
	}
	t.Log(err)
	if strings.ContainsAny(err.Error(), ";|") {
		t.Errorf("the error has a character that hosts take for their own: %v", err)
	}
	return failure
}

// TestOpenErrors has one row for each thing that a person can put right.
func TestOpenErrors(t *testing.T) {
	tests := []struct {
		name  string
		board func(b *board)
		lan   func(l *lan)
		cause Cause
		says  string
	}{
		{"password", nil, func(l *lan) { l.endpoint.Credentials.Password = secret.NewText("wrong") }, CausePassword, "credentials file"},
		{"long password", nil, func(l *lan) { l.endpoint.Credentials.Password = secret.NewText("seventeen bytes !") }, CausePassword, "it has 17 bytes"},
		{"user name", nil, func(l *lan) { l.endpoint.Credentials.Username = "nobody" }, CauseUser, "unauthorized name (0x0d)"},
		{"privilege", func(b *board) { b.role = 1 }, nil, CausePrivilege, "--ipmi-privilege"},
		{"role", func(b *board) { b.refuse[0x13] = 0x09 }, nil, CausePrivilege, "invalid role"},
		{"Kg that the controller does not have", nil, func(l *lan) { l.endpoint.Credentials.Kg = secret.NewText("key") }, CauseKg, "or remove it"},
		{"Kg that we do not have", func(b *board) { b.kg = "key" }, nil, CauseKg, "put it into the credentials file"},
		{"other Kg", func(b *board) { b.kg = "key" }, func(l *lan) { l.endpoint.Credentials.Kg = secret.NewText("other") }, CauseKg, "check kg"},
		{"no suite", func(b *board) { b.suites = map[byte]byte{0: 0, 2: 2} }, nil, CauseSuite, "suite 17: no cipher suite match"},
		{"slots", func(b *board) { b.slots = 0 }, nil, CauseSlots, "session slots"},
		{"slots for the role", func(b *board) { b.refuse[0x13] = 0x0b }, nil, CauseSlots, "session slots"},
		{"check value", func(b *board) { b.refuse[0x15] = 0x0f }, nil, CausePassword, "invalid integrity check value"},
		{"unknown status", func(b *board) { b.refuse[0x15] = 0xee }, nil, CauseProtocol, "unknown status (0xee)"},
		{"silent", func(b *board) { b.reply = func(int, []byte) [][]byte { return nil } }, nil, CauseNetwork, "firewall"},
		{"silent from RAKP 2 on", func(b *board) {
			b.reply = func(_ int, answer []byte) [][]byte {
				if answer[5] == 0x11 {
					return [][]byte{answer}
				}
				return nil
			}
		}, nil, CauseNetwork, "fell silent"},
		{"not IPMI", func(b *board) {
			b.reply = func(int, []byte) [][]byte { return [][]byte{[]byte("220 smtp.example.net ready\r\n")} }
		}, nil, CauseProtocol, "none of them RMCP+"},
		{"IPMI 1.5", func(b *board) {
			b.reply = func(int, []byte) [][]byte {
				return [][]byte{{6, 0, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}}
			}
		}, nil, CauseProtocol, "IPMI 1.5"},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			b := shelf(t)
			l := b.client()
			if tt.board != nil {
				b.change(func() { tt.board(b) })
			}
			if tt.lan != nil {
				tt.lan(l)
			}
			failure := opening(t, l, 5*time.Second)
			if failure.Cause != tt.cause {
				t.Errorf("cause %q, want %q", failure.Cause, tt.cause)
			}
			if !strings.Contains(failure.Error(), tt.says) {
				t.Errorf("%q does not say %q", failure, tt.says)
			}
		})
	}
}

// A wrong password must not use up slots: the half-open session is given back.
func TestWrongPasswordLeavesNoSlotTaken(t *testing.T) {
	b := shelf(t)
	l := b.client()
	l.endpoint.Credentials.Password = secret.NewText("wrong")
	for range 8 {
		if f := opening(t, l, 5*time.Second); f.Cause != CausePassword {
			t.Fatalf("cause %q", f.Cause)
		}
	}
	l.endpoint.Credentials.Password = secret.NewText(b.password)
	poll1(t, l, bmc.Ask{})
}

// Another poller holds the last slot for a moment.
func TestSlotsAreTriedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := shelf(t)
		b.change(func() {
			b.slots = 0
			b.reply = func(_ int, answer []byte) [][]byte { b.slots = 1; return [][]byte{answer} }
		})
		poll1(t, b.client(), bmc.Ask{})
	})
}

func TestKg(t *testing.T) {
	b := shelf(t)
	b.change(func() { b.kg = "0123456789abcdefghij" })
	if server := poll1(t, b.client(), bmc.Ask{}); len(server.Fans) != 8 {
		t.Errorf("%d fans", len(server.Fans))
	}
}

// Some controllers refuse every command until a privilege level was asked for.
func TestPrivilegeIsRaised(t *testing.T) {
	b := shelf(t)
	b.change(func() { b.privileges = true })
	server := poll1(t, b.client(), bmc.Ask{})
	if len(server.Fans) != 8 || b.count("06/3b") != 1 {
		t.Errorf("%d fans after %d Set Session Privilege Level", len(server.Fans), b.count("06/3b"))
	}
	b.change(func() { b.role = 4 })
	l := b.client()
	l.role = privilegeAdmin | nameOnly
	poll1(t, l, bmc.Ask{})
	if b.count("06/3b") != 2 {
		t.Error("administrator level was not asked for")
	}
}

// A lost answer of any step costs one try.
func TestLostHandshakeAnswers(t *testing.T) {
	for lost := range 3 {
		bubble(t, fmt.Sprint(lost), func(t *testing.T) {
			b := shelf(t)
			b.change(func() {
				b.reply = func(n int, answer []byte) [][]byte {
					if n == lost+1 {
						return nil
					}
					return [][]byte{answer}
				}
			})
			start := time.Now()
			if server := poll1(t, b.client(), bmc.Ask{}); len(server.Fans) != 8 {
				t.Errorf("%d fans", len(server.Fans))
			}
			if took := time.Since(start); took != answerTime {
				t.Errorf("took %s, want one try more", took)
			}
		})
	}
}

// TestSlowHandshake: a controller that answers after we asked again, and makes a new
// random number each time, is not told that the password is wrong; nor does a datagram
// that was lost cost more than the wait for it.
func TestSlowHandshake(t *testing.T) {
	for _, delay := range []time.Duration{900 * time.Millisecond, answerTime + 50*time.Millisecond, 3 * answerTime / 2} {
		bubble(t, delay.String(), func(t *testing.T) {
			b := shelf(t)
			b.delay = delay
			poll1(t, b.client(), bmc.Ask{})
		})
	}
	bubble(t, "lost", func(t *testing.T) {
		b, begun := shelf(t), time.Now()
		lost := false
		b.reply = func(_ int, answer []byte) [][]byte {
			if answer[5] == 0x13 && !lost {
				lost = true
				return nil
			}
			return [][]byte{answer}
		}
		poll1(t, b.client(), bmc.Ask{})
		if took := time.Since(begun); took > 3*answerTime {
			t.Error(took)
		}
	})
}
