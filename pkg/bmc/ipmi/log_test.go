package ipmi

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// events are the events of a poll's log, one line each.
func events(server bmc.Server) []string {
	var lines []string
	for _, log := range server.Logs {
		for _, e := range log.Events {
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%s %s %s %s", e.ID, e.Fan, e.Kind, e.Level), " "))
		}
	}
	return lines
}

// sensorsOfEvents is a board with sensors of every kind that logs.
func sensorsOfEvents(t testing.TB) *board {
	b := newBoard(t)
	inverse := tach(0x49, "FAN INV")
	inverse[fullCurve] = curveInverse
	b.put(tach(0x41, "FAN1"), tach(0x42, "FAN2"), inverse,
		discrete(0x0c, typeFan, kindRedundancy, 0, 0, "Fan Redundancy"),
		discrete(0x10, typeFan, kindAvailability, 0, 0, "Fan 7"), duty(0x11, "Fan 7 DutyCycle"),
		discrete(0x12, typeFan, kindPresence, 0, 0, "Fan 7 Presence"),
		raw(t, "0100 51 03 00 20 00 90 1d01 04 07 00 00 00 00 c6 46414e204556"))
	oem := tach(0x4a, "FAN OEM")
	oem[atSensorType] = 0xc0
	b.put(oem)
	for _, n := range []byte{0x41, 0x42, 0x49, 0x11, 0x4a} {
		b.turn(n, 50)
	}
	b.state(0x0c, 1)
	b.state(0x10, 1)
	b.state(0x12, 2)
	return b
}

