package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/web"
)

// site is a web site, and what was seen of it.
type site struct {
	url *url.URL
	// guest whose site it is, 0 when only its address can tell.
	guest int
	asked bool
	seen  web.Answer
	// gaps are those of a watch.
	gaps    int
	longest web.Gap
	away    time.Duration
}

const (
	// mostSites are asked at once.
	mostSites  = 256
	longestURL = 2000
)

// sites reads --http.
func sites(values []string) ([]site, error) {
	if len(values) > mostSites {
		return nil, fmt.Errorf("--http: expected at most %d sites, got %d", mostSites, len(values))
	}
	var out []site
	for _, v := range values {
		s, err := readSite(v)
		if err != nil {
			return nil, fmt.Errorf("--http: %w", err)
		}
		same := func(o site) bool { return o.guest == s.guest && o.url.String() == s.url.String() }
		if !slices.ContainsFunc(out, same) {
			out = append(out, s)
		}
	}
	return out, nil
}

const expectedSite = "expected URL or ID=URL such as https://www.example.net/ or 103=https://www.example.net/"

// readSite reads one. What may hold a password is not repeated.
func readSite(text string) (site, error) {
	var s site
	address := text
	if id, rest, found := strings.Cut(text, "="); found && !strings.ContainsAny(id, ":/?") {
		n, err := strconv.Atoi(id)
		if err != nil || n < 1 {
			return s, fmt.Errorf("%s, got %q before the =", expectedSite, shorten(id, 40))
		}
		s.guest, address = n, rest
	}
	if strings.Contains(address, "@") {
		return s, errors.New("an account in the URL, nobody is sent credentials: expected it without")
	}
	u, err := url.Parse(address)
	switch {
	case len(address) > longestURL:
		return s, fmt.Errorf("expected a URL of at most %d characters, got %d", longestURL, len(address))
	case err != nil || u.Opaque != "" || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return s, fmt.Errorf("%s, got %q", expectedSite, shorten(address, 60))
	case !canBeHost(u.Hostname()) || strings.Contains(u.Hostname(), "/") || strings.TrimFunc(u.Hostname(), func(r rune) bool { return r < 0x80 }) != "":
		return s, fmt.Errorf("expected a host name or an address in plain letters, as DNS has it (xn--...), got %q", shorten(u.Host, 60))
	}
	if p := u.Port(); p != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return s, fmt.Errorf("expected a port from 1 to 65535, got %q", shorten(u.Host, 60))
		}
	}
	u.Fragment, u.RawFragment = "", ""
	s.url = u
	return s, nil
}

// name is the URL without its query, which is nobody's business.
func (s *site) name() string {
	shown := url.URL{Scheme: s.url.Scheme, Host: s.url.Host, Path: s.url.Path, RawPath: s.url.RawPath}
	return shorten(shown.String(), 100)
}

func (f *facts) byNumber(id int) *subject {
	for i := range f.subjects {
		if f.subjects[i].guest.ID == id && id > 0 {
			return &f.subjects[i]
		}
	}
	return nil
}

// owner of a site: the guest that was given, else the one at its address. It is
// nil where nobody is, or several are.
func (f *facts) owner(s *site) *subject {
	if s.guest > 0 {
		return f.byNumber(s.guest)
	}
	addr := s.seen.Addr
	if !addr.IsValid() {
		addr, _ = netip.ParseAddr(s.url.Hostname())
	}
	var found *subject
	for i := range f.subjects {
		if g := &f.subjects[i]; addr.IsValid() && g.addr == addr {
			if found != nil {
				return nil
			}
			found = g
		}
	}
	return found
}

// dark says that a site was asked, and is silent by no fault of ours.
func (s *site) dark() bool { return s.asked && (s.seen.Silent() || s.lost()) }

// sitesOf says whether a guest's sites are silent, and whether any was asked.
func (f *facts) sitesOf(g *subject) (dark, asked bool) {
	for i := range f.sites {
		if s := &f.sites[i]; s.asked && !s.seen.Own && f.owner(s) == g {
			asked, dark = true, dark || s.dark()
		}
	}
	return dark, asked
}

// darkSince is since when a guest's sites have been silent, when it was before.
func (f *facts) darkSince(g *subject, before time.Time) time.Time {
	switch dark, asked := f.sitesOf(g); {
	case !dark && asked:
		return time.Time{}
	case dark && (before.IsZero() || before.After(f.now)):
		return f.now
	}
	return before
}

// siteCounts are how many sites answer, of how many that should: those of guests
// that need not run need not either.
func (f *facts) siteCounts() (answer, all int) {
	for _, s := range f.sites {
		if s.seen.Status > 0 {
			answer++
		}
		if s.seen.Status > 0 || s.guest == 0 || !slices.Contains(f.idle, s.guest) {
			all++
		}
	}
	return answer, all
}

// slowest is how long the slowest answer took of the sites that something holds
// for, and whether there was one.
func (f *facts) slowest(holds func(*site) bool) (longest time.Duration, any bool) {
	for i := range f.sites {
		if s := &f.sites[i]; s.seen.Status > 0 && holds(s) {
			longest, any = max(longest, s.seen.Total()), true
		}
	}
	return longest, any
}

// siteKey is its guest's, or its host's.
func (f *facts) siteKey(s *site) string {
	if g := f.owner(s); g != nil {
		return g.key
	}
	return check.Label(s.url.Hostname())
}
