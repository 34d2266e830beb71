package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// stale is by how much a baseline may be older than the node's last start:
// guests are moved on the day of the work.
const stale = 24 * time.Hour

// homes: guests are where they were, and run if they ran.
func (r Return) homes(c *Checklist) {
	const what = "guests are where they were"
	b := r.Baseline
	switch {
	case r.BaselineErr != nil:
		c.add(Unknown, what, r.BaselineErr.Error(), "name the file that check_drained --save wrote")
		return
	case b == nil:
		c.add(Reserved, what, "homes of guests outside HA are not known without a baseline", "next time: check_drained --save FILE, then --baseline FILE")
		return
	case b.Cluster != r.PVE.Cluster.Subject() || !subset(r.PVE.Leaving, b.Leaving):
		c.add(Unknown, what, "the baseline is about "+strings.Join(b.Leaving, ", ")+" of "+b.Cluster, "name the file about "+r.names())
		return
	}
	if b.Saved.After(r.Now.Add(time.Minute)) {
		c.add(Unknown, what, "the baseline is of "+b.Saved.Local().Format(time.RFC3339)+", which is to come", "compare the clocks, and see whether it is the right file")
		return
	}
	if guests := r.PVE.Cluster.Guests; len(b.Guests) == 0 && len(guests) > 0 {
		c.add(Unknown, what, fmt.Sprintf("the baseline lists no guest, there are %d", len(guests)), "name the file that check_drained --save wrote")
		return
	}
	n := len(*c)
	r.age(c, what)
	x := r.PVE.Cluster.Index()
	for _, was := range b.Guests {
		r.home(c, x, was)
	}
	if len(*c) == n {
		c.add(Holds, what, count(len(b.Guests), "guest is", "guests are")+" as on "+b.Saved.Local().Format(time.RFC3339), "")
	}
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// age warns of a baseline from an earlier maintenance, and of one that looks as
// if it had been saved when the work was over: it would say that all is as it is.
func (r Return) age(c *Checklist, what string) {
	for _, name := range r.PVE.Leaving {
		n, _ := r.PVE.Cluster.Node(name)
		saved := r.Baseline.Saved.Local().Format(time.RFC3339)
		boot := r.Now.Add(-n.Uptime)
		switch {
		case n.Uptime <= 0:
			if n.Online && n.Status == "online" { // else that is said already
				c.add(Unknown, what, "when "+name+" was started last is not known", "see pvestatd on "+name)
			}
		case boot.Sub(r.Baseline.Saved) > stale:
			c.add(Reserved, what, fmt.Sprintf("the baseline of %s is more than a day older than the last start of %s", saved, name), "is it the one of this maintenance?")
			return
		case r.Baseline.Saved.After(boot) && r.emptied(*r.Baseline):
			c.add(Reserved, what, fmt.Sprintf("the baseline of %s is younger than the last start of %s, and nobody outside HA lived there", saved, name), "was it saved before the work?")
			return
		}
	}
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

func (r Return) home(c *Checklist, x pve.Index, was pve.BaselineGuest) {
	const what = "guests are where they were"
	if was.Template {
		return
	}
	g, found := x.Guest(was.ID)
	ran := was.Status != "stopped" && was.Status != "" && was.Status != "unknown"
	move := map[pve.Kind]string{pve.VM: "qm migrate %d %s --online", pve.Container: "pct migrate %d %s --restart"}[was.Kind]
	switch {
	case !found:
		c.add(Reserved, what, fmt.Sprintf("%s%d %s is gone", was.Kind.Prefix(), was.ID, was.Name), "removed on purpose?")
	case g.Stale || g.Status == "unknown":
		c.add(Unknown, what, g.String()+" on "+g.Node+": its status is not known", "see pvestatd on "+g.Node)
	case ran && g.Status == "stopped":
		c.add(Fails, what, g.String()+" is stopped, it ran before", "start it")
	case ran && g.Status != was.Status && g.Status != "running":
		c.add(Fails, what, g.String()+" is "+g.Status+", it was "+was.Status, "see its console and its task log")
	case g.Node == was.Node || !slices.Contains(r.PVE.Leaving, was.Node):
	case was.HA != "" && g.HAState != "":
		c.add(Reserved, what, g.String()+" is on "+g.Node+", it was on "+was.Node+", HA decides", "ha-manager migrate "+g.SID()+" "+was.Node+" if it belongs there")
	default:
		c.add(Fails, what, g.String()+" is on "+g.Node+", it was on "+was.Node, fmt.Sprintf(move, was.ID, was.Node))
	}
}
