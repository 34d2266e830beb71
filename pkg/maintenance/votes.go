package maintenance

import (
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

const quorumSurvives question = "quorum survives"

// quorum: the votes that stay must be more than half of all.
func (e Evidence) quorum() Condition {
	p := e.PVE.Cluster
	v, _ := e.ballot()
	sum := e.votes()
	doubt, next := e.voters()
	open, ask := e.device()
	switch {
	case p.Standalone:
		return quorumSurvives.holds(p.Name + " stands alone, there is no quorum to lose")
	case p.Lost:
		return quorumSurvives.fails("there is no quorum already", say("bring the missing nodes back first"))
	case !p.Quorate:
		return quorumSurvives.unknown("nobody says whether there is quorum", say("ask again when the cluster answers whole"))
	case !v.Known:
		return quorumSurvives.unknown("the votes of the cluster are not known", say("let the token read /cluster/config (Sys.Audit on /)"))
	case doubt == "" && open != "":
		return quorumSurvives.unknown(open, ask...)
	case !v.Survives(e.PVE.Leaving...):
		return quorumSurvives.fails(sum, e.quorumNext())
	case doubt != "":
		return quorumSurvives.unknown(doubt, next)
	}
	return quorumSurvives.holds(sum)
}

// ballot are the votes as they count once the nodes are gone: a quorum device on
// one of them gives none to anybody. On is that node.
func (e Evidence) ballot() (v pve.Votes, on string) {
	v = e.PVE.Cluster.Votes
	for _, name := range e.PVE.Leaving {
		if n, _ := e.PVE.Cluster.Node(name); v.Device.Present && v.Device.At(name, n.IP) {
			return v.Deviceless(), name
		}
	}
	return v, ""
}

// votes are those that stay on the node that counts the fewest. With a quorum
// device each node counts its own.
func (e Evidence) votes() string {
	v, on := e.ballot()
	node, left, _ := v.Weakest(e.PVE.Leaving...)
	if !v.Device.Present || node == "" {
		return fmt.Sprintf("%d of %d votes stay, %d needed", left, v.Expected(), v.Need())
	}
	sum := fmt.Sprintf("%d of %d votes stay on %s, %d needed", left, v.Expected(), node, v.Need())
	if on != "" {
		return sum + ", the quorum device is on " + on
	}
	for _, n := range v.Mute() {
		if n.Node == node {
			sum += ", the qdevice gives it none (" + n.Daemon.String() + ")"
		}
	}
	return sum
}

// voters says what is wrong with the list of votes: it must name every node
// once, or the sums are of another cluster.
func (e Evidence) voters() (doubt string, next Step) {
	p := e.PVE.Cluster
	next = say("compare pvecm status with /etc/pve/corosync.conf")
	seen := map[string]bool{}
	for _, v := range p.Votes.Voters {
		if _, member := p.Node(v.Node); !member || seen[v.Node] || v.Votes < 0 {
			return "the votes of " + v.Node + " cannot be right", next
		}
		seen[v.Node] = true
	}
	for _, n := range p.Nodes {
		if !seen[n.Name] {
			return "the votes of " + n.Name + " are not known", next
		}
	}
	return "", Step{}
}

// device says why the votes of the quorum device may be others than were told.
// Each node has a connection of its own to it and tells of no other; one that
// did not tell counts without.
func (e Evidence) device() (doubt string, next []Step) {
	v, on := e.ballot()
	if on != "" || v.Survives(e.PVE.Leaving...) {
		return "", nil // whatever the others say of it
	}
	node, votes, _ := v.Weakest(e.PVE.Leaving...)
	left := fmt.Sprintf("%d of %d votes stay on %s, %d needed", votes, v.Expected(), node, v.Need())
	if d := v.Device; d.Present && !d.Seen.IsZero() {
		return "no node tells of the qdevice since " + phrase.Time(d.Seen) + ", with its votes expected " + left,
			[]Step{e.pve("pvecm status"), say("say --forget-qdevice if it was removed")}
	}
	if v.Hoped().Survives(e.PVE.Leaving...) {
		var asked []string
		for _, n := range v.Unasked() {
			if !e.leaves(n.Node) {
				asked = append(asked, n.Node)
			}
		}
		return phrase.List(asked, 6) + " did not say whether the qdevice votes for it, without that " + left, []Step{say("let it be asked, with -H")}
	}
	return "", nil
}

// deviceBack: where there is a quorum device it votes for a node that is back,
// by that node's own word.
func (r Return) deviceBack(node string) Checklist {
	const name question = "the quorum device votes for the node"
	v := r.PVE.Cluster.Votes
	i := slices.IndexFunc(v.Voters, func(n pve.Voter) bool { return n.Node == node })
	if !v.Device.Present || i < 0 {
		return nil
	}
	switch d := v.Voters[i].Daemon; {
	case d.Casts:
		return Checklist{name.holds("it votes for " + node)}
	case !v.Device.Seen.IsZero():
		return Checklist{name.unknown("no node tells of the qdevice since "+phrase.Time(v.Device.Seen), r.pve("pvecm status"), say("say --forget-qdevice if it was removed"))}
	case !d.Told:
		return Checklist{name.unknown(node+" did not say whether the qdevice votes for it", say("let it be asked, with -H"))}
	case d.State == "":
		return Checklist{name.fails("corosync-qdevice does not run on "+node, run(node, "systemctl start corosync-qdevice"))}
	default:
		return Checklist{name.fails("the qdevice gives no vote to "+node+" ("+d.String()+")", run(node, "corosync-qdevice-tool -s").note("why?"))}
	}
}

func (e Evidence) quorumNext() Step {
	off := e.PVE.Cluster.Named(func(n pve.Node) bool { return !n.Online && !slices.Contains(e.PVE.Leaving, n.Name) })
	for _, n := range e.PVE.Cluster.Votes.Mute() {
		if !e.leaves(n.Node) {
			off = append(off, "the qdevice on "+n.Node)
		}
	}
	_, on := e.ballot()
	switch {
	case on != "" && e.PVE.Cluster.Votes.Survives(e.PVE.Leaving...):
		return say("put the quorum device on a machine that stays")
	case len(off) > 0:
		return say("bring " + phrase.List(off, 6) + " back first")
	case len(e.PVE.Leaving) > 1:
		return say("service one node after the other")
	}
	return say("add a qdevice (pvecm qdevice setup) or a node")
}
