package world

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func four(c Config) (*World, *Clock) {
	clock := Still(noon)
	c.Clock = clock
	for i := range 4 {
		c.Fans = append(c.Fans, Fan{
			ID: string(rune('0' + i)), Name: "FAN" + string(rune('1'+i)), Sensor: 65 + i,
			Speed: 6000, Unit: RPM, LowerCritical: 500, LowerFatal: 300,
		})
	}
	return New(c), clock
}

func do(t *testing.T, w *World, text string) {
	t.Helper()
	a, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Do(a); err != nil {
		t.Fatal(err)
	}
}

// told is the log in short.
func told(w *World) []string {
	var out []string
	for _, r := range w.Log() {
		out = append(out, strings.Join(strings.Fields(r.Time.Format("15:04:05")+" "+string(r.Kind)+" "+r.Fan.Name+" "+string(r.Level)), " "))
	}
	return out
}

func TestDropLastsExactlyAsLongAsAsked(t *testing.T) {
	w, clock := four(Config{Levels: []Level{LowerCritical, LowerFatal}})
	do(t, w, "drop?fan=3&for=11s")
	if v := w.Look().Fans[2]; v.Health != Bad || *v.Reading != 0 {
		t.Errorf("dropped fan: %+v", v)
	}
	clock.Advance(10 * time.Second)
	if v := w.Look().Fans[2]; v.Health != Bad {
		t.Errorf("after 10 s of 11: %+v", v)
	}
	clock.Advance(time.Second)
	if v := w.Look().Fans[2]; v.Health != OK || *v.Reading != 6000 {
		t.Errorf("after 11 s: %+v", v)
	}
	want := []string{
		"12:00:00 fan failed FAN3 lower critical",
		"12:00:00 fan failed FAN3 lower non-recoverable",
		"12:00:00 redundancy lost",
		"12:00:11 fan recovered FAN3 lower non-recoverable",
		"12:00:11 fan recovered FAN3 lower critical",
		"12:00:11 redundancy regained",
	}
	if diff := cmp.Diff(want, told(w)); diff != "" {
		t.Error(diff)
	}
}

func TestScriptIsTimedAlthoughNobodyLooks(t *testing.T) {
	w, clock := four(Config{})
	a, err := Parse("drop?fan=1&for=11s&shape=zero")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Every(6*time.Hour, 90*time.Minute, a); err != nil {
		t.Fatal(err)
	}
	clock.Advance(24 * time.Hour)
	want := []string{
		"13:30:00 fan failed FAN1 lower critical", "13:30:11 fan recovered FAN1 lower critical",
		"19:30:00 fan failed FAN1 lower critical", "19:30:11 fan recovered FAN1 lower critical",
		"01:30:00 fan failed FAN1 lower critical", "01:30:11 fan recovered FAN1 lower critical",
		"07:30:00 fan failed FAN1 lower critical", "07:30:11 fan recovered FAN1 lower critical",
	}
	if diff := cmp.Diff(want, told(w)); diff != "" {
		t.Error(diff)
	}
}

func TestShapes(t *testing.T) {
	for _, shape := range Shapes() {
		w, _ := four(Config{})
		do(t, w, "drop?fan=2&shape="+string(shape))
		s := w.Look()
		if shape == Gone {
			if len(s.Fans) != 3 {
				t.Errorf("%s: %d fans are listed", shape, len(s.Fans))
			}
			continue
		}
		v := s.Fans[1]
		if !v.Failed {
			t.Errorf("%s: not failed", shape)
		}
		if v.State == "Enabled" && v.Health == OK && v.Reading != nil && *v.Reading > v.LowerCritical {
			t.Errorf("%s looks healthy: %+v", shape, v)
		}
		do(t, w, "return?fan=2")
		if v := w.Look().Fans[1]; v.Failed || v.Health != OK || *v.Reading != 6000 {
			t.Errorf("%s, returned: %+v", shape, v)
		}
	}
}

