package main

import (
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// numbers of fans, after the operator's filter.
type numbers struct{ listed, present, turning, failing, empty, standby int }

func countFans(p poll, pol policy, m memory) numbers {
	var n numbers
	for _, f := range p.server.Fans {
		if !pol.judges(f.ID, f.Name) {
			continue
		}
		n.listed++
		c := conditionOf(f, m.known(f.ID), pol)
		switch {
		case c == emptyBay:
			n.empty++
			continue
		case c == missing:
			n.failing++
			continue
		case c == standby:
			n.standby++
			continue
		case c.failing():
			n.failing++
		case c != unseen:
			n.turning++
		}
		n.present++
	}
	if p.server.Blind() {
		return n
	}
	for id, k := range m.Fans {
		if pol.judges(id, k.Name) && !slices.ContainsFunc(p.server.Fans, func(f bmc.Fan) bool { return f.ID == id }) {
			n.failing++
		}
	}
	return n
}

// perfdata holds every fan that has a reading, and the three numbers that a
// graph of the whole server needs.
func perfdata(p poll, pol policy, m memory, d drops) []check.Perfdatum {
	n := countFans(p, pol, m)
	zero := 0.0
	window := pol.warn
	out := []check.Perfdatum{{Label: "dropouts", Value: float64(len(d.counted)), Warn: &window, Crit: &pol.crit, Min: &zero}}
	off := p.server.Power == bmc.PowerOff
	if !p.server.Blind() && !off { // half a count would be a wrong one
		out = append([]check.Perfdatum{
			{Label: "fans_present", Value: float64(n.present), Min: &zero},
			{Label: "fans_failed", Value: float64(n.failing), Min: &zero},
		}, out...)
	}
	if off {
		return out
	}
	several := manyChassis(p.server.Fans, m.Fans)
	for _, f := range p.server.Fans {
		if f.Reading == nil || f.Presence == bmc.Absent || !pol.judges(f.ID, f.Name) {
			continue
		}
		unit := ""
		if f.Unit == "%" {
			unit = "%"
		}
		out = append(out, check.Perfdatum{
			Label: label(f.ID, several), Value: *f.Reading, Unit: unit,
			Warn: above(f.LowerNonCritical), Crit: above(orThreshold(f.LowerCritical, f.LowerFatal)), Min: &zero,
		})
	}
	return out
}

// chassisOf is the part of an id before the fan's own.
func chassisOf(id string) string {
	chassis, _, _ := strings.Cut(id, "/")
	return chassis
}

// manyChassis says whether the fans are in several. Those that are known count
// too: a chassis that cannot be read today must not change all labels.
func manyChassis(fans []bmc.Fan, known map[string]knownFan) bool {
	all := map[string]bool{}
	for _, f := range fans {
		all[chassisOf(f.ID)] = true
	}
	for id := range known {
		all[chassisOf(id)] = true
	}
	return len(all) > 1
}

// label is made of the fan's id, so that it survives renames and other orders.
// The chassis is left out where there is only one; iDRAC8 ids end in the part
// that names the fan.
func label(id string, several bool) string {
	chassis, member, nested := strings.Cut(id, "/")
	if !nested {
		return check.Label("fan_" + id)
	}
	if _, after, ok := strings.Cut(member, "||"); ok {
		member = after
	}
	if several {
		return check.Label(chassis + "_" + member)
	}
	if member != "" && member[0] >= '0' && member[0] <= '9' {
		member = "fan_" + member
	}
	return check.Label(member)
}

func orThreshold(a, b *float64) *float64 {
	if a != nil && *a > 0 {
		return a
	}
	return b
}

// above is the range that alerts under a threshold.
func above(t *float64) *check.Range {
	if t == nil || *t <= 0 {
		return nil
	}
	r, err := check.ParseRange(quantity(t, "") + ":")
	if err != nil {
		return nil
	}
	return &r
}
