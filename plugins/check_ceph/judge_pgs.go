package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// passing are states that every PG goes through within seconds when OSDs come
// and go, when a pool is made, or when a mgr starts and has no reports yet.
var passing = []string{"peering", "activating", "creating", "unknown", "premerge"}

// inactive says that a PG serves no I/O and will not by itself.
func inactive(s ceph.PGState) bool {
	if s.HasAny("down", "incomplete") {
		return true
	}
	return !s.Has("active") && !s.HasAny(passing...) && s.State != "stale"
}

// unsettled says that a PG serves no I/O right now, or that nobody has reported
// it for a while; both pass. Laggy and wait are pauses of I/O since Octopus.
func unsettled(s ceph.PGState) bool {
	if inactive(s) {
		return false
	}
	return !s.Has("active") || s.HasAny("stale", "laggy", "wait")
}

// stopped: clients wait for these PGs until somebody acts.
func (v *view) stopped() {
	p := v.c.PGs
	if p == nil {
		return
	}
	if n := p.Count(inactive); n > 0 {
		v.add(check.CRITICAL, "%d of %d PGs inactive, I/O on them has stopped: %s", n, p.Total, statesOf(p, inactive))
	}
}

// onTheWay: PGs that settle by themselves, for as long as that may take.
func (v *view) onTheWay() {
	p := v.c.PGs
	if p == nil {
		return
	}
	n := p.Count(unsettled)
	if n == 0 {
		return
	}
	age, late := v.unsettledFor(n)
	status := check.WARNING
	if late {
		status = check.CRITICAL
	}
	v.add(status, "%d of %d PGs not settled%s: %s", n, p.Total, age, statesOf(p, unsettled))
}

// unsettledFor says for how long, and whether that is too long. Without a
// memory the last change of the OSD map is taken for the reason. Where even
// that is not told, a share of more than a tenth is too much to be a moment.
func (v *view) unsettledFor(n int) (text string, late bool) {
	changed := v.c.Changed()
	switch {
	case v.m.Works && !v.m.Unsettled.IsZero():
		age := max(0, v.m.Counted.Sub(v.m.Unsettled))
		return " for " + seconds(age), age >= v.p.Settle
	case !changed.IsZero() && !changed.After(v.now):
		age := v.now.Sub(changed)
		return " (OSDs last changed " + seconds(age) + " ago)", age >= v.p.Settle
	case !changed.IsZero():
		return "", false
	}
	return "", n*10 > v.c.PGs.Total
}

func seconds(d time.Duration) string { return check.DurationText(d.Truncate(time.Second)) }

// statesOf names the states that have the property, most first.
func statesOf(p *ceph.PGs, has func(ceph.PGState) bool) string {
	var out []string
	for _, s := range p.States {
		if has(s) {
			out = append(out, fmt.Sprintf("%d %s", s.Count, s.State))
		}
	}
	return phrase.List(out, 4)
}

// dataAtRisk: I/O that is stopped for all, and data of which no copy is left.
func (v *view) dataAtRisk() {
	if p := v.c.PGs; p != nil {
		switch n := p.Count(unfound); {
		case p.Unfound > 0:
			v.add(check.CRITICAL, "%d objects unfound: no copy of them is up", p.Unfound)
		case n > 0:
			v.add(check.CRITICAL, "%d of %d PGs with unfound objects: no copy of them is up", n, p.Total)
		}
	}
	m := v.c.Map
	if m != nil && (m.Flag("pauserd") || m.Flag("pausewr") || m.Flag("pause")) {
		v.add(check.CRITICAL, "pause is set: all client I/O is stopped")
	}
	if text := v.full(); text != "" {
		v.add(check.CRITICAL, "%s: writes are stopped", text)
	}
}

// unfound says that the PG waits for objects of which no copy is up.
func unfound(s ceph.PGState) bool { return s.HasAny("recovery_unfound", "backfill_unfound") }

// full names what is full, by the fields of the OSD map, else by the checks.
func (v *view) full() string {
	var out, pools []string
	if m := v.c.Map; m != nil {
		if m.Flag("full") {
			out = append(out, "the cluster")
		}
		if full := m.Full(); len(full) > 0 {
			out = append(out, phrase.OSDs(full))
		}
		for _, p := range m.Pools {
			if p.Full() {
				pools = append(pools, p.Name)
			}
		}
	}
	if len(pools) > 0 {
		out = append(out, "pool "+phrase.List(pools, 3))
	}
	if len(out) > 0 {
		return strings.Join(out, ", ") + " full"
	}
	if v.c.Health == nil {
		return ""
	}
	for _, code := range []string{"OSD_FULL", "POOL_FULL"} {
		if c, found := v.c.Health.Check(code); found {
			out = append(out, code+": "+c.Text)
		}
	}
	return strings.Join(out, ", ")
}

// slowOps: operations that wait. With nodown and an OSD that hangs they are the
// only sign that I/O stands still.
func (v *view) slowOps() {
	if v.c.Health == nil {
		return
	}
	c, found := v.c.Health.Check("SLOW_OPS")
	if !found {
		return
	}
	age, told := c.Blocked()
	switch {
	case told && age >= v.p.SlowOps || c.Err():
		v.add(check.CRITICAL, "client I/O waits: %s", c.Text)
	case c.Muted:
		v.lowered(c, check.WARNING, c.Code+": "+c.Text)
	default:
		v.add(check.WARNING, "SLOW_OPS: %s", c.Text)
	}
}

// moving: noout is there to keep data where it is.
func (v *view) moving() {
	p := v.c.PGs
	if p == nil || len(v.scopes) == 0 {
		return
	}
	pgs := p.Count(ceph.PGState.Moving)
	if pgs > 0 || p.Misplaced > 0 {
		v.add(check.WARNING, "data moves although noout is set: %d objects misplaced, %d PGs backfilling", p.Misplaced, pgs)
	}
}

// degraded: PGs with too few copies that serve all I/O. The maintenance
// explains them while nothing else can be the cause.
func (v *view) degraded() {
	p := v.c.PGs
	if p == nil {
		return
	}
	n := p.Count(ceph.PGState.Degraded)
	c, told := ceph.Check{}, false
	if v.c.Health != nil {
		c, told = v.c.Health.Check("PG_DEGRADED")
	}
	if n == 0 && !told {
		return
	}
	text := fmt.Sprintf("%d of %d PGs have too few copies, %d objects degraded", n, p.Total, p.Degraded)
	switch {
	case v.copiesAway() && p.Count(inactive)+p.Count(unsettled) == 0 && v.allDownExplained():
		v.add(check.OK, "%s, explained by the maintenance", text)
	case told && c.Muted:
		v.lowered(c, check.WARNING, text)
	default:
		v.add(check.WARNING, "%s", text)
	}
}

// copiesAway says that the maintenance can be why copies are missing: an OSD of
// it is down, or all PGs concerned are catching up after its return. A host
// without OSDs, or one whose OSDs are all up, takes no copy away.
func (v *view) copiesAway() bool {
	if slices.ContainsFunc(v.down, func(o ceph.OSD) bool { return v.osds[o.ID] }) {
		return true
	}
	lasting := v.c.PGs.Count(func(s ceph.PGState) bool {
		return s.Degraded() && !s.Moving() && !s.HasAny("recovering", "recovery_wait")
	})
	return len(v.osds) > 0 && lasting == 0
}
