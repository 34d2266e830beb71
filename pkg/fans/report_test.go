package fans

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// after polls once more and asks both: check_fans with this memory, and a gate
// about a repair.
func after(m Memory, pol Policy, s bmc.Server, at time.Time, boot time.Time) (check.Result, Report) {
	p := Poll{Server: s, Started: at, Now: at}
	report := Tell(m, p, pol.Options, Service{Since: boot, Boot: boot})
	return judge(p, pol, Observe(m, p, pol)), report
}

// no and yes are how a gate takes a report.
func (r Report) no() bool { return len(r.Failing) > 0 || len(r.Drops) > 0 }

func (r Report) yes() bool {
	return !r.no() && len(r.Blind)+len(r.Unsure)+len(r.Left) == 0 && !r.Off && r.Turning > 0
}

// TestAllowedForBoth: a fan that may stand still may for the gates too, and one
// that is left out is.
func TestAllowedForBoth(t *testing.T) {
	still := third(func(f *bmc.Fan) { f.Reading = rpm(0) })
	for name, change := range map[string]func(*Policy){
		"--allow-zero FAN3": func(p *Policy) { p.AllowZero = mustPattern("FAN3") },
		"--exclude FAN3":    func(p *Policy) { p.Exclude = mustPattern("FAN3") },
		"--include":         func(p *Policy) { p.Include = mustPattern("FAN[1245]") },
	} {
		pol := defaults()
		change(&pol)
		if r, report := after(Memory{}, pol, six(still), noon, noon.Add(-time.Hour)); r.Status() != check.OK || !report.yes() {
			t.Errorf("%s: %s and %+v", name, r.Status(), report)
		}
	}
	if _, report := after(Memory{}, defaults(), six(still), noon, noon.Add(-time.Hour)); !slices.Equal(report.Failing, []string{"FAN3"}) {
		t.Errorf("without it: %+v", report)
	}
}

// TestExpectedForBoth: fans that must be there and are not are missed by the gates
// too, whether or not anybody has seen them before.
func TestExpectedForBoth(t *testing.T) {
	for present, want := range map[int][]string{5: {"1 of 6 expected fans"}, 6: nil} {
		pol, n := defaults(), 6
		pol.ExpectFans, pol.Expect = &n, n
		s := six(func(s *bmc.Server) { s.Fans = s.Fans[:present] })
		r, report := after(Memory{}, pol, s, noon, noon.Add(-time.Hour))
		if !slices.Equal(report.Failing, want) || (r.Status() == check.OK) != report.yes() {
			t.Errorf("%d of 6: %s and %+v", present, r.Status(), report)
		}
	}
}

// TestAroundTheStart: what happens within minutes of the host's start counts for
// nobody; what was acknowledged counts for nobody; what check_fans still counts
// of the time before is no clean yes.
func TestAroundTheStart(t *testing.T) {
	boot := noon.Add(time.Hour)
	drop := func(at time.Time) bmc.Server {
		return six(events(event("1", 1, at, "1/3", bmc.Failed), event("2", 2, at.Add(11*time.Second), "1/3", bmc.Recovered)))
	}
	off := six(func(s *bmc.Server) { s.Power = bmc.PowerOff })
	_, m := run(defaults(), six(), off)
	_, m = look(m, defaults(), boot.Add(-time.Minute), off)
	r, report := after(m, defaults(), drop(boot.Add(30*time.Second)), boot.Add(2*time.Minute), boot)
	if r.Status() != check.OK || !report.yes() {
		t.Errorf("30 s after power-on: %s and %+v", r.Status(), report)
	}
	if _, report = after(Memory{}, defaults(), drop(boot.Add(30*time.Second)), boot.Add(20*time.Minute), boot); !report.yes() || report.Excused != 1 {
		t.Errorf("the same without memory: %+v", report)
	}
	if _, report = after(Memory{}, defaults(), drop(boot.Add(10*time.Minute)), boot.Add(20*time.Minute), boot); len(report.Drops) != 1 {
		t.Errorf("ten minutes after the start: %+v", report)
	}
	before := drop(noon.Add(-10 * time.Minute))
	_, m = run(defaults(), before)
	if _, report = after(m, defaults(), before, boot.Add(20*time.Minute), boot); report.no() || len(report.Left) != 1 {
		t.Errorf("not acknowledged: %+v", report)
	}
	acked, _, _ := Acknowledge(m, Poll{Server: before, Started: boot, Now: boot}, defaults(), Ack{At: boot, Text: "new fan"})
	if _, report = after(acked, defaults(), before, boot.Add(20*time.Minute), boot); !report.yes() {
		t.Errorf("acknowledged: %+v", report)
	}
	late := drop(boot.Add(10 * time.Minute))
	p := Poll{Server: late, Started: boot.Add(15 * time.Minute), Now: boot.Add(15 * time.Minute)}
	acked, _, _ = Acknowledge(m, p, defaults(), Ack{At: p.Now, Text: "that was me"})
	if _, report = after(acked, defaults(), late, boot.Add(20*time.Minute), boot); !report.yes() {
		t.Errorf("acknowledged since: %+v", report)
	}
}

