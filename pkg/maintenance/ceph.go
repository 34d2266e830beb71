package maintenance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
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

const cephAnswers question = "Ceph answers"

// storage is Ceph below the nodes, from the monitors down to the last flag.
func (e Evidence) storage() Checklist {
	if c, asked := e.asked(); !asked {
		return Checklist{c}
	}
	l := leaving{Cluster: e.Ceph.Cluster, e: e}
	c, known := l.known()
	c = append(append(c, l.flags()...), l.health()...)
	if !known {
		return c
	}
	found, ok := l.find()
	if c = append(c, found); !ok {
		return c
	}
	c = append(c, l.monitors(), l.managers(), l.metadata())
	c = append(c, l.siteMonitors()...)
	c = append(c, l.gateways()...)
	c = append(c, l.elsewhere()...)
	c = append(c, l.placement())
	if len(l.gone) > 0 {
		c = append(c, l.stoppable())
		c = append(c, l.sites()...)
		c = append(c, l.margin()...)
		c = append(c, l.noout())
	}
	return c
}

// asked says whether Ceph told anything, and else why not.
func (e Evidence) asked() (Condition, bool) {
	var silent *ceph.SilentError
	switch {
	case e.Ceph.Absent != "":
		return question("no Ceph stands in the way").holds(e.Ceph.Absent), false
	case errors.As(e.Ceph.Err, &silent):
		return cephAnswers.fails(e.Ceph.Err.Error(), say("bring the monitors back first")), false
	case e.Ceph.Err != nil:
		return cephAnswers.unknown(e.Ceph.Err.Error(), say("let Ceph be asked, or say --ceph none where there is none")), false
	case e.Ceph.Cluster == nil:
		return cephAnswers.unknown("nobody asked Ceph", say("say --ceph pve or --ceph command")), false
	}
	return Condition{}, true
}

// known says whether this is the Ceph of these nodes, and the documents without
// which nothing can be said are there.
func (l leaving) known() (Checklist, bool) {
	if c, stranger := l.stranger(); stranger {
		return Checklist{c}, false
	}
	var c Checklist
	for _, g := range l.Gaps {
		if !g.Optional {
			c = append(c, cephAnswers.unknown(strings.TrimSuffix(g.What+": "+g.Why, ": "), say("ask again when Ceph answers whole")))
		}
	}
	switch {
	case len(c) > 0:
		return c, false
	case l.Map == nil || l.Map.Blind || l.Tree == nil || l.Mons == nil || l.PGs == nil || l.Mgr == nil || l.Health == nil:
		return Checklist{cephAnswers.unknown("a part of Ceph's status is missing", say("ask again when Ceph answers whole"))}, false
	case !l.Mgr.Available || l.MgrSilent():
		return Checklist{cephAnswers.unknown("no mgr is available, the numbers of PGs are old", say("bring a mgr back first"))}, true
	}
	return Checklist{cephAnswers.holds("the monitors and a mgr answer")}, true
}

// stranger says that this is not the Ceph of these nodes: another cluster may
// have hosts of the same names, and be whole.
func (l leaving) stranger() (Condition, bool) {
	const name question = "it is the Ceph of these nodes"
	own := l.e.Ceph.FSID
	switch {
	case l.e.Ceph.FSIDErr != nil:
		return name.unknown("Proxmox VE does not say which Ceph these nodes run: "+l.e.Ceph.FSIDErr.Error(), l.e.pve("pveceph status")), true
	case own != "" && l.FSID != own:
		return name.unknown("this is the Ceph "+cmp.Or(l.FSID, "unknown")+", these nodes run "+own, say("name its configuration with --conf")), true
	}
	return Condition{}, false // nothing was asked, or nothing else answered
}

// monitors: more than half of all must stay.
func (l leaving) monitors() Condition {
	const name question = "monitor quorum survives"
	need := l.Mons.Total/2 + 1
	members := l.Mons.Members
	if members == nil && l.Mons.Lost() == 0 {
		for _, n := range l.Mons.Quorum { // they are all there are
			members = append(members, ceph.Daemon{Name: n})
		}
	}
	if members == nil {
		return name.unknown("the names of the monitors are not known", l.e.byCommand("ask again in a minute"))
	}
	in := len(l.Mons.Quorum)
	strange := slices.ContainsFunc(l.Mons.Quorum, func(n string) bool {
		return !slices.ContainsFunc(members, func(d ceph.Daemon) bool { return d.Name == n })
	})
	if unique := slices.Compact(slices.Sorted(slices.Values(l.Mons.Quorum))); strange || len(unique) < in || in > l.Mons.Total {
		return name.unknown("the names of the monitors in quorum are not those of all monitors", say("ask again in a minute"))
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
		return name.holds(sum)
	case in-surely >= need:
		return name.unknown("nobody can say on which host every monitor is", l.e.byCommand("say it with --ceph-host"))
	}
	if l.Mons.Lost() == 0 {
		return name.fails(sum, say("add monitors on other machines"))
	}
	return name.fails(sum, say("bring the missing monitors back, or add one elsewhere"))
}

