package bmc

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
)

// sessions are the logins of a controller: open sessions, and how often a
// password was wrong.
type sessions struct {
	sim    *Sim
	mu     sync.Mutex
	open   []session
	last   int
	peak   int
	boots  int // start of the controller that the open sessions belong to
	wrong  int // passwords in a row
	locked time.Time
}

type session struct {
	id, token string
	used      time.Time
}

func newSessions(s *Sim) *sessions { return &sessions{sim: s, boots: 1, last: 270} }

// follow forgets all sessions when the controller was started anew, and those
// that nobody used for long.
func (s *sessions) follow(now time.Time, boots int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boots != boots {
		s.boots, s.open = boots, nil
	}
	s.open = slices.DeleteFunc(s.open, func(o session) bool { return now.Sub(o.used) > s.sim.server.Idle })
}

// EndSessions is what an administrator does who ends all sessions.
func (s *Sim) EndSessions() {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.sessions.open = nil
}

func (s *sessions) count() (open, peak int) {
	look := s.sim.World.Look()
	s.follow(look.Time, look.Boots)
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open), s.peak
}

// allowed says whether a request may be answered, or what is answered instead.
func (s *sessions) allowed(r *http.Request, now time.Time) *redfish.Refusal {
	if s.sim.server.Auth == Open {
		return nil
	}
	if token := r.Header.Get("X-Auth-Token"); token != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := range s.open {
			if s.open[i].token == token {
				s.open[i].used = now
				return nil
			}
		}
		return s.unauthorized()
	}
	name, password, ok := r.BasicAuth()
	if !ok || s.sim.server.Auth == SessionsOnly {
		return s.unauthorized()
	}
	return s.password(name, password, now)
}

func (s *sessions) unauthorized() *redfish.Refusal {
	s.sim.stats.do(func(s *Stats) { s.Unauthorized++ })
	return &redfish.Refusal{Status: http.StatusUnauthorized, MessageID: "Base.1.8.NoValidSession",
		Message: "There is no valid session established with the implementation."}
}

// password checks a name and a password. Three wrong ones lock the account,
// and then the right one is refused too.
func (s *sessions) password(name, password string, now time.Time) *redfish.Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.locked) {
		s.sim.stats.do(func(s *Stats) { s.Locked++ })
		return s.unauthorized()
	}
	want := s.sim.server
	same := subtle.ConstantTimeCompare([]byte(name+"\x00"+password), []byte(want.Username+"\x00"+want.Password))
	if same == 1 {
		s.wrong = 0
		return nil
	}
	s.wrong++
	s.sim.stats.do(func(s *Stats) { s.WrongPasswords++ })
	if s.wrong >= want.Strikes {
		s.locked, s.wrong = now.Add(want.LockFor), 0
	}
	return s.unauthorized()
}

// isSessions says whether a path is that of the sessions, old or new.
func (s *Sim) isSessions(where string) bool {
	return where == "/redfish/v1/SessionService/Sessions" || where == s.profile.Sessions
}

// login answers a POST to the sessions.
func (x *exchange) login(now time.Time) {
	s, w, r := x.sim, x.w, x.r
	var ask struct{ UserName, Password string }
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&ask)
	if err != nil {
		s.refuse(w, &redfish.Refusal{Status: http.StatusBadRequest, MessageID: "Base.1.8.MalformedJSON", Message: "The request body submitted was malformed JSON."})
		return
	}
	if refused := s.sessions.password(ask.UserName, ask.Password, now); refused != nil {
		s.refuse(w, refused)
		return
	}
	made, ok := s.sessions.add(now)
	if !ok {
		s.stats.do(func(s *Stats) { s.Exhausted++ })
		full := s.profile.Full
		s.refuse(w, &full)
		return
	}
	s.stats.do(func(s *Stats) { s.Logins++ })
	s.World.Note(fmt.Sprintf("Successfully logged in using %s, from 127.0.0.1 and REDFISH.", ask.UserName))
	where := path.Join(path.Clean(r.URL.Path), made.id)
	w.Header().Set("X-Auth-Token", made.token)
	switch {
	case x.has(ForeignLocation):
		w.Header().Set("Location", s.Elsewhere().URL+where)
	case s.profile.Absolute:
		w.Header().Set("Location", s.URL+where)
	default:
		w.Header().Set("Location", where)
	}
	s.send(w, http.StatusCreated, s.session(where, made.id))
}

func (s *sessions) add(now time.Time) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= s.sim.server.Sessions || s.sim.server.Auth == BasicOnly {
		return session{}, false
	}
	s.last++
	made := session{id: fmt.Sprint(s.last), token: rand.Text(), used: now}
	s.open = append(s.open, made)
	s.peak = max(s.peak, len(s.open))
	return made, true
}

// logout answers a DELETE of a session.
func (s *Sim) logout(w http.ResponseWriter, id string) {
	s.sessions.mu.Lock()
	before := len(s.sessions.open)
	s.sessions.open = slices.DeleteFunc(s.sessions.open, func(o session) bool { return o.id == id })
	gone := before > len(s.sessions.open)
	s.sessions.mu.Unlock()
	if !gone {
		s.refuse(w, &redfish.Refusal{Status: http.StatusNotFound, MessageID: "Base.1.8.ResourceMissingAtURI", Message: "There is no such session."})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) session(where, id string) map[string]any {
	return map[string]any{
		"@odata.id": where, "@odata.type": "#Session.v1_3_0.Session", "Id": id, "Name": "User Session",
		"Description": "User Session", "UserName": s.server.Username,
	}
}

// sessionResource answers a GET below the session service, which vendors and
// recorded trees leave to the simulator.
func (s *Sim) sessionResource(where string) (map[string]any, bool) {
	const service = "/redfish/v1/SessionService"
	if where == service {
		return map[string]any{
			"@odata.id": service, "@odata.type": "#SessionService.v1_1_3.SessionService", "Id": "SessionService",
			"Name": "Session Service", "ServiceEnabled": s.server.Auth != BasicOnly, "SessionTimeout": s.profile.Timeout,
			"Sessions": map[string]any{"@odata.id": s.profile.Sessions},
		}, true
	}
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	var members []any
	for _, o := range s.sessions.open {
		at := path.Join(s.profile.Sessions, o.id)
		if at == where {
			return s.session(at, o.id), true
		}
		members = append(members, map[string]any{"@odata.id": at})
	}
	return map[string]any{
		"@odata.id": where, "@odata.type": "#SessionCollection.SessionCollection", "Name": "Session Collection",
		"Members": members, "Members@odata.count": len(members),
	}, s.isSessions(where)
}

// underSessions says whether a path belongs to the session service.
func (s *Sim) underSessions(where string) bool {
	return where == "/redfish/v1/SessionService" || s.isSessions(where) || s.isSessions(path.Dir(where)) ||
		strings.HasPrefix(where, "/redfish/v1/SessionService/")
}
