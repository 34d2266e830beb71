package bmc

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

func TestControl(t *testing.T) {
	s := Start(t, Server{Clock: world.Still(noon), TLS: TLSNone})
	stopped := make(chan struct{})
	control := httptest.NewServer(s.Control(func() { close(stopped) }))
	defer control.Close()
	post := func(what string) int {
		t.Helper()
		a, err := http.Post(control.URL+what, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		return a.StatusCode
	}
	for what, want := range map[string]int{
		"/drop?fan=3&for=11s&shape=zero": 200, "/drop": 400, "/drop?fan=99": 400, "/fly": 400, "/advance?by=5m": 200,
		"/advance": 400, "/advance?by=-5m": 400, "/fault?name=404&path=/redfish/v1/Systems": 200, "/fault?name=gremlin": 400,
		"/fault?name=slow&delay=soon": 400, "/fault?name=slow&speed=1": 400, "/clear-log": 200, "/power?state=off": 200,
	} {
		if got := post(what); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	if look := s.World.Look(); !look.Time.Equal(noon.Add(5*time.Minute)) || look.Power != world.Off {
		t.Errorf("world: %+v", look)
	}
	if a := (call{what: "GET /redfish/v1/Systems"}).send(t, s); a.status != http.StatusNotFound {
		t.Errorf("faulty resource: %d", a.status)
	}
	post("/mend")
	if a := (call{what: "GET /redfish/v1/Systems"}).send(t, s); a.status != http.StatusOK {
		t.Errorf("mended resource: %d", a.status)
	}
	for _, what := range []string{"/stats", "/world", "/elsewhere"} {
		a, err := http.Get(control.URL + what)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: %v %s", what, err, text)
		}
	}
	post("/forget")
	if n := s.Stats().Count; n != 0 {
		t.Errorf("%d requests are counted", n)
	}
	post("/stop")
	<-stopped
}

func TestPlay(t *testing.T) {
	s := Start(t, Server{Clock: world.Still(noon), TLS: TLSNone})
	err := s.Play(`
		# a story
		10s drop?fan=1&for=5s
		20s fault?name=500
		30s mend
		every 1h from 1m drop?fan=2&for=1s
	`)
	if err != nil {
		t.Fatal(err)
	}
	s.Advance(12 * time.Second)
	if h := health(document(t, s, thermal), 1); h != "Critical" {
		t.Errorf("after 12 s: %v", h)
	}
	s.Advance(10 * time.Second)
	s.World.Look() // what was due is done when somebody looks
	if a := (call{what: "GET " + thermal}).send(t, s); a.status != http.StatusInternalServerError {
		t.Errorf("after 22 s: %d", a.status)
	}
	s.Advance(10 * time.Second)
	if a := (call{what: "GET " + thermal}).send(t, s); a.status != http.StatusOK {
		t.Errorf("after 32 s: %d", a.status)
	}
	s.Advance(3 * time.Hour)
	failures := 0
	for _, r := range s.World.Log() {
		if r.Kind == world.FanFailed && r.Number == 2 {
			failures++
		}
	}
	if failures != 3 {
		t.Errorf("fan 2 failed %d times", failures)
	}
	for _, bad := range []string{"10s fly", "soon drop?fan=1", "10s drop?fan=77"} {
		if err := s.Play(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
