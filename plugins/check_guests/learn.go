package main

import (
	"context"
	"net/netip"
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
// offline are not asked for anything. It writes into the memory.
func (p policy) learn(ctx context.Context, client *pve.Client, f facts, m memory) (memory, []pve.Gap) {
	ctx, cancel := share(ctx, 0.5)
	defer cancel()
	// Configurations that were never read come first.
	want := pve.Want{Configs: mostConfigs}
	for _, fresh := range []bool{true, false} {
		for i := range f.subjects {
			s := &f.subjects[i]
			if h, read := m.Homes[s.guest.ID]; read != fresh && h.facts().Due(f.now) && f.told(s) {
				want.Guests = append(want.Guests, *s.guest)
			}
		}
	}
	var gaps []pve.Gap
	m.PVE, gaps = client.Learn(ctx, m.PVE, want, f.now)
	for id, facts := range m.PVE.Configs {
		m.Homes[id] = homeOf(facts)
	}
	m.PVE.Configs = nil
	asked, shared := 0, p.sharing(f, m)
	for i := range f.subjects {
		if asked == mostReports || ctx.Err() != nil {
			break
		}
		g := *f.subjects[i].guest
		if !f.told(&f.subjects[i]) || p.addresses[g.ID].IsValid() || !m.unclear(g, shared[g.ID], f.now) {
			continue
		}
		asked++
		k := m.Guests[g.ID]
		// An agent that is not there is the normal case and no gap: the guest
		// has no known address then.
		if found, err := client.Interfaces(ctx, g); err == nil {
			k.Reported = pve.Addresses(m.Homes[g.ID].config(), found)
		}
		k.Asked = stampOf(f.now)
		m.Guests[g.ID] = k
	}
	return m, gaps
}

// told says whether a subject's node can tell of it.
func (f *facts) told(s *subject) bool {
	n, member := f.cluster.Node(s.node)
	return member && n.Online
}

// sharing guests are remembered at one address with others. One of them may
// have told it long ago.
func (p policy) sharing(f facts, m memory) map[int]bool {
	owners := map[netip.Addr][]int{}
	for i := range f.subjects {
		s := &f.subjects[i]
		if a := p.address(m, s); a.IsValid() {
			owners[a] = append(owners[a], s.guest.ID)
		}
	}
	out := map[int]bool{}
	for _, ids := range owners {
		for _, id := range ids {
			out[id] = len(ids) > 1
		}
	}
	return out
}

// tells says whether a guest can be asked where it is, and has to be: its
// configuration is known and gives no address.
func (m memory) tells(g pve.Guest) bool {
	h, read := m.Homes[g.ID]
	if !read || g.Status != "running" {
		return false
	}
	config := h.config()
	return len(pve.Addresses(config, nil)) == 0 && (g.Kind == pve.Container || config.Agent)
}

// unclear says whether a guest is to be asked where it is: it can be, and it
// was not asked lately.
func (m memory) unclear(g pve.Guest, shared bool, now time.Time) bool {
	k, age := m.Guests[g.ID], retryAge
	if len(k.Reported) > 0 && !shared {
		age = reportAge
	}
	return m.tells(g) && (k.Asked == 0 || k.Asked.after(now) || now.Sub(k.Asked.time()) >= age)
}

// writable is a memory of which this run is the only holder, as it can be written
// to. Copies of that of fifty thousand guests would be much.
func (m memory) writable() memory {
	if m.Guests == nil {
		m.Guests = map[int]known{}
	}
	if m.Homes == nil {
		m.Homes = map[int]home{}
	}
	return m
}
