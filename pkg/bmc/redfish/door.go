package redfish

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/stmcginnis/gofish"

	"github.com/noout-monitoring/noout/pkg/lenient"
)

// door is all that gofish (v0.23.0) sees of the network. It holds what gofish
// leaves open, each seen to be needed:
//
//   - Connect asks for the service root, and one odd type in it (Product: 5) loses
//     the whole controller: that request is answered here, with null, and
//     nothing goes over the wire (with {} gofish would prepare to read all that a
//     root can have, a fortieth of a run). The true root is read like any resource.
//   - A link such as @other.example/x makes gofish send the credentials there:
//     scheme and host are those that were asked for, or nothing leaves.
//   - Of an answer that is refused, status, header and body are lost: they are
//     kept here. WWW-Authenticate tells a wrong password from a refused way in.
//   - Bodies have no end: here they have, and are read while the time of their
//     request runs. Logout has none either: a session is ended by a DELETE whose
//     context ends.
//   - CreateSession loses a session without Location: the login is a POST.
type door struct {
	http  *http.Client
	base  *url.URL
	inner http.RoundTripper

	api    *gofish.APIClient
	as     login        // whose api it is
	greets bool         // Connect is asking
	last   *answer      // of the request that is sent, nil until there is one
	buffer bytes.Buffer // of its body
}

// login is how a request is authenticated: by nothing, a session's token, or a
// name and a password.
type login struct{ user, password, token string }

// request is what is to be sent. The body is marshalled.
type request struct {
	method, uri string
	body        any
}

func newDoor(client *http.Client, base *url.URL) *door {
	d := &door{http: client, base: base, inner: client.Transport}
	if d.inner == nil {
		d.inner = http.DefaultTransport
	}
	return d
}

// connect makes gofish's client for a login. Nothing is sent.
func (d *door) connect(l login) error {
	if d.api != nil && d.as == l {
		return nil
	}
	config := gofish.ClientConfig{
		Endpoint: d.base.String(), ReuseConnections: true, NoModifyTransport: true,
		HTTPClient: &http.Client{Transport: d, CheckRedirect: d.http.CheckRedirect},
		Username:   l.user, Password: l.password, BasicAuth: true,
	}
	if l.token != "" {
		config.Session = &gofish.Session{Token: l.token}
	}
	d.greets = true
	api, err := gofish.Connect(config)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	d.api, d.as = api, l
	return nil
}

// send sends one request. Whatever was answered is the answer; an error means
// that there is none.
func (d *door) send(ctx context.Context, l login, r request) (*answer, error) {
	if err := d.connect(l); err != nil {
		return nil, err
	}
	headers := map[string]string{"User-Agent": "noout", "OData-Version": "4.0"}
	if (l.user == "") != (l.password == "") { // gofish would send neither
		plain := http.Request{Header: http.Header{}}
		plain.SetBasicAuth(l.user, l.password)
		headers["Authorization"] = plain.Header.Get("Authorization")
	}
	d.last = nil
	api := d.api.WithContext(ctx)
	var err error
	switch r.method {
	case http.MethodPost:
		_, err = api.PostWithHeaders(r.uri, r.body, headers)
	case http.MethodDelete:
		_, err = api.DeleteWithHeaders(r.uri, headers)
	default:
		_, err = api.GetWithHeaders(r.uri, headers)
	}
	if d.last != nil {
		return d.last, nil // gofish's error is about what was answered
	}
	return nil, err
}

// answers is what one answer may hold. A log of 4000 entries and a list of ten
// thousand sensors have 100,000 and 250,000 elements. Boards of AMI have both AMI
// and Ami in their Oem, and say different things there (DGX H100): nothing of it
// is read.
var answers = lenient.Bound{Elements: 400_000, Width: 20_000, Depth: 32, Unread: []string{"Ami"}}

// RoundTrip is how gofish sends. What it returns is in memory: there is nothing
// to close.
func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.greets {
		d.greets = false
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("null")), Request: r}, nil
	}
	if r.URL.Scheme != d.base.Scheme || !strings.EqualFold(r.URL.Host, d.base.Host) || r.URL.User != nil {
		return nil, errElsewhere
	}
	r = r.Clone(r.Context())
	r.Header.Del("Connection") // HTTP/1.1 keeps them open by itself
	if r.Body == nil {
		r.Header.Del("Content-Type")
	}
	resp, err := d.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() // read to its end or given up: nothing can be lost
	d.buffer.Reset()
	if n := resp.ContentLength; n > 0 && n <= maxBody {
		d.buffer.Grow(int(n) + bytes.MinRead)
	}
	if _, err := d.buffer.ReadFrom(io.LimitReader(resp.Body, maxBody+1)); err != nil {
		return nil, err
	}
	if d.buffer.Len() > maxBody {
		return nil, errTooLong
	}
	d.last = &answer{code: resp.StatusCode, head: resp.Header, body: d.buffer.Bytes()}
	if d.last.bad = answers.Check(d.last.body); d.last.bad != nil {
		d.last.body = nil // gofish decodes the reasons of refusals
	}
	resp.Body = io.NopCloser(bytes.NewReader(d.last.body))
	return resp, nil
}
