package maintenance

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

const systemsStay question = "the file systems stay"

// metadata: every rank of every file system needs a daemon that stays: the one
// that has it, one in standby-replay for it, or a standby that nobody else needs.
func (l leaving) metadata() Condition {
	switch {
	case l.FS == nil:
		return systemsStay.unknown("nobody can say whether there is a CephFS", l.e.byCommand("ask again when Ceph answers whole"))
	case l.FS.Ranks == 0:
		return systemsStay.holds("there is no CephFS")
	case len(l.FS.Dead()) > 0:
		return l.dead(systemsStay)
	case len(l.FS.Held) != l.FS.Ranks || l.FS.Daemons == nil:
		// Who has which rank is not known: any of them may be needed.
		total := max(len(l.FS.Daemons), l.FS.Ranks+l.FS.Standbys)
		return demand{systemsStay, "MDS", l.FS.Ranks, total, say("start a standby MDS elsewhere"), l.e.byCommand("say it with --ceph-host")}.met(l.daemons(l.FS.Daemons))
	}
	var lone []ceph.Rank
	for _, r := range l.FS.Held {
		if p := l.daemons(l.seats(r)); p.elsewhere == 0 {
			lone = append(lone, r)
		}
	}
	free := l.daemons(l.FS.Free())
	text := fmt.Sprintf("%s, %s without an MDS of its own elsewhere, %d free elsewhere",
		phrase.Count(l.FS.Ranks, "rank", "ranks"), phrase.Count(len(lone), "is", "are"), free.elsewhere)
	switch {
	case len(lone) <= free.elsewhere:
		return systemsStay.holds(text)
	case len(lone) <= free.elsewhere+free.unknown+l.lost(lone):
		return systemsStay.unknown("nobody can say on which host each MDS is", l.e.byCommand("say it with --ceph-host"))
	}
	return systemsStay.fails(text, say("start a standby MDS elsewhere"))
}

// seats are the MDS that serve a rank or would take it before others. One that
// no list names is somewhere.
func (l leaving) seats(r ceph.Rank) []ceph.Daemon {
	var out []ceph.Daemon
	for _, name := range append([]string{r.Holder}, r.Followers...) {
		if d, found := l.FS.Daemon(name); found {
			out = append(out, d)
		} else if name != "" {
			out = append(out, ceph.Daemon{}) // nobody says where
		}
	}
	return out
}

// lost are ranks whose MDS may be elsewhere for all that is known.
func (l leaving) lost(ranks []ceph.Rank) int {
	n := 0
	for _, r := range ranks {
		if l.daemons(l.seats(r)).unknown > 0 {
			n++
		}
	}
	return n
}

// dead ranks are served by nobody: Ceph lists their MDS as active and says
// HEALTH_OK, and their clients hang.
func (l leaving) dead(name question) Condition {
	var who []string
	var next []Step
	for _, r := range l.FS.Dead() {
		who = append(who, strings.TrimSpace(fmt.Sprintf("rank %d of file system %d: mds.%s is laggy or crashed", max(r.Rank, 0), r.FS, r.Holder)))
		if d, found := l.FS.Daemon(r.Holder); found {
			if node, known := l.node(d); known {
				next = append(next, l.start(node, "ceph-mds@"+r.Holder))
			}
		}
	}
	if len(next) == 0 {
		next = []Step{say("start an MDS first")}
	}
	return name.fails(phrase.List(who, 4), next...)
}

// filesServed is the same on the way back.
func (l leaving) filesServed() Checklist {
	const name question = "the file systems are served"
	switch {
	case l.FS == nil || l.FS.Ranks == 0:
		return nil
	case len(l.FS.Dead()) > 0:
		return Checklist{l.dead(name)}
	}
	return Checklist{name.holds(phrase.Count(l.FS.Ranks, "rank has", "ranks have") + " a living MDS")}
}
