package maintenance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// stoppable: Ceph itself says whether every PG goes on without all these OSDs.
// A yes about no PG proves nothing, and one OSD at a time proves nothing about
// a host: two that are safe alone may hold both copies of one object.
func (l leaving) stoppable() Condition {
	const name question = "Ceph can do without its OSDs"
	s := l.e.Ceph.Safety
	refused := intersect(l.e.Ceph.Refused, l.gone)
	switch {
	case l.down:
		return name.holds("they are down already")
	case len(refused) > 0:
		return name.fails("not even "+phrase.OSDs(refused)+" alone may be stopped", l.e.ceph("osd ok-to-stop "+ids(refused)))
	case s != nil && !slices.Equal(slices.Sorted(slices.Values(s.OSDs)), l.gone):
		return name.unknown("ok-to-stop was asked about "+phrase.OSDs(s.OSDs)+", the host has "+phrase.OSDs(l.gone), say("ask again"))
	case s != nil && s.Inactives > 0:
		return name.fails(phrase.Count(s.Inactives, "PG would stop: ", "PGs would stop: ")+phrase.Part(s.Inactive, 4, s.Inactives), l.copies()...)
	case s != nil && s.Unreported > 0:
		return name.unknown("the mgr does not know all PGs yet", say("ask again in a minute"))
	case s != nil && !s.Stop:
		return name.fails("ok-to-stop says no", l.e.ceph("osd ok-to-stop "+ids(l.gone)))
	case s != nil && s.Judged == 0 && l.PGs.Total > 0:
		return name.unknown("ok-to-stop judged no PG", say("ask again in a minute"), l.e.ceph("osd df").note("does it show any PG on "+phrase.OSDs(l.gone)+"?"))
	case s != nil && !l.weighed() && l.separated(name).Outcome != Holds:
		return name.unknown(fmt.Sprintf("ok-to-stop says yes about %s, and osd df tree does not tell how many each of the OSDs has", phrase.Count(s.Judged, "PG", "PGs")), say("ask again in a minute"))
	case s != nil && l.contradiction() != "":
		return name.unknown(l.contradiction(), say("ask again in a minute"), l.e.ceph("osd df tree"))
	case s != nil:
		return name.holds(fmt.Sprintf("ok-to-stop says yes, %s go on", phrase.Count(s.Judged, "PG", "PGs")))
	case l.e.Ceph.SafetyErr != nil:
		return name.unknown("ok-to-stop: "+l.e.Ceph.SafetyErr.Error(), say("ask again when the mgr answers"))
	}
	return l.separated(name)
}

// copies is what to do when PGs would stop. While they are not all clean more
// copies would only be more work for a cluster that is short of them.
func (l leaving) copies() []Step {
	if p, places := l.cramped(); places > 0 {
		return []Step{say(fmt.Sprintf("pool %s has places for %d of its %d copies: add OSDs on machines of their own", p.Name, places, p.Size))}
	}
	if !l.PGs.AllClean() {
		return []Step{say("wait until all PGs are active+clean")}
	}
	return []Step{say("move their data to other hosts first, or give their pools more copies, when there is time and room for it")}
}

// separated is the proof without ok-to-stop: every pool keeps its copies on
// different hosts, and enough of them are left.
func (l leaving) separated(name question) Condition {
	var unproven []string
	pgs := 0
	for _, p := range l.Map.Pools {
		pgs += p.PGs
		left, exact := l.Copies(p, l.gone)
		if !exact || !l.apart(p) || p.MinSize < 1 || left < p.MinSize {
			unproven = append(unproven, p.Name)
		}
	}
	ask := l.e.byCommand("ask again when the mgr answers ok-to-stop")
	switch {
	case pgs != l.PGs.Total:
		return name.unknown(fmt.Sprintf("%d PGs are in pools that are known, there are %d", pgs, l.PGs.Total), ask)
	case slices.ContainsFunc(l.gone, func(id int) bool { return !l.Tree.Rooted(id) }):
		return name.unknown("not all of "+phrase.OSDs(l.gone)+" are below a root of CRUSH", ask)
	case len(unproven) > 0 && len(l.Rules) == 0:
		return name.unknown("the CRUSH rules could not be read", ask)
	case len(unproven) > 0:
		return name.unknown("this token cannot prove it for "+phrase.List(unproven, 4)+": cmd-safety asks one OSD at a time", ask)
	}
	return name.holds("every pool keeps its copies on different hosts, and enough are left")
}

