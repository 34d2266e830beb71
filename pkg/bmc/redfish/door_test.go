package redfish

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// heard notes what a controller was sent.
type heard struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (h *heard) all() []*http.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests
}

// behind is a door to a controller that answers as told.
func behind(t *testing.T, answer http.HandlerFunc) (*door, *heard) {
	t.Helper()
	h := &heard{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, r)
		h.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return newDoor(client, base), h
}

// To connect sends nothing, and an odd root loses nothing.
func TestDoorConnects(t *testing.T) {
	d, h := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"Product":5,"Oem":[],"Links":"x","UUID":"u"}`)
	})
	for _, l := range []login{{}, {user: "root", password: "calvin"}, {token: "t"}} {
		if err := d.connect(l); err != nil {
			t.Errorf("%+v: %v", l, err)
		}
	}
	if n := len(h.all()); n != 0 {
		t.Fatalf("connecting sent %d requests", n)
	}
	a, err := d.send(t.Context(), login{}, request{method: http.MethodGet, uri: "/redfish/v1/"})
	if err != nil || !strings.Contains(string(a.body), `"Product":5`) {
		t.Errorf("the root: %+v, %v", a, err)
	}
	if n := len(h.all()); n != 1 {
		t.Errorf("%d requests, expected 1", n)
	}
}

// The credentials go to the controller and nowhere else, whatever is asked for.
func TestDoorStaysThere(t *testing.T) {
	thief := &heard{}
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { thief.requests = append(thief.requests, r) }))
	defer other.Close()
	d, h := behind(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })
	elsewhere := strings.TrimPrefix(other.URL, "http://")
	for _, uri := range []string{"@" + elsewhere + "/redfish", ":x@" + elsewhere + "/redfish"} {
		if a, err := d.send(t.Context(), login{user: "root", password: "calvin"}, request{method: http.MethodGet, uri: uri}); !errors.Is(err, errElsewhere) {
			t.Errorf("%s: %+v, %v", uri, a, err)
		}
	}
	for _, link := range []string{other.URL + "/redfish", "https://" + d.base.Host + "/", "http://root@" + d.base.Host + "/"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.RoundTrip(r); !errors.Is(err, errElsewhere) {
			t.Errorf("%s: %v", link, err)
		}
	}
	if len(thief.requests)+len(h.all()) != 0 {
		t.Error("a request left")
	}
}

// Status, header and body of every answer are kept.
func TestDoorKeepsAnswers(t *testing.T) {
	d, _ := behind(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", "Basic")
		w.Header().Set("Location", "/elsewhere")
		code := map[string]int{"/redfish/206": 206, "/redfish/301": 301, "/redfish/304": 304, "/redfish/401": 401, "/redfish/503": 503}[r.URL.Path]
		w.WriteHeader(code)
		if code != 304 {
			io.WriteString(w, "because of "+r.URL.Path)
		}
	})
	for _, code := range []int{206, 301, 304, 401, 503} {
		path := "/redfish/" + strconv.Itoa(code)
		a, err := d.send(t.Context(), login{}, request{method: http.MethodGet, uri: path})
		if err != nil {
			t.Errorf("%d: %v", code, err)
			continue
		}
		if a.code != code || a.head.Get("WWW-Authenticate") != "Basic" || code != 304 && string(a.body) != "because of "+path {
			t.Errorf("%d: %d %v %q", code, a.code, a.head, a.body)
		}
	}
}

// A body ends, and so does a controller that does not.
func TestDoorEnds(t *testing.T) {
	d, _ := behind(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // to return would answer 200
		}
		w.Write(make([]byte, maxBody+1))
	})
	if a, err := d.send(t.Context(), login{}, request{method: http.MethodGet, uri: "/redfish/big"}); !errors.Is(err, errTooLong) {
		t.Errorf("a long body: %+v, %v", a, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if a, err := d.send(ctx, login{token: "t"}, request{method: http.MethodDelete, uri: "/redfish/v1/s/1"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a logout that nobody answers: %+v, %v", a, err)
	}
}

// Each login is as it should be on the wire, and gofish's own headers are not
// there.
func TestDoorLogsIn(t *testing.T) {
	d, h := behind(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })
	for _, l := range []login{{}, {user: "root", password: "cal:vin ü"}, {user: "root"}, {password: "x"}, {token: "tok"}} {
		if _, err := d.send(t.Context(), l, request{method: http.MethodGet, uri: "/redfish/v1/"}); err != nil {
			t.Fatal(err)
		}
		all := h.all()
		r := all[len(all)-1]
		user, password, _ := r.BasicAuth()
		if user != l.user || password != l.password || r.Header.Get("X-Auth-Token") != l.token {
			t.Errorf("%+v: sent %v", l, r.Header)
		}
		for name, want := range map[string]string{"User-Agent": "noout", "Odata-Version": "4.0", "Accept": "application/json", "Content-Type": "", "Connection": ""} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, expected %q", name, got, want)
			}
		}
	}
}

// A session that is opened without Location is closed all the same.
func TestDoorWithoutLocation(t *testing.T) {
	const place = "/redfish/v1/SessionService/Sessions"
	closed := make(chan string, 8)
	d, _ := behind(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete:
			closed <- r.URL.Path + " " + r.Header.Get("X-Auth-Token")
		case r.Method == http.MethodPost && r.URL.Path == place:
			w.Header().Set("X-Auth-Token", "tok")
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `{"@odata.id":"`+place+`/7"}`)
		case r.URL.Path == "/redfish/v1/":
			io.WriteString(w, `{"RedfishVersion":"1.6.0","Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Links":{"Sessions":{"@odata.id":"`+place+`"}}}`)
		case r.Header.Get("X-Auth-Token") == "tok":
			io.WriteString(w, `{"Members":[]}`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s := New(d.http, d.base.String(), secret.Credentials{Username: "root", Password: secret.NewText("calvin")})
	if _, err := s.Poll(t.Context(), bmc.Ask{}); err != nil {
		t.Log(err) // an empty chassis list is another test's
	}
	select {
	case got := <-closed:
		if got != place+"/7 tok" {
			t.Errorf("closed %s", got)
		}
	default:
		t.Error("the session is left open")
	}
}
