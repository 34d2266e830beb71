package contingency

import (
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// quorum of those that stay. A node that loses it resets itself when HA has
// configured anything on it, and its guests with it.
func (x *stage) quorum(f Failure, l *Loss) bool {
	const name = "quorum survives"
	v, stay := x.votes(f), x.survivors(f)
	switch {
	case x.Cluster.Standalone:
		l.add(maintenance.Holds, name, "a node that stands alone needs none")
		return true
	case len(stay) == 0:
		l.add(maintenance.Fails, name, "no node that is online stays", say("bring a node back, or add one, that does not die with "+names(f.Nodes)))
		return false
	case !v.Known:
		l.add(maintenance.Unknown, name, "the votes are not known", say("ask again when this can be told"))
		return true
	}
	sum := fmt.Sprintf("%s of %d stay, %d needed", phrase.Count(v.Present(f.Nodes...), "vote", "votes"), v.Expected(), v.Need())
	if v.Survives(f.Nodes...) {
		l.add(maintenance.Holds, name, sum)
		return true
	}
	var reset []string
	for _, n := range stay {
		if x.Cluster.HA.Disarm == "" && x.ha.Resets(n) {
			reset = append(reset, n)
			for _, g := range x.on[n] {
				if x.running(g) {
					l.Resets = append(l.Resets, g.String())
				}
			}
		}
	}
	text := "quorum is lost: " + sum
	if len(reset) > 0 {
		text += fmt.Sprintf(", HA resets %s with %s", names(reset), phrase.Count(len(l.Resets), "guest", "guests"))
	}
	l.add(maintenance.Fails, name, text, x.moreVotes(f)...)
	return false
}

// takesDevice says that the quorum device dies too: it is on a machine, or in a
// guest, of what fails.
func (x *stage) takesDevice(f Failure) bool {
	d := x.Cluster.Votes.Device
	if f.Kind == Device || f.Kind == "host" && d.At(f.Name) {
		return true
	}
	return slices.ContainsFunc(f.Nodes, func(node string) bool { return node == x.device || d.At(node) })
}

// votes that count once f has happened.
func (x *stage) votes(f Failure) pve.Votes {
	if x.takesDevice(f) {
		return x.Cluster.Votes.Deviceless()
	}
	return x.Cluster.Votes
}

// moreVotes is what would keep quorum when f happens: each is tried out.
func (x *stage) moreVotes(f Failure) []step {
	v := x.Cluster.Votes
	mute, all := pve.NodesOf(v.Mute()), pve.NodesOf(v.Voters)
	device := v
	device.Device = pve.Device{Present: true, Votes: 1}
	away := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return x.online[n] || slices.Contains(f.Nodes, n) })
	keeps := func(v pve.Votes, back ...string) bool {
		if v = v.With(back...); x.takesDevice(f) {
			v = v.Deviceless()
		}
		return v.Survives(f.Nodes...)
	}
	switch {
	case f.Kind != Device && x.takesDevice(f) && v.Survives(f.Nodes...):
		return []step{say("put the quorum device on a machine that does not die with " + names(f.Nodes))}
	case v.Device.Present && len(mute) > 0 && keeps(v, mute...):
		return []step{say("bring the quorum device back on " + names(mute))}
	case !v.Device.Present && len(x.Cluster.Nodes)%2 == 0 && len(away) == 0 && keeps(device, all...):
		return []step{say("add a quorum device on a machine of its own")}
	case len(away) > 0 && keeps(v, away...):
		return []step{x.bring(away)}
	case slices.ContainsFunc(v.Voters, func(n pve.Voter) bool { return n.Votes != 1 }):
		return []step{say("give every node one vote")}
	}
	return []step{say("add nodes that do not die with " + names(f.Nodes))}
}
