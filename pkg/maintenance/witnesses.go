package maintenance

import (
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// contradiction is why a yes of ok-to-stop cannot be right: it must have judged
// at least the PGs that the fullest of these OSDs has by osd df tree, and where
// every PG has a copy in every place the rules of CRUSH say what is left.
func (l leaving) contradiction() string {
	fullest, pgs := -1, 0
	for _, id := range l.gone {
		if o, _ := l.Map.OSD(id); o.Up && l.Placed[id] > pgs {
			fullest, pgs = id, l.Placed[id]
		}
	}
	if judged := l.e.Ceph.Safety.Judged; judged < pgs {
		return fmt.Sprintf("ok-to-stop says yes about %s, osd.%d alone has %d by osd df tree", phrase.Count(judged, "PG", "PGs"), fullest, pgs)
	}
	if !l.PGs.AllClean() {
		return ""
	}
	for _, p := range l.Map.Pools {
		if left, exact := l.Copies(p, l.gone); exact && left < p.MinSize && l.Suffers(p, l.gone) {
			return fmt.Sprintf("ok-to-stop says yes, by its rule pool %s keeps %d of %d copies, min_size %d", p.Name, left, p.Size, p.MinSize)
		}
	}
	return ""
}

// weighed says that osd df tree tells of all these OSDs how many PGs they have,
// without which nobody would see that ok-to-stop looked at fewer.
func (l leaving) weighed() bool {
	return !slices.ContainsFunc(l.gone, func(id int) bool {
		o, _ := l.Map.OSD(id)
		_, told := l.Placed[id]
		return o.Up && !told
	})
}

// sites: in stretch mode PGs need OSDs on both sites, however many copies are
// left, and ok-to-stop does not know it.
func (l leaving) sites() Checklist {
	const name question = "both sites stay"
	if l.down {
		return nil
	}
	var stopped, open []string
	for _, p := range l.Map.Pools {
		switch sure, possible := l.Peers(p, l.gone); {
		case p.PGs == 0:
		case !possible:
			stopped = append(stopped, p.Name)
		case !sure:
			open = append(open, p.Name)
		}
	}
	ask := l.e.byCommand("service one host of a site after the other")
	switch {
	case len(stopped) > 0:
		return Checklist{name.fails("in stretch mode "+phrase.List(stopped, 4)+" would stop, a site loses its last OSD", say("service one host of a site after the other"))}
	case len(open) > 0:
		return Checklist{name.unknown("in stretch mode "+phrase.List(open, 4)+" may stop, it is not proven that each PG keeps a copy on both sites", ask)}
	case !l.Map.StretchTold && slices.ContainsFunc(l.Rules, func(r ceph.Rule) bool { return r.Above != "" && l.Emptied(r.Above, l.gone) }):
		return Checklist{name.unknown("a site loses its last OSD, and whether Ceph is in stretch mode cannot be read this way", ask)}
	case l.Map.Stretch:
		return Checklist{name.holds("every PG keeps a copy on as many sites as stretch mode asks for")}
	}
	return nil
}

// siteMonitors: in stretch mode OSDs talk to the monitors of their own site and
// to no others, so a quorum elsewhere is not enough.
func (l leaving) siteMonitors() Checklist {
	const name question = "each site keeps a monitor"
	var stay, perhaps []ceph.Daemon
	leaves := false
	for _, d := range l.Mons.Members {
		here, known := l.here(d)
		leaves = leaves || here
		switch in := slices.Contains(l.Mons.Quorum, d.Name); {
		case in && !here:
			stay = append(stay, d)
		case in && !known:
			perhaps = append(perhaps, d)
		}
	}
	ask := l.e.byCommand("ask again when Ceph answers whole")
	stranded := l.Stranded(stay, l.gone)
	switch {
	case !l.Map.StretchTold && leaves && l.twoLevels() && l.placed():
		return Checklist{name.unknown("whether Ceph is in stretch mode cannot be read this way, nor which monitors its OSDs need", ask)}
	case !l.Map.Stretch:
		return nil
	case l.Divider() == "" || !l.sited():
		return Checklist{name.unknown("in stretch mode OSDs need a monitor of their own site, and which site each monitor is on is not told", ask)}
	case len(stranded) > len(l.Stranded(append(stay, perhaps...), l.gone)):
		return Checklist{name.unknown("nobody can say on which host every monitor is", l.e.byCommand("say it with --ceph-host"))}
	case len(stranded) > 0:
		return Checklist{name.fails("no monitor would stay in "+phrase.List(stranded, 4)+", in stretch mode its OSDs talk to no other",
			say("bring the missing monitors of that site back, or add one there"))}
	}
	return Checklist{name.holds("every site keeps a monitor for its OSDs")}
}

// sited says that the site of every monitor is told.
func (l leaving) sited() bool {
	return l.Mons.Members != nil && !slices.ContainsFunc(l.Mons.Members, func(d ceph.Daemon) bool { return d.Site(l.Divider()) == "" })
}

// twoLevels says that a rule puts copies into buckets of buckets, as that of
// stretch mode does.
func (l leaving) twoLevels() bool {
	return slices.ContainsFunc(l.Rules, func(r ceph.Rule) bool { return r.Above != "" })
}

// placed says that a monitor may have a place in CRUSH, which stretch mode needs.
func (l leaving) placed() bool {
	return l.Mons.Members == nil || slices.ContainsFunc(l.Mons.Members, ceph.Daemon.Placed)
}
