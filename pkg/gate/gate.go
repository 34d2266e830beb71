// Package gate asks everybody who knows something about nodes that leave for
// service or come back: Proxmox VE, Ceph, and the management controller. It lets
// package maintenance turn the evidence into a checklist, and answers with it.
//
// A gate answers a question of people and automation. Its yes needs proof of
// every condition, and what nobody can tell is never a yes.
package gate

import (
	"context"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// Survey is one round of questions.
type Survey struct {
	Options Options
	// Back asks about nodes that have come back: for their version and
	// replication too, and what keeps guests away that Baseline has there.
	Back     bool
	Baseline *pve.Baseline
	// Card asks the controller for the places of the parts, unless Baseline has them.
	Card bool
	Now  func() time.Time
}

// Found is what came back.
type Found struct {
	maintenance.Evidence
	// Gaps are details of guests that could not be read: the advice is right
	// without them.
	Gaps []pve.Gap
	Fans *fans.Report
	// Hardware is what the nodes are made of, where a baseline has it.
	Hardware maintenance.Hardware
	// FansErr says why the controller could not be asked.
	FansErr error
	// Trouble says why nothing is remembered of earlier runs.
	Trouble error
	Log     []string
	store   *state.Store
	back    bool // the nodes have come back
	// happened is what the journal is to keep beside the question.
	happened []journal.Entry
}

// Ask asks them all. Its error means that Proxmox VE could not be asked at all.
func (s Survey) Ask(ctx context.Context) (Found, error) {
	var f Found
	client, err := s.cluster(ctx, &f, pve.Ask{Votes: true})
	if err != nil {
		return f, err
	}
	s.nodes(ctx, client, &f, questions{votes: true})
	f.Evidence.Ceph = s.ceph(ctx, client, f)
	bmc := s.open(s.Options.BMC.Controller)
	if s.Back && compares(s.Baseline, f.PVE.Leaving) {
		f.Hardware = s.parts(ctx, client, &f, bmc)
	}
	if s.Card && bmc != nil && (s.Baseline == nil || s.Baseline.Controller == nil) {
		f.Hardware.Controller, f.Hardware.Err = controllerParts(ctx, bmc, 2) // the fans come after them
	}
	f.Hardware.Asked = bmc != nil
	f.Hardware.Ignored = func(id, fan string) bool { return !s.Options.BMC.Fans.Judges(id, fan) }
	f.Log = client.Evidence()
	if x := f.Evidence.Ceph; x.Command && x.Cluster != nil {
		f.Log = append(f.Log, x.Cluster.Evidence...)
	}
	if bmc != nil {
		f.Fans, f.FansErr = s.fans(ctx, f, bmc)
	}
	f.Now = s.Now()
	return f, nil
}

// cluster asks for the whole of Proxmox VE.
func (s Survey) cluster(ctx context.Context, f *Found, ask pve.Ask) (*pve.Client, error) {
	client, err := s.Options.PVE.Keeping(s.Options.State).Client()
	if err != nil {
		return nil, err
	}
	c, err := client.Cluster(ctx, ask)
	f.Log, f.Now, f.back = c.Evidence, s.Now(), s.Back
	leaving := slices.Sorted(slices.Values(pve.Names(s.Options.Node)))
	f.PVE = maintenance.PVE{Cluster: c, Leaving: leaving, Presence: map[string][]pve.Presence{}, Silent: map[string]error{}}
	return client, err
}

// powered says whether any of the nodes is in the cluster now.
func (f Found) powered() bool {
	return slices.ContainsFunc(f.PVE.Leaving, func(name string) bool { n, _ := f.PVE.Cluster.Node(name); return n.Online })
}

// questions to the nodes themselves, beside those about their guests.
type questions struct {
	// votes asks each whether the quorum device votes for it.
	votes bool
	want  pve.Want
}

// nodes asks those that leave for their own lists, and all that are online for
// what only they know. What else is wanted is read too.
func (s Survey) nodes(ctx context.Context, client *pve.Client, f *Found, q questions) {
	c, want, votes := f.PVE.Cluster, q.want, q.votes
	look := pve.Look{Cluster: c, Forget: s.Options.Forget.Qdevice, Now: s.Now()}
	look.Maintained = c.Named(func(n pve.Node) bool { return c.HA.Maintenance(n.Name) })
	// The memory is that of check_drained: what one gate saw of a node while it
	// lived the other may need when it is off.
	mem := pve.Remember(s.Options.State, "check_drained", c)
	f.Trouble, f.store = mem.Trouble, mem.Store()
	if look.Forget {
		mem.Memory.Device = nil
	}
	if look.Asked = votes && c.Quorate; look.Asked {
		c = client.Daemons(ctx, c, mem.Memory)
		look.Cluster, f.PVE.Cluster = c, c
	}
	f.PVE.Memory = mem.Memory.After(look)
	if !f.sound() {
		mem.Keep(look, f.PVE.Memory)
		return
	}
	if s.Back {
		// What was read before the work says nothing about the node now.
		f.PVE.Memory.Nodes = nil
	}
	for _, n := range c.Nodes {
		if !n.Online {
			continue
		}
		if s.Back {
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
	if s.wanted(f, &want) {
		f.PVE.Rules = client.HAConfig(ctx).Rules
	}
	f.PVE.Memory, f.Gaps = client.Learn(ctx, f.PVE.Memory, want, s.Now()) // gaps are seen as facts that are not there
	mem.Keep(look, f.PVE.Memory)
}

// sound facts are worth asking on: with doubts about all of them no detail
// would change the answer.
func (f Found) sound() bool {
	c := f.PVE.Cluster
	return c.Quorate && len(c.Rights) == 0 && len(c.Gaps) == 0
}

// mostConfigs bounds the configurations read in one run: they only make the
// advice better.
const mostConfigs = 10

// wanted are the configurations of the guests that are left, which tell why they
// cannot move. Held says that HA was asked to move some and does not: its rules
// may tell why.
func (s Survey) wanted(f *Found, want *pve.Want) (held bool) {
	want.Configs, want.Fresh = max(want.Configs, mostConfigs), true
	c := f.PVE.Cluster
	x := c.Index()
	if s.Back {
		s.strangers(f, want)
		return false
	}
	for _, l := range maintenance.DrainOf(f.Evidence).Left {
		n, _ := c.Node(l.Guest.Node)
		_, managed := x.Service(l.Guest.SID())
		// What HA has not been asked to move needs no further reason.
		asked := !managed || c.HA.Nodes[n.Name] == "maintenance"
		if n.Online && f.PVE.Silent[n.Name] == nil && !l.Moving && asked {
			want.Guests = append(want.Guests, l.Guest)
			held = held || managed
		}
	}
	return held
}

// strangers are guests that came from a node that is back and are elsewhere now.
func (s Survey) strangers(f *Found, want *pve.Want) {
	if s.Baseline == nil {
		return
	}
	x := f.PVE.Cluster.Index()
	for _, was := range s.Baseline.Guests {
		g, found := x.Guest(was.ID)
		if n, _ := f.PVE.Cluster.Node(g.Node); found && n.Online && g.Node != was.Node && g.HAState == "" && slices.Contains(f.PVE.Leaving, was.Node) {
			want.Guests = append(want.Guests, g)
		}
	}
}
