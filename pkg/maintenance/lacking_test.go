package maintenance

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// opened is the cluster that is well, but for a disk that died in the node which
// is to be opened for it. One of each pool's PGs misses a copy.
func opened() *model {
	m := well()
	m.osds[5].up = false
	return m
}

func openedByCommand(t testing.TB) Evidence {
	m := opened()
	return m.asked(m.evidence(t))
}

func TestOpened(t *testing.T) {
	list := Serviceable(openedByCommand(t))
	var said []string
	for _, c := range list {
		if c.Outcome != Holds {
			said = append(said, c.String())
		}
	}
	want := "2 PGs miss a copy, only osd.5 of pve3 itself is down, nothing more of them is lost without pve3: touch no other host until all PGs are active+clean again"
	if list.Decision() != "yes-but" || !slices.Equal(said, []string{want}) {
		t.Errorf("%s %q", list.Decision(), said)
	}
	list = Serviceable(opened().evidence(t))
	if list.Decision() != "not-proven" || !strings.Contains(list[slices.IndexFunc(list, func(c Condition) bool { return c.Outcome == Unknown })].String(), "--ceph command, or start osd.5") {
		t.Errorf("token: %s %q", list.Decision(), list)
	}
}

// changes are what may be otherwise about the dead disk, and the answer then.
var changes = map[string]struct {
	change breaker
	want   string
}{
	"it was retired":           {inCeph(func(c *ceph.Cluster) { c.Map.OSDs[5].In = false }), "yes-but"},
	"PGs without objects":      {inCeph(ofShort("active+undersized")), "yes-but"},
	"another OSD is down":      {inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].Up = false }), "no"},
	"another OSD is out":       {inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].In = false }), "no"},
	"another OSD was retired":  {inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].Up, c.Map.OSDs[0].In = false, false }), "no"},
	"it works":                 {inCeph(func(c *ceph.Cluster) { c.Map.OSDs[5].Up = true }), "no"},
	"objects are misplaced":    {inCeph(func(c *ceph.Cluster) { c.PGs.Misplaced = 1 }), "no"},
	"PGs are remapped":         {inCeph(func(c *ceph.Cluster) { c.PGs.Remapped = 1 }), "no"},
	"objects are unfound":      {inCeph(func(c *ceph.Cluster) { c.PGs.Unfound = 1 }), "no"},
	"PGs move":                 {inCeph(ofShort("active+undersized+degraded+remapped+backfilling")), "no"},
	"PGs wait to move":         {inCeph(ofShort("active+undersized+degraded+remapped+backfill_wait")), "no"},
	"PGs recover":              {inCeph(ofShort("active+recovering+undersized+degraded")), "no"},
	"PGs wait for recovery":    {inCeph(ofShort("active+recovery_wait+undersized+degraded")), "no"},
	"PGs are degraded alone":   {inCeph(ofShort("active+degraded")), "no"},
	"PGs are stale":            {inCeph(ofShort("stale+active+undersized+degraded")), "no"},
	"PGs are inconsistent":     {inCeph(ofShort("active+undersized+degraded+inconsistent")), "no"},
	"PGs are in no known way":  {inCeph(ofShort("active+undersized+degraded+something")), "no"},
	"PGs are inactive":         {inCeph(ofShort("undersized+degraded+peered")), "no"},
	"PGs were not counted":     {inCeph(func(c *ceph.Cluster) { c.PGs.Total++ }), "not-proven"},
	"a pool with a wide bound": {inCeph(func(c *ceph.Cluster) { c.Map.Pools[1].MinSize = 1 }), "no"},
	"a pool without a bound":   {inCeph(func(c *ceph.Cluster) { c.Map.Pools[1].MinSize = 0 }), "no"},
	"a bound above all copies": {inCeph(func(c *ceph.Cluster) { c.Map.Pools[1].MinSize = 4 }), "no"},
	"a pool that nobody lists": {inCeph(func(c *ceph.Cluster) { c.Map.Pools = c.Map.Pools[:1] }), "no"},
	"no noout":                 {inCeph(func(c *ceph.Cluster) { c.Map.NodeFlags = nil }), "no"},
	"ok-to-stop says no":       {bySafety(func(s *ceph.Safety) { s.Stop, s.Inactives = false, 1 }), "no"},
	"ok-to-stop says no alone": {bySafety(func(s *ceph.Safety) { s.Stop = false }), "no"},
	"ok-to-stop judged none":   {bySafety(func(s *ceph.Safety) { s.Judged = 0 }), "not-proven"},
	"ok-to-stop misses PGs":    {bySafety(func(s *ceph.Safety) { s.Unreported, s.Stop = 1, false }), "not-proven"},
	"ok-to-stop of one OSD":    {bySafety(func(s *ceph.Safety) { s.OSDs = s.OSDs[:1] }), "not-proven"},
	"it died a moment ago":     {inCeph(func(c *ceph.Cluster) { c.Map.UpChange = noon.Add(-20 * time.Second) }), "not-proven"},
	"clocks that disagree":     {inCeph(func(c *ceph.Cluster) { c.Map.UpChange = noon.Add(time.Minute) }), "not-proven"},
	"nobody knows since when":  {inCeph(func(c *ceph.Cluster) { c.Map.UpChange = time.Time{} }), "not-proven"},
	"ok-to-stop is silent": {func(e *Evidence) {
		e.Ceph.Safety, e.Ceph.SafetyErr = nil, errors.New("no answer from the active mgr in time")
	}, "not-proven"},
}

// ofShort puts the PGs that miss a copy into another state.
func ofShort(state string) func(*ceph.Cluster) {
	return func(c *ceph.Cluster) {
		for i, s := range c.PGs.States {
			if s.Has("undersized") {
				c.PGs.States[i].State = state
			}
		}
	}
}

func bySafety(f func(*ceph.Safety)) breaker { return func(e *Evidence) { f(e.Ceph.Safety) } }

func TestOpenedOtherwise(t *testing.T) {
	for name, k := range changes {
		e := openedByCommand(t)
		k.change(&e)
		if list := Serviceable(e); list.Decision() != k.want {
			t.Errorf("%s: %s, want %s: %q", name, list.Decision(), k.want, list)
		}
	}
}

// TestOpenedAlone: what makes a no of a cluster that is well makes one of this
// cluster, and what was withheld there must not be withheld here.
func TestOpenedAlone(t *testing.T) {
	planned := []string{"a PG is degraded", "objects are degraded"} // that is what a dead disk does
	for _, name := range slices.Sorted(maps.Keys(unserviceable)) {
		e := openedByCommand(t)
		unserviceable[name](&e)
		if list := Serviceable(e); yes(list.Decision()) && !slices.Contains(planned, name) {
			t.Errorf("%s: %q", name, list)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(withheld)) {
		e := openedByCommand(t)
		if withheld[name](&e) && yes(Serviceable(e).Decision()) {
			t.Errorf("without %s: %q", name, Serviceable(e))
		}
	}
}
