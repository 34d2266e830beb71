package main

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
)

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "fans_present", Help: "fans that are there"},
	{Label: "fans_failed", Help: "fans that failed, stand still or are missing"},
	{Label: "dropouts", Help: "drop-outs inside the window that are not acknowledged"},
	{Label: "*", Help: "each fan by its id, in revolutions per minute or percent, with the controller's thresholds"},
}

// perfdata holds every fan that has a reading, and the three numbers that a
// graph of the whole server needs.
func perfdata(p fans.Poll, pol fans.Policy, m fans.Memory, v fans.Verdict) []check.Perfdatum {
	zero := 0.0
	out := []check.Perfdatum{{Label: "dropouts", Value: float64(len(v.Counted)), Warn: &pol.Warn, Crit: &pol.Crit, Min: &zero}}
	off := p.Server.Power == bmc.PowerOff
	if !p.Server.Blind() && !off { // half a count would be a wrong one
		out = append([]check.Perfdatum{
			{Label: "fans_present", Value: float64(v.Count.Present), Min: &zero},
			{Label: "fans_failed", Value: float64(v.Count.Failing), Min: &zero},
		}, out...)
	}
	if off {
		return out
	}
	several := manyChassis(p.Server.Fans, m.Fans)
	for _, f := range p.Server.Fans {
		if f.Reading == nil || f.Presence == bmc.Absent || !pol.Judges(f.ID, f.Name) {
			continue
		}
		unit := ""
		if f.Unit == "%" {
			unit = "%"
		}
		out = append(out, check.Perfdatum{
			Label: label(f.ID, several), Value: *f.Reading, Unit: unit,
			Warn: above(f.LowerNonCritical), Crit: cmp.Or(above(f.LowerCritical), above(f.LowerFatal)), Min: &zero,
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
func manyChassis(now []bmc.Fan, known map[string]fans.Known) bool {
	all := map[string]bool{}
	for _, f := range now {
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

// above is the range that alerts under a threshold.
func above(t *float64) *check.Range {
	if t == nil || *t <= 0 {
		return nil
	}
	r, err := check.ParseRange(strconv.FormatFloat(*t, 'f', -1, 64) + ":")
	if err != nil {
		return nil
	}
	return &r
}
