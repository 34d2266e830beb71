package maintenance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// Owner is the node a host of CRUSH, or a hostname that a daemon gave, is part
// of. Hosts that were named with --ceph-host come first. Clusters with several
// roots give a machine a second host such as pve3-ssd, and a daemon may know its
// machine by its full name: both begin with the name of the node.
func (e Evidence) Owner(host string) (node string, known bool) {
	for _, n := range slices.Sorted(maps.Keys(e.Ceph.Hosts)) {
		if slices.Contains(e.Ceph.Hosts[n], host) {
			return n, true
		}
	}
	for _, n := range e.PVE.Cluster.Nodes {
		switch {
		case n.Name == host:
			return host, true
		case len(n.Name) > len(node) && strings.HasPrefix(host, n.Name) && strings.ContainsAny(host[len(n.Name):len(n.Name)+1], "-_.:"):
			node, known = n.Name, true
		}
	}
	return node, known
}

// leaves says whether the node is one of those that leave or come back.
func (e Evidence) leaves(node string) bool { return slices.Contains(e.PVE.Leaving, node) }

// OSDs are those of the leaving nodes by id, as far as the cluster was read.
func (e Evidence) OSDs() []int {
	out, _ := e.machines()
	return out
}

// machines finds the OSDs of the leaving nodes and their hosts in CRUSH.
func (e Evidence) machines() (osds []int, hosts []string) {
	c := e.Ceph.Cluster
	if c == nil || c.Tree == nil || c.Map == nil {
		return nil, nil
	}
	for _, h := range c.Tree.Hosts {
		if node, known := e.Owner(h.Name); known && e.leaves(node) {
			hosts = append(hosts, h.Name)
			osds = append(osds, h.OSDs...)
		}
	}
	slices.Sort(osds)
	return slices.Compact(osds), hosts
}

// nowhere are what makes the list of the leaving OSDs incomplete: hosts of
// CRUSH that could be one of the leaving nodes under another name, and OSDs that
// are on no host at all.
func (e Evidence) nowhere() (hosts []string, osds []int) {
	c := e.Ceph.Cluster
	for _, h := range c.Tree.Hosts {
		if _, known := e.Owner(h.Name); !known && len(h.OSDs) > 0 {
			hosts = append(hosts, h.Name)
		}
	}
	for _, o := range c.Map.OSDs {
		if (o.Up || o.In) && !o.New && c.Tree.Host(o.ID) == "" {
			osds = append(osds, o.ID)
		}
	}
	return hosts, osds
}

// find determines the OSDs of the leaving nodes. That a node has none is only
// known when every host in CRUSH is somebody else's.
func (l *leaving) find() (Condition, bool) {
	const name question = "its OSDs are known"
	hosts, loose := l.e.nowhere()
	for _, n := range l.e.PVE.Leaving {
		for _, h := range l.e.Ceph.Hosts[n] {
			if !l.Tree.HasHost(h) {
				return name.unknown("CRUSH knows no host "+h, say("say which one it is with --ceph-host for "+n)), false
			}
		}
	}
	l.gone, l.hosts = l.e.machines()
	l.down = len(l.gone) > 0
	for _, id := range l.gone {
		o, found := l.Map.OSD(id)
		if !found {
			return name.unknown(fmt.Sprintf("osd.%d is in CRUSH and not in the OSD map", id), say("ask again when Ceph answers whole")), false
		}
		l.down = l.down && !o.Up
	}
	far := l.Neighbours(l.gone, l.addresses()...)
	doubt, next := l.mistaken()
	switch {
	case doubt != "":
		return name.unknown(doubt, next), false
	case len(far) > 0:
		where := l.Tree.Host(far[0])
		return name.unknown(fmt.Sprintf("%s of the CRUSH host %s listens on an address of %s", phrase.OSDs(far[:1]), where, l.e.names()), l.e.ceph("osd find "+ids(far[:1]))), false
	case len(hosts) > 0:
		return name.unknown("no node is known to be the CRUSH host "+phrase.List(hosts, 4), say("say which machine "+hosts[0]+" is with --ceph-host")), false
	case len(loose) > 0:
		return name.unknown(phrase.OSDs(loose)+" on no host of CRUSH", say("put it below its host with ceph osd crush move")), false
	case len(l.gone) == 0:
		return name.holds(l.e.names() + " has no OSD"), true
	}
	return name.holds(phrase.OSDs(l.gone) + " on " + strings.Join(l.hosts, " and ")), true
}

// addresses of the leaving nodes, as the cluster knows them.
func (l leaving) addresses() []string {
	var out []string
	for _, n := range l.e.PVE.Cluster.Nodes {
		if n.IP != "" && l.e.leaves(n.Name) {
			out = append(out, n.IP)
		}
	}
	return out
}

