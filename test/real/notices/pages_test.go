//go:build real

package notices

import (
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/channel"
)

type feed struct {
	Bozo, Version, ID, Title, Author, Updated string
	Links                                     []string
	Entries                                   []struct{ ID, Title, Updated, Content, Type, Language string }
}

// published publishes the life of a maintenance and returns the customer's
// folder; after is called after each notice.
func published(t *testing.T, after func(dir string)) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := channel.Options{MailFrom: "noc@example.net", Pages: root}.Directory()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range life(t) {
		if outcome, err := send(t, s, "acme", m); outcome != channel.Sent || err != nil {
			t.Fatalf("%s, %v", outcome, err)
		}
		after(filepath.Join(root, "acme"))
	}
	return filepath.Join(root, "acme")
}

// TestFeed: python3-feedparser reads it, and nothing in it changes but that more
// is added.
func TestFeed(t *testing.T) {
	var before feed
	published(t, func(dir string) {
		got := read[feed](t, "feed.py", filepath.Join(dir, "feed.xml"))
		if got.Bozo != "" || got.Version != "atom10" || got.ID != "tag:example.net,2026-08-06:acme" || got.Title != "example.net" || got.Author != "example.net" {
			t.Fatalf("%+v", got)
		}
		if len(got.Entries) != len(before.Entries)+1 {
			t.Fatalf("%d entries after %d", len(got.Entries), len(before.Entries))
		}
		if len(before.Entries) > 0 {
			if diff := cmp.Diff(before.Entries, got.Entries[1:]); diff != "" {
				t.Errorf("what was there has changed: -before +after\n%s", diff)
			}
		}
		newest, m := got.Entries[0], life(t)[len(before.Entries)]
		if newest.ID != "mid:"+m.ID || newest.Updated != got.Updated || newest.Updated != m.Date.UTC().Format(time.RFC3339) || newest.Language != "de" || newest.Type != "text/html" {
			t.Errorf("%+v", newest)
		}
		if want := strings.Join(strings.Fields(m.Subject), " "); html.UnescapeString(newest.Title) != want {
			t.Errorf("title %q, expected %q", newest.Title, want)
		}
		if !strings.Contains(newest.Content, "<p>Guten Tag,</p>") {
			t.Errorf("content %q", newest.Content)
		}
		before = got
	})
}

// chromium runs without a screen and without anything it does of its own accord.
func chromium(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + t.TempDir(), "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps", "--hide-scrollbars",
	}, args...)
	out, err := exec.CommandContext(t.Context(), "chromium", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, out)
	}
	return string(out)
}

// TestPage: a browser shows the names as words, runs nothing, asks nobody, and
// has nothing to say about it.
func TestPage(t *testing.T) {
	page := filepath.Join(published(t, func(string) {}), "index.html")
	net := filepath.Join(t.TempDir(), "net.json")
	out := chromium(t, "--enable-logging=stderr", "--log-net-log="+net, "--net-log-capture-mode=Everything", "--dump-dom", "file://"+page)
	if strings.Contains(out, "CONSOLE") {
		t.Errorf("the console says\n%s", out)
	}
	want := html.EscapeString(strings.Join(strings.Fields(life(t)[4].Subject), " "))
	title := regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(out)
	if title == nil || html.EscapeString(html.UnescapeString(title[1])) != want || strings.Count(out, "<article") != 5 || strings.Contains(out, "<script") {
		t.Errorf("title %q, expected %q\n%s", title, want, out)
	}
	log, err := os.ReadFile(net)
	if err != nil || !strings.Contains(string(log), "constants") {
		t.Fatalf("no log of the network: %v, %.200s", err, log)
	}
	for _, m := range regexp.MustCompile(`"initiator":"(file:[^"]*|null)"[^{}]*"url":"(https?:[^"]+)"`).FindAllStringSubmatch(string(log), -1) {
		t.Errorf("asks for %s", m[2])
	}
}

// TestWidth: nothing has to be scrolled to the side on a telephone.
func TestWidth(t *testing.T) {
	dir := published(t, func(string) {})
	text, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	// A copy without the policy that forbids scripts, in a frame of the width that
	// is asked for: a window may not become as small.
	copied := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAllString(string(text), "")
	copied = strings.Replace(copied, "</body>", `<script>parent.document.title = "probe " + (document.documentElement.scrollWidth <= window.innerWidth)</script></body>`, 1)
	outer := filepath.Join(t.TempDir(), "outer.html")
	for name, content := range map[string]string{
		filepath.Join(filepath.Dir(outer), "inner.html"): copied,
		outer: `<!DOCTYPE html><title>none</title><iframe src="inner.html" style="width:360px;height:2000px;border:0"></iframe>`,
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := chromium(t, "--window-size=1600,2000", "--allow-file-access-from-files", "--dump-dom", "file://"+outer)
	if !strings.Contains(out, "<title>probe true</title>") {
		t.Errorf("%.400s", out)
	}
}

// TestNotices: what a program reads beside the pages is what a web hook gets.
func TestNotices(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(published(t, func(string) {}), "notices.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Notices []map[string]any }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for i, m := range life(t) {
		if n := got.Notices[4-i]; n["id"] != m.ID || n["kind"] != m.Kind || n["thread"] != "M-1.0.K-1007@example.net" || n["text"] != m.Text {
			t.Errorf("%v", n)
		}
	}
}
