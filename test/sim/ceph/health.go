package ceph

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

type object = map[string]any

// check is a health check as the monitors make it.
type check struct {
	severity, text string
	detail         []string
}

// warned are the flags of the OSD map that Ceph warns of, in its order.
var warned = []string{"nearfull", "full", "pauserd", "pausewr", "noup", "nodown", "noin", "noout", "nobackfill", "norebalance", "norecover", "noscrub", "nodeep-scrub", "notieragent", "nosnaptrim"}

// health works out the checks.
func (w *World) health() map[string]check {
	out := map[string]check{}
	warn := func(code string, detail []string, format string, args ...any) {
		out[code] = check{"HEALTH_WARN", fmt.Sprintf(format, args...), detail}
	}
	var set []string
	for _, f := range warned {
		if w.flags[f] {
			set = append(set, f)
		}
	}
	if len(set) > 0 {
		warn("OSDMAP_FLAGS", nil, "%s flag(s) set", strings.Join(set, ","))
	}
	if scoped := w.scoped(); len(scoped) > 0 {
		warn("OSD_FLAGS", scoped, "%d OSDs or CRUSH {nodes, device-classes} have {NOUP,NODOWN,NOIN,NOOUT} flags set", len(scoped))
	}
	w.osdHealth(out, warn)
	w.stretchHealth(warn)
	if n := w.numbers(); n.degraded > 0 {
		warn("PG_DEGRADED", nil, "Degraded data redundancy: %d objects degraded", n.degraded)
	}
	if n := w.longInactive(); n > 0 {
		warn("PG_AVAILABILITY", nil, "Reduced data availability: %d pgs inactive", n)
	}
	if q := w.quorum(); len(q) < len(w.mons) {
		warn("MON_DOWN", nil, "%d/%d mons down, quorum %s", len(w.mons)-len(q), len(w.mons), strings.Join(q, ","))
	}
	if w.Active() == nil {
		warn("MGR_DOWN", nil, "no active mgr")
	}
	for code, e := range w.checks {
		out[code] = check{e.severity, e.text, []string{e.text}}
	}
	return out
}

// usageHealth warns of OSDs by Ceph's own ratios.
func (w *World) usageHealth(out map[string]check, warn func(string, []string, string, ...any)) {
	var full, backfill, near []string
	for _, o := range w.osds {
		name := fmt.Sprintf("osd.%d", o.id)
		switch {
		case !o.up:
		case o.used >= 95:
			full = append(full, name+" is full")
		case o.used >= 90:
			backfill = append(backfill, name+" is backfill full")
		case o.used >= 85:
			near = append(near, name+" is near full")
		}
	}
	if len(backfill) > 0 {
		warn("OSD_BACKFILLFULL", backfill, "%d backfillfull osd(s)", len(backfill))
	}
	if len(near) > 0 {
		warn("OSD_NEARFULL", near, "%d nearfull osd(s)", len(near))
	}
	if len(full) > 0 {
		out["OSD_FULL"] = check{"HEALTH_ERR", fmt.Sprintf("%d full osd(s)", len(full)), full}
	}
}

