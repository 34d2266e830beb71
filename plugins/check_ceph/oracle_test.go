package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	sim "github.com/noout-monitoring/noout/test/sim/ceph"
)

// oracle says between which statuses the verdict must lie, from the truth about
// the cluster and from what was done to it.
func (s *scenario) oracle() (low, high check.Status, why []string) {
	t := s.world.Truth()
	if !t.Quorum {
		return check.CRITICAL, check.CRITICAL, []string{"no quorum"}
	}
	o := &verdict{low: check.OK}
	o.cluster(s, t)
	o.osds(s, t)
	o.noout(s, t)
	o.daemons(s, t)
	if s.lacks != "" {
		// what cannot be seen cannot be judged, but never is it well
		o.at(check.UNKNOWN, "no "+s.lacks)
		return check.UNKNOWN, check.CRITICAL, o.why
	}
	if !t.Mgr {
		// the numbers are of the moment the mgr went
		return check.WARNING, check.CRITICAL, []string{"no mgr"}
	}
	high = o.low
	if severity[o.maybe] > severity[high] {
		high = o.maybe
	}
	return o.low, high, o.why
}

// verdict collects what is wrong.
type verdict struct {
	low, maybe check.Status
	why        []string
}

func (v *verdict) at(status check.Status, why string) {
	if severity[status] > severity[v.low] {
		v.low = status
	}
	v.why = append(v.why, fmt.Sprintf("%s: %s", status, why))
}

func (v *verdict) when(wrong bool, status check.Status, why string) {
	if wrong {
		v.at(status, why)
	}
}

// named are the hosts somebody declared, single the OSDs.
func (s *scenario) named() (hosts []string, single []int) {
	hosts = slices.Clone(s.declared)
	for _, n := range s.noout {
		if h, found := strings.CutPrefix(n, "host "); found {
			hosts = append(hosts, h)
		}
		var id int
		if _, err := fmt.Sscanf(n, "osd %d", &id); err == nil {
			single = append(single, id)
		}
	}
	return hosts, single
}

func (s *scenario) explained(t sim.Truth, osd int) bool {
	hosts, single := s.named()
	return slices.Contains(hosts, t.HostOf[osd]) || slices.Contains(single, osd)
}

// kept says whether noout covers the OSD.
func (s *scenario) kept(t sim.Truth, osd int) bool {
	for _, n := range s.noout {
		class := "hdd"
		for _, h := range s.config.Hosts {
			if h.Name == t.HostOf[osd] {
				class = h.Class
			}
		}
		if n == "cluster" || n == "default" || n == "host "+t.HostOf[osd] || n == "class "+class || n == fmt.Sprintf("osd %d", osd) {
			return true
		}
	}
	return false
}

func (v *verdict) cluster(s *scenario, t sim.Truth) {
	v.when(s.atRisk, check.CRITICAL, "data at risk")
	v.when(t.Dead > 0, check.CRITICAL, "PGs without enough copies")
	if t.Passing > 0 {
		v.at(check.WARNING, "PGs on their way")
		age := s.clock.now.Sub(t.Changed)
		if s.remember {
			age = s.peering
		}
		v.when(age >= 30*time.Second, check.CRITICAL, "for too long")
	}
	v.when(s.flags, check.WARNING, "a flag")
	for code, status := range s.extra {
		v.at(status, code)
	}
	v.when(len(s.noout) > 0 && s.scopes() && t.Moving, check.WARNING, "data moves")
	v.when(len(t.Out) > 0, check.WARNING, "up but out")
	missing := s.missing(t)
	// An OSD of the maintenance is away, or is back and is filled up again.
	back := t.Lasting == 0 && slices.ContainsFunc(slices.Sorted(maps.Keys(t.HostOf)), func(osd int) bool { return s.explained(t, osd) })
	quiet := (len(missing) > 0 || back) && t.Dead+t.Passing == 0
	for _, osd := range missing {
		quiet = quiet && s.explained(t, osd)
	}
	v.when(t.Short > 0 && !quiet, check.WARNING, "too few copies")
}

