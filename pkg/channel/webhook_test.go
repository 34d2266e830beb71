package channel

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/transport"
)

const shared = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" // 0123... as base64

const withKey = "[127.0.0.1]\ntoken = whsec_" + shared + "\n"

func receiver(t *testing.T, identity tls.Certificate, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{identity}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + "/notices?key=hook-hush"
}

func hook(t *testing.T, ca, auth string) webhook {
	t.Helper()
	client, err := transport.Options{CAFile: ca}.Advising("tell the customer").Client()
	if err != nil {
		t.Fatal(err)
	}
	return webhook{client: client, auth: authFile(t, auth), now: func() time.Time { return day }}
}

func TestWebhook(t *testing.T) {
	ids := newIdentities(t)
	got := make(chan *http.Request, 2)
	bodies := make(chan string, 2)
	url := receiver(t, ids.good, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- r
		bodies <- string(body)
	})
	for range 2 { // sent again, it is the same
		outcome, err := hook(t, ids.ca, withKey).Send(t.Context(), url, notice())
		if outcome != Sent || err != nil {
			t.Fatalf("%s, %v", outcome, err)
		}
	}
	r, body := <-got, <-bodies
	again, repeated := <-got, <-bodies
	if body != repeated || r.Header.Get("Webhook-Id") != again.Header.Get("Webhook-Id") {
		t.Errorf("another id or text:\n%s\n%s", body, repeated)
	}
	if r.Method != http.MethodPost || r.URL.RequestURI() != "/notices?key=hook-hush" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
	}
	// As https://www.standardwebhooks.com says.
	id, at := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, []byte("01234567890123456789012345678901"))
	io.WriteString(mac, id+"."+at+"."+body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("Webhook-Signature") != want || at != "1786001400" || strings.Contains(id, ".") {
		t.Errorf("%v, expected %s", r.Header, want)
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"version": 1.0, "id": "M-1.1.K-1007@example.net", "thread": "M-1.0.K-1007@example.net", "event": "M-1", "kind": "reminded", "sequence": 1.0,
		"date": "2026-08-06T07:30:00Z", "language": "de", "subject": notice().Subject, "text": notice().Text, "facts": map[string]any{"guests": []any{"shop"}},
	}
	if diff := cmp.Diff(want, document); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWebhookOutcomes(t *testing.T) {
	ids := newIdentities(t)
	stalled := make(chan struct{})
	read := func(r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
	}
	hijack := func(w http.ResponseWriter) net.Conn {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
		}
		return conn
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { read(r); w.WriteHeader(code) }
	}
	thief := receiver(t, ids.good, func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    Outcome
		err     string
	}{
		"204": {status(204), Sent, ""},
		"202": {status(202), Sent, ""},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			read(r)
			http.Redirect(w, r, thief, http.StatusTemporaryRedirect)
		}, NotSent,
			"answers 307 Temporary Redirect, and redirects are not followed"},
		"401": {status(401), NotSent, "answers 401 Unauthorized, expected 200 to 299"},
		"500": {status(500), NotSent, "answers 500 Internal Server Error"},
		"502": {status(502), Unknown, "answers 502 Bad Gateway: the customer's program may have the notice"},
		"504": {status(504), Unknown, "may have the notice"},
		"ends after the notice": {func(w http.ResponseWriter, r *http.Request) { read(r); hijack(w).Close() }, Unknown,
			"ended the connection without an answer: it may have the notice"},
		"silent after the notice": {func(w http.ResponseWriter, r *http.Request) {
			read(r)
			close(stalled)
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // to return would answer 200
		}, Unknown,
			"it may have the notice"},
		"no HTTP": {func(w http.ResponseWriter, r *http.Request) {
			read(r)
			conn := hijack(w)
			io.WriteString(conn, "220 hello hook-hush\r\n\r\n")
			conn.Close()
		}, Unknown, "not valid HTTP: it may have the notice"},
		"endless header": {func(w http.ResponseWriter, r *http.Request) {
			read(r)
			conn := hijack(w)
			defer conn.Close()
			for err := error(nil); err == nil; {
				_, err = io.WriteString(conn, strings.Repeat("x", 1000))
			}
		}, Unknown, "it may have the notice"},
		"endless body": {func(w http.ResponseWriter, r *http.Request) {
			read(r)
			for err := error(nil); err == nil; {
				_, err = io.WriteString(w, strings.Repeat("x", 1000))
			}
		}, Sent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, err := hook(t, ids.ca, withKey).Send(until(t, stalled), receiver(t, ids.good, test.handler), notice())
			if outcome != test.want {
				t.Errorf("%s, expected %s", outcome, test.want)
			}
			said(t, err, test.err, "hook-hush", shared, "whsec_")
		})
		if name == "silent after the notice" {
			stalled = make(chan struct{})
		}
	}
}

func TestWebhookRefuses(t *testing.T) {
	ids := newIdentities(t)
	never := func(http.ResponseWriter, *http.Request) { t.Error("the notice was sent") }
	good := receiver(t, ids.good, never)
	for name, test := range map[string]struct{ url, ca, auth, want string }{
		"plain HTTP":        {strings.Replace(good, "https:", "http:", 1), ids.ca, withKey, "expected an address such as https://"},
		"with a user":       {strings.Replace(good, "//", "//u:hook-hush@", 1), ids.ca, withKey, "without a user"},
		"no address":        {"notices", ids.ca, withKey, "expected an address"},
		"another name":      {receiver(t, ids.other, never), ids.ca, withKey, "is made out to relay.example.net: tell the customer"},
		"unknown authority": {good, "", withKey, "is not signed by a known authority: tell the customer"},
		"no section":        {good, ids.ca, "[other]\ntoken = x\n", "no section for 127.0.0.1"},
		"no key":            {good, ids.ca, "[*]\nusername = x\n", "no key to sign with for 127.0.0.1, expected token = whsec_..."},
		"bare key":          {good, ids.ca, "[*]\ntoken = hook-hush\n", "no key to sign with"},
		"short key":         {good, ids.ca, "[*]\ntoken = whsec_" + base64.StdEncoding.EncodeToString([]byte("hook-hush")) + "\n", "24 to 64 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, err := hook(t, test.ca, test.auth).Send(t.Context(), test.url, notice())
			if outcome != NotSent {
				t.Error(outcome)
			}
			said(t, err, test.want, "hook-hush", "--fingerprint", "--ca-file", shared)
		})
	}
	m := notice()
	m.Facts = map[string]any{"guests": func() {}}
	if outcome, err := hook(t, ids.ca, withKey).Send(t.Context(), good, m); outcome != NotSent || err == nil {
		t.Errorf("facts that are none: %s, %v", outcome, err)
	}
}

// TestWebhookCutShort: a connection that ends before all of the notice was
// written cannot have brought it.
func TestWebhookCutShort(t *testing.T) {
	ids := newIdentities(t)
	url := receiver(t, ids.good, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
		}
		conn.Close()
	})
	m := notice()
	m.Text = strings.Repeat("word ", 4<<20)
	outcome, err := hook(t, ids.ca, withKey).Send(t.Context(), url, m)
	if outcome != NotSent || err == nil {
		t.Errorf("%s, %v", outcome, err)
	}
}
