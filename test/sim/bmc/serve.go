package bmc

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
)

// exchange is a request that is being answered.
type exchange struct {
	sim    *Sim
	w      http.ResponseWriter
	r      *http.Request
	where  string // the path, without a slash at the end
	faults []Fault
}

// ServeHTTP answers a request.
func (s *Sim) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w := &answer{ResponseWriter: out, note: s.stats.request(r)}
	look := s.World.Look()
	s.sessions.follow(look.Time, look.Boots)
	if s.server.NoDate {
		w.Header()["Date"] = nil
	} else {
		w.Header().Set("Date", look.Clock.UTC().Format(http.TimeFormat))
	}
	if !look.Up {
		s.reset(w)
		return
	}
	watch := watching(r)
	watch.tell(Came, r)
	w.done = func() { watch.tell(Done, r) }
	x := &exchange{sim: s, w: w, r: r, where: path.Clean(r.URL.Path), faults: s.faults.hit(r)}
	x.answer()
	if watch != nil {
		_ = http.NewResponseController(w).Flush() // a client that left needs no answer
		watch.tell(Told, r)
	}
}

// answer does what was asked for, or what the faults do instead.
func (x *exchange) answer() {
	s := x.sim
	for _, f := range x.faults {
		if f.Name == Late {
			x.late(f)
			return
		}
		if before := before[f.Name]; before != nil && before(x, f) {
			return
		}
	}
	now := s.World.Look().Time
	switch x.r.Method {
	case http.MethodGet, http.MethodHead:
		x.get(now)
	case http.MethodPost:
		if s.isSessions(x.where) {
			x.login(now)
			return
		}
		x.write()
	case http.MethodDelete:
		if s.isSessions(path.Dir(x.where)) {
			if refused := s.sessions.allowed(x.r, now); refused != nil {
				s.refuse(x.w, refused)
				return
			}
			s.logout(x.w, path.Base(x.where))
			return
		}
		x.write()
	default:
		x.write()
	}
}

// has says whether a fault is among those that hit this exchange.
func (x *exchange) has(name string) bool {
	return slices.ContainsFunc(x.faults, func(f Fault) bool { return f.Name == name })
}

// write refuses what would change the device, and remembers it.
func (x *exchange) write() {
	x.sim.stats.violation("wrote: " + x.r.Method + " " + x.r.URL.Path)
	x.w.Header().Set("Allow", "GET, HEAD")
	x.sim.refuse(x.w, &redfish.Refusal{Status: http.StatusMethodNotAllowed, MessageID: "Base.1.8.OperationNotAllowed",
		Message: "The HTTP method is not allowed on this resource."})
}

// get answers a request for a resource.
func (x *exchange) get(now time.Time) {
	s := x.sim
	if x.where != "/redfish" && x.where != "/redfish/v1" {
		if refused := s.sessions.allowed(x.r, now); refused != nil {
			s.refuse(x.w, refused)
			return
		}
	}
	o, refused := x.resource()
	if refused != nil {
		s.refuse(x.w, refused)
		return
	}
	for _, f := range x.faults {
		if spoil := spoil[f.Name]; spoil != nil {
			spoil(o)
		}
		if link := links[f.Name]; link != nil && o["Members"] != nil {
			o["Members@odata.nextLink"] = link(x)
		}
	}
	body := marshal(o)
	for _, f := range x.faults {
		if after := after[f.Name]; after != nil {
			after(x, f, body)
			return
		}
	}
	s.body(x.w, http.StatusOK, body)
}

func (x *exchange) resource() (map[string]any, *redfish.Refusal) {
	if x.where == "/redfish" {
		return map[string]any{"v1": "/redfish/v1/"}, nil
	}
	if x.sim.underSessions(x.where) {
		if o, ok := x.sim.sessionResource(x.where); ok {
			return o, nil
		}
	}
	return x.sim.resources.Get(x.where, x.r.URL.Query())
}

// refuse sends an error in Redfish's form.
func (s *Sim) refuse(w http.ResponseWriter, r *redfish.Refusal) {
	if r.Status == http.StatusUnauthorized && s.server.Auth != SessionsOnly {
		w.Header().Set("WWW-Authenticate", `Basic realm="RedfishService"`)
	}
	s.send(w, r.Status, errorBody(r))
}

func errorBody(r *redfish.Refusal) map[string]any {
	return map[string]any{"error": map[string]any{
		"code": "Base.1.8.GeneralError", "message": "A general error has occurred. See ExtendedInfo for more information.",
		"@Message.ExtendedInfo": []any{map[string]any{
			"MessageId": r.MessageID, "Message": r.Message, "MessageArgs": []any{}, "Severity": "Critical",
			"Resolution": "Remove the condition and resubmit the request if the operation failed.",
		}},
	}}
}

func (s *Sim) send(w http.ResponseWriter, status int, o map[string]any) {
	s.body(w, status, marshal(o))
}

func (s *Sim) body(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("OData-Version", "4.0")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that left needs no answer.
	_, _ = w.Write(body)
}

// marshal writes JSON as controllers do, without escapes for HTML. Resources
// are made of maps, strings, numbers and booleans only, which cannot fail.
func marshal(o map[string]any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(o); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// answer notes the status of what is sent.
type answer struct {
	http.ResponseWriter
	note  func(int)
	done  func() // called before anything is sent
	noted bool
}

// WriteHeader sends a status.
func (a *answer) WriteHeader(status int) {
	if !a.noted {
		a.noted = true
		a.note(status)
		if a.done != nil {
			a.done()
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController what is below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
