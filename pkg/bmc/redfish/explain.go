package redfish

import (
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"

	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// A ConnectError is a controller that answered, but not with anything to go on
// with. It says what is wrong and what to do next.
type ConnectError struct {
	Address string
	What    string
	Next    string
	// Foreign says that whatever answers there is no Redfish.
	Foreign bool
	Err     error
}

// Error is one sentence.
func (e *ConnectError) Error() string {
	text := e.Address + ": " + e.What
	if e.Next != "" {
		text += ": " + e.Next
	}
	return text
}

// Unwrap gives the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// Absent says whether an error of Poll means that nobody speaks Redfish at the
// address: the port is closed or filtered, or something else answers there. A
// refused password, a certificate that cannot be verified and a controller that
// is busy are no absence.
func Absent(err error) bool {
	var e *ConnectError
	if errors.As(err, &e) {
		return e.Foreign
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// explain is an error of a request in plain words and without secrets.
func (c *client) explain(err error) error {
	return secret.Scrub(transport.Explain(err), append(c.cred.Secrets(), secret.NewText(c.as.token))...)
}

// unreachable explains why nothing could be read. Errors of the connection say
// it already.
func (c *client) unreachable(err error) error {
	e := &ConnectError{Address: c.base.Host, Err: err}
	var refused *StatusError
	switch {
	case errors.As(err, &refused):
		e.What, e.Next = answered(refused)
		e.Foreign = refused.Code == http.StatusNotFound
	case errors.Is(err, errPage), errors.Is(err, errNotJSON), errors.Is(err, errNoObject), errors.Is(err, errTooLong):
		e.What, e.Next, e.Foreign = "no Redfish here, "+err.Error(), "check the address and port", true
	default:
		return err
	}
	return e
}

// answered explains a first answer that is no success.
func answered(refused *StatusError) (what, next string) {
	switch code := refused.Code; {
	case code == http.StatusUnauthorized:
		return "user name or password refused", "check the credentials"
	case code == http.StatusForbidden:
		return "the user may not read, " + refused.Error(), "give it the role ReadOnly"
	case code == http.StatusNotFound, code == http.StatusOK:
		return "no Redfish here, " + refused.Error(), "check the address and port"
	case code >= 300 && code < 400:
		return refused.Error(), "use the address that it leads to"
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return "the controller is busy, " + refused.Error(), "it may be starting, or have no session left"
	default:
		return refused.Error(), ""
	}
}
