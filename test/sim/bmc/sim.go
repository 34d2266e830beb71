// Package bmc simulates the management controller of a server: Redfish over
// HTTPS and, when wanted, IPMI over UDP in the shape of a vendor, with
// sessions, accounts, certificates and faults, in front of a [world.World]
// whose fans drop out and return.
//
//	sim := bmc.Start(t, bmc.Server{Vendor: bmc.Dell, Clock: world.Still(noon)})
//	sim.Do("drop?fan=3&for=11s")
//	sim.Advance(5 * time.Minute)
//
// It records what it was asked, so that a test can say what must never happen:
// a write, a request for a RAID chassis, a session left open, a password sent
// to somebody else. It shares no code with what it tests.
package bmc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// resources answers requests for resources: a vendor's shape or a recording.
type resources interface {
	Get(path string, query url.Values) (map[string]any, *redfish.Refusal)
}

// Sim is a running controller.
type Sim struct {
	// URL is where it listens, such as https://127.0.0.1:40123, and Host the
	// same without the scheme.
	URL, Host string
	// IPMI is where it listens for IPMI, such as 127.0.0.1:40124; empty when it
	// does not.
	IPMI string
	// World is the server behind it.
	World *world.World

	server    Server
	profile   redfish.Profile
	resources resources
	identity  identity // its certificate
	sessions  *sessions
	faults    *faults
	stats     *stats
	http      *http.Server
	ipmi      *ipmi.Server  // nil: it has none
	done      chan struct{} // closed when the simulator stops
	close     sync.Once
	elsewhere *Elsewhere
	watch     atomic.Pointer[func(Moment)]
	own       own
}

// TB is the part of a test that the simulator needs.
type TB interface {
	Helper()
	TempDir() string
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start runs a controller until the test ends.
func Start(tb TB, s Server) *Sim {
	tb.Helper()
	sim, err := Run(s)
	if err != nil {
		tb.Fatalf("starting the simulator: %v", err)
	}
	tb.Cleanup(sim.Close)
	return sim
}

// New runs a controller; it panics when it cannot, as httptest does.
func New(s Server) *Sim {
	sim, err := Run(s)
	if err != nil {
		panic(err)
	}
	return sim
}

// Serve runs a controller that answers with a recorded tree.
func Serve(tb TB, dir string, s Server) *Sim {
	tb.Helper()
	s.Tree = dir
	return Start(tb, s)
}

// Run runs a controller until it is closed.
func Run(s Server) (*Sim, error) {
	if s.Vendor == "" {
		s.Vendor = Dell
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	profile, err := redfish.For(s.Vendor)
	if err != nil {
		return nil, err
	}
	profile.Machine = s.Machine
	if s.Profile != nil {
		s.Profile(&profile)
	}
	profile.World.Clock = s.Clock
	if s.World != nil {
		s.World(&profile.World)
	}
	s = s.filled(profile)
	sim := &Sim{server: s, profile: profile, World: world.New(profile.World), done: make(chan struct{})}
	if sim.resources, err = sim.shape(); err != nil {
		return nil, err
	}
	sim.stats = newStats()
	sim.sessions = newSessions(sim)
	sim.faults = new(faults)
	if err := sim.serveIPMI(); err != nil {
		return nil, err
	}
	if err := sim.listen(); err != nil {
		return nil, errors.Join(err, sim.closeIPMI())
	}
	return sim, nil
}

// shape is what is served: a recorded tree or a vendor's resources.
func (s *Sim) shape() (resources, error) {
	if s.server.Tree != "" {
		return readTree(s.server.Tree, s.server.Expand)
	}
	switch s.server.Expand {
	case ExpandOff:
		s.profile.Expand = 0
	case ExpandOn:
		s.profile.Expand = max(s.profile.Expand, 1)
	}
	return said{redfish.New(s.profile, s.World), s.server.Expand}, nil
}

func (s *Sim) listen() error {
	inner, err := net.Listen("tcp", s.server.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	listener, err := s.secure(&listener{Listener: inner, sim: s})
	if err != nil {
		return errors.Join(err, inner.Close())
	}
	s.Host = inner.Addr().String()
	s.URL = s.server.TLS.scheme() + "://" + s.Host
	s.http = &http.Server{
		Handler: s, ConnContext: within, ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 5 * time.Minute, // longer than any test's own deadline
	}
	go func() {
		err := s.http.Serve(listener)
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.stats.broke(err)
		}
	}()
	return nil
}

// Close stops the simulator and everything that waits in it.
func (s *Sim) Close() {
	s.close.Do(func() {
		close(s.done)
		s.stats.broke(s.http.Close())
		s.stats.broke(s.closeIPMI())
		s.stats.mu.Lock()
		defer s.stats.mu.Unlock()
		if s.elsewhere != nil {
			s.elsewhere.server.Close()
		}
	})
}

// Advance moves the true time of the world forward, and with it the
// controller's clock.
func (s *Sim) Advance(d time.Duration) { s.World.Clock().Advance(d) }

// CA returns the certificate, in PEM, that a client has to trust.
func (s *Sim) CA() []byte { return s.identity.ca }

// Fingerprint returns the SHA-256 of the server's certificate in hexadecimal.
func (s *Sim) Fingerprint() string { return s.identity.fingerprint }

// CAFile writes the certificate that a client has to trust to a file.
func (s *Sim) CAFile(tb TB) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "ca.pem")
	if err := os.WriteFile(name, s.CA(), 0o600); err != nil {
		tb.Fatalf("writing the certificate: %v", err)
	}
	return name
}

// pause waits for d, or for ever when it is 0, and says whether the exchange
// may go on: not when the client left or the simulator stops.
func (s *Sim) pause(ctx context.Context, d time.Duration) bool {
	var after <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-after:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}
