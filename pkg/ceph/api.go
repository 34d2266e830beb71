package ceph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// API asks Proxmox VE, whose nodes ask Ceph: one token for all. It tells flags
// of hosts and OSDs only in the words of health details.
type API struct {
	Client *pve.Client
	// Polled is the cluster where it was asked already, nil to ask it.
	Polled *pve.Cluster
}

// quick is the longest a node takes to refuse. Proxmox VE gives Ceph 5 s to
// answer and then says "got timeout" with the same 500 as everything else.
const quick = 3 * time.Second

// pathManager is where Proxmox VE tells of HA maintenance.
const pathManager = "/cluster/ha/status/manager_status"

// Poll asks the cluster for its HA maintenance and one of its nodes for Ceph.
func (a *API) Poll(ctx context.Context, ask Ask) (c Cluster, err error) {
	defer func() { c.Evidence = a.Client.Evidence() }()
	node, err := a.cluster(ctx)
	if err != nil {
		// An API that is away says nothing about Ceph, which serves its clients
		// without it.
		return c, err
	}
	c.Maintenance = node.Named(func(n pve.Node) bool { return node.HA.Maintenance(n.Name) })
	if slices.ContainsFunc(node.Gaps, func(g pve.Gap) bool { return g.Path == pathManager }) {
		c.Gaps = append(c.Gaps, Gap{What: "HA maintenance", Why: "manager_status did not arrive", Optional: true, Loses: "which nodes are in HA maintenance"})
	}
	started := time.Now()
	var status json.RawMessage
	if err := a.Client.Get(ctx, "/cluster/ceph/status", &status); err != nil {
		if waited(err, started) {
			return c, &SilentError{Reason: "Ceph does not answer Proxmox VE: " + err.Error()}
		}
		return c, err
	}
	w, err := decode[wireStatus](status)
	if err != nil {
		return c, fmt.Errorf("/cluster/ceph/status: %w", err)
	}
	c.addStatus(w)
	below := "/nodes/" + url.PathEscape(node.Asked) + "/ceph"
	a.details(ctx, &c, below)
	if ask.Rules {
		a.rules(ctx, &c, below)
	}
	c.consistent()
	c.place()
	return c, nil
}

func (a *API) cluster(ctx context.Context) (pve.Cluster, error) {
	if a.Polled != nil {
		return *a.Polled, nil
	}
	return a.Client.Cluster(ctx, pve.Ask{})
}

// waited says that a refusal was a silence.
func waited(err error, since time.Time) bool {
	var e *pve.Error
	return errors.As(err, &e) && e.Code == 0 || time.Since(since) >= quick || errors.Is(err, context.DeadlineExceeded)
}

// ask reads the document that is a gap when it does not come.
func (a *API) ask(ctx context.Context, c *Cluster, g Gap, v any) bool {
	started := time.Now()
	if err := a.Client.Get(ctx, g.What, v); err != nil {
		g.Why, g.Waited = err.Error(), waited(err, started)
		c.Gaps = append(c.Gaps, g)
		return false
	}
	return true
}

// details asks for OSDs, flags and pools.
func (a *API) details(ctx context.Context, c *Cluster, node string) {
	var flags list[wirePVEFlag]
	known := a.ask(ctx, c, Gap{What: "/cluster/ceph/flags"}, &flags)
	var osds wirePVEOSDs
	if a.ask(ctx, c, Gap{What: node + "/osd", Mgr: true}, &osds) {
		if err := c.addPVE(osds, flags); err != nil {
			c.lacks(node+"/osd", err.Error())
		}
	} else if known {
		// the flags are worth telling without the OSDs
		c.Map = &Map{Blind: true, Flags: set(flags), NodeFlags: map[string][]string{}, ClassFlags: map[string][]string{}}
	}
	if c.Map != nil && c.Health != nil {
		c.addScopes()
	}
	var pools list[wirePool]
	if a.ask(ctx, c, Gap{What: node + "/pool", Optional: true, Loses: "the copies each pool needs", Mgr: true}, &pools) && c.Map != nil {
		for _, p := range pools.rows {
			c.Map.Pools = append(c.Map.Pools, p.facts())
		}
	}
}

// wirePVEFlag is a row of /cluster/ceph/flags.
type wirePVEFlag struct {
	Name  text   `json:"name"`
	Value number `json:"value"`
}

func set(flags list[wirePVEFlag]) []string {
	var out []string
	for _, f := range flags.rows {
		if f.Value.value != 0 {
			out = append(out, f.Name.name())
		}
	}
	return out
}

// wirePVEOSDs is /nodes/{node}/ceph/osd: osd df tree, nested.
type wirePVEOSDs struct {
	Root  part[wirePVENode] `json:"root"`
	Flags text              `json:"flags"`
}

type wirePVENode struct {
	ID       number            `json:"id"`
	Name     text              `json:"name"`
	Type     text              `json:"type"`
	Status   text              `json:"status"`
	In       number            `json:"in"`
	Reweight number            `json:"reweight"`
	Class    text              `json:"device_class"`
	Fill     number            `json:"percent_used"`
	Children list[wirePVENode] `json:"children"`
}

// addPVE takes OSDs, hosts, fill and flags.
func (c *Cluster) addPVE(w wirePVEOSDs, flags list[wirePVEFlag]) error {
	if !w.Root.set || !w.Root.value.Children.set {
		return errors.New("it has no tree of OSDs")
	}
	m := &Map{Flags: splitFlags(string(w.Flags)), NodeFlags: map[string][]string{}, ClassFlags: map[string][]string{}}
	for _, f := range set(flags) {
		if !slices.Contains(m.Flags, f) {
			m.Flags = append(m.Flags, f)
		}
	}
	t := &Tree{nodes: map[int]treeNode{}, up: map[int][]int{}}
	fill := []Fill{}
	for _, n := range flatten(w.Root.value.Children) {
		id, ok := n.ID.integer()
		if !ok || n.Children.odd > 0 {
			return errors.New("its tree cannot be read whole")
		}
		node := treeNode{id: id, name: n.Name.name(), kind: n.Type.name(), class: n.Class.name()}
		for _, child := range n.Children.rows {
			if c, ok := child.ID.integer(); ok {
				node.children = append(node.children, c)
			}
		}
		t.nodes[id] = node
		if id < 0 {
			continue
		}
		if n.Status == "" || !n.In.set {
			return fmt.Errorf("it does not tell whether %s is up and in", osdName(id))
		}
		m.OSDs = append(m.OSDs, OSD{ID: id, Up: n.Status == "up", In: n.In.value != 0, Reweight: n.Reweight.positive()})
		if n.Fill.set {
			fill = append(fill, Fill{OSD: id, Percent: n.Fill.value})
		}
	}
	slices.SortStableFunc(m.OSDs, func(a, b OSD) int { return a.ID - b.ID })
	m.OSDs = slices.CompactFunc(m.OSDs, func(a, b OSD) bool { return a.ID == b.ID })
	t.index()
	c.Map, c.Tree, c.Fill = m, t, fill
	return nil
}

// flatten lists all nodes of a nested tree, whose depth encoding/json bounds.
func flatten(l list[wirePVENode]) []wirePVENode {
	var out []wirePVENode
	for _, n := range l.rows {
		out = append(out, n)
		out = append(out, flatten(n.Children)...)
	}
	return out
}
