package ipmi

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// fail logs so many failures of one fan.
func fail(b *board, n int) {
	for range n {
		b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
	}
}

// logTests are what may become of a log of three entries between two polls.
var logTests = []struct {
	name   string
	before func(b *board)
	change func(b *board)
	want   []string // ids
	whole  bool
	reads  int // Get SEL Entry of the second poll
}{
	{"nothing new", nil, func(*board) {}, nil, false, 0},
	{"two more", nil, func(b *board) { fail(b, 2) }, []string{"4", "5"}, false, 2},
	{"cleared", nil, func(b *board) { b.clear() }, nil, true, 0},
	{"cleared and one more", nil, func(b *board) { b.clear(); fail(b, 1) }, []string{"1"}, true, 1},
	{"cleared and as many", nil, func(b *board) { b.clear(); fail(b, 3) }, []string{"1", "2", "3"}, true, 3},
	{"cleared and more", nil, func(b *board) { b.clear(); fail(b, 5) }, []string{"1", "2", "3", "4", "5"}, true, 5},
	{"never cleared before, two more", func(b *board) { b.logErased = 0 }, func(b *board) { fail(b, 2) }, []string{"4", "5"}, false, 3},
	{"no erase time, cleared, fewer", func(b *board) { b.logErased = 0 },
		func(b *board) { b.log = nil; fail(b, 2) }, []string{"1", "2"}, true, 2},
	{"no erase time, cleared, others", func(b *board) { b.logErased = 0xffffffff }, func(b *board) {
		b.log = nil
		fail(b, 5)
		for i, e := range b.log {
			e[3] += byte(50 + i)
		}
		b.logAdded += 1000
	}, []string{"1", "2", "3", "4", "5"}, true, 6},
	{"no addition time, nothing new", func(b *board) { b.logAdded = 0 }, func(b *board) { b.logAdded = 0 }, nil, false, 1},
	{"no addition time, one more", func(b *board) { b.logAdded = 0 }, func(b *board) { fail(b, 1); b.logAdded = 0 }, []string{"4"}, false, 1},
	{"full and wrapping, nothing new", func(b *board) { b.logFree = 0 }, func(*board) {}, nil, false, 1},
	{"full and wrapping, one more", func(b *board) { b.logFree = 0 }, func(b *board) { fail(b, 1); b.log = b.log[1:] }, []string{"4"}, false, 2},
	{"wrapped beyond the last one known", func(b *board) { b.logFree = 0 },
		func(b *board) { fail(b, 3); b.log = b.log[3:] }, []string{"4", "5", "6"}, true, 4},
	{"numbers with holes", nil, func(b *board) {
		fail(b, 2)
		binary.LittleEndian.PutUint16(b.log[3], 40)
		binary.LittleEndian.PutUint16(b.log[4], 50)
	}, []string{"40", "50"}, false, 4},
}

// TestLogIsReadOnce: each entry is told once, whatever becomes of the log.
func TestLogIsReadOnce(t *testing.T) {
	for _, tt := range logTests {
		t.Run(tt.name, func(t *testing.T) {
			b := sensorsOfEvents(t)
			fail(b, 3)
			if tt.before != nil {
				tt.before(b)
			}
			l := b.client()
			server := poll1(t, l, bmc.Ask{Logs: true})
			if n := len(events(server)); n != 3 || !server.Logs[0].Whole {
				t.Fatalf("at first %d events, whole %t", n, server.Logs[0].Whole)
			}
			tt.change(b)
			before := b.count("0a/43")
			server = repeat(t, l, server)
			var ids []string
			for _, e := range server.Logs[0].Events {
				ids = append(ids, e.ID)
			}
			if diff := cmp.Diff(tt.want, ids); diff != "" || server.Logs[0].Whole != tt.whole {
				t.Errorf("%s whole %t\n%s", diff, server.Logs[0].Whole, strings.Join(server.Evidence, "\n"))
			}
			if reads := b.count("0a/43") - before; reads != tt.reads {
				t.Errorf("%d entries asked for, want %d", reads, tt.reads)
			}
			if len(server.Gaps) > 0 {
				t.Errorf("gaps %v", server.Gaps)
			}
			if again := repeat(t, l, server); len(events(again)) > 0 {
				t.Errorf("told again: %v", events(again))
			}
		})
	}
}

