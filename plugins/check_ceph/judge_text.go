package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// summary says in a few words what was looked at.
func (v *view) summary() string {
	var parts []string
	if v.declared {
		parts = append(parts, "maintenance of "+v.what())
	}
	if c := v.c.Counts; c != nil {
		parts = append(parts, fmt.Sprintf("%d of %d OSDs up", c.Up, c.OSDs))
	}
	if p := v.c.PGs; p != nil {
		clean := p.Count(ceph.PGState.Clean)
		if clean == p.Total {
			parts = append(parts, fmt.Sprintf("%d PGs clean", p.Total))
		} else {
			active := p.Count(func(s ceph.PGState) bool { return s.Has("active") })
			parts = append(parts, fmt.Sprintf("%d of %d PGs active, %d clean", active, p.Total, clean))
		}
	}
	if m := v.c.Mons; m != nil {
		parts = append(parts, fmt.Sprintf("%d of %d monitors in quorum", len(m.Quorum), m.Total))
	}
	if s := v.c.Space; s != nil {
		parts = append(parts, fmt.Sprintf("%.0f%% used", s.Percent()))
	}
	return strings.Join(parts, ", ")
}

// margin says, while a host is under maintenance and I/O goes on, what one more
// failure does.
func (v *view) margin() []string {
	if !v.declared || v.c.Map == nil || v.c.Tree == nil || v.c.PGs == nil || v.c.PGs.Count(inactive) > 0 {
		return nil
	}
	gone := ids(v.down)
	for osd := range v.osds {
		if o, exists := v.c.Map.OSD(osd); exists && !slices.Contains(ids(v.retired), o.ID) {
			gone = append(gone, osd)
		}
	}
	slices.Sort(gone)
	gone = slices.Compact(gone)
	var parts []string
	if pools, exact := v.stoppedBy(gone); len(pools) > 0 && len(gone) > len(v.down) {
		parts = append(parts, fmt.Sprintf("taking %s down %s I/O in pool %s", v.what(), verb("stops", "may stop", exact), phrase.List(pools, 3)))
	} else if pools, exact := v.nextFailure(gone); len(pools) > 0 {
		parts = append(parts, fmt.Sprintf("one more failure on another host %s I/O in pool %s", verb("stops", "may stop", exact), phrase.List(pools, 3)))
	} else if len(v.c.Map.Pools) > 0 {
		parts = append(parts, "I/O survives the failure of one more host")
	}
	if m := v.c.Mons; m != nil && m.Lost() > 0 && m.Spare() == 0 {
		parts = append(parts, "one more monitor lost stops the cluster")
	}
	return parts
}

// what is under maintenance: hosts, or single OSDs.
func (v *view) what() string {
	if len(v.hosts) > 0 {
		return phrase.List(slices.Sorted(maps.Keys(v.hosts)), 4)
	}
	return phrase.OSDs(slices.Sorted(maps.Keys(v.osds)))
}

func verb(certain, possible string, exact bool) string {
	if exact {
		return certain
	}
	return possible
}

// stoppedBy are the pools with too few copies left without these OSDs. All of
// the answer is certain only when it is for each pool.
func (v *view) stoppedBy(gone []int) (pools []string, exact bool) {
	exact = true
	for _, p := range v.c.Map.Pools {
		left, sure := v.c.Copies(p, gone)
		if left < p.MinSize {
			pools = append(pools, p.Name)
			exact = exact && sure
			continue
		}
		// In stretch mode copies on one site are not enough, however many.
		if sure, possible := v.c.Peers(p, gone); !sure {
			pools = append(pools, p.Name)
			exact = exact && !possible
		}
	}
	return pools, exact
}

// nextFailure are the pools that the loss of the worst other host would stop.
func (v *view) nextFailure(gone []int) (pools []string, exact bool) {
	exact = true
	for _, h := range v.c.Tree.Hosts {
		rest := slices.DeleteFunc(slices.Clone(h.OSDs), func(osd int) bool {
			o, exists := v.c.Map.OSD(osd)
			return slices.Contains(gone, osd) || !exists || !o.Up
		})
		if len(rest) == 0 {
			continue
		}
		more, sure := v.stoppedBy(append(slices.Clip(gone), rest...))
		for _, p := range more {
			if !slices.Contains(pools, p) {
				pools = append(pools, p)
				exact = exact && sure
			}
		}
	}
	return pools, exact
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// perfdata has the same labels in every run; what is not known is left out.
func (v *view) perfdata() []check.Perfdatum {
	var out []check.Perfdatum
	add := func(label string, value float64, unit string) {
		out = append(out, check.Perfdatum{Label: label, Value: value, Unit: unit})
	}
	if c := v.c.Counts; c != nil {
		add("osds", float64(c.OSDs), "")
		add("osds_up", float64(c.Up), "")
		add("osds_in", float64(c.In), "")
	}
	if p := v.c.PGs; p != nil {
		add("pgs", float64(p.Total), "")
		add("pgs_clean", float64(p.Count(ceph.PGState.Clean)), "")
		add("pgs_degraded", float64(p.Count(ceph.PGState.Degraded)), "")
		add("pgs_moving", float64(p.Count(ceph.PGState.Moving)), "")
		add("pgs_unsettled", float64(p.Count(unsettled)), "")
		add("pgs_inactive", float64(p.Count(inactive)), "")
		add("objects_degraded", float64(p.Degraded), "")
		add("objects_misplaced", float64(p.Misplaced), "")
		add("objects_unfound", float64(p.Unfound), "")
	}
	zero, hundred := 0.0, 100.0
	if s := v.c.Space; s != nil {
		out = append(out, check.Perfdatum{Label: "usage", Value: hundredths(s.Percent()), Unit: "%", Warn: &v.p.Warning, Crit: &v.p.Critical, Min: &zero, Max: &hundred})
	}
	if f, found := v.fullest(); found {
		out = append(out, check.Perfdatum{Label: "usage_fullest_osd", Value: hundredths(f.Percent), Unit: "%", Warn: &v.p.OSDWarning, Crit: &v.p.OSDCritical, Min: &zero, Max: &hundred})
	}
	add("recovery_per_s", v.c.Rates.RecoveryBytes, "B")
	add("client_iops", v.c.Rates.ReadOps+v.c.Rates.WriteOps, "")
	if h := v.c.Health; h != nil {
		slow, _ := h.Check("SLOW_OPS")
		add("slow_ops", float64(slow.SlowOps()), "")
	}
	if m := v.c.Mons; m != nil {
		add("mons", float64(m.Total), "")
		add("mons_quorum", float64(len(m.Quorum)), "")
	}
	if len(v.scopes) > 0 {
		if since, proven := v.since(); proven {
			add("noout_age", max(0, v.now.Sub(since).Truncate(time.Second).Seconds()), "s")
		}
	} else if v.c.Map != nil {
		add("noout_age", 0, "s")
	}
	return out
}
