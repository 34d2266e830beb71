//go:build real

package notices

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// notifier is the plugin, built once.
var notifier = sync.OnceValues(func() (string, error) {
	path := filepath.Join(home, "notify_customers")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "../../../plugins/notify_customers")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

// hoster is what the plugin is given: a journal, customers, credentials and a
// memory, all of one user's.
type hoster struct {
	t       *testing.T
	p       *postfix
	dir     string
	entries int
}

func newHoster(t *testing.T, p *postfix, url string) *hoster {
	t.Helper()
	dir, err := os.MkdirTemp(home, "hoster")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := &hoster{t: t, p: p, dir: dir}
	customers := "[acme]\nname = Acme Ltd\nlanguage = es\ntimezone = Europe/Madrid\nmail = ops@acme.example\nguests = pool:acme\n"
	if url != "" {
		customers += "webhook = " + url + "well\n"
	}
	h.put("customers.ini", customers)
	h.put("auth.ini", "[127.0.0.1]\nusername = noc@relay.example.net\npassword = "+password+"\ntoken = "+hookKey+"\n")
	for _, d := range []string{"state", "journal"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *hoster) put(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// happened adds an entry to the journal.
func (h *hoster) happened(kind string, ago time.Duration, facts map[string]any) {
	h.t.Helper()
	h.entries++
	at := time.Now().Add(-ago).UTC().Truncate(time.Second)
	line := map[string]any{"v": 1, "id": fmt.Sprintf("%016x", h.entries), "at": at, "seen": at, "by": "check_guests", "cluster": "lab", "kind": kind}
	if kind == "observed" {
		line["from"], line["until"], line["polls"], line["pause_s"] = at, at, 1, 0
	} else {
		line["node"], line["guest"] = "pve3", map[string]any{"id": 103, "type": "vm", "name": "shop", "pool": "acme"}
	}
	for k, v := range facts {
		line[k] = v
	}
	text, err := json.Marshal(line)
	if err != nil {
		h.t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(h.dir, "journal", at.Format("2006-01")+".jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(append(text, '\n'))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// outage is a server that does not answer since a quarter of an hour.
func (h *hoster) outage() {
	h.happened("guest_listed", time.Hour, map[string]any{"answers": true})
	h.happened("observed", 15*time.Minute, nil)
	h.happened("guest_silent", 15*time.Minute, map[string]any{"class": "guest"})
	h.happened("observed", 7*time.Minute, nil)
}

func (h *hoster) arguments(more ...string) []string {
	return append([]string{
		"--customers", h.dir + "/customers.ini", "--auth-file", h.dir + "/auth.ini", "--state-dir", h.dir + "/state", "--journal-dir", h.dir + "/journal",
		"--mail-from", "Example NOC <noc@example.net>", "--smtp", h.p.submission, "--ca-file", h.ca(), "--send",
	}, more...)
}

// ca is a copy of the authority that the user may read and nobody else writes.
func (h *hoster) ca() string {
	text, err := os.ReadFile(home + "/ca.pem")
	if err == nil {
		err = os.WriteFile(h.dir+"/ca.pem", text, 0o644)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return h.dir + "/ca.pem"
}

// run runs the plugin and holds it to its exit code and its first words.
func (h *hoster) run(exit int, first string, more ...string) {
	h.t.Helper()
	path, err := notifier()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(path, h.arguments(more...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		h.t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != exit || !strings.HasPrefix(string(out), first) || said.Len() > 0 || strings.Contains(string(out), password) {
		h.t.Fatalf("exit code %d, expected %d and %q\n%s\n%s", code, exit, first, out, said.String())
	}
}

// TestPlugin: an outage is opened and resolved, work is announced, and called
// off: what the customer gets by mail and by web hook.
func TestPlugin(t *testing.T) {
	p := start(t)
	url, next := receiver(t)
	h := newHoster(t, p, url)
	h.outage()
	h.run(0, "OK: ")
	h.run(0, "OK: ") // nothing goes twice
	h.happened("guest_answers", 6*time.Minute, nil)
	h.happened("observed", 0, nil)
	h.run(0, "OK: ")
	h.run(0, "OK: ", "--announce", "--node", "pve3", "--from", "48h", "--until", "2h", "--reason", "fans")
	h.run(0, "OK: ", "--cancel", "--node", "pve3")
	var kinds []string
	notices := map[string]string{} // their kinds by Message-ID
	for range 4 {
		r := next()
		if !r.Genuine || !r.Fresh || r.Again || r.Path != "/well" || r.Notice["language"] != "es" {
			t.Errorf("%+v", r)
		}
		kinds = append(kinds, fmt.Sprint(r.Notice["kind"]))
		notices["<"+fmt.Sprint(r.Notice["id"])+">"] = kinds[len(kinds)-1]
	}
	if want := []string{"opened", "resolved", "announced", "cancelled"}; !slices.Equal(kinds, want) {
		t.Fatalf("told %q, expected %q", kinds, want)
	}
	byKind := map[string]mail{}
	for _, m := range p.arrived(t, 4) {
		byKind[notices[m.Headers["Message-ID"]]] = m
		if len(m.Defects) > 0 || m.Headers["Content-Language"] != "es" || m.Headers["Auto-Submitted"] != "auto-generated" || strings.Contains(m.Text+m.HTML+fmt.Sprint(m.Headers), "pve3") {
			t.Errorf("%+v", m)
		}
		if !strings.Contains(m.Text, "Example NOC") || !strings.Contains(m.HTML, "<html lang=\"es\">") {
			t.Errorf("%q\n%q", m.Text, m.HTML)
		}
	}
	for later, first := range map[string]string{"resolved": "opened", "cancelled": "announced"} {
		if id := byKind[first].Headers["Message-ID"]; id == "" || byKind[later].Headers["In-Reply-To"] != id || !strings.HasPrefix(byKind[later].Headers["References"], id) {
			t.Errorf("%s is not in the thread of %s: %v", later, first, byKind[later].Headers)
		}
	}
	announced, cancelled := byKind["announced"].Calendar, byKind["cancelled"].Calendar
	if byKind["opened"].Calendar != nil || announced == nil || cancelled == nil {
		t.Fatalf("calendars of %+v", byKind)
	}
	if announced.Event["UID"] != cancelled.Event["UID"] || announced.Event["SEQUENCE"] != "0" || cancelled.Event["SEQUENCE"] != "1" || cancelled.Event["X-MAINTNOTE-STATUS"] != "CANCELLED" || !slices.Equal(announced.Objects, []string{"shop"}) {
		t.Errorf("%+v\n%+v", announced, cancelled)
	}
}

// TestPluginRefused: what the relay did not take is not told, and that is said.
func TestPluginRefused(t *testing.T) {
	p := start(t)
	h := newHoster(t, p, "")
	h.outage()
	auth, err := os.ReadFile(h.dir + "/auth.ini")
	if err != nil {
		t.Fatal(err)
	}
	h.put("auth.ini", strings.Replace(string(auth), password, "wrong", 1))
	h.run(1, "WARNING: acme by mail to ops@acme.example: "+p.submission+" refuses the login of --auth-file: 535 5.7.8", "--warning", "3600", "--critical", "7200")
	if strings.Contains(p.log(), "status=sent") {
		t.Errorf("something arrived\n%s", p.log())
	}
}

// give hands a tree to the user that the schedulers' daemons run as.
func give(t *testing.T, dir string) {
	t.Helper()
	who, err := user.Lookup("nagios")
	if err != nil {
		t.Fatal(err)
	}
	uid, errUID := strconv.Atoi(who.Uid)
	gid, errGID := strconv.Atoi(who.Gid)
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, gid))
	})
	if err := errors.Join(err, errUID, errGID); err != nil {
		t.Fatal(err)
	}
}
