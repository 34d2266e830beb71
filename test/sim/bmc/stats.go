package bmc

import (
	"errors"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/wire"
)

// Stats is what a controller was asked and what came of it.
type Stats struct {
	// Requests in the order in which they came; the last 10,000.
	Requests []Request
	// Count of all requests, and of each "GET /redfish/v1/Chassis".
	Count  int
	ByPath map[string]int
	// Connections accepted, TLS handshakes completed, those of them that resumed
	// a session, bytes sent and received.
	Connections, Handshakes, Resumed int
	Bytes, Received                  int64
	// Logins by session, wrong passwords by either way, requests answered with
	// 401, logins refused because the account was locked or no session left.
	Logins, WrongPasswords, Unauthorized, Locked, Exhausted int
	// Sessions open now, and the most that were open at once.
	Sessions, MostSessions int
	// Violations are what must never happen: a write other than logging in and
	// out, a request for a RAID or storage enclosure.
	Violations []string
	// Broken are failures of the simulator itself.
	Broken []string
	// IPMI is the same for that side; nil when there is none.
	IPMI *ipmi.Stats
}

// Request is one request.
type Request struct {
	Method, Path, Query string
	Auth                string // "basic", "token" or "none"
	Status              int    // 0 when nothing was answered
}

// most is how many requests are remembered one by one.
const most = 10_000

// enclosure matches the chassis of storage controllers: asking for one restarts
// an iDRAC (check_redfish, comment in its source).
var enclosure = regexp.MustCompile(`/Chassis/[^/]*(?:RAID|Enclosure\.Internal)`)

type stats struct {
	mu sync.Mutex
	Stats
}

func newStats() *stats {
	return &stats{Stats: Stats{ByPath: map[string]int{}}}
}

// request notes a request and returns where its status is to be noted.
func (s *stats) request(r *http.Request) func(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Count++
	s.ByPath[r.Method+" "+r.URL.Path]++
	auth := "none"
	switch {
	case r.Header.Get("X-Auth-Token") != "":
		auth = "token"
	case r.Header.Get("Authorization") != "":
		auth = "basic"
	}
	if enclosure.MatchString(r.URL.Path) {
		s.Violations = append(s.Violations, "asked for a storage enclosure: "+r.Method+" "+r.URL.Path)
	}
	if len(s.Requests) == most {
		s.Requests = slices.Delete(s.Requests, 0, most/2)
	}
	s.Requests = append(s.Requests, Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Auth: auth})
	number := s.Count
	return func(status int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := len(s.Requests) - 1 - (s.Count - number); i >= 0 {
			s.Requests[i].Status = status
		}
	}
}

func (s *stats) do(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.Stats)
}

func (s *stats) connection() { s.do(func(s *Stats) { s.Connections++ }) }
func (s *stats) sent(n int)  { s.do(func(s *Stats) { s.Bytes += int64(n) }) }
func (s *stats) got(n int)   { s.do(func(s *Stats) { s.Received += int64(n) }) }

func (s *stats) handshake(resumed bool) {
	s.do(func(s *Stats) {
		s.Handshakes++
		if resumed {
			s.Resumed++
		}
	})
}

func (s *stats) violation(text string) {
	s.do(func(s *Stats) { s.Violations = append(s.Violations, text) })
}

// broke notes an error that is not the doing of a client who left.
func (s *stats) broke(err error) {
	if err == nil || errors.Is(err, net.ErrClosed) {
		return
	}
	s.do(func(s *Stats) { s.Broken = append(s.Broken, err.Error()) })
}

// Stats returns what happened so far.
func (s *Sim) Stats() Stats {
	open, peak := s.sessions.count()
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	out := s.stats.Stats
	out.Requests = slices.Clone(out.Requests)
	out.ByPath = maps.Clone(out.ByPath)
	out.Violations = slices.Clone(out.Violations)
	out.Broken = slices.Clone(out.Broken)
	out.Sessions, out.MostSessions = open, peak
	if s.ipmi != nil {
		other := s.ipmi.Stats()
		out.IPMI = &other
	}
	return out
}

// Wire is the same about its connections, as the other simulators tell it.
func (s *Sim) Wire() wire.Count {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	n := s.stats.Stats
	return wire.Count{Connections: n.Connections, Full: n.Handshakes - n.Resumed, Resumed: n.Resumed, Sent: n.Bytes, Received: n.Received}
}

// Forget begins counting anew; open sessions stay.
func (s *Sim) Forget() {
	s.stats.do(func(s *Stats) { *s = Stats{ByPath: map[string]int{}} })
	if s.ipmi != nil {
		s.ipmi.Forget()
	}
}