// apart says whether the pool's rule separates hosts.
func (l leaving) apart(p ceph.Pool) bool {
	r, ok := l.Rule(p)
	return ok && slices.Contains([]string{"host", "chassis", "rack", "row", "pdu", "pod", "room", "datacenter", "zone", "region"}, r.Domain)
}

// margin prints how many more copies every pool can lose after that. By the
// rules alone the worst may be worse than what Ceph, which knows the PGs, said.
func (l leaving) margin() Checklist {
	const name question = "copies that stay"
	var parts, single []string
	worst := -1
	for _, p := range l.Map.Pools {
		left, exact := l.Copies(p, l.gone)
		if !exact {
			if left <= 1 && p.MinSize <= 1 && !p.Erasure && p.PGs > 0 {
				single = append(single, p.Name) // for all that is known
			}
			continue
		}
		if left < p.MinSize {
			// The rule's worst, which ok-to-stop, knowing the PGs, denies: how
			// many are left then nobody said.
			worst = 0
			parts = append(parts, fmt.Sprintf("%s at least min_size %d of %d, by ok-to-stop alone", p.Name, p.MinSize, p.Size))
			continue
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
	if len(parts)+len(single) == 0 {
		return nil
	}
	text := phrase.List(parts, 4)
	if worst == 0 {
		text += ", one more failure stops I/O"
	}
	if len(single) > 0 && !l.down {
		return Checklist{name.reserved(phrase.List(single, 4)+" keeps a single copy meanwhile, a disk that fails takes its data", say("make sure of a backup"))}
	}
	return Checklist{name.holds(text)}
}

// noout: without it Ceph begins to rebuild the node's data after ten minutes.
func (l leaving) noout() Condition {
	const name question = "noout covers it"
	covered := map[int]bool{}
	var scopes []string
	var others []ceph.Scope
	for _, s := range l.Scopes("noout") {
		if s.Kind == ceph.ScopeCluster || len(intersect(s.OSDs, l.gone)) > 0 {
			scopes = append(scopes, s.String())
		} else {
			others = append(others, s)
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
	set := l.e.ceph("osd set-group noout " + strings.Join(l.hosts, " "))
	switch {
	case len(bare) == 0 && len(scopes) == 0:
		return name.holds("its OSDs are out already")
	case len(bare) == 0:
		return name.holds("noout is set for " + phrase.List(scopes, 4))
	case l.Map.ScopesUnknown:
		return name.unknown("noout is not set for the cluster, and flags of hosts cannot be read this way", l.e.byCommand("ask again when Ceph answers whole"), l.e.ceph("osd set noout").note("sets it for the cluster"))
	case len(scopes) == 0 && len(others) > 0:
		wrong := others[0]
		return name.fails("noout is set for "+phrase.List(others, 4)+" and not for "+strings.Join(l.hosts, " and "), set, l.e.ceph(unset("noout", wrong)).once(othersWork))
	}
	return name.fails("noout does not cover "+phrase.OSDs(bare)+", set it first", set)
}

// stopping flags keep Ceph from serving or from noticing; those that hold only
// keep it from repairing.
var stopping = slices.Concat(ceph.FlagsStopping, ceph.FlagsBlinding)

func (l leaving) flags() Checklist {
	const name question = "no flag is in the way"
	if l.Map == nil {
		return nil
	}
	var c Checklist
	said := map[string]bool{}
	for _, f := range slices.Concat(stopping, ceph.FlagsHolding) {
		scopes := l.Scopes(f)
		if f == "full" { // OSDs are full by themselves
			scopes = slices.DeleteFunc(scopes, func(s ceph.Scope) bool { return s.Kind != ceph.ScopeCluster })
		}
		if len(scopes) == 0 || said[unset(f, scopes[0])] {
			continue
		}
		said[unset(f, scopes[0])] = true
		var next []Step
		for _, s := range scopes {
			next = append(next, l.e.ceph(unset(f, s)))
		}
		text := f + " is set for " + phrase.List(scopes, 4)
		if slices.Contains(stopping, f) {
			c = append(c, name.fails(text, next...))
		} else {
			c = append(c, name.reserved(text, next...))
		}
	}
	if full := l.Map.Full(); len(full) > 0 {
		c = append(c, name.fails(phrase.OSDs(full)+" full", say("make room first")))
	}
	for _, p := range l.Map.Pools {
		if p.Full() {
			c = append(c, name.fails("pool "+p.Name+" is full", say("make room first")))
		}
	}
	switch {
	case l.Map.ScopesUnknown:
		c = append(c, name.unknown("flags of hosts and OSDs cannot be read this way", l.e.byCommand("ask again when Ceph answers whole")))
	case len(c) == 0:
		c = append(c, name.holds("no flag but noout"))
	}
	return c
}

// unset is how a flag is taken back, as a command of ceph.
func unset(flag string, s ceph.Scope) string {
	flag = strings.TrimSuffix(strings.TrimSuffix(flag, "rd"), "wr")
	if s.Kind == ceph.ScopeCluster {
		return "osd unset " + flag
	}
	return "osd unset-group " + flag + " " + s.Name
}

// halting are checks that mean that clients wait, or that the monitors are in
// trouble, whoever muted them and whatever severity a release gives them, with
// what to do first (Ceph's documentation, "Health checks").
var halting = map[string]string{
	"SLOW_OPS":  "find the slow OSD first",
	"OSD_FULL":  "make room first",
	"POOL_FULL": "make room first",
	// What was written meanwhile has to be filled up again when the node is back,
	// and Ceph refuses to fill such an OSD (backfill_toofull).
	"OSD_BACKFILLFULL":   "make room first",
	"FS_DEGRADED":        "bring its MDS back first",
	"FS_WITH_FAILED_MDS": "bring its MDS back first",
	"MDS_ALL_DOWN":       "bring its MDS back first",
	// What SLOW_OPS is to a client of blocks, these are to one of files.
	"MDS_SLOW_METADATA_IO": "find the slow OSD first",
	"MDS_SLOW_REQUEST":     "find out first what its MDS waits for",
	"MDS_READ_ONLY":        "find out first why its MDS cannot write",
	"MON_NETSPLIT":         "mend the network between the monitors first",
}

// insecure begins the codes about keys of an old type.
const insecure = "AUTH_INSECURE_"

// health: what Ceph itself calls an error, and clients that wait.
func (l leaving) health() Checklist {
	const name question = "Ceph reports no error"
	if l.Health == nil {
		return nil
	}
	var c Checklist
	named := false
	detail := l.e.ceph("health detail")
	for _, h := range l.Health.Checks {
		named = named || h.Err() && !h.Muted || strings.HasPrefix(h.Code, insecure)
		switch {
		case strings.HasPrefix(h.Code, insecure):
			// Keys of an old type: an error since 19.2.6 and 20.2.4, and nothing
			// that a server that is switched off makes worse.
			c = append(c, name.reserved(h.Code+": "+h.Text, say("change the keys when the maintenance is over")))
		case halting[h.Code] != "":
			c = append(c, name.fails(h.Code+": "+h.Text, say(halting[h.Code])))
		case h.Err() && !h.Muted:
			c = append(c, name.fails(h.Code+": "+h.Text, say("repair this first"), detail))
		case h.Err():
			c = append(c, name.reserved(h.Code+" is an error and muted: "+h.Text, say("see whether the mute is still right")))
		}
	}
	switch {
	case !l.Health.Known():
		c = append(c, name.unknown(fmt.Sprintf("health is %q, which no release of Ceph says", l.Health.Status), detail))
	case l.Health.Status == ceph.HealthErr && !named:
		c = append(c, name.fails("HEALTH_ERR", say("repair this first"), detail))
	}
	if len(c) == 0 {
		c = append(c, name.holds(l.warning()))
	}
	return c
}

func intersect(a, b []int) []int {
	return slices.DeleteFunc(slices.Clone(a), func(x int) bool { return !slices.Contains(b, x) })
}

func ids(in []int) string {
	out := make([]string, len(in))
	for i, id := range in {
		out[i] = fmt.Sprint(id)
	}
	return strings.Join(out, " ")
}