func TestLoggingHabits(t *testing.T) {
	for _, c := range []struct {
		name, drop string
		config     Config
		want       []string
	}{
		{"recovery never logged", "drop?fan=1&for=5s&log=failure&shape=zero", Config{},
			[]string{"12:00:00 fan failed FAN1 lower critical"}},
		{"nothing logged", "drop?fan=1&for=5s&log=nothing", Config{}, nil},
		{"logged late", "drop?fan=1&for=5s&lag=3s&shape=zero", Config{},
			[]string{"12:00:03 fan failed FAN1 lower critical", "12:00:08 fan recovered FAN1 lower critical"}},
		{"presence", "drop?fan=1&for=5s&shape=absent", Config{Presence: true},
			[]string{"12:00:00 fan removed FAN1", "12:00:05 fan inserted FAN1"}},
		{"one bus for two fans", "drop?fan=2,4&for=5s&apart=2s&shape=zero", Config{},
			[]string{"12:00:00 fan failed FAN2 lower critical", "12:00:02 fan failed FAN4 lower critical",
				"12:00:05 fan recovered FAN2 lower critical", "12:00:07 fan recovered FAN4 lower critical"}},
		{"spare fan", "drop?fan=2&for=5s", Config{MinNeeded: 3},
			[]string{"12:00:00 fan failed FAN2 lower critical", "12:00:00 redundancy degraded",
				"12:00:05 fan recovered FAN2 lower critical", "12:00:05 redundancy regained"}},
		{"clock two hours fast", "drop?fan=1&for=5s&shape=zero", Config{Skew: 2 * time.Hour},
			[]string{"14:00:00 fan failed FAN1 lower critical", "14:00:05 fan recovered FAN1 lower critical"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, clock := four(c.config)
			do(t, w, c.drop)
			clock.Advance(time.Minute)
			if diff := cmp.Diff(c.want, told(w)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func ids(w *World) []int {
	var out []int
	for _, r := range w.Log() {
		out = append(out, r.ID)
	}
	return out
}

func TestLogIsKeptAsConfigured(t *testing.T) {
	for _, c := range []struct {
		name string
		log  LogConfig
		want []int
		full bool
	}{
		{"no limit", LogConfig{}, []int{1, 2, 3, 4, 5, 6}, false},
		{"wraps", LogConfig{Capacity: 4}, []int{3, 4, 5, 6}, true},
		{"drops new ones", LogConfig{Capacity: 4, Linear: true}, []int{1, 2, 3, 4}, true},
		{"missing ids", LogConfig{Gap: 3}, []int{1, 2, 4, 5, 7, 8}, false},
		{"begins late", LogConfig{FirstID: 100}, []int{100, 101, 102, 103, 104, 105}, false},
		{"out of order", LogConfig{Shuffle: 1}, []int{4, 5, 2, 6, 1, 3}, false},
		{"noise first", LogConfig{Noise: 2, Capacity: 7}, []int{2, 3, 4, 5, 6, 7, 8}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _ := four(Config{Log: c.log})
			do(t, w, "write?count=6")
			got := ids(w)
			if c.log.Shuffle != 0 {
				if cmp.Equal(got, []int{1, 2, 3, 4, 5, 6}) || len(got) != 6 {
					t.Errorf("ids %v: not out of order", got)
				}
			} else if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if full := w.Look().LogFull; full != c.full {
				t.Errorf("full: %v", full)
			}
		})
	}
}

func TestClearLog(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w, _ := four(Config{Log: LogConfig{KeepIDs: keep}})
		do(t, w, "write?count=3")
		do(t, w, "clear-log")
		want := map[bool][]int{false: {1}, true: {4}}[keep]
		if diff := cmp.Diff(want, ids(w)); diff != "" {
			t.Errorf("ids kept %v: %s", keep, diff)
		}
		if r := w.Log()[0]; r.Kind != Cleared {
			t.Errorf("first record: %+v", r)
		}
		if n := len(w.History()); n != 4 {
			t.Errorf("the log that is never cleared has %d records", n)
		}
	}
}

func TestAFailureThatComesBackReopensItsEntry(t *testing.T) {
	w, clock := four(Config{Log: LogConfig{Merge: time.Hour}})
	for range 3 {
		do(t, w, "drop?fan=1&for=5s&shape=zero")
		clock.Advance(30 * time.Minute)
	}
	clock.Advance(2 * time.Hour)
	do(t, w, "drop?fan=1&shape=zero")
	var failures []Record
	for _, r := range w.Log() {
		if r.Kind == FanFailed {
			failures = append(failures, r)
		}
	}
	if len(failures) != 2 || failures[0].Count != 3 || failures[1].Count != 1 {
		t.Fatalf("failures: %+v", failures)
	}
	if f := failures[0]; !f.Time.Equal(noon) || !f.Repaired.Equal(noon.Add(time.Hour+5*time.Second)) {
		t.Errorf("three in one: %+v", f)
	}
	if !failures[1].Repaired.IsZero() {
		t.Errorf("still failed: %+v", failures[1])
	}
}

func TestControllerRestarts(t *testing.T) {
	w, clock := four(Config{Up: time.Hour})
	do(t, w, "restart?down=20s&blank=60s")
	if s := w.Look(); s.Up || s.Boots != 2 {
		t.Errorf("at first: %+v", s)
	}
	clock.Advance(30 * time.Second)
	if s := w.Look(); !s.Up || len(s.Fans) != 0 || !s.Started.Equal(noon.Add(20*time.Second)) {
		t.Errorf("after 30 s: %+v", s)
	}
	clock.Advance(50 * time.Second)
	if s := w.Look(); len(s.Fans) != 4 {
		t.Errorf("after 80 s: %+v", s)
	}
	if diff := cmp.Diff([]string{"12:00:20 controller started"}, told(w)); diff != "" {
		t.Error(diff)
	}
}

func TestPowerClockNamesAndHardware(t *testing.T) {
	w, clock := four(Config{Identity: Identity{UUID: "u", Serial: "s"}, Off: Gone})
	do(t, w, "power?state=off")
	if s := w.Look(); s.Power != Off || len(s.Fans) != 0 {
		t.Errorf("off: %+v", s)
	}
	do(t, w, "power?state=on&log=true")
	do(t, w, "rename?names=SYS_FAN_%25d&firmware=2.0")
	if s := w.Look(); s.Fans[3].Name != "SYS_FAN_4" || s.Fans[3].ID != "3" || s.Identity.Firmware != "2.0" {
		t.Errorf("renamed: %+v", s)
	}
	do(t, w, "clock?to=2001-01-01T00:00:00Z")
	clock.Advance(time.Second)
	if s := w.Look(); s.Clock.Year() != 2001 || !s.Time.Equal(noon.Add(time.Second)) {
		t.Errorf("clock of 2001: %v, true time %v", s.Clock, s.Time)
	}
	do(t, w, "clock")
	if s := w.Look(); !s.Clock.Equal(s.Time) {
		t.Errorf("clock set right: %v", s.Clock)
	}
	do(t, w, "drop?fan=4&for=1h")
	do(t, w, "replace?serial=other")
	s := w.Look()
	if s.Identity.Serial != "other" || s.Identity.UUID == "u" || s.Fans[3].Failed || len(w.Log()) != 0 {
		t.Errorf("replaced: %+v", s)
	}
	if err := w.Do(Replace{Fans: []Fan{{Name: "only one"}}}); err != nil {
		t.Fatal(err)
	}
	clock.Advance(2 * time.Hour) // what was planned for fan 4 finds none
	if s := w.Look(); len(s.Fans) != 1 {
		t.Errorf("one fan: %+v", s)
	}
}
