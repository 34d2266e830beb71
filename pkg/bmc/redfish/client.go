package redfish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// What one poll may ask and keep at most, whatever a controller answers.
const (
	maxRequests = 400
	maxBody     = 8 << 20
	maxLink     = 2048
	maxEvidence = 200
)

// client sends the requests of one poll. It is not safe for concurrent use:
// controllers answer one request at a time, and slowly.
type client struct {
	door *door
	base *url.URL
	cred secret.Credentials
	now  func() time.Time

	as       login // how requests are authenticated, by nothing at first
	login    func(ctx context.Context, refused *StatusError) error
	requests int
	most     int // requests; 0 means maxRequests
	evidence []string
}

// left is how many requests may still be sent.
func (c *client) left() int { return cmp.Or(c.most, maxRequests) - c.requests }

// answer is what came back for one request.
type answer struct {
	path string
	code int
	body []byte // until the next request; what is decoded of it is copied
	head http.Header
	bad  error // why it must not be decoded, see [lenient.Bound]
	// clock is the controller's clock less ours, from the Date header.
	clock *time.Duration
}

// get asks for a path. A refused login is retried when login finds another way
// in, which it does once, or takes what another run has found.
func (c *client) get(ctx context.Context, path string) (*answer, error) {
	a, err := c.once(ctx, http.MethodGet, path, nil)
	var refused *StatusError
	for errors.As(err, &refused) && refused.Code == http.StatusUnauthorized && c.login != nil {
		login := c.login
		c.login = nil
		if err := login(ctx, refused); err != nil {
			return nil, err
		}
		a, err = c.once(ctx, http.MethodGet, path, nil)
	}
	if err == nil && c.as != (login{}) {
		// We are in: a 401 that comes later is about the resource.
		c.login = nil
	}
	return a, err
}

// read gets a path and decodes the JSON object there into a tolerant struct.
func (c *client) read(ctx context.Context, path string, into any) (*answer, error) {
	a, err := c.get(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := object(a.body, into); err != nil {
		return nil, err
	}
	return a, failed(path, a)
}

// once sends one request. At most half of the time that is left goes into it,
// so that one slow resource does not cost all others.
func (c *client) once(ctx context.Context, method, path string, body any) (*answer, error) {
	target, err := c.target(path)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, errLate
	}
	if c.left() <= 0 {
		return nil, errTooMany
	}
	c.requests++
	ctx, cancel := share(ctx)
	defer cancel()
	start := c.now()
	a, err := c.door.send(ctx, c.as, request{method, target.RequestURI(), body})
	took := c.now().Sub(start)
	for _, odd := range transport.Handshakes(c.door.http) {
		c.note("%s", odd)
	}
	if err != nil {
		err = c.explain(err)
		c.note("%s %s failed after %d ms: %v", method, path, took.Milliseconds(), err)
		return nil, err
	}
	c.note("%s %s %d %s %d ms", method, path, a.code, size(len(a.body)), took.Milliseconds())
	a.path = path
	a.clock = clockOf(a.head, start.Add(took/2))
	if a.code < 200 || a.code > 299 {
		refused := refusal(path, a.code, a)
		if clean := c.explain(errors.New(refused.Reason)); refused.Reason != "" {
			refused.Reason = clean.Error()
		}
		return nil, refused
	}
	return a, a.bad
}

// share bounds one request to half of what is left.
func share(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(end)/2)
}

// target makes the URL of a path that a controller gave. It stays on the
// controller: credentials go nowhere else, whatever a link says.
func (c *client) target(path string) (*url.URL, error) {
	if path == "" || len(path) > maxLink {
		return nil, errLink
	}
	u, err := url.Parse(path)
	if err != nil {
		return nil, errLink
	}
	if (u.Host != "" && !strings.EqualFold(u.Host, c.base.Host)) || u.User != nil {
		return nil, errElsewhere
	}
	if u.Opaque != "" || (u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https") || !strings.HasPrefix(u.Path, "/redfish") || strings.Contains(u.Path, "/../") {
		return nil, errLink
	}
	u.Scheme, u.Host, u.Fragment, u.RawFragment = c.base.Scheme, c.base.Host, "", ""
	return u, nil
}

// note adds a line of evidence.
func (c *client) note(format string, args ...any) {
	if len(c.evidence) < maxEvidence {
		c.evidence = append(c.evidence, phrase.Clip(fmt.Sprintf(format, args...), maxText))
	}
}
