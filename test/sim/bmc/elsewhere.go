package bmc

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// Elsewhere is a second host, to which faults lead. It has a certificate of
// the same authority, answers everything with an empty document, and remembers
// what it was told.
type Elsewhere struct {
	URL string

	server *httptest.Server
	mu     sync.Mutex
	seen   []Visit
}

// Visit is one request to the second host.
type Visit struct {
	Method, Path string
	// Secrets are what came with it that nobody else may see: the headers
	// Authorization, X-Auth-Token and Cookie, and any body.
	Secrets []string
}

// Elsewhere returns the second host, started when it is first needed.
func (s *Sim) Elsewhere() *Elsewhere {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	if s.elsewhere != nil {
		return s.elsewhere
	}
	e := new(Elsewhere)
	e.server = httptest.NewUnstartedServer(e)
	e.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if s.server.TLS == TLSNone {
		e.server.Start()
	} else {
		e.server.TLS = &tls.Config{Certificates: []tls.Certificate{s.identity.certificate}}
		e.server.StartTLS()
	}
	e.URL = e.server.URL
	s.elsewhere = e
	return e
}

// ServeHTTP remembers a request.
func (e *Elsewhere) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := Visit{Method: r.Method, Path: r.URL.RequestURI()}
	for _, key := range []string{"Authorization", "X-Auth-Token", "Cookie"} {
		if value := r.Header.Get(key); value != "" {
			v.Secrets = append(v.Secrets, key+": "+value)
		}
	}
	// What could be read of a body is what could be seen.
	if body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16)); len(body) > 0 {
		v.Secrets = append(v.Secrets, string(body))
	}
	e.mu.Lock()
	e.seen = append(e.seen, v)
	e.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	// A client that left needs no answer.
	_, _ = io.WriteString(w, `{"Name":"elsewhere"}`)
}

// Visits returns the requests that came so far.
func (e *Elsewhere) Visits() []Visit {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}
