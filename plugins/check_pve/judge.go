package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// verdict is a result in the making.
type verdict struct {
	facts
	policy
	now   time.Time
	index pve.Index
	r     check.Result
	// known names what the first line says although it does not alarm.
	known []string
}

func (v *verdict) say(s check.Status, format string, args ...any) {
	v.r.Findings = append(v.r.Findings, check.Finding{Status: s, Text: fmt.Sprintf(format, args...)})
}

// judge says whether the cluster is whole. Missing evidence is a finding beside
// the others and hides none of them.
func judge(f facts, p policy, now time.Time) check.Result {
	f.cluster.Votes.Device.On = f.cluster.DeviceNode()
	v := &verdict{facts: f, policy: p, now: now, index: f.cluster.Index(), r: check.Result{Policy: check.Monitor, Evidence: f.cluster.Evidence}}
	v.evidence()
	v.quorum()
	v.nodes()
	if f.cluster.Quorate {
		// Without quorum everything below is what was known before.
		v.margin()
		v.ha()
		v.guests()
		v.replication()
		v.versions()
	}
	v.r.Summary = summary(f)
	v.r.Notes = append(v.r.Notes, v.known...)
	v.r.Perfdata = perfdata(f)
	v.r.Facts = factsOf(f, p)
	return v.r
}

// evidence is what every verdict needs.
func (v *verdict) evidence() {
	c := v.cluster
	if len(c.Rights) > 0 {
		v.say(check.UNKNOWN, "this token does not see every guest, it lacks %s", strings.Join(c.Rights, " and "))
	}
	if hidden := c.Hidden(); len(hidden) > 0 && c.Listed() {
		v.say(check.UNKNOWN, "this token does not see %s, which HA knows", phrase.List(hidden, phrase.Some))
	}
	// A node that is being serviced may be slow to come up.
	untold := slices.DeleteFunc(slices.Clone(v.gaps), func(g pve.Gap) bool { return g.Node != "" && v.explained(c, g.Node) })
	for _, text := range append(c.Untold(), pve.Untold(untold)...) {
		v.say(check.UNKNOWN, "%s", text)
	}
}

func (v *verdict) quorum() {
	c := v.cluster
	switch {
	case c.Lost:
		v.say(check.CRITICAL, "no quorum on %s%s, what it lists of guests and HA is old", c.Asked, votes(c))
	case !c.Quorate: // a gap, which is said already
	case c.Standalone:
		v.say(check.OK, "%s stands alone, there is no quorum to lose", c.Name)
	default:
		v.say(check.OK, "%s has quorum%s", c.Asked, votes(c))
	}
}

// nodes judges members that are gone, silent, or in maintenance for long.
func (v *verdict) nodes() {
	c := v.cluster
	for _, name := range v.named {
		if _, found := c.Node(name); !found && len(c.Nodes) > 0 {
			v.say(check.UNKNOWN, "--maintenance: there is no node %s, the cluster has %s", name, phrase.List(c.Members(), phrase.Some))
		}
	}
	for _, n := range c.Nodes {
		switch {
		case !n.Online && !v.explained(c, n.Name):
			v.say(check.CRITICAL, "node %s is offline%s", n.Name, v.fate(n))
		case !n.Online && slices.Contains(v.ignored, n.Name):
			v.say(check.OK, "node %s is offline and ignored", n.Name)
		case !n.Online:
			v.say(check.OK, "node %s is offline, in maintenance", n.Name)
			v.stranded(n)
		case n.Status != "online" && c.Listed() && c.Quorate && !slices.Contains(v.ignored, n.Name):
			v.say(check.WARNING, "pvestatd of %s is silent, the statuses of its guests are not known", n.Name)
		}
	}
	maintained := v.maintained(c)
	for _, name := range maintained {
		v.maintenance(name)
	}
	for _, name := range v.named {
		if _, found := c.Node(name); found && !slices.Contains(maintained, name) {
			v.known = append(v.known, name+" in maintenance") // it may explain something all the same
		}
	}
}

