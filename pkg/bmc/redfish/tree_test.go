package redfish

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/secret"
)

// corpus is where recorded trees are, when they are there.
const corpus = "../../../../shared/corpus/redfish"

// tree serves a directory of index.json files as a controller without $expand.
type tree struct {
	dir      string
	requests []string
	expand   bool
}

func (s *tree) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r.Method+" "+r.RequestURI)
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := os.ReadFile(filepath.Join(s.dir, path.Clean("/"+r.URL.Path), "index.json"))
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if s.expand && r.URL.Query().Has("$expand") {
		body = s.expanded(body)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// serve starts a server with TLS and makes a source for it.
func serve(t testing.TB, h http.Handler) (*httptest.Server, *Source) {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	return server, New(server.Client(), server.URL, credentials)
}

var credentials = secret.Credentials{Username: "monitor", Password: secret.NewText("right")}

func trees(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(corpus, "*", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skip("no recorded trees at " + corpus)
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	return found
}

func nameOf(dir string) string { return dir[strings.LastIndexByte(dir, '/')+1:] }

// expanded puts the members of a collection in place of their links.
func (s *tree) expanded(body []byte) []byte {
	var o map[string]json.RawMessage
	var members []map[string]json.RawMessage
	if json.Unmarshal(body, &o) != nil || json.Unmarshal(o["Members"], &members) != nil {
		return body
	}
	for i, m := range members {
		var id string
		if json.Unmarshal(m["@odata.id"], &id) != nil {
			continue
		}
		full, err := os.ReadFile(filepath.Join(s.dir, path.Clean("/"+id), "index.json"))
		if err != nil {
			continue
		}
		var one map[string]json.RawMessage
		if json.Unmarshal(full, &one) == nil {
			members[i] = one
		}
	}
	raw, err := json.Marshal(members)
	if err != nil {
		return body
	}
	o["Members"] = raw
	out, err := json.Marshal(o)
	if err != nil {
		return body
	}
	return out
}