// mistaken says why a leaving node that seems to have no OSD may have some: its
// own name in CRUSH was given to another machine, or a host is taken for part
// of another node for no more than the beginning of its name.
func (l leaving) mistaken() (doubt string, next Step) {
	for _, n := range l.e.PVE.Leaving {
		if len(l.e.Ceph.Hosts[n]) > 0 || slices.ContainsFunc(l.hosts, func(h string) bool { node, _ := l.e.Owner(h); return node == n }) {
			continue
		}
		for _, h := range l.Tree.Hosts {
			node, _ := l.e.Owner(h.Name)
			mapped := slices.Contains(l.e.Ceph.Hosts[node], h.Name)
			first, _, _ := strings.Cut(h.Name, ".")
			switch {
			case len(h.OSDs) == 0 || node == "":
			case mapped && first == n:
				return "--ceph-host gives the CRUSH host " + h.Name + " to " + node + ", and " + n + " has none", say("say which one it is with --ceph-host for " + n)
			case !mapped && first != node:
				return "the CRUSH host " + h.Name + " is part of " + node + " by its name alone, and " + n + " has none", say("say so: --ceph-host " + node + "=" + h.Name)
			}
		}
	}
	return "", Step{}
}

// here says whether a daemon runs on a leaving node; known is false when that
// cannot be told.
func (l leaving) here(d ceph.Daemon) (here, known bool) {
	node, known := l.node(d)
	if machine, _, _ := strings.Cut(d.Machine(), "."); !known && machine != "" && !l.Tree.HasHost(machine) {
		return false, true // a machine of its own, neither a node nor one with OSDs
	}
	return !known || l.e.leaves(node), known
}

// node is where a daemon runs, as far as it can be told.
func (l leaving) node(d ceph.Daemon) (node string, known bool) {
	for _, n := range l.e.PVE.Cluster.Nodes {
		if n.IP != "" && n.IP == d.Addr() {
			return n.Name, true
		}
	}
	if d.Host != "" {
		return l.e.Owner(d.Host)
	}
	// Proxmox VE names daemons after their node.
	if _, named := l.e.PVE.Cluster.Node(d.Name); named {
		return d.Name, true
	}
	if node, known := l.e.Owner(d.Name); known && l.Tree != nil && l.Tree.HasHost(d.Name) {
		return node, true
	}
	return "", false
}

// placed counts daemons by where they are.
type placed struct{ elsewhere, here, unknown int }

func (l leaving) daemons(ds []ceph.Daemon) placed {
	var p placed
	for _, d := range ds {
		switch here, known := l.here(d); {
		case !known:
			p.unknown++
		case here:
			p.here++
		default:
			p.elsewhere++
		}
	}
	return p
}

// demand is how many daemons of a kind have to stay. Total is how many there are
// by another document; a list that names more is old.
type demand struct {
	name        question
	kind        string
	need, total int
	next        Step
	// blind is what to do when nobody can say where they are.
	blind Step
}

func (d demand) met(p placed) Condition {
	sum := fmt.Sprintf("%d %s elsewhere, %d here, %d needed", p.elsewhere, d.kind, p.here, d.need)
	named := p.elsewhere + p.here + p.unknown
	switch {
	case named > d.total:
		return d.name.unknown(fmt.Sprintf("%d %s are named and %d are there", named, d.kind, d.total), say("ask again in a minute"))
	case named > 0 && p.elsewhere >= d.need:
		return d.name.holds(sum)
	case p.elsewhere+p.unknown+d.total-named >= d.need:
		return d.name.unknown("nobody can say on which host each "+d.kind+" is", d.blind)
	}
	return d.name.fails(sum, d.next)
}

// serving are kinds of gateways that clients go through; mirrors are none.
var serving = []string{"rgw", "iscsi", "tcmu-runner", "nfs", "nvmeof"}

// gateways: of every kind, and of every zone, one must stay. One whose machine is
// no node is a guest or a server of its own.
func (l leaving) gateways() Checklist {
	const name question = "gateways stay"
	if l.Services == nil {
		return Checklist{name.unknown("nobody can say whether there are gateways such as rgw", l.e.byCommand("ask again when the mgr answers"))}
	}
	kinds := map[string][]ceph.Daemon{}
	for _, s := range l.Services {
		if kind, _, _ := strings.Cut(s.Kind, " "); slices.Contains(serving, kind) {
			kinds[s.Kind] = append(kinds[s.Kind], s.Daemon)
		}
	}
	var c Checklist
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		switch p := l.gatewaysOf(kinds[kind]); {
		case p.elsewhere > 0:
			c = append(c, name.holds(fmt.Sprintf("%d %s elsewhere, %d here", p.elsewhere, kind, p.here)))
		case p.unknown > 0:
			c = append(c, name.unknown("nobody can say on which host each "+kind+" is", l.e.ceph("service dump")))
		default:
			c = append(c, name.fails("no other "+kind+" than on "+l.e.names(), say("start another one elsewhere, its clients would be cut off")))
		}
	}
	return c
}

// gatewaysOf counts them. A machine that CRUSH remembers without OSDs, and that is no
// node, is elsewhere too.
func (l leaving) gatewaysOf(ds []ceph.Daemon) placed {
	var p placed
	for _, d := range ds {
		switch here, known := l.here(d); {
		case !known && d.Host == "":
			p.unknown++
		case known && here:
			p.here++
		default:
			p.elsewhere++
		}
	}
	return p
}
