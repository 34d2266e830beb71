package contingency

import (
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Failures are the single things whose death is looked at: each node, each
// machine of Ceph that is no node, each CRUSH bucket of a type that a rule keeps
// copies apart by, and the quorum device. What is off already is not lost again.
func (e Evidence) Failures() []Failure {
	var out []Failure
	online := map[string]bool{}
	for _, n := range e.Cluster.Nodes {
		if n.Online {
			online[n.Name] = true
			out = append(out, Failure{Kind: "node", Name: n.Name, Nodes: []string{n.Name}})
		}
	}
	out = append(out, e.buckets(online)...)
	// One that gives nobody its votes is lost already.
	given := slices.ContainsFunc(e.Cluster.Votes.Voters, func(v pve.Voter) bool { return v.Online && v.Daemon.Casts })
	if e.Cluster.Votes.Device.Present && given {
		out = append(out, Failure{Kind: Device, Name: e.Cluster.Votes.Device.Host})
	}
	return out
}

// buckets of CRUSH that hold copies apart, with the machines below each.
func (e Evidence) buckets(online map[string]bool) []Failure {
	c := e.Ceph.Cluster
	if c == nil || c.Tree == nil || c.Map == nil {
		return nil
	}
	m := e.at(nil)
	var out []Failure
	for _, h := range c.Tree.Hosts {
		if owner, known := m.Owner(h.Name); known && !online[owner] && len(h.OSDs) > 0 {
			if _, node := e.Cluster.Node(owner); !node {
				out = append(out, Failure{Kind: "host", Name: h.Name, Nodes: []string{owner}})
			}
		}
	}
	for _, kind := range e.domains() {
		var found []Failure
		for _, b := range c.Tree.Buckets(kind) {
			f := Failure{Kind: kind, Name: b.Name}
			for _, h := range b.Hosts {
				if owner, known := m.Owner(h); known && !slices.Contains(f.Nodes, owner) {
					f.Nodes = append(f.Nodes, owner)
				}
			}
			slices.Sort(f.Nodes)
			if len(f.Nodes) > 0 {
				found = append(found, f)
			}
		}
		if len(found) > 1 { // one rack of all nodes separates nothing
			out = append(out, found...)
		}
	}
	return out
}

// domains are the types of buckets that rules keep copies apart by, and that of
// stretch mode; hosts are looked at as nodes.
func (e Evidence) domains() []string {
	c := e.Ceph.Cluster
	var kinds []string
	add := func(kind string) {
		if kind != "" && kind != "host" && kind != "osd" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	for _, p := range c.Map.Pools {
		if r, known := c.Rule(p); known {
			add(r.Domain)
		}
		add(c.Tree.Kind(p.Peering.Barrier))
	}
	slices.Sort(kinds)
	return kinds
}

// at is the question about nodes, in the terms of package maintenance.
func (e Evidence) at(nodes []string) maintenance.Evidence {
	m := maintenance.Evidence{Ceph: e.Ceph, Now: e.Now}
	m.PVE.Cluster, m.PVE.Leaving = e.Cluster, nodes
	return m
}

// OSDs of a failure, by id.
func (e Evidence) OSDs(f Failure) []int { return e.at(f.Nodes).OSDs() }

// storage is what Ceph loses: monitors' quorum, its file systems, and the I/O of
// pools.
func (x *stage) storage(f Failure, l *Loss) {
	if len(x.survivors(f)) == 0 && !x.Cluster.Standalone {
		return // nobody is left to ask it for anything
	}
	m := x.at(f.Nodes)
	m.Ceph.Safety = x.Safeties[f.String()]
	if m.Ceph.Safety != nil {
		m.Ceph.SafetyErr = nil
	}
	l.Conditions = append(l.Conditions, maintenance.Struck(m)...)
}

// names of nodes for people.
func names(nodes []string) string {
	switch len(nodes) {
	case 0:
		return "none"
	case 1:
		return nodes[0]
	}
	return strings.Join(nodes[:len(nodes)-1], ", ") + " and " + nodes[len(nodes)-1]
}
