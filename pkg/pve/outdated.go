package pve

import (
	"slices"
	"strconv"
	"time"
)

// newTasks make another guest, or another configuration, of a number.
var newTasks = []string{"qmdestroy", "qmcreate", "qmrestore", "qmrollback", "vzdestroy", "vzcreate", "vzrestore", "vzrollback"}

// Outdated tells of a configuration, by the guest's number and when it was read,
// whether that guest is gone or is another one now.
func (c Cluster) Outdated(now time.Time) func(id int, read time.Time) bool {
	x, renewed := c.Index(), c.renewed()
	return func(id int, read time.Time) bool {
		_, found := x.Guest(id)
		end, anew := renewed[id]
		return !found || anew && !end.Before(c.Theirs(read, now))
	}
}

// renewed is when guests were last destroyed, made or restored, by the nodes'
// clock: what was known of such a number before is of another.
func (c Cluster) renewed() map[int]time.Time {
	out := map[int]time.Time{}
	for _, t := range c.Tasks {
		id, err := strconv.Atoi(t.ID)
		if last, found := out[id]; err == nil && slices.Contains(newTasks, t.Type) && (!found || t.End.After(last)) {
			out[id] = t.End
		}
	}
	return out
}
