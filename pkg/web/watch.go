package web

import (
	"context"
	"net"
	"net/url"
	"sync"
	"time"
)

// WatchOptions of a watch.
type WatchOptions struct {
	Options
	// Duration in which calls are begun, and Interval between two to a site.
	Duration, Interval time.Duration
}

// Watched is what was seen of a site in a watch.
type Watched struct {
	// Answer is the last one, with the highest status of all and the first flaw of
	// a certificate; where none came, why.
	Answer
	Calls, Failed int
	// Gaps is how often it was away, Longest the longest of them, and Away since
	// when it has been at the end, at least.
	Gaps    int
	Longest Gap
	Away    time.Duration
}

// Watch asks all sites again and again, and measures the longest gap of each. A
// name is resolved until the first connection: what follows is one address.
func Watch(ctx context.Context, sites []*url.URL, o WatchOptions) []Watched {
	return watch(ctx, dialSystem, sites, o)
}

func watch(ctx context.Context, d dial, sites []*url.URL, o WatchOptions) []Watched {
	return each(sites, func(u *url.URL) Watched {
		f := &follower{url: u, o: o, dial: d, began: time.Now()}
		return f.run(ctx)
	})
}

// follower watches one site.
type follower struct {
	url   *url.URL
	o     WatchOptions
	dial  dial
	began time.Time

	mu      sync.Mutex
	pinned  string // the address that took the first connection
	flying  int
	calls   []call
	seen    Watched
	trouble Answer // the last one
}

func (f *follower) run(ctx context.Context) Watched {
	var under sync.WaitGroup
	most := int(f.o.Wait/f.o.Interval) + 2
	for n := 0; ctx.Err() == nil; n++ {
		at := time.Duration(n) * f.o.Interval
		if at >= f.o.Duration {
			break
		}
		if wait := time.Until(f.began.Add(at)); wait <= -f.o.Interval {
			continue // this machine was held up
		} else if !pause(ctx, wait) {
			break
		}
		f.mu.Lock()
		full := f.flying >= most
		if !full {
			f.flying++
		}
		f.mu.Unlock()
		if full {
			continue
		}
		under.Add(1)
		go func() {
			defer func() {
				under.Done()
				_ = recover() // get makes an error of it
			}()
			f.call(ctx)
		}()
	}
	under.Wait()
	if f.seen.Status == 0 {
		f.seen.Answer = f.trouble
	}
	s := silences(f.calls, f.o.Interval)
	f.seen.Gaps, f.seen.Longest, f.seen.Away = s.gaps, s.longest, s.away
	return f.seen
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// call asks once. What this machine kept from being asked, or the end of the time,
// says nothing of the site.
func (f *follower) call(ctx context.Context) {
	start := time.Since(f.began)
	a := get(ctx, f.dialOne, f.url, f.o.Options)
	end := time.Since(f.began)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flying--
	if a.Own {
		if f.trouble.Err == nil {
			f.trouble = a
		}
		return
	}
	f.seen.Calls++
	c := call{start: start, end: end, ok: a.Status > 0, phase: a.Phase}
	f.calls = append(f.calls, c)
	if !c.ok {
		f.seen.Failed++
		f.trouble = a
		return
	}
	f.calls[len(f.calls)-1].phase = a.slowest()
	if a.Status < f.seen.Status {
		a.Status = f.seen.Status
	}
	if f.seen.Flaw != "" {
		a.Flaw = f.seen.Flaw
	}
	f.seen.Answer = a
}

// slowest is the phase that took the longest.
func (a Answer) slowest() Phase {
	longest := Resolving
	for p, took := range a.Took {
		if took > a.Took[longest] {
			longest = Phase(p)
		}
	}
	return longest
}

// dialOne connects to the address that took the first connection, once there was
// one.
func (f *follower) dialOne(ctx context.Context, network, address string, tried func(string)) (net.Conn, error) {
	f.mu.Lock()
	if f.pinned != "" {
		address = f.pinned
	}
	f.mu.Unlock()
	conn, err := f.dial(ctx, network, address, tried)
	if err == nil {
		f.mu.Lock()
		f.pinned = conn.RemoteAddr().String()
		f.mu.Unlock()
	}
	return conn, err
}
