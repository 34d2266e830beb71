package contingency

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ha"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

const gib = 1 << 30

// amount of memory, by what guests may use and by what they use now.
type amount struct{ most, now int64 }

// room is what a node has left. The node's own use, such as that of OSDs, is taken
// off both.
type room struct {
	amount
	known bool
}

func (x *stage) room(node string) room {
	n, _ := x.Cluster.Node(node)
	if n.MaxMemory <= 0 || n.Status != "online" {
		return room{}
	}
	var most, now int64
	for _, g := range x.on[node] {
		if !x.running(g) {
			continue
		}
		if g.MaxMemory <= 0 {
			return room{}
		}
		most, now = most+g.MaxMemory, now+min(g.Memory, g.MaxMemory)
	}
	own := max(0, n.Memory-now)
	return room{amount{n.MaxMemory - own - most, n.MaxMemory - max(n.Memory, now)}, true}
}

// demand is what a guest takes where it is started.
type demand struct {
	guest pve.Guest
	amount
	nodes []string
}

func (x *stage) demand(g pve.Guest, nodes []string) demand {
	return demand{g, amount{g.MaxMemory, min(g.Memory, g.MaxMemory)}, nodes}
}

// restarts judges what HA starts elsewhere: whether it can run there, and
// whether there is memory for it, which HA never asks.
func (x *stage) restarts(stay []string, c casualties, l *Loss) {
	const name = "what HA restarts finds room"
	wants := x.placed(c)
	var unsure []string
	for i, m := range c.moves {
		l.Restarted = append(l.Restarted, wants[i].guest.String())
		if text := x.doubtful(wants[i], m); text != "" {
			unsure = append(unsure, text)
		}
	}
	unsure = append(unsure, x.rivals(wants)...)
	if len(unsure) > 0 {
		l.add(maintenance.Unknown, name, phrase.List(unsure, phrase.Few))
	}
	rooms := map[string]room{}
	known := true
	for _, n := range stay {
		rooms[n] = x.rooms[n]
		known = known && rooms[n].known
	}
	for _, w := range wants {
		known = known && w.most > 0
	}
	switch {
	case len(wants) == 0:
		x.headroom(rooms, nil, l)
	case !known:
		l.add(maintenance.Unknown, name, "the memory of every node and guest is not known", say("ask again when pvestatd answers on every node"))
	default:
		x.memory(name, rooms, wants, l)
	}
}

// doubtful says why it is not certain that a guest starts where it may be put.
// One that HA puts where it cannot run, and sends on, is no doubt.
func (x *stage) doubtful(w demand, m *ha.Move) string {
	g := w.guest
	if m.Contested {
		return g.String() + " may find no node: another guest it is kept apart from may take the last"
	}
	for _, n := range w.nodes {
		switch why, sure := x.obstacle(g, n); {
		case why == "":
		case !sure:
			if _, read := x.Configs[g.ID]; read {
				return g.String() + " may not start on " + n + ", " + why
			}
		case m.Node == "":
			return g.String() + " cannot start on " + n + ", which HA may choose: " + why
		}
	}
	return ""
}

// memory compares what is put on each node with what it has. Where HA's choice
// is not foreseen every guest counts on every node that it may be put on.
func (x *stage) memory(name string, rooms map[string]room, wants []demand, l *Loss) {
	most, now := map[string]int64{}, map[string]int64{}
	open := false
	for _, w := range wants {
		open = open || len(w.nodes) > 1
		for _, n := range w.nodes {
			most[n] += w.most
			now[n] += w.now
		}
	}
	var tight, over []string
	for _, n := range slices.Sorted(maps.Keys(most)) {
		r := rooms[n]
		if most[n] > r.most {
			tight = append(tight, fmt.Sprintf("%s is promised %s more than it has", n, size(most[n]-r.most)))
		}
		if now[n] > r.now {
			over = append(over, fmt.Sprintf("%s lacks %s for %s", n, size(now[n]-r.now), x.who(wants, n)))
		}
	}
	x.headroom(rooms, most, l)
	switch {
	case len(over) > 0 && open && x.packs(rooms, wants) != never:
		l.add(maintenance.Unknown, name, "HA's choice is not foreseen, and its worst does not fit: "+strings.Join(over, ", "), free(rooms, most)...)
	case len(over) > 0:
		text := strings.Join(over, ", ")
		if !open && x.packs(rooms, wants) == fits {
			text += ", HA looks at no memory"
		}
		l.add(maintenance.Fails, name, text, free(rooms, most)...)
	case len(tight) > 0:
		l.add(maintenance.Reserved, name, strings.Join(tight, ", ")+", it fits while guests use no more than now", free(rooms, most)...)
	default:
		l.add(maintenance.Holds, name, phrase.Count(len(wants), "guest has", "guests have")+" memory where HA starts them")
	}
}

// headroom of the fullest node once everything is placed.
func (x *stage) headroom(rooms map[string]room, most map[string]int64, l *Loss) {
	var least *int64
	for _, n := range slices.Sorted(maps.Keys(rooms)) {
		if !rooms[n].known {
			return
		}
		left := rooms[n].most - most[n]
		if least == nil || left < *least {
			least = &left
		}
	}
	l.Headroom = least
}

// who are the guests that are put on a node.
func (x *stage) who(wants []demand, node string) string {
	var out []string
	for _, w := range wants {
		if slices.Contains(w.nodes, node) {
			out = append(out, fmt.Sprintf("%s (%s)", w.guest, size(w.now)))
		}
	}
	return phrase.List(out, 4)
}

// packs says whether any choice would fit, by what guests use now.
func (x *stage) packs(rooms map[string]room, wants []demand) fit {
	wants = slices.Clone(wants)
	for i, w := range wants {
		wants[i].nodes = nil
		for n := range rooms {
			if why, sure := x.obstacle(w.guest, n); why == "" || !sure {
				wants[i].nodes = append(wants[i].nodes, n)
			}
		}
	}
	return fitting(rooms, wants, func(a amount) int64 { return a.now })
}

// free says how much has to be freed and where, so that what HA puts there fits
// by what guests may use.
func free(rooms map[string]room, most map[string]int64) []step {
	var out []step
	for _, n := range slices.Sorted(maps.Keys(most)) {
		if lack := most[n] - rooms[n].most; lack > 0 {
			out = append(out, say(fmt.Sprintf("free %s on %s", size(lack), n)))
		}
	}
	return out
}

// size of memory, rounded up to tenths of a GiB.
func size(b int64) string {
	tenths := (b*10 + gib - 1) / gib
	if tenths%10 == 0 {
		return fmt.Sprintf("%d GiB", tenths/10)
	}
	return fmt.Sprintf("%d.%d GiB", tenths/10, tenths%10)
}
