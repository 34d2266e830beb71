package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/web"
)

const (
	// siteWait is for how long a site may take to answer, and leastWait what must
	// be left for it: the system tries to connect a second time after a second.
	siteWait  = 4 * time.Second
	leastWait = 1500 * time.Millisecond
	// A watch remembers all calls, and each may be open for siteWait.
	mostWatched = 16
	// Calls of a watch are no closer than closestCalls: a prober that is busy with
	// itself invents gaps.
	usualCalls, closestCalls = 100 * time.Millisecond, 50 * time.Millisecond
)

// beginSites asks the web sites of the guests there are, and those that are
// nobody's. A watch begins now, beside that of the guests, and what is returned
// waits for it; otherwise that asks.
func (o *options) beginSites(ctx context.Context, f *facts, p policy) (end func(), err error) {
	f.sites = slices.Clone(p.sites)
	var list []*url.URL
	var which []int
	for i, s := range f.sites {
		if s.guest == 0 || f.byNumber(s.guest) != nil {
			list, which = append(list, s.url), append(which, i)
		}
	}
	if len(list) == 0 {
		return func() {}, nil
	}
	roots, err := o.Device.Transport.Roots()
	if err != nil {
		return nil, err
	}
	how := web.Options{Wait: siteWait, Network: p.wanted.Network("tcp"), Roots: roots}
	if o.Watch == 0 {
		return func() {
			for k, a := range o.visit(ctx, list, how) {
				f.sites[which[k]].asked, f.sites[which[k]].seen = true, a
			}
			f.answeredByWeb()
			f.traceSites()
		}, nil
	}
	if err := o.enough(ctx, siteWait); err != nil {
		return nil, err
	}
	f.watched, f.began = true, o.clock.Now()
	seen := make(chan []web.Watched, 1)
	go func() {
		defer func() { _ = recover(); close(seen) }() // then nothing was seen
		seen <- o.net.follow(ctx, list, web.WatchOptions{Options: how, Duration: o.Watch, Interval: o.callInterval()})
	}()
	return func() {
		for k, w := range <-seen {
			s := &f.sites[which[k]]
			s.asked, s.seen, s.gaps, s.longest, s.away = true, w.Answer, w.Gaps, w.Longest, w.Away
		}
		if f.ended.IsZero() {
			f.ended = o.clock.Now()
		}
		f.cut = f.cut || ctx.Err() != nil
		f.answeredByWeb()
		f.traceSites()
	}, nil
}

// callInterval of a watch is --interval where it was given.
func (o *options) callInterval() time.Duration {
	if o.Interval == nil {
		return usualCalls
	}
	return max(*o.Interval, closestCalls)
}

// visit asks once, and leaves half of the time to what comes after.
func (o *options) visit(ctx context.Context, list []*url.URL, how web.Options) []web.Answer {
	asking, cancel := share(ctx, 0.6)
	defer cancel()
	if end, bounded := asking.Deadline(); bounded && time.Until(end) > leastWait {
		how.Wait = min(how.Wait, time.Until(end)-100*time.Millisecond)
	}
	return o.net.visit(asking, list, how)
}

// traceSites tells of each call how long each phase took.
func (f *facts) traceSites() {
	for i := range f.sites {
		s := &f.sites[i]
		if !s.asked {
			continue
		}
		outcome := strconv.Itoa(s.seen.Status)
		if s.seen.Status == 0 {
			outcome = s.seen.Err.Error()
		}
		from := ""
		if s.seen.Addr.IsValid() {
			from = " from " + s.seen.Addr.String()
		}
		t := s.seen.Took
		f.evidence = append(f.evidence, fmt.Sprintf("GET %s%s: %s; DNS %s, connect %s, TLS %s, first byte %s",
			s.name(), from, outcome, trip(t[web.Resolving]), trip(t[web.Connecting]), trip(t[web.Shaking]), trip(t[web.Asking])))
	}
}

// answeredByWeb: who drops pings and takes a connection at its own address
// answers all the same.
func (f *facts) answeredByWeb() {
	for i := range f.sites {
		s := &f.sites[i]
		if !s.asked || s.seen.Phase <= web.Connecting {
			continue
		}
		port, err := strconv.Atoi(web.Port(s.url))
		for k := range f.subjects {
			g := &f.subjects[k]
			if err == nil && g.asked && !g.reached() && g.addr == s.seen.Addr {
				g.tcp = &ping.Connection{Target: ping.Target{Name: g.name, Addr: g.addr}, Answered: true, Port: port}
			}
		}
	}
}
