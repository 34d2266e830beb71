package maintenance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// stoppable: Ceph itself says whether every PG goes on without all these OSDs.
// A yes about no PG proves nothing, and one OSD at a time proves nothing about
// a host: two that are safe alone may hold both copies of one object.
func (l leaving) stoppable(c *Checklist) {
	const name = "Ceph can do without its OSDs"
	s := l.e.Ceph.Safety
	refused := intersect(l.e.Ceph.Refused, l.gone)
	switch {
	case l.down:
		c.add(Holds, name, "they are down already", "")
	case len(refused) > 0:
		c.add(Fails, name, "not even "+osds(refused)+" alone may be stopped", "see ceph osd ok-to-stop "+ids(refused))
	case s != nil && !slices.Equal(slices.Sorted(slices.Values(s.OSDs)), l.gone):
		c.add(Unknown, name, "ok-to-stop was asked about "+osds(s.OSDs)+", the host has "+osds(l.gone), "ask again")
	case s != nil && s.Inactives > 0:
		c.add(Fails, name, count(s.Inactives, "PG would stop: ", "PGs would stop: ")+list(s.Inactive, 4), "wait until all is clean, or raise the size of the pools")
	case s != nil && s.Unreported > 0:
		c.add(Unknown, name, "the mgr does not know all PGs yet", "ask again in a minute")
	case s != nil && !s.Stop:
		c.add(Fails, name, "ok-to-stop says no", "see ceph osd ok-to-stop "+ids(l.gone))
	case s != nil && s.Judged == 0 && l.PGs.Total > 0:
		c.add(Unknown, name, "ok-to-stop judged no PG", "ask again in a minute, and see whether ceph osd df shows any PG on "+osds(l.gone))
	case s != nil:
		c.add(Holds, name, fmt.Sprintf("ok-to-stop says yes, %s go on", count(s.Judged, "PG", "PGs")), "")
	case l.e.Ceph.SafetyErr != nil:
		c.add(Unknown, name, "ok-to-stop: "+l.e.Ceph.SafetyErr.Error(), "ask again when the mgr answers")
	default:
		l.separated(c, name)
	}
}

// separated is the proof without ok-to-stop: every pool keeps its copies on
// different hosts, and enough of them are left.
func (l leaving) separated(c *Checklist, name string) {
	var unproven []string
	pgs := 0
	for _, p := range l.Map.Pools {
		pgs += p.PGs
		left, exact := l.Copies(p, l.gone)
		if !exact || !l.apart(p) || p.MinSize < 1 || left < p.MinSize {
			unproven = append(unproven, p.Name)
		}
	}
	switch {
	case pgs != l.PGs.Total:
		c.add(Unknown, name, fmt.Sprintf("%d PGs are in pools that are known, there are %d", pgs, l.PGs.Total), "ask with --ceph command")
		return
	case slices.ContainsFunc(l.gone, func(id int) bool { return !l.Tree.Rooted(id) }):
		c.add(Unknown, name, "not all of "+osds(l.gone)+" are below a root of CRUSH", "ask with --ceph command")
		return
	case len(unproven) > 0 && len(l.Rules) == 0:
		c.add(Unknown, name, "the CRUSH rules could not be read", "ask with --ceph command")
		return
	case len(unproven) > 0:
		c.add(Unknown, name, "this token cannot prove it for "+list(unproven, 4)+": cmd-safety asks one OSD at a time", "ask with --ceph command")
		return
	}
	c.add(Holds, name, "every pool keeps its copies on different hosts, and enough are left", "")
}

// apart says whether the pool's rule separates hosts.
func (l leaving) apart(p ceph.Pool) bool {
	r, ok := l.Rule(p)
	return ok && slices.Contains([]string{"host", "chassis", "rack", "row", "pdu", "pod", "room", "datacenter", "zone", "region"}, r.Domain)
}

