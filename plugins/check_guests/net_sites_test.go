package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/web"
)

// site reads how a web site answers. All others answer 200 after 45 ms.
func (f *fakeNet) site(host string, words []string) (err error) {
	a := web.Watched{Answer: wellAnswered(host, f.names)}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		text := strings.ReplaceAll(value, "_", " ")
		switch key {
		case "status":
			a.Status, err = strconv.Atoi(value)
		case "took":
			a.Took[web.Asking], err = time.ParseDuration(value)
		case "flaw":
			a.Flaw = text
		case "addr":
			a.Addr, err = netip.ParseAddr(value)
		case "gap":
			var low, high int
			_, err = fmt.Sscanf(value, "%d-%d", &low, &high)
			a.Gaps, a.Longest = 1, web.Gap{AtLeast: time.Duration(low) * time.Millisecond, AtMost: time.Duration(high) * time.Millisecond, Unbounded: high == 0, Phase: web.Connecting}
		case "hung":
			a.Longest.Phase = web.Asking
		case "away":
			a.Away, err = time.ParseDuration(value)
		case "slow": // it takes the connection
			a.Status, a.Phase, a.Err = 0, web.Asking, errors.New(text)
		case "silent":
			a.Status, a.Phase, a.Err = 0, web.Connecting, errors.New(text)
		case "own":
			a.Status, a.Phase, a.Err, a.Own = 0, web.Resolving, errors.New(text), true
		default:
			err = errors.New("no such word")
		}
		if err != nil {
			return err
		}
	}
	f.sites[host] = a
	return nil
}

func wellAnswered(host string, names map[string]string) web.Answer {
	a := web.Answer{Status: 200, Phase: web.Answered, Took: [web.Answered]time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 10 * time.Millisecond}}
	for _, text := range []string{host, names[host]} {
		if addr, err := netip.ParseAddr(text); err == nil {
			a.Addr = addr
		}
	}
	return a
}

func (f *fakeNet) visit(_ context.Context, sites []*url.URL, _ web.Options) []web.Answer {
	var out []web.Answer
	for _, u := range sites {
		out = append(out, f.seen(u).Answer)
	}
	return out
}

func (f *fakeNet) follow(_ context.Context, sites []*url.URL, _ web.WatchOptions) []web.Watched {
	var out []web.Watched
	for _, u := range sites {
		out = append(out, f.seen(u))
	}
	return out
}

func (f *fakeNet) seen(u *url.URL) web.Watched {
	if w, told := f.sites[u.Hostname()]; told {
		return w
	}
	return web.Watched{Answer: wellAnswered(u.Hostname(), f.names)}
}

// TestThousandsOfSites: the first too many is said, and nobody is asked.
func TestThousandsOfSites(t *testing.T) {
	urls := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("https://shop%d.example.net/", i))
		}
		return out
	}
	if got, err := sites(urls(mostSites)); err != nil || len(got) != mostSites {
		t.Errorf("%d sites, %v", len(got), err)
	}
	if _, err := sites(urls(5000)); err == nil || err.Error() != "--http: expected at most 256 sites, got 5000" {
		t.Errorf("%v", err)
	}
	if got, err := sites(slices.Repeat(urls(1), mostSites)); err != nil || len(got) != 1 {
		t.Errorf("the same one again: %d sites, %v", len(got), err)
	}
}
