package redfish

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestBasicLeavesNothing polls with a password: no session is ever opened.
func TestBasicLeavesNothing(t *testing.T) {
	s := sim.Start(t, sim.Server{Clock: world.Still(noon)})
	mustPoll(t, ours(t, s, sim.Password), bmc.Ask{Logs: true, Keep: true})
	if stats := s.Stats(); stats.Logins != 0 || stats.Sessions != 0 {
		t.Errorf("%d logins, %d sessions", stats.Logins, stats.Sessions)
	}
}

// TestSessionKept follows one session over several polls of a controller that
// refuses basic authentication.
func TestSessionKept(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	source := ours(t, s, sim.Password)
	expect := func(step string, logins, sessions int) {
		t.Helper()
		if stats := s.Stats(); stats.Logins != logins || stats.Sessions != sessions || len(stats.Violations) > 0 {
			t.Fatalf("%s: %d logins, %d sessions, violations %v; expected %d and %d", step, stats.Logins, stats.Sessions, stats.Violations, logins, sessions)
		}
	}
	first := mustPoll(t, source, bmc.Ask{Keep: true})
	expect("first", 1, 1)
	s.Forget()
	second := mustPoll(t, source, bmc.Ask{Keep: true, Memory: first.Memory})
	expect("reused", 0, 1)
	for _, r := range s.Stats().Requests {
		if r.Auth == "basic" {
			t.Errorf("%s %s with the password although there is a session", r.Method, r.Path)
		}
	}
	s.Advance(24*time.Hour - time.Minute) // long idle: the session is over
	third := mustPoll(t, source, bmc.Ask{Keep: true, Memory: second.Memory})
	expect("replaced", 1, 1)
	mustPoll(t, source, bmc.Ask{Memory: third.Memory})
	expect("not kept any more", 1, 0)
	mustPoll(t, source, bmc.Ask{})
	expect("never kept", 2, 0)
}

// TestSessionBelongs uses a kept session for no other user and no other host.
func TestSessionBelongs(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	kept := mustPoll(t, ours(t, s, sim.Password), bmc.Ask{Keep: true}).Memory
	token := recall(kept).Session.Token
	tests := map[string]func(http.HandlerFunc) *Source{
		"another host": func(h http.HandlerFunc) *Source {
			_, source := serve(t, h)
			source.cred.Username = sim.Username
			return source
		},
		"another user": func(h http.HandlerFunc) *Source {
			server, source := serve(t, h)
			m := recall(kept)
			m.Session.Host = strings.TrimPrefix(server.URL, "https://")
			source.cred.Username = "somebody"
			kept = m.store()
			return source
		},
	}
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			var seen []string
			source := start(func(w http.ResponseWriter, r *http.Request) {
				seen = append(seen, r.Header.Get("X-Auth-Token"))
				write(w, `{"Members":[]}`)
			})
			server, err := source.Poll(t.Context(), bmc.Ask{Memory: kept, Keep: true})
			if err != nil || len(seen) < 2 {
				t.Fatal(err, seen)
			}
			if strings.Contains(strings.Join(seen, " "), token) || strings.Contains(string(server.Memory), token) {
				t.Error("the session went to somebody else")
			}
		})
	}
}

// TestKilled ends a poll the hard way right after it logged in: the next one
// finds the session in what it wrote down, uses it and can close it.
func TestKilled(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	source := ours(t, s, sim.Password)
	var written bmc.Memory
	source.Remember = remembering(&written, func(m memory) {
		if m.Session != nil {
			panic("killed")
		}
	})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the session was not written down")
			}
		}()
		_, _ = source.Poll(t.Context(), bmc.Ask{Keep: true})
	}()
	if n := s.Stats().Sessions; n != 1 {
		t.Fatalf("%d sessions", n)
	}
	source.Remember = nil
	mustPoll(t, source, bmc.Ask{Memory: written})
	if stats := s.Stats(); stats.Sessions != 0 || stats.Logins != 1 {
		t.Errorf("%d sessions after %d logins", stats.Sessions, stats.Logins)
	}
}

// TestKilledDuringLogin: the controller has opened a session whose name never
// arrived. The next poll that logs in finds it by its user and closes it.
func TestKilledDuringLogin(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	source := ours(t, s, sim.Password)
	var now, announced bmc.Memory
	source.Remember = remembering(&now, func(memory) {
		if announced == nil {
			announced = now
		}
	})
	mustPoll(t, source, bmc.Ask{Keep: true})
	source.Remember = remembering(&announced, nil)
	if n := s.Stats().Sessions; n != 1 {
		t.Fatalf("%d sessions", n)
	}
	mustPoll(t, source, bmc.Ask{Keep: true, Memory: announced})
	if n := s.Stats().Sessions; n != 1 {
		t.Errorf("%d sessions, want our own", n)
	}
}

