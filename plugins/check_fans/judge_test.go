package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func rpm(v float64) *float64 { return &v }

// fan is one that turns.
func fan(n string) bmc.Fan {
	return bmc.Fan{ID: "1/" + n, Name: "FAN" + n, Presence: bmc.Present, Health: bmc.HealthOK, Reading: rpm(5400), Unit: "RPM",
		LowerNonCritical: rpm(700), LowerCritical: rpm(500), LowerFatal: rpm(300)}
}

// six is a server whose fans all turn, changed as a test wants it.
func six(change ...func(*bmc.Server)) bmc.Server {
	s := bmc.Server{Identity: bmc.Identity{UUID: "4c4c4544-0042"}, Power: bmc.PowerOn, Logs: []bmc.Log{{ID: "SEL", Whole: true, Clock: new(time.Duration)}}}
	for _, n := range []string{"1", "2", "3", "4", "5", "6"} {
		s.Fans = append(s.Fans, fan(n))
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// third changes FAN3.
func third(change func(*bmc.Fan)) func(*bmc.Server) {
	return func(s *bmc.Server) { change(&s.Fans[2]) }
}

func drop3(s *bmc.Server) { s.Fans = append(s.Fans[:2], s.Fans[3:]...) }

func events(es ...bmc.Event) func(*bmc.Server) {
	return func(s *bmc.Server) { s.Logs[0].Events = es }
}

func event(id string, order int64, at time.Time, fan string, kind bmc.Kind) bmc.Event {
	return bmc.Event{ID: id, Order: order, Stamp: at.String(), Time: at, Fan: fan, Kind: kind}
}

// run polls each server five minutes after the one before and returns the last
// answer and memory.
func run(pol policy, servers ...bmc.Server) (check.Result, memory) {
	var m memory
	var r check.Result
	for i, s := range servers {
		at := noon.Add(time.Duration(i) * 5 * time.Minute)
		p := poll{server: s, started: at, now: at.Add(time.Second)}
		m = observe(m, p, pol)
		r = judge(p, pol, m)
	}
	return r, m
}

func texts(r check.Result) string {
	var out []string
	for _, f := range r.Findings {
		if f.Status == r.Status() {
			out = append(out, f.Text)
		}
	}
	return strings.Join(out, "\n") + "\n" + r.Summary + "\n" + strings.Join(r.Notes, "\n")
}

func expect(n int) func(*policy) { return func(p *policy) { p.expect = n } }

func TestRows(t *testing.T) {
	absent := third(func(f *bmc.Fan) { f.Presence, f.Reading, f.Says = bmc.Absent, nil, "State Absent, Health OK" })
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	gap := func(s *bmc.Server) {
		s.Gaps = append(s.Gaps, bmc.Gap{What: "Chassis 2 Thermal", Hides: "2/", Err: errors.New("HTTP 503")})
	}
	blind := func(s *bmc.Server) {
		s.Gaps = append(s.Gaps, bmc.Gap{What: "Chassis 1 Thermal", Hides: "1/", Err: errors.New("HTTP 503")})
	}
	tests := []struct {
		name   string
		policy func(*policy)
		polls  []bmc.Server
		want   check.Status
		say    string
	}{
		{"all turn", nil, []bmc.Server{six()}, check.OK, "6 fans turn, no drop-out in 24h"},
		{"host off", nil, []bmc.Server{six(), six(func(s *bmc.Server) { s.Power = bmc.PowerOff; s.Fans = nil })}, check.OK, "server is off"},
		{"host powering on is not off", nil, []bmc.Server{six(), six(absent, func(s *bmc.Server) { s.Power = bmc.PowerChanges })}, check.CRITICAL, "FAN3 is missing"},
		{"power unknown is not off", nil, []bmc.Server{six(), six(absent, func(s *bmc.Server) { s.Power = bmc.PowerUnknown })}, check.CRITICAL, "FAN3 is missing"},
		{"absent from the start is an empty bay", nil, []bmc.Server{six(absent)}, check.OK, "5 fans turn, 1 empty bay"},
		{"absent from the start, six expected", expect(6), []bmc.Server{six(absent)}, check.CRITICAL, "5 of 6 expected fans present"},
		{"absent although Health says OK (ibm-openbmc/dev#3449)", nil, []bmc.Server{six(), six(absent)}, check.CRITICAL, "FAN3 is missing (State Absent, Health OK)"},
		{"standby", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Standby, rpm(0) }))}, check.OK, "5 fans turn, 1 on standby"},
		{"Health Critical", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Health = bmc.HealthCritical }))}, check.CRITICAL, "FAN3 failed (Health Critical, 5400 RPM)"},
		{"reading equal to lower critical", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = rpm(500) }))}, check.CRITICAL, "FAN3 at 500 RPM, critical at 500 RPM"},
		{"under lower non-recoverable without a lower critical", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading, f.LowerCritical = rpm(299), rpm(0) }))}, check.CRITICAL, "critical at 300 RPM"},
		{"zero thresholds are none", nil, []bmc.Server{six(third(func(f *bmc.Fan) {
			f.Reading, f.LowerNonCritical, f.LowerCritical, f.LowerFatal = rpm(1), rpm(0), rpm(0), rpm(0)
		}))}, check.OK, "6 fans turn"},
		{"0 RPM whatever Health says", nil, []bmc.Server{six(third(func(f *bmc.Fan) {
			f.Reading, f.LowerNonCritical, f.LowerCritical, f.LowerFatal = rpm(0), nil, nil, nil
		}))}, check.CRITICAL, "FAN3 stands still (0 RPM)"},
		{"0 RPM allowed", func(p *policy) { p.allowZero = mustPattern("^FAN3$") }, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = rpm(0) }))}, check.OK, "5 fans turn, 1 on standby"},
		{"Health Warning", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Health = bmc.HealthWarning }))}, check.WARNING, "FAN3 in poor health"},
		{"at lower non-critical", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = rpm(700) }))}, check.WARNING, "FAN3 at 700 RPM, low at 700 RPM"},
		{"left the list, first poll", nil, []bmc.Server{six(), six(drop3)}, check.UNKNOWN, "FAN3 is missing (left the controller's list), the next poll decides"},
		{"left the list, second poll", nil, []bmc.Server{six(), six(drop3), six(drop3)}, check.CRITICAL, "FAN3 is missing"},
		{"left the list, controller up for long", nil, []bmc.Server{six(), six(drop3, func(s *bmc.Server) { s.Restarted = noon.Add(-time.Hour) })}, check.CRITICAL, "FAN3 is missing"},
		{"left the list, controller has just started", nil, []bmc.Server{six(), six(drop3, func(s *bmc.Server) { s.Restarted = noon.Add(3 * time.Minute) })}, check.UNKNOWN, "its controller started"},
		{"lost its reading, second poll", nil, []bmc.Server{six(), six(third(func(f *bmc.Fan) { f.Reading = nil })), six(third(func(f *bmc.Fan) { f.Reading = nil }))}, check.CRITICAL, "FAN3 lost its reading"},
		{"neither reading nor health, never seen turning", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading, f.Health = nil, "" }))}, check.UNKNOWN, "FAN3 is enabled but has neither a reading nor a health"},
		{"no reading but Health OK", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = nil }))}, check.OK, "6 fans turn"},
		{"redundancy lost", nil, []bmc.Server{six(func(s *bmc.Server) {
			s.Redundancies = []bmc.Redundancy{{Name: "Fan Redundancy", Health: bmc.HealthCritical}}
		})}, check.CRITICAL, "Fan Redundancy is lost"},
		{"redundancy degraded", nil, []bmc.Server{six(func(s *bmc.Server) {
			s.Redundancies = []bmc.Redundancy{{Name: "Fan Redundancy", Health: bmc.HealthWarning}}
		})}, check.WARNING, "Fan Redundancy is degraded"},
		{"redundancy disabled (Intel)", nil, []bmc.Server{six(func(s *bmc.Server) {
			s.Redundancies = []bmc.Redundancy{{Name: "Fan Redundancy", Health: bmc.HealthCritical, Disabled: true}}
		})}, check.OK, "6 fans turn"},
		{"drop-out in the log, first run", nil, []bmc.Server{six(events(event("1", 1, ago(time.Hour), "1/3", bmc.Failed), event("2", 2, ago(time.Hour-11*time.Second), "1/3", bmc.Recovered)))}, check.WARNING, "FAN3 dropped out once in 24h: "},
		{"drop-out in the log, too old", nil, []bmc.Server{six(events(event("1", 1, ago(25*time.Hour), "1/3", bmc.Failed), event("2", 2, ago(25*time.Hour-11*time.Second), "1/3", bmc.Recovered)))}, check.OK, "6 fans turn"},
		{"first run while the fan is out: the log says so", nil, []bmc.Server{six(absent, events(event("1", 1, ago(time.Minute), "1/3", bmc.Failed)))}, check.WARNING, "FAN3 down since "},
		{"undatable entries of a first run", nil, []bmc.Server{six(events(event("1", 1, time.Time{}, "1/3", bmc.Failed), event("2", 2, time.Time{}, "1/3", bmc.Recovered)))}, check.OK, "6 fans turn"},
		{"undatable entries that are new", nil, []bmc.Server{six(), six(events(event("1", 1, time.Time{}, "1/3", bmc.Failed), event("2", 2, time.Time{}, "1/3", bmc.Recovered)))}, check.WARNING, "FAN3 dropped out once"},
		{"five drop-outs", nil, []bmc.Server{six(), six(five("1/3"))}, check.CRITICAL, "FAN3 dropped out 5 times in 24h, last "},
		{"five drop-outs, more allowed", func(p *policy) { p.warn, p.crit = mustRange("5"), mustRange("10") }, []bmc.Server{six(), six(five("1/3"))}, check.OK, "6 fans turn"},
		{"two fans within five seconds", nil, []bmc.Server{six(), six(events(
			event("1", 1, noon.Add(time.Minute), "1/3", bmc.Failed), event("2", 2, noon.Add(time.Minute+4*time.Second), "1/4", bmc.Failed),
			event("3", 3, noon.Add(2*time.Minute), "1/3", bmc.Recovered), event("4", 4, noon.Add(2*time.Minute), "1/4", bmc.Recovered),
		))}, check.WARNING, "FAN3 and FAN4 dropped out once in 24h: "},
		{"the live reading wins over a log without recovery", nil, []bmc.Server{six(), six(events(event("1", 1, noon.Add(time.Minute), "1/3", bmc.Failed)))}, check.WARNING, "at the latest"},
		{"latched although it turns again", nil, []bmc.Server{six(), six(absent), six()}, check.CRITICAL, "FAN3 dropped out once in 24h"},
		{"host power changed", nil, []bmc.Server{six(), six(func(s *bmc.Server) { s.Power = bmc.PowerOff }), six(events(event("1", 1, noon.Add(9*time.Minute), "1/3", bmc.Failed), event("2", 2, noon.Add(9*time.Minute+20*time.Second), "1/3", bmc.Recovered)))}, check.OK, "6 fans turn"},
		{"maintenance", func(p *policy) { p.maintenance = true }, []bmc.Server{six(), six(five("1/3"))}, check.OK, "maintenance: drop-outs are not counted"},
		{"maintenance does not hide a fan that is missing now", func(p *policy) { p.maintenance = true }, []bmc.Server{six(), six(absent)}, check.CRITICAL, "FAN3 is missing"},
		{"no fan at all", nil, []bmc.Server{six(func(s *bmc.Server) { s.Fans = nil })}, check.UNKNOWN, "no fan is present"},
		{"no fan at all, as expected", expect(0), []bmc.Server{six(func(s *bmc.Server) { s.Fans = nil })}, check.OK, "no fan, as expected"},
		{"only empty bays", nil, []bmc.Server{six(func(s *bmc.Server) {
			for i := range s.Fans {
				s.Fans[i].Presence = bmc.Absent
			}
		})}, check.UNKNOWN, "no fan is present"},
		{"a gap beside fans that turn", nil, []bmc.Server{six(gap)}, check.UNKNOWN, "Chassis 2 Thermal: HTTP 503"},
		{"a gap that is excluded", func(p *policy) { p.exclude = mustPattern("Chassis 2") }, []bmc.Server{six(gap)}, check.OK, "6 fans turn"},
		{"a gap does not hide a dead fan", nil, []bmc.Server{six(), six(gap, absent)}, check.CRITICAL, "FAN3 is missing"},
		{"a fan that may be in the gap is not called missing", nil, []bmc.Server{six(), six(blind, drop3), six(blind, drop3)}, check.UNKNOWN, "Chassis 1 Thermal"},
		{"a gap elsewhere does not hide a fan that left", nil, []bmc.Server{six(), six(gap, drop3), six(gap, drop3)}, check.CRITICAL, "FAN3 is missing"},
		{"log unreadable", nil, []bmc.Server{six(noLog)}, check.OK, "SEL not read: HTTP 500"},
		{"log unreadable and required", func(p *policy) { p.log = "require" }, []bmc.Server{six(noLog)}, check.UNKNOWN, "SEL: HTTP 500"},
		{"log full", nil, []bmc.Server{six(func(s *bmc.Server) { s.Logs[0].Full = true })}, check.WARNING, "event log is full"},
		{"another serial number", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Serial = "A1" })), six(third(func(f *bmc.Fan) { f.Serial = "B2" }))}, check.WARNING, "FAN3 has serial B2, was A1"},
		{"renamed by a firmware update", nil, []bmc.Server{six(), six(func(s *bmc.Server) {
			for i := range s.Fans {
				s.Fans[i].ID = "Self/" + s.Fans[i].Name
				s.Fans[i].Name = "Fan " + s.Fans[i].Name[3:]
			}
		})}, check.OK, "fans were renamed"},
		{"excluded", func(p *policy) { p.exclude = mustPattern("FAN3") }, []bmc.Server{six(), six(absent)}, check.OK, "5 fans turn"},
		{"not included", func(p *policy) { p.include = mustPattern("FAN[12]") }, []bmc.Server{six(), six(drop3), six(drop3)}, check.OK, "2 fans turn"},
		{"nothing included", func(p *policy) { p.include = mustPattern("PUMP") }, []bmc.Server{six()}, check.UNKNOWN, "no fan is left by --include"},
		{"redundancy events alone", nil, []bmc.Server{six(), six(events(event("1", 1, noon.Add(time.Minute), "", bmc.RedundancyLost), event("2", 2, noon.Add(2*time.Minute), "", bmc.RedundancyRegained)))}, check.WARNING, "fan redundancy dropped out once"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pol := defaults()
			if tt.policy != nil {
				tt.policy(&pol)
			}
			r, _ := run(pol, tt.polls...)
			if got := r.Status(); got != tt.want || !strings.Contains(texts(r), tt.say) {
				t.Errorf("%s, want %s with %q:\n%s", got, tt.want, tt.say, texts(r))
			}
		})
	}
}

