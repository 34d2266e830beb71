//go:build real

package gate

import (
	"strings"

	"github.com/noout-monitoring/noout/test/real/cluster"
)

// state is a state of the cluster before a host is cut off.
type state struct {
	name string
	make func(*site) // nil: it is as between all states
	undo func(*site) // nil: nothing is left
	// off are daemons that are stopped for this state.
	off []string
	// settled says that the state is there, beside all daemons and their PGs.
	settled func(cluster.Status) bool
	pool    string // whose clients are watched, empty for rbd
	blocked bool   // clients wait before anything is cut
	hosts   [cluster.Hosts]want
	// only is the number of the one host that is cut off, 0 for each, or none.
	// All are asked about.
	only int
}

// want is what is expected for a host: the decision, a part of its reasons, and
// whether clients are served without the host.
type want struct {
	decision string
	reason   string
	served   bool
	// needless is why a no is right although clients would be served.
	needless string
	// out expects that Ceph marks OSDs of the host out.
	out bool
}

func all(w want) [cluster.Hosts]want { return [...]want{w, w, w} }

func whole(st cluster.Status) bool { return st.Count("clean") == st.PGs.Total }

func broken(st cluster.Status) bool { return st.Count("degraded", "undersized") > 0 }

func anyway(cluster.Status) bool { return true }

// none of the hosts is cut off: what Ceph would do is not in question.
const none = -1

const (
	ready     = "yes"
	readyBut  = "yes-but"
	refused   = "no"
	unproven  = "not-proven"
	rebuilds  = "Ceph marks the OSDs out and begins to rebuild what is not lost"
	thinnest  = "Ceph says no itself: of what waits for recovery one copy would be left"
	ownBroken = "PGs recover, and nothing in their numbers says that all of it is this host's own disk"
	blind     = "nobody could tell any more how the PGs are, nor whether the next host may go"
	frozen    = "without a mgr the numbers of PGs are frozen and prove nothing"
)

