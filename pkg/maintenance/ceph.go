package maintenance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// leaving is the part of Ceph that goes away with the nodes.
type leaving struct {
	*ceph.Cluster
	e     Evidence
	hosts []string // in CRUSH
	gone  []int    // their OSDs
	// down says that all of these OSDs are down already: nothing more is lost
	// by switching the nodes off.
	down bool
	// returned says that they have come back: nothing may lack what is theirs.
	returned bool
}

// ceph checks the storage, from the monitors down to the last flag.
func (e Evidence) ceph(c *Checklist) {
	const name = "Ceph answers"
	if e.Ceph.Absent != "" {
		c.add(Holds, name, e.Ceph.Absent, "")
		return
	}
	var silent *ceph.SilentError
	switch {
	case errors.As(e.Ceph.Err, &silent):
		c.add(Fails, name, e.Ceph.Err.Error(), "bring the monitors back first")
		return
	case e.Ceph.Err != nil:
		c.add(Unknown, name, e.Ceph.Err.Error(), "let Ceph be asked, or say --ceph none where there is none")
		return
	case e.Ceph.Cluster == nil:
		c.add(Unknown, name, "nobody asked Ceph", "say --ceph pve or --ceph command")
		return
	}
	l := leaving{Cluster: e.Ceph.Cluster, e: e}
	known := l.same(c) && l.known(c, name)
	l.flags(c)
	l.health(c)
	if !known || !l.find(c) {
		return
	}
	l.monitors(c)
	l.managers(c)
	l.metadata(c)
	l.gateways(c)
	l.elsewhere(c)
	l.placement(c)
	if len(l.gone) > 0 {
		l.stoppable(c)
		l.margin(c)
		l.noout(c)
	}
}

// same says whether this is the Ceph of these nodes: another cluster may have
// hosts of the same names, and be whole.
func (l leaving) same(c *Checklist) bool {
	const name = "it is the Ceph of these nodes"
	own := l.e.Ceph.FSID
	switch {
	case l.e.Ceph.FSIDErr != nil:
		c.add(Unknown, name, "Proxmox VE does not say which Ceph these nodes run: "+l.e.Ceph.FSIDErr.Error(), "see pveceph status on a node")
	case own != "" && l.FSID != own:
		c.add(Unknown, name, "this is the Ceph "+orUnknown(l.FSID)+", these nodes run "+own, "name its configuration with --conf")
	default:
		return true // nothing was asked, or nothing else answered
	}
	return false
}

// known says whether the documents without which nothing can be said are there.
func (l leaving) known(c *Checklist, name string) bool {
	ok := true
	for _, g := range l.Gaps {
		if !g.Optional {
			c.add(Unknown, name, strings.TrimSuffix(g.What+": "+g.Why, ": "), "ask again when Ceph answers whole")
			ok = false
		}
	}
	if ok && (l.Map == nil || l.Map.Blind || l.Tree == nil || l.Mons == nil || l.PGs == nil || l.Mgr == nil || l.Health == nil) {
		c.add(Unknown, name, "a part of Ceph's status is missing", "ask again when Ceph answers whole")
		ok = false
	}
	if ok && (!l.Mgr.Available || l.MgrSilent()) {
		c.add(Unknown, name, "no mgr is available, the numbers of PGs are old", "bring a mgr back first")
	} else if ok {
		c.add(Holds, name, "the monitors and a mgr answer", "")
	}
	return ok
}

// monitors: more than half of all must stay.
func (l leaving) monitors(c *Checklist) {
	const name = "monitor quorum survives"
	need := l.Mons.Total/2 + 1
	members := l.Mons.Members
	if members == nil && l.Mons.Lost() == 0 {
		for _, n := range l.Mons.Quorum { // they are all there are
			members = append(members, ceph.Daemon{Name: n})
		}
	}
	if members == nil {
		c.add(Unknown, name, "the names of the monitors are not known", "ask with --ceph command")
		return
	}
	in, strange := len(l.Mons.Quorum), slices.Clone(l.Mons.Quorum)
	for _, d := range members {
		strange = slices.DeleteFunc(strange, func(n string) bool { return n == d.Name })
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(l.Mons.Quorum))); len(strange) > 0 || len(unique) < in || in > l.Mons.Total {
		c.add(Unknown, name, "the names of the monitors in quorum are not those of all monitors", "ask again in a minute")
		return
	}
	surely, perhaps := 0, 0
	for _, d := range members {
		here, known := l.here(d)
		if here && slices.Contains(l.Mons.Quorum, d.Name) {
			perhaps++
			if known {
				surely++
			}
		}
	}
	sum := fmt.Sprintf("%d of %d monitors stay in quorum, %d needed", in-perhaps, l.Mons.Total, need)
	switch {
	case in-perhaps >= need:
		c.add(Holds, name, sum, "")
	case in-surely >= need:
		c.add(Unknown, name, "nobody can say on which host every monitor is", "ask with --ceph command")
	default:
		c.add(Fails, name, sum, "bring the missing monitors back, or add one elsewhere")
	}
}

