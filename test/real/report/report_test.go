//go:build real

// Package report looks at the pages of report_service in a real browser, Debian's
// chromium: whether they fit on screens of any width and on paper, and keep quiet.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

type object = map[string]any

var begun = time.Date(2026, 11, 27, 14, 0, 0, 0, time.UTC)

// journal is that of a maintenance with so many guests, each moved there and back
// with a gap measured, with names of sixty characters.
func journal(t *testing.T, guests int) string {
	t.Helper()
	var b strings.Builder
	n := 0
	write := func(kind string, at time.Time, fields object) {
		n++
		line := object{"v": 1, "id": fmt.Sprintf("%016x", n), "at": at, "seen": at, "by": "check_guests", "cluster": "lab", "kind": kind}
		for k, v := range fields {
			line[k] = v
		}
		text, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	ask := func(gate string, at time.Time) {
		write("asked", at, object{"by": gate, "gate": gate, "nodes": []string{"pve3"}, "answer": "yes", "conditions": 20, "holding": 20})
	}
	ask("check_drained", begun)
	for i := range guests {
		name := fmt.Sprintf("%060d", i)
		if i%2 == 0 { // where it may be broken
			name = strings.Repeat("shop ", 11) + fmt.Sprintf("%05d", i)
		}
		guest := object{"id": 100 + i, "type": "vm", "name": name, "pool": "acme"}
		write("guest_listed", begun.Add(-time.Hour), object{"guest": guest, "answers": true})
		for k, at := range []time.Time{begun.Add(time.Duration(i) * 5 * time.Second), begun.Add(2*time.Hour + time.Duration(i)*5*time.Second)} {
			ways := [][2]string{{"pve3", "pve1"}, {"pve1", "pve3"}}[k]
			write("guest_moved", at.Add(20*time.Second), object{"guest": guest, "from": ways[0], "to": ways[1], "started": at, "ended": at.Add(20 * time.Second), "live": true, "task": fmt.Sprint("UPID", i, k)})
			write("gap", at.Add(19*time.Second), object{"guest": guest, "ms": 300 + i, "least_ms": 280 + i, "most_ms": 320 + i, "from": at, "until": at.Add(30 * time.Second), "every_ms": 20, "moving": true})
		}
	}
	write("node_offline", begun.Add(30*time.Minute), object{"by": "check_pve", "node": "pve3", "since": begun.Add(29 * time.Minute)})
	write("node_online", begun.Add(100*time.Minute), object{"by": "check_pve", "node": "pve3", "since": begun.Add(99 * time.Minute)})
	ask("check_reintegrated", begun.Add(3*time.Hour))
	write("observed", begun.Add(3*time.Hour), object{"from": begun, "until": begun.Add(3 * time.Hour), "polls": 180, "pause_s": 61})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "2026-11.jsonl"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "noout-report")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "report_service")
	if out, err := exec.Command("go", "build", "-o", binary, "../../../plugins/report_service").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build: %v\n%s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // of no consequence for what was tested
	os.Exit(code)
}

// page makes the page for a customer of so many guests.
func page(t *testing.T, guests int, lang string) string {
	t.Helper()
	dir := t.TempDir()
	customers := filepath.Join(dir, "customers.ini")
	if err := os.WriteFile(customers, []byte("[acme]\nname = "+strings.Repeat("Acme & Söhne ", 4)+"\nguests = pool:acme\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(binary, "--from", "2026-11-27", "--until", "2026-11-28", "--journal-dir", journal(t, guests), "--state", "off", "--customers", customers,
		"--customer", "acme", "--lang", lang, "--format", "html", "--out", filepath.Join(dir, "out")).CombinedOutput()
	if err != nil && guests > 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "out/*.html"))
	if err != nil || len(pages) != 1 {
		t.Fatalf("%v, %v\n%s", pages, err, out)
	}
	return pages[0]
}

// chromium runs without a screen and without anything it does of its own accord.
func chromium(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + t.TempDir(), "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps", "--hide-scrollbars",
	}, args...)
	cmd := exec.CommandContext(t.Context(), "chromium", args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, out)
	}
	return string(out)
}

// probe is put into a copy of the page, without the policy that forbids scripts.
const probe = `<script>document.title = "probe " + document.documentElement.scrollWidth + " " + window.innerWidth</script></body>`

var policy = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)

// TestWidths: nothing has to be scrolled to the side, whatever the screen.
func TestWidths(t *testing.T) {
	for _, guests := range []int{0, 1, 5, 200} {
		text, err := os.ReadFile(page(t, guests, "de"))
		if err != nil {
			t.Fatal(err)
		}
		// A frame has the width that is asked for; a window may not become as small.
		inner := filepath.Join(t.TempDir(), "inner.html")
		copied := strings.Replace(policy.ReplaceAllString(string(text), ""), "</body>", strings.Replace(probe, "document.title =", "parent.document.title =", 1), 1)
		if err := os.WriteFile(inner, []byte(copied), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{360, 800, 1280} {
			outer := filepath.Join(filepath.Dir(inner), "outer.html")
			frame := fmt.Sprintf(`<!DOCTYPE html><title>none</title><iframe src="inner.html" style="width:%dpx;height:2000px;border:0"></iframe>`, width)
			if err := os.WriteFile(outer, []byte(frame), 0o600); err != nil {
				t.Fatal(err)
			}
			out := chromium(t, "--window-size=1600,2000", "--allow-file-access-from-files", "--dump-dom", "file://"+outer)
			m := regexp.MustCompile(`<title>probe (\d+) (\d+)</title>`).FindStringSubmatch(out)
			if m == nil {
				t.Fatalf("no measure in %s", out[:min(len(out), 400)])
			}
			needs, err := strconv.Atoi(m[1])
			if err != nil || m[2] != strconv.Itoa(width) || needs > width {
				t.Errorf("%d guests: %d px are needed of %d (%v)", guests, needs, width, m)
			}
		}
	}
}

// TestQuiet: the page asks nobody for anything, and the console stays empty.
func TestQuiet(t *testing.T) {
	net := filepath.Join(t.TempDir(), "net.json")
	path := page(t, 5, "fr")
	out := chromium(t, "--enable-logging=stderr", "--log-net-log="+net, "--net-log-capture-mode=Everything", "--screenshot="+filepath.Join(t.TempDir(), "x.png"), "file://"+path)
	if strings.Contains(out, "CONSOLE") {
		t.Errorf("the console says\n%s", out)
	}
	log, err := os.ReadFile(net)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "constants") {
		t.Fatalf("no log of the network: %.200s", log)
	}
	for _, m := range regexp.MustCompile(`"initiator":"(file:[^"]*|null)"[^{}]*"url":"(https?:[^"]+)"`).FindAllStringSubmatch(string(log), -1) {
		t.Errorf("asks for %s", m[2])
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?i)(src|href|action|url\()=?["']?(https?:)?//[^"')]+`).FindString(string(text)); m != "" {
		t.Errorf("names %s", m)
	}
}

// TestPaper: a maintenance with twenty guests fits on four sheets.
func TestPaper(t *testing.T) {
	for _, lang := range []string{"de", "fr"} {
		pdf := filepath.Join(t.TempDir(), "report.pdf")
		chromium(t, "--no-pdf-header-footer", "--print-to-pdf="+pdf, "file://"+page(t, 20, lang))
		text, err := os.ReadFile(pdf)
		if err != nil {
			t.Fatal(err)
		}
		sheets := len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(text, -1))
		if sheets < 1 || sheets > 4 {
			t.Errorf("%s: %d sheets", lang, sheets)
		}
	}
}