func noLog(s *bmc.Server) {
	s.Logs = nil
	s.Gaps = []bmc.Gap{{What: "SEL", Log: true, Err: errors.New("HTTP 500")}}
}

// five drop-outs of eleven seconds, half a minute apart.
func five(id string) func(*bmc.Server) {
	var es []bmc.Event
	for i := range int64(5) {
		at := noon.Add(time.Minute + time.Duration(i)*30*time.Second)
		es = append(es, event("", 2*i, at, id, bmc.Failed), event("", 2*i+1, at.Add(11*time.Second), id, bmc.Recovered))
	}
	return events(es...)
}

func mustPattern(s string) check.Pattern {
	var p check.Pattern
	if err := p.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return p
}

// TestTwoRunsAtOnce: two runs that began together fold the same entries and
// the same readings into one memory; nothing counts twice, nothing is lost.
func TestTwoRunsAtOnce(t *testing.T) {
	pol := defaults()
	_, m := run(pol, six())
	at := noon.Add(5 * time.Minute)
	a := six(events(event("1", 1, noon.Add(time.Minute), "1/3", bmc.Failed), event("2", 2, noon.Add(time.Minute+11*time.Second), "1/3", bmc.Recovered)))
	b := six(events(append(a.Logs[0].Events, event("3", 3, at, "1/4", bmc.Failed))...))
	first := poll{server: a, started: at, now: at.Add(2 * time.Second)}
	second := poll{server: b, started: at.Add(time.Second), now: at.Add(3 * time.Second)}
	for name, polls := range map[string][]poll{"in order": {first, second}, "out of order": {second, first}, "twice": {first, second, first, second}} {
		got := m
		for _, p := range polls {
			got = observe(got, p, pol)
		}
		if n := len(judgeDrops(got, pol, second.now).counted); n != 2 {
			t.Errorf("%s: %d drop-outs counted, want 2", name, n)
		}
	}
}

