package pve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/lenient"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/regex"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Bounds of one request in a run that still has somewhere else to ask.
const (
	// pveproxy delays every 401 by three seconds; a bound below that would turn
	// a wrong token into a silent host.
	answerTime = 3200 * time.Millisecond
	// A node that is off answers no SYN.
	connectTime = 1500 * time.Millisecond
	// proxiedTime bounds what the asked node forwards to another one: a node
	// that is silent makes pveproxy wait for 3 to 30 s.
	proxiedTime = 2500 * time.Millisecond
)

// Error is an answer that is no document, or no answer at all.
type Error struct {
	Host string // as it was given with -H
	Path string
	// Status is the status line's code and reason phrase, where pveproxy puts
	// the cause (and nowhere else before 8.4); empty without an answer.
	Status string
	Code   int
	Err    error // what else is wrong, nil when Status says it
}

func (e *Error) Error() string {
	s := e.Host + " " + e.Path + ": "
	switch {
	case e.Err == nil:
		return s + e.Status + e.hint()
	case e.Code == 0:
		// The sentence names the address itself.
		return e.Err.Error() + " (" + e.Path + ")"
	case e.Code == http.StatusOK:
		return s + e.Err.Error()
	}
	return s + e.Status + ", " + e.Err.Error()
}

func (e *Error) hint() string {
	switch {
	case e.Code == http.StatusUnauthorized:
		return " (the token is wrong, unknown or expired)"
	case e.Code >= 300 && e.Code < 400:
		return " (a redirection: expected the API itself, https on port 8006)"
	}
	return ""
}

func (e *Error) Unwrap() error { return e.Err }

// ErrDenied marks answers that every node of the cluster would give: the token
// is not known. It is never tried twice, each 401 takes three seconds.
var ErrDenied = errors.New("the token is not accepted")

// ErrUnreachable marks that no host answered, or none as the API does.
var ErrUnreachable = errors.New("no node gives a usable answer")

// Is lets errors.Is find a refused token.
func (e *Error) Is(target error) bool {
	return target == ErrDenied && e.Code == http.StatusUnauthorized
}

// final says that another host would answer the same.
func (e *Error) final() bool {
	return e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden ||
		e.Code == http.StatusNotImplemented || e.Code == http.StatusBadRequest
}

// unsettled says that the host, and not the question, is at fault.
func unsettled(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.final()
}

// answer is the data of a document with the clock of who sent it.
type answer struct {
	data json.RawMessage
	time time.Time
}

// Get asks the host that Cluster has chosen for one more document and decodes
// its data into v. It is for documents this package does not know. Path starts
// with a slash and is escaped already.
func (c *Client) Get(ctx context.Context, path string, v any) error {
	if c.chosen < 0 {
		return errors.New("no host has been chosen yet")
	}
	a, err := c.get(ctx, c.hosts[c.chosen], path, 0)
	if err != nil {
		return err
	}
	if raw, is := v.(*json.RawMessage); is {
		*raw = a.data
		return nil
	}
	if err := json.Unmarshal(a.data, v); err != nil {
		return &Error{Host: c.hosts[c.chosen].name, Path: path, Code: http.StatusOK, Err: err}
	}
	return nil
}

// get sends one GET, bounded by ctx and, when limit is not 0, by limit.
func (c *Client) get(ctx context.Context, h host, path string, limit time.Duration) (answer, error) {
	a, err := c.send(ctx, h, path, limit)
	return a, c.note(h, path, err)
}

// note writes an outcome into the evidence, and says in the error who was asked
// for what.
func (c *Client) note(h host, path string, err error) error {
	c.evidence = append(c.evidence, transport.Handshakes(c.http)...)
	if err == nil {
		c.evidence = append(c.evidence, h.name+" "+path+": 200 OK")
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		e.Host, e.Path = h.name, path
		err = e
	}
	err = secret.Scrub(err, h.token)
	c.evidence = append(c.evidence, err.Error())
	return err
}

func (c *Client) send(ctx context.Context, h host, path string, limit time.Duration) (answer, error) {
	began := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, limit, late{h.name, "answer", began})
		defer stop()
		connecting := time.AfterFunc(min(limit, connectTime), func() {
			defer func() { _ = recover() }() // the limit of the request is left
			cancel(late{h.name, "connection", began})
		})
		defer connecting.Stop()
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { connecting.Stop() },
		})
	}
	u := *h.url
	if err := setPath(&u, "/api2/json"+path); err != nil {
		return answer{}, &Error{Err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, &Error{Err: err}
	}
	request.Header.Set("Authorization", "PVEAPIToken="+h.token.Reveal())
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, &Error{Err: cause(ctx, err)}
	}
	defer response.Body.Close() // read to its end or given up: nothing can be lost
	body, err := transport.ReadAll(response.Body)
	if err != nil {
		return answer{}, &Error{Err: cause(ctx, err)}
	}
	return decode(response, body)
}

func setPath(u *url.URL, path string) error {
	p, query, _ := strings.Cut(path, "?")
	plain, err := url.PathUnescape(p)
	if err != nil {
		return fmt.Errorf("path: %w", err)
	}
	u.Path, u.RawPath, u.RawQuery = plain, p, query
	return nil
}

// late is why we gave up, and says for how long was really waited when it is asked.
type late struct {
	host, what string
	began      time.Time
}

func (l late) Error() string {
	return fmt.Sprintf("%s: no %s within %s", l.host, l.what, time.Since(l.began).Round(100*time.Millisecond))
}

// cause prefers our own reason for giving up, then what was wrong underneath
// net/http's "Get URL:".
func cause(ctx context.Context, err error) error {
	if own := context.Cause(ctx); own != nil && !errors.Is(own, context.Canceled) && !errors.Is(own, context.DeadlineExceeded) {
		return errors.New(own.Error()) // as it is now: it goes on counting
	}
	return transport.Explain(err)
}

// titles finds what a page calls itself.
var titles = regex.Of(`(?is)<title[^>]*>\s*(.*?)\s*</title>`)

// answers is what one of them may hold: a hundred thousand guests, each with
// twenty things to say.
var answers = lenient.Bound{Elements: 2_500_000, Width: 100_000, Depth: 32}

// decode checks that the answer is one of the API's documents.
func decode(response *http.Response, body []byte) (answer, error) {
	fail := func(err error) error {
		return &Error{Status: phrase.Clip(response.Status, maxName), Code: response.StatusCode, Err: err}
	}
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("<")) {
		page := "a web page"
		if t := titles.FindSubmatch(body); t != nil && len(t[1]) > 0 {
			page += " titled " + phrase.Clip(string(t[1]), 80)
		}
		return answer{}, fail(fmt.Errorf("the answer is %s, not the API's: is there a proxy between, or another service on this port?", page))
	}
	if response.StatusCode != http.StatusOK {
		return answer{}, fail(nil)
	}
	if err := answers.Check(body); err != nil {
		return answer{}, fail(err)
	}
	var envelope map[string]lenient.Part
	if err := json.Unmarshal(body, &envelope); err != nil {
		return answer{}, fail(fmt.Errorf("the answer is not the API's JSON (%d bytes): %w", len(body), err))
	}
	data, found := envelope["data"]
	if !found {
		return answer{}, fail(errors.New("the answer has no data"))
	}
	now, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return answer{json.RawMessage(data), now}, nil
}