// scopes says whether noout is in force for anything that exists.
func (s *scenario) scopes() bool { return len(s.noout) > 0 }

// missing are OSDs that are down and that somebody misses.
func (s *scenario) missing(t sim.Truth) []int {
	if t.Unclean == 0 {
		return t.Down
	}
	return append(slices.Clone(t.Down), t.DownOut...)
}

func (v *verdict) osds(s *scenario, t sim.Truth) {
	down := s.missing(t)
	retired := []int{}
	for _, osd := range t.DownOut {
		if !slices.Contains(down, osd) {
			retired = append(retired, osd)
		}
	}
	v.when(len(retired) > 0, check.WARNING, "retired")
	foreign := map[string][]int{}
	for _, osd := range down {
		if !s.explained(t, osd) {
			foreign[t.HostOf[osd]] = append(foreign[t.HostOf[osd]], osd)
			continue
		}
		v.when(slices.Contains(t.DownOut, osd), check.WARNING, "declared, and marked out")
		v.when(!s.kept(t, osd), check.WARNING, "declared, without noout")
	}
	hosts, single := s.named()
	for host, osds := range foreign {
		whole := true
		for osd, on := range t.HostOf {
			if on == host && !slices.Contains(osds, osd) && !slices.Contains(retired, osd) {
				whole = false
			}
		}
		all := !slices.ContainsFunc(osds, func(osd int) bool { return !s.kept(t, osd) })
		switch {
		case len(s.noout) > 0 && len(hosts)+len(single) == 0 && len(foreign) == 1 && whole && all:
			v.at(check.WARNING, "down under noout, declared by nobody")
		case len(s.noout) > 0:
			v.at(check.CRITICAL, "a failure beside noout on "+host)
		case whole:
			v.at(check.CRITICAL, host+" is down")
		case t.Edge:
			v.at(check.CRITICAL, "the next failure stops I/O")
		default:
			v.at(check.WARNING, "an OSD is down")
			if t.Short > 0 {
				// by the rules there may be a PG at the edge
				v.maybe = check.CRITICAL
			}
		}
	}
}

func (v *verdict) noout(s *scenario, t sim.Truth) {
	if len(s.noout) == 0 {
		return
	}
	age, limit := s.clock.now.Sub(s.started), 4*time.Hour
	if s.until > 0 {
		limit = s.until
	}
	if !s.remember {
		v.at(check.WARNING, "noout of unknown age")
		age = s.clock.now.Sub(t.Modified)
	}
	v.when(age >= limit, check.WARNING, "noout is old")
	v.when(age >= 24*time.Hour, check.CRITICAL, "noout is forgotten")
}

func (v *verdict) daemons(s *scenario, t sim.Truth) {
	hosts, _ := s.named()
	for _, m := range t.Lost {
		withOSDs := slices.ContainsFunc(s.config.Hosts, func(h sim.Host) bool { return h.Name == m.Host && h.OSDs > 0 })
		v.when(!slices.Contains(hosts, m.Host) || !withOSDs, check.WARNING, "a monitor is missing")
	}
	if t.Standbys > 0 || !t.Mgr {
		return
	}
	gone, excused := 0, true
	for _, m := range s.mgrs {
		if slices.Contains(s.stopped, m.Name) && !s.running(m.Name) {
			gone++
			excused = excused && slices.Contains(hosts, m.Host)
		}
	}
	v.when(gone == 0 || !excused || !s.remember, check.WARNING, "no standby")
}

// running says whether a mgr that was stopped was started again with its host.
func (s *scenario) running(name string) bool {
	up := true
	for _, step := range s.steps {
		for _, m := range s.mgrs {
			if m.Name != name {
				continue
			}
			switch step {
			case "stop?mgr=" + name, "stop?host=" + m.Host:
				up = false
			case "start?host=" + m.Host:
				up = true
			}
		}
	}
	return up
}