// TestTwoRunsAreNotTwoPolls: a fan that is gone must be gone at two times.
func TestTwoRunsAreNotTwoPolls(t *testing.T) {
	pol := defaults()
	_, m := run(pol, six())
	at := noon.Add(5 * time.Minute)
	for range 2 {
		p := poll{server: six(drop3), started: at, now: at.Add(2 * time.Second)}
		m = observe(m, p, pol)
		if s := judge(p, pol, m).Status(); s != check.UNKNOWN {
			t.Errorf("status %s, want UNKNOWN until another poll", s)
		}
	}
}

// TestOneProblemOneRecovery: the status of a fan that comes and goes changes
// as a person would want to be told.
func TestOneProblemOneRecovery(t *testing.T) {
	absent := six(third(func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Absent, nil }))
	pol := defaults()
	pol.window = time.Hour
	var m memory
	var got []string
	for i := range 40 {
		s := six()
		if i == 3 || i == 5 || i == 6 || i == 11 {
			s = absent
		}
		at := noon.Add(time.Duration(i) * 5 * time.Minute)
		p := poll{server: s, started: at, now: at}
		m = observe(m, p, pol)
		if s := judge(p, pol, m).Status().String(); len(got) == 0 || got[len(got)-1] != s {
			got = append(got, s)
		}
	}
	if want := "OK CRITICAL OK"; strings.Join(got, " ") != want {
		t.Errorf("statuses %v, want %s", got, want)
	}
}

