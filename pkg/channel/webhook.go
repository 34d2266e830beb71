package channel

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// webhook posts notices to a customer's own program, signed as Standard Webhooks
// has it (https://www.standardwebhooks.com): libraries that verify it are there
// for most languages.
type webhook struct {
	client *http.Client
	auth   secret.Options
	now    func() time.Time
}

// whsec marks a key for signing.
const whsec = "whsec_"

// key is the secret shared with a customer, in bytes.
func key(token secret.Text, host string) ([]byte, error) {
	encoded, marked := strings.CutPrefix(token.Reveal(), whsec)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !marked || err != nil || len(raw) < 24 || len(raw) > 64 {
		return nil, fmt.Errorf("no key to sign with for %s, expected token = whsec_... of 24 to 64 bytes in its section of --auth-file: printf whsec_ && openssl rand -base64 32", host)
	}
	return raw, nil
}

// deliveryID is the notice's id without full stops, which the signature uses as
// its separators.
func deliveryID(id string) string { return fmt.Sprintf("msg_%x", sha256.Sum256([]byte(id)))[:36] }

// signature of a body that is sent at a time.
func signature(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Send posts the notice. A receiver that gets it twice knows it by its id.
func (w webhook) Send(ctx context.Context, to string, m Message) (Outcome, error) {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return NotSent, errors.New("the customer's web hook: expected an address such as https://acme.example/notices, without a user")
	}
	credentials, err := w.auth.FromFile(u.Host)
	if err != nil {
		return NotSent, err
	}
	key, err := key(credentials.Token, u.Hostname())
	if err != nil {
		return NotSent, err
	}
	body, err := encode(documentOf(m))
	if err != nil {
		return NotSent, fmt.Errorf("the notice as JSON: %w", err)
	}
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { written.Store(written.Load() || info.Err == nil) },
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return NotSent, errors.New("the customer's web hook cannot be addressed")
	}
	now := w.now()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "noout")
	request.Header.Set("Webhook-Id", deliveryID(m.ID))
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", signature(key, deliveryID(m.ID), now, body))
	response, err := w.client.Do(request)
	if err != nil {
		return w.unanswered(transport.Explain(err), written.Load())
	}
	response.Body.Close() // nothing in it is needed
	return judged(response, u.Host)
}

// unanswered is the outcome when there was no answer.
func (w webhook) unanswered(err error, written bool) (Outcome, error) {
	if written {
		return Unknown, fmt.Errorf("%w: it may have the notice", err)
	}
	return NotSent, err
}

// judged is what an answer says.
func judged(response *http.Response, host string) (Outcome, error) {
	code := response.StatusCode
	answer := strconv.Itoa(code) + " " + http.StatusText(code)
	switch {
	case code >= 200 && code < 300:
		return Sent, nil
	case code >= 300 && code < 400:
		return NotSent, fmt.Errorf("%s answers %s, and redirects are not followed: the customer has to give the address it leads to", host, answer)
	case code == http.StatusBadGateway || code == http.StatusGatewayTimeout:
		// What stands behind the gateway may have read it.
		return Unknown, fmt.Errorf("%s answers %s: the customer's program may have the notice", host, answer)
	}
	return NotSent, fmt.Errorf("%s answers %s, expected 200 to 299", host, answer)
}
