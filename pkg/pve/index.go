package pve

import (
	"strconv"
)

// Index finds the parts of a cluster by their names, in a time that does not
// grow with the cluster: what is looked up for each guest must not be searched
// for among all of them. Where a name stands twice the first one counts.
type Index struct {
	cluster  Cluster
	guests   map[int]int
	services map[string]int
	// own are the storages that a node shares with no other.
	own map[place]bool
	// shares are the storages that a node has in common with others.
	shares map[place]bool
	// busy are running tasks by node and guest's number.
	busy map[place]Task
}

// place is something on a node.
type place struct{ node, what string }

// Index reads the whole cluster once.
func (c Cluster) Index() Index {
	x := Index{
		cluster: c, guests: make(map[int]int, len(c.Guests)), services: make(map[string]int, len(c.HA.Services)),
		own: map[place]bool{}, shares: map[place]bool{}, busy: map[place]Task{},
	}
	for i, g := range c.Guests {
		first(x.guests, g.ID, i)
	}
	for i, s := range c.HA.Services {
		first(x.services, s.SID, i)
	}
	for _, s := range c.Storages {
		if !s.Shared {
			x.own[place{s.Node, s.Name}] = true
		} else if s.Available {
			x.shares[place{s.Node, s.Name}] = true
		}
	}
	for _, t := range c.Tasks {
		switch at := (place{t.Node, t.ID}); {
		case !t.Running() || t.Console():
		case t.Type == "vzdump":
			x.busy[at] = t // of all tasks the one that locks for long
		default:
			first(x.busy, at, t)
		}
	}
	return x
}

func first[K comparable, V any](m map[K]V, key K, value V) {
	if _, found := m[key]; !found {
		m[key] = value
	}
}

// Guest finds a guest by its number.
func (x Index) Guest(id int) (Guest, bool) {
	i, found := x.guests[id]
	if !found {
		return Guest{}, false
	}
	return x.cluster.Guests[i], true
}

// Service finds an HA service by its name.
func (x Index) Service(sid string) (Service, bool) {
	i, found := x.services[sid]
	if !found {
		return Service{}, false
	}
	return x.cluster.HA.Services[i], true
}

// Busy finds a task that runs on the node of a guest, about that guest or, a
// backup before others, about no guest in particular.
func (x Index) Busy(g Guest) (Task, bool) {
	t, found := x.busy[place{g.Node, strconv.Itoa(g.ID)}]
	if !found {
		t, found = x.busy[place{g.Node, ""}]
	}
	return t, found
}

// Local lists what keeps the guest on its node: passed-through devices, and
// volumes that only this node has, on a path or on a storage that is not
// shared. A token that sees no storages learns of no such volume.
func (x Index) Local(g Guest, config Config) (devices []string, disks []Disk) {
	for _, d := range config.Disks {
		if d.Storage == "" || x.own[place{g.Node, d.Storage}] {
			disks = append(disks, d)
		}
	}
	return config.Devices, disks
}

// Offers says whether a shared storage can be used on the node. A token that
// sees no storages sees nothing against it.
func (x Index) Offers(node, storage string) bool {
	return len(x.shares) == 0 || x.shares[place{node, storage}]
}
