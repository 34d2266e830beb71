package pve

import (
	"slices"
	"strconv"
	"time"
)

// Move is a migration of a guest from one node to another that a task tells of.
type Move struct {
	Guest    Guest
	From, To string
	Task     Task
	// Disturbed says that other tasks stopped the guest since, or started it: then
	// nobody can say whether it ran while it was moved.
	Disturbed bool
}

// moveTasks move one guest. Their node is the one it left (pve-manager,
// PVE/API2/Qemu.pm and LXC.pm).
var moveTasks = []string{"qmigrate", "vzmigrate"}

// Moves says whether the task moves one guest.
func (t Task) Moves() bool { return slices.Contains(moveTasks, t.Type) }

// Moves are the migrations that ended at a time of the nodes' clock or later,
// oldest first. The target stands in no task: it is where the next migration
// began, or where the guest is now. One that led nowhere is none.
func (c Cluster) Moves(since time.Time) []Move {
	var found []Task
	busy := map[string][]Task{}
	for _, t := range c.Tasks {
		switch {
		case t.Moves() && t.Succeeded() && !t.End.Before(since):
			found = append(found, t)
		case slices.Contains(stopTasks, t.Type) || slices.Contains(resumeTasks, t.Type):
			busy[t.ID] = append(busy[t.ID], t)
		}
	}
	slices.SortStableFunc(found, func(a, b Task) int { return a.End.Compare(b.End) })
	x := c.Index()
	var out []Move
	for i, t := range found {
		id, err := strconv.Atoi(t.ID)
		g, is := x.Guest(id)
		if err != nil || !is {
			continue
		}
		m := Move{Guest: g, From: t.Node, To: g.Node, Task: t}
		if next := slices.IndexFunc(found[i+1:], func(n Task) bool { return n.ID == t.ID }); next >= 0 {
			m.To = found[i+1+next].Node
		}
		// A live migration starts the guest on its target, within the task.
		m.Disturbed = slices.ContainsFunc(busy[t.ID], func(b Task) bool {
			return (b.Running() || !b.End.Before(since)) && (b.Start.Before(t.Start) || b.Start.After(t.End))
		})
		if m.From != m.To {
			out = append(out, m)
		}
	}
	return out
}