// fate is what is known of a node that went by itself.
func (v *verdict) fate(n pve.Node) string {
	var parts []string
	guests := 0
	for _, g := range v.cluster.Guests {
		if g.Node == n.Name && !g.Template {
			guests++
		}
	}
	if guests > 0 {
		parts = append(parts, phrase.Count(guests, "guest is", "guests are")+" on it")
	}
	if state := v.cluster.HA.Nodes[n.Name]; state != "" && state != "online" {
		parts = append(parts, "HA says "+state)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// stranded are guests that went off with a node in maintenance: the maintenance
// explains the node, not them.
func (v *verdict) stranded(n pve.Node) {
	if !v.cluster.Quorate {
		return
	}
	var gone, unknown []string
	for _, g := range v.cluster.Guests {
		if g.Node != n.Name {
			continue
		}
		was, known := v.memory.Was(g)
		switch {
		case !known:
			unknown = append(unknown, was.String())
		case !was.Template && was.Status != "stopped":
			gone = append(gone, was.String())
		}
	}
	if len(gone) > 0 {
		v.say(check.CRITICAL, "%s went off with node %s, which maintenance does not explain", phrase.List(gone, phrase.Some), n.Name)
	}
	if len(unknown) > 0 {
		v.say(check.UNKNOWN, "on node %s, which is off, and nobody saw whether stopped before: %s", n.Name, phrase.List(unknown, phrase.Some))
	}
}

// maintenance judges how long a node has been in maintenance.
func (v *verdict) maintenance(name string) {
	since, known := v.since(name)
	age := v.now.Sub(since)
	switch {
	case !known && slices.Contains(v.named, name):
		v.known = append(v.known, name+" in maintenance")
	case !known:
		v.say(check.WARNING, "node %s is in maintenance, since when is not known", name)
	case age > v.crit:
		v.say(check.CRITICAL, "node %s is in maintenance since %s, for more than %s", name, phrase.Time(since), check.DurationText(v.crit))
	case age > v.warn:
		v.say(check.WARNING, "node %s is in maintenance since %s, for more than %s", name, phrase.Time(since), check.DurationText(v.warn))
	default:
		v.say(check.OK, "node %s is in maintenance since %s", name, phrase.Time(since))
		v.known = append(v.known, name+" in maintenance"+lasting(age))
	}
}

func lasting(age time.Duration) string {
	if age < time.Minute {
		return ""
	}
	return " for " + check.DurationText(age.Truncate(time.Minute))
}

// since is when a node went into maintenance, by our memory or by when a node
// that is off wrote last.
func (v *verdict) since(name string) (time.Time, bool) {
	since, seen := v.memory.Maintenance[name]
	n, _ := v.cluster.Node(name)
	_, wrote := v.cluster.HA.Silence(name)
	return since, seen && (v.remembers || wrote && !n.Online)
}

func summary(f facts) string {
	c := f.cluster
	if len(c.Nodes) == 0 {
		return ""
	}
	run, all := f.running()
	text := fmt.Sprintf("%s: %d of %s online", c.Name, len(c.Online()), phrase.Count(len(c.Nodes), "node", "nodes"))
	if c.Quorate && len(c.Rights) == 0 {
		text += fmt.Sprintf(", %d of %s running", run, phrase.Count(all, "guest", "guests"))
	}
	if c.Votes.Known {
		text += fmt.Sprintf(", %d of %d votes", c.Votes.Present(), c.Votes.Expected())
	}
	return text
}

// unreachable is all there is to say when nobody answers.
func unreachable(c pve.Cluster, p policy, err error) (check.Result, error) {
	if !errors.Is(err, pve.ErrUnreachable) {
		return check.Result{Evidence: c.Evidence}, err
	}
	return check.Result{
		Evidence: c.Evidence,
		Findings: []check.Finding{{Status: p.unreachable.Status(), Text: err.Error()}},
	}, nil
}
