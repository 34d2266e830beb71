// Package web asks web sites whether they answer, as a browser begins to: the
// name, the connection, TLS, the head of the answer. It states how far each got
// and how long that took.
//
// It is net/http's wire format behind a door of its own: one request on one
// connection, no redirect, no proxy, no cookie, no credentials, no body, and 64
// KiB read at most.
package web

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/pkg/transport"
)

// Phase is how far a request has come.
type Phase int

// Phases, in their order. Answered is when the head of the answer is there.
const (
	Resolving Phase = iota
	Connecting
	Shaking // TLS
	Asking
	Answered
)

// Options of all requests.
type Options struct {
	// Wait for each answer.
	Wait time.Duration
	// Network is tcp, tcp4 or tcp6.
	Network string
	// Roots are the authorities that are believed.
	Roots *x509.CertPool
}

// Answer is what came of one request.
type Answer struct {
	// Status of HTTP, 0 where there was no answer.
	Status int
	// Addr was connected to, or tried last.
	Addr netip.Addr
	// Phase that was reached, and how long each took, the last one included.
	Phase Phase
	Took  [Answered]time.Duration
	// Flaw is what is wrong with the certificate, behind "the certificate".
	Flaw string
	// Err says why there is no answer.
	Err error
	// Own errors are this machine's or its DNS's, and say nothing of the site.
	Own bool
}

// Silent says that the site gave no answer, and that it is not our own doing.
func (a Answer) Silent() bool { return a.Status == 0 && !a.Own }

// Total is from the first step to the answer, or to the end of patience.
func (a Answer) Total() (sum time.Duration) {
	for _, d := range a.Took {
		sum += d
	}
	return sum
}

// dial is that of a net.Dialer. It calls tried before each address.
type dial func(ctx context.Context, network, address string, tried func(address string)) (net.Conn, error)

func dialSystem(ctx context.Context, network, address string, tried func(string)) (net.Conn, error) {
	d := net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		tried(address)
		return nil
	}}
	return d.DialContext(ctx, network, address)
}

// Ask asks all sites at once, and ends with ctx.
func Ask(ctx context.Context, sites []*url.URL, o Options) []Answer {
	return ask(ctx, dialSystem, sites, o)
}

func ask(ctx context.Context, d dial, sites []*url.URL, o Options) []Answer {
	return each(sites, func(u *url.URL) Answer { return get(ctx, d, u, o) })
}

// each does something with all sites at once.
func each[T any](sites []*url.URL, do func(*url.URL) T) []T {
	out := make([]T, len(sites))
	var all sync.WaitGroup
	for i, u := range sites {
		all.Add(1)
		go func() {
			defer func() {
				all.Done()
				_ = recover() // get makes an error of it
			}()
			out[i] = do(u)
		}()
	}
	all.Wait()
	return out
}

// request is one that is under way.
type request struct {
	dial   dial
	url    *url.URL
	o      Options
	answer Answer
	began  time.Time // the phase
	left   *io.LimitedReader
	// dialling is shared with the goroutines of net.Dialer.
	dialling struct {
		sync.Mutex
		resolved time.Time
		last     string
	}
}

// most is how many bytes of an answer are read.
const most = 64 << 10

// get asks one site. A panic over what it sent becomes an error.
func get(ctx context.Context, d dial, u *url.URL, o Options) (a Answer) {
	r := &request{dial: d, url: u, o: o, began: time.Now()}
	defer func() {
		if cause := recover(); cause != nil {
			a = Answer{Err: fmt.Errorf("panic over what it sent: %v", cause), Own: true}
		}
	}()
	own, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	err := r.run(own)
	if err == nil {
		return r.answer
	}
	r.pass(r.answer.Phase)
	r.answer.Err, r.answer.Own = r.explain(err), own.Err() == nil && ours(err)
	if name := (*net.DNSError)(nil); errors.As(err, &name) || r.answer.Phase == Resolving {
		r.answer.Own = true
	}
	if ctx.Err() != nil {
		r.answer.Err, r.answer.Own = errors.New("no time was left, -t is too short"), true
	}
	return r.answer
}

// pass notes how long the phase took that is over, and begins the next.
func (r *request) pass(next Phase) {
	now := time.Now()
	r.answer.Took[r.answer.Phase] = now.Sub(r.began)
	r.answer.Phase, r.began = next, now
}

func (r *request) run(ctx context.Context) error {
	conn, err := r.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // what matters is the answer
	defer context.AfterFunc(ctx, func() {
		defer func() { _ = recover() }()
		conn.Close()
	})()
	if r.url.Scheme == "https" {
		r.pass(Shaking)
		secured := tls.Client(conn, r.config())
		if err := secured.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = secured
	}
	r.pass(Asking)
	wire := &http.Request{Method: http.MethodGet, URL: r.url, Host: r.url.Host, Header: http.Header{"User-Agent": {"noout"}, "Accept": {"*/*"}}, Close: true}
	if err := wire.Write(conn); err != nil {
		return err
	}
	r.left = &io.LimitedReader{R: conn, N: most}
	reader := bufio.NewReader(r.left)
	for {
		response, err := http.ReadResponse(reader, wire)
		if err != nil {
			return err
		}
		if response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			r.answer.Status = response.StatusCode
			r.pass(Answered)
			return nil
		}
	}
}

// connect resolves and connects.
func (r *request) connect(ctx context.Context) (net.Conn, error) {
	conn, err := r.dial(ctx, r.o.Network, net.JoinHostPort(r.url.Hostname(), Port(r.url)), r.tried)
	r.dialling.Lock()
	defer r.dialling.Unlock()
	if at := r.dialling.resolved; !at.IsZero() {
		r.answer.Took[Resolving], r.answer.Phase, r.began = at.Sub(r.began), Connecting, at
	}
	last := r.dialling.last
	if err == nil {
		last = conn.RemoteAddr().String()
	}
	if to, bad := netip.ParseAddrPort(last); bad == nil {
		r.answer.Addr = to.Addr().Unmap()
	}
	return conn, err
}

func (r *request) tried(address string) {
	r.dialling.Lock()
	defer r.dialling.Unlock()
	if r.dialling.resolved.IsZero() {
		r.dialling.resolved = time.Now()
	}
	r.dialling.last = address
}

// Port of a URL, the usual one where it names none.
func Port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// config of TLS. Nothing secret goes over the connection, so a certificate that
// is wrong is noted, and the site is asked all the same.
func (r *request) config() *tls.Config {
	name := r.url.Hostname()
	return &tls.Config{ServerName: name, InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
		leaf := s.PeerCertificates[0]
		between := x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			between.AddCert(c)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: r.o.Roots, Intermediates: between}); err != nil {
			r.answer.Flaw = transport.Flaw(leaf, err)
		}
		return nil
	}}
}
