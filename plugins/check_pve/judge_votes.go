package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// votes are those that the asked node counts.
func votes(c pve.Cluster) string {
	if !c.Votes.Known {
		return ""
	}
	return fmt.Sprintf(" (%d of %d votes, %d needed)", c.Votes.Count(c.Asked), c.Votes.Expected(), c.Votes.Need())
}

// margin judges how much may still fail, by the node that counts the fewest
// votes.
func (v *verdict) margin() {
	c := v.cluster
	if c.Standalone || !c.Votes.Known {
		return
	}
	v.device()
	if v.without() {
		return
	}
	back := c.Named(func(n pve.Node) bool { return v.explained(c, n.Name) })
	whole := c.Votes.Whole()
	whole.Device.On = "" // it could be on a machine of its own
	now, restored, least := c.Votes.Margin(), c.Votes.With(back...), min(1, whole.Margin())
	if v.policy.margin != nil {
		least = *v.policy.margin
	}
	switch {
	case restored.Margin() < least && restored.Hoped().Margin() >= least:
		v.say(check.UNKNOWN, "quorum %s%s without the votes of the qdevice for %s: let it be asked, with -H",
			bears(now), weakest(c.Votes), phrase.List(pve.NodesOf(c.Votes.Unasked()), phrase.Some))
	case restored.Margin() < least:
		v.say(check.WARNING, "quorum %s%s", bears(now), weakest(c.Votes))
	case now < least:
		v.say(check.OK, "quorum %s until maintenance ends", bears(now))
		v.known = append(v.known, "quorum "+bears(now))
	case now < 1:
		v.say(check.OK, "quorum %s, by construction of this cluster", bears(now))
		v.known = append(v.known, "quorum "+bears(now))
	default:
		v.say(check.OK, "quorum %s", bears(now))
	}
}

// weakest is what the node counts that is the first to lose quorum.
func weakest(v pve.Votes) string {
	node, votes, _ := v.Weakest()
	where, device := "", ""
	if v.Device.Present {
		where = "on " + node + " "
	}
	if v.Device.On != "" {
		device = ", the qdevice is on " + v.Device.On
	}
	return fmt.Sprintf(" (%s%d of %d votes, %d needed%s)", where, votes, v.Expected(), v.Need(), device)
}

// without are nodes that have no quorum although the asked one has: the device
// votes for it and not for them. True when that is said of any, or when the
// asked one has none either.
func (v *verdict) without() bool {
	votes, said := v.cluster.Votes, v.cluster.Lost
	for _, n := range votes.Mute() {
		if sum := votes.Count(n.Node); sum < votes.Need() {
			v.say(check.CRITICAL, "%s has quorum and %s has not: without the qdevice it counts %d of %d votes, %d needed",
				v.cluster.Asked, n.Node, sum, votes.Expected(), votes.Need())
			said = true
		}
	}
	return said
}

// device judges the quorum device by each node's own word.
func (v *verdict) device() {
	votes := v.cluster.Votes
	d := votes.Device
	if !d.Present {
		return
	}
	if !d.Seen.IsZero() {
		v.r.Findings = append(v.r.Findings, check.Finding{Status: check.WARNING, Text: fmt.Sprintf("no node tells of the qdevice%s since %s", host(d), phrase.Time(d.Seen)),
			Next: []string{"on " + v.cluster.Asked + ": pvecm status", "if it was removed, say --forget-qdevice once"}})
		return
	}
	mute := map[string][]string{}
	for _, n := range votes.Mute() {
		if v.explained(v.cluster, n.Node) {
			v.say(check.OK, "the qdevice gives no vote to %s (%s)", n.Node, n.Daemon)
			continue
		}
		mute[n.Daemon.String()] = append(mute[n.Daemon.String()], n.Node)
	}
	for _, how := range slices.Sorted(maps.Keys(mute)) {
		text := fmt.Sprintf("the qdevice%s gives no vote to %s (%s)", host(d), phrase.List(mute[how], phrase.Some), how)
		if how == (pve.Daemon{Told: true}).String() {
			text = fmt.Sprintf("corosync-qdevice does not run on %s, the qdevice%s gives it no vote", phrase.List(mute[how], phrase.Some), host(d))
		}
		v.say(check.WARNING, "%s", text)
	}
	for _, n := range votes.Unasked() {
		text := n.Node + " was not asked for its qdevice daemon, it is counted without"
		if n.Daemon.Err != nil {
			text += ": " + n.Daemon.Err.Error()
		}
		v.say(check.OK, "%s", text)
	}
}

func host(d pve.Device) string {
	if d.Host == "" {
		return ""
	}
	return " " + d.Host
}

func bears(margin int) string {
	if margin < 1 {
		return "survives no further failure"
	}
	return "survives " + phrase.Count(margin, "more failure", "more failures")
}
