// Package bmc simulates the management controller of a server: Redfish over
// HTTPS in the shape of a vendor, with sessions, accounts, certificates and
// faults, in front of a [world.World] whose fans drop out and return.
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
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// Vendor names the shape of a controller.
type Vendor = redfish.Vendor

// Vendors.
const (
	Dell       = redfish.Dell
	Dell8      = redfish.Dell8
	HPE        = redfish.HPE
	HPE7       = redfish.HPE7
	Lenovo     = redfish.Lenovo
	Supermicro = redfish.Supermicro
	OpenBMC    = redfish.OpenBMC
	AMI        = redfish.AMI
	Cisco      = redfish.Cisco
	Intel      = redfish.Intel
	GB200      = redfish.GB200
)

// The account there is when [Server] names none.
const (
	Username = "monitor"
	Password = "correct horse battery staple"
)

// Server is one simulated controller. The zero value is a Dell.
type Server struct {
	Vendor Vendor
	// Tree is a directory with a recorded tree in the long form of DMTF's
	// mockups (a file index.json for each resource). It is served as it is,
	// in place of a vendor's shape; the world then has only a clock.
	Tree string
	// Expand changes what is said and done about $expand.
	Expand Expand
	// World changes the vendor's usual server before it is made.
	World func(*world.Config)
	// Profile changes the vendor's habits: page size, sessions, queries.
	Profile func(*redfish.Profile)
	// Clock is the true time; nil is the machine's.
	Clock *world.Clock
	// Username and Password are those of the account; empty: the package's.
	Username, Password string
	Auth               Auth
	// Sessions is how many may be open at once; 0 means 4.
	Sessions int
	// Idle ends a session that nobody uses; 0: as the vendor says.
	Idle time.Duration
	// Strikes is how many wrong passwords lock the account for LockFor (0: ten
	// minutes); 0 means 3.
	Strikes int
	LockFor time.Duration
	TLS     TLS
	// NoDate leaves out the Date header.
	NoDate bool
	Listen string // "" means 127.0.0.1:0
}

// Auth is which logins a controller accepts.
type Auth string

// AnyAuth accepts both ways, SessionsOnly refuses basic authentication as
// hardened controllers do, BasicOnly has no sessions left, Open asks nothing.
const (
	AnyAuth      Auth = ""
	SessionsOnly Auth = "sessions"
	BasicOnly    Auth = "basic"
	Open         Auth = "open"
)

// Expand is what a controller says and does about $expand.
type Expand string

// Expand values: as the vendor does, never, always.
const (
	ExpandAsVendor Expand = ""
	ExpandOff      Expand = "off"
	ExpandOn       Expand = "on"
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
	done      chan struct{} // closed when the simulator stops
	close     sync.Once
	elsewhere *Elsewhere
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
	if err := sim.listen(); err != nil {
		return nil, err
	}
	return sim, nil
}

// check refuses settings that there are not.
func (s Server) check() error {
	for _, c := range []struct{ what, value, known string }{
		{"TLS", string(s.TLS), " selfsigned expired wrongname rsa tls10 none"},
		{"authentication", string(s.Auth), " sessions basic open"},
		{"$expand", string(s.Expand), " off on"},
	} {
		if !slices.Contains(strings.Split(c.known, " "), c.value) {
			return fmt.Errorf("%s %q: there are %q", c.what, c.value, strings.Fields(c.known))
		}
	}
	return nil
}

// filled puts what is usual where nothing was said.
func (s Server) filled(p redfish.Profile) Server {
	if s.Username == "" {
		s.Username, s.Password = Username, Password
	}
	if s.Sessions == 0 {
		s.Sessions = 4
	}
	if s.Idle == 0 {
		s.Idle = time.Duration(p.Timeout) * p.Unit
	}
	if s.Strikes == 0 {
		s.Strikes = 3
	}
	if s.LockFor == 0 {
		s.LockFor = 10 * time.Minute
	}
	if s.Listen == "" {
		s.Listen = "127.0.0.1:0"
	}
	return s
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
		Handler: s, ErrorLog: log.New(io.Discard, "", 0),
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
