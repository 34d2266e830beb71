package pve

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/test/sim/wire"
)

// Sim is a running cluster.
type Sim struct {
	World *World
	// Wire counts what goes over the nodes' connections.
	Wire   wire.Counter
	faults *faults

	mu       sync.Mutex
	requests []Request
	problems []error

	identity identity
	servers  []*api
	done     chan struct{}
	once     sync.Once
}

// Request is one that was made.
type Request struct {
	Asked  string // the node
	Method string
	Path   string
	// Node is the one behind /nodes/NODE/, Offline that it was out of reach.
	Node    string
	Offline bool
}

// api is the listener of one node.
type api struct {
	sim      *Sim
	node     *node
	listener net.Listener
	http     *http.Server
}

// TB is the part of a test that the simulator needs.
type TB interface {
	Helper()
	TempDir() string
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start runs a cluster until the test ends.
func Start(tb TB, c Config) *Sim {
	tb.Helper()
	s, err := Run(c)
	if err != nil {
		tb.Fatalf("starting the simulator: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Run runs a cluster until it is closed.
func Run(c Config) (*Sim, error) {
	c = c.filled()
	id, err := newIdentity(c.Nodes)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	s := &Sim{World: newWorld(c), faults: new(faults), identity: id, done: make(chan struct{})}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, err
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	for i, n := range s.World.nodes {
		if first > 0 {
			port = strconv.Itoa(first + i)
		}
		if err := s.listen(n, net.JoinHostPort(host, port)); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Sim) listen(n *node, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening for %s: %w", n.Name, err)
	}
	a := &api{sim: s, node: n, listener: l}
	a.http = &http.Server{Handler: a, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	s.servers = append(s.servers, a)
	go func() {
		if err := a.http.Serve(s.identity.listener(quiet{l, a}, &s.Wire)); !errors.Is(err, http.ErrServerClosed) {
			s.problem(err)
		}
	}()
	return nil
}

// Close stops the simulator.
func (s *Sim) Close() {
	s.once.Do(func() {
		close(s.done)
		for _, a := range s.servers {
			s.problem(a.http.Close())
		}
	})
}

func (s *Sim) problem(err error) {
	if err == nil || errors.Is(err, net.ErrClosed) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, err)
}

// Address of a node's API, host:port. A name that is no node's is a mistake in
// a test.
func (s *Sim) Address(node string) string {
	for _, a := range s.servers {
		if a.node.Name == node {
			return a.listener.Addr().String()
		}
	}
	panic("no node " + node)
}

// Addresses of the nodes named, or of all, as -H takes them.
func (s *Sim) Addresses(nodes ...string) string {
	var out []string
	for _, a := range s.servers {
		if len(nodes) == 0 || slices.Contains(nodes, a.node.Name) {
			out = append(out, a.listener.Addr().String())
		}
	}
	return strings.Join(out, ",")
}

// Advance moves the world's clock.
func (s *Sim) Advance(d time.Duration) {
	s.World.config.Clock.Advance(d)
	s.World.look(func() {})
}

// Must lets something happen in the control language and panics when it cannot.
func (s *Sim) Must(lines ...string) {
	for _, line := range lines {
		if err := s.Do(line); err != nil {
			panic(err)
		}
	}
}

// Requests returns what was asked since the last call.
func (s *Sim) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

// Violations lists what no check may ever do: write, or ask for a node that is
// out of reach.
func Violations(requests []Request) []string {
	var out []string
	for _, r := range requests {
		switch {
		case r.Method != http.MethodGet:
			out = append(out, "a write: "+r.Method+" "+r.Path)
		case r.Offline:
			out = append(out, "asked for a node out of reach: "+r.Path)
		}
	}
	return out
}

// CA is the certificate, in PEM, of the authority that signed the nodes'.
func (s *Sim) CA() []byte { return s.identity.ca }

// Nodes lists the nodes' names.
func (s *Sim) Nodes() []string {
	var out []string
	for _, a := range s.servers {
		out = append(out, a.node.Name)
	}
	return out
}

// Fingerprint is the SHA-256 of every node's certificate.
func (s *Sim) Fingerprint() string { return s.identity.fingerprint }
