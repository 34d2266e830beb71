// Package contingency answers what a cluster loses when any one thing of it dies
// now, without warning: a node, a rack, a site, the quorum device.
//
// It is pure: facts in, for each failure a list of conditions out. What HA would
// do is foretold by package ha; whether a guest can run where HA puts it, which
// HA never asks, is judged here. What nobody can tell is never survived.
package contingency

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/ha"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Evidence is all there is about the question.
type Evidence struct {
	Cluster pve.Cluster
	// HA is what administrators told it; empty where HA manages nothing.
	HA      pve.HAConfig
	Reserve pve.Reserve
	// Gaps are parts of Reserve that could not be read.
	Gaps []pve.Gap
	// Configs of the guests, by number; those that were not read are missing.
	Configs map[int]pve.ConfigFacts
	Ceph    maintenance.Ceph
	// Safeties are Ceph's answers about the OSDs of failures, by [Failure.String].
	Safeties map[string]*ceph.Safety
	// Groups are the guests that must not all be on one node.
	Groups Grouping
	// Backup is how old the last backup of a guest may be whose data is on a
	// node alone.
	Backup time.Duration
	Now    time.Time
}

// Grouping says which guests belong together: those of one pool, or those that
// share a tag with a prefix. The zero value is none.
type Grouping struct {
	Pools  bool
	Prefix string
}

// UnmarshalText reads pool and tag:PREFIX.
func (g *Grouping) UnmarshalText(text []byte) error {
	prefix, tag := strings.CutPrefix(string(text), "tag:")
	*g = Grouping{Pools: string(text) == "pool"}
	switch {
	case tag && prefix != "":
		g.Prefix = prefix
	case !g.Pools:
		return fmt.Errorf("expected pool, or tag:PREFIX such as tag:app-, got %q", text)
	}
	return nil
}

// Failure is one thing that dies.
type Failure struct {
	// Kind is node, qdevice, or a CRUSH type: rack, datacenter, host.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Nodes that go with it, and machines that are no node of Proxmox VE.
	Nodes []string `json:"nodes,omitempty"`
}

// String names it: "node pve2", "rack r1", "the quorum device".
func (f Failure) String() string {
	if f.Kind == "qdevice" {
		return "the quorum device"
	}
	return f.Kind + " " + f.Name
}

// Device is the failure of the quorum device.
const Device = "qdevice"

// Loss is what a failure takes.
type Loss struct {
	Failure    Failure               `json:"failure"`
	Conditions maintenance.Checklist `json:"conditions"`
	// Restarted are the guests that HA starts elsewhere, Down those that stay
	// down, Resets those that go down with nodes that reset themselves.
	Restarted []string `json:"restarted,omitempty"`
	Down      []string `json:"down,omitempty"`
	Resets    []string `json:"resets,omitempty"`
	// Data are guests whose only current data is on what died.
	Data []string `json:"data_gone,omitempty"`
	// Headroom is what the fullest node that stays has left of its memory, in
	// bytes, once all guests are restarted, by what they may use; nil when that
	// is not known.
	Headroom *int64 `json:"memory_headroom,omitempty"`
}

// Survives says that nothing is lost, and that all of it is known.
func (l Loss) Survives() bool {
	return !slices.ContainsFunc(l.Conditions, func(c maintenance.Condition) bool { return c.Outcome != maintenance.Holds })
}

// Outlook is the answer.
type Outlook struct {
	Losses []Loss `json:"failures"`
	// Blind says that nothing could be judged, and Always why.
	Blind bool `json:"-"`
	// Always are conditions of no failure in particular: groups on one node,
	// rules that HA ignores, what could not be read.
	Always maintenance.Checklist `json:"always,omitempty"`
	// Notes are facts that are neither good nor bad.
	Notes []string `json:"notes,omitempty"`
	// Oldest is the age of the oldest last backup of the guests that run, nil
	// where that is not known of all.
	Oldest *time.Duration `json:"-"`
}

// Of answers for every failure of the kinds named, of all kinds when none is.
func Of(e Evidence, kinds ...string) Outlook {
	var o Outlook
	x := newStage(e)
	if x.doubts(&o); len(o.Always) > 0 {
		o.Blind = true
		return o
	}
	for _, f := range x.failures {
		if len(kinds) == 0 || slices.Contains(kinds, f.Kind) {
			o.Losses = append(o.Losses, x.loss(f))
		}
	}
	x.unread(&o)
	x.rules(&o)
	x.groups(&o)
	x.backups(&o)
	o.once()
	return o
}

