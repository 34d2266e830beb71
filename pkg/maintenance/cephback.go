package maintenance

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// leftover are the checks that people mute for a maintenance.
var leftover = []string{"OSDMAP_FLAGS", "OSD_FLAGS", "OSD_DOWN", "OSD_HOST_DOWN", "PG_DEGRADED", "PG_AVAILABILITY", "MON_DOWN"}

// cephBack: the node's OSDs work, everything is clean, and no flag and no mute
// is left. HEALTH_OK alone proves none of it: it is there with an OSD that is
// out, with data that moves, and with everything muted.
func (r Return) cephBack() Checklist {
	if c, asked := r.asked(); !asked {
		return Checklist{c}
	}
	l := leaving{Cluster: r.Ceph.Cluster, e: r.Evidence}
	c, known := l.known()
	if r.off() {
		// Whatever else is missing is missing because the node is: said once.
		return append(c, l.health()...)
	}
	c = append(append(c, l.cleared()...), l.mutes()...)
	if !known {
		return c
	}
	found, ok := l.find()
	if c = append(c, found); !ok {
		return c
	}
	c = append(append(c, l.back()...), l.monitorsBack())
	c = append(c, l.standbys()...)
	c = append(c, l.filesServed()...)
	l.down, l.returned = false, true // what is down is not whole, for whatever reason
	c = append(c, l.placement())
	return append(c, l.healthBack(c)...)
}

const osdsWork question = "its OSDs work"

// back: the node's own OSDs.
func (l leaving) back() Checklist {
	var c Checklist
	if len(l.gone) == 0 && len(l.hosts) > 0 {
		c = append(c, osdsWork.reserved("the CRUSH host "+strings.Join(l.hosts, " and ")+" has no OSD", run(l.e.PVE.Leaving[0], "ceph-volume lvm list").note("if it had any")))
	}
	for _, id := range l.gone {
		switch o, _ := l.Map.OSD(id); {
		case o.New:
			c = append(c, osdsWork.reserved(fmt.Sprintf("osd.%d was never started", id), run(l.machine(id), fmt.Sprintf("systemctl start ceph-osd@%d", id))))
		case !o.Up:
			c = append(c, osdsWork.fails(fmt.Sprintf("osd.%d is down", id), l.start(l.machine(id), fmt.Sprintf("ceph-osd@%d", id))))
		case !o.In:
			c = append(c, osdsWork.fails(fmt.Sprintf("osd.%d is up but out", id), l.e.ceph(fmt.Sprintf("osd in %d", id))))
		case o.Reweight < 1:
			c = append(c, osdsWork.reserved(fmt.Sprintf("osd.%d has a reweight of %.2f", id, o.Reweight), say("set it back to 1 with ceph osd reweight, if that is not on purpose")))
		}
	}
	if len(c) == 0 && len(l.gone) > 0 {
		c = append(c, osdsWork.holds(phrase.OSDs(l.gone)+" up and in"))
	}
	return c
}

// start is how a daemon comes back on a node, which has to be on for it.
func (l leaving) start(node, unit string) Step {
	if n, known := l.e.PVE.Cluster.Node(node); known && !n.Online {
		return say(node + " is offline, start it first")
	}
	return run(node, "systemctl start "+unit)
}

// machine is the node that an OSD is on, by the name of its host in CRUSH.
func (l leaving) machine(id int) string {
	host := l.Tree.Host(id)
	if node, known := l.e.Owner(host); known {
		return node
	}
	return cmp.Or(host, "its host")
}

const (
	noFlag      question = "no flag is left"
	noMute      question = "no mute is left"
	allMonitors question = "all monitors are in quorum"
)

