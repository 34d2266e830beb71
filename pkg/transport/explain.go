package transport

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Error is what went wrong with a request, in one plain sentence that names
// the address and, where there is one, the next step. It holds no credentials.
type Error struct {
	Text string
	Err  error // the cause, for errors.Is
}

func (e *Error) Error() string { return e.Text }

func (e *Error) Unwrap() error { return e.Err }

// Explain returns the plain sentence in an error of the client, without the
// method and URL that net/http puts in front of it. Any other error comes back
// as it is, nil included.
func Explain(err error) error {
	if plain, is := errors.AsType[*Error](err); is {
		return plain
	}
	if wrapped, is := errors.AsType[*url.Error](err); is {
		return wrapped.Err
	}
	return err
}

// maxText bounds a sentence, in bytes.
const maxText = 500

// peer is the other side of a request, for sentences about it.
type peer struct {
	address string // host:port
	options Options
	over    func() error // why the request's context ended, nil before
}

func (p peer) explain(err error, reached phase) error {
	if plain, is := errors.AsType[*Error](err); is {
		return plain
	}
	// A context may end with a cause of its own, which net/http returns alone,
	// and net.Dialer sees the deadline a moment before the context does.
	ended := p.over()
	if ended == nil && errors.Is(err, os.ErrDeadlineExceeded) {
		ended = context.DeadlineExceeded
	}
	if ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	var handshake *handshakeError
	var text string
	switch {
	case errors.Is(err, context.Canceled):
		text = p.address + ": interrupted"
	case isTimeout(err):
		text = p.late(err, reached)
	case errors.As(err, &handshake):
		text = p.handshake(handshake.err)
	case strings.HasPrefix(err.Error(), "net/http: invalid"): // says which header, not its value
		text = "the request to " + p.address + " cannot be sent: " + strings.TrimPrefix(err.Error(), "net/http: ")
	case reached == resolving || reached == connecting:
		text = p.unconnected(err)
	default:
		text = p.broken(err)
	}
	return &Error{Text: bounded(text, maxText), Err: err}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// late explains that the time was over.
func (p peer) late(err error, reached phase) string {
	var name *net.DNSError
	_, notAddress := netip.ParseAddr(p.host())
	switch {
	case reached == resolving && notAddress == nil: // nobody is asked for an address
		return p.address + " was not asked: the time was over"
	case reached == resolving || errors.As(err, &name):
		return p.host() + " could not be resolved in time: the name server is silent"
	case reached == connecting:
		return p.address + " did not accept a connection in time"
	case reached == shaking:
		return p.address + " accepted the connection but did not finish the TLS handshake in time" + p.legacyHint()
	case reached == asking:
		return p.address + " gave no answer in time"
	}
	return p.address + " stopped in the middle of its answer"
}

func (p peer) host() string {
	if host, _, err := net.SplitHostPort(p.address); err == nil {
		return host
	}
	return p.address
}

// unconnected explains why there is no connection.
func (p peer) unconnected(err error) string {
	var name *net.DNSError
	var family *net.AddrError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "cannot resolve " + p.host() + ": no such host"
	case errors.As(err, &name):
		return "cannot resolve " + p.host() + ": " + bounded(name.Err, 150)
	case errors.As(err, &family) && strings.Contains(family.Err, "no suitable address"):
		return p.host() + " has no address of the family that -4 or -6 asks for"
	case errors.Is(err, syscall.ECONNREFUSED):
		return p.dialled(err) + ": connection refused, nothing listens on this port"
	case errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH):
		return p.dialled(err) + ": no route to this address"
	case errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM):
		return p.dialled(err) + ": this machine's firewall forbids the connection"
	case errors.Is(err, syscall.EINVAL) && strings.HasPrefix(p.address, "[fe80:"):
		return p.address + ": a link-local address needs its interface, such as fe80::1%eth0"
	case errors.Is(err, syscall.ECONNRESET):
		return p.dialled(err) + ": the connection was reset"
	}
	return "cannot connect to " + p.address + ": " + withoutPrefix(err.Error())
}

// dialled names the address that a name was resolved to.
func (p peer) dialled(err error) string {
	if dial, is := errors.AsType[*net.OpError](err); is && dial.Addr != nil && dial.Addr.String() != p.address {
		return p.address + " (" + dial.Addr.String() + ")"
	}
	return p.address
}

// broken explains a connection that failed after the handshake. The texts of
// net/http quote what the peer sent, which may be what it was sent before, so
// they are not repeated.
func (p peer) broken(err error) string {
	text := err.Error()
	switch {
	case errors.Is(err, ErrTooLarge):
		return fmt.Sprintf("%s sends an answer of more than %d MiB", p.address, p.options.bound()>>20)
	case errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum):
		return p.address + " sends a compressed answer that is damaged"
	case strings.Contains(text, "response headers exceeded"):
		return p.address + " sends an answer with a header of more than 64 KiB"
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return p.address + " reset the connection instead of answering"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return p.address + " ended the connection in the middle of its answer"
	case errors.Is(err, io.EOF) || strings.Contains(text, "server closed"):
		return p.address + " ended the connection without an answer"
	}
	return p.address + " sends an answer that is not valid HTTP"
}

// hints are what Go's TLS says when only --tls-legacy could agree with the
// device. They come from the peer as an alert or from the handshake, whose
// errors have no types.
var hints = []string{
	"handshake failure",
	"protocol version not supported",
	"unsupported protocol version",
	"insufficient security level",
	"unconfigured cipher suite",
	"no supported elliptic curves",
	"unsupported group",
}

func (p peer) legacyHint() string {
	o := p.options
	if o.TLSLegacy || o.advice != "" {
		return "" // it is given, or there is no such flag
	}
	return ": an old controller may need " + o.flag("tls-legacy")
}

// handshake explains why there is no TLS.
func (p peer) handshake(err error) string {
	var pin *pinError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.As(err, &pin):
		return fmt.Sprintf("%s: its certificate is not that of %s: compare it with the device itself before trusting it (it has the fingerprint %s, not %s)",
			p.address, p.options.flag("fingerprint"), pin.found, pin.expected)
	case errors.As(err, &certificate):
		return p.untrusted(certificate)
	case errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/":
		return p.address + " answers in plain HTTP, expected TLS on this port"
	case errors.As(err, &record):
		return p.address + " does not speak TLS on this port"
	case slices.ContainsFunc(hints, func(hint string) bool { return strings.Contains(text, hint) }):
		return p.address + " and this program share no TLS version or cipher (" + withoutPrefix(text) + ")" + p.legacyHint()
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return p.address + " ended the connection during the TLS handshake" + p.legacyHint()
	case strings.Contains(text, "failed to parse certificate"):
		return p.address + " shows a certificate that is not valid X.509 (" + withoutPrefix(text) + "): have the device make a new one"
	}
	return "the TLS handshake with " + p.address + " failed: " + withoutPrefix(text)
}

// withoutPrefix takes off the names of Go packages and cuts a long text, so that
// the next step behind it is not cut.
func withoutPrefix(text string) string {
	for _, prefix := range []string{"remote error: ", "local error: ", "tls: ", "x509: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return bounded(text, 150)
}
