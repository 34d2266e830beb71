package fans

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestLentRotor: a sensor that was worse than its fan, and is not shown when it agrees
// again, is no rotor that lost its reading; what is the fan's own is.
func TestLentRotor(t *testing.T) {
	showing := func(rs ...bmc.Rotor) bmc.Server {
		return six(third(func(f *bmc.Fan) {
			f.Rotors = rs
			f.Weigh()
		}))
	}
	front, rear := bmc.Rotor{ID: "a", Name: "a", Reading: rpm(5400), Unit: "RPM"}, bmc.Rotor{ID: "b", Name: "b", Reading: rpm(5400), Unit: "RPM"}
	lent := bmc.Rotor{ID: "c", Name: "c", Reading: rpm(400), Unit: "RPM", LowerCritical: rpm(500), Lent: true}
	for name, test := range map[string]struct {
		polls []bmc.Server
		down  bool
	}{
		"of one":                {[]bmc.Server{showing(front, lent), showing(front, lent), showing(front), showing(front)}, false},
		"of two":                {[]bmc.Server{showing(front, rear), showing(front, rear, lent), showing(front, rear), showing(front, rear)}, false},
		"of two, and one stops": {[]bmc.Server{showing(front, rear, lent), showing(front, rear), showing(front), showing(front)}, true},
		"while it is worse":     {[]bmc.Server{showing(front), showing(front, lent), showing(front, lent)}, true},
	} {
		if _, m := run(defaults(), test.polls...); m.Fans["1/3"].Down != test.down {
			t.Errorf("%s: %+v", name, m.Fans["1/3"])
		}
	}
}
