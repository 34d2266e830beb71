package pve

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/test/sim/wire"
)

// Recording answers with what a real node once answered: a directory with a
// file NAME.json and a file NAME.statusline for each document, where NAME is
// the path with _ for /.
type Recording struct {
	Address string

	dir      string
	identity identity
	http     *http.Server
	mu       sync.Mutex
	asked    []string
	problem  error
}

// Replay serves a recording until the test ends.
func Replay(tb TB, dir string) *Recording {
	tb.Helper()
	id, err := newIdentity(nil)
	if err != nil {
		tb.Fatalf("making a certificate: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listening: %v", err)
	}
	r := &Recording{Address: l.Addr().String(), dir: dir, identity: id}
	r.http = &http.Server{Handler: r, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	go func() {
		if err := r.http.Serve(id.listener(l, new(wire.Counter))); !errors.Is(err, http.ErrServerClosed) {
			r.fail(err)
		}
	}()
	tb.Cleanup(func() {
		r.fail(r.http.Close())
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.problem != nil {
			tb.Fatalf("replaying %s: %v", dir, r.problem)
		}
	})
	return r
}

func (r *Recording) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problem = errors.Join(r.problem, err)
}

// Fingerprint is the SHA-256 of the certificate.
func (r *Recording) Fingerprint() string { return r.identity.fingerprint }

// Asked returns method and path of every request.
func (r *Recording) Asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// ServeHTTP answers as it was recorded; what was not is not implemented.
func (r *Recording) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	path := strings.TrimPrefix(request.URL.Path, base)
	r.mu.Lock()
	r.asked = append(r.asked, request.Method+" "+path)
	r.mu.Unlock()
	name := filepath.Join(r.dir, strings.ReplaceAll(strings.Trim(path, "/"), "/", "_"))
	status, err := os.ReadFile(name + ".statusline")
	line := strings.TrimSpace(string(status))
	if err != nil || request.Method != http.MethodGet {
		line = fmt.Sprintf("HTTP/1.1 501 Method '%s %s' not implemented", request.Method, path)
	}
	body, err := os.ReadFile(name + ".json")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.fail(err)
	}
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		r.fail(err)
		return
	}
	// A client may leave at any time: errors of writing are its own affair.
	_, _ = fmt.Fprintf(buffer, "%s\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", line, len(body), body)
	_ = buffer.Flush()
	_ = conn.Close()
}
