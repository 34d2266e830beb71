package redfish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/pkg/secret"
)

// A ConnectError is a poll that got no answer it could use at all. It says
// what is wrong and what to do next.
type ConnectError struct {
	Address string
	What    string
	Next    string
	Err     error
}

// Error is one sentence.
func (e *ConnectError) Error() string {
	text := e.Address + ": " + e.What
	if e.Next != "" {
		text += ", " + e.Next
	}
	return text
}

// Unwrap gives the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// explain turns the error of a request without an answer into one without the
// URL, which the evidence names, and without secrets.
func (c *client) explain(err error, took time.Duration) error {
	var unanswered net.Error
	if errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &unanswered) && unanswered.Timeout()) {
		return fmt.Errorf("no answer within %.1f s: %w", took.Seconds(), context.DeadlineExceeded)
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted: %w", context.Canceled)
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil || !strings.Contains(err.Error(), "://") {
			break
		}
		err = inner
	}
	return secret.Scrub(err, c.cred.Password, c.cred.Token, secret.NewText(c.token))
}

// unreachable explains why the first request failed.
func (c *client) unreachable(err error) error {
	e := &ConnectError{Address: c.base.Host, Err: err}
	var (
		refused   *StatusError
		resolve   *net.DNSError
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &refused):
		e.What, e.Next = answered(refused)
	case errors.Is(err, errPage), errors.Is(err, errNotJSON), errors.Is(err, errNoObject):
		e.What, e.Next = "no Redfish here: "+err.Error(), "check the address and port, or ask by IPMI"
	case errors.As(err, &resolve):
		e.What, e.Next = "the name cannot be resolved", "check -H or the name server"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.What, e.Next = "connection refused", "check the address and port, and that Redfish is switched on"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.What, e.Next = "no route to the address", "check -H and the network"
	case errors.As(err, &record):
		e.What, e.Next = "no TLS on this port", "check -p"
	case errors.As(err, &authority):
		e.What, e.Next = "the certificate is signed by an authority that is not known here", "give --ca-file or --fingerprint"
	case errors.As(err, &hostname):
		e.What, e.Next = "the certificate is for another name", "use that name with -H, or give --fingerprint"
	case errors.As(err, &invalid):
		e.What, e.Next = "the certificate is not valid: "+invalid.Error(), "renew it, or give --fingerprint"
	case errors.As(err, &verify), strings.Contains(err.Error(), "fingerprint"):
		e.What, e.Next = err.Error(), "check --ca-file or --fingerprint"
	case errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		e.What, e.Next = "no common TLS version or cipher ("+err.Error()+")", "an old controller may need --tls-legacy"
	case errors.Is(err, context.DeadlineExceeded):
		e.What, e.Next = err.Error(), "check -H, or give it more time with -t"
	default:
		e.What = err.Error()
	}
	return e
}

// answered explains a first answer that is no success.
func answered(refused *StatusError) (what, next string) {
	switch code := refused.Code; {
	case code == http.StatusUnauthorized:
		return "user name or password refused", "check the credentials"
	case code == http.StatusForbidden:
		return "the user may not read: " + refused.Error(), "give it the role ReadOnly or Operator"
	case code == http.StatusNotFound, code == http.StatusOK:
		return "no Redfish here: " + refused.Error(), "check the address and port, or ask by IPMI"
	case code >= 300 && code < 400:
		return refused.Error(), "give the address that it leads to"
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return "the controller is busy: " + refused.Error(), "it may be starting, or have no session left"
	default:
		return refused.Error(), ""
	}
}
