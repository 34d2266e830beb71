package pve

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/lenient"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// The documents every live node answers itself, so that none depends on a
// node that is off.
const (
	pathPermissions = "/access/permissions"
	pathStatus      = "/cluster/status"
	pathManager     = "/cluster/ha/status/manager_status"
	pathResources   = "/cluster/resources"
	pathTasks       = "/cluster/tasks"
	pathVotes       = "/cluster/config/nodes"
	pathDevice      = "/cluster/config/qdevice"
)

type statusRow struct {
	Type    text   `json:"type"`
	Name    text   `json:"name"`
	ID      number `json:"nodeid"`
	IP      text   `json:"ip"`
	Local   flag   `json:"local"`
	Online  flag   `json:"online"`
	Quorate *flag  `json:"quorate"`
	Nodes   number `json:"nodes"`
}

// addStatus takes /cluster/status. A node that stands alone has no row of
// type cluster, and always its own quorum.
func (c *Cluster) addStatus(raw json.RawMessage) error {
	list, err := rows[statusRow](raw)
	var strange doubts
	strange.add(err)
	c.Standalone, c.Quorate = true, true
	local, size := "", number{}
	for _, r := range list {
		switch r.Type {
		case "cluster":
			c.Standalone, c.Name, size = false, r.Name.name(), r.Nodes
			if r.Quorate == nil {
				strange.add(errors.New("it does not tell the quorum"))
			}
			c.Quorate = r.Quorate != nil && bool(*r.Quorate)
			c.Lost = r.Quorate != nil && !c.Quorate
		case "node":
			c.Nodes = append(c.Nodes, Node{
				Name: r.Name.name(), ID: int(r.ID.value), IP: r.IP.name(), Online: bool(r.Online),
			})
			if r.Local {
				local = r.Name.name()
			}
		}
	}
	slices.SortFunc(c.Nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	c.Asked = local
	if c.Standalone {
		c.Name = local
	}
	switch err := strange.err(); {
	case err != nil:
		return err
	case len(c.Nodes) == 0:
		return errors.New("it lists no node")
	case c.Standalone && len(c.Nodes) != 1:
		return fmt.Errorf("it lists %d nodes and no cluster", len(c.Nodes))
	case size.set && size.value != int64(len(c.Nodes)):
		return fmt.Errorf("it lists %d of %d nodes", len(c.Nodes), size.value)
	}
	return nil
}

// addManager takes the HA manager's state, which also carries the live quorum
// of the asked node.
func (c *Cluster) addManager(raw json.RawMessage) error {
	var m managerStatus
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	c.HA = m.facts()
	if m.Quorum == nil || m.Quorum.Quorate == nil {
		c.Quorate = c.Quorate && c.Standalone
		return errors.New("it does not tell the quorum")
	}
	// On a node that stands alone pmxcfs always reports quorum.
	c.Quorate = c.Quorate && bool(*m.Quorum.Quorate)
	c.Lost = c.Lost || !bool(*m.Quorum.Quorate)
	if !m.complete() {
		return errors.New("it does not tell what HA manages")
	}
	return nil
}

type resourceRow struct {
	Type     text   `json:"type"`
	ID       number `json:"vmid"`
	Name     text   `json:"name"`
	Node     text   `json:"node"`
	Status   text   `json:"status"`
	Template flag   `json:"template"`
	Lock     text   `json:"lock"`
	HAState  text   `json:"hastate"`
	Pool     text   `json:"pool"`
	Tags     text   `json:"tags"`
	Uptime   number `json:"uptime"`
	Mem      number `json:"mem"`
	MaxMem   number `json:"maxmem"`
	Storage  text   `json:"storage"`
	Shared   flag   `json:"shared"`
	Plugin   text   `json:"plugintype"`
	Content  text   `json:"content"`
	CPUs     number `json:"maxcpu"`
}

func (c *Cluster) addResources(raw json.RawMessage) error {
	var strange doubts
	nodes := make(map[string]*Node, len(c.Nodes))
	for i := range c.Nodes {
		first(nodes, c.Nodes[i].Name, &c.Nodes[i])
	}
	said := lenient.Words{}
	room := func(rows int) { c.Guests = make([]Guest, 0, rows) } // it must not grow: then it is there twice
	err := each(raw, room, func(r resourceRow) {
		switch r.Type {
		case "node":
			nodes[r.Node.name()].add(r)
		case "qemu", "lxc":
			if r.ID.value <= 0 || r.Node == "" {
				strange.add(errors.New("a guest without number or node"))
				return
			}
			c.Guests = append(c.Guests, r.guest(said))
		case "storage":
			c.Storages = append(c.Storages, Storage{
				Name: r.Storage.name(), Node: r.Node.name(), Shared: bool(r.Shared),
				Available: r.Status == "available", Plugin: r.Plugin.name(), Content: tags(string(r.Content)),
			})
		default: // pools, networks and what else releases list, but no guest
			if r.Type == "" || r.ID.set {
				strange.add(fmt.Errorf("a row of type %q", phrase.Clip(string(r.Type), 40)))
			}
		}
	})
	for i, g := range c.Guests {
		n, found := nodes[g.Node]
		c.Guests[i].Stale = !found || !n.Online || n.Status != "online"
		if g.Status == "" {
			c.Guests[i].Status = "unknown"
		}
	}
	slices.SortStableFunc(c.Guests, func(a, b Guest) int { return a.ID - b.ID })
	return strange.after(err)
}

// guest keeps what many guests share once.
func (r resourceRow) guest(said lenient.Words) Guest {
	g := Guest{
		ID: int(r.ID.value), Kind: Kind(said.One(string(r.Type))), Name: r.Name.name(), Node: said.One(r.Node.name()),
		Status: said.One(r.Status.name()), Template: bool(r.Template), Lock: said.One(r.Lock.name()),
		HAState: said.One(r.HAState.name()), Pool: said.One(r.Pool.name()), Tags: tags(string(r.Tags)),
		Uptime: time.Duration(r.Uptime.value) * time.Second,
		CPUs:   int(r.CPUs.value), MaxMemory: r.MaxMem.value, Memory: r.Mem.value,
	}
	for i, tag := range g.Tags {
		g.Tags[i] = said.One(tag)
	}
	return g
}

// add takes what is said of a member; of others, where n is nil, nothing is
// kept.
func (n *Node) add(r resourceRow) {
	if n == nil {
		return
	}
	n.Status = r.Status.name()
	n.Uptime = time.Duration(r.Uptime.value) * time.Second
	n.FreeMemory = max(0, r.MaxMem.value-r.Mem.value)
	n.CPUs, n.MaxMemory, n.Memory = int(r.CPUs.value), r.MaxMem.value, r.Mem.value
}

func tags(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
}

type taskRow struct {
	UPID   text   `json:"upid"`
	Node   text   `json:"node"`
	Type   text   `json:"type"`
	ID     text   `json:"id"`
	User   text   `json:"user"`
	Start  number `json:"starttime"`
	End    number `json:"endtime"`
	Status text   `json:"status"`
}

func (c *Cluster) addTasks(raw json.RawMessage) error {
	list, err := rows[taskRow](raw)
	var strange doubts
	strange.add(err)
	for _, r := range list {
		if r.Type == "" || r.Node == "" { // it could be a migration
			strange.add(errors.New("a task does not tell its kind and its node"))
		}
		c.Tasks = append(c.Tasks, Task{
			UPID: string(r.UPID), Node: r.Node.name(), Type: r.Type.name(), ID: r.ID.name(),
			User: r.User.name(), Start: stamp(r.Start), End: stamp(r.End), Status: string(r.Status),
		})
	}
	return strange.err()
}

type voteRow struct {
	Name  text   `json:"name"`
	Node  text   `json:"node"`
	Votes number `json:"quorum_votes"`
}

// addVotes takes /cluster/config/nodes: the votes of corosync.conf.
func (c *Cluster) addVotes(raw json.RawMessage) error {
	list, err := rows[voteRow](raw)
	var strange doubts
	strange.add(err)
	for _, r := range list {
		name := cmp.Or(r.Node, r.Name).name()
		if !r.Votes.set {
			strange.add(fmt.Errorf("node %s has no votes", name))
		}
		n, _ := c.Node(name)
		c.Votes.Voters = append(c.Votes.Voters, Voter{Node: name, Votes: int(r.Votes.value), Online: n.Online})
	}
	switch {
	case err == nil && len(list) == 0 && !c.Standalone:
		strange.add(errors.New("it lists no node"))
	case len(list) > 0 && c.Standalone:
		strange.add(fmt.Errorf("%s says that it stands alone, and its corosync.conf has %d nodes: does pmxcfs run in local mode?", c.Asked, len(list)))
	}
	slices.SortFunc(c.Votes.Voters, func(a, b Voter) int { return strings.Compare(a.Node, b.Node) })
	return strange.err()
}
