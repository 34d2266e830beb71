package redfish

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

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
	errLate      = errors.New("not read: the time was up")
	errTooMany   = errors.New("not read: that takes more requests than one poll may send")
	errTooLong   = fmt.Errorf("the answer is longer than %d MiB", maxBody>>20)
	errNotJSON   = errors.New("the answer is not JSON")
	errPage      = errors.New("the answer is a web page, not JSON")
	errNoObject  = errors.New("the answer is not a JSON object")
)

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
// the request. The header has whole seconds, and so have the log's entries:
// what both lose cancels out.
func clockOf(head http.Header, middle time.Time) *time.Duration {
	date, err := http.ParseTime(head.Get("Date"))
	if err != nil {
		return nil
	}
	d := date.Sub(middle)
	return &d
}

// object decodes a body, or says why it is no resource. A value that is not of the
// type that it should have costs itself: encoding/json goes on behind it.
func object(body []byte, into any) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	start := bytes.TrimLeft(body, " \t\r\n")
	err := json.Unmarshal(body, into)
	odd := (*json.UnmarshalTypeError)(nil)
	switch {
	case len(start) > 0 && start[0] == '<':
		return errPage
	case err != nil && !errors.As(err, &odd):
		return errNotJSON
	case start[0] != '{':
		return errNoObject
	}
	return nil
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
		if s := cmp.Or(info.Message.Name(), info.MessageID.Name()); s != "" {
			return s
		}
	}
	return cmp.Or(o.Error.Message.Name(), o.Error.Code.Name(), "an error without a message")
}
