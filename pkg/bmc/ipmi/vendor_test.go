package ipmi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

type vendorTest struct {
	name  string
	set   func(b *board)
	known []string
	want  []string
}

// hpe is one of a ProLiant's fans: a state, a duty cycle and a presence.
func hpe(b *board, number byte, name string) {
	b.put(discrete(number, typeFan, kindAvailability, name), duty(number+1, name+" DutyCycle"),
		discrete(number+2, typeFan, kindPresence, name+" Presence"))
	b.state(number, 0x01)
	b.turn(number+1, 30, 0xc0, 0xc0)
	b.state(number+2, 0x02)
}

// entity is an entity presence sensor, of the type's own states.
func entity(number byte, name string) []byte {
	r := discrete(number, typeEntity, kindOwn, name)
	r[atEntity] = map[bool]byte{true: entityFan, false: 0x20}[strings.HasPrefix(name, "FAN")]
	return r
}

var vendorTests = []vendorTest{
	{"HPE triples", func(b *board) {
		hpe(b, 0x10, "Fan 1")
		hpe(b, 0x13, "Fan 2")
		hpe(b, 0x16, "Fan 3")
		// Absent by design: presence says so, the others say nothing.
		b.na(0x10)
		b.na(0x11)
		b.state(0x12, 0x01)
		// Failed.
		b.state(0x16, 0x40)
		b.turn(0x17, 0, 0xc0, 0xc0)
		b.put(discrete(0x30, typeFan, kindRedundancy, "Fans"))
		b.state(0x30, 0x02)
	}, nil, []string{
		"0x11, Fan 1, absent, unknown, -",
		"0x14, Fan 2, present, ok, 11.76 %",
		"0x17, Fan 3, present, warning, 0 %",
		"0x30, Fans, set, critical, lost true",
	}},
	{"HPE fan whose presence lags behind: it is seen running", func(b *board) {
		hpe(b, 0x10, "Fan 1")
		b.state(0x12, 0x01)
	}, nil, []string{"0x11, Fan 1, present, ok, 11.76 %"}},
	{"a duty cycle alone may be what the fan was told", func(b *board) {
		b.put(duty(0x11, "Fan 1 DutyCycle"), discrete(0x12, typeFan, kindPresence, "Fan 1 Presence"))
		b.turn(0x11, 30, 0xc0, 0xc0)
		b.state(0x12, 0x01)
	}, []string{"0x11"}, []string{"0x11, Fan 1 Presence, absent, unknown, -"}},
	{"HPE fan pulled out", func(b *board) {
		hpe(b, 0x10, "Fan 1")
		b.na(0x10)
		b.na(0x11)
		b.state(0x12, 0x01)
	}, []string{"0x11"}, []string{"0x11, Fan 1, absent, unknown, -"}},
	{"HPE fan there and not heard of", func(b *board) {
		hpe(b, 0x10, "Fan 1")
		b.na(0x10)
		b.na(0x11)
	}, nil, []string{"0x11, Fan 1, present, unknown, -"}},
	{"HPE of later: percent and states in one sensor", func(b *board) {
		r := duty(0x10, "Fan 1")
		r[atKind] = kindAvailability
		b.put(r)
		b.turn(0x10, 30, 0xc0, 0x01, 0x80)
	}, nil, []string{"0x10, Fan 1, present, ok, 11.76 %"}},
	{"Dell rotors and redundancy", func(b *board) {
		b.put(tach(0x30, "Fan3A"), tach(0x31, "Fan3B"), discrete(0x75, typeFan, kindRedundancy, "Fan Redundancy"))
		b.turn(0x30, 73)
		b.turn(0x31, 0, 0xc0, 0xc0|7)
		b.state(0x75, 0x02)
	}, []string{"0x30", "0x31"}, []string{
		"0x30, Fan3A, present, ok, 7300 RPM",
		"0x31, Fan3B, present, critical, 0 RPM",
		"0x75, Fan Redundancy, set, critical, lost true",
	}},
	{"Dell that never sets the scanning bit", func(b *board) {
		b.put(tach(0x30, "FAN 1 RPM"), tach(0x31, "FAN 2 RPM"))
		b.turn(0x30, 36, 0x80, 0xc0)
		b.turn(0x31, 37, 0x80, 0xc0)
	}, nil, []string{
		"0x30, FAN 1 RPM, present, ok, 3600 RPM",
		"0x31, FAN 2 RPM, present, ok, 3700 RPM",
	}},
	{"Supermicro, empty headers and a fan lost in a restart", func(b *board) {
		b.put(tach(0x41, "FAN1"), tach(0x42, "FAN2"), tach(0x43, "FAN3"))
		b.turn(0x41, 19)
		b.na(0x42)
		b.na(0x43)
	}, []string{"0x41", "0x43"}, []string{
		"0x41, FAN1, present, ok, 1900 RPM",
		"0x42, FAN2, absent, unknown, -",
		"0x43, FAN3, present, unknown, -",
	}},
	{"Supermicro, equal to lower critical, extra bits", func(b *board) {
		b.put(tach(0x42, "FAN2"))
		b.turn(0x42, 5, 0xc0, 0xc0|3)
	}, nil, []string{"0x42, FAN2, present, critical, 500 RPM"}},
	{"ASRock, lower non-critical only", func(b *board) {
		r := tach(0x60, "CPU1_FAN1")
		copy(r[atLowerMask:], []byte{0x95, 0x1a, 0x95, 0x0a, 0x01, 0x01})
		r2 := tach(0x66, "REAR_FAN1")
		b.put(r, r2)
		b.turn(0x60, 0, 0xc0, 0xc0|1)
		b.na(0x66)
	}, nil, []string{
		"0x60, CPU1_FAN1, present, warning, 0 RPM",
		"0x66, REAR_FAN1, absent, unknown, -",
	}},
	{"white box without thresholds, number twice", func(b *board) {
		b.put(bare(0x20, "Fan A"), bare(0x20, "Fan B"))
		b.turn(0x20, 0, 0xc0, 0xc0)
	}, nil, []string{
		"0x20, Fan A, present, unknown, 0 RPM",
		"0x20.2, Fan B, present, unknown, 0 RPM",
	}},
	{"status bits of comparisons that are not made", func(b *board) {
		r := tach(0x20, "Fan")
		copy(r[atLowerMask:], []byte{0, 0x20, 0, 0, 0x02, 0x02})
		b.put(r)
		b.turn(0x20, 30, 0xc0, 0xc0|0x31)
	}, nil, []string{"0x20, Fan, present, ok, 3000 RPM"}},
	{"Fujitsu codes for what is not there", func(b *board) {
		b.put(tach(0x19, "FAN CPU"), tach(0x1a, "FAN2 SYS"), tach(0x24, "FAN PSU1"))
		b.turn(0x19, 28)
		b.sensors[0x1a] = []byte{0xcb}
		b.sensors[0x24] = []byte{0xcd}
	}, []string{"0x19", "0x24"}, []string{
		"0x19, FAN CPU, present, ok, 2800 RPM",
		"0x1a, FAN2 SYS, absent, unknown, -",
		"0x24, FAN PSU1, present, unknown, -",
	}},
	{"Lenovo: tachometers of rotors, states of modules", func(b *board) {
		b.put(tach(0x40, "Fan 1A Tach"), tach(0x41, "Fan 1B Tach"), tach(0x42, "Fan 2 Front Tach"), tach(0x43, "Fan 2 Rear Tach"),
			discrete(0x50, typeFan, kindSeverity, "Fan 1"), discrete(0x51, typeFan, kindSeverity, "Fan 2"),
			discrete(0x52, typeFan, kindState, "PS 1 Fan Fault"), discrete(0x53, typeFan, kindState, "PS 2 Fan Fault"),
			discrete(0x54, typeCooling, kindRedundancy, "Cooling Zone 1"))
		for n := range byte(4) {
			b.turn(0x40+n, 20+n)
		}
		b.state(0x50, 0x00)
		b.state(0x51, 0x04)
		b.state(0x52, 0x00)
		b.state(0x53, 0x02)
		b.state(0x54, 0x01)
	}, nil, []string{
		"0x40, Fan 1A Tach, present, ok, 2000 RPM",
		"0x41, Fan 1B Tach, present, ok, 2100 RPM",
		"0x42, Fan 2 Front Tach, present, critical, 2200 RPM",
		"0x43, Fan 2 Rear Tach, present, critical, 2300 RPM",
		"0x52, PS 1 Fan Fault, present, ok, -",
		"0x53, PS 2 Fan Fault, present, critical, -",
		"0x54, Cooling Zone 1, set, ok, lost false",
	}},
	{"Intel: presence of system fans in one shared record", func(b *board) {
		b.put(tach(0x30, "System Fan 1"), tach(0x31, "System Fan 2"), tach(0x32, "Processor 1 Fan"),
			share(discrete(0x40, typeFan, kindPresence, "Fan Present "), 2, 1), discrete(0x0c, typeFan, kindRedundancy, "Fan Redundancy"))
		b.turn(0x30, 49)
		b.na(0x31)
		b.turn(0x32, 20)
		b.state(0x40, 0x02)
		b.state(0x41, 0x01)
		b.na(0x0c)
	}, []string{"0x31"}, []string{
		"0x30, System Fan 1, present, ok, 4900 RPM",
		"0x31, System Fan 2, absent, unknown, -",
		"0x32, Processor 1 Fan, present, ok, 2000 RPM",
		"0x0c, Fan Redundancy, set, unknown, lost false",
	}},
	{"OpenBMC: not connected is disabled", func(b *board) {
		b.put(bare(0x20, "fan1"), bare(0x21, "fan2"))
		b.turn(0x20, 24, 0xc0, 0xc0)
		b.turn(0x21, 0, 0x80, 0xc0)
	}, nil, []string{
		"0x20, fan1, present, unknown, 2400 RPM",
		"0x21, fan2, absent, unknown, -",
	}},
	{"two-byte answers", func(b *board) {
		b.put(tach(0x30, "FAN 1"))
		b.turn(0x30, 30, 0xc0)
	}, nil, []string{"0x30, FAN 1, present, unknown, 3000 RPM"}},
	{"answers too short to be one", func(b *board) {
		b.put(tach(0x30, "FAN 1"))
		b.sensors[0x30] = []byte{0, 30}
	}, nil, []string{"gap sensor 0x30 FAN 1"}},
	{"presence sensors alone", func(b *board) {
		b.put(share(discrete(0x60, typeFan, kindPresence, "Fan Present "), 3, 1))
		b.state(0x60, 0x02)
		b.state(0x61, 0x01)
		b.state(0x62, 0x00)
	}, nil, []string{
		"0x60, Fan Present 1, present, ok, -",
		"0x61, Fan Present 2, absent, unknown, -",
		"0x62, Fan Present 3, present, unknown, -",
	}},
	{"presence and running as digital states", func(b *board) {
		b.put(tach(0x30, "Fan 7"), discrete(0x60, typeFan, kindState, "Fan 7 Present"), discrete(0x61, typeFan, kindState, "PS Fan Run"),
			discrete(0x62, typeFan, kindState, "Fan Zone"))
		b.na(0x30)
		b.state(0x60, 0x01)
		b.state(0x61, 0x01)
		b.state(0x62, 0x02)
	}, []string{"0x30"}, []string{
		"0x30, Fan 7, absent, unknown, -",
		"0x61, PS Fan Run, part, critical",
		"0x62, Fan Zone, part, warning",
	}},
	{"every other kind of state", func(b *board) {
		b.put(discrete(0x60, typeFan, kindPredictive, "A"), discrete(0x61, typeFan, kindLimit, "B"), discrete(0x62, typeFan, kindPerformance, "C"),
			discrete(0x63, typeFan, kindEnabled, "D"), discrete(0x64, typeFan, kindEnabled, "E"), discrete(0x65, typeFan, kindUsage, "F"),
			discrete(0x66, typeFan, 0x70, "G"), discrete(0x67, typeCooling, kindAvailability, "H"), discrete(0x68, typeFan, kindRedundancy, "I"))
		b.state(0x60, 0x02)
		b.state(0x61, 0x02)
		b.state(0x62, 0x01)
		b.state(0x63, 0x01)
		b.state(0x64, 0x02)
		b.state(0x65, 0x02)
		b.state(0x66, 0x02)
		b.state(0x67, 0x10)
		b.turn(0x68, 0, 0xc0, 0x08, 0x80)
	}, nil, []string{
		"0x60, A, present, warning, -",
		"0x61, B, present, critical, -",
		"0x62, C, present, ok, -",
		"0x63, D, standby, unknown, -",
		"0x64, E, present, ok, -",
		"0x65, F, present, ok, -",
		"0x68, I, set, critical, lost true",
		"0x67, H, part, critical",
	}},
	{"a fan in transition to degraded is weak, not failed", func(b *board) {
		b.put(discrete(0x60, typeFan, kindAvailability, "Fan 1"), discrete(0x61, typeFan, kindAvailability, "Fan 2"), discrete(0x62, typeFan, kindAvailability, "Fan 3"))
		b.state(0x60, 1<<availRunning)
		b.state(0x61, 1<<availDegraded)
		b.state(0x62, 1<<availOffLine)
	}, nil, []string{"0x60, Fan 1, present, ok, -", "0x61, Fan 2, present, warning, -", "0x62, Fan 3, present, critical, -"}},
	{"cooling units and one state for all fans are no fans", func(b *board) {
		b.put(tach(0x30, "FAN 1"), tach(0x31, "FAN 2"), discrete(0x60, typeFan, kindState, "Fan Fail"), discrete(0x61, typeCooling, kindAvailability, "Cooling Unit 1"),
			discrete(0x62, typeFan, kindState, "Fan 2 Fail"))
		b.turn(0x30, 30)
		b.turn(0x31, 31)
		b.state(0x60, 0x02)
		b.state(0x61, 0x40)
		b.state(0x62, 0x01)
	}, nil, []string{
		"0x30, FAN 1, present, ok, 3000 RPM",
		"0x31, FAN 2, present, ok, 3100 RPM",
		"0x60, Fan Fail, part, critical",
		"0x61, Cooling Unit 1, part, warning",
	}},
	{"entity presence: there, empty, disabled, not read", func(b *board) {
		b.put(tach(0x41, "FAN1 SYS"), tach(0x42, "FAN2 SYS"), tach(0x43, "FAN3 SYS"), tach(0x44, "FAN4 SYS"),
			entity(0x71, "FAN1 SYS"), entity(0x72, "FAN2 SYS"), entity(0x73, "FAN3 SYS"), entity(0x74, "FAN4 SYS"), entity(0x75, "DIMM A1"))
		b.turn(0x41, 51)
		b.na(0x42)
		b.na(0x43)
		b.na(0x44)
		b.state(0x71, 0x02) // contradicts a fan that turns: not asked
		b.state(0x72, 0x01)
		b.state(0x73, 0x02)
		b.sensors[0x74] = []byte{0, 1}
	}, nil, []string{
		"0x41, FAN1 SYS, present, ok, 5100 RPM",
		"0x42, FAN2 SYS, present, unknown, -",
		"0x43, FAN3 SYS, absent, unknown, -",
		"0x44, FAN4 SYS, unread, unknown, -",
		"gap sensor 0x74 FAN4 SYS",
	}},
	{"a pump", func(b *board) {
		b.put(tach(0x30, "Pump 1"))
		b.turn(0x30, 0, 0xc0, 0xc0|7)
	}, nil, []string{"0x30, Pump 1, present, critical, 0 RPM"}},
	{"thresholds in a compact record: states only", func(b *board) {
		b.put(discrete(0x60, typeFan, kindThreshold, "Fan 1"))
		b.turn(0x60, 0, 0xc0, 0xc2)
	}, nil, []string{"0x60, Fan 1, present, critical, -"}},
	{"a satellite controller's fan", func(b *board) {
		r := tach(0x60, "HSBP Fan")
		r[atOwner] = 0xc0
		b.put(r, tach(0x60, "Fan 1"))
		b.turn(0x60, 30)
	}, nil, []string{
		"0x60, Fan 1, present, ok, 3000 RPM",
		"gap sensor 0xc0/0x60 HSBP Fan",
	}},
	{"host off: nothing can be concluded", func(b *board) {
		b.put(tach(0x30, "FAN 1"))
		b.na(0x30)
		b.powered = false
	}, nil, []string{"0x30, FAN 1, present, unknown, -"}},
	{"insufficient privilege for one sensor", func(b *board) {
		b.put(tach(0x30, "FAN 1"), tach(0x31, "FAN 2"))
		b.sensors[0x30] = []byte{0xd4}
		b.turn(0x31, 30)
	}, nil, []string{"0x31, FAN 2, present, ok, 3000 RPM", "gap sensor 0x30 FAN 1"}},
}

func TestVendors(t *testing.T) {
	for _, tt := range vendorTests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBoard(t)
			tt.set(b)
			server := poll1(t, b.client(), bmc.Ask{Known: tt.known})
			if diff := cmp.Diff(tt.want, facts(server)); diff != "" {
				t.Errorf("%s\n%s", diff, strings.Join(server.Evidence, "\n"))
			}
			if want := map[bool]bmc.Power{true: bmc.PowerOn, false: bmc.PowerOff}[b.powered]; server.Power != want {
				t.Errorf("power %q, want %q", server.Power, want)
			}
		})
	}
}
