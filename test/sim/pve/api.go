package pve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// quiet is the listener of a node that may be without power: then, as with a
// host that is off, nobody answers.
type quiet struct {
	net.Listener
	api *api
}

func (q quiet) Accept() (net.Conn, error) {
	for {
		c, err := q.Listener.Accept()
		if err != nil {
			return nil, err
		}
		up := false
		q.api.sim.World.look(func() { up = q.api.node.up })
		if up && !q.api.sim.faults.silent(q.api.node.Name) {
			return c, nil
		}
		if q.api.sim.World.config.Hangup {
			q.api.sim.problem(c.Close())
			continue
		}
		go func() {
			<-q.api.sim.done
			q.api.sim.problem(c.Close())
		}()
	}
}

const base = "/api2/json"

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), base)
	kind := a.record(r.Method, path)
	if !strings.HasPrefix(r.URL.Path, base+"/") {
		body := fmt.Appendf(nil, page, "Proxmox Virtual Environment")
		a.write(w, reply{"200 OK", "text/html", body, len(body)})
		return
	}
	status, body, delay := a.answer(r, path)
	if !a.sim.pause(r, delay) {
		// To return would send an empty answer with status 200, which a client
		// that is only about to close its connection still reads.
		panic(http.ErrAbortHandler)
	}
	switch kind {
	case "":
		contentType := "application/json;charset=UTF-8"
		if body == nil {
			contentType = ""
		}
		a.write(w, reply{status, contentType, body, len(body)})
	case Hang:
		<-a.sim.done
		panic(http.ErrAbortHandler)
	case Drip:
		a.drip(w, body)
	case Huge:
		body := slices.Concat([]byte(`{"data":"`), bytes.Repeat([]byte("x"), 64<<20), []byte(`"}`))
		a.write(w, reply{"200 OK", "application/json", body, len(body)})
	default:
		a.raw(w, broken(kind, body))
	}
}

func (a *api) record(method, path string) (fault string) {
	one := Request{Asked: a.node.Name, Method: method, Path: path}
	if rest, is := strings.CutPrefix(path, "/nodes/"); is {
		one.Node, _, _ = strings.Cut(rest, "/")
		a.sim.World.look(func() {
			n := a.sim.World.node(one.Node)
			one.Offline = n == nil || !a.node.sees(n)
		})
	}
	a.sim.mu.Lock()
	a.sim.requests = append(a.sim.requests, one)
	a.sim.mu.Unlock()
	return a.sim.faults.hit(a.node.Name, path)
}

// pause waits in real time and says whether anybody still listens.
func (s *Sim) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.done:
	}
	return false
}

// answer is the status line without the protocol, the body, and how long it
// takes.
func (a *api) answer(r *http.Request, path string) (status string, body []byte, delay time.Duration) {
	w := a.sim.World
	var data any
	var bad *refusal
	w.look(func() {
		if bad = refuse(r, path); bad != nil {
			return
		}
		rights, no := w.authenticate(r.Header.Get("Authorization"))
		if bad = no; bad != nil {
			return
		}
		plain, err := url.PathUnescape(path)
		if err != nil {
			bad = &refusal{code: 400, reason: "Parameter verification failed."}
			return
		}
		q := question{w, a.node, rights, strings.Split(strings.Trim(plain, "/"), "/"), r.URL.Query().Get("skipsmart") == "1"}
		if data, bad = q.answer(); bad == nil {
			// Encoded while the world is locked.
			body, err = json.Marshal(object{"data": data})
			a.sim.problem(err)
		}
	})
	if bad == nil {
		return "200 OK", body, 0
	}
	status = fmt.Sprintf("%d %s", bad.code, bad.reason)
	if bad.bare || bad.code == http.StatusUnauthorized {
		return status, nil, bad.delay
	}
	// Before 8.4 the reason phrase is the only place that tells the cause.
	answer := object{"data": nil}
	if (question{w: w}).release(8, 4) {
		answer["message"] = bad.reason + "\n"
	}
	body, err := json.Marshal(answer)
	a.sim.problem(err)
	return status, body, bad.delay
}

func refuse(r *http.Request, path string) *refusal {
	switch {
	case r.Method != http.MethodGet:
		return &refusal{code: 501, reason: fmt.Sprintf("Method '%s %s' not implemented", r.Method, path)}
	case r.ContentLength > 0:
		return &refusal{code: 501, reason: "Unexpected content for method 'GET'"}
	}
	return nil
}

func (w *World) authenticate(header string) (rights, *refusal) {
	token, is := strings.CutPrefix(header, "PVEAPIToken")
	if !is || token == "" {
		return nil, &refusal{code: 401, reason: "No ticket", delay: w.config.DeniedDelay}
	}
	// The second separator, between token id and value, may be a blank.
	grants, known := w.config.Tokens[strings.Replace(token[1:], " ", "=", 1)]
	if !known {
		return nil, &refusal{code: 401, reason: "Authentication failed!", delay: w.config.DeniedDelay}
	}
	return grants, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
