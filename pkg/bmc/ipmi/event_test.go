package ipmi

import (
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
		discrete(0x0c, typeFan, kindRedundancy, "Fan Redundancy"),
		discrete(0x10, typeFan, kindAvailability, "Fan 7"), duty(0x11, "Fan 7 DutyCycle"),
		discrete(0x12, typeFan, kindPresence, "Fan 7 Presence"),
		discrete(0x15, typeFan, kindState, "Fan 7 Present"), discrete(0x16, typeFan, kindState, "Fan 7 Run"),
		entity(0x13, "FAN1"), entity(0x14, "PSU1"),
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
	b.state(0x13, 1)
	b.state(0x15, 2)
	b.state(0x16, 2)
	return b
}

// off marks a deassertion.
const off = 0x80

// eventTests have one row for each spelling of what befalls a fan.
var eventTests = []struct {
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
	{"entity present", typeEntity, 0x13, kindOwn, 0x00, "0x41 inserted"},
	{"entity present deasserted", typeEntity, 0x13, off | kindOwn, 0x00, "0x41 removed"},
	{"entity absent", typeEntity, 0x13, kindOwn, 0x01, "0x41 removed"},
	{"entity absent deasserted", typeEntity, 0x13, off | kindOwn, 0x01, "0x41 inserted"},
	{"entity disabled is neither", typeEntity, 0x13, kindOwn, 0x02, ""},
	{"no such state of an entity", typeEntity, 0x13, kindOwn, 0x0f, ""},
	{"generic presence of an entity", typeEntity, 0x13, kindPresence, 0x00, "0x41 removed"},
	{"entity of a power supply", typeEntity, 0x14, kindOwn, 0x01, ""},
	{"entity of an unknown sensor", typeEntity, 0x77, kindOwn, 0x01, ""},
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
	{"state present deasserted", typeFan, 0x15, kindState, 0x00, "0x11 removed"},
	{"state present asserted", typeFan, 0x15, kindState, 0x01, "0x11 inserted"},
	{"state run deasserted", typeFan, 0x16, kindState, 0x00, "0x11 failed"},
	{"state run asserted", typeFan, 0x16, kindState, 0x01, "0x11 recovered"},
	{"state run asserted deasserted", typeFan, 0x16, off | kindState, 0x01, "0x11 failed"},
	{"no such state run", typeFan, 0x16, kindState, 0x02, ""},
	{"predictive failure", typeFan, 0x10, kindPredictive, 0x01, "0x11 failed"},
	{"limit exceeded", typeFan, 0x10, kindLimit, 0x01, "0x11 failed"},
	{"performance lags", typeFan, 0x10, kindPerformance, 0x01, "0x11 failed"},
	{"no such digital state", typeFan, 0x10, kindState, 0x02, ""},
	{"vendor's own kind", typeFan, 0x10, 0x70, 0x01, ""},
	{"a temperature", 0x01, 0x01, kindThreshold, 0x52, ""},
	{"a power supply's redundancy", 0x09, 0x02, kindRedundancy, 0x01, ""},
}

func TestEvents(t *testing.T) {
	for _, tt := range eventTests {
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