func TestLogStates(t *testing.T) {
	b := sensorsOfEvents(t)
	l := b.client()
	server := poll1(t, l, bmc.Ask{Logs: true})
	if len(server.Logs) != 1 || !server.Logs[0].Whole || server.Logs[0].Full || len(server.Gaps) > 0 {
		t.Errorf("empty log: %+v %v", server.Logs, server.Gaps)
	}
	if server = poll1(t, l, bmc.Ask{}); len(server.Logs) != 0 || b.count("0a/40") != 1 {
		t.Error("the log was read although nobody asked")
	}
	b.logFull = true
	if server = poll1(t, l, bmc.Ask{Logs: true}); server.Logs[0].Full {
		t.Error("a log with room is called full")
	}
	b.logFree = 0
	if server = poll1(t, l, bmc.Ask{Logs: true}); !server.Logs[0].Full {
		t.Error("a log that dropped entries is not called full")
	}
	for _, refusal := range []byte{0xc1, 0x81, 0xff} {
		b.intercept = func(c asked) ([]byte, bool) { return []byte{refusal}, c.cmd == 0x40 }
		server = poll1(t, l, bmc.Ask{Logs: true})
		if len(server.Gaps) != 1 || !server.Gaps[0].Log || server.Gaps[0].What != "SEL" {
			t.Errorf("code 0x%02x: gaps %v", refusal, server.Gaps)
		}
	}
	// It says that there are entries, and there are none any more.
	b.logFull = false
	b.intercept = func(c asked) ([]byte, bool) { return []byte{0xcb}, c.cmd == 0x43 }
	b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
	if server = poll1(t, l, bmc.Ask{Logs: true}); len(server.Gaps) > 0 {
		t.Errorf("gaps %v", server.Gaps)
	}
}

// Of a long log that is met for the first time the newest entries are read.
func TestLongLog(t *testing.T) {
	b := sensorsOfEvents(t)
	for range 3000 {
		b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
	}
	server := poll1(t, b.client(), bmc.Ask{Logs: true})
	log := server.Logs[0]
	if log.Whole || len(log.Events) != firstEntries || log.Events[firstEntries-1].ID != "3000" {
		t.Errorf("whole %t, %d events", log.Whole, len(log.Events))
	}
	// Numbers with holes: from the beginning.
	b = sensorsOfEvents(t)
	for i := range 600 {
		b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
		binary.LittleEndian.PutUint16(b.log[i], uint16(2*i+2))
	}
	b.log = append(b.log[:88:88], b.log[89:]...)
	server = poll1(t, b.client(), bmc.Ask{Logs: true})
	if log := server.Logs[0]; len(log.Events) < firstEntries || log.Events[len(log.Events)-1].ID != "1200" {
		t.Errorf("whole %t, %d events", log.Whole, len(log.Events))
	}
}

// On a slow board the reading goes on in the next run, and says so meanwhile.
func TestLogGoesOn(t *testing.T) {
	bubble(t, "slow", func(t *testing.T) {
		b := sensorsOfEvents(t)
		for range 200 {
			b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
		}
		b.delay = 20 * time.Millisecond
		l := b.client()
		var memory bmc.Memory
		total, runs := 0, 0
		for gap := true; gap && runs < 20; runs++ {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			server, err := l.Poll(ctx, bmc.Ask{Logs: true, Memory: memory})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			memory = server.Memory
			total += len(server.Logs[0].Events)
			if gap = len(server.Gaps) > 0; gap && (!server.Gaps[0].Log || !strings.Contains(server.Gaps[0].Err.Error(), "the next run goes on")) {
				t.Errorf("gaps %v", server.Gaps)
			}
		}
		if total != 200 || runs < 3 {
			t.Errorf("%d events in %d runs", total, runs)
		}
	})
}

// An endless log ends.
func TestEndlessLog(t *testing.T) {
	b := sensorsOfEvents(t)
	b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
	for name, next := range map[string]func(id uint16) uint16{
		"itself": func(id uint16) uint16 { return id }, "one more": func(id uint16) uint16 { return id + 1 }, "zero": func(uint16) uint16 { return 0 },
	} {
		b.intercept = func(c asked) ([]byte, bool) {
			if c.cmd != 0x43 {
				return nil, false
			}
			id := max(binary.LittleEndian.Uint16(c.data[2:]), 1)
			return append(binary.LittleEndian.AppendUint16([]byte{0}, next(id)), b.log[0]...), true
		}
		server := poll1(t, b.client(), bmc.Ask{Logs: true})
		if n := len(server.Logs[0].Events); n == 0 || n > maxEntries {
			t.Errorf("%s: %d events", name, n)
		}
	}
}
