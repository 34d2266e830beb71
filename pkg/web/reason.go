package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// local errors are this machine's: nothing was sent.
var local = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE,
	syscall.EACCES, syscall.EPERM, syscall.ENETUNREACH, syscall.EAFNOSUPPORT, syscall.EINVAL,
}

func ours(err error) bool {
	var n syscall.Errno
	return errors.As(err, &n) && slices.Contains(local, n)
}

func late(err error) bool {
	var slow net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &slow) && slow.Timeout()
}

// explain says why there is no answer, and how far it came: what is connected is
// there, and its web server is slow.
func (r *request) explain(err error) error {
	var name *net.DNSError
	var n syscall.Errno
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return errors.New("DNS: no such name")
	case r.answer.Phase == Resolving:
		return errors.New("DNS: " + short(err))
	case late(err):
		return r.late()
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused, no web server listens")
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return errors.New("the connection was reset" + r.stage())
	case errors.As(err, &n):
		return errors.New(n.Error())
	case r.left != nil && r.left.N <= 0:
		return errors.New("no end to the head of its answer")
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was ended" + r.stage())
	case r.answer.Phase == Shaking:
		return r.noTLS(err)
	}
	return errors.New("its answer is not HTTP")
}

func (r *request) late() error {
	took := r.answer.Took
	switch r.answer.Phase {
	case Connecting:
		return fmt.Errorf("no connection to %s in %s", r.answer.Addr, rounded(took[Connecting]))
	case Shaking:
		return fmt.Errorf("its web server is slow, connected in %s, then no TLS for %s", rounded(took[Connecting]), rounded(took[Shaking]))
	}
	return fmt.Errorf("its web server is slow, connected in %s, then no answer for %s", rounded(took[Connecting]+took[Shaking]), rounded(took[Asking]))
}

// stage is in which a connection broke.
func (r *request) stage() string {
	switch r.answer.Phase {
	case Shaking:
		return " during the TLS handshake"
	case Asking:
		return " instead of an answer"
	}
	return ""
}

func (r *request) noTLS(err error) error {
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return errors.New("it speaks no TLS on this port")
	}
	return errors.New("no TLS: " + short(err))
}

func short(err error) string {
	text := err.Error()
	var name *net.DNSError
	if errors.As(err, &name) {
		text = name.Err
	}
	for _, prefix := range []string{"remote error: ", "local error: ", "tls: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return strings.ToValidUTF8(text[:min(len(text), 120)], "")
}

// rounded to two digits or so, and to a millisecond at least.
func rounded(d time.Duration) time.Duration {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return max(d.Round(time.Millisecond), time.Millisecond)
}
