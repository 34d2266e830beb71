package main

import (
	"context"
	"net/netip"
	"slices"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// second is a second look at guests that were silent, before they are judged.
type second struct {
	o      *options
	client *pve.Client
	p      policy
}

// elsewhere asks silent guests where they are now: what is remembered may be
// hours old, and addresses change. It takes a part of the time that is left,
// and gives up when it is not single guests that are silent. What it reads it writes
// into the memory.
func (r second) elsewhere(ctx context.Context, f *facts, m memory) {
	if f.watched || f.cut || f.parent != nil && f.parent.asked && !f.parent.reached() {
		return
	}
	reading, cancel := share(ctx, 0.3)
	defer cancel()
	var targets []ping.Target
	var which []int
	asked, nodes := 0, indexed(*f.cluster, f.now).nodes
	for i := range f.subjects {
		s := &f.subjects[i]
		if !f.silent(s) || s.stopped != running || !nodes[s.node].Online || r.p.addresses[s.guest.ID].IsValid() {
			continue
		}
		if asked++; asked > mostReports || reading.Err() != nil {
			break
		}
		r.reread(reading, m, *s.guest, f)
		for _, a := range r.p.others(m, s) {
			targets = append(targets, ping.Target{Name: s.name, Addr: a})
			which = append(which, i)
		}
	}
	if len(targets) == 0 {
		return
	}
	report, err := r.o.net.run(ctx, targets, r.o.packets(r.p))
	f.evidence = append(f.evidence, report.Evidence...)
	if err != nil { // then they are judged by the first look
		f.evidence = append(f.evidence, "second look: "+err.Error())
		return
	}
	for k, x := range report.Targets {
		if s := &f.subjects[which[k]]; x.Alive() && f.silent(s) {
			x.Gap = ping.Gap{} // it was asked at another address before
			s.addr, s.reach, s.tcp = x.Addr, &ping.Watched{Reach: x}, nil
		}
	}
}

// mostOthers bounds how many further addresses of one guest are tried.
const mostOthers = 4

// others are the addresses at which a silent guest may be instead. Where nobody
// knows at which it answered, it may have been asked at a card that cannot be
// reached from here: it never did, or an older version remembers only that it
// did. Otherwise it is looked for only where it ought to be now.
func (p policy) others(m memory, s *subject) (out []netip.Addr) {
	all := p.candidates(m, s)
	if s.known.At.IsValid() && len(all) > 1 {
		all = []netip.Addr{p.address(m, s)}
	}
	for _, a := range all {
		if a != s.addr && len(out) < mostOthers {
			out = append(out, a)
		}
	}
	return out
}

// reread reads a guest's configuration, and what it says of itself, unless
// this run did so already. What cannot be read stays as it was.
func (r second) reread(ctx context.Context, m memory, g pve.Guest, f *facts) {
	if !m.Homes[g.ID].read().Equal(f.now) {
		if config, err := r.client.Config(ctx, g); err == nil {
			m.Homes[g.ID] = homeOf(pve.ConfigFacts{Config: config, Time: f.now})
		}
	}
	if k := m.Guests[g.ID]; m.tells(g) && k.Asked != stampOf(f.now) {
		if found, err := r.client.Interfaces(ctx, g); err == nil {
			k.Reported, k.Asked = pve.Addresses(m.Homes[g.ID].config(), found), stampOf(f.now)
			m.Guests[g.ID] = k
		}
	}
}

// cluster asks the cluster a second time when guests were silent or lossy: one
// that has been moved or stopped meanwhile is not down.
func (r second) cluster(ctx context.Context, f *facts, m memory) {
	lossy := func(s subject) bool { return s.asked && s.reach.Lost() > 0 && !s.moving && !s.nodeDown }
	silent := func(s site) bool { return s.guest > 0 && s.dark() }
	if !slices.ContainsFunc(f.subjects, lossy) && !slices.ContainsFunc(f.sites, silent) {
		return
	}
	c, err := r.client.Cluster(ctx, pve.Ask{})
	if err != nil || !c.Quorate || len(c.Gaps) > 0 {
		return // what was known before is judged
	}
	m.PVE = m.PVE.After(pve.Look{Cluster: c, Now: f.now})
	before := make(map[int]*subject, len(f.subjects))
	for i := range f.subjects {
		before[f.subjects[i].guest.ID] = &f.subjects[i]
	}
	// One after the other: two inventories of fifty thousand guests would be much.
	// Who is new was not asked, and who is not listed any more is gone or stopped.
	x, idle := indexed(c, f.now), []int{}
	for i := range c.Guests {
		g := &c.Guests[i]
		s, k := before[g.ID], known{}
		if s != nil {
			k = s.known.known(s.guest.Name)
		}
		n, wanted := x.subject(g, k, m, r.p)
		if wanted && n.stopped == ignored {
			idle = append(idle, g.ID)
		}
		if s == nil || !wanted || n.stopped == ignored {
			continue
		}
		if n.node != s.node {
			n.moving, n.seenMoving = true, stampOf(f.now)
		}
		n.addr, n.asked, n.reach, n.tcp, n.unread = s.addr, s.asked, s.reach, s.tcp, s.unread
		*s = n
		delete(before, n.guest.ID)
	}
	subjects := slices.DeleteFunc(f.subjects, func(s subject) bool { return before[s.guest.ID] != nil })
	f.subjects, f.idle, f.cluster = subjects, idle, &c
}
