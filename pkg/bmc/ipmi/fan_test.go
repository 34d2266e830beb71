package ipmi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// facts are the fans and redundancy sets of a poll, one line each.
func facts(server bmc.Server) []string {
	var lines []string
	for _, f := range server.Fans {
		reading := "-"
		if f.Reading != nil {
			reading = fmt.Sprintf("%.6g %s", *f.Reading, f.Unit)
		}
		lines = append(lines, strings.Join([]string{f.ID, f.Name, string(f.Presence), health(f.Health), reading}, ", "))
	}
	for _, r := range server.Redundancies {
		lines = append(lines, strings.Join([]string{r.ID, r.Name, "set", health(r.Health), fmt.Sprint("lost ", r.Lost)}, ", "))
	}
	for _, p := range server.Parts {
		lines = append(lines, strings.Join([]string{p.ID, p.Name, "part", health(p.Health)}, ", "))
	}
	for _, g := range server.Gaps {
		lines = append(lines, "gap "+g.What)
	}
	return lines
}

func health(h bmc.Health) string {
	if h == bmc.HealthUnknown {
		return "unknown"
	}
	return string(h)
}

// duty is a duty cycle sensor as HPE has them: percent, no thresholds.
func duty(number byte, name string) []byte {
	r := tach(number, name)
	r[20], r[21] = 0x01, 0
	r[24], r[25], r[29] = 0x88, 0x40, 0xd0 // 392 * 10^-3 a count
	r[fullAccess] &^= 0x0c
	copy(r[atLowerMask:], []byte{0, 0, 0, 0, 0, 0})
	return r
}

// bare is a tachometer without thresholds.
func bare(number byte, name string) []byte {
	r := tach(number, name)
	r[fullAccess] &^= 0x0c
	copy(r[atLowerMask:], []byte{0, 0, 0, 0, 0, 0})
	return r
}

// state answers a discrete sensor's states.
func (b *board) state(number byte, states ...byte) {
	b.turn(number, 0, append([]byte{0xc0}, append(states, 0x80)...)...)
}

// na answers "reading unavailable" as most boards do.
func (b *board) na(number byte) { b.turn(number, 0, 0xe0, 0xc0, 0x80) }

// Each code that boards use for "not there" is no reading, and the other fans
// are read all the same.
func TestCompletionCodesOfAbsentSensors(t *testing.T) {
	for _, c := range []code{codeNotPresent, codeIllegal, codeRange, codeNoResponse, codeState, codeUnspecified, codeDestination, codeData} {
		b := shelf(t)
		b.sensors[0x44] = []byte{byte(c)}
		server := poll1(t, b.client(), bmc.Ask{Known: []string{"0x44"}})
		want := rackSpeeds()
		delete(want, "0x44")
		if diff := cmp.Diff(want, speeds(server)); diff != "" || len(server.Gaps) > 0 {
			t.Errorf("%v: %s %v", c, diff, server.Gaps)
		}
		if f := server.Fans[3]; f.Presence != bmc.Present || !strings.Contains(f.Says, fmt.Sprintf("0x%02x", byte(c))) {
			t.Errorf("%v: %+v", c, f)
		}
	}
}

// Operators set thresholds at run time; the record keeps the factory's. When
// the two contradict each other, the ones in use are asked for, once.
func TestThresholdsInUse(t *testing.T) {
	b := shelf(t)
	b.limits[0x41] = []byte{0x07, 3, 2, 1, 0, 0, 0}
	b.turn(0x41, 4) // 400 RPM: under the record's lower critical, above the one in use
	l := b.client()
	server := poll1(t, l, bmc.Ask{})
	if f := server.Fans[0]; *f.LowerCritical != 200 || *f.LowerNonCritical != 300 || f.Health != bmc.HealthOK {
		t.Errorf("%+v", f)
	}
	server = repeat(t, l, server)
	if f := server.Fans[0]; *f.LowerCritical != 200 {
		t.Errorf("%+v", f)
	}
	if n := b.count("04/27"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	// The status says critical and the reading does not: ask again.
	b.turn(0x42, 30, 0xc0, 0xc0|3)
	b.limits[0x42] = []byte{0x07, 50, 40, 1, 0, 0, 0}
	server = repeat(t, l, server)
	if f := server.Fans[1]; *f.LowerCritical != 4000 || f.Health != bmc.HealthCritical {
		t.Errorf("%+v", f)
	}
	// A board that does not tell keeps the record's.
	b.turn(0x43, 4)
	if server = repeat(t, l, server); *server.Fans[2].LowerCritical != 500 {
		t.Errorf("%+v", server.Fans[2])
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"Fan 3 DutyCycle": "fan 3", "Fan3": "fan 3", "FAN3_PRESENT": "fan 3", "Fan 3 Presence": "fan 3", "CPU1_FAN12 Tach": "cpu 1 fan 12",
		"PS 1 Fan Fault": "ps 1 fan", "Fan1 RPM": "fan 1", "fan-3.status": "fan 3", "": "", "Lüfter 2": "lüfter 2",
	} {
		if got := strings.Join(nameOf(name).stem(), " "); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
