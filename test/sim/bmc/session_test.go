package bmc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

const sessionsPath = "/redfish/v1/SessionService/Sessions"

func login(t *testing.T, s *Sim, password string) reply {
	t.Helper()
	body, err := json.Marshal(map[string]string{"UserName": Username, "Password": password})
	if err != nil {
		t.Fatal(err)
	}
	return call{"POST " + s.profile.Sessions, "none", string(body)}.send(t, s)
}

func TestSessions(t *testing.T) {
	s := Start(t, Server{})
	made := login(t, s, Password)
	token, where := made.header.Get("X-Auth-Token"), made.header.Get("Location")
	if made.status != http.StatusCreated || token == "" || !strings.HasPrefix(where, sessionsPath+"/") {
		t.Fatalf("login: %d, token %q, location %q", made.status, token, where)
	}
	if a := (call{"GET " + thermal, token, ""}).send(t, s); a.status != http.StatusOK {
		t.Errorf("with a token: %d", a.status)
	}
	if a := (call{"GET " + where, token, ""}).send(t, s); a.status != http.StatusOK {
		t.Errorf("the session itself: %d", a.status)
	}
	if n := document(t, s, sessionsPath)["Members@odata.count"]; n != 1.0 {
		t.Errorf("%v sessions are listed", n)
	}
	if a := (call{"DELETE " + where, token, ""}).send(t, s); a.status != http.StatusNoContent {
		t.Errorf("logout: %d", a.status)
	}
	if a := (call{"GET " + thermal, token, ""}).send(t, s); a.status != http.StatusUnauthorized {
		t.Errorf("with a token that ended: %d", a.status)
	}
	if st := s.Stats(); st.Sessions != 0 || st.MostSessions != 1 || st.Logins != 1 || len(st.Violations) != 0 {
		t.Errorf("%+v", st)
	}
}

func TestSessionsRunOut(t *testing.T) {
	for vendor, want := range map[Vendor]string{Dell: "503 RAC0218", HPE: "400 CreateLimitReached", Lenovo: "503 SessionLimitExceeded"} {
		s := Start(t, Server{Vendor: vendor, Clock: world.Still(noon)})
		for range 4 {
			if a := login(t, s, Password); a.status != http.StatusCreated {
				t.Fatalf("%s: %d", vendor, a.status)
			}
		}
		a := login(t, s, Password)
		status, id, _ := strings.Cut(want, " ")
		if fmt.Sprint(a.status) != status || !strings.Contains(string(a.body), id) {
			t.Errorf("%s: %d %s, want %s", vendor, a.status, a.body, want)
		}
		s.Advance(31 * time.Minute) // longer than any of them keeps one
		if n := s.Stats().Sessions; n != 0 {
			t.Errorf("%s: %d sessions are open after half an hour", vendor, n)
		}
		if a := login(t, s, Password); a.status != http.StatusCreated {
			t.Errorf("%s, later: %d", vendor, a.status)
		}
		if err := s.Do("restart"); err != nil {
			t.Fatal(err)
		}
		if n := s.Stats().Sessions; n != 0 {
			t.Errorf("%s: %d sessions survived the restart", vendor, n)
		}
	}
}

func TestWrongPasswordsLockTheAccount(t *testing.T) {
	s := Start(t, Server{Clock: world.Still(noon)})
	for range 2 {
		if a := login(t, s, "wrong"); a.status != http.StatusUnauthorized {
			t.Fatalf("wrong password: %d", a.status)
		}
	}
	if a := login(t, s, Password); a.status != http.StatusCreated {
		t.Fatalf("right after two wrong ones: %d", a.status)
	}
	for range 3 {
		login(t, s, "wrong")
	}
	if a := login(t, s, Password); a.status != http.StatusUnauthorized {
		t.Errorf("locked account: %d", a.status)
	}
	if a := (call{what: "GET " + thermal}).send(t, s); a.status != http.StatusUnauthorized {
		t.Errorf("locked account, basic: %d", a.status)
	}
	s.Advance(11 * time.Minute)
	if a := (call{what: "GET " + thermal}).send(t, s); a.status != http.StatusOK {
		t.Errorf("later: %d", a.status)
	}
	if st := s.Stats(); st.WrongPasswords != 5 || st.Locked != 2 {
		t.Errorf("%d wrong, %d locked", st.WrongPasswords, st.Locked)
	}
}

func TestAuthentication(t *testing.T) {
	for _, c := range []struct {
		auth                Auth
		basic, none, logins int
	}{
		{AnyAuth, 200, 401, 201},
		{SessionsOnly, 401, 401, 201},
		{BasicOnly, 200, 401, 503},
		{Open, 200, 200, 201},
	} {
		s := Start(t, Server{Auth: c.auth, TLS: TLSNone})
		got := []int{
			(call{what: "GET " + thermal}).send(t, s).status,
			(call{what: "GET " + thermal, token: "none"}).send(t, s).status,
			login(t, s, Password).status,
			(call{what: "GET /redfish/v1/", token: "none"}).send(t, s).status,
			(call{what: "GET /redfish", token: "none"}).send(t, s).status,
		}
		want := []int{c.basic, c.none, c.logins, 200, 200}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %v, want %v", c.auth, got, want)
		}
	}
}

