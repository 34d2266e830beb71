package redfish

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestRemembered goes back to looking everywhere when the fans are not where
// they were, once, and not because a resource cannot be read.
func TestRemembered(t *testing.T) {
	paths := map[string]string{
		"/redfish/v1/":              `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"}}`,
		"/redfish/v1/Chassis":       `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/2/"},{"@odata.id":"/redfish/v1/Chassis/1/"},{"@odata.id":"/redfish/v1/Chassis/3:a/b"}]}`,
		"/redfish/v1/Chassis/1":     `{"Id":"1","SerialNumber":"S1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"}}`,
		"/redfish/v1/Chassis/2/":    `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/2/Thermal"}}`,
		"/redfish/v1/Chassis/3:a/b": `{"Id":"b","PowerState":"On"}`,
	}
	fan := `{"Fans":[{"MemberId":"a","Reading":2000,"Status":{"State":"Enabled","Health":"OK"}}]}`
	paths["/redfish/v1/Chassis/1/Thermal"], paths["/redfish/v1/Chassis/2/Thermal"] = fan, `{"Fans":[]}`
	var requests []string
	broken := ""
	_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r.URL.Path)
		body, ok := paths[r.URL.Path]
		switch {
		case r.URL.Path == broken:
			w.WriteHeader(http.StatusInternalServerError)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			write(w, body)
		}
	}))
	poll := func(memory bmc.Memory, wantRequests int, wantIDs ...string) bmc.Server {
		t.Helper()
		requests = nil
		server := mustPoll(t, source, bmc.Ask{Memory: memory, Known: []string{"1/a"}})
		if len(requests) != wantRequests || !slices.Equal(ids(server), wantIDs) {
			t.Errorf("%d requests %v, fans %v; expected %d and %v", len(requests), requests, ids(server), wantRequests, wantIDs)
		}
		return server
	}
	first := poll(nil, 7, "1/a")
	poll(first.Memory, 4, "1/a")
	poll(bmc.Memory(`{"version":99}`), 7, "1/a")
	poll(bmc.Memory(`not JSON`), 7, "1/a")
	source.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	poll(first.Memory, 7, "1/a")
	source.now = func() time.Time { return time.Now().Add(-time.Hour) }
	poll(first.Memory, 7, "1/a")
	source.now = time.Now

	broken = "/redfish/v1/Chassis/1/Thermal"
	if server := poll(first.Memory, 4); len(server.Gaps) != 1 {
		t.Errorf("gaps %v", server.Gaps)
	}
	broken = ""
	paths["/redfish/v1/Chassis/1/Thermal"], paths["/redfish/v1/Chassis/2/Thermal"] = `{"Fans":[]}`, fan
	moved := poll(first.Memory, 8, "2/a")
	if strings.Count(string(moved.Memory), "Chassis/2") == 0 {
		t.Errorf("nothing was learned: %s", moved.Memory)
	}
	poll(moved.Memory, 5, "2/a")
}

// TestExpandFails reads one by one what cannot be expanded, and does not try
// again the next time.
func TestExpandFails(t *testing.T) {
	var expands int
	_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("$expand"):
			expands++
			w.WriteHeader(http.StatusNotImplemented)
		case r.URL.Path == "/redfish/v1/":
			write(w, `{"ProtocolFeaturesSupported":{"ExpandQuery":{"NoLinks":"true","Levels":true}}}`)
		case r.URL.Path == "/redfish/v1/Chassis":
			write(w, `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/Enclosure.Internal.0-1:RAID.Integrated.1-1"}]}`)
		case r.URL.Path == "/redfish/v1/Chassis/1":
			write(w, `{"Id":"1","PowerState":"On","Thermal":"/redfish/v1/Chassis/1/Thermal"}`)
		case r.URL.Path == "/redfish/v1/Chassis/1/Thermal":
			write(w, `{"Fans":[{"MemberId":"a","Reading":2000}]}`)
		default:
			t.Errorf("a request for %s", r.URL)
		}
	}))
	first := mustPoll(t, source, bmc.Ask{})
	second := mustPoll(t, source, bmc.Ask{Memory: first.Memory})
	if expands != 1 || len(first.Fans) != 1 || len(second.Fans) != 1 {
		t.Errorf("%d tries, %v and %v", expands, ids(first), ids(second))
	}
}