// once keeps a command where it is printed first, when several findings ask for
// it: following all of them it is done by then. Findings that are the same in
// words are printed as one, and stay the same.
func (o *Outlook) once() {
	type line struct{ name, evidence string }
	asked, lines := map[string]bool{}, map[line][]step{}
	for _, outcome := range []maintenance.Outcome{maintenance.Fails, maintenance.Unknown, maintenance.Reserved} {
		keep := func(list maintenance.Checklist) {
			for i, c := range list {
				if c.Outcome != outcome || len(c.Next) == 0 {
					continue
				}
				at := line{c.Name, c.String()}
				next, seen := lines[at]
				if !seen {
					next = slices.DeleteFunc(slices.Clone(c.Next), func(s step) bool { return s.Run != "" && asked[s.On+" "+s.Run] })
					for _, s := range next {
						asked[s.On+" "+s.Run] = true
					}
					lines[at] = next
				}
				list[i].Next = next
			}
		}
		for _, l := range o.Losses {
			keep(l.Conditions)
		}
		keep(o.Always)
	}
}

// stage is the cluster as it stands, looked up once for all failures.
type stage struct {
	Evidence
	index pve.Index
	ha    ha.Cluster
	// on are the guests of each node; running ones have a status but stopped.
	on map[string][]pve.Guest
	// rows are the storages of a node by name, shared ones known anywhere.
	rows   map[[2]string]pve.Storage
	shared map[string]bool
	known  map[string]bool
	online map[string]bool
	// places are where backups lie, rooms what each node has left.
	places []pve.BackupStorage
	rooms  map[string]room
	// device is the node that the quorum device is on, empty for none.
	device string

	failures []Failure
	trial    *trial
}

func newStage(e Evidence) *stage {
	x := &stage{
		Evidence: e, index: e.Cluster.Index(), on: map[string][]pve.Guest{},
		rows: map[[2]string]pve.Storage{}, shared: map[string]bool{}, known: map[string]bool{}, online: map[string]bool{},
		places: e.Cluster.BackupStorages(), rooms: map[string]room{}, device: e.Cluster.DeviceNode(),
	}
	for _, n := range e.Cluster.Nodes {
		x.online[n.Name] = n.Online
	}
	many := map[string]int{}
	for i := range e.Cluster.Guests {
		many[e.Cluster.Guests[i].Node]++
	}
	for node, n := range many {
		x.on[node] = make([]pve.Guest, 0, n)
	}
	for _, g := range e.Cluster.Guests {
		if !g.Template {
			x.on[g.Node] = append(x.on[g.Node], g)
		}
	}
	for _, s := range e.Cluster.Storages {
		x.rows[[2]string{s.Node, s.Name}] = s
		x.known[s.Name] = true
		x.shared[s.Name] = x.shared[s.Name] || s.Shared
	}
	for _, n := range e.Cluster.Nodes {
		x.rooms[n.Name] = x.room(n.Name)
	}
	x.ha = x.manager()
	x.failures = e.Failures()
	return x
}

// doubts are the reasons for which no failure can be judged at all.
func (x *stage) doubts(o *Outlook) {
	c := x.Cluster
	add := func(text, next string) { o.add(maintenance.Unknown, "the cluster is known", text, say(next)) }
	if len(c.Rights) > 0 {
		add("this token does not see the whole cluster, it lacks "+strings.Join(c.Rights, " and "), "give it the role PVEAuditor on /")
	}
	if hidden := c.Hidden(); len(hidden) > 0 && len(c.Rights) == 0 {
		add("this token does not see "+strings.Join(hidden[:min(len(hidden), 10)], ", ")+", which HA knows", "give it the role PVEAuditor on /")
	}
	for _, text := range c.Untold() {
		add(text, "ask again when this can be told")
	}
	if len(o.Always) == 0 && !c.Quorate {
		add(c.Asked+" has no quorum, what it lists is old", "bring the missing nodes back first")
	}
}

// running says that a guest serves somebody now. Guests of a node that is
// offline are not: what they were is not true any more.
func (x *stage) running(g pve.Guest) bool {
	return x.online[g.Node] && !g.Template && g.Status != "stopped"
}

// survivors are the online nodes that a failure leaves.
func (x *stage) survivors(f Failure) []string {
	return x.Cluster.Named(func(n pve.Node) bool { return n.Online && !slices.Contains(f.Nodes, n.Name) })
}
