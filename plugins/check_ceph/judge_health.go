package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// checks judges what no field of another document tells better.
func (v *view) checks() {
	h := v.c.Health
	if h == nil {
		return
	}
	said := false
	for _, c := range h.Checks {
		said = said || c.Err() || h.Status != ceph.HealthErr
		if v.told(c) {
			continue
		}
		v.remaining(c)
	}
	if h.Status == ceph.HealthErr && !said {
		v.add(check.CRITICAL, "HEALTH_ERR, and no check says why")
	}
	if h.Status == ceph.HealthWarn && len(h.Checks) == 0 {
		v.add(check.WARNING, "HEALTH_WARN, and no check says why")
	}
}

// remaining judges one health check.
func (v *view) remaining(c ceph.Check) {
	text := c.Code + ": " + c.Text
	status := check.WARNING
	if c.Err() {
		status = check.CRITICAL
	}
	switch {
	case slices.Contains(v.p.Ignore, c.Code):
		v.add(check.OK, "ignored: %s", text)
	case c.Code == "MDS_INSUFFICIENT_STANDBY" && v.standbyMDS(), c.Code == "HOST_IN_MAINTENANCE" && v.hostsServiced(c):
		v.add(check.OK, "%s, explained by the maintenance", text)
	case c.Muted:
		v.lowered(c, status, text)
	default:
		v.findings = append(v.findings, check.Finding{Status: status, Text: text, Evidence: c.Detail})
	}
}

// hostsServiced says that all hosts which cephadm has in maintenance are under
// maintenance here too. No field names them, only the details: "node1 is in
// maintenance".
func (v *view) hostsServiced(c ceph.Check) bool {
	for _, line := range c.Detail {
		if host, _, found := strings.Cut(line, " "); !found || !v.hosts[host] {
			return false
		}
	}
	return len(c.Detail) > 0
}

// lowered is a check that somebody muted in Ceph: one status lower, or OK when
// the operator honours mutes.
func (v *view) lowered(c ceph.Check, status check.Status, text string) {
	until := "muted"
	if m, found := v.c.Health.Mute(c.Code); found && !m.Until.IsZero() {
		until = "muted until " + phrase.Time(m.Until)
	}
	if status == check.CRITICAL && !v.p.HonourMutes {
		v.add(check.WARNING, "%s (%s)", text, until)
		return
	}
	v.add(check.OK, "%s (%s)", text, until)
	v.notes = append(v.notes, fmt.Sprintf("%s %s", c.Code, until))
}

// told says that another row judged the check's substance by fields. When those
// fields do not show it, the check speaks for itself.
func (v *view) told(c ceph.Check) bool {
	p := v.c.PGs
	switch c.Code {
	case "OSDMAP_FLAGS":
		return v.flagsTold()
	case "OSD_FLAGS":
		return v.scopesTold()
	case "MON_DOWN":
		return v.c.Mons != nil && v.c.Mons.Lost() > 0
	case "MGR_DOWN":
		return v.c.Mgr != nil && !v.c.Mgr.Available
	case "PG_DEGRADED":
		return p != nil
	case "PG_AVAILABILITY":
		return p != nil && p.Count(inactive)+p.Count(unsettled) > 0
	case "SLOW_OPS":
		return true
	case "OSD_FULL", "POOL_FULL":
		return v.full() != ""
	}
	return ofDownOSDs(c.Code) && len(v.down)+len(v.retired) > 0
}

// ofDownOSDs says whether a check is about OSDs that are down: OSD_DOWN,
// OSD_HOST_DOWN, OSD_RACK_DOWN, ...
func ofDownOSDs(code string) bool {
	return strings.HasPrefix(code, "OSD_") && strings.HasSuffix(code, "_DOWN")
}

// usage of the raw capacity and of the fullest OSD.
func (v *view) usage() {
	if s := v.c.Space; s != nil {
		v.threshold("raw capacity", s.Percent(), v.p.Warning, v.p.Critical)
	}
	if f, found := v.fullest(); found {
		v.threshold(fmt.Sprintf("osd.%d", f.OSD), f.Percent, v.p.OSDWarning, v.p.OSDCritical)
	}
}

func (v *view) threshold(what string, percent float64, warning, critical check.Range) {
	switch {
	case critical.Alert(percent):
		v.add(check.CRITICAL, "%s used to %.1f%% (limit %s)", what, percent, critical)
	case warning.Alert(percent):
		v.add(check.WARNING, "%s used to %.1f%% (limit %s)", what, percent, warning)
	}
}

func (v *view) fullest() (ceph.Fill, bool) {
	if len(v.c.Fill) == 0 {
		return ceph.Fill{}, false
	}
	return slices.MaxFunc(v.c.Fill, func(a, b ceph.Fill) int { return cmp.Compare(a.Percent, b.Percent) }), true
}
