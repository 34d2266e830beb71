package pve

import (
	"bytes"
	"encoding/json"
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
	"strconv"
	"strings"
	"sync"
	"time"
)

// Sim is a running cluster.
type Sim struct {
	World  *World
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
		if err := a.http.Serve(s.identity.listener(quiet{l, a})); !errors.Is(err, http.ErrServerClosed) {
			s.problem(err)
		}
	}()
	return nil
}

// quiet is the listener of a node that may be without power: then, as with a
// host that is off, nobody answers.
type quiet struct {
	net.Listener
	api *api
}

func (q quiet) Accept() (net.Conn, error) {
	for {
		c, err := q.Listener.Accept()
		if err != nil {
			return nil, err
		}
		up := false
		q.api.sim.World.look(func() { up = q.api.node.up })
		if up && !q.api.sim.faults.silent(q.api.node.Name) {
			return c, nil
		}
		go func() {
			<-q.api.sim.done
			q.api.sim.problem(c.Close())
		}()
	}
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
		if err := s.World.Do(line); err != nil {
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

// CAFile writes the authority's certificate to a file.
func (s *Sim) CAFile(dir string) (string, error) {
	name := filepath.Join(dir, "pve-root-ca.pem")
	return name, os.WriteFile(name, s.identity.ca, 0o600)
}

// Fingerprint is the SHA-256 of every node's certificate.
func (s *Sim) Fingerprint() string { return s.identity.fingerprint }

const base = "/api2/json"

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), base)
	kind := a.record(r.Method, path)
	if !strings.HasPrefix(r.URL.Path, base+"/") {
		a.write(w, "200 OK", "text/html", fmt.Appendf(nil, page, "Proxmox Virtual Environment"))
		return
	}
	status, body, delay := a.answer(r, path)
	if !a.sim.pause(r, delay) {
		return
	}
	switch kind {
	case "":
		contentType := "application/json;charset=UTF-8"
		if body == nil {
			contentType = ""
		}
		a.write(w, status, contentType, body)
	case Hang:
		<-a.sim.done
	case Drip:
		a.drip(w, body)
	case Huge:
		a.write(w, "200 OK", "application/json", slices.Concat([]byte(`{"data":"`), bytes.Repeat([]byte("x"), 64<<20), []byte(`"}`)))
	default:
		status, contentType, body, announced := broken(kind, body)
		a.raw(w, status, contentType, body, announced)
	}
}

func (a *api) record(method, path string) (fault string) {
	one := Request{Asked: a.node.Name, Method: method, Path: path}
	if rest, is := strings.CutPrefix(path, "/nodes/"); is {
		one.Node, _, _ = strings.Cut(rest, "/")
		a.sim.World.look(func() {
			n := a.sim.World.node(one.Node)
			one.Offline = n == nil || !a.node.sees(n)
		})
	}
	a.sim.mu.Lock()
	a.sim.requests = append(a.sim.requests, one)
	a.sim.mu.Unlock()
	return a.sim.faults.hit(a.node.Name, path)
}

// pause waits in real time and says whether anybody still listens.
func (s *Sim) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.done:
	}
	return false
}

// answer is the status line without the protocol, the body, and how long it
// takes.
func (a *api) answer(r *http.Request, path string) (status string, body []byte, delay time.Duration) {
	w := a.sim.World
	var data any
	var bad *refusal
	w.look(func() {
		if bad = refuse(r, path); bad != nil {
			return
		}
		rights, no := w.authenticate(r.Header.Get("Authorization"))
		if bad = no; bad != nil {
			return
		}
		plain, err := url.PathUnescape(path)
		if err != nil {
			bad = &refusal{code: 400, reason: "Parameter verification failed."}
			return
		}
		q := question{w, a.node, rights, strings.Split(strings.Trim(plain, "/"), "/")}
		if data, bad = q.answer(); bad == nil {
			// Encoded while the world is locked.
			body, err = json.Marshal(object{"data": data})
			a.sim.problem(err)
		}
	})
	if bad == nil {
		return "200 OK", body, 0
	}
	status = fmt.Sprintf("%d %s", bad.code, bad.reason)
	if bad.bare || bad.code == http.StatusUnauthorized {
		return status, nil, bad.delay
	}
	// Before 8.4 the reason phrase is the only place that tells the cause.
	answer := object{"data": nil}
	if (question{w: w}).release(8, 4) {
		answer["message"] = bad.reason + "\n"
	}
	body, err := json.Marshal(answer)
	a.sim.problem(err)
	return status, body, bad.delay
}

func refuse(r *http.Request, path string) *refusal {
	switch {
	case r.Method != http.MethodGet:
		return &refusal{code: 501, reason: fmt.Sprintf("Method '%s %s' not implemented", r.Method, path)}
	case r.ContentLength > 0:
		return &refusal{code: 501, reason: "Unexpected content for method 'GET'"}
	}
	return nil
}

func (w *World) authenticate(header string) (rights, *refusal) {
	token, is := strings.CutPrefix(header, "PVEAPIToken")
	if !is || token == "" {
		return nil, &refusal{code: 401, reason: "No ticket", delay: w.config.DeniedDelay}
	}
	// The second separator, between token id and value, may be a blank.
	grants, known := w.config.Tokens[strings.Replace(token[1:], " ", "=", 1)]
	if !known {
		return nil, &refusal{code: 401, reason: "Authentication failed!", delay: w.config.DeniedDelay}
	}
	return grants, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