func TestOldSessionsPath(t *testing.T) {
	s := Start(t, Server{Vendor: Dell8})
	a := login(t, s, Password)
	if where := a.header.Get("Location"); !strings.HasPrefix(where, "/redfish/v1/Sessions/") {
		t.Errorf("location %q", where)
	}
}

func TestWhereANewSessionIs(t *testing.T) {
	s := Start(t, Server{Vendor: HPE})
	if where := login(t, s, Password).header.Get("Location"); !strings.HasPrefix(where, s.URL+sessionsPath) {
		t.Errorf("iLO: %q", where)
	}
	s.MustBreak(t, Fault{Name: ForeignLocation})
	if where := login(t, s, Password).header.Get("Location"); !strings.HasPrefix(where, s.Elsewhere().URL) {
		t.Errorf("elsewhere: %q", where)
	}
}

func TestALateAnswerComesAfterTheDeed(t *testing.T) {
	s := Start(t, Server{TLS: TLSNone})
	s.MustBreak(t, Fault{Name: Late, Method: "POST", Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	body := fmt.Sprintf(`{"UserName":%q,"Password":%q}`, Username, Password)
	r, err := http.NewRequestWithContext(ctx, "POST", s.URL+sessionsPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	asker, gone := client(t, s), make(chan error)
	go func() {
		_, err := asker.Do(r)
		gone <- err
	}()
	for s.Stats().Logins == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-gone; err == nil {
		t.Error("it answered")
	}
	if n := s.Stats().Sessions; n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func TestWhatMustNeverHappenIsRecorded(t *testing.T) {
	s := Start(t, Server{})
	for what, status := range map[string]int{
		"PATCH " + thermal: 405,
		"POST /redfish/v1/Chassis/System.Embedded.1/Actions/Chassis.Reset":   405,
		"DELETE /redfish/v1/Systems/System.Embedded.1":                       405,
		"GET /redfish/v1/Chassis/Enclosure.Internal.0-1":                     200,
		"GET /redfish/v1/Chassis/Enclosure.Internal.0-1:RAID.Integrated.1-1": 404,
	} {
		if a := (call{what: what}).send(t, s); a.status != status {
			t.Errorf("%s: %d, want %d", what, a.status, status)
		}
	}
	if v := s.Stats().Violations; len(v) != 5 {
		t.Errorf("recorded: %q", v)
	}
	s.Forget()
	call{what: "GET /redfish/v1/Chassis?$expand=.($levels=1)"}.send(t, s)
	if v := s.Stats().Violations; len(v) != 0 {
		t.Errorf("expanding the collection is allowed: %q", v)
	}
}

func TestQueries(t *testing.T) {
	s := Start(t, Server{World: func(c *world.Config) { c.Log.Noise = 120 }})
	entries := "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Sel/Entries"
	count := func(o map[string]any) int { return len(o["Members"].([]any)) }
	pages, at := 0, entries
	for ids := map[string]bool{}; at != ""; pages++ {
		o := document(t, s, at)
		for _, m := range o["Members"].([]any) {
			ids[m.(map[string]any)["Id"].(string)] = true
		}
		next, _ := o["Members@odata.nextLink"].(string)
		if at = next; at == "" && len(ids) != 120 {
			t.Errorf("%d different entries on all pages", len(ids))
		}
	}
	if pages != 3 {
		t.Errorf("%d pages", pages)
	}
	if o := document(t, s, entries+"?$top=7&$skip=118"); count(o) != 2 || o["Members@odata.count"] != 120.0 {
		t.Errorf("the last ones: %d of %v", count(o), o["Members@odata.count"])
	}
	chassis := document(t, s, "/redfish/v1/Chassis?$expand=*($levels=1)")["Members"].([]any)[0].(map[string]any)
	if chassis["Thermal"] == nil || chassis["PowerState"] != "On" {
		t.Errorf("expanded: %v", chassis)
	}
	if a := (call{what: "GET /redfish/v1/Chassis?$expand=.($levels=3)"}).send(t, s); a.status != http.StatusBadRequest {
		t.Errorf("three levels: %d", a.status)
	}
	strict := Start(t, Server{Vendor: OpenBMC})
	if a := (call{what: "GET /redfish/v1/Chassis?$expand=."}).send(t, strict); a.status != http.StatusBadRequest {
		t.Errorf("$expand where there is none: %d", a.status)
	}
	off := Start(t, Server{Expand: ExpandOff, Profile: func(p *redfish.Profile) { p.Page = 0 }})
	if o := document(t, off, "/redfish/v1/Chassis?$expand=."); len(o["Members"].([]any)[0].(map[string]any)) != 1 {
		t.Errorf("$expand switched off: %v", o)
	}
	features := document(t, off, "/redfish/v1")["ProtocolFeaturesSupported"].(map[string]any)["ExpandQuery"].(map[string]any)
	if features["NoLinks"] != false {
		t.Errorf("the root says %v", features)
	}
}
