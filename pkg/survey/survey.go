// Package survey asks everybody who knows something about nodes that leave for
// service or come back: Proxmox VE, Ceph, and the management controller. It
// collects the evidence that package maintenance turns into a checklist.
package survey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// Options are the flags of both gates.
type Options struct {
	PVE      pve.Options         `embed:"" group:"Device"`
	Node     []string            `required:"" placeholder:"NODE[,NODE...]" help:"The node. Several are judged as leaving together." group:"Device"`
	Ceph     string              `enum:"auto,pve,command,none" default:"auto" placeholder:"SOURCE" help:"Whom to ask about Ceph: Proxmox VE, which also knows whether there is one (auto, pve), the ceph command, or nobody: there is none." group:"Ceph"`
	CephHost map[string]string   `name:"ceph-host" placeholder:"NODE=HOST[,HOST...]" help:"Name of a machine in CRUSH, where it is another than the node's. Several are separated by commas. Machines that are no node of Proxmox VE may be named too." group:"Ceph"`
	Command  ceph.CommandOptions `embed:"" group:"Ceph"`
	BMC      BMC                 `embed:"" group:"Controller"`
	State    state.Options       `embed:"" group:"Memory"`
}

// Validate refuses names that cannot be a node's.
func (o Options) Validate() error {
	for _, n := range o.Node {
		if n == "" || strings.ContainsAny(n, " \t/:") {
			return fmt.Errorf("--node: expected the name of a node such as pve3, got %q", n)
		}
	}
	given := map[string]string{}
	for _, node := range slices.Sorted(maps.Keys(o.CephHost)) {
		for _, host := range strings.Split(o.CephHost[node], ",") {
			if node == "" || host == "" {
				return fmt.Errorf("--ceph-host: expected NODE=HOST, got %q", node+"="+o.CephHost[node])
			}
			if other := given[host]; other != "" && other != node {
				return fmt.Errorf("--ceph-host: expected one machine for the host %s, got %s and %s", host, other, node)
			}
			given[host] = node
		}
	}
	return nil
}

// Survey is one round of questions.
type Survey struct {
	Options Options
	// Versions asks the nodes themselves for their version and replication.
	Versions bool
	Now      func() time.Time
}

// Found is what came back.
type Found struct {
	maintenance.Evidence
	Fans *maintenance.Fans
	// FansErr says why the controller could not be asked.
	FansErr error
	// Trouble says why nothing is remembered of earlier runs.
	Trouble error
	Log     []string
}

// Ask asks them all. Its error means that Proxmox VE could not be asked at all.
func (s Survey) Ask(ctx context.Context) (Found, error) {
	var f Found
	client, err := s.Options.PVE.Client()
	if err != nil {
		return f, err
	}
	c, err := client.Cluster(ctx, pve.Ask{Votes: true})
	f.Log = c.Evidence
	if err != nil {
		return f, err
	}
	leaving := slices.Compact(slices.Sorted(slices.Values(s.Options.Node)))
	f.PVE = pve.DrainEvidence{Cluster: c, Leaving: leaving, Presence: map[string][]pve.Presence{}, Silent: map[string]error{}}
	s.nodes(ctx, client, &f)
	f.Evidence.Ceph = s.ceph(ctx, client, f)
	f.Log = client.Evidence()
	if x := f.Evidence.Ceph.Cluster; x != nil {
		f.Log = append(f.Log, x.Evidence...)
	}
	if s.Options.BMC.Host != "" {
		f.Fans, f.FansErr = s.fans(ctx, f)
	}
	f.Now = s.Now()
	return f, nil
}

// Powered says whether any of the nodes is in the cluster now.
func (f Found) Powered() bool {
	return slices.ContainsFunc(f.PVE.Leaving, func(name string) bool { n, _ := f.PVE.Cluster.Node(name); return n.Online })
}

// Missing is the condition that there is a memory, where one is required.
func (f Found) Missing(mode string) maintenance.Checklist {
	if f.Trouble == nil || mode != "require" {
		return nil
	}
	return maintenance.Checklist{{Name: "there is a memory", Outcome: maintenance.Unknown, Evidence: "no memory: " + f.Trouble.Error(), Next: "mend it, or say --state auto"}}
}

// nodes asks those that leave for their own lists, and all that are online for
// what only they know.
func (s Survey) nodes(ctx context.Context, client *pve.Client, f *Found) {
	c := f.PVE.Cluster
	look := pve.Look{Cluster: c, Now: s.Now()}
	for _, n := range c.Nodes {
		if c.HA.Maintenance(n.Name) {
			look.Maintained = append(look.Maintained, n.Name)
		}
	}
	// The memory is that of check_drained: what one gate saw of a node while it
	// lived the other may need when it is off.
	mem := pve.Remember(s.Options.State, "check_drained", c)
	f.Trouble = mem.Trouble
	f.PVE.Memory = mem.Memory.After(look)
	if !c.Quorate || len(c.Rights) > 0 {
		return
	}
	want := pve.Want{}
	if s.Versions {
		// What was read before the work says nothing about the node now.
		f.PVE.Memory.Nodes = nil
	}
	for _, n := range c.Nodes {
		if !n.Online {
			continue
		}
		if s.Versions {
			want.Nodes = append(want.Nodes, n.Name)
		}
		if !slices.Contains(f.PVE.Leaving, n.Name) {
			continue
		}
		if list, err := client.Presence(ctx, n.Name); err != nil {
			f.PVE.Silent[n.Name] = err
		} else {
			f.PVE.Presence[n.Name] = list
		}
	}
	f.PVE.Memory, _ = client.Learn(ctx, f.PVE.Memory, want, s.Now()) // gaps are seen as facts that are not there
	mem.Keep(look, f.PVE.Memory)
}
