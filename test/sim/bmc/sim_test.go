package bmc

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// client trusts a simulator and follows nothing.
func client(t *testing.T, s *Sim) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if s.server.TLS != TLSNone && !pool.AppendCertsFromPEM(s.CA()) {
		t.Fatal("no certificate to trust")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// call is a request such as "GET /redfish/v1", with basic authentication
// unless a token is given; the token "none" is neither.
type call struct {
	what, token, body string
}

// try sends a request.
func (c call) try(t *testing.T, s *Sim) (reply, error) {
	t.Helper()
	method, path, _ := strings.Cut(c.what, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	switch c.token {
	case "":
		r.SetBasicAuth(Username, Password)
	case "none":
	default:
		r.Header.Set("X-Auth-Token", c.token)
	}
	answer, err := client(t, s).Do(r)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, text}, err
}

// send sends a request that must be answered.
func (c call) send(t *testing.T, s *Sim) reply {
	t.Helper()
	a, err := c.try(t, s)
	if err != nil {
		t.Fatalf("%s: %v", c.what, err)
	}
	return a
}

// document asks for a resource and decodes it.
func document(t *testing.T, s *Sim, path string) map[string]any {
	t.Helper()
	a := call{what: "GET " + path}.send(t, s)
	if a.status != http.StatusOK {
		t.Fatalf("%s: status %d: %s", path, a.status, a.body)
	}
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(a.body))
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%s: %v: %.200s", path, err, a.body)
	}
	return o
}

const thermal = "/redfish/v1/Chassis/System.Embedded.1/Thermal"

func health(o map[string]any, fan int) any {
	return o["Fans"].([]any)[fan-1].(map[string]any)["Status"].(map[string]any)["Health"]
}

func TestADropIsShownAndLogged(t *testing.T) {
	s := Start(t, Server{Clock: world.Still(noon)})
	if err := s.Do("drop?fan=3&for=11s"); err != nil {
		t.Fatal(err)
	}
	if got := health(document(t, s, thermal), 3); got != "Critical" {
		t.Errorf("dropped: %v", got)
	}
	s.Advance(11 * time.Second)
	a := call{what: "GET " + thermal}.send(t, s)
	if date := a.header.Get("Date"); date != "Sun, 01 Mar 2026 12:00:11 GMT" {
		t.Errorf("Date: %s", date)
	}
	if got := health(document(t, s, thermal), 3); got != "OK" {
		t.Errorf("returned: %v", got)
	}
	log := document(t, s, "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Sel/Entries")["Members"].([]any)
	var got []string
	for _, e := range log[:4] {
		e := e.(map[string]any)
		got = append(got, e["Created"].(string)+" "+e["Message"].(string))
	}
	want := []string{
		"2026-03-01T07:00:11-05:00 The fans are redundant.",
		"2026-03-01T07:00:11-05:00 Fan 3A RPM is within range.",
		"2026-03-01T07:00:00-05:00 Fan redundancy is lost.",
		"2026-03-01T07:00:00-05:00 Fan 3A RPM is less than the lower critical threshold.",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d: %q, want %q", i, got[i], want[i])
		}
	}
	if st := s.Stats(); len(st.Violations)+len(st.Broken) != 0 {
		t.Errorf("violations %q, broken %q", st.Violations, st.Broken)
	}
}
