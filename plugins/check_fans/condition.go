package main

import (
	"fmt"
	"strconv"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// condition is what one poll says of one fan.
type condition int

const (
	turning condition = iota
	standby           // there, and not meant to turn
	emptyBay
	unseen // enabled, but neither a reading nor an opinion
	weak   // at or under the lower non-critical threshold
	poor   // the controller calls its health a warning
	still  // enabled at zero
	slow   // at or under a lower critical threshold
	failed // the controller calls its health critical
	missing
	lostReading
	gone // not listed any more
)

// bad says whether the fan counts as dropped out.
func (c condition) bad() bool { return c >= weak }

// failing says whether the fan does not cool.
func (c condition) failing() bool { return c >= still }

// conditionOf compares one fan with the controller's own thresholds and with
// what is known of it. The order is that of severity: the first that holds.
// known is nil for a fan that was never present.
func conditionOf(f bmc.Fan, known *knownFan, pol policy) condition {
	switch f.Presence {
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
	case f.Health == bmc.HealthWarning:
		return poor
	case under(f.Reading, f.LowerNonCritical):
		return weak
	case f.Reading == nil && known != nil && known.Turned:
		return lostReading
	case f.Reading == nil && f.Health == bmc.HealthUnknown:
		return unseen
	}
	return turning
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
		return "failed (" + orElse(f.Says, "Health Critical") + reading(f, ", ") + ")"
	case still:
		return "stands still (" + quantity(f.Reading, f.Unit) + ")"
	case slow:
		t := f.LowerCritical
		if !under(f.Reading, t) {
			t = f.LowerFatal
		}
		return fmt.Sprintf("at %s, critical at %s", quantity(f.Reading, f.Unit), quantity(t, f.Unit))
	case poor:
		return "in poor health (" + orElse(f.Says, "Health Warning") + reading(f, ", ") + ")"
	case weak:
		return fmt.Sprintf("at %s, low at %s", quantity(f.Reading, f.Unit), quantity(f.LowerNonCritical, f.Unit))
	case missing:
		return "is missing (" + orElse(f.Says, "State Absent") + ")"
	case gone:
		return "is missing (left the controller's list)"
	case lostReading:
		return "lost its reading" + parenthesis(f.Says)
	case unseen:
		return "is enabled but has neither a reading nor a health" + parenthesis(f.Says)
	case standby:
		return "is on standby" + parenthesis(f.Says)
	case emptyBay:
		return "bay is empty"
	}
	return "turns" + reading(f, " at ")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
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
