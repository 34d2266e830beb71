package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEveryFaultShows switches each fault on and checks that the answer is not
// what it was, or none; and that all is well when it is mended.
func TestEveryFaultShows(t *testing.T) {
	s := Start(t, Server{})
	for _, name := range Faults() {
		t.Run(name, func(t *testing.T) {
			path := thermal
			switch {
			case strings.HasPrefix(name, "members"), strings.Contains(name, "link"):
				path = "/redfish/v1/Chassis"
			case strings.HasPrefix(name, "entry"):
				path = "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Sel/Entries"
			}
			well := call{what: "GET " + path}.send(t, s)
			mend := s.MustBreak(t, Fault{Name: name, Path: path, Delay: time.Millisecond, Times: 1})
			got, err := hurried(t, s, name, path)
			if err == nil && got.status == http.StatusOK && bytes.Equal(got.body, well.body) && !slices.Contains(late, name) {
				t.Errorf("nothing happened")
			}
			mend()
			if again := (call{what: "GET " + path}).send(t, s); again.status != well.status || !bytes.Equal(again.body, well.body) {
				t.Errorf("mended, it answers %d %.100s", again.status, again.body)
			}
		})
	}
	if st := s.Stats(); len(st.Broken) != 0 {
		t.Errorf("the simulator broke: %q", st.Broken)
	}
}

// late are faults that change when an answer comes, not what it says, and one
// that only a login shows.
var late = []string{Slow, Drip, Late, ForeignLocation}

// endless are faults that only the patience of a client ends.
var endless = []string{SilentAccept, SilentTLS, Hang, Drip}

// hurried asks for a resource, but for a megabyte only, and for a quarter of a
// second where nothing would come for ever.
func hurried(t *testing.T, s *Sim, name, path string) (reply, error) {
	t.Helper()
	patience := 5 * time.Minute
	if slices.Contains(endless, name) {
		patience = 250 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(Username, Password)
	a, err := client(t, s).Do(r)
	if err != nil {
		return reply{}, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(io.LimitReader(a.Body, 1<<20))
	return reply{a.StatusCode, a.Header, text}, err
}

func TestFaultsChooseTheirRequests(t *testing.T) {
	s := Start(t, Server{TLS: TLSNone})
	s.MustBreak(t, Fault{Name: Status503, Path: "/redfish/v1/Chassis*", After: 1, Times: 2})
	var got []int
	for _, path := range []string{"/redfish/v1/Chassis", "/redfish/v1/Systems", thermal, "/redfish/v1/Chassis/", "/redfish/v1/Chassis"} {
		got = append(got, call{what: "GET " + path}.send(t, s).status)
	}
	if want := []int{200, 200, 503, 503, 200}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	s.MustBreak(t, Fault{Name: Status500, Method: "*"})
	if a := login(t, s, Password); a.status != 500 {
		t.Errorf("any method: %d", a.status)
	}
	s.Mend()
	if a := (call{what: "GET " + thermal}).send(t, s); a.status != 200 {
		t.Errorf("mended: %d", a.status)
	}
	if _, err := s.Break(Fault{Name: "gremlin"}); err == nil {
		t.Error("there is no gremlin")
	}
}

func TestRetryAfter(t *testing.T) {
	s := Start(t, Server{TLS: TLSNone})
	s.MustBreak(t, Fault{Name: Status503})
	if a := (call{what: "GET " + thermal}).send(t, s); a.header.Get("Retry-After") == "" {
		t.Errorf("headers: %v", a.header)
	}
}

func TestBrokenConnections(t *testing.T) {
	s := Start(t, Server{})
	mend := s.MustBreak(t, Fault{Name: Reset})
	if _, err := (call{what: "GET " + thermal}).try(t, s); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("reset: %v", err)
	}
	mend()
	mend = s.MustBreak(t, Fault{Name: Truncated})
	if _, err := (call{what: "GET " + thermal}).try(t, s); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("truncated: %v", err)
	}
	mend()
	if err := s.Do("restart?down=1h"); err != nil {
		t.Fatal(err)
	}
	if _, err := (call{what: "GET " + thermal}).try(t, s); err == nil {
		t.Error("a controller that is down answered")
	}
}

func TestSilence(t *testing.T) {
	s := Start(t, Server{})
	for _, name := range []string{SilentAccept, SilentTLS, Hang} {
		before := s.Stats()
		mend := s.MustBreak(t, Fault{Name: name})
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", s.URL+thermal, nil)
		if err != nil {
			t.Fatal(err)
		}
		asker, gone := client(t, s), make(chan error)
		go func() {
			_, err := asker.Do(r)
			gone <- err
		}()
		reached := func() bool {
			now := s.Stats()
			return now.Count > before.Count || name == SilentAccept && now.Connections > before.Connections
		}
		for !reached() {
			runtime.Gosched()
		}
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		mend()
		if now := s.Stats(); now.Handshakes > before.Handshakes != (name != SilentAccept) {
			t.Errorf("%s: handshakes %d, before %d", name, now.Handshakes, before.Handshakes)
		}
	}
}

func TestSecretsOfARedirectAreRecorded(t *testing.T) {
	s := Start(t, Server{})
	s.MustBreak(t, Fault{Name: Redirect})
	a := call{what: "GET " + thermal}.send(t, s)
	where := a.header.Get("Location")
	if a.status != http.StatusFound || !strings.HasPrefix(where, s.Elsewhere().URL) {
		t.Fatalf("%d, location %q", a.status, where)
	}
	if v := s.Elsewhere().Visits(); len(v) != 0 {
		t.Fatalf("nobody went there yet: %v", v)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", where, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("who", "secret")
	r.Header.Set("X-Auth-Token", "token")
	answer, err := client(t, s).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	v := s.Elsewhere().Visits()
	if len(v) != 1 || len(v[0].Secrets) != 2 {
		t.Errorf("recorded: %+v", v)
	}
}

func TestHugeAnswersAreMadeWhileTheyAreSent(t *testing.T) {
	s := Start(t, Server{TLS: TLSNone})
	for _, name := range []string{Huge, HugeDeclared, GzipBomb, Deep} {
		mend := s.MustBreak(t, Fault{Name: name})
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+thermal, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := client(t, s).Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		first := make([]byte, 100_000)
		if _, err := io.ReadFull(a.Body, first); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		a.Body.Close() // the rest is never made
		mend()
	}
}

func TestEndlessPages(t *testing.T) {
	s := Start(t, Server{TLS: TLSNone})
	s.MustBreak(t, Fault{Name: EndlessLink})
	at, seen := "/redfish/v1/Chassis", map[string]bool{}
	for range 50 {
		at, _ = document(t, s, at)["Members@odata.nextLink"].(string)
		if at == "" || seen[at] {
			t.Fatalf("page %q after %d others", at, len(seen))
		}
		seen[at] = true
	}
	s.Mend()
	s.MustBreak(t, Fault{Name: LoopingLink})
	if next := document(t, s, "/redfish/v1/Chassis")["Members@odata.nextLink"]; next != "/redfish/v1/Chassis" {
		t.Errorf("next page: %v", next)
	}
}

func TestOneBadFanSpoilsNotTheOthers(t *testing.T) {
	s := Start(t, Server{TLS: TLSNone})
	s.MustBreak(t, Fault{Name: "one-bad-fan"})
	list := document(t, s, thermal)["Fans"].([]any)
	if len(list) != 9 || list[0] != "not a fan" || list[3].(map[string]any)["Name"] != "System Board Fan1A" {
		text, err := json.Marshal(list)
		t.Errorf("%s %v", text, err)
	}
}
