package main

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// outage is what is down on one host without an explanation.
type outage struct {
	host string // empty for OSDs on no host
	osds []int
	// hostDown says that nothing of the host is up.
	hostDown bool
}

// sortOSDs tells retired OSDs from those that are down. An OSD that is out and
// whose PGs are all clean elsewhere is missed by nobody; frozen numbers prove
// nothing of the kind.
func (v *view) sortOSDs() {
	if v.c.Map == nil {
		return
	}
	clean := v.c.PGs != nil && v.c.PGs.AllClean() && !v.frozen()
	for _, o := range v.c.Map.OSDs {
		switch {
		case o.Up:
		case o.New:
			v.fresh = append(v.fresh, o)
		case !o.In && clean:
			v.retired = append(v.retired, o)
		default:
			v.down = append(v.down, o)
		}
	}
}

// downOSDs judges OSDs that are down, host by host.
func (v *view) downOSDs() {
	if len(v.retired) > 0 {
		v.add(check.WARNING, "retired: %s, down and out with all PGs clean elsewhere", phrase.OSDs(ids(v.retired)))
	}
	if len(v.fresh) > 0 {
		v.add(check.WARNING, "never started: %s: start it, or take it out of the map: ceph osd purge %d", phrase.OSDs(ids(v.fresh)), v.fresh[0].ID)
	}
	v.downAsDeclared()
	if v.c.Map == nil || v.c.Map.Blind {
		v.countedDown()
		return
	}
	outages := v.outages()
	for _, o := range outages {
		if v.c.Tree == nil {
			v.add(check.WARNING, "%s down, on which host is not known", phrase.OSDs(o.osds))
			continue
		}
		v.judgeOutage(o, len(outages))
	}
}

// countedDown is what remains when only the number is known.
func (v *view) countedDown() {
	if c := v.c.Counts; c != nil && c.Up < c.OSDs {
		v.add(check.WARNING, "%d of %d OSDs down, which ones is not known", c.OSDs-c.Up, c.OSDs)
	}
}

// judgeOutage decides by what noout was set for: it must not hide a failure.
func (v *view) judgeOutage(o outage, outages int) {
	where := phrase.OSDs(o.osds) + place(o.host)
	switch {
	case len(v.scopes) > 0 && !v.declared && o.hostDown && outages == 1 && v.kept(o.osds):
		v.add(check.WARNING, "%s is down (%s), declared by nobody: noout keeps its data where it is", o.host, phrase.Count(len(o.osds), "OSD", "OSDs"))
	case len(v.scopes) > 0 && v.keeps(o.osds):
		v.add(check.CRITICAL, "noout hides a failure: %s", where)
	case len(v.scopes) > 0:
		v.add(check.CRITICAL, "%s down, outside of what noout was set for", where)
	case o.hostDown:
		v.add(check.CRITICAL, "%s is down (%s) without noout, its data will be moved", o.host, phrase.Count(len(o.osds), "OSD", "OSDs"))
	case v.atMinimum():
		v.add(check.CRITICAL, "%s down, and the next failure stops I/O", where)
	default:
		v.add(check.WARNING, "%s down", where)
	}
}

func place(host string) string {
	if host == "" {
		return " on no host"
	}
	return " on " + host
}

// downAsDeclared is what the maintenance explains, and what it should have
// noout for.
func (v *view) downAsDeclared() {
	var explained, leaving, left []int
	for _, o := range v.down {
		if !v.osds[o.ID] {
			continue
		}
		switch {
		case !o.In:
			left = append(left, o.ID)
		case !v.keeps([]int{o.ID}):
			leaving = append(leaving, o.ID)
		default:
			explained = append(explained, o.ID)
		}
	}
	if len(explained) > 0 {
		v.add(check.OK, "%s down, explained by the maintenance", phrase.OSDs(explained))
	}
	if len(leaving) > 0 {
		v.add(check.WARNING, "set noout: %s under maintenance will be marked out", phrase.OSDs(leaving))
	}
	if len(left) > 0 {
		v.add(check.WARNING, "%s under maintenance marked out: their data is moved", phrase.OSDs(left))
	}
}

// outages groups what is down and not explained.
func (v *view) outages() []outage {
	var out []outage
	for _, o := range v.down {
		if v.osds[o.ID] {
			continue
		}
		host := ""
		if v.c.Tree != nil {
			host = v.c.Tree.Host(o.ID)
		}
		i := slices.IndexFunc(out, func(g outage) bool { return g.host == host })
		if i < 0 {
			i = len(out)
			out = append(out, outage{host: host})
		}
		out[i].osds = append(out[i].osds, o.ID)
	}
	for i := range out {
		out[i].hostDown = v.hostDown(out[i])
	}
	return out
}

// hostDown says that all OSDs of the host are down without an explanation, the
// retired ones aside. A bucket without OSDs is no host that could be down.
func (v *view) hostDown(o outage) bool {
	if o.host == "" || v.c.Tree == nil {
		return false
	}
	for _, id := range v.c.Tree.OSDs(o.host) {
		if _, exists := v.c.Map.OSD(id); !exists || slices.Contains(ids(v.retired), id) {
			continue
		}
		if !slices.Contains(o.osds, id) {
			return false
		}
	}
	return true
}

// keeps says that noout, of whatever scope, keeps at least one of the OSDs in.
func (v *view) keeps(osds []int) bool {
	return slices.ContainsFunc(osds, v.keptIn)
}

// kept says that noout keeps all of them in.
func (v *view) kept(osds []int) bool {
	return !slices.ContainsFunc(osds, func(id int) bool { return !v.keptIn(id) })
}

func (v *view) keptIn(osd int) bool {
	return slices.ContainsFunc(v.scopes, func(s ceph.Scope) bool { return slices.Contains(s.OSDs, osd) })
}

// atMinimum says that some pool cannot lose another copy. What is not known
// counts as the worst.
func (v *view) atMinimum() bool {
	p := v.c.PGs
	if p == nil || v.c.Map == nil {
		return true
	}
	if !v.frozen() && p.Count(ceph.PGState.Degraded) == 0 {
		return false
	}
	if len(v.c.Map.Pools) == 0 {
		return p.Total > 0
	}
	return slices.ContainsFunc(v.c.Map.Pools, func(pool ceph.Pool) bool {
		left, _ := v.c.Copies(pool, ids(v.down))
		return left <= pool.MinSize
	})
}

// allDownExplained says that no OSD is down without an explanation.
func (v *view) allDownExplained() bool {
	return !slices.ContainsFunc(v.down, func(o ceph.OSD) bool { return !v.osds[o.ID] })
}

// outOSDs: up but out, data leaves them although they could hold it.
func (v *view) outOSDs() {
	if v.c.Map == nil {
		return
	}
	var out []int
	for _, o := range v.c.Map.OSDs {
		if o.Up && !o.In {
			out = append(out, o.ID)
		}
	}
	if len(out) > 0 {
		v.add(check.WARNING, "%s up but out", phrase.OSDs(out))
	}
}

func ids(osds []ceph.OSD) []int {
	out := make([]int, 0, len(osds))
	for _, o := range osds {
		out = append(out, o.ID)
	}
	return out
}
