package maintenance

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// Struck lists what Ceph keeps when the leaving nodes die without warning:
// quorum of its monitors, daemons for its file systems, a gateway of each kind,
// and I/O of every pool. Nothing of a planned stop is asked: nobody set noout,
// and HA was told nothing.
func Struck(e Evidence) Checklist {
	if c, asked := e.asked(); !asked {
		if c.Outcome == Fails {
			c.Outcome = Unknown // nobody can tell what is taken of a Ceph that is silent
		}
		return Checklist{c}
	}
	l := leaving{Cluster: e.Ceph.Cluster, e: e}
	c, known := l.known()
	if !known {
		return c
	}
	found, ok := l.find()
	if c = append(c, found); !ok {
		return c
	}
	c = append(c, l.monitors(), l.metadata())
	c = append(c, l.siteMonitors()...)
	c = append(c, l.gateways()...)
	c = append(c, l.struckSites()...)
	return append(c, l.serving()).held()
}

// serving: by Ceph's own word about all the OSDs at once, or by the rules, which
// hold only while every PG has all its copies where they belong.
func (l leaving) serving() Condition {
	const name question = "every pool keeps its I/O"
	switch {
	case len(l.gone) == 0:
		return name.holds("no OSD is lost")
	case l.e.Ceph.Safety == nil && l.e.Ceph.SafetyErr == nil && !l.down && !l.PGs.AllClean():
		return name.unknown("not every PG is clean, and the rules tell nothing then", l.e.byCommand("ask again when the mgr answers"))
	}
	return l.stoppable()
}

// struckSites is what a site that dies takes in stretch mode. When its monitors
// die with it the others enter degraded stretch mode after 18 to 20 s (seen on
// 16.2.15); a monitor of the site that lives on keeps every PG waiting.
func (l leaving) struckSites() Checklist {
	c := l.sites()
	live := slices.DeleteFunc(slices.Clone(l.Mons.Members), func(d ceph.Daemon) bool {
		here, known := l.here(d)
		return here && known || !slices.Contains(l.Mons.Quorum, d.Name)
	})
	for i, x := range c {
		c[i].Next = nil
		switch {
		case x.Outcome == Fails && l.sited() && !l.Outlived(live, l.gone):
			c[i].Outcome = Reserved
			c[i].Evidence += ", clients wait for about 20 s, until degraded stretch mode serves them"
		case x.Outcome == Fails:
			c[i].Next = []Step{say("give each site hosts to spare")}
		case x.Outcome == Unknown:
			c[i].Next = []Step{l.e.byCommand("ask again in a minute")}
		}
	}
	return c
}