// TestInterrupted cancels polls at each moment that a controller sees, before
// the conversation goes on and somewhere before the next moment, of a controller
// that has four sessions: none is left but the one that is written down, and
// that only by a poll that came to its end.
func TestInterrupted(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Sessions: 4})
	source := ours(t, s, sim.Password)
	source.grace = 5 * time.Minute // what a loaded machine takes is not what is tested
	var memory bmc.Memory
	var gap time.Duration // between two moments
	moments := 0
	for i := range 150 {
		ctx, cancel := context.WithCancel(t.Context())
		all, pause := moments, gap
		at := 1 + i%max(all, 1)
		var seen atomic.Int32
		begun := time.Now()
		watch(t, s, func(sim.Moment) {
			switch {
			case int(seen.Add(1)) != at || all == 0: // the first poll is measured
			case i/all%2 == 0:
				cancel()
			default:
				time.AfterFunc(rand.N(pause+1), cancel)
			}
		})
		server, err := source.Poll(ctx, bmc.Ask{Logs: true, Keep: i%2 == 0, Memory: memory})
		if moments == 0 {
			moments = int(seen.Load())
			gap = time.Since(begun) / time.Duration(moments)
		}
		watch(t, s, nil)
		cancel()
		if err == nil {
			memory = server.Memory // otherwise what was written down stands
		}
		kept := 0
		if recall(memory).Session != nil {
			kept = 1
		}
		if n := s.Stats().Sessions; n > kept || n < kept && err == nil {
			t.Fatalf("poll %d left %d sessions and wrote down %d: %v\n%s", i, n, kept, err, strings.Join(server.Evidence, "\n"))
		}
	}
	if s.Stats().Logins == 0 || s.Stats().Exhausted > 0 {
		t.Errorf("%d logins, %d times no session left", s.Stats().Logins, s.Stats().Exhausted)
	}
}

func watch(t *testing.T, s *sim.Sim, f func(sim.Moment)) {
	t.Helper()
	if err := s.Watch(f); err != nil {
		t.Fatal(err)
	}
}

// TestNoSessionLeft says so when a controller has none.
func TestNoSessionLeft(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Sessions: 1, Clock: world.Still(noon)})
	mustPoll(t, ours(t, s, sim.Password), bmc.Ask{Keep: true})
	_, err := ours(t, s, sim.Password).Poll(t.Context(), bmc.Ask{Keep: true})
	if err == nil || !strings.Contains(err.Error(), "session") {
		t.Errorf("error %v", err)
	}
}

// TestLogoutHangs ends although the controller never answers the logout.
func TestLogoutHangs(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	s.MustBreak(t, sim.Fault{Name: sim.Hang, Method: http.MethodDelete})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // the poll takes 20 ms
	defer cancel()
	server, err := ours(t, s, sim.Password).Poll(ctx, bmc.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	if evidence := strings.Join(server.Evidence, "\n"); !strings.Contains(evidence, "was not closed") {
		t.Errorf("nothing is said of the session that is left:\n%s", evidence)
	}
}

// TestLocation closes a session wherever the controller says it is: in the
// body, or under a name of its own, which is not asked.
func TestLocation(t *testing.T) {
	const path = "/redfish/v1/SessionService/Sessions/7"
	for _, location := range []string{"", path, "https://idrac-d1sim01.example" + path} {
		closesSession(t, location, path)
	}
}

func closesSession(t *testing.T, location, path string) {
	t.Helper()
	var mu sync.Mutex
	closed := ""
	_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path == "/redfish/v1/":
			write(w, `{"SessionService":{"@odata.id":"/redfish/v1/SessionService/"}}`)
		case r.Method == http.MethodPost && r.URL.Path == "/redfish/v1/SessionService/Sessions":
			w.Header().Set("X-Auth-Token", "t0ken")
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(http.StatusCreated)
			write(w, `{"@odata.id":"`+path+`"}`)
		case r.Header.Get("X-Auth-Token") != "t0ken":
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodDelete:
			closed = r.URL.Path
		default:
			write(w, `{"Members":[]}`)
		}
	}))
	mustPoll(t, source, bmc.Ask{})
	if closed != path {
		t.Errorf("with Location %q: closed %q", location, closed)
	}
}