func (w *World) osdHealth(out map[string]check, warn func(string, []string, string, ...any)) {
	w.usageHealth(out, warn)
	var down, hosts []string
	for _, o := range w.osds {
		name := fmt.Sprintf("osd.%d", o.id)
		if !o.up && o.in {
			down = append(down, fmt.Sprintf("%s (root=default,host=%s) is down", name, o.host))
		}
	}
	for _, h := range w.config.Hosts {
		up := slices.ContainsFunc(w.osds, func(o *osd) bool { return o.host == h.Name && (o.up || !o.in) })
		if !up && h.OSDs > 0 {
			hosts = append(hosts, fmt.Sprintf("host %s (root=default) (%d osds) is down", h.Name, h.OSDs))
		}
	}
	if len(down) > 0 {
		warn("OSD_DOWN", down, "%d osds down", len(down))
	}
	if len(hosts) > 0 {
		warn("OSD_HOST_DOWN", hosts, "%d host down", len(hosts))
	}
	damaged := 0
	for _, p := range w.pools {
		for _, g := range p.pgs {
			if g.damaged {
				damaged++
			}
		}
	}
	if damaged > 0 {
		out["OSD_SCRUB_ERRORS"] = check{"HEALTH_ERR", fmt.Sprintf("%d scrub errors", damaged), nil}
		out["PG_DAMAGED"] = check{"HEALTH_ERR", fmt.Sprintf("Possible data damage: %d pg inconsistent", damaged), nil}
	}
	var stuck []string
	for _, o := range w.osds {
		if o.up && !o.running {
			stuck = append(stuck, fmt.Sprintf("osd.%d", o.id))
		}
	}
	if len(stuck) > 0 && !w.flags["pauserd"] {
		age := int(w.clock.Now().Sub(w.oldestStop()) / time.Second)
		if age >= 30 {
			warn("SLOW_OPS", nil, "%d slow ops, oldest one blocked for %d sec, %s has slow ops", 3*len(stuck), age, strings.Join(stuck, ","))
		}
	}
}

// oldestStop is when the first OSD that is still taken for up stopped.
func (w *World) oldestStop() time.Time {
	at := w.clock.Now()
	for _, o := range w.osds {
		if o.up && !o.running && o.gone.Before(at) {
			at = o.gone
		}
	}
	return at
}

// longInactive counts what Ceph calls inactive: only after a minute.
func (w *World) longInactive() int {
	n := 0
	for _, p := range w.pools {
		for _, g := range p.pgs {
			if !g.quiet.IsZero() && w.clock.Now().Sub(g.quiet) >= time.Minute {
				n++
			}
		}
	}
	return n
}

// scoped are the lines about flags of hosts, classes and OSDs.
func (w *World) scoped() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(w.nodeFlags)) {
		if f := set(w.nodeFlags[name]); len(f) > 0 {
			kind := "host"
			if name == "default" {
				kind = "root"
			}
			out = append(out, kind+" "+name+" has flags "+strings.Join(f, ","))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.classFlags)) {
		if f := set(w.classFlags[name]); len(f) > 0 {
			out = append(out, "device class '"+name+"' has flags "+strings.Join(f, ","))
		}
	}
	for _, o := range w.osds {
		if f := set(o.flags); len(f) > 0 {
			out = append(out, fmt.Sprintf("osd.%d has flags %s", o.id, strings.Join(f, ",")))
		}
	}
	return out
}

func set(flags map[string]bool) []string {
	out := []string{}
	for _, f := range slices.Sorted(maps.Keys(flags)) {
		if flags[f] {
			out = append(out, f)
		}
	}
	return out
}

// overall is the status of what is not muted.
func (w *World) overall(checks map[string]check) string {
	status := "HEALTH_OK"
	for code, c := range checks {
		if _, muted := w.mutes[code]; muted {
			continue
		}
		if c.severity == "HEALTH_ERR" {
			return c.severity
		}
		status = c.severity
	}
	return status
}

// healthDocument is the object of status and of health detail.
func (w *World) healthDocument(detailed bool) object {
	checks := w.health()
	table := object{}
	for code, c := range checks {
		_, muted := w.mutes[code]
		entry := object{"severity": c.severity, "summary": object{"message": c.text, "count": 5}, "muted": muted}
		if detailed {
			lines := []any{}
			for _, d := range c.detail {
				lines = append(lines, object{"message": d})
			}
			entry["detail"] = lines
		}
		table[code] = entry
	}
	mutes := []any{}
	for _, code := range slices.Sorted(maps.Keys(w.mutes)) {
		m := object{"code": code, "sticky": false, "summary": checks[code].text, "count": 5}
		if until := w.mutes[code]; !until.IsZero() {
			m["ttl"] = stamp(until)
		}
		mutes = append(mutes, m)
	}
	return object{"status": w.overall(checks), "checks": table, "mutes": mutes}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-0700") }
