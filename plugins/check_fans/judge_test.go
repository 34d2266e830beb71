package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// six is a server whose fans all turn, changed as a test wants it.
func six(change ...func(*bmc.Server)) bmc.Server {
	s := bmc.Server{Identity: bmc.Identity{UUID: "4c4c4544-0042"}, Power: bmc.PowerOn, Logs: []bmc.Log{{ID: "SEL", Whole: true, Clock: new(time.Duration)}}}
	for _, n := range []string{"1", "2", "3", "4", "5", "6"} {
		rpm := 5400.0
		s.Fans = append(s.Fans, bmc.Fan{ID: "1/" + n, Name: "FAN" + n, Presence: bmc.Present, Health: bmc.HealthOK, Reading: &rpm, Unit: "RPM"})
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

func defaults() fans.Policy { return remembering().policy() }

// run polls each server five minutes after the one before and returns the last
// answer.
func run(servers ...bmc.Server) check.Result {
	var m fans.Memory
	var r check.Result
	for i, s := range servers {
		at := noon.Add(time.Duration(i) * 5 * time.Minute)
		p := fans.Poll{Server: s, Started: at, Now: at.Add(time.Second)}
		m = fans.Observe(m, p, defaults())
		r = judge(p, defaults(), m)
	}
	return r
}

// TestPerfdataOfPart: numbers of an unread or unjudged server are left out, and
// labels stay when a chassis cannot be read.
func TestPerfdataOfPart(t *testing.T) {
	labels := func(r check.Result) string {
		var out []string
		for _, d := range r.Perfdata {
			out = append(out, d.Label)
		}
		return strings.Join(out, " ")
	}
	r := run(six(), six(func(s *bmc.Server) { s.Power = bmc.PowerOff }))
	if got := labels(r); got != "dropouts" {
		t.Errorf("host off: %s", got)
	}
	both := six(func(s *bmc.Server) { s.Fans[5].ID = "2/6" })
	one := six(func(s *bmc.Server) {
		s.Fans = s.Fans[:5]
		s.Gaps = []bmc.Gap{{What: "Chassis 2 Thermal", Hides: "2/", Err: errors.New("HTTP 503")}}
	})
	r = run(both, one)
	if got, want := labels(r), "dropouts 1_1 1_2 1_3 1_4 1_5"; got != want {
		t.Errorf("labels %q, want %q", got, want)
	}
}
