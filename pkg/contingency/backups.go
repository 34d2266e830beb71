package contingency

import (
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// backup is the age of the newest backup of a guest that does not die with the
// nodes named, nil for none. Known is false when a place could not be looked
// into: there may be a newer one.
func (x *stage) backup(g pve.Guest, dead []string) (age *time.Duration, known bool) {
	known = true
	var newest int64
	for _, place := range x.places {
		if place.Node != "" && slices.Contains(dead, place.Node) {
			continue
		}
		list, read := x.Reserve.Backups[place.Key()]
		if !read {
			known = false
			continue
		}
		newest = max(newest, list.Latest[g.ID])
	}
	if len(x.Cluster.Storages) == 0 {
		known = false // the token is shown no storage at all
	}
	if newest == 0 {
		return nil, known
	}
	// A stamp of later than now is of another clock, and no older than now.
	old := max(0, x.now().Sub(time.Unix(newest, 0)))
	return &old, known
}

// now by the clock of the nodes, which the stamps of backups are of.
func (x *stage) now() time.Time {
	if !x.Cluster.Time.IsZero() {
		return x.Cluster.Time
	}
	return x.Now
}

// unsaved says that a guest has a disk that no backup of it holds.
func (x *stage) unsaved(g pve.Guest) bool {
	return slices.ContainsFunc(x.Configs[g.ID].Disks, func(d pve.Disk) bool {
		return d.Unsaved && !d.CDROM && !d.CloudInit && (d.Storage == "" || !x.shared[d.Storage])
	})
}

// backups says how old the last backups are, which is no verdict by itself: a
// guest that survives every failure needs none for that.
func (x *stage) backups(o *Outlook) {
	if !x.backupsRead(o) {
		if blind := x.blind(); len(blind) > 0 {
			o.Notes = append(o.Notes, "the age of backups is not known: "+phrase.List(blind, 2))
		}
		return
	}
	var oldest time.Duration
	var none []string
	running := 0
	for _, g := range x.Cluster.Guests {
		if !x.running(g) {
			continue
		}
		running++
		if age, _ := x.backup(g, nil); age == nil {
			none = append(none, g.String())
		} else {
			oldest = max(oldest, *age)
		}
	}
	switch {
	case running == 0:
	case len(none) == running:
		o.Notes = append(o.Notes, "there is no backup of any guest")
	case len(none) > 0:
		o.Notes = append(o.Notes, fmt.Sprintf("no backup of %s", phrase.List(none, phrase.Few)))
	default:
		o.Oldest = &oldest
		o.Notes = append(o.Notes, "every guest has a backup younger than "+rounded(oldest))
	}
	if x.Reserve.Unscheduled.Known() && len(x.Reserve.Unscheduled.Value) > 0 {
		var out []string
		for _, id := range x.Reserve.Unscheduled.Value {
			if g, found := x.index.Guest(id); found && x.running(g) {
				out = append(out, g.String())
			}
		}
		if len(out) > 0 && len(none) < running {
			o.Notes = append(o.Notes, "in no backup job: "+phrase.List(out, phrase.Few))
		}
	}
}

// backupsRead says whether every place for backups was looked into.
func (x *stage) backupsRead(o *Outlook) bool {
	if len(x.places) == 0 && len(x.Cluster.Storages) > 0 {
		o.Notes = append(o.Notes, "no storage takes backups")
		return false
	}
	for _, p := range x.places {
		n, _ := x.Cluster.Node(p.Node)
		if _, read := x.Reserve.Backups[p.Key()]; !read && (p.Node == "" || n.Online) {
			return false
		}
	}
	return len(x.places) > 0
}

// audits says whether the token is shown every storage.
func (x *stage) audits() bool {
	return x.Cluster.MayBelow("Datastore.Audit", "/storage") || x.Cluster.MayBelow("Datastore.Allocate", "/storage")
}

// unread names what could not be read, once.
func (x *stage) unread(o *Outlook) {
	const name = "all that is needed was read"
	if len(x.Cluster.Storages) == 0 || !x.audits() {
		o.add(maintenance.Unknown, name, "this token does not see every storage, it lacks Datastore.Audit on /storage: where disks and backups are is not known", say("give it the role PVEAuditor on /"))
	}
	x.alive(o)
	for _, t := range pve.Untold(slices.Concat(x.HA.Gaps, x.gaps(false))) {
		o.add(maintenance.Unknown, name, t)
	}
}

// alive: a manager that stands still recovers nothing, and a node whose local one
// does starts nothing.
func (x *stage) alive(o *Outlook) {
	const name = "HA is alive"
	c := x.Cluster
	if !c.HA.Used() || c.HA.Disarm != "" {
		return
	}
	quiet, _ := c.Quiet()
	if silent := max(c.HA.MasterSilence(), quiet); silent > pve.Heartbeat {
		o.add(maintenance.Unknown, name, "the HA manager has been silent for "+rounded(silent)+", nobody knows whether it restarts anything", run(x.console(), "ha-manager status"))
	}
	for _, n := range c.Nodes {
		if silent, wrote := c.HA.Silence(n.Name); n.Online && wrote && silent > pve.Heartbeat {
			o.add(maintenance.Unknown, name, "the local resource manager of "+n.Name+" is silent, what HA puts there may not start", run(n.Name, "systemctl status pve-ha-lrm"))
		}
	}
}

// blind says in words which backups are not known. That is a verdict only where
// a guest needs one.
func (x *stage) blind() []string { return pve.Untold(x.gaps(true)) }

// gaps that are about backups only, or the others.
func (x *stage) gaps(backup bool) []pve.Gap {
	return slices.DeleteFunc(slices.Clone(x.Gaps), func(g pve.Gap) bool { return g.Backup != backup })
}

// ago is an age for people: "3h old".
func ago(d time.Duration) string { return rounded(d) + " old" }

// rounded up, so that younger than is true.
func rounded(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d/time.Minute)+1)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d/time.Hour)+1)
	}
	return fmt.Sprintf("%dd", int(d/(24*time.Hour))+1)
}