// TestRoot finds the service root with and without a slash at its end, and says
// what is there instead.
func TestRoot(t *testing.T) {
	tests := []struct {
		name  string
		root  http.HandlerFunc
		error string
	}{
		{"only without a slash", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/") {
				http.Redirect(w, r, "/redfish/v1", http.StatusPermanentRedirect)
				return
			}
			write(w, `{"UUID":"11111111-2222-3333-4444-555555555555"}`)
		}, ""},
		{"a web page", func(w http.ResponseWriter, _ *http.Request) { write(w, "<html>hello</html>") }, "a web page"},
		{"text", func(w http.ResponseWriter, _ *http.Request) { write(w, "hello") }, "not JSON"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, "not JSON"},
		{"a list", func(w http.ResponseWriter, _ *http.Request) { write(w, "[]") }, "not a JSON object"},
		{"no Redfish", http.NotFound, "no Redfish here"},
		{"an error with status 200", func(w http.ResponseWriter, _ *http.Request) { write(w, `{"error":{"message":"not licensed"}}`) }, "not licensed"},
		{"starting", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "busy"},
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "ReadOnly"},
		{"broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "500"},
		{"elsewhere", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://other.example/redfish/v1/")
			w.WriteHeader(http.StatusFound)
		}, "redirects are not followed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/redfish/v1/C") {
					write(w, `{"Members":[]}`)
					return
				}
				if r.Header.Get("Authorization") != "" {
					t.Error("the root is asked for with the password")
				}
				test.root(w, r)
			}))
			server, err := source.Poll(t.Context(), bmc.Ask{})
			if test.error == "" && (err != nil || server.Identity.UUID == "") {
				t.Errorf("%v, %+v", err, server.Identity)
			}
			if test.error != "" && (err == nil || !strings.Contains(err.Error(), test.error) || strings.ContainsAny(err.Error(), "\n;|")) {
				t.Errorf("error %v, expected one with %q", err, test.error)
			}
		})
	}
}

// TestUnreachable names the address of a controller that is not there.
func TestUnreachable(t *testing.T) {
	server, source := serve(t, http.NotFoundHandler())
	server.Close()
	_, err := source.Poll(t.Context(), bmc.Ask{})
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
	for _, base := range []string{"", "https://", "https://a:b@c", "http://[", "%zz"} {
		if _, err := New(http.DefaultClient, base, credentials).Poll(t.Context(), bmc.Ask{}); err == nil {
			t.Errorf("%q is taken for an address", base)
		}
	}
	for base, want := range map[string]string{
		"bmc1": "bmc1:443", "bmc1:8443": "bmc1:8443", "[2001:db8::1]:443": "[2001:db8::1]:443", "[fe80::1%eth0]:443": "[fe80::1%eth0]:443",
		"https://bmc1": "bmc1:443", "http://127.0.0.1:80/": "127.0.0.1:80",
	} {
		u, err := New(http.DefaultClient, base, credentials).address()
		if err != nil || u.Host != want {
			t.Errorf("%q is %v, %v; expected %s", base, u, err, want)
		}
	}
}

// TestOptions refuses what is no port.
func TestOptions(t *testing.T) {
	for port, ok := range map[int]bool{443: true, 1: true, 65535: true, 0: false, -1: false, 65536: false} {
		if err := (Options{Host: "bmc1", Port: port}).Validate(); (err == nil) != ok {
			t.Errorf("%d: %v", port, err)
		}
	}
}

// TestNoLogRemembered looks for an event log once, and goes on saying that
// there is none.
func TestNoLogRemembered(t *testing.T) {
	s := &logServer{services: `{"@odata.id":"/redfish/v1/Systems/1/LogServices/AuditLog"}`}
	_, source := serve(t, s)
	first := mustPoll(t, source, bmc.Ask{Logs: true})
	s.requests = nil
	second := mustPoll(t, source, bmc.Ask{Logs: true, Memory: first.Memory})
	if len(second.Gaps) != 1 || !second.Gaps[0].Log || strings.Contains(strings.Join(s.requests, " "), "Log") {
		t.Errorf("gaps %v, %v", second.Gaps, s.requests)
	}
}