// TestNoContradiction: over random histories of a server, a gate that is told of
// the fans never says no where check_fans is content, and never a clean yes
// where it is CRITICAL.
func TestNoContradiction(t *testing.T) {
	rng := rand.New(rand.NewPCG(2026, 13))
	changes := []func(*bmc.Fan){
		func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Absent, nil },
		func(f *bmc.Fan) { f.Reading = rpm(0) },
		func(f *bmc.Fan) { f.Reading = rpm(600) },
		func(f *bmc.Fan) { f.Health = bmc.HealthCritical },
		func(f *bmc.Fan) { f.Health = bmc.HealthWarning },
		func(f *bmc.Fan) { f.Presence = bmc.Standby },
		func(f *bmc.Fan) { f.Reading, f.Health = nil, bmc.HealthUnknown },
		func(f *bmc.Fan) { f.Reading = nil },
	}
	seen := map[check.Status]int{}
	for n := range 400 {
		var m Memory
		pol := defaults()
		if n%3 == 0 {
			pol.AllowZero, pol.Exclude = mustPattern("FAN[12]"), mustPattern("FAN3")
		}
		var log []bmc.Event
		boot := noon.Add(time.Duration(rng.IntN(120)) * time.Minute)
		steps := 1 + rng.IntN(30)
		for i := range steps {
			at := noon.Add(time.Duration(i) * 5 * time.Minute)
			s := six()
			for range rng.IntN(3) {
				if rng.IntN(4) == 0 {
					changes[rng.IntN(len(changes))](&s.Fans[rng.IntN(6)])
				}
			}
			switch rng.IntN(12) {
			case 0:
				drop3(&s)
			case 1:
				s.Power = bmc.PowerOff
			case 2:
				s.Redundancies = []bmc.Redundancy{{Name: "Fan Redundancy", Health: bmc.HealthCritical}}
			case 3:
				start, order := at.Add(-time.Duration(rng.IntN(300))*time.Second), int64(len(log))
				log = append(log, event("", order, start, s.Fans[rng.IntN(len(s.Fans))].ID, bmc.Failed))
				if rng.IntN(3) > 0 {
					log = append(log, event("", order+1, start.Add(11*time.Second), log[order].Fan, bmc.Recovered))
				}
			}
			events(log...)(&s)
			p := Poll{Server: s, Started: at, Now: at}
			r, report := after(m, pol, s, at, boot)
			if at.Before(boot) {
				m = Observe(m, p, pol)
				continue
			}
			seen[r.Status()]++
			if r.Status() == check.OK && report.no() || r.Status() == check.CRITICAL && report.yes() {
				t.Fatalf("history %d, step %d: check_fans %s, the gate %+v\n%+v", n, i, r.Status(), report, r.Findings)
			}
			m = Observe(m, p, pol)
		}
	}
	if len(seen) < 4 {
		t.Errorf("statuses seen: %v, want all four", seen)
	}
	t.Logf("%v", seen)
}

// TestUnsure: where check_fans warns that something may be missing that it cannot
// see, a gate has no clean yes; entries without a time are told.
func TestUnsure(t *testing.T) {
	boot := noon.Add(-time.Hour)
	_, before := run(defaults(), six())
	damaged := before
	damaged.Lost = noon
	four := six()
	four.Fans = four.Fans[:4]
	for i := range four.Fans {
		four.Fans[i].ID = "other/" + four.Fans[i].ID
	}
	for what, tt := range map[string]struct {
		m Memory
		s bmc.Server
	}{
		"a full log":    {before, six(events(), func(s *bmc.Server) { s.Logs[0].Full = true })},
		"another list":  {before, four},
		"a lost memory": {damaged, six()},
	} {
		if r, report := after(tt.m, defaults(), tt.s, noon.Add(time.Hour), boot); r.Status() != check.WARNING || report.no() || report.yes() {
			t.Errorf("%s: %s and %+v", what, r.Status(), report)
		}
	}
	timeless := six(events(event("1", 1, time.Time{}, "1/3", bmc.Failed)))
	if r, report := after(Memory{}, defaults(), timeless, noon, boot); r.Status() != check.OK || report.no() || report.Undated != 1 {
		t.Errorf("without a time: %s and %+v", r.Status(), report)
	}
}
