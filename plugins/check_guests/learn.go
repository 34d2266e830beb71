package main

import (
	"context"
	"maps"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

const (
	// mostConfigs and mostReports bound what is asked of nodes and of guests in
	// one run. What is left is asked in the next.
	mostConfigs = 200
	mostReports = 25
	// A guest that told its addresses is asked again after reportAge, one that
	// did not after retryAge.
	reportAge = 24 * time.Hour
	retryAge  = 15 * time.Minute
)

// learn finds out where guests are to be asked: by their configurations, and
// by what those say of themselves to whose configuration gives no address. It
// takes half of the time that is left at most. Guests of nodes that are
// offline are not asked for anything.
func (p policy) learn(ctx context.Context, client *pve.Client, f facts, m memory) (memory, []pve.Gap) {
	ctx, cancel := share(ctx, 0.5)
	defer cancel()
	var guests []pve.Guest
	for _, s := range f.subjects {
		if n, member := f.cluster.Node(s.node); member && n.Online {
			guests = append(guests, s.guest)
		}
	}
	// Configurations that were never read come first.
	var want pve.Want
	for _, fresh := range []bool{true, false} {
		for _, g := range guests {
			if _, read := m.PVE.Configs[g.ID]; read != fresh {
				want.Guests = append(want.Guests, g)
			}
		}
	}
	want.Configs = mostConfigs
	var gaps []pve.Gap
	m.PVE, gaps = client.Learn(ctx, m.PVE, want, f.now)
	m.Guests = maps.Clone(m.Guests)
	if m.Guests == nil {
		m.Guests = map[int]known{}
	}
	asked := 0
	for _, g := range guests {
		if asked == mostReports || ctx.Err() != nil {
			break
		}
		if !m.unclear(g, p.addresses[g.ID].IsValid(), f.now) {
			continue
		}
		asked++
		k := m.Guests[g.ID]
		// An agent that is not there is the normal case and no gap: the guest
		// has no known address then.
		if found, err := client.Interfaces(ctx, g); err == nil {
			k.Reported = pve.Addresses(m.PVE.Configs[g.ID].Config, found)
		}
		k.Asked = f.now
		m.Guests[g.ID] = k
	}
	return m, gaps
}

// unclear says whether a guest is to be asked where it is: its configuration
// is known and gives no address, and it was not asked lately.
func (m memory) unclear(g pve.Guest, given bool, now time.Time) bool {
	config, read := m.PVE.Configs[g.ID]
	if given || !read || g.Status != "running" || len(pve.Addresses(config.Config, nil)) > 0 || g.Kind == pve.VM && !config.Agent {
		return false
	}
	k, age := m.Guests[g.ID], retryAge
	if len(k.Reported) > 0 {
		age = reportAge
	}
	return k.Asked.IsZero() || k.Asked.After(now) || now.Sub(k.Asked) >= age
}