// TestEvents has one row for each spelling of what befalls a fan.
func TestEvents(t *testing.T) {
	const off = 0x80 // deassertion
	tests := []struct {
		name                 string
		typ, number, evtType byte
		offset               byte
		want                 string
	}{
		{"lower non-critical", typeFan, 0x41, kindThreshold, 0x50, "0x41 failed lower non-critical"},
		{"lower critical", typeFan, 0x41, kindThreshold, 0x52, "0x41 failed lower critical"},
		{"lower non-recoverable", typeFan, 0x41, kindThreshold, 0x54, "0x41 failed lower non-recoverable"},
		{"lower critical deasserted", typeFan, 0x41, off | kindThreshold, 0x52, "0x41 recovered lower critical"},
		{"lower critical going high", typeFan, 0x41, kindThreshold, 0x53, "0x41 recovered lower critical"},
		{"upper critical is no drop-out", typeFan, 0x41, kindThreshold, 0x59, ""},
		{"upper critical where numbers fall", typeFan, 0x49, kindThreshold, 0x59, "0x49 failed upper critical"},
		{"and deasserted", typeFan, 0x49, off | kindThreshold, 0x59, "0x49 recovered upper critical"},
		{"lower critical where numbers fall", typeFan, 0x49, kindThreshold, 0x52, ""},
		{"no such threshold", typeFan, 0x41, kindThreshold, 0x0f, ""},
		{"OEM type, our sensor", 0xc0, 0x4a, kindThreshold, 0x52, "0x4a failed lower critical"},
		{"OEM type, not our sensor", 0xc0, 0x4b, kindThreshold, 0x52, ""},
		{"OEM type, other kind", 0xc0, 0x4a, 0x6f, 0x01, ""},
		{"sensor unknown", typeFan, 0x77, kindThreshold, 0x52, "sensor 0x77 failed lower critical"},
		{"redundancy lost", typeFan, 0x0c, kindRedundancy, 0x01, " redundancy lost"},
		{"redundancy lost deasserted", typeFan, 0x0c, off | kindRedundancy, 0x01, " redundancy regained"},
		{"fully redundant", typeFan, 0x0c, kindRedundancy, 0x00, " redundancy regained"},
		{"fully redundant deasserted", typeFan, 0x0c, off | kindRedundancy, 0x00, " redundancy lost"},
		{"degraded", typeFan, 0x0c, kindRedundancy, 0x02, " redundancy lost"},
		{"insufficient resources", typeFan, 0x0c, kindRedundancy, 0x05, " redundancy lost"},
		{"no such redundancy", typeFan, 0x0c, kindRedundancy, 0x0e, ""},
		{"cooling unit", typeCooling, 0x0c, kindRedundancy, 0x01, " redundancy lost"},
		{"presence: absent", typeFan, 0x12, kindPresence, 0x00, "0x11 removed"},
		{"presence: absent deasserted", typeFan, 0x12, off | kindPresence, 0x00, "0x11 inserted"},
		{"presence: present", typeFan, 0x12, kindPresence, 0x01, "0x11 inserted"},
		{"presence: present deasserted", typeFan, 0x12, off | kindPresence, 0x01, "0x11 removed"},
		{"presence: no such", typeFan, 0x12, kindPresence, 0x05, ""},
		{"to running", typeFan, 0x10, kindAvailability, 0x00, "0x11 recovered"},
		{"to running deasserted", typeFan, 0x10, off | kindAvailability, 0x00, "0x11 failed"},
		{"on line", typeFan, 0x10, kindAvailability, 0x03, "0x11 recovered"},
		{"off line", typeFan, 0x10, kindAvailability, 0x04, "0x11 failed"},
		{"degraded state", typeFan, 0x10, kindAvailability, 0x06, "0x11 failed"},
		{"degraded state deasserted", typeFan, 0x10, off | kindAvailability, 0x06, "0x11 recovered"},
		{"power save", typeFan, 0x10, kindAvailability, 0x07, ""},
		{"to OK", typeFan, 0x90, kindSeverity, 0x00, "FAN EV recovered"},
		{"to OK deasserted", typeFan, 0x90, off | kindSeverity, 0x00, ""},
		{"to non-critical", typeFan, 0x90, kindSeverity, 0x01, "FAN EV failed non-critical"},
		{"to critical", typeFan, 0x90, kindSeverity, 0x02, "FAN EV failed critical"},
		{"to non-recoverable", typeFan, 0x90, kindSeverity, 0x06, "FAN EV failed non-recoverable"},
		{"monitor", typeFan, 0x90, kindSeverity, 0x07, ""},
		{"state asserted", typeFan, 0x10, kindState, 0x01, "0x11 failed"},
		{"state asserted deasserted", typeFan, 0x10, off | kindState, 0x01, "0x11 recovered"},
		{"state deasserted", typeFan, 0x10, kindState, 0x00, "0x11 recovered"},
		{"predictive failure", typeFan, 0x10, kindPredictive, 0x01, "0x11 failed"},
		{"limit exceeded", typeFan, 0x10, kindLimit, 0x01, "0x11 failed"},
		{"performance lags", typeFan, 0x10, kindPerformance, 0x01, "0x11 failed"},
		{"no such digital state", typeFan, 0x10, kindState, 0x02, ""},
		{"vendor's own kind", typeFan, 0x10, 0x70, 0x01, ""},
		{"a temperature", 0x01, 0x01, kindThreshold, 0x52, ""},
		{"a power supply's redundancy", 0x09, 0x02, kindRedundancy, 0x01, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := sensorsOfEvents(t)
			b.entry(tt.typ, tt.number, tt.evtType, tt.offset)
			server := poll1(t, b.client(), bmc.Ask{Logs: true})
			var want []string
			if tt.want != "" {
				want = []string{"1 " + tt.want}
			}
			if diff := cmp.Diff(want, events(server)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEventFields(t *testing.T) {
	b := sensorsOfEvents(t)
	b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
	b.entry(typeFan, 0x0c, 0x80|kindRedundancy, 0x01)
	b.clock = 0
	server := poll1(t, b.client(), bmc.Ask{Logs: true})
	want := []bmc.Event{
		{ID: "1", Order: 1, Stamp: "1693450241", Time: time.Unix(1693450241, 0).UTC(), Fan: "0x41", Kind: bmc.Failed, Level: "lower critical",
			Text: "sensor 0x41 FAN1: lower critical going low, asserted, reading 300 RPM, threshold 500 RPM"},
		{ID: "2", Order: 2, Stamp: "1693450242", Time: time.Unix(1693450242, 0).UTC(), Kind: bmc.RedundancyRegained,
			Text: "sensor 0x0c Fan Redundancy: redundancy lost, deasserted"},
	}
	if diff := cmp.Diff(want, server.Logs[0].Events); diff != "" {
		t.Error(diff)
	}
	if server.Logs[0].Clock != nil {
		t.Error("a clock that is not set is told")
	}
}

// Times before the clock was set, of other record types, of other generators.
func TestOddEntries(t *testing.T) {
	b := sensorsOfEvents(t)
	change := func(f func(e []byte)) {
		b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
		f(b.log[len(b.log)-1])
	}
	change(func(e []byte) { binary.LittleEndian.PutUint32(e[3:], 77) })
	change(func(e []byte) { binary.LittleEndian.PutUint32(e[3:], 0xffffffff) })
	change(func(e []byte) { e[2] = 0xc0 })
	change(func(e []byte) { e[2] = 0xe0 })
	change(func(e []byte) { e[7] = 0x00 })             // generator left out
	change(func(e []byte) { e[7], e[8] = 0x20, 0x01 }) // another unit
	change(func(e []byte) { e[7] = 0x41 })             // software has its own numbers
	server := poll1(t, b.client(), bmc.Ask{Logs: true})
	want := []string{
		"1 0x41 failed lower critical", "2 0x41 failed lower critical", "5 0x41 failed lower critical",
		"6 0x41 failed lower critical", "7 sensor 0x41 failed lower critical",
	}
	if diff := cmp.Diff(want, events(server)); diff != "" {
		t.Error(diff)
	}
	for _, e := range server.Logs[0].Events[:2] {
		if !e.Time.IsZero() {
			t.Errorf("time %v of an entry without a date", e.Time)
		}
	}
}

// TestLogIsReadOnce: each entry is told once, whatever becomes of the log.
func TestLogIsReadOnce(t *testing.T) {
	fail := func(b *board, n int) {
		for range n {
			b.entry(typeFan, 0x41, kindThreshold, 0x52, 0x03, 0x05)
		}
	}
	tests := []struct {
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
	for _, tt := range tests {
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
	for _, c := range []byte{0xc1, 0x81, 0xff} {
		b.intercept = func(_, cmd byte, _ []byte) ([]byte, bool) { return []byte{c}, cmd == 0x40 }
		server = poll1(t, l, bmc.Ask{Logs: true})
		if len(server.Gaps) != 1 || !server.Gaps[0].Log || server.Gaps[0].What != "SEL" {
			t.Errorf("code 0x%02x: gaps %v", c, server.Gaps)
		}
	}
	// It says that there are entries, and there are none any more.
	b.logFull = false
	b.intercept = func(_, cmd byte, _ []byte) ([]byte, bool) { return []byte{0xcb}, cmd == 0x43 }
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
		b.intercept = func(_, cmd byte, data []byte) ([]byte, bool) {
			if cmd != 0x43 {
				return nil, false
			}
			id := max(binary.LittleEndian.Uint16(data[2:]), 1)
			return append(binary.LittleEndian.AppendUint16([]byte{0}, next(id)), b.log[0]...), true
		}
		server := poll1(t, b.client(), bmc.Ask{Logs: true})
		if n := len(server.Logs[0].Events); n == 0 || n > maxEntries {
			t.Errorf("%s: %d events", name, n)
		}
	}
}
