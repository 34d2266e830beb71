package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/executable"
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

// command is a ceph command that prints what the world says now. Whether OSDs may
// be stopped it is asked for all of one
// of the first three hosts.
func (l *liar) command(t *testing.T, w *ceph.World) string {
	t.Helper()
	l.dir, l.well = t.TempDir(), map[string]string{}
	for _, q := range []string{"status", "osd dump", "osd tree", "osd df tree", "osd crush rule dump", "quorum_status", "mgr metadata", "fs dump", "node ls", "health detail"} {
		l.keep(t, q, w.Ask(q, "mon mgr").Document)
	}
	for _, osds := range hosts(t, l.well["osd tree"])[:3] {
		first, _, _ := strings.Cut(osds, " ")
		l.keep(t, "osd ok-to-stop "+first, w.Ask("osd ok-to-stop "+osds, "mon mgr").Document)
	}
	stub := filepath.Join(l.dir, "ceph")
	script := `#!/bin/sh
cd ` + l.dir + `
say() {
	case "$1 $2" in "osd ok-to-stop") set -- "osd ok-to-stop $3" ;; *) set -- "$*" ;; esac
	echo "$1" >> asked
	cat "$1"
}
all="$*"
case "$all" in *" osd ok-to-stop "*) say osd ${all#* osd }; exit ;; esac
while read -r question; do say $question; done
`
	if err := executable.Write(stub, script); err != nil {
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

// keep is what is printed as long as nothing else is told.
func (l *liar) keep(t *testing.T, question, document string) {
	t.Helper()
	l.well[question] = string(whole(t, []byte(document)))
	l.write(t, question, l.well[question])
}

// hosts are the OSDs of each.
func hosts(t *testing.T, tree string) (out []string) {
	t.Helper()
	var all struct {
		Nodes []struct {
			Type     string
			Children []int
		}
	}
	if err := json.Unmarshal([]byte(tree), &all); err != nil {
		t.Fatal(err)
	}
	for _, n := range all.Nodes {
		if n.Type == "host" {
			slices.Sort(n.Children)
			out = append(out, strings.Trim(fmt.Sprint(n.Children), "[]"))
		}
	}
	return out
}
