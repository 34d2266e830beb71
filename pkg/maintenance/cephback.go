package maintenance

import (
	"fmt"
	"slices"
	"strings"
)

// leftover are the checks that people mute for a maintenance.
var leftover = []string{"OSDMAP_FLAGS", "OSD_FLAGS", "OSD_DOWN", "OSD_HOST_DOWN", "PG_DEGRADED", "PG_AVAILABILITY", "MON_DOWN"}

// cephBack: the node's OSDs work, everything is clean, and no flag and no mute
// is left. HEALTH_OK alone proves none of it: it is there with an OSD that is
// out, with data that moves, and with everything muted.
func (r Return) cephBack(c *Checklist) {
	const name = "Ceph answers"
	if r.Ceph.Absent != "" {
		c.add(Holds, name, r.Ceph.Absent, "")
		return
	}
	if r.Ceph.Err != nil || r.Ceph.Cluster == nil {
		r.ceph(c) // says which
		return
	}
	l := leaving{Cluster: r.Ceph.Cluster, e: r.Evidence}
	known := l.same(c) && l.known(c, name)
	l.cleared(c)
	l.mutes(c)
	if !known || !l.find(c) {
		return
	}
	l.back(c)
	l.monitorsBack(c)
	l.standbys(c)
	l.down, l.returned = false, true // what is down is not whole, for whatever reason
	l.placement(c)
	l.health(c)
}

// back: the node's own OSDs.
func (l leaving) back(c *Checklist) {
	const name = "its OSDs work"
	n := len(*c)
	if len(l.gone) == 0 && len(l.hosts) > 0 {
		c.add(Reserved, name, "the CRUSH host "+strings.Join(l.hosts, " and ")+" has no OSD", "if it had any, see ceph-volume lvm list on "+l.e.names())
	}
	for _, id := range l.gone {
		switch o, _ := l.Map.OSD(id); {
		case !o.Up:
			c.add(Fails, name, fmt.Sprintf("osd.%d is down", id), fmt.Sprintf("systemctl start ceph-osd@%d", id))
		case !o.In:
			c.add(Fails, name, fmt.Sprintf("osd.%d is up but out", id), fmt.Sprintf("ceph osd in %d", id))
		case o.Reweight < 1:
			c.add(Reserved, name, fmt.Sprintf("osd.%d has a reweight of %.2f", id, o.Reweight), fmt.Sprintf("ceph osd reweight %d 1, if that is not on purpose", id))
		}
	}
	if len(*c) == n && len(l.gone) > 0 {
		c.add(Holds, name, osds(l.gone)+" up and in", "")
	}
}

// cleared: no flag of the maintenance is left, in any scope.
func (l leaving) cleared(c *Checklist) {
	const name = "no flag is left"
	if l.Map == nil {
		return
	}
	n, said := len(*c), map[string]bool{}
	for _, f := range slices.Concat([]string{"noout"}, stopping, holding) {
		for _, s := range l.Scopes(f) {
			if said[unset(f, s)] {
				continue
			}
			said[unset(f, s)] = true
			c.add(Fails, name, f+" is still set for "+s.String(), unset(f, s))
		}
	}
	switch {
	case len(*c) > n:
	case l.Map.ScopesUnknown:
		c.add(Unknown, name, "flags of hosts and OSDs cannot be read this way", "ask with --ceph command")
	default:
		c.add(Holds, name, "no flag is set, in no scope", "")
	}
}

func (l leaving) mutes(c *Checklist) {
	const name = "no mute is left"
	if l.Health == nil {
		return
	}
	n := len(*c)
	for _, m := range l.Health.Mutes {
		if slices.Contains(leftover, m.Code) {
			c.add(Fails, name, m.Code+" is still muted", "ceph health unmute "+m.Code)
			continue
		}
		c.add(Reserved, name, m.Code+" is muted", "ceph health unmute "+m.Code+", if it was for this maintenance")
	}
	if _, crashed := l.Health.Check("RECENT_CRASH"); crashed {
		c.add(Reserved, name, "a daemon crashed lately", "ceph crash ls-new, then ceph crash archive-all")
	}
	if len(*c) == n {
		c.add(Holds, name, "nothing of the maintenance is muted", "")
	}
}

func (l leaving) monitorsBack(c *Checklist) {
	const name = "all monitors are in quorum"
	if lost := l.Mons.Lost(); lost > 0 {
		var who []string
		for _, d := range l.Mons.Missing() {
			who = append(who, "mon."+d.Name)
		}
		if len(who) == 0 {
			who = []string{count(lost, "monitor", "monitors")}
		}
		c.add(Fails, name, strings.Join(who, ", ")+" out of quorum", "systemctl start ceph-mon@NODE there")
		return
	}
	c.add(Holds, name, fmt.Sprintf("%d of %d", len(l.Mons.Quorum), l.Mons.Total), "")
}

func (l leaving) standbys(c *Checklist) {
	const name = "standbys are back"
	n := len(*c)
	if l.Mgr.Standbys == 0 && len(l.e.PVE.Cluster.Nodes) > 1 {
		c.add(Reserved, name, "there is no standby mgr", "systemctl start ceph-mgr@NODE where one was")
	}
	if l.FS != nil && l.FS.Ranks > 0 && l.FS.Standbys == 0 {
		c.add(Reserved, name, "there is no standby MDS", "systemctl start ceph-mds@NODE where one was")
	}
	if len(*c) == n {
		c.add(Holds, name, count(l.Mgr.Standbys, "standby mgr", "standby mgrs"), "")
	}
}
