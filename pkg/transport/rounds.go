package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// maxHeader bounds the header of an answer, in bytes.
const maxHeader = 64 << 10

// phase is how far a request has come.
type phase int32

const (
	resolving phase = iota
	connecting
	shaking // TLS handshake
	asking
	reading
)

// attempt follows one request. It travels in the request's context, because
// net/http dials in a goroutine of its own, with a context that keeps the values
// but has lost the deadline. Without a deadline net.Dialer would spend all the
// time on the first address of a name.
type attempt struct {
	phase    atomic.Int32
	deadline time.Time
}

type attemptKey struct{}

func (a *attempt) reach(p phase) { a.phase.Store(int32(p)) }

// rounds is a RoundTripper whose errors are plain sentences and whose bodies
// end.
type rounds struct {
	inner   *http.Transport
	options Options
	resume  *resumption
}

func newRounds(d dialer) *rounds {
	return &rounds{
		options: d.options,
		resume:  d.resume,
		inner: &http.Transport{
			DialTLSContext:         d.dialTLS,
			MaxResponseHeaderBytes: maxHeader,
			// Compressing costs a controller more than the bytes cost the
			// network. Some compress unasked, see newBody.
			DisableCompression: true,
			IdleConnTimeout:    time.Minute,
		},
	}
}

// RoundTrip sends one request.
func (r *rounds) RoundTrip(request *http.Request) (*http.Response, error) {
	where := peer{address: request.URL.Host, options: r.options, over: request.Context().Err}
	if request.URL.Scheme != "https" {
		return nil, &Error{Text: fmt.Sprintf("%s is to be asked without TLS, expected https: anybody on the way could read the credentials", where.address)}
	}
	try := &attempt{}
	try.deadline, _ = request.Context().Deadline()
	ctx := context.WithValue(request.Context(), attemptKey{}, try)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { try.reach(asking) },
	})
	response, err := r.inner.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return nil, where.explain(err, phase(try.phase.Load()))
	}
	if response.Body != nil && response.Body != http.NoBody {
		response.Body = newBody(response, where)
	}
	return response, nil
}

// CloseIdleConnections is what the method of http.Client calls.
func (r *rounds) CloseIdleConnections() { r.inner.CloseIdleConnections() }

// dialer makes the TLS connections.
type dialer struct {
	config   *tls.Config
	options  Options
	resolver *net.Resolver // nil: that of the system
	resume   *resumption   // nil: each handshake is a full one
}

// dialTLS connects to the first address of a name that accepts and shakes
// hands. It runs in a goroutine of net/http, where a panic (of a parser, over a
// hostile certificate) would end the process with the exit code of an alarm.
func (d dialer) dialTLS(ctx context.Context, _, address string) (conn net.Conn, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			conn, err = nil, &handshakeError{fmt.Errorf("it ended in a panic: %v", cause)}
		}
	}()
	try, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return nil, errors.New("dialled outside a request")
	}
	if !try.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, try.deadline)
		defer cancel()
	}
	known := d.resume.of(address)
	conn, err = d.shake(ctx, try, address, known)
	if failed, is := errors.AsType[*handshakeError](err); is && known.refused(failed.err) && ctx.Err() == nil {
		conn, err = d.shake(ctx, try, address, known)
	}
	return conn, err
}

// shake connects and shakes hands once.
func (d dialer) shake(ctx context.Context, try *attempt, address string, known *session) (net.Conn, error) {
	plain := net.Dialer{
		Resolver: d.resolver,
		ControlContext: func(context.Context, string, string, syscall.RawConn) error {
			try.reach(connecting) // the name is resolved
			return nil
		},
	}
	try.reach(resolving)
	tcp, err := plain.DialContext(ctx, d.options.network(), address)
	if err != nil {
		return nil, err
	}
	try.reach(shaking)
	secured := tls.Client(tcp, d.configFor(address, known))
	if err := secured.HandshakeContext(ctx); err != nil {
		tcp.Close() // what matters is why the handshake failed
		return nil, &handshakeError{err}
	}
	return secured, nil
}

// configFor adds the name that the certificate has to bear.
func (d dialer) configFor(address string, known *session) *tls.Config {
	config := d.config.Clone()
	config.ServerName = nameIn(address)
	if known == nil {
		return config
	}
	config.ClientSessionCache = known
	verify := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		known.shaken(state.DidResume)
		if verify == nil {
			return nil
		}
		return verify(state)
	}
	return config
}

// nameIn is the name that a certificate of host:port has to bear. None bears the
// zone of a link-local address.
func nameIn(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut(host, "%")
	}
	return host
}

// handshakeError tells a failed handshake from a failed request.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.err.Error() }

func (e *handshakeError) Unwrap() error { return e.err }