// TestClockJumps: our own clock was years ahead for one poll.
func TestClockJumps(t *testing.T) {
	pol := defaults()
	_, m := run(pol, six())
	ahead := noon.AddDate(4, 0, 0)
	absent := six(third(func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Absent, nil }))
	m = observe(m, poll{server: absent, started: ahead, now: ahead}, pol)
	back := noon.Add(10 * time.Minute)
	var r check.Result
	for range 2 {
		p := poll{server: six(), started: back, now: back.Add(time.Second)}
		m = observe(m, p, pol)
		r = judge(p, pol, m)
		back = back.Add(5 * time.Minute)
	}
	if r.Status() != check.CRITICAL {
		t.Errorf("%s: the drop-out of the jump must stay latched for the window", r.Status())
	}
	later := back.Add(25 * time.Hour)
	p := poll{server: six(), started: later, now: later}
	m = observe(m, p, pol)
	if s := judge(p, pol, m).Status(); s != check.OK {
		t.Errorf("%s a day later, want OK: it must not count until the year the clock showed", s)
	}
}

// TestRelearn: what is present becomes what is expected, and the difference is
// told.
func TestRelearn(t *testing.T) {
	pol := defaults()
	_, m := run(pol, six(), six(drop3), six(drop3))
	at := noon.Add(time.Hour)
	p := poll{server: six(drop3, func(s *bmc.Server) { s.Fans = append(s.Fans, fan("7")) }), started: at, now: at}
	m, changes := observe(m, p, pol).relearn(p, pol)
	if got, want := strings.Join(changes, ", "), "- FAN3"; got != want {
		t.Errorf("changes %q, want %q (FAN7 was learned when it appeared)", got, want)
	}
	if f := judgeLive(p, pol, m); (check.Result{Findings: f}).Status() != check.OK {
		t.Errorf("after --relearn: %+v", f)
	}
}