// cleared: no flag of the maintenance is left, in any scope.
func (l leaving) cleared() Checklist {
	if l.Map == nil {
		return nil
	}
	var c Checklist
	said := map[string]bool{}
	for _, f := range slices.Concat([]string{"noout"}, stopping, ceph.FlagsHolding) {
		for _, s := range l.Scopes(f) {
			if said[unset(f, s)] {
				continue
			}
			said[unset(f, s)] = true
			c = append(c, noFlag.fails(f+" is still set for "+s.String(), l.release(f, s)))
		}
	}
	switch {
	case len(c) > 0:
	case l.Map.ScopesUnknown:
		c = append(c, noFlag.unknown("flags of hosts and OSDs cannot be read this way", l.e.byCommand("ask again when Ceph answers whole")))
	default:
		c = append(c, noFlag.holds("no flag is set, in no scope"))
	}
	return c
}

// release takes a flag back. Without noout Ceph marks an OSD out ten minutes
// after it went down and moves its data, so noout stays while one of those it is
// set for is down, whoever that one belongs to.
func (l leaving) release(flag string, s ceph.Scope) Step {
	if flag == "noout" {
		var down []int
		for _, id := range s.OSDs {
			if o, _ := l.Map.OSD(id); !o.Up && o.In {
				down = append(down, id)
			}
		}
		if len(down) > 0 || l.Map.Blind {
			return say("not before " + cmp.Or(phrase.OSDs(down), "its OSDs") + " up again")
		}
	}
	return l.e.ceph(unset(flag, s))
}

func (l leaving) mutes() Checklist {
	if l.Health == nil {
		return nil
	}
	var c Checklist
	for _, m := range l.Health.Mutes {
		undo := l.e.ceph("health unmute " + m.Code)
		if slices.Contains(leftover, m.Code) {
			c = append(c, noMute.fails(m.Code+" is still muted", undo))
			continue
		}
		c = append(c, noMute.reserved(m.Code+" is muted", undo.note("if it was for this maintenance")))
	}
	if _, crashed := l.Health.Check("RECENT_CRASH"); crashed {
		c = append(c, noMute.reserved("a daemon crashed lately", l.e.ceph("crash ls-new"), say("archive what is explained")))
	}
	if len(c) == 0 {
		c = append(c, noMute.holds("nothing of the maintenance is muted"))
	}
	return c
}

func (l leaving) monitorsBack() Condition {
	lost := l.Mons.Lost()
	if lost == 0 {
		return allMonitors.holds(fmt.Sprintf("%d of %d", len(l.Mons.Quorum), l.Mons.Total))
	}
	var who []string
	var next []Step
	for _, d := range l.Mons.Missing() {
		who = append(who, "mon."+d.Name)
		if node, known := l.node(d); known {
			next = append(next, l.start(node, "ceph-mon@"+d.Name))
		}
	}
	if len(who) == 0 {
		who = []string{phrase.Count(lost, "monitor", "monitors")}
	}
	if len(next) == 0 {
		next = []Step{say("start it again")}
	}
	return allMonitors.fails(strings.Join(who, ", ")+" out of quorum", next...)
}

// standbys: the units of a node's daemons are started by their target, whatever
// they are called; it does nothing where there is none.
func (l leaving) standbys() Checklist {
	const name question = "standbys are back"
	var c Checklist
	start := func(target string) []Step {
		var out []Step
		for _, n := range l.e.PVE.Leaving {
			out = append(out, run(n, "systemctl start "+target).note("if it had one"))
		}
		return out
	}
	if l.Mgr.Standbys == 0 && len(l.e.PVE.Cluster.Nodes) > 1 {
		c = append(c, name.reserved("there is no standby mgr", start("ceph-mgr.target")...))
	}
	if l.FS != nil && l.FS.Ranks > 0 && l.FS.Standbys == 0 {
		c = append(c, name.reserved("there is no standby MDS", start("ceph-mds.target")...))
	}
	if len(c) == 0 {
		c = append(c, name.holds(phrase.Count(l.Mgr.Standbys, "standby mgr", "standby mgrs")))
	}
	return c
}

