package contingency

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// replicated says whether a replication job has brought the disk to a node.
func (x *stage) replicated(g pve.Guest, d pve.Disk, node string) (copied, known bool) {
	if d.Unreplicated || d.CDROM {
		return false, true
	}
	if !x.Reserve.Replicated.Known() {
		return false, false
	}
	if !slices.Contains(x.Reserve.Replicated.Value, g.ID) {
		return false, true
	}
	if _, asked := x.Reserve.Jobs[g.Node]; !asked {
		return false, false
	}
	_, copied = x.job(g, node)
	return copied, true
}

// job that brings a guest's disks to a node.
func (x *stage) job(g pve.Guest, node string) (pve.Job, bool) {
	for _, j := range x.Reserve.Jobs[g.Node].Jobs {
		if j.Guest == g.ID && j.Target == node && !j.Disabled && !j.LastSync.IsZero() {
			return j, true
		}
	}
	return pve.Job{}, false
}

// current says that the replica on a node is what the guest would want to be
// started from: a job that fails leaves one that grows older, and HA starts the
// guest from it all the same.
func (x *stage) current(g pve.Guest, node string) bool {
	j, found := x.job(g, node)
	return found && j.Fails == 0 && x.now().Sub(j.LastSync) <= x.Backup
}

// replica is the age of the newest one that stays, nil where a disk has none.
func (x *stage) replica(g pve.Guest, f Failure) *time.Duration {
	stay := x.survivors(f)
	disks, _ := x.local(g, stay)
	if slices.ContainsFunc(disks, func(d pve.Disk) bool { return d.Unreplicated || d.Storage == "" }) {
		return nil
	}
	var least *time.Duration
	for _, n := range stay {
		if j, found := x.job(g, n); found {
			if age := max(0, x.now().Sub(j.LastSync)); least == nil || age < *least {
				least = &age
			}
		}
	}
	return least
}

// local says that a guest has data that dies with its node: volumes of its own
// on a storage that is not shared, with no current replica on a node that stays.
func (x *stage) local(g pve.Guest, stay []string) (disks []pve.Disk, known bool) {
	facts, read := x.Configs[g.ID]
	if !read {
		return nil, false
	}
	known = true
	for _, d := range facts.Disks {
		if d.CDROM || d.CloudInit || d.Shared {
			continue
		}
		if d.Storage != "" && !x.known[d.Storage] {
			known = false
			continue
		}
		if d.Storage != "" && x.shared[d.Storage] {
			continue
		}
		safe := false
		for _, n := range stay {
			copied, told := x.replicated(g, d, n)
			safe, known = safe || copied && x.current(g, n), known && told
		}
		if !safe {
			disks = append(disks, d)
		}
	}
	return disks, known
}