// managers: without one nobody could tell whether it is safe to go on.
func (l leaving) managers() Condition {
	return demand{"a mgr stays", "mgr", 1, l.Mgr.Standbys + 1, say("start another mgr elsewhere"), l.e.byCommand("say it with --ceph-host")}.met(l.daemons(l.Mgr.Daemons))
}

const othersWork question = "every other OSD works"

// elsewhere: with an OSD missing on another host the next one missing may be
// one too many. Those that were retired, down and out while everything is
// clean, hold no data any more.
func (l leaving) elsewhere() Checklist {
	var c Checklist
	retired := 0
	for _, o := range l.Map.OSDs {
		if slices.Contains(l.gone, o.ID) || o.Up && o.In {
			continue
		}
		where := fmt.Sprintf("osd.%d on %s", o.ID, l.Tree.Host(o.ID))
		switch {
		case o.New: // it holds nothing
		case !o.Up && !o.In && l.PGs.AllClean():
			retired++
		case o.Up:
			c = append(c, othersWork.fails(where+" is up but out", l.e.ceph(fmt.Sprintf("osd in %d", o.ID)), say("wait until all is clean")))
		default:
			c = append(c, othersWork.fails(where+" is down", say("repair it first, and wait until all is clean")))
		}
	}
	if len(c) > 0 {
		return c
	}
	text := "every other OSD is up and in"
	if retired > 0 {
		text += ", " + phrase.Count(retired, "is retired", "are retired")
	}
	return Checklist{othersWork.holds(text)}
}

// damage is what copies that are away do not explain.
var damage = []string{"inconsistent", "incomplete", "stale", "failed_repair", "recovery_unfound", "backfill_unfound", "snaptrim_error"}

const everyPG question = "every PG is whole"

// restart is how PGs come back that nobody can reach: by the OSDs of the nodes
// that are down.
func (l leaving) restart() []Step {
	var next []Step
	said := map[string]bool{}
	for _, id := range l.fallen() {
		s := l.start(l.machine(id), fmt.Sprintf("ceph-osd@%d", id))
		if !said[s.String()] {
			next = append(next, s)
		}
		said[s.String()] = true
	}
	if len(next) == 0 {
		next = []Step{say("repair this first"), l.e.ceph("health detail")}
	}
	return next
}

// placement: every PG must have all its copies, or lack only what the node's own
// dead OSDs held, or, when all its OSDs are down already, at least work without
// them.
func (l leaving) placement() Condition {
	p := l.PGs
	inactive := p.Count(func(s ceph.PGState) bool { return !s.Has("active") })
	bad := p.Count(func(s ceph.PGState) bool { return !s.Clean() })
	damaged := p.Count(func(s ceph.PGState) bool { return s.HasAny(damage...) })
	missing := p.Missing()
	switch {
	case p.Total == 0 && missing == 0 && len(p.States) == 0 && len(l.Map.Pools) == 0:
		return everyPG.holds("there is no pool")
	case p.Total == 0 || missing != 0:
		return everyPG.unknown("the states of the PGs are not all known", say("ask again when Ceph answers whole"))
	case inactive > 0 || p.Unfound > 0:
		return everyPG.fails(fmt.Sprintf("%s inactive, %s unfound: clients are waiting", phrase.Count(inactive, "PG is", "PGs are"), phrase.Count(p.Unfound, "object is", "objects are")), l.restart()...)
	case l.down && damaged > 0:
		return everyPG.fails(phrase.Count(damaged, "PG is", "PGs are")+" damaged or stale", say("repair this first: ceph health detail"))
	case l.down:
		return everyPG.reserved("the OSDs of "+l.e.names()+" are down already, there is nothing more to lose", say("no other OSD may fail now"))
	case bad > 0 && !l.returned && l.onlyOwn():
		return l.lacking(bad)
	case bad > 0:
		return everyPG.fails(fmt.Sprintf("%s not active+clean", phrase.Count(bad, "PG is", "PGs are")), l.mend())
	case p.Degraded > 0 || p.Misplaced > 0 || p.Remapped > 0:
		return everyPG.fails(fmt.Sprintf("%d degraded and %d misplaced objects, %d remapped PGs", p.Degraded, p.Misplaced, p.Remapped), say("wait until recovery has ended"))
	}
	return everyPG.holds(fmt.Sprintf("all %d PGs are active+clean", p.Total))
}
