package fans

import (
	"slices"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// TestPowerNotTold: many controllers tell the power of the host only when they are
// asked, and some not always. What is told hours later is no change of just now; what
// was off, and turns, has changed.
func TestPowerNotTold(t *testing.T) {
	powered := func(power bmc.Power) func(*bmc.Server) { return func(s *bmc.Server) { s.Power = power } }
	stands := third(func(f *bmc.Fan) { f.Reading = rpm(0) })
	on, off, changes, untold := six(), motionless(powered(bmc.PowerOff)), six(powered(bmc.PowerChanges)), six(powered(bmc.PowerUnknown))
	hours := slices.Repeat([]bmc.Server{untold}, 24)
	drop, again := six(stands), six(stands, powered(bmc.PowerChanges))
	for name, test := range map[string]struct {
		polls []bmc.Server
		want  check.Status
	}{
		"off hours ago":                    {slices.Concat([]bmc.Server{untold, off}, hours, []bmc.Server{drop, untold}), check.CRITICAL},
		"powering on hours ago":            {slices.Concat([]bmc.Server{untold, changes}, hours, []bmc.Server{drop, untold}), check.CRITICAL},
		"on hours ago":                     {slices.Concat([]bmc.Server{untold, on}, hours, []bmc.Server{again, untold}), check.CRITICAL},
		"powering on for ever, not always": {[]bmc.Server{untold, again, untold, again, untold}, check.CRITICAL},
		"started, told at once":            {[]bmc.Server{untold, off, drop, untold}, check.OK},
		"started, never told":              {[]bmc.Server{untold, off, six(stands, powered(bmc.PowerUnknown)), untold}, check.OK},
		"started, told the second time":    {[]bmc.Server{untold, off, untold, drop, untold}, check.OK},
		"started after nobody told":        {[]bmc.Server{untold, off, motionless(), motionless(), drop, untold}, check.OK},
		"long after it started":            {[]bmc.Server{untold, off, untold, untold, drop, untold}, check.CRITICAL},
	} {
		if r, _ := run(defaults(), test.polls...); r.Status() != test.want {
			t.Errorf("%s: %v: %s", name, r.Status(), texts(r))
		}
	}
}
