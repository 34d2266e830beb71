package fans

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
func run(pol Policy, servers ...bmc.Server) (check.Result, Memory) {
	var m Memory
	var r check.Result
	for i, s := range servers {
		at := noon.Add(time.Duration(i) * 5 * time.Minute)
		p := Poll{Server: s, Started: at, Now: at.Add(time.Second)}
		m = Observe(m, p, pol)
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

func expect(n int) func(*Policy) { return func(p *Policy) { p.Expect = n } }

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
		policy func(*Policy)
		polls  []bmc.Server
		want   check.Status
		say    string
	}{
		{"power unknown after off, and nothing turns", nil, []bmc.Server{six(), six(func(s *bmc.Server) { s.Power = bmc.PowerOff }), motionless(), motionless()}, check.UNKNOWN, "power state: not told, and the server was off at the last poll"},
		{"power unknown after off, and one turns", nil, []bmc.Server{six(), six(func(s *bmc.Server) { s.Power = bmc.PowerOff }), motionless(func(s *bmc.Server) { s.Fans[0].Reading = rpm(5000) })}, check.CRITICAL, "FAN3 stands still"},
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
		{"0 RPM allowed", func(p *Policy) { p.AllowZero = mustPattern("^FAN3$") }, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = rpm(0) }))}, check.OK, "5 fans turn, 1 on standby"},
		{"Health Warning", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Health = bmc.HealthWarning }))}, check.WARNING, "FAN3 in poor health"},
		{"at lower non-critical", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = rpm(700) }))}, check.WARNING, "FAN3 at 700 RPM, low at 700 RPM"},
		{"left the list, first poll", nil, []bmc.Server{six(), six(drop3)}, check.UNKNOWN, "FAN3 is missing (left the controller's list), the next poll decides"},
		{"left the list, second poll", nil, []bmc.Server{six(), six(drop3), six(drop3)}, check.CRITICAL, "FAN3 is missing"},
		{"left the list, controller up for long", nil, []bmc.Server{six(), six(drop3, func(s *bmc.Server) { s.Restarted = noon.Add(-time.Hour) })}, check.CRITICAL, "FAN3 is missing"},
		{"left the list, controller has just started", nil, []bmc.Server{six(), six(drop3, func(s *bmc.Server) { s.Restarted = noon.Add(3 * time.Minute) })}, check.UNKNOWN, "its controller started"},
		{"lost its reading, second poll", nil, []bmc.Server{six(), six(third(func(f *bmc.Fan) { f.Reading = nil })), six(third(func(f *bmc.Fan) { f.Reading = nil }))}, check.CRITICAL, "FAN3 lost its reading"},
		{"neither reading nor health, never seen turning", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading, f.Health = nil, "" }))}, check.UNKNOWN, "FAN3 is enabled but has neither a reading nor a health"},
		{"no reading but Health OK", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = nil }))}, check.OK, "6 fans turn"},
		{"a rotor that stands still", nil, []bmc.Server{six(third(rotors(5400, 0)))}, check.CRITICAL, "FAN3 (rotor B) stands still (0 RPM)"},
		{"a rotor under its threshold beside one that may stand still", func(p *Policy) { p.AllowZero = mustPattern("FAN3") }, []bmc.Server{six(third(rotors(0, 400)))}, check.CRITICAL, "FAN3 (rotor B) at 400 RPM, critical at 500 RPM"},
		{"both rotors may stand still", func(p *Policy) { p.AllowZero = mustPattern("FAN3") }, []bmc.Server{six(third(rotors(0, 0)))}, check.OK, "5 fans turn, 1 on standby"},
		{"a rotor that lost its reading", nil, []bmc.Server{six(third(rotors(5400, 5300))), six(third(rotors(5400, -1))), six(third(rotors(5400, -1)))}, check.CRITICAL, "FAN3 (rotor B) lost its reading"},
		{"a rotor that never had a reading", nil, []bmc.Server{six(third(rotors(5400, -1))), six(third(rotors(5400, -1)))}, check.OK, "6 fans turn"},
		{"a rotor that left the list", nil, []bmc.Server{six(third(rotors(5400, 5300))), six(third(rotors(5400))), six(third(rotors(5400)))}, check.CRITICAL, "FAN3 (rotor b) lost its reading"},
		{"State Degraded", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.State = "Degraded" }))}, check.WARNING, "FAN3 in poor health"},
		{"State Enabled", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.State = "Enabled" }))}, check.OK, "6 fans turn"},
		{"State UnavailableOffline without a reading", nil, []bmc.Server{six(third(silent("UnavailableOffline")))}, check.UNKNOWN, "FAN3 shows no reading and is not in service"},
		{"State UpdatingFirmware without a reading", nil, []bmc.Server{six(third(silent("UpdatingFirmware")))}, check.UNKNOWN, "FAN3 shows no reading"},
		{"State Updating without a reading", nil, []bmc.Server{six(third(silent("Updating")))}, check.UNKNOWN, "FAN3 shows no reading"},
		{"State Starting without a reading", nil, []bmc.Server{six(third(silent("Starting")))}, check.UNKNOWN, "FAN3 shows no reading"},
		{"State InTest without a reading", nil, []bmc.Server{six(third(silent("InTest")))}, check.UNKNOWN, "FAN3 shows no reading"},
		{"State Deferring without a reading", nil, []bmc.Server{six(third(silent("Deferring")))}, check.UNKNOWN, "FAN3 shows no reading"},
		{"State Quiesced without a reading", nil, []bmc.Server{six(third(silent("Quiesced")))}, check.UNKNOWN, "FAN3 shows no reading"},
		{"State Qualified without a reading", nil, []bmc.Server{six(third(silent("Qualified")))}, check.UNKNOWN, "FAN3 shows no reading"},
		{"State UnavailableOffline of one that was seen turning", nil, []bmc.Server{six(), six(third(silent("UnavailableOffline"))), six(third(silent("UnavailableOffline")))}, check.CRITICAL, "FAN3 lost its reading"},
		{"State UnavailableOffline that turns all the same", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.State = "UnavailableOffline" }))}, check.OK, "6 fans turn"},
		{"a state that no standard knows, without a reading", nil, []bmc.Server{six(third(silent("Melancholy")))}, check.UNKNOWN, `FAN3 is in state "Melancholy"`},
		{"a state that no standard knows", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.State = "Melancholy" }))}, check.OK, `FAN3 is in state "Melancholy"`},
		{"says OK, measures nothing", nil, []bmc.Server{six(claims)}, check.UNKNOWN, "FAN3 says OK, measures nothing"},
		{"says OK where others are measured", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading, f.Opinion = nil, bmc.Claim }))}, check.OK, "6 fans turn"},
		{"a discrete sensor says OK", nil, []bmc.Server{six(claims, func(s *bmc.Server) {
			for i := range s.Fans {
				s.Fans[i].Opinion = bmc.BySensor
			}
		})}, check.OK, "6 fans turn"},
		{"says OK, measures nothing any more", nil, []bmc.Server{six(), six(claims), six(claims)}, check.CRITICAL, "FAN3 lost its reading"},
		{"present, and the tachometer answers nothing from the start", nil, []bmc.Server{six(third(witnessed))}, check.UNKNOWN, "FAN3 is enabled but has neither"},
		{"present, and the tachometer answers nothing any more", nil, []bmc.Server{six(), six(third(witnessed)), six(third(witnessed))}, check.CRITICAL, "FAN3 lost its reading"},
		{"a pump that stands still", nil, []bmc.Server{six(pump(0))}, check.CRITICAL, "PUMP1 stands still"},
		{"a pump that turns is no fan", expect(7), []bmc.Server{six(pump(2500))}, check.CRITICAL, "6 of 7 expected fans present"},
		{"a pump that turns", nil, []bmc.Server{six(pump(2500))}, check.OK, "6 fans turn, 1 pump turns"},
		{"a pump that stands still where no fan is expected", expect(0), []bmc.Server{{Fans: six(pump(0)).Fans[6:]}}, check.CRITICAL, "PUMP1 stands still"},
		{"a leak", nil, []bmc.Server{six(part(bmc.LeakDetector, bmc.HealthCritical))}, check.CRITICAL, "leak detector Loop is critical"},
		{"a small leak where no fan is expected", expect(0), []bmc.Server{{Parts: six(part(bmc.LeakDetector, bmc.HealthWarning)).Parts}}, check.WARNING, "leak detector Loop warns"},
		{"no leak", nil, []bmc.Server{six(part(bmc.LeakDetector, bmc.HealthOK))}, check.OK, "6 fans turn"},
		{"cooling critical although no fan is", nil, []bmc.Server{six(part(bmc.Cooling, bmc.HealthCritical))}, check.CRITICAL, "cooling Loop is critical"},
		{"what is left out on purpose", nil, []bmc.Server{six(func(s *bmc.Server) {
			s.LeftOut = []bmc.LeftOut{{What: "Chassis Enclosure.External.0", Why: "it restarts controllers"}}
		})}, check.OK, "Chassis Enclosure.External.0 is not asked"},
		{"a gap is named as its fan is known", nil, []bmc.Server{six(), six(drop3, func(s *bmc.Server) {
			s.Gaps = []bmc.Gap{{What: "Chassis 1 Fans 7", Hides: "1/3", Fan: "1/3", Err: errors.New("HTTP 404")}}
		})}, check.UNKNOWN, "FAN3 (Chassis 1 Fans 7): HTTP 404"},
		{"a presence that was not read", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Presence, f.Reading, f.Health = bmc.Unread, nil, "" }))}, check.UNKNOWN, "FAN3 could not be read"},
		{"another resource model", nil, []bmc.Server{eight(), four()}, check.WARNING, "fans are listed otherwise since 2026-11-20T12:05:01Z, 8 then and 4 now"},
		{"another resource model, and a fan is dead", nil, []bmc.Server{eight(), four(third(func(f *bmc.Fan) { f.Health = bmc.HealthCritical }))}, check.CRITICAL, "fan2 failed"},
		{"another resource model for one poll", nil, []bmc.Server{eight(), four(), eight()}, check.OK, "8 fans turn"},
		{"another resource model beside a fan that stays", nil, []bmc.Server{eight(psu), four(psu)}, check.WARNING, "listed otherwise"},
		{"percent instead of RPM", nil, []bmc.Server{six(), six(percent(40)), six(percent(40))}, check.OK, "6 fans turn"},
		{"percent instead of RPM, and one stands still", nil, []bmc.Server{six(), six(percent(40), third(func(f *bmc.Fan) { f.Reading = rpm(0) }))}, check.CRITICAL, "FAN3 stands still (0%)"},
		{"half of the fans gone, nothing in their place", nil, []bmc.Server{eight(), halved(eight()), halved(eight())}, check.CRITICAL, "is missing"},
		{"found together by a poll", nil, []bmc.Server{six(), six(func(s *bmc.Server) {
			s.Fans[1].Reading, s.Fans[2].Reading = rpm(0), rpm(0)
		}), six()}, check.CRITICAL, "FAN2 and FAN3 dropped out once in 24h: 2026-11-20T12:05:01Z until 2026-11-20T12:10:01Z at the latest (found together)"},
		{"redundancy lost is the last word of the log", func(p *Policy) { p.Window = time.Minute }, []bmc.Server{six(events(event("1", 1, ago(40*24*time.Hour), "", bmc.RedundancyLost)))}, check.WARNING, "fan redundancy is lost since"},
		{"redundancy lost and regained, long ago", func(p *Policy) { p.Window = time.Minute }, []bmc.Server{six(events(event("1", 1, ago(2*time.Hour), "", bmc.RedundancyLost), event("2", 2, ago(time.Hour), "", bmc.RedundancyRegained)))}, check.OK, "no drop-out"},
		{"redundancy lost, and a live set says otherwise", func(p *Policy) { p.Window = time.Minute }, []bmc.Server{six(events(event("1", 1, ago(2*time.Hour), "", bmc.RedundancyLost)), full), six(full)}, check.OK, "6 fans turn"},
		{"redundancy lost, and the fan that did it turns again", func(p *Policy) { p.Window = time.Minute }, []bmc.Server{six(events(
			event("1", 1, ago(2*time.Hour), "", bmc.RedundancyLost), event("2", 2, ago(2*time.Hour), "1/3", bmc.Failed), event("3", 3, ago(time.Hour), "1/3", bmc.Recovered)))}, check.WARNING, "fan redundancy is lost since"},
		{"entries that nobody can date are said", nil, []bmc.Server{six(events(event("1", 1, time.Time{}, "1/3", bmc.Failed), event("2", 2, time.Time{}, "1/3", bmc.Recovered)))}, check.OK, "2 entries about fans without a usable time in the log not counted"},
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
		{"five drop-outs, more allowed", func(p *Policy) { p.Warn, p.Crit = mustRange("5"), mustRange("10") }, []bmc.Server{six(), six(five("1/3"))}, check.OK, "6 fans turn"},
		{"two fans within five seconds", nil, []bmc.Server{six(), six(events(
			event("1", 1, noon.Add(time.Minute), "1/3", bmc.Failed), event("2", 2, noon.Add(time.Minute+4*time.Second), "1/4", bmc.Failed),
			event("3", 3, noon.Add(2*time.Minute), "1/3", bmc.Recovered), event("4", 4, noon.Add(2*time.Minute), "1/4", bmc.Recovered),
		))}, check.WARNING, "FAN3 and FAN4 dropped out once in 24h: "},
		{"the live reading wins over a log without recovery", nil, []bmc.Server{six(), six(events(event("1", 1, noon.Add(time.Minute), "1/3", bmc.Failed)))}, check.WARNING, "at the latest"},
		{"latched although it turns again", nil, []bmc.Server{six(), six(absent), six()}, check.CRITICAL, "FAN3 dropped out once in 24h"},
		{"host power changed", nil, []bmc.Server{six(), six(func(s *bmc.Server) { s.Power = bmc.PowerOff }), six(events(event("1", 1, noon.Add(9*time.Minute), "1/3", bmc.Failed), event("2", 2, noon.Add(9*time.Minute+20*time.Second), "1/3", bmc.Recovered)))}, check.OK, "6 fans turn"},
		{"maintenance", func(p *Policy) { p.Maintenance = true }, []bmc.Server{six(), six(five("1/3"))}, check.OK, "maintenance: drop-outs are not counted"},
		{"maintenance does not hide a fan that is missing now", func(p *Policy) { p.Maintenance = true }, []bmc.Server{six(), six(absent)}, check.CRITICAL, "FAN3 is missing"},
		{"no fan at all", nil, []bmc.Server{six(func(s *bmc.Server) { s.Fans = nil })}, check.UNKNOWN, "no fan is present"},
		{"no fan at all, as expected", expect(0), []bmc.Server{six(func(s *bmc.Server) { s.Fans = nil })}, check.OK, "no fan, as expected"},
		{"a dead fan where none is expected", expect(0), []bmc.Server{six(third(func(f *bmc.Fan) { f.Reading = rpm(0) }))}, check.CRITICAL, "FAN3 stands still"},
		{"a fan that measures nothing where none is expected", expect(0), []bmc.Server{six(claims)}, check.UNKNOWN, "FAN3 says OK, measures nothing"},
		{"a part that could not be read where no fan is expected", expect(0), []bmc.Server{six(gap, func(s *bmc.Server) { s.Fans = nil })}, check.UNKNOWN, "Chassis 2 Thermal: HTTP 503"},
		{"fan redundancy lost where no fan is expected", expect(0), []bmc.Server{six(full, func(s *bmc.Server) { s.Fans, s.Redundancies[0].Health = nil, bmc.HealthCritical })}, check.CRITICAL, "Fan Redundancy is lost"},
		{"only empty bays", nil, []bmc.Server{six(func(s *bmc.Server) {
			for i := range s.Fans {
				s.Fans[i].Presence = bmc.Absent
			}
		})}, check.UNKNOWN, "no fan is present"},
		{"a gap beside fans that turn", nil, []bmc.Server{six(gap)}, check.UNKNOWN, "Chassis 2 Thermal: HTTP 503"},
		{"a gap that is excluded", func(p *Policy) { p.Exclude = mustPattern("Chassis 2") }, []bmc.Server{six(gap)}, check.OK, "6 fans turn"},
		{"a gap does not hide a dead fan", nil, []bmc.Server{six(), six(gap, absent)}, check.CRITICAL, "FAN3 is missing"},
		{"a fan that may be in the gap is not called missing", nil, []bmc.Server{six(), six(blind, drop3), six(blind, drop3)}, check.UNKNOWN, "Chassis 1 Thermal"},
		{"a gap elsewhere does not hide a fan that left", nil, []bmc.Server{six(), six(gap, drop3), six(gap, drop3)}, check.CRITICAL, "FAN3 is missing"},
		{"log unreadable", nil, []bmc.Server{six(noLog)}, check.OK, "SEL not read: HTTP 500"},
		{"log unreadable and required", func(p *Policy) { p.Log = "require" }, []bmc.Server{six(noLog)}, check.UNKNOWN, "SEL: HTTP 500"},
		{"log full", nil, []bmc.Server{six(func(s *bmc.Server) { s.Logs[0].Full = true })}, check.WARNING, "event log is full"},
		{"another serial number", nil, []bmc.Server{six(third(func(f *bmc.Fan) { f.Serial = "A1" })), six(third(func(f *bmc.Fan) { f.Serial = "B2" }))}, check.WARNING, "FAN3 has serial B2, was A1"},
		{"renamed by a firmware update", nil, []bmc.Server{six(), six(func(s *bmc.Server) {
			for i := range s.Fans {
				s.Fans[i].ID = "Self/" + s.Fans[i].Name
				s.Fans[i].Name = "Fan " + s.Fans[i].Name[3:]
			}
		})}, check.OK, "fans were renamed"},
		{"excluded", func(p *Policy) { p.Exclude = mustPattern("FAN3") }, []bmc.Server{six(), six(absent)}, check.OK, "5 fans turn"},
		{"not included", func(p *Policy) { p.Include = mustPattern("FAN[12]") }, []bmc.Server{six(), six(drop3), six(drop3)}, check.OK, "2 fans turn"},
		{"nothing included", func(p *Policy) { p.Include = mustPattern("PUMP") }, []bmc.Server{six()}, check.UNKNOWN, "no fan is left by --include"},
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
	first := Poll{Server: a, Started: at, Now: at.Add(2 * time.Second)}
	second := Poll{Server: b, Started: at.Add(time.Second), Now: at.Add(3 * time.Second)}
	for name, polls := range map[string][]Poll{"in order": {first, second}, "out of order": {second, first}, "twice": {first, second, first, second}} {
		got := m
		for _, p := range polls {
			got = Observe(got, p, pol)
		}
		if n := len(judgeDrops(got, pol, second.Now).counted); n != 2 {
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
		p := Poll{Server: six(drop3), Started: at, Now: at.Add(2 * time.Second)}
		m = Observe(m, p, pol)
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
	pol.Window = time.Hour
	var m Memory
	var got []string
	for i := range 40 {
		s := six()
		if i == 3 || i == 5 || i == 6 || i == 11 {
			s = absent
		}
		at := noon.Add(time.Duration(i) * 5 * time.Minute)
		p := Poll{Server: s, Started: at, Now: at}
		m = Observe(m, p, pol)
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
	m = Observe(m, Poll{Server: absent, Started: ahead, Now: ahead}, pol)
	back := noon.Add(10 * time.Minute)
	var r check.Result
	for range 2 {
		p := Poll{Server: six(), Started: back, Now: back.Add(time.Second)}
		m = Observe(m, p, pol)
		r = judge(p, pol, m)
		back = back.Add(5 * time.Minute)
	}
	if r.Status() != check.CRITICAL {
		t.Errorf("%s: the drop-out of the jump must stay latched for the window", r.Status())
	}
	later := back.Add(25 * time.Hour)
	p := Poll{Server: six(), Started: later, Now: later}
	m = Observe(m, p, pol)
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
	p := Poll{Server: six(drop3, func(s *bmc.Server) { s.Fans = append(s.Fans, fan("7")) }), Started: at, Now: at}
	m, changes := Relearn(m, p, pol)
	if got, want := strings.Join(changes, ", "), "- FAN3"; got != want {
		t.Errorf("changes %q, want %q (FAN7 was learned when it appeared)", got, want)
	}
	if f := judgeLive(p, pol, m); (check.Result{Findings: answered(f)}).Status() != check.OK {
		t.Errorf("after --relearn: %+v", f)
	}
}

// TestRelearnShape: --relearn ends the WARNING of another resource model, for
// good, and a fan of the new list that leaves is missing.
func TestRelearnShape(t *testing.T) {
	pol := defaults()
	_, m := run(pol, eight(), four())
	for i, s := range []bmc.Server{four(), four(), four(drop3), four(drop3)} {
		at := noon.Add(time.Hour + time.Duration(i)*5*time.Minute)
		p := Poll{Server: s, Started: at, Now: at}
		m = Observe(m, p, pol)
		if i == 0 {
			m, _ = Relearn(m, p, pol)
		}
		want := []check.Status{check.OK, check.OK, check.UNKNOWN, check.CRITICAL}[i]
		if r := judge(p, pol, m); r.Status() != want || strings.Contains(texts(r), "listed otherwise") {
			t.Errorf("poll %d after --relearn: %s, want %s:\n%s", i, r.Status(), want, texts(r))
		}
	}
}

// TestAcknowledgeRefuses: nothing is acknowledged while a fan is down.
func TestAcknowledgeRefuses(t *testing.T) {
	pol := defaults()
	absent := six(third(func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Absent, nil }))
	_, m := run(pol, six(), absent)
	p := Poll{Server: absent, Started: noon.Add(time.Hour), Now: noon.Add(time.Hour)}
	if got := strings.Join(refusals(p, pol, m), " "); !regexp.MustCompile("FAN3 is missing").MatchString(got) {
		t.Errorf("refusals %q do not name FAN3", got)
	}
	p.Server = six()
	if got := refusals(p, pol, Observe(m, p, pol)); len(got) != 0 {
		t.Errorf("refused %q although all fans turn", got)
	}
}

// TestDropInTheSecondOfTheAcknowledgement: entries are dated to the second, so
// one of a new drop-out may seem older than the acknowledgement.
func TestDropInTheSecondOfTheAcknowledgement(t *testing.T) {
	pol := defaults()
	_, m := run(pol, six(), six(five("1/3")))
	at := noon.Add(10*time.Minute + 600*time.Millisecond)
	m.acknowledge(Ack{At: at}, pol)
	s := six(five("1/3"))
	s.Logs[0].Events = append(s.Logs[0].Events, event("", 11, at.Truncate(time.Second), "1/3", bmc.Failed), event("", 12, at.Add(2*time.Second), "1/3", bmc.Recovered))
	p := Poll{Server: s, Started: at.Add(time.Minute), Now: at.Add(time.Minute)}
	m = Observe(m, p, pol)
	if n := len(judgeDrops(m, pol, p.Now).counted); n != 1 {
		t.Errorf("%d drop-outs counted after the acknowledgement, want the new one", n)
	}
}

// rotors gives a fan these speeds; a negative one is none.
func rotors(speeds ...float64) func(*bmc.Fan) {
	return func(f *bmc.Fan) {
		for i, v := range speeds {
			r := bmc.Rotor{ID: string(rune('a' + i)), Name: string(rune('A' + i)), Unit: "RPM", LowerCritical: rpm(500)}
			if v >= 0 {
				r.Reading = &v
			}
			f.Rotors = append(f.Rotors, r)
		}
		f.Weigh()
	}
}

// silent is a fan in a state, called well, without a reading.
func silent(state string) func(*bmc.Fan) {
	return func(f *bmc.Fan) { f.State, f.Reading = state, nil }
}

// claims makes all fans well without measuring any.
func claims(s *bmc.Server) {
	for i := range s.Fans {
		s.Fans[i].Reading, s.Fans[i].Opinion = nil, bmc.Claim
	}
}

func witnessed(f *bmc.Fan) { f.Reading, f.Health, f.Witness = nil, bmc.HealthUnknown, bmc.Present }

func pump(speed float64) func(*bmc.Server) {
	return func(s *bmc.Server) {
		s.Fans = append(s.Fans, bmc.Fan{ID: "1/pump1", Name: "PUMP1", Pump: true, Presence: bmc.Present, Reading: &speed, Unit: "RPM"})
	}
}

func part(kind bmc.PartKind, h bmc.Health) func(*bmc.Server) {
	return func(s *bmc.Server) {
		s.Parts = append(s.Parts, bmc.Part{ID: "1/part", Name: "Loop", Kind: kind, Presence: bmc.Present, Health: h})
	}
}

// percent makes a controller tell its speeds otherwise, without thresholds.
func percent(speed float64) func(*bmc.Server) {
	return func(s *bmc.Server) {
		for i := range s.Fans {
			f := &s.Fans[i]
			f.Reading, f.Unit, f.LowerNonCritical, f.LowerCritical, f.LowerFatal = rpm(speed), "%", nil, nil, nil
		}
	}
}

func full(s *bmc.Server) {
	s.Redundancies = []bmc.Redundancy{{Name: "Fan Redundancy", Health: bmc.HealthOK}}
}

func psu(s *bmc.Server) { s.Fans = append(s.Fans, fan("9")) }

// eight are four fans listed by their rotors, four the same in ThermalSubsystem.
func eight(change ...func(*bmc.Server)) bmc.Server {
	return listed([]string{"fan0 0", "fan0 1", "fan1 0", "fan1 1", "fan2 0", "fan2 1", "fan3 0", "fan3 1"}, change...)
}

func four(change ...func(*bmc.Server)) bmc.Server {
	return listed([]string{"fan0", "fan1", "fan2", "fan3"}, change...)
}

// halved is a server without the first half of its fans.
func halved(s bmc.Server) bmc.Server {
	s.Fans = s.Fans[4:]
	return s
}

func listed(names []string, change ...func(*bmc.Server)) bmc.Server {
	s := six()
	s.Fans = nil
	for _, n := range names {
		s.Fans = append(s.Fans, bmc.Fan{ID: "1/" + n, Name: n, Presence: bmc.Present, Health: bmc.HealthOK, Reading: rpm(5400), Unit: "RPM"})
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// motionless is a server that does not tell its power state and none of whose fans
// turns.
func motionless(change ...func(*bmc.Server)) bmc.Server {
	s := six(func(s *bmc.Server) { s.Power = bmc.PowerUnknown })
	for i := range s.Fans {
		s.Fans[i].Reading = rpm(0)
	}
	for _, c := range change {
		c(&s)
	}
	return s
}
