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

// noout: planned for a while, forgotten after it. A declared end moves the
// warning, never the critical.
func (v *view) noout() {
	if len(v.scopes) == 0 {
		return
	}
	since, proven := v.since()
	now := present(v.c, v.now)
	age := max(0, now.Sub(since))
	if behind := now.Sub(v.now); behind > time.Minute {
		v.notes = append(v.notes, "clock is behind the cluster's by "+check.DurationText(behind.Round(time.Minute)))
	}
	text := "noout (" + phrase.List(v.scopes, 4) + ")"
	told := fmt.Sprintf("%s since %s (%s)", text, phrase.Time(since), seconds(age))
	end, late := v.end(since)
	switch {
	case proven && age >= v.p.NooutCritical:
		v.add(check.CRITICAL, "%s: forgotten?", told)
	case proven && late:
		v.add(check.WARNING, "%s: %s", told, end)
	case !v.m.Works:
		v.add(check.WARNING, "%s, age unknown%s", text, v.atLeast(since, proven))
	default:
		v.add(check.OK, "%s, %s", told, end)
		v.notes = append(v.notes, fmt.Sprintf("%s for %s, %s", text, seconds(age), strings.TrimPrefix(end, "expected for ")))
	}
}

// since is when the oldest scope was first seen. Without a memory the last
// change of the OSD map bounds it: the flag is at least that old.
func (v *view) since() (since time.Time, proven bool) {
	for _, s := range v.scopes {
		at, known := v.m.Noout[s.String()]
		if known && (since.IsZero() || at.Before(since)) {
			since = at
		}
	}
	if !since.IsZero() {
		return since, true
	}
	if v.c.Map != nil && !v.c.Map.Modified.IsZero() && !v.c.Map.Modified.After(v.now) {
		return v.c.Map.Modified, true
	}
	return v.now, false
}

func (v *view) atLeast(since time.Time, proven bool) string {
	age := v.now.Sub(since)
	if !proven || age < time.Second {
		return ""
	}
	return ", at least " + seconds(age)
}

// end says when noout is expected to end and whether it should have.
func (v *view) end(since time.Time) (text string, late bool) {
	until, source := v.p.Until, "declared"
	if until.IsZero() {
		until = v.m.Until
		if v.m.Mute {
			source = "muted"
		}
	}
	if until.IsZero() {
		limit := since.Add(v.p.NooutWarning)
		return "expected for at most " + check.DurationText(v.p.NooutWarning), !present(v.c, v.now).Before(limit)
	}
	return source + " until " + phrase.Time(until), !present(v.c, v.now).Before(until)
}

// leftovers are flags that nobody should find set: they keep Ceph from noticing
// or repairing failures.
var leftovers = slices.Concat(ceph.FlagsBlinding, ceph.FlagsHolding)

// leftOn judges all flags but noout.
func (v *view) leftOn() {
	if v.c.Map == nil {
		return
	}
	for _, flag := range leftovers {
		if scopes := v.c.Scopes(flag); len(scopes) > 0 {
			v.add(check.WARNING, "%s is set (%s)", flag, phrase.List(scopes, 4))
		}
	}
	var set []string
	for _, flag := range ceph.FlagsHarmless {
		if v.c.Map.Flag(flag) {
			set = append(set, flag)
		}
	}
	if len(set) == 0 || v.c.Health == nil {
		return
	}
	c, warned := v.c.Health.Check("OSDMAP_FLAGS")
	switch {
	case !warned:
	case c.Muted:
		v.lowered(c, check.WARNING, strings.Join(set, ", ")+" set")
	default:
		v.add(check.WARNING, "%s set", strings.Join(set, ", "))
	}
}

// flagsTold says that the flags behind OSDMAP_FLAGS were judged by name.
func (v *view) flagsTold() bool {
	if v.c.Map == nil {
		return false
	}
	known := slices.Concat(ceph.FlagsStopping, leftovers, ceph.FlagsHarmless)
	return v.c.Map.Flag("noout") || slices.ContainsFunc(known, v.c.Map.Flag)
}

// scopesTold says the same of OSD_FLAGS.
func (v *view) scopesTold() bool {
	for _, flag := range []string{"noout", "nodown", "noup", "noin"} {
		if slices.ContainsFunc(v.c.Scopes(flag), func(s ceph.Scope) bool { return s.Kind != ceph.ScopeCluster }) {
			return true
		}
	}
	return false
}
