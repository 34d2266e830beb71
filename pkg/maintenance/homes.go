package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// stale is by how much a baseline may be older than the node's last start:
// guests are moved on the day of the work.
const stale = 24 * time.Hour

const guestsBack question = "guests are where they were"

// unfit says why the baseline cannot be compared with what is; nil baselines
// there are too.
func (r Return) unfit() (Condition, bool) {
	b := r.Baseline
	switch guests := r.PVE.Cluster.Guests; {
	case r.BaselineErr != nil:
		return guestsBack.unknown(r.BaselineErr.Error(), say("name the file that check_drained --save wrote")), true
	case b == nil:
		return Condition{}, false
	case !r.About(*b):
		return guestsBack.unknown("the baseline is about "+strings.Join(b.Leaving, ", ")+" of "+b.Cluster, say("name the file about "+r.names())), true
	case b.Saved.After(r.Now.Add(time.Minute)):
		return guestsBack.unknown("the baseline is of "+phrase.Time(b.Saved)+", which is to come", say("compare the clocks, and see whether it is the right file")), true
	case len(b.Guests) == 0 && len(guests) > 0:
		return guestsBack.unknown(fmt.Sprintf("the baseline lists no guest, there are %d", len(guests)), say("name the file that check_drained --save wrote")), true
	}
	return Condition{}, false
}

// homes: guests are where they were, and run if they ran.
func (r Return) homes() Checklist {
	b := r.Baseline
	if c, bad := r.unfit(); bad {
		return Checklist{c}
	}
	if b == nil {
		return Checklist{guestsBack.reserved("homes of guests outside HA are not known without a baseline", say("next time: check_drained --save FILE, then --baseline FILE"))}
	}
	c := r.age()
	x := r.PVE.Cluster.Index()
	for _, was := range b.Guests {
		if h, bad := r.home(x, was); bad {
			c = append(c, h)
		}
	}
	if len(c) == 0 {
		c = append(c, guestsBack.holds(phrase.Count(len(b.Guests), "guest is", "guests are")+" as on "+phrase.Time(b.Saved)))
	}
	return c
}

// About says whether a baseline has the nodes.
func (e Evidence) About(b pve.Baseline) bool {
	other := func(name string) bool { return !slices.Contains(b.Leaving, name) }
	return b.Cluster == e.PVE.Cluster.Subject() && !slices.ContainsFunc(e.PVE.Leaving, other)
}

// age warns of a baseline from an earlier maintenance, and of one that looks as
// if it had been saved when the work was over: it would say that all is as it is.
func (r Return) age() Checklist {
	var c Checklist
	for _, name := range r.PVE.Leaving {
		n, _ := r.PVE.Cluster.Node(name)
		saved := phrase.Time(r.Baseline.Saved)
		boot := r.Now.Add(-n.Uptime)
		switch {
		case n.Uptime <= 0:
			if n.Online && n.Status == "online" { // else that is said already
				c = append(c, guestsBack.unknown("when "+name+" was started last is not known", run(name, "systemctl status pvestatd")))
			}
		case boot.Sub(r.Baseline.Saved) > stale:
			return append(c, guestsBack.reserved(fmt.Sprintf("the baseline of %s is more than a day older than the last start of %s", saved, name), say("is it the one of this maintenance?")))
		case r.Baseline.Saved.After(boot) && r.emptied(*r.Baseline):
			return append(c, guestsBack.reserved(fmt.Sprintf("the baseline of %s is younger than the last start of %s, and nobody outside HA lived there", saved, name), say("was it saved before the work?")))
		}
	}
	return c
}

// emptied says whether a baseline knows guests outside HA that run, and none of
// them on the nodes it is about.
func (r Return) emptied(b pve.Baseline) bool {
	elsewhere := false
	for _, g := range b.Guests {
		if g.HA != "" || g.Template || g.Status == "stopped" {
			continue
		}
		if slices.Contains(r.PVE.Leaving, g.Node) {
			return false
		}
		elsewhere = true
	}
	return elsewhere
}

func (r Return) home(x pve.Index, was pve.BaselineGuest) (Condition, bool) {
	if was.Template {
		return Condition{}, false
	}
	g, found := x.Guest(was.ID)
	ran := was.Status != "stopped" && was.Status != "" && was.Status != "unknown"
	switch {
	case !found:
		return guestsBack.reserved(fmt.Sprintf("%s%d %s is gone", was.Kind.Prefix(), was.ID, was.Name), say("removed on purpose?")), true
	case g.Stale || g.Status == "unknown":
		return guestsBack.unknown("the status of "+g.String()+" on "+g.Node+" is not known", run(g.Node, "systemctl status pvestatd")), true
	case ran && g.Status == "stopped":
		return guestsBack.fails(g.String()+" is stopped, it ran before", r.start(g)), true
	case ran && g.Status != was.Status && g.Status != "running":
		return guestsBack.fails(g.String()+" is "+g.Status+", it was "+was.Status, say("see its console and its task log")), true
	case g.Node == was.Node || !r.leaves(was.Node):
		return Condition{}, false
	case was.HA != "" && g.HAState != "":
		return guestsBack.reserved(g.String()+" is on "+g.Node+", it was on "+was.Node+", HA decides",
			r.pve("ha-manager migrate "+g.SID()+" "+was.Node).note("if it belongs there").once(nodeOnline, haUsesIt, storagesThere)), true
	}
	return guestsBack.fails(g.String()+" is on "+g.Node+", it was on "+was.Node, r.bringHome(x, g, was.Node)...), true
}

// start is how a guest that ran before runs again. HA starts those it manages.
func (r Return) start(g pve.Guest) Step {
	if g.HAState != "" {
		return r.pve("ha-manager set " + g.SID() + " --state started")
	}
	return run(g.Node, fmt.Sprintf("%s start %d", tool(g), g.ID)).note("if it was not stopped on purpose")
}

// bringHome moves a guest outside HA back to its node.
func (r Return) bringHome(x pve.Index, g pve.Guest, home string) []Step {
	ready := []question{nodeOnline, storagesThere}
	switch {
	case g.Status == "stopped":
		return []Step{run(g.Node, fmt.Sprintf("%s migrate %d %s", tool(g), g.ID, home)).once(ready...)}
	case g.Kind == pve.Container:
		return []Step{say(agree), run(g.Node, fmt.Sprintf("pct migrate %d %s --restart", g.ID, home)).once(ready...)}
	}
	move := run(g.Node, fmt.Sprintf("qm migrate %d %s --online", g.ID, home)).once(ready...)
	if _, disks := x.Local(g, r.PVE.Memory.Configs[g.ID].Config); len(disks) > 0 {
		move.Run += " --with-local-disks"
	}
	return []Step{move}
}
