package redfish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/secret"
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
	http *http.Client
	base *url.URL
	cred secret.Credentials
	now  func() time.Time

	scheme   scheme
	token    string // of the session, when scheme is bySession
	login    func(ctx context.Context, refused *StatusError) error
	requests int
	evidence []string
}

// scheme is how requests are authenticated.
type scheme int

const (
	byBasic scheme = iota
	bySession
	byNothing
)

// answer is what came back for one request.
type answer struct {
	path string
	body []byte
	head http.Header
	// clock is the controller's clock less ours, from the Date header.
	clock *time.Duration
}

// StatusError is an answer with a status that is no success.
type StatusError struct {
	Path string
	Code int
	// Reason is what the controller said about it, empty when it said nothing.
	Reason string

	offersBasic bool
}

// Error names the status and the controller's reason.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("HTTP status %d %s", e.Code, http.StatusText(e.Code))
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	return text
}

var (
	errElsewhere = errors.New("the link leads to another host and is not followed")
	errLink      = errors.New("the link is not one that Redfish uses")
	errTooMany   = fmt.Errorf("not read: %d requests were enough for one poll", maxRequests)
	errTooLong   = fmt.Errorf("the answer is longer than %d MiB", maxBody>>20)
	errNotJSON   = errors.New("the answer is not JSON")
	errPage      = errors.New("the answer is a web page, not JSON")
	errNoObject  = errors.New("the answer is not a JSON object")
	errCut       = errors.New("the connection ended in the middle of the answer")
)

// get asks for a path. A refused login is retried once, when login finds
// another way in.
func (c *client) get(ctx context.Context, path string) (*answer, error) {
	a, err := c.once(ctx, http.MethodGet, path, nil)
	var refused *StatusError
	if errors.As(err, &refused) && refused.Code == http.StatusUnauthorized && c.login != nil {
		login := c.login
		c.login = nil
		if err := login(ctx, refused); err != nil {
			return nil, err
		}
		a, err = c.once(ctx, http.MethodGet, path, nil)
	}
	if err == nil && c.scheme == byBasic {
		// The password is right: a 401 that comes later is about the resource.
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
func (c *client) once(ctx context.Context, method, path string, body io.Reader) (*answer, error) {
	target, err := c.target(path)
	if err != nil {
		return nil, err
	}
	if c.requests++; c.requests > maxRequests {
		return nil, errTooMany
	}
	ctx, cancel := share(ctx)
	defer cancel()
	start := c.now()
	a, code, err := c.send(ctx, method, target, body)
	took := c.now().Sub(start)
	if err != nil && code == 0 {
		err = c.explain(err, took)
		c.note("%s %s failed after %d ms: %v", method, path, took.Milliseconds(), err)
		return nil, err
	}
	c.note("%s %s %d %s %d ms", method, path, code, size(len(a.body)), took.Milliseconds())
	if err != nil {
		return nil, err
	}
	a.path = path
	a.clock = clockOf(a.head, start.Add(took/2))
	if code < 200 || code > 299 {
		return nil, refusal(path, code, a)
	}
	return a, nil
}

// share bounds one request to half of what is left, but not under a quarter of
// a second.
func share(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	part := max(time.Until(end)/2, 250*time.Millisecond)
	return context.WithTimeout(ctx, part)
}

func (c *client) send(ctx context.Context, method string, target *url.URL, body io.Reader) (*answer, int, error) {
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, 0, err
	}
	req.URL = target
	req.Header.Set("Accept", "application/json")
	req.Header.Set("OData-Version", "4.0")
	req.Header.Set("User-Agent", "noout")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch c.scheme {
	case byBasic:
		req.SetBasicAuth(c.cred.Username, c.cred.Password.Reveal())
	case bySession:
		req.Header.Set("X-Auth-Token", c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	a := &answer{head: resp.Header}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil && errors.Is(err, io.ErrUnexpectedEOF):
		err = errCut
	case err == nil && len(a.body) > maxBody:
		err = errTooLong
	case err != nil && ctx.Err() != nil:
		return nil, 0, ctx.Err()
	}
	return a, resp.StatusCode, err
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
	if u.Opaque != "" || !strings.HasPrefix(u.Path, "/redfish") || strings.Contains(u.Path, "/../") {
		return nil, errLink
	}
	u.Scheme, u.Host, u.Fragment, u.RawFragment = c.base.Scheme, c.base.Host, "", ""
	return u, nil
}

// note adds a line of evidence.
func (c *client) note(format string, args ...any) {
	if len(c.evidence) < maxEvidence {
		c.evidence = append(c.evidence, clip(fmt.Sprintf(format, args...), maxText))
	}
}

// size puts a number of bytes as people do.
func size(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1000_000)
	}
}

