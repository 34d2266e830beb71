package ceph

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/test/sim/wire"
)

// Sim is a cluster that listens.
type Sim struct {
	World *World
	// Dashboards are the addresses of the mgrs' dashboards, in the order of the
	// mgrs; API that of Proxmox VE on the first host.
	Dashboards []string
	API        string
	// Questions is where the ceph command asks, Control where Do is reached:
	// plain HTTP on loopback.
	Questions, Control string
	// Wire counts what goes over connections with TLS.
	Wire wire.Counter

	certificate tls.Certificate
	addresses   map[string]string
	heard       heard
	maintenance []string // nodes that Proxmox VE has in HA maintenance

	mu       sync.Mutex
	tokens   map[string]time.Time
	logins   int
	requests []string

	servers []*http.Server
	done    chan struct{}
	once    sync.Once
}

// TB is the part of a test that the simulator needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start runs a cluster until the test ends.
func Start(tb TB, c Config) *Sim {
	tb.Helper()
	s, err := Run(c, "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("starting the simulator: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Run runs a cluster until it is closed. All that does not stand for a device
// listens at an address of its own on the host of listen; control is at listen.
func Run(c Config, listen string) (*Sim, error) {
	certificate, err := newCertificate()
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	s := &Sim{World: New(c), certificate: certificate, addresses: map[string]string{}, tokens: map[string]time.Time{}, done: make(chan struct{})}
	s.listen()
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	any := net.JoinHostPort(host, "0")
	if s.Control, err = s.serve(listen, http.HandlerFunc(s.control), false); err == nil {
		s.Questions, err = s.serve(any, http.HandlerFunc(s.answer), false)
	}
	if err == nil {
		err = s.serveDashboards()
	}
	if err == nil {
		s.API, err = s.serve(any, s.PVE(s.World.config.Hosts[0].Name), true)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// serveDashboards listens at one port on an address of its own for each mgr, as
// the mgrs of a cluster do.
func (s *Sim) serveDashboards() error {
	port := "0"
	for i, m := range s.World.mgrs {
		at, err := s.serve(fmt.Sprintf("127.0.0.%d:%s", 1+i, port), s.dashboard(m.Name), true)
		if err != nil {
			return err
		}
		if _, port, err = net.SplitHostPort(at); err != nil {
			return err
		}
		s.addresses[m.Name] = at
		s.Dashboards = append(s.Dashboards, at)
	}
	return nil
}

func (s *Sim) serve(address string, h http.Handler, secure bool) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	at := l.Addr().String()
	if secure {
		l = tls.NewListener(s.Wire.Listen(l), &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS12, VerifyConnection: s.Wire.Shaken})
	}
	server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	s.servers = append(s.servers, server)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.Close()
		}
	}()
	return at, nil
}

// Do lets something happen in the cluster, see [World.Do]; maintenance?node=N
// (on=0: no more) is about Proxmox VE.
func (s *Sim) Do(line string) error {
	if query, found := strings.CutPrefix(line, "maintenance?"); found {
		return s.maintain(query)
	}
	return s.World.Do(line)
}

func (s *Sim) maintain(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return err
	}
	node := values.Get("node")
	s.World.look(func() {
		s.maintenance = slices.DeleteFunc(s.maintenance, func(n string) bool { return n == node })
		if values.Get("on") != "0" {
			s.maintenance = append(s.maintenance, node)
		}
	})
	return nil
}

// control does what is posted, a line at a time.
func (s *Sim) control(out http.ResponseWriter, r *http.Request) {
	line, err := io.ReadAll(http.MaxBytesReader(out, r.Body, 1<<16))
	if err == nil {
		err = s.Do(string(line))
	}
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	out.WriteHeader(http.StatusNoContent)
}

// answer is for the ceph command: a question in the body, the caps of its key
// in the query.
func (s *Sim) answer(out http.ResponseWriter, r *http.Request) {
	question, err := io.ReadAll(http.MaxBytesReader(out, r.Body, 1<<16))
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	s.note(r)
	raw, err := json.Marshal(s.World.Ask(string(question), r.URL.Query().Get("caps")))
	if err != nil {
		http.Error(out, err.Error(), http.StatusInternalServerError)
		return
	}
	// a command that left needs no answer
	_, _ = out.Write(raw)
}

// hang answers nothing until the client leaves or the simulator ends. To return
// then would send an empty answer with status 200, which a client that is only
// about to close its connection still reads.
func (s *Sim) hang(r *http.Request) {
	if !s.World.config.Curt {
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
	}
	panic(http.ErrAbortHandler)
}

func (s *Sim) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
}

// Requests lists what was asked since the last call.
func (s *Sim) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

// Fingerprint of the certificate of dashboards and API: SHA-256 in hex.
func (s *Sim) Fingerprint() string {
	sum := sha256.Sum256(s.certificate.Certificate[0])
	return hex.EncodeToString(sum[:])
}

// Files writes ceph.conf and keyrings for the ceph command of this simulator
// into dir: client.nagios may ask monitors and mgr, client.mon only monitors.
func (s *Sim) Files(dir string) error {
	files := map[string]string{
		"ceph.conf":                  "[global]\nfsid = " + s.World.config.FSID + "\nmon host = " + s.Questions + "\n",
		"ceph.client.nagios.keyring": "[client.nagios]\n\tkey = good\n",
		"ceph.client.mon.keyring":    "[client.mon]\n\tkey = good\n",
		"wrong.keyring":              "[client.nagios]\n\tkey = wrong\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Close stops the simulator.
func (s *Sim) Close() {
	s.once.Do(func() {
		close(s.done)
		for _, server := range s.servers {
			// it ends with us anyway
			_ = server.Close()
		}
	})
}

// reset is what a machine without power, or without a mgr, answers.
func reset(out http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(out).Hijack(); err == nil {
		// nobody is there
		_ = conn.Close()
	}
}

func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, nil
}
