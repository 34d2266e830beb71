package test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/ceph"
)

// liar answers one question as it is told to.
type liar struct {
	mu         sync.Mutex
	path, body string
	asked      bool
	dir        string // of the documents that the ceph command prints
	well       map[string]string
}

// tell changes which, and what.
func (l *liar) tell(t *testing.T, path, body string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dir != "" {
		l.write(t, l.path, l.well[l.path])
		l.write(t, path, body)
		_ = os.Remove(filepath.Join(l.dir, "asked")) // it may not be there
	}
	l.path, l.body, l.asked = path, body, false
}

func (l *liar) was() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dir == "" {
		return l.asked
	}
	asked, err := os.ReadFile(filepath.Join(l.dir, "asked"))
	return err == nil && strings.Contains(string(asked), l.path)
}

func (l *liar) answer(w http.ResponseWriter, r *http.Request) bool {
	l.mu.Lock()
	body, hit := l.body, l.path != "" && strings.HasSuffix(r.URL.Path, l.path)
	l.asked = l.asked || hit
	l.mu.Unlock()
	if hit {
		_, _ = io.WriteString(w, body) // it may have read enough
	}
	return hit
}

// command is a ceph command that prints what the world says now.
func (l *liar) command(t *testing.T, w *ceph.World) string {
	t.Helper()
	l.dir, l.well = t.TempDir(), map[string]string{}
	for _, q := range []string{"status", "osd dump", "osd tree", "osd df tree", "osd crush rule dump", "quorum_status", "mgr metadata", "fs dump", "node ls", "health detail", "osd ok-to-stop 0 1", "osd ok-to-stop 2 3", "osd ok-to-stop 4 5"} {
		l.well[q] = w.Ask(q, "mon mgr").Document
		l.write(t, q, l.well[q])
	}
	stub := filepath.Join(l.dir, "ceph")
	script := `#!/bin/sh
cd ` + l.dir + `
say() { echo "$1" >> asked; cat "$1"; }
all="$*"
case "$all" in *" osd ok-to-stop "*) say "osd ${all#* osd }"; exit ;; esac
while read -r question; do say "$question"; done
`
	if err := os.WriteFile(stub, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return stub
}

func (l *liar) write(t *testing.T, question, document string) {
	t.Helper()
	if question == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(l.dir, question), []byte(document+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