// ways are the states, in thirds of about the same length, each for a cluster
// of its own.
var ways = [][]state{
	{
		{
			name: "noout for all", settled: whole,
			hosts: all(want{decision: ready, served: true}),
		},
		{
			name: "another Ceph's hosts", only: none, settled: whole,
			make:  func(s *site) { s.pve.fsid.Store("6b5f2ad1-0000-4000-8000-000000000000") },
			undo:  func(s *site) { s.pve.fsid.Store(s.FSID) },
			hosts: all(want{decision: unproven, reason: "these nodes run 6b5f2ad1"}),
		},
		{
			name: "osd.5 of node3 down", off: []string{"osd.5"}, settled: broken,
			hosts: [...]want{
				{decision: refused, reason: "osd.5 on node3 is down"},
				{decision: refused, reason: "osd.5 on node3 is down"},
				{decision: readyBut, reason: "PGs miss a copy, only osd.5 of node3 itself is down", served: true},
			},
		},
		{
			name: "recovery of osd.5", only: 1, settled: broken,
			make: recovery,
			undo: func(s *site) { s.Ceph("osd", "unset", "norecover"); s.Ceph("osd", "unset", "nobackfill") },
			hosts: [...]want{
				{decision: refused, reason: "not active+clean", served: true, needless: thinnest},
				{decision: refused, reason: "not active+clean", served: true, needless: thinnest},
				{decision: refused, reason: "not active+clean", served: true, needless: ownBroken},
			},
		},
		{
			name: "no mgr", only: 3, off: []string{"mgr.node1", "mgr.node2"}, settled: anyway,
			hosts: all(want{decision: unproven, reason: "no mgr is available", served: true, needless: frozen}),
		},
	},
	{
		{
			name: "mon.node3 lost", off: []string{"mon.node3"}, settled: whole,
			hosts: [...]want{
				{decision: refused, reason: "1 of 3 monitors stay in quorum, 2 needed"},
				{decision: refused, reason: "1 of 3 monitors stay in quorum, 2 needed"},
				{decision: ready, served: true},
			},
		},
		{
			name: "node1 is off", off: []string{"osd.0", "osd.3"}, settled: broken,
			hosts: [...]want{
				{decision: readyBut, reason: "nothing more to lose", served: true},
				{decision: refused, reason: "osd.0 on node1 is down"},
				{decision: refused, reason: "osd.0 on node1 is down"},
			},
		},
		{
			name: "pause", only: 2, settled: whole, blocked: true,
			make:  func(s *site) { s.Ceph("osd", "pause") },
			undo:  func(s *site) { s.Ceph("osd", "unpause") },
			hosts: all(want{decision: refused, reason: "pauserd is set"}),
		},
		{
			name: "one mgr, on node1", off: []string{"mgr.node2"}, settled: whole,
			hosts: [...]want{
				{decision: refused, reason: "0 mgr elsewhere", served: true, needless: blind},
				{decision: ready, served: true},
				{decision: ready, served: true},
			},
		},
	},
	{
		{
			name: "noout for node1", settled: whole,
			make: func(s *site) {
				s.Ceph("osd", "unset", "noout")
				s.Ceph("osd", "set-group", "noout", "node1")
				s.Ceph("config", "set", "mon", "mon_osd_down_out_interval", "3")
			},
			undo: func(s *site) {
				s.Ceph("osd", "unset-group", "noout", "node1")
				s.Ceph("osd", "set", "noout")
				s.Ceph("osd", "in", "0", "1", "2", "3", "4", "5")
			},
			hosts: [...]want{
				{decision: ready, served: true},
				{decision: refused, reason: "noout is set for host node1 and not for node2", served: true, out: true, needless: rebuilds},
				{decision: refused, reason: "noout is set for host node1 and not for node3", served: true, out: true, needless: rebuilds},
			},
		},
		{
			name: "min_size as size", settled: whole,
			make:  func(s *site) { s.Ceph("osd", "pool", "set", "rbd", "min_size", "3") },
			undo:  func(s *site) { s.Ceph("osd", "pool", "set", "rbd", "min_size", "2") },
			hosts: all(want{decision: refused, reason: "PGs would stop"}),
		},
		{
			name: "size 2, min_size 1", settled: whole,
			make: func(s *site) {
				s.Ceph("osd", "pool", "set", "rbd", "size", "2")
				s.Ceph("osd", "pool", "set", "rbd", "min_size", "1")
			},
			undo: func(s *site) {
				s.Ceph("osd", "pool", "set", "rbd", "size", "3")
				s.Ceph("osd", "pool", "set", "rbd", "min_size", "2")
			},
			hosts: all(want{decision: readyBut, reason: "single copy", served: true}),
		},
		{
			name: "two copies on a host", only: 1, settled: whole, pool: "split",
			make: func(s *site) {
				s.Ceph("osd", "crush", "rule", "create-replicated", "split", "default", "osd")
				s.Ceph("osd", "pool", "create", "split", "32", "32", "replicated", "split")
				s.Ceph("osd", "pool", "application", "enable", "split", "rbd")
				s.Until("the mgr knows the pool", patience, func() bool { return s.Status().PGs.Total > 32 })
			},
			undo: func(s *site) {
				s.Ceph("osd", "pool", "delete", "split", "split", "--yes-i-really-really-mean-it")
			},
			hosts: all(want{decision: refused, reason: "would stop"}),
		},
	},
}

// recovery: what was written while osd.5 was away is kept from being copied to
// it, so that the recovery lasts.
func recovery(s *site) {
	s.Halt("osd.5")
	s.Until("osd.5 is down", patience, func() bool { return s.Status().OSDs.Up == cluster.OSDs-1 })
	for _, object := range s.objects["rbd"] {
		s.Tool("rados", "-p", "rbd", "put", object, s.Path("object"))
	}
	s.Ceph("osd", "set", "norecover")
	s.Ceph("osd", "set", "nobackfill")
	s.Run("osd.5")
}

func (w state) runs(name string) bool {
	for _, off := range w.off {
		if off == name {
			return false
		}
	}
	return true
}

// daemons are all there are in the usual cluster.
func daemons() []string {
	return strings.Fields("mon.node1 mon.node2 mon.node3 mgr.node1 mgr.node2 osd.0 osd.1 osd.2 osd.3 osd.4 osd.5")
}