// clockOf is the difference of the Date header to our clock at the middle of
// the request. The header has whole seconds: on average half of one is lost.
func clockOf(head http.Header, middle time.Time) *time.Duration {
	date, err := http.ParseTime(head.Get("Date"))
	if err != nil {
		return nil
	}
	d := date.Add(500 * time.Millisecond).Sub(middle)
	return &d
}

// object decodes a body, or says why it is no resource.
func object(body []byte, into any) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	start := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(start) > 0 && start[0] == '<':
		return errPage
	case json.Unmarshal(body, into) == nil && start[0] == '{':
		return nil
	case json.Valid(body):
		return errNoObject
	default:
		return errNotJSON
	}
}

// failed finds the error body that some controllers send with status 200 (HPE
// Cray EX235n: "resource was not found"). Decoded as a resource it would be one
// without fans.
func failed(path string, a *answer) error {
	if !bytes.Contains(a.body[:min(len(a.body), 4096)], []byte(`"error"`)) {
		return nil
	}
	var o struct {
		Error json.RawMessage `json:"error"`
		ID    json.RawMessage `json:"@odata.id"`
	}
	if json.Unmarshal(a.body, &o) != nil || o.Error == nil || o.ID != nil {
		return nil
	}
	e := &StatusError{Path: path, Code: http.StatusOK, Reason: reason(a.body)}
	if bytes.Contains(o.Error, []byte("ResourceMissingAtURI")) || bytes.Contains(o.Error, []byte("ResourceNotFound")) {
		e.Code = http.StatusNotFound
	}
	return e
}

// missing says that the controller denies that the resource exists.
func missing(err error) bool {
	var e *StatusError
	return errors.As(err, &e) && (e.Code == http.StatusNotFound || e.Code == http.StatusGone)
}

// refusal makes the error of a status that is no success.
func refusal(path string, code int, a *answer) *StatusError {
	e := &StatusError{Path: path, Code: code, Reason: reason(a.body)}
	for _, challenge := range a.head.Values("WWW-Authenticate") {
		for part := range strings.SplitSeq(challenge, ",") {
			if word, _, _ := strings.Cut(strings.TrimSpace(part), " "); strings.EqualFold(word, "Basic") {
				e.offersBasic = true
			}
		}
	}
	if e.Reason == "" && code >= 300 && code < 400 {
		e.Reason = "redirects are not followed"
	}
	return e
}

// reason is the message of a Redfish error body, empty when it is none.
func reason(body []byte) string {
	var o struct {
		Error *struct {
			Message text `json:"message"`
			Code    text `json:"code"`
			Info    list `json:"@Message.ExtendedInfo"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &o) != nil || o.Error == nil {
		return ""
	}
	for _, item := range o.Error.Info.items {
		var info struct {
			Message   text
			MessageID text `json:"MessageId"`
		}
		if json.Unmarshal(item, &info) != nil {
			continue
		}
		if s := info.Message.Name(); s != "" {
			return s
		}
		if s := info.MessageID.Name(); s != "" {
			return s
		}
	}
	if s := o.Error.Message.Name(); s != "" {
		return s
	}
	if s := o.Error.Code.Name(); s != "" {
		return s
	}
	return "an error without a message"
}