// told are health checks whose substance a row of the checklist shows, by that
// row.
var told = map[string]question{
	"OSDMAP_FLAGS": noFlag, "OSD_FLAGS": noFlag, "MON_DOWN": allMonitors, "RECENT_CRASH": noMute, "MGR_DOWN": cephAnswers,
	"PG_DEGRADED": everyPG, "PG_AVAILABILITY": everyPG, "PG_DAMAGED": everyPG, "OBJECT_MISPLACED": everyPG, "OBJECT_UNFOUND": everyPG, "PG_BACKFILL_FULL": everyPG, "PG_RECOVERY_FULL": everyPG,
	"OSD_DOWN": osdsWork, "OSD_HOST_DOWN": osdsWork, "OSD_RACK_DOWN": osdsWork, "OSD_DATACENTER_DOWN": osdsWork, "OSD_ROOT_DOWN": osdsWork,
}

// tells says whether the checklist shows what a check is about: a row that
// holds, or one about other flags and OSDs, tells nothing of it.
func (l leaving) tells(c Checklist, h ceph.Check) bool {
	row, known := told[h.Code]
	if !known || !slices.ContainsFunc(c, func(x Condition) bool { return x.Name == string(row) && x.Outcome != Holds }) {
		return false
	}
	switch row {
	case osdsWork:
		return !slices.ContainsFunc(l.Map.OSDs, func(o ceph.OSD) bool { return !o.Up && !slices.Contains(l.gone, o.ID) })
	case noFlag:
		flags, _, listed := strings.Cut(h.Text, " flag(s) set")
		return h.Code == "OSD_FLAGS" || listed && !slices.ContainsFunc(strings.Split(flags, ","), func(f string) bool {
			return f != "noout" && !slices.Contains(stopping, f) && !slices.Contains(ceph.FlagsHolding, f)
		})
	}
	return true
}

// healthBack shows every check that no other row tells: what names a node that
// came back, or one of its daemons, is a reason that it is not yet back.
func (l leaving) healthBack(rows Checklist) Checklist {
	const name question = "Ceph says nothing else"
	c := l.health()
	for _, h := range l.Health.Checks {
		switch {
		case h.Muted || h.Err() || halting[h.Code] != "" || strings.HasPrefix(h.Code, insecure) || l.tells(rows, h):
		case l.names(h):
			c = append(c, name.fails(h.Code+": "+h.Text, l.e.ceph("health detail")))
		default:
			c = append(c, name.reserved(h.Code+": "+h.Text, l.e.ceph("health detail")))
		}
	}
	return c
}

// names says whether the check speaks of a node that came back or of a daemon
// there. Daemons are called osd.3, mon.pve3, mgr.pve3, hosts by their name.
func (l leaving) names(h ceph.Check) bool {
	own := map[string]bool{}
	for _, n := range slices.Concat(l.e.PVE.Leaving, l.hosts) {
		own[n] = true
	}
	for _, id := range l.gone {
		own[fmt.Sprintf("osd.%d", id)] = true
	}
	for kind, ds := range map[string][]ceph.Daemon{"mon.": l.Mons.Members, "mgr.": l.Mgr.Daemons, "mds.": l.fileSystems()} {
		for _, d := range ds {
			if node, known := l.node(d); known && l.e.leaves(node) {
				own[kind+d.Name], own[d.Name] = true, true
			}
		}
	}
	for _, line := range append([]string{h.Text}, h.Detail...) {
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t,;:()[]'\"=", r) }) {
			word = strings.TrimRight(word, ".")
			_, id, _ := strings.Cut(word, ".")
			if own[word] || l.homeless(word) || own[id] && strings.HasPrefix(word, "mon.") || own[id] && strings.HasPrefix(word, "mgr.") || own[id] && strings.HasPrefix(word, "mds.") {
				return true
			}
		}
	}
	return false
}

// homeless says that it is the name of an OSD that no map shows: it may have
// been the node's.
func (l leaving) homeless(word string) bool {
	digits, is := strings.CutPrefix(word, "osd.")
	id, err := strconv.Atoi(digits)
	return is && err == nil && !slices.ContainsFunc(l.Map.OSDs, func(o ceph.OSD) bool { return o.ID == id })
}

func (l leaving) fileSystems() []ceph.Daemon {
	if l.FS == nil {
		return nil
	}
	return l.FS.Daemons
}
