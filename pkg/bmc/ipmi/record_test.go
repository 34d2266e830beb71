package ipmi

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// raw makes a record of hex digits.
func raw(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFullRecord(t *testing.T) {
	// An iRMC's shape: 25 RPM a count, only a lower critical threshold, and a
	// record longer than its name, padded with zeros.
	record := append(tach(0x1b, "FAN9 SYS"), make([]byte, 9)...)
	copy(record[atLowerMask:], []byte{0x00, 0x20, 0x00, 0x00, 0x02, 0x02, 0x20})
	record[fullM] = 25
	copy(record[fullLimits:], []byte{0xff, 0xff, 0xff, 0, 0x18, 0})
	want := []sensor{{
		Record: recordFull, Owner: 0x20, Number: 0x1b, Type: typeFan, Kind: kindThreshold, Name: "FAN9 SYS",
		Compares: 1 << lowerCritical, Readable: 1 << lowerCritical, Limits: limits{0, 0x18, 0, 0xff, 0xff, 0xff},
		Units: 0x20, Base: unitRPM, Formula: &formula{M: 25},
	}}
	if diff := cmp.Diff(want, sensors(record)); diff != "" {
		t.Error(diff)
	}
}

// TestRecordings reads real records when they are at hand.
func TestRecordings(t *testing.T) {
	text, err := os.ReadFile("../../../../shared/corpus/ipmi/fujitsu-tx1320m4-raw-sdr.txt")
	if err != nil {
		t.Skip("no recordings here: ", err)
	}
	_, body, _ := strings.Cut(string(text), "---\n")
	want := map[string]struct {
		number, raw byte
		value       float64
		critical    float64
	}{"FAN CPU": {0x19, 125, 3125, 600}, "FAN PSU1": {0x24, 47, 3760, 960}}
	found := 0
	for line := range strings.Lines(body) {
		name, digits, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		got := sensors(raw(t, digits))
		w, fan := want[name]
		if !fan {
			if len(got) != 0 {
				t.Errorf("%s is taken for a fan", name)
			}
			continue
		}
		found++
		if len(got) != 1 || got[0].Name != name || got[0].Number != w.number {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		value, _ := got[0].value(w.raw)
		limit := got[0].threshold(lowerCritical)
		if value != w.value || limit == nil || *limit != w.critical || got[0].threshold(lowerNonCritical) != nil {
			t.Errorf("%s: %g, lower critical %v", name, value, limit)
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d fans found", found, len(want))
	}
}

// shape is a unit and a formula.
type shape struct {
	units, base, curve byte
	m, b, bExp, rExp   int
}

// formulaRecord is a tachometer record of a shape.
func formulaRecord(s shape) []byte {
	r := tach(1, "F")
	r[20], r[21], r[23] = s.units, s.base, s.curve
	r[24], r[25] = byte(s.m), byte(s.m>>8&3)<<6
	r[26], r[27] = byte(s.b), byte(s.b>>8&3)<<6
	r[29] = byte(s.rExp&15)<<4 | byte(s.bExp&15)
	return r
}

func TestConversion(t *testing.T) {
	tests := []struct {
		name   string
		record []byte
		raw    byte
		want   float64
		unit   string
	}{
		{"100 RPM a count", formulaRecord(shape{0, 18, 0, 100, 0, 0, 0}), 56, 5600, "RPM"},
		{"Intel's 49", formulaRecord(shape{0, 18, 0, 49, 0, 0, 0}), 200, 9800, "RPM"},
		{"ten-bit M", formulaRecord(shape{0, 18, 0, 511, 0, 0, 0}), 2, 1022, "RPM"},
		{"negative M, B and exponents", formulaRecord(shape{0, 18, 0, -10, 255, 1, 0}), 100, 1550, "RPM"},
		{"negative B", formulaRecord(shape{0, 18, 0, 10, -512, 0, 0}), 100, 488, "RPM"},
		{"result exponent", formulaRecord(shape{0, 18, 0, 75, 0, 0, -1}), 100, 750, "RPM"},
		{"inverse", formulaRecord(shape{0, 18, 7, 1, 0, 0, -6}), 200, 5000, "RPM"},
		{"square", formulaRecord(shape{0, 18, 8, 1, 0, 0, 0}), 50, 2500, "RPM"},
		{"cube", formulaRecord(shape{0, 18, 9, 1, 0, 0, 0}), 10, 1000, "RPM"},
		{"root", formulaRecord(shape{0, 18, 10, 1, 0, 0, 4}), 100, 1000, "RPM"},
		{"inverse cube", formulaRecord(shape{0, 18, 11, 1, 0, 0, -2}), 10, 1000, "RPM"},
		{"natural logarithm", formulaRecord(shape{0, 18, 1, 1, 0, 0, 0}), 1, 0, "RPM"},
		{"decimal logarithm", formulaRecord(shape{0, 18, 2, 1, 0, 0, 0}), 100, 2, "RPM"},
		{"binary logarithm", formulaRecord(shape{0, 18, 3, 1, 0, 0, 0}), 128, 7, "RPM"},
		{"e to the power", formulaRecord(shape{0, 18, 4, 1, 0, 0, 0}), 0, 1, "RPM"},
		{"ten to the power", formulaRecord(shape{0, 18, 5, 1, 0, 0, 0}), 3, 1000, "RPM"},
		{"two to the power", formulaRecord(shape{0, 18, 6, 1, 0, 0, 0}), 10, 1024, "RPM"},
		{"one's complement", formulaRecord(shape{0x40, 18, 0, 1, 0, 0, 0}), 0xfe, -1, "RPM"},
		{"two's complement", formulaRecord(shape{0x80, 18, 0, 1, 0, 0, 0}), 0xfe, -2, "RPM"},
		{"duty cycle", formulaRecord(shape{0x01, 0, 0, 392, 0, 0, -3}), 75, 29.4, "%"},
		{"percent of RPM", formulaRecord(shape{0x01, 18, 0, 1, 0, 0, 0}), 30, 30, "%"},
		{"revolutions per minute", formulaRecord(shape{0x20, 41, 0, 60, 0, 0, 0}), 30, 1800, "RPM"},
		{"hertz", formulaRecord(shape{0, 19, 0, 1, 0, 0, 0}), 80, 80, "Hz"},
		{"no unit at all", formulaRecord(shape{0, 0, 0, 100, 0, 0, 0}), 30, 3000, "RPM"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sensors(tt.record)
			if len(got) != 1 || !got[0].numeric() {
				t.Fatalf("%+v", got)
			}
			value, ok := got[0].value(tt.raw)
			unit, _ := got[0].unit()
			if !ok || fmt.Sprintf("%.12g", value) != fmt.Sprintf("%.12g", tt.want) || unit != tt.unit {
				t.Errorf("value %g %s, %t", value, unit, ok)
			}
		})
	}
}

// TestExactNumber: 29.4 % is not 29.400000000000002 %.
func TestExactNumber(t *testing.T) {
	s := sensors(formulaRecord(shape{0x01, 0, 0, 392, 0, 0, -3}))[0]
	if value, _ := s.value(75); value != 29.4 {
		t.Errorf("%v", value)
	}
}

// TestNoNumber: a sensor that has no number must not seem to stand still.
func TestNoNumber(t *testing.T) {
	tests := map[string][]byte{
		"no analog reading":   formulaRecord(shape{0xc0, 18, 0, 100, 0, 0, 0}),
		"non-linear":          formulaRecord(shape{0, 18, 0x70, 100, 0, 0, 0}),
		"vendor's own curve":  formulaRecord(shape{0, 18, 0x7f, 100, 0, 0, 0}),
		"every reading equal": formulaRecord(shape{0, 18, 0, 0, 0, 0, 0}),
	}
	for name, record := range tests {
		got := sensors(record)
		if len(got) != 1 || got[0].numeric() {
			t.Errorf("%s: %+v", name, got)
		}
		if got[0].threshold(lowerCritical) != nil {
			t.Errorf("%s: it has a threshold", name)
		}
	}
	inverse := sensors(formulaRecord(shape{0, 18, 7, 1, 0, 0, -6}))[0]
	if value, ok := inverse.value(0); ok {
		t.Errorf("1/0 = %g", value)
	}
}

// Other things that boards call fans: their power, temperature, airflow.
func TestNotAFan(t *testing.T) {
	for _, base := range []byte{1, 4, 5, 6, 17} {
		if got := sensors(formulaRecord(shape{0, base, 0, 1, 0, 0, 0})); len(got) != 0 {
			t.Errorf("unit %d: %+v", base, got)
		}
	}
	oem := tach(1, "FAN1")
	oem[12] = 0xc0
	if got := sensors(oem); len(got) != 1 {
		t.Errorf("a tachometer of an OEM type is lost: %+v", got)
	}
	if got := sensors(other(1)); len(got) != 0 {
		t.Errorf("a temperature: %+v", got)
	}
}

func TestThresholds(t *testing.T) {
	record := tach(1, "F")
	s := sensors(record)[0]
	if v := s.threshold(lowerFatal); v == nil || *v != 300 {
		t.Errorf("lower non-recoverable %v", v)
	}
	zero := bytes.Clone(record)
	zero[fullLimits+5], zero[fullLimits+4] = 0, 0
	s = sensors(zero)[0]
	if s.threshold(lowerNonCritical) != nil || s.threshold(lowerCritical) != nil || s.threshold(lowerFatal) == nil {
		t.Error("zero is taken for a threshold, or a good one is not")
	}
	masked := bytes.Clone(record)
	masked[atReadable] = 1 << lowerCritical
	s = sensors(masked)[0]
	if s.threshold(lowerNonCritical) != nil || s.threshold(lowerCritical) == nil {
		t.Error("the readable mask is not honoured")
	}
	none := bytes.Clone(record)
	none[fullAccess] &^= 0x0c
	if s = sensors(none)[0]; s.Readable != 0 {
		t.Error("a sensor without thresholds has some")
	}
	// Where numbers fall as raw values rise, sides cannot be told.
	for _, falling := range [][]byte{formulaRecord(shape{0, 18, 7, 1, 0, 0, -6}), formulaRecord(shape{0, 18, 0, -10, 255, 1, 0})} {
		if s = sensors(falling)[0]; !s.falls() || s.threshold(lowerCritical) != nil {
			t.Errorf("falls %t, lower critical %v", s.falls(), s.threshold(lowerCritical))
		}
	}
	if s = sensors(formulaRecord(shape{0, 18, 7, -1, 0, 0, -6}))[0]; s.falls() {
		t.Error("falling twice is rising")
	}
}

func TestSharedRecords(t *testing.T) {
	names := func(record []byte) (all []string) {
		for _, s := range sensors(record) {
			all = append(all, s.id()+" "+s.Name)
		}
		return all
	}
	tests := []struct {
		name   string
		record []byte
		want   []string
	}{
		{"numbers", share(discrete(0x60, typeFan, kindPresence, "Fan Present "), 4, 1),
			[]string{"0x60 Fan Present 1", "0x61 Fan Present 2", "0x62 Fan Present 3", "0x63 Fan Present 4"}},
		{"letters", share(discrete(0x60, typeFan, kindAvailability, "PS Fan"), 2|1<<4, 0), []string{"0x60 PS Fan A", "0x61 PS Fan B"}},
		{"beyond Z", share(discrete(0x60, typeFan, kindAvailability, "F"), 2|1<<4, 25), []string{"0x60 F Z", "0x61 F AA"}},
		{"one", share(discrete(0x60, typeFan, kindPresence, "Fan"), 1, 0), []string{"0x60 Fan"}},
		{"none", discrete(0x60, typeFan, kindPresence, "Fan"), []string{"0x60 Fan"}},
		{"past the last number", share(discrete(0xfe, typeFan, kindPresence, "Fan"), 4, 1), []string{"0xfe Fan 1", "0xff Fan 2"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, names(tt.record)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	event := raw(t, "0100 51 03 00 20 00 90 1d01 04 01 02 01 00 00 c5 46414e2045")
	if diff := cmp.Diff([]string{"0x90 FAN E 1", "0x91 FAN E 2"}, names(event)); diff != "" {
		t.Error(diff)
	}
}

// Every record that is cut short is left out or read as far as it goes, never
// beyond its end.
func TestCutRecords(t *testing.T) {
	for _, record := range [][]byte{tach(1, "FAN1"), share(discrete(1, typeFan, kindPresence, "Fan"), 2, 1),
		raw(t, "0100 51 03 00 20 00 90 1d01 04 01 02 01 00 00 c5 46414e2045")} {
		for n := range record {
			for _, s := range sensors(record[:n]) {
				if len(s.Name) > 8 {
					t.Errorf("cut to %d bytes: %+v", n, s)
				}
			}
		}
	}
}

func TestText(t *testing.T) {
	tests := []struct {
		name string
		kind byte
		data string
		want string
	}{
		{"8 bit", 0xc4, "FAN1", "FAN1"},
		{"padded with zeros", 0xc8, "FAN\x00\x00\x00\x00\x00", "FAN"},
		{"padded with blanks", 0xc6, "FAN   ", "FAN"},
		{"Latin 1", 0xc6, "L\xfcfter", "Lüfter"},
		{"longer than the record", 0xdf, "FAN1", "FAN1"},
		{"control characters", 0xc5, "F\x1b[1\r", "F [1"},
		{"none", 0xc0, "", ""},
		{"six bit", 0x86, "\x66\xe8\x02\xf0\x5c\x47", "FAN PSU1"},
		{"BCD plus", 0x43, "\x12\xa3\xbc", "12 3-."},
		{"UTF-16", 0x08, "F\x00A\x00N\x00\x39\x26", "FAN☹"},
		{"8 bit called Unicode", 0x04, "FAN1", "FAN1"},
	}
	for _, tt := range tests {
		if got := text(tt.kind, []byte(tt.data), true); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := text(0x04, []byte("\x01\x02\x03\x04"), false); got != "" {
		t.Errorf("a binary field is shown as %q", got)
	}
	if got := phrase.Clip("Lüfter", 2); got != "L" {
		t.Errorf("cut in the middle of a character: %q", got)
	}
}