// margin prints how many more copies every pool can lose after that. By the
// rules alone the worst may be worse than what Ceph, which knows the PGs, said.
func (l leaving) margin(c *Checklist) {
	const name = "copies that stay"
	var parts, single []string
	worst := -1
	for _, p := range l.Map.Pools {
		left, exact := l.Copies(p, l.gone)
		if !exact {
			continue
		}
		if left < p.MinSize {
			left = p.MinSize // ok-to-stop or apart has said so
		}
		spare := left - p.MinSize
		if worst < 0 || spare < worst {
			worst = spare
		}
		if left == 1 && !p.Erasure && p.PGs > 0 {
			single = append(single, p.Name)
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d (min_size %d)", p.Name, left, p.Size, p.MinSize))
	}
	if len(parts) == 0 {
		return
	}
	text := list(parts, 4)
	if worst == 0 {
		text += ", one more failure stops I/O"
	}
	if len(single) > 0 && !l.down {
		c.add(Reserved, name, list(single, 4)+" keeps a single copy meanwhile, a disk that fails takes its data", "make sure of a backup, or raise its size to 3")
		return
	}
	c.add(Holds, name, text, "")
}

// noout: without it Ceph begins to rebuild the node's data after ten minutes.
func (l leaving) noout(c *Checklist) {
	const name = "noout covers it"
	covered := map[int]bool{}
	var scopes []string
	for _, s := range l.Scopes("noout") {
		if s.Kind == ceph.ScopeCluster || len(intersect(s.OSDs, l.gone)) > 0 {
			scopes = append(scopes, s.String())
		}
		for _, id := range s.OSDs {
			covered[id] = true
		}
	}
	global := l.Map.Flag("noout")
	var bare []int
	for _, id := range l.gone {
		if o, _ := l.Map.OSD(id); !global && !covered[id] && o.In {
			bare = append(bare, id)
		}
	}
	next := "set noout first: ceph osd set-group noout " + strings.Join(l.hosts, " ")
	switch {
	case len(bare) == 0 && len(scopes) == 0:
		c.add(Holds, name, "its OSDs are out already", "")
	case len(bare) == 0:
		c.add(Holds, name, "noout is set for "+list(scopes, 4), "")
	case l.Map.ScopesUnknown:
		c.add(Unknown, name, "noout is not set for the cluster, and flags of hosts cannot be read this way", "set it for the cluster, or ask with --ceph command")
	default:
		c.add(Fails, name, "noout does not cover "+osds(bare), next)
	}
}

// stopping flags keep Ceph from serving or from noticing; holding ones only
// keep it from repairing.
var (
	stopping = []string{"pause", "pauserd", "pausewr", "full", "nodown", "noup"}
	holding  = []string{"noin", "norecover", "nobackfill", "norebalance"}
)

func (l leaving) flags(c *Checklist) {
	const name = "no flag is in the way"
	if l.Map == nil {
		return
	}
	fine, said := true, map[string]bool{}
	for _, f := range slices.Concat(stopping, holding) {
		scopes := l.Scopes(f)
		if f == "full" { // OSDs are full by themselves
			scopes = slices.DeleteFunc(scopes, func(s ceph.Scope) bool { return s.Kind != ceph.ScopeCluster })
		}
		if len(scopes) == 0 || said[unset(f, scopes[0])] {
			continue
		}
		said[unset(f, scopes[0])] = true
		var where []string
		for _, s := range scopes {
			where = append(where, s.String())
		}
		o := Reserved
		if slices.Contains(stopping, f) {
			o = Fails
		}
		c.add(o, name, f+" is set for "+list(where, 4), unset(f, scopes[0]))
		fine = false
	}
	if full := l.Map.Full(); len(full) > 0 {
		c.add(Fails, name, osds(full)+" full", "make room first")
		fine = false
	}
	for _, p := range l.Map.Pools {
		if p.Full() {
			c.add(Fails, name, "pool "+p.Name+" is full", "make room first")
			fine = false
		}
	}
	switch {
	case l.Map.ScopesUnknown:
		c.add(Unknown, name, "flags of hosts and OSDs cannot be read this way", "ask with --ceph command")
	case fine:
		c.add(Holds, name, "no flag but noout", "")
	}
}

// unset is how a flag is taken back.
func unset(flag string, s ceph.Scope) string {
	flag = strings.TrimSuffix(strings.TrimSuffix(flag, "rd"), "wr")
	if s.Kind == ceph.ScopeCluster {
		return "ceph osd unset " + flag
	}
	return "ceph osd unset-group " + flag + " " + s.Name
}

// halting are checks that mean that clients wait, or that the monitors are in
// trouble, whoever muted them and whatever severity a release gives them, with
// what to do first (Ceph's documentation, "Health checks").
var halting = map[string]string{
	"SLOW_OPS":           "find the slow OSD first",
	"OSD_FULL":           "make room first",
	"POOL_FULL":          "make room first",
	"FS_DEGRADED":        "bring its MDS back first",
	"FS_WITH_FAILED_MDS": "bring its MDS back first",
	"MDS_ALL_DOWN":       "bring its MDS back first",
	"MON_NETSPLIT":       "mend the network between the monitors first",
}

// health: what Ceph itself calls an error, and clients that wait.
func (l leaving) health(c *Checklist) {
	const name = "Ceph is well"
	if l.Health == nil {
		return
	}
	fine, named := true, false
	for _, h := range l.Health.Checks {
		named = named || h.Err() && !h.Muted
		switch {
		case halting[h.Code] != "":
			c.add(Fails, name, h.Code+": "+h.Text, halting[h.Code])
		case h.Err() && !h.Muted:
			c.add(Fails, name, h.Code+": "+h.Text, "repair this first: ceph health detail")
		case h.Err():
			c.add(Reserved, name, h.Code+" is an error and muted: "+h.Text, "see whether the mute is still right")
		default:
			continue
		}
		fine = false
	}
	if l.Health.Status == "HEALTH_ERR" && !named {
		c.add(Fails, name, "HEALTH_ERR", "repair this first: ceph health detail")
		fine = false
	}
	if fine {
		c.add(Holds, name, l.Health.Status+", no error and no slow operation", "")
	}
}

func intersect(a, b []int) []int {
	var out []int
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

func ids(in []int) string {
	out := make([]string, len(in))
	for i, id := range in {
		out[i] = fmt.Sprint(id)
	}
	return strings.Join(out, " ")
}
