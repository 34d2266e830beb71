package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// mgr: without an active one nobody counts PGs any more.
func (v *view) mgr() {
	m := v.c.Mgr
	switch {
	case m == nil:
	case !m.Available:
		v.add(check.WARNING, "no active mgr: the numbers of PGs and space are frozen")
	case v.c.MgrSilent():
		v.add(check.WARNING, "the active mgr does not answer: the numbers of PGs and space may be frozen")
	case m.Standbys == 0:
		v.noStandby(m)
	}
}

// noStandby is explained when every mgr that was there before and is missing
// now was on a host under maintenance.
func (v *view) noStandby(m *ceph.Mgr) {
	missing := gone(v.m.Mgrs, m.Daemons)
	if v.allServiced(missing) {
		v.add(check.OK, "no standby mgr: %s, explained by the maintenance", daemonNames("mgr", missing))
		return
	}
	text := "no standby mgr"
	if len(missing) > 0 {
		text += ": " + daemonNames("mgr", missing) + " missing"
	}
	v.add(check.WARNING, "%s", text)
}

// gone are the daemons that were there before and are not now. None without a
// memory of a time with more of them, or when their names were not told.
func gone(before map[string]string, now []ceph.Daemon) []ceph.Daemon {
	if now == nil {
		return nil
	}
	var missing []ceph.Daemon
	for name, host := range before {
		if !slices.ContainsFunc(now, func(d ceph.Daemon) bool { return d.Name == name }) {
			missing = append(missing, ceph.Daemon{Name: name, Host: host})
		}
	}
	slices.SortFunc(missing, func(a, b ceph.Daemon) int { return strings.Compare(a.Name, b.Name) })
	return missing
}

// allServiced says that there are daemons, and all on hosts under maintenance.
func (v *view) allServiced(daemons []ceph.Daemon) bool {
	return len(daemons) > 0 && !slices.ContainsFunc(daemons, func(d ceph.Daemon) bool { return !v.serviced(d) })
}

func daemonNames(kind string, daemons []ceph.Daemon) string {
	var out []string
	for _, d := range daemons {
		out = append(out, kind+"."+d.Name)
	}
	return phrase.List(out, 4)
}

// mons out of quorum, with what is left until the cluster stands still.
func (v *view) mons() {
	m := v.c.Mons
	if m == nil || m.Lost() == 0 {
		return
	}
	if len(m.Quorum) < m.Total/2+1 {
		v.add(check.CRITICAL, "no quorum: %d of %d monitors", len(m.Quorum), m.Total)
		return
	}
	v.stranded()
	margin := fmt.Sprintf("%d of %d in quorum, %s", len(m.Quorum), m.Total, spare(m))
	missing := m.Missing()
	foreign := slices.DeleteFunc(slices.Clone(missing), v.serviced)
	switch {
	case len(missing) == 0:
		v.add(check.WARNING, "%s missing, which is not known (%s)", phrase.Count(m.Lost(), "monitor", "monitors"), margin)
	case len(foreign) > 0:
		v.add(check.WARNING, "%s out of quorum (%s)", daemonNames("mon", foreign), margin)
	default:
		v.add(check.OK, "%s out of quorum, explained by the maintenance (%s)", daemonNames("mon", missing), margin)
	}
}

// stranded are the sites of stretch mode whose OSDs find no monitor. No
// maintenance explains that: the next change of anything stops their PGs.
func (v *view) stranded() {
	var quorum []ceph.Daemon
	for _, d := range v.c.Mons.Members {
		if !d.Placed() {
			return // nobody tells where the monitors are
		}
		if slices.Contains(v.c.Mons.Quorum, d.Name) {
			quorum = append(quorum, d)
		}
	}
	if sites := v.c.Stranded(quorum, nil); len(quorum) > 0 && len(sites) > 0 {
		v.add(check.CRITICAL, "no monitor in %s, and in stretch mode its OSDs talk to no other: their I/O stops at the next change, or after 15 min", phrase.List(sites, 4))
	}
}

func spare(m *ceph.Mons) string {
	if n := m.Spare(); n > 0 {
		return fmt.Sprintf("%d more may be lost", n)
	}
	return "one more lost stops the cluster"
}

// mds: a rank whose holder is dead and that nobody took over. Its clients hang,
// and Ceph says HEALTH_OK. No maintenance explains that.
func (v *view) mds() {
	if v.c.FS == nil {
		return
	}
	for _, r := range v.c.FS.Dead() {
		who := "nobody"
		if r.Holder != "" {
			who = "mds." + r.Holder + ", laggy or crashed,"
		}
		v.add(check.CRITICAL, "%s serves rank %d of file system %d: its clients hang", who, max(r.Rank, 0), r.FS)
	}
}

// standbyMDS says whether the missing standby of MDS_INSUFFICIENT_STANDBY is
// the one of a host under maintenance.
func (v *view) standbyMDS() bool {
	return v.c.FS != nil && v.allServiced(gone(v.m.MDS, v.c.FS.Daemons))
}
