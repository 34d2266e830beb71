package ceph

import (
	"slices"
	"strings"
)

// Peering is what the PGs of a pool need beside min_size to go active, in
// stretch mode: OSDs in Count buckets of the type Barrier, of which Member, when
// it is not 0, must be one. ok-to-stop does not know of it: it says yes for all
// OSDs of a site, after which every PG stands still for as long as the
// monitors of that site are up (seen on 16.2.15).
type Peering struct {
	Count, Target, Barrier int
	Member                 int
}

type wirePeering struct {
	Count   number `json:"peering_crush_bucket_count"`
	Target  number `json:"peering_crush_bucket_target"`
	Barrier number `json:"peering_crush_bucket_barrier"`
	Member  number `json:"peering_crush_bucket_mandatory_member"`
}

func (w wirePeering) facts() Peering {
	p := Peering{Count: w.Count.count(), Target: w.Target.count(), Barrier: w.Barrier.count()}
	// 2147483647 is none: buckets have negative numbers.
	if id, ok := w.Member.integer(); ok && id < 0 {
		p.Member = id
	}
	return p
}

// Peers says whether the PGs of a pool can be active without the given OSDs, and
// those that are down, as far as stretch mode is concerned. Sure is that every
// PG can, by the rule and the numbers of what leaves; possible is that some can.
// Between the two only the PGs themselves could tell.
func (c Cluster) Peers(p Pool, gone []int) (sure, possible bool) {
	need := p.Peering
	if need.Count == 0 || need.Barrier == 0 {
		return true, true
	}
	if c.Map == nil || c.Tree == nil {
		return false, true
	}
	kind := c.Tree.Kind(need.Barrier)
	rule, known := c.Rule(p)
	if kind == "" {
		return false, true
	}
	// In each bucket: the units that still have an OSD, and those that lose one.
	left, lost := map[int]map[int]bool{}, map[int]map[int]bool{}
	for _, o := range c.Map.OSDs {
		bucket, found := c.Tree.above(o.ID, kind)
		if !found || !o.In || o.New {
			continue
		}
		unit := o.ID
		if units := c.Tree.units(o.ID, rule); len(units) > 0 {
			unit = units[0]
		}
		where := left
		if !o.Up || slices.Contains(gone, o.ID) {
			where = lost
		}
		if where[bucket] == nil {
			where[bucket] = map[int]bool{}
		}
		where[bucket][unit] = true
	}
	certain := 0
	for bucket := range left {
		// A PG has that many copies in each bucket, in different units.
		if known && rule.Domain != "" && len(lost[bucket]) < p.Size/max(need.Target, need.Count, 1) {
			certain++
		}
	}
	possible = len(left) >= need.Count && (need.Member == 0 || left[need.Member] != nil)
	return possible && certain >= need.Count, possible
}

// Site is the bucket of a type that a monitor is in, as it was told by mon
// set_location: {datacenter=dc1}. Stretch mode needs one of each monitor.
func (d Daemon) Site(kind string) string {
	for part := range strings.SplitSeq(strings.Trim(d.location, "{}"), ",") {
		if k, name, _ := strings.Cut(strings.TrimSpace(part), "="); k == kind {
			return name
		}
	}
	return ""
}

// Placed says that a monitor was given a place in CRUSH.
func (d Daemon) Placed() bool { return strings.Trim(d.location, "{}") != "" }

// Divider is the type of the buckets that stretch mode calls sites, empty when
// it is off or that cannot be told.
func (c Cluster) Divider() string {
	if c.Map == nil || c.Tree == nil || !c.Map.Stretch {
		return ""
	}
	return c.Tree.Kind(c.Map.Barrier)
}

// Stranded are the sites, by name, whose OSDs find no monitor when only the
// given ones are in quorum and the OSDs in gone are down. In stretch mode
// monitors close the connection of every OSD of another site, so those OSDs can
// neither peer again nor say that they live: PGs stand still as soon as
// anything changes, and after mon_osd_report_timeout, 15 minutes, they are
// marked down (seen on 16.2.15).
func (c Cluster) Stranded(quorum []Daemon, gone []int) []string {
	kind := c.Divider()
	if kind == "" {
		return nil
	}
	var out []string
	for _, site := range c.manned(kind, gone) {
		if !slices.ContainsFunc(quorum, func(d Daemon) bool { return d.Site(kind) == site }) {
			out = append(out, site)
		}
	}
	return out
}

// Outlived says that one of the monitors is on a site that loses its last OSD:
// while it lives Ceph does not give the site up, and every PG waits.
func (c Cluster) Outlived(quorum []Daemon, gone []int) bool {
	kind := c.Divider()
	if kind == "" {
		return false
	}
	stay := c.manned(kind, gone)
	return slices.ContainsFunc(c.manned(kind, nil), func(site string) bool {
		return !slices.Contains(stay, site) && slices.ContainsFunc(quorum, func(d Daemon) bool { return d.Site(kind) == site })
	})
}

// Emptied says that a bucket of a type loses its last OSD that is up when the
// given ones are gone.
func (c Cluster) Emptied(kind string, gone []int) bool {
	return len(c.manned(kind, gone)) < len(c.manned(kind, nil))
}

// manned are the buckets of a type, by name, with an OSD that is up and stays.
func (c Cluster) manned(kind string, gone []int) []string {
	var out []string
	for _, o := range c.Map.OSDs {
		bucket, found := c.Tree.above(o.ID, kind)
		if name := c.Tree.nodes[bucket].name; found && o.Up && !slices.Contains(gone, o.ID) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Kind is the name of a bucket type by its number, as the tree uses it.
func (t Tree) Kind(number int) string {
	for _, n := range t.nodes {
		if number > 0 && n.number == number && n.id < 0 { // 0 is none, or a number that is not told
			return n.kind
		}
	}
	return ""
}
