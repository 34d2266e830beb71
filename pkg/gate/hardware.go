package gate

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc/controller"
	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// partsTime is what a management controller's parts may take, and rest what is
// left to answer with.
const (
	partsTime = 6 * time.Second
	restTime  = 700 * time.Millisecond
)

// parts asks the nodes that leave or came back, as far as they are online, what
// they are made of, and the management controller where there is one. Each has its
// share of the time that is left: half of it the nodes.
func (s Survey) parts(ctx context.Context, client *pve.Client, f *Found, bmc *controller.Controller) maintenance.Hardware {
	out := maintenance.Hardware{Nodes: map[string]hardware.Inventory{}, Asked: bmc != nil}
	nodes, end := share(ctx, partsTime, 2)
	for _, name := range f.PVE.Leaving {
		if n, _ := f.PVE.Cluster.Node(name); n.Online && f.sound() {
			out.Nodes[name] = client.Hardware(nodes, name)
		}
	}
	end()
	if out.Asked {
		out.Controller, out.Err = controllerParts(ctx, bmc, 1)
	}
	return out
}

// controllerParts asks a controller what its server is made of, in the time that is
// left among several.
func controllerParts(ctx context.Context, bmc *controller.Controller, among int) (*hardware.Inventory, error) {
	ctx, end := share(ctx, partsTime, among)
	defer end()
	v, err := bmc.Parts(ctx)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// share is a part of the time that is left.
func share(ctx context.Context, most time.Duration, among int) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		most = min(most, (time.Until(end)-restTime)/time.Duration(among))
	}
	return context.WithTimeout(ctx, most)
}

// untold names what of the hardware a baseline lacks.
func untold(h maintenance.Hardware) string {
	var kinds []string
	add := func(v hardware.Inventory, who string) {
		for _, l := range v.Lists {
			if l.Untold != "" {
				kinds = append(kinds, l.Kind.Plural()+who)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Nodes)) {
		add(h.Nodes[name], " of "+name)
	}
	if h.Controller != nil {
		add(*h.Controller, " by the controller")
	}
	if h.Err != nil {
		kinds = append(kinds, "what the controller tells ("+h.Err.Error()+")")
	}
	if len(kinds) == 0 {
		return ""
	}
	return ", without " + phrase.List(kinds, phrase.Some)
}

// partsEntries are what the journal keeps of parts: once for each.
func partsEntries(r maintenance.Return) []journal.Entry {
	var out []journal.Entry
	for _, c := range r.Parts() {
		var fact journal.Fact
		switch c.Verdict {
		case hardware.Missing:
			fact = &journal.PartMissing{Part: c.Was.Text(c.Kind)}
		case hardware.Replaced:
			fact = &journal.PartReplaced{Part: cmp.Or(c.Is.Slot, c.Was.Slot, string(c.Kind)), Was: c.Was.Text(c.Kind), Now: c.Is.Text(c.Kind)}
		case hardware.New:
			fact = &journal.PartNew{Part: c.Is.Text(c.Kind)}
		default:
			continue
		}
		out = append(out, journal.Entry{At: r.Now, Since: r.Baseline.Saved, Cluster: r.PVE.Cluster.Subject(), Node: r.PVE.Leaving[0], Fact: fact})
	}
	return out
}

// compares says whether a baseline has hardware of any of the nodes.
func compares(b *pve.Baseline, leaving []string) bool {
	return b != nil && (b.Controller != nil || slices.ContainsFunc(leaving, func(name string) bool { _, saved := b.Hardware[name]; return saved }))
}
