package fans

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// condition is what one poll says of one fan.
type condition int

const (
	turning condition = iota
	standby           // there, and not meant to turn
	emptyBay
	unread  // could not be read this time
	unseen  // enabled, but neither a reading nor an opinion
	claimed // called well by a controller that measures nothing
	idle    // in a state in which no fan turns, without a reading
	weak    // at or under the lower non-critical threshold
	poor    // the controller calls its health a warning
	still   // enabled at zero
	slow    // at or under a lower critical threshold
	failed  // the controller calls its health critical
	missing
	lostReading
	gone // not listed any more
)

// bad says whether the fan counts as dropped out.
func (c condition) bad() bool { return c >= weak }

// failing says whether the fan does not cool.
func (c condition) failing() bool { return c >= still }

// open says that nobody can tell whether the fan cools.
func (c condition) open() bool { return c >= unread && c < weak }

// conditionOf compares one fan with the controller's own thresholds and with
// what is known of it. known is nil for a fan that was never present. It returns
// the fan as its worst rotor shows it.
func (p Poll) conditionOf(f bmc.Fan, known *Known, pol Policy) (condition, bmc.Fan) {
	c := p.ofRotor(f, known, pol)
	if f.Presence != bmc.Present {
		return c, f
	}
	worst := f
	for _, r := range f.Rotors {
		// A rotor that may stand still says nothing for the others.
		if v := f.Showing(r); c == standby && r.Reading != nil && *r.Reading > 0 {
			if of := p.ofRotor(v, known, pol); of.bad() {
				c, worst = of, v
			}
		}
	}
	if name, lost := known.lost(f); lost && !c.failing() {
		worst.Rotor, c = name, lostReading
		if p.cut(f.ID) {
			c = unread
		}
	}
	return c, worst
}

// ofRotor judges the measurement that a fan shows. The order is that of
// severity: the first that holds.
func (p Poll) ofRotor(f bmc.Fan, known *Known, pol Policy) condition {
	switch f.Presence {
	case bmc.Unread:
		return unread
	case bmc.Absent:
		if known == nil {
			return emptyBay
		}
		return missing
	case bmc.Standby:
		return standby
	}
	switch {
	case f.Health == bmc.HealthCritical:
		return failed
	case f.Reading != nil && *f.Reading <= 0:
		if pol.allowsZero(f) {
			return standby
		}
		return still
	case under(f.Reading, f.LowerCritical), under(f.Reading, f.LowerFatal):
		return slow
	case f.Health == bmc.HealthWarning, meaningOf(f.State) == worn:
		return poor
	case under(f.Reading, f.LowerNonCritical):
		return weak
	case f.Reading != nil:
		return turning
	}
	return p.mute(f, known)
}

// mute judges a fan that shows no reading and of which nothing bad is said.
func (p Poll) mute(f bmc.Fan, known *Known) condition {
	switch {
	case p.cut(f.ID):
		return unread
	case known != nil && known.Turned:
		return lostReading
	case f.Health == bmc.HealthUnknown:
		return unseen
	case meaningOf(f.State) != works:
		return idle
	case (f.Opinion == bmc.Claim || f.Opinion == bmc.Seen) && !p.Server.Measures():
		return claimed
	}
	return turning
}

// cut says that a part of this very fan could not be read this time.
func (p Poll) cut(id string) bool {
	return slices.ContainsFunc(p.Server.Gaps, func(g bmc.Gap) bool { return g.Fan == id || g.Hides == id })
}

// under says whether a reading is at or under a threshold: equal is under, as
// for the controllers themselves. Zero is no threshold.
func under(reading, threshold *float64) bool {
	return reading != nil && threshold != nil && *threshold > 0 && *reading <= *threshold
}

// phrase says in words what is wrong.
func (c condition) phrase(f bmc.Fan) string {
	switch c {
	case failed:
		return "failed (" + cmp.Or(f.Says, "Health Critical") + reading(f, ", ") + ")"
	case still:
		return "stands still (" + quantity(f.Reading, f.Unit) + ")"
	case slow:
		t := f.LowerCritical
		if !under(f.Reading, t) {
			t = f.LowerFatal
		}
		return fmt.Sprintf("at %s, critical at %s", quantity(f.Reading, f.Unit), quantity(t, f.Unit))
	case poor:
		return "in poor health (" + cmp.Or(f.Says, "Health Warning") + reading(f, ", ") + ")"
	case weak:
		return fmt.Sprintf("at %s, low at %s", quantity(f.Reading, f.Unit), quantity(f.LowerNonCritical, f.Unit))
	case missing:
		return "is missing (" + cmp.Or(f.Says, "State Absent") + ")"
	case gone:
		return "is missing (left the controller's list)"
	case lostReading:
		return "lost its reading" + parenthesis(f.Says)
	case unread:
		return "could not be read"
	case claimed:
		return "says OK, measures nothing" + parenthesis(f.Says)
	case idle:
		return "shows no reading and is not in service" + parenthesis(f.Says)
	case unseen:
		return "is enabled but has neither a reading nor a health" + parenthesis(f.Says)
	case standby:
		return "is on standby" + parenthesis(f.Says)
	case emptyBay:
		return "bay is empty"
	}
	return "turns" + reading(f, " at ")
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func reading(f bmc.Fan, before string) string {
	if f.Reading == nil {
		return ""
	}
	return before + quantity(f.Reading, f.Unit)
}

func quantity(v *float64, unit string) string {
	if v == nil {
		return "nothing"
	}
	n := strconv.FormatFloat(*v, 'f', -1, 64)
	switch unit {
	case "":
		return n
	case "%":
		return n + "%"
	}
	return n + " " + unit
}
