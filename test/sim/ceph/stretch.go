package ceph

import (
	"maps"
	"slices"
)

// center is the number of the bucket type datacenter.
const center = 8

// sites are the data centres that have OSDs, with their hosts in CRUSH. There
// are none without stretch mode.
func (w *World) sites() map[string][]any {
	out := map[string][]any{}
	for i, h := range w.config.Hosts {
		if site := w.config.Sites[h.Name]; site != "" && h.OSDs > 0 {
			out[site] = append(out[site], -2-i)
		}
	}
	return out
}

// bucketOf is the number of a site in CRUSH.
func (w *World) bucketOf(site string) int {
	return -50 - slices.Index(slices.Sorted(maps.Keys(w.sites())), site)
}

// lost is a site that is gone: all of its OSDs are down and all of its
// monitors. While one of them is up nothing changes, and PGs stand still (seen
// on 16.2.15).
func (w *World) lost() string {
	for site := range w.sites() {
		osd := slices.ContainsFunc(w.osds, func(o *osd) bool { return o.up && w.config.Sites[o.host] == site })
		mon := slices.ContainsFunc(w.mons, func(d *daemon) bool { return d.up && w.config.Sites[d.Host] == site })
		if !osd && !mon {
			return site
		}
	}
	return ""
}

// least is min_size, which degraded stretch mode lowers.
func (w *World) least(p *pool) int {
	if w.lost() != "" && p.Domain == "site" {
		return 1
	}
	return p.MinSize
}

// enough says whether a PG can be active with these OSDs: in stretch mode they
// must be on both sites, as long as both are there.
func (w *World) enough(p *pool, alive []int) bool {
	on := map[string]bool{}
	for _, id := range alive {
		on[w.config.Sites[w.osds[id].host]] = true
	}
	return len(alive) >= w.least(p) && (p.Domain != "site" || w.lost() != "" || len(on) > 1)
}

// peers is what osd dump tells of a pool in stretch mode.
func (w *World) peers(p *pool) object {
	const none = 2147483647
	switch gone := w.lost(); {
	case p.Domain != "site":
		return nil
	case gone != "":
		stays := none
		for site := range w.sites() {
			if site != gone {
				stays = w.bucketOf(site)
			}
		}
		return object{"peering_crush_bucket_count": 1, "peering_crush_bucket_target": 2, "peering_crush_bucket_barrier": center, "peering_crush_bucket_mandatory_member": stays}
	}
	return object{"peering_crush_bucket_count": 2, "peering_crush_bucket_target": 2, "peering_crush_bucket_barrier": center, "peering_crush_bucket_mandatory_member": none}
}

// stretchMode is the part of osd dump since Pacific; status has none.
func (w *World) stretchMode() object {
	degraded := 0
	if w.lost() != "" {
		degraded = 1
	}
	return object{"stretch_mode_enabled": true, "stretch_bucket_count": 2, "degraded_stretch_mode": degraded, "recovering_stretch_mode": 0, "stretch_mode_bucket": center}
}

// stretchHealth is what Ceph says of it: nothing until a site is given up.
func (w *World) stretchHealth(warn func(string, []string, string, ...any)) {
	if w.lost() != "" {
		warn("DEGRADED_STRETCH_MODE", nil, "We are missing stretch mode buckets, only requiring 1 of 2 buckets to peer")
	}
	for site := range w.sites() {
		n, up := 0, false
		for _, o := range w.osds {
			if w.config.Sites[o.host] == site {
				n++
				up = up || o.up || !o.in
			}
		}
		if !up {
			warn("OSD_DATACENTER_DOWN", nil, "1 datacenter (%d osds) down", n)
		}
	}
}
