package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/pve"
)

// fifty is the number of guests that a run has to cope with.
const fifty = 50_000

// home is the address of a guest, which this machine answers itself.
func home(id int) string { return fmt.Sprintf("127.1.%d.%d", id>>8, id&255) }

// manyGuests: a run of check_pve, the first run of check_guests, and one that
// remembers every guest with its configuration and when it answered.
func (y yard) manyGuests(t *testing.T, s *pve.Sim) {
	rows := []string{}
	for i := range 3 {
		rows = append(rows, fmt.Sprintf(`{"id":"node/pve%d","type":"node","node":"pve%d","status":"online","maxcpu":32,"maxmem":1,"mem":1,"uptime":86400}`, i+1, i+1))
	}
	for i := range fifty {
		rows = append(rows, fmt.Sprintf(`{"id":"qemu/%d","type":"qemu","vmid":%d,"name":"customer-%05d-web.example.net","node":"pve1","status":"running","pool":"customers",`+
			`"tags":"web;production","template":0,"uptime":86400,"cpu":0.0123,"maxcpu":4,"mem":4294967296,"maxmem":8589934592,"disk":0,"maxdisk":34359738368}`, 1000+i, 1000+i, i))
	}
	list := `{"data":[` + strings.Join(rows, ",") + `]}`
	node, _, _ := strings.Cut(s.Addresses(), ",")
	address, fingerprint := front(t, node, func(w http.ResponseWriter, r *http.Request) bool {
		switch _, id, _ := strings.Cut(strings.TrimSuffix(r.URL.Path, "/config"), "/qemu/"); {
		case strings.HasSuffix(r.URL.Path, "/cluster/resources"):
			_, _ = io.WriteString(w, list) // it may have read enough
		case strings.HasSuffix(r.URL.Path, "/config") && id != "":
			n, err := strconv.Atoi(id)
			if err != nil {
				t.Error(err)
			}
			_, _ = fmt.Fprintf(w, `{"data":{"net0":"virtio=BC:24:11:00:00:01,bridge=vmbr0","ipconfig0":"ip=%s/8","agent":"1"}}`, home(n))
		default:
			return false
		}
		return true
	})
	args := []string{"-H", address, "--fingerprint", fingerprint, "--auth-file", y.auth, patient, "--state-dir", closed(t)}
	if out, _ := y.again(t, "check_pve", args...); !strings.Contains(out, "guests") {
		t.Errorf("check_pve: %s", out)
	}
	dir := closed(t)
	args = append(args[:len(args)-1], dir, "--packets", "1", "--rate", "0")
	for _, run := range []string{"first run", "second run"} {
		out, _ := y.again(t, "check_guests", args...)
		if !strings.Contains(out, "guests") {
			t.Errorf("%s: %s", run, out)
		}
		if n := remembered(t, dir); n != fifty {
			t.Errorf("%s: %d guests are remembered, expected %d: %.300s", run, n, fifty, out)
		}
		everybody(t, dir)
	}
}

// document is a state file of check_guests.
type document struct {
	Version int                        `json:"version"`
	Plugin  string                     `json:"plugin"`
	Subject string                     `json:"subject"`
	Written string                     `json:"written"`
	Value   map[string]json.RawMessage `json:"value"`
}

// kept reads the one state file of check_guests.
func kept(t *testing.T, dir string) (path string, found document) {
	t.Helper()
	paths, err := filepath.Glob(dir + "/check_guests*.json")
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	text, err := os.ReadFile(paths[0])
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d KiB", filepath.Base(paths[0]), len(text)>>10)
	return paths[0], found
}

// remembered counts the guests in the state file.
func remembered(t *testing.T, dir string) int {
	t.Helper()
	_, found := kept(t, dir)
	var guests map[string]json.RawMessage
	if err := json.Unmarshal(found.Value["guests"], &guests); err != nil {
		t.Fatal(err)
	}
	return len(guests)
}

// everybody makes the state file what it is after days: the configuration of every
// guest has been read. A run reads two hundred.
func everybody(t *testing.T, dir string) {
	t.Helper()
	path, found := kept(t, dir)
	configs := map[int]string{}
	for i := range fifty {
		configs[1000+i] = found.Written + " agent net0=BC:24:11:00:00:01," + home(1000+i)
	}
	var err error
	if found.Value["configs"], err = json.Marshal(configs); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
