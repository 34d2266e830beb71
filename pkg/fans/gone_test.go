package fans

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// TestGoneAndRestarts: a controller that has just started is given time to list
// its fans. One that says so for ever, or of the future, is not: a fan that is
// gone for longer than warmup is missing.
func TestGoneAndRestarts(t *testing.T) {
	restarted := map[string]func(now time.Time) time.Time{
		"does not tell":     func(time.Time) time.Time { return time.Time{} },
		"once":              func(time.Time) time.Time { return noon.Add(4 * time.Minute) },
		"over and over":     func(now time.Time) time.Time { return now.Add(-time.Second) },
		"by a clock ahead":  func(now time.Time) time.Time { return now.Add(48 * time.Hour) },
		"by a clock of UTC": func(time.Time) time.Time { return noon.Add(2 * time.Hour) },
	}
	for name, at := range restarted {
		pol := defaults()
		_, m := run(pol, six())
		var got []string
		for i := range 3 {
			now := noon.Add(time.Duration(5*(i+1)) * time.Minute)
			p := Poll{Server: six(drop3, func(s *bmc.Server) { s.Restarted = at(now) }), Started: now, Now: now.Add(time.Second)}
			m = Observe(m, p, pol)
			r := judge(p, pol, m)
			got = append(got, r.Status().String())
			if strings.Contains(texts(r), "started -") {
				t.Errorf("%s: %s", name, texts(r))
			}
		}
		if got[0] != "UNKNOWN" || got[2] != "CRITICAL" {
			t.Errorf("%s: statuses %v, want UNKNOWN first and CRITICAL ten minutes later", name, got)
		}
	}
}

// TestExcusesReachBack: what a poll finds out after hours without one does not
// excuse all of them.
func TestExcusesReachBack(t *testing.T) {
	off := func(s *bmc.Server) { s.Power = bmc.PowerOff }
	for name, test := range map[string]struct {
		maintenance bool
		server      func(...func(*bmc.Server)) bmc.Server
	}{
		"maintenance": {true, six},
		"host off":    {false, func(c ...func(*bmc.Server)) bmc.Server { return six(append(c, off)...) }},
	} {
		for gap, want := range map[time.Duration]int{10 * time.Minute: 0, 50 * time.Minute: 0, 10 * time.Hour: 1} {
			pol := defaults()
			_, m := run(pol, six())
			pol.Maintenance = test.maintenance
			drop := noon.Add(5 * time.Minute)
			es := events(event("1", 1, drop, "1/3", bmc.Failed), event("2", 2, drop.Add(11*time.Second), "1/3", bmc.Recovered))
			at := noon.Add(gap)
			_, m = look(m, pol, at, test.server(es))
			if d := judgeDrops(m, pol, at); len(d.counted) != want || len(d.excused) != 1-want {
				t.Errorf("%s, %s after the last poll: %d counted, %d excused", name, gap, len(d.counted), len(d.excused))
			}
		}
	}
}

// TestNotCountedIsSaid: the first line does not claim that there was nothing.
func TestNotCountedIsSaid(t *testing.T) {
	pol := defaults()
	pol.Maintenance = true
	r, _ := run(pol, six(), six(five("1/3")))
	if r.Status() != check.OK || !strings.Contains(r.Summary, "5 drop-outs in 24h not counted") {
		t.Errorf("%s %q", r.Status(), r.Summary)
	}
	r, _ = run(defaults(), six(func(s *bmc.Server) { s.Gaps = []bmc.Gap{{What: "SEL", Log: true, Err: errors.New("HTTP 503")}} }))
	if strings.Contains(r.Summary, "no drop-out") {
		t.Errorf("%q although a part of the log could not be read", r.Summary)
	}
}