// TestAcknowledgeRefuses: nothing is acknowledged while a fan is down.
func TestAcknowledgeRefuses(t *testing.T) {
	pol := defaults()
	absent := six(third(func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Absent, nil }))
	_, m := run(pol, six(), absent)
	p := poll{server: absent, started: noon.Add(time.Hour), now: noon.Add(time.Hour)}
	if got := strings.Join(refusals(p, pol, m), " "); !regexp.MustCompile("FAN3 is missing").MatchString(got) {
		t.Errorf("refusals %q do not name FAN3", got)
	}
	p.server = six()
	if got := refusals(p, pol, observe(m, p, pol)); len(got) != 0 {
		t.Errorf("refused %q although all fans turn", got)
	}
}

// TestDropInTheSecondOfTheAcknowledgement: entries are dated to the second, so
// one of a new drop-out may seem older than the acknowledgement.
func TestDropInTheSecondOfTheAcknowledgement(t *testing.T) {
	pol := defaults()
	_, m := run(pol, six(), six(five("1/3")))
	at := noon.Add(10*time.Minute + 600*time.Millisecond)
	m.acknowledge(ack{At: at}, pol)
	s := six(five("1/3"))
	s.Logs[0].Events = append(s.Logs[0].Events, event("", 11, at.Truncate(time.Second), "1/3", bmc.Failed), event("", 12, at.Add(2*time.Second), "1/3", bmc.Recovered))
	p := poll{server: s, started: at.Add(time.Minute), now: at.Add(time.Minute)}
	m = observe(m, p, pol)
	if n := len(judgeDrops(m, pol, p.now).counted); n != 1 {
		t.Errorf("%d drop-outs counted after the acknowledgement, want the new one", n)
	}
}
