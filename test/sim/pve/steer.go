package pve

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Control steers a cluster from outside: POST /maintenance?node=pve3 and all
// else that [Sim.Do] knows, POST /stop, GET /requests for what was asked since
// the last time, GET /verbs. It must not be reachable from other machines.
func (s *Sim) Control(stop func()) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /stop", func(http.ResponseWriter, *http.Request) { stop() })
	mux.HandleFunc("POST /{verb}", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Do(r.PathValue("verb") + "?" + r.URL.RawQuery); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// Whoever asked and left needs no answer, here and below.
		_, _ = io.WriteString(w, "done\n")
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) {
		requests := s.Requests()
		_ = json.NewEncoder(w).Encode(object{"requests": requests, "violations": Violations(requests)})
	})
	mux.HandleFunc("GET /verbs", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, strings.Join(Verbs(), "\n"))
	})
	return mux
}
