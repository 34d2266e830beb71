package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// onlyOwn says that PGs have too few copies and nothing else, and that no OSD
// is down or out but some of those that leave: a disk died in the server, and it
// is to be opened for that. Under noout nothing would ever be clean before.
func (l leaving) onlyOwn() bool {
	p := l.PGs
	other := slices.ContainsFunc(l.Map.OSDs, func(o ceph.OSD) bool {
		return !(o.Up && o.In) && !slices.Contains(l.gone, o.ID)
	})
	odd := p.Count(func(s ceph.PGState) bool { return !s.Clean() && !short(s) })
	return !other && odd == 0 && p.Misplaced == 0 && p.Remapped == 0 && len(l.fallen()) > 0
}

// short says that the PG serves its clients with fewer copies than it should
// have, and that it neither moves nor recovers nor is in any other trouble.
func short(s ceph.PGState) bool {
	for w := range strings.SplitSeq(s.State, "+") {
		if !slices.Contains([]string{"active", "undersized", "degraded"}, w) {
			return false
		}
	}
	return s.Has("active", "undersized")
}

// reporting is for how long no OSD may have come or gone: OSDs report their PGs to
// the mgr each five seconds (mgr_stats_period), after they have settled.
const reporting = 30 * time.Second

// lacking judges PGs that lack only copies on OSDs that leave and are down. The
// numbers do not name these PGs: ok-to-stop must tell that they lose no other
// copy. It looks at each PG that has a working copy on the leaving OSDs, counts
// copies that miss objects for none, and demands that min_size others stay.
// Where min_size is one less than size, such a PG had all its copies, so that
// those which lack one have none there to lose. Where min_size is lower still,
// ok-to-stop would let a PG lose its second copy as well.
//
// That the rules of CRUSH separate hosts does not prove it: CRUSH may have found
// no place for a copy elsewhere.
func (l leaving) lacking(bad int) Condition {
	s, own := l.e.Ceph.Safety, l.fallen()
	missing := phrase.Count(bad, "PG misses a copy", "PGs miss a copy")
	refused := s != nil && (s.Inactives > 0 || !s.Stop && s.Unreported == 0)
	switch {
	case !l.strict() || refused:
		return everyPG.fails(phrase.Count(bad, "PG is not active+clean", "PGs are not active+clean"), l.mend())
	case s == nil && l.e.Ceph.SafetyErr == nil:
		return everyPG.unknown(missing+", and this token cannot prove that they lose no other one", say("ask with --ceph command, or "+l.mend().Say))
	case s == nil || s.Judged == 0 || s.Unreported > 0 || !slices.Equal(slices.Sorted(slices.Values(s.OSDs)), l.gone):
		return everyPG.unknown(missing+", and ok-to-stop does not prove that they lose no other one", say("ask again in a minute"))
	case l.Changed().IsZero() || l.e.Now.Sub(l.Changed()) < reporting:
		return everyPG.unknown(missing+", and an OSD may have come or gone a moment ago", say("ask again in a minute"))
	}
	is := "is"
	if len(own) > 1 {
		is = "are"
	}
	return everyPG.reserved(fmt.Sprintf("%s, only %s of %s itself %s down, nothing more of them is lost without %[3]s", missing, phrase.OSDs(own), l.e.names(), is), say("touch no other host until all PGs are active+clean again"))
}

// strict says that every pool stops as soon as a second copy is away. A list of
// pools that is not that of all PGs says nothing.
func (l leaving) strict() bool {
	pgs := 0
	for _, p := range l.Map.Pools {
		pgs += p.PGs
		if p.MinSize < 1 || p.MinSize > p.Size || p.MinSize < p.Size-1 {
			return false
		}
	}
	return pgs == l.PGs.Total
}

// fallen are the leaving OSDs that are down.
func (l leaving) fallen() []int {
	return slices.DeleteFunc(slices.Clone(l.gone), func(id int) bool { o, _ := l.Map.OSD(id); return o.Up })
}

// mend is how PGs become clean. Under noout they never would without OSDs of the
// leaving nodes that are down while others there still work.
func (l leaving) mend() Step {
	own := l.fallen()
	own = slices.DeleteFunc(own, func(id int) bool { o, _ := l.Map.OSD(id); return !o.In })
	if len(own) == 0 || len(own) == len(l.gone) {
		return say("wait until all PGs are active+clean")
	}
	return say("start " + phrase.OSDs(own) + ", or mark out what is dead, and wait until all PGs are active+clean")
}

// cramped is a pool that never becomes clean, though all OSDs work: its rule has
// places for fewer copies than it wants.
func (l leaving) cramped() (p ceph.Pool, places int) {
	if slices.ContainsFunc(l.Map.OSDs, func(o ceph.OSD) bool { return !o.Up || !o.In }) {
		return p, 0
	}
	for _, p := range l.Map.Pools {
		if n, exact := l.Copies(p, nil); exact && n > 0 && n < p.Size && p.PGs > 0 {
			return p, n
		}
	}
	return p, 0
}