// managers: without one nobody could tell whether it is safe to go on.
func (l leaving) managers(c *Checklist) {
	d := demand{"a mgr stays", "mgr", 1, l.Mgr.Standbys + 1, "start another mgr elsewhere"}
	*c = append(*c, d.met(l.daemons(l.Mgr.Daemons)))
}

// metadata: every active rank needs a daemon that stays.
func (l leaving) metadata(c *Checklist) {
	const name = "the file systems stay"
	switch {
	case l.FS == nil:
		c.add(Unknown, name, "nobody can say whether there is a CephFS", "ask with --ceph command")
	case l.FS.Ranks == 0:
		c.add(Holds, name, "there is no CephFS", "")
	default:
		d := demand{name, "MDS", l.FS.Ranks, max(len(l.FS.Daemons), l.FS.Ranks+l.FS.Standbys), "start a standby MDS elsewhere"}
		*c = append(*c, d.met(l.daemons(l.FS.Daemons)))
	}
}

// elsewhere: with an OSD missing on another host the next one missing may be
// one too many. Those that were retired, down and out while everything is
// clean, hold no data any more.
func (l leaving) elsewhere(c *Checklist) {
	const name = "every other OSD works"
	fine, retired := true, 0
	for _, o := range l.Map.OSDs {
		if slices.Contains(l.gone, o.ID) || o.Up && o.In {
			continue
		}
		where := fmt.Sprintf("osd.%d on %s", o.ID, l.Tree.Host(o.ID))
		switch {
		case !o.Up && !o.In && l.PGs.AllClean():
			retired++
			continue
		case o.Up:
			c.add(Fails, name, where+" is up but out", fmt.Sprintf("ceph osd in %d, and wait until all is clean", o.ID))
		default:
			c.add(Fails, name, where+" is down", "repair it first, and wait until all is clean")
		}
		fine = false
	}
	if fine {
		text := "every other OSD is up and in"
		if retired > 0 {
			text += ", " + count(retired, "is retired", "are retired")
		}
		c.add(Holds, name, text, "")
	}
}

// damage is what copies that are away do not explain.
var damage = []string{"inconsistent", "incomplete", "stale", "failed_repair", "recovery_unfound", "backfill_unfound", "snaptrim_error"}

// placement: every PG must have all its copies, or lack only what the node's own
// dead OSDs held, or, when all its OSDs are down already, at least work without
// them.
func (l leaving) placement(c *Checklist) {
	const name = "every PG is whole"
	p := l.PGs
	inactive := p.Count(func(s ceph.PGState) bool { return !s.Has("active") })
	bad := p.Count(func(s ceph.PGState) bool { return !s.Clean() })
	damaged := p.Count(func(s ceph.PGState) bool { return s.HasAny(damage...) })
	missing := p.Missing()
	switch {
	case p.Total == 0 && missing == 0 && len(p.States) == 0 && len(l.Map.Pools) == 0:
		c.add(Holds, name, "there is no pool", "")
	case p.Total == 0 || missing != 0:
		c.add(Unknown, name, "the states of the PGs are not all known", "ask again when Ceph answers whole")
	case inactive > 0 || p.Unfound > 0:
		c.add(Fails, name, fmt.Sprintf("%s inactive, %s unfound: clients are waiting", count(inactive, "PG is", "PGs are"), count(p.Unfound, "object is", "objects are")), "repair this first: ceph health detail")
	case l.down && damaged > 0:
		c.add(Fails, name, count(damaged, "PG is", "PGs are")+" damaged or stale", "repair this first: ceph health detail")
	case l.down:
		c.add(Reserved, name, "the OSDs of "+l.e.names()+" are down already, there is nothing more to lose", "no other OSD may fail now")
	case bad > 0 && !l.returned && l.onlyOwn():
		l.lacking(c, name, bad)
	case bad > 0:
		c.add(Fails, name, fmt.Sprintf("%s not active+clean", count(bad, "PG is", "PGs are")), l.mend())
	case p.Degraded > 0 || p.Misplaced > 0 || p.Remapped > 0:
		c.add(Fails, name, fmt.Sprintf("%d degraded and %d misplaced objects, %d remapped PGs", p.Degraded, p.Misplaced, p.Remapped), "wait until recovery has ended")
	default:
		c.add(Holds, name, fmt.Sprintf("all %d PGs are active+clean", p.Total), "")
	}
}
