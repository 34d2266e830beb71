package channel

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// site is a directory for pages.
func site(t *testing.T) (Sender, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	o := Options{MailFrom: "Example NOC <noc@example.net>", Pages: dir}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	sender, err := o.Directory()
	if err != nil {
		t.Fatal(err)
	}
	return sender, dir
}

func publish(t *testing.T, s Sender, m Message) {
	t.Helper()
	if outcome, err := s.Send(t.Context(), "acme", m); outcome != Sent || err != nil {
		t.Fatalf("%s, %v", outcome, err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// numbered is one of several notices, an hour apart.
func numbered(i int) Message {
	m := notice()
	m.ID, m.Date, m.Subject = fmt.Sprintf("M-1.%d@example.net", i), day.Add(time.Duration(i)*time.Hour), fmt.Sprint("notice ", i)
	return m
}

func TestPages(t *testing.T) {
	s, dir := site(t)
	old := syscall.Umask(0o077)
	publish(t, s, numbered(1))
	syscall.Umask(old)
	publish(t, s, numbered(3))
	publish(t, s, numbered(2)) // one that had to wait
	publish(t, s, numbered(3)) // sent again
	entries, err := os.ReadDir(filepath.Join(dir, "acme"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprint(e.Name(), " ", info.Mode()))
	}
	if diff := cmp.Diff([]string{".lock -rw-------", "feed.xml -rw-r--r--", "index.html -rw-r--r--", "notices.json -rw-r--r--"}, names); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if info, err := os.Stat(filepath.Join(dir, "acme")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	var stored published
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(dir, "acme/notices.json"))), &stored); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, n := range stored.Notices {
		order = append(order, n.Subject)
	}
	if diff := cmp.Diff([]string{"notice 3", "notice 2", "notice 1"}, order); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	page := readFile(t, filepath.Join(dir, "acme/index.html"))
	for _, want := range []string{`<html lang="de">`, "<title>notice 3</title>", "<h1>notice 3</h1>", "<h2>notice 2</h2>", "<h2>notice 1</h2>", `<time datetime="2026-08-06T10:30:00Z">2026-08-06 10:30 UTC</time>`, "<p>am 13. August wird gewartet.\nEs wird"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	for _, never := range []string{"<script", "http:", "https:", "url("} {
		if strings.Contains(page, never) {
			t.Errorf("%q in\n%s", never, page)
		}
	}
}

// TestFeed: each id is what it was, whatever comes later.
func TestFeed(t *testing.T) {
	s, dir := site(t)
	publish(t, s, numbered(1))
	publish(t, s, numbered(2))
	var a struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Author  string `xml:"author>name"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Entries []struct {
			ID      string `xml:"id"`
			Title   string `xml:"title"`
			Updated string `xml:"updated"`
			Content string `xml:"content"`
		} `xml:"entry"`
	}
	text := readFile(t, filepath.Join(dir, "acme/feed.xml"))
	if err := xml.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	got := []string{a.ID, a.Title, a.Updated, a.Author, a.Links[0].Rel + " " + a.Links[0].Href}
	for _, e := range a.Entries {
		got = append(got, e.ID, e.Title, e.Updated)
	}
	want := []string{"tag:example.net,2026-08-06:acme", "example.net", "2026-08-06T09:30:00Z", "example.net", "self feed.xml",
		"mid:M-1.2@example.net", "notice 2", "2026-08-06T09:30:00Z", "mid:M-1.1@example.net", "notice 1", "2026-08-06T08:30:00Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s\n%s", diff, text)
	}
	if !strings.Contains(a.Entries[0].Content, "<p>Guten Tag,</p>") || !strings.Contains(text, `xmlns="http://www.w3.org/2005/Atom"`) || !strings.Contains(text, `xml:lang="de"`) {
		t.Errorf("%q\n%s", a.Entries[0].Content, text)
	}
	moved, err := Options{MailFrom: "noc@other.example", Pages: dir}.Directory()
	if err != nil {
		t.Fatal(err)
	}
	m := numbered(3)
	m.Date = day.AddDate(1, 0, 0)
	publish(t, moved, m)
	if text := readFile(t, filepath.Join(dir, "acme/feed.xml")); !strings.Contains(text, "<id>tag:example.net,2026-08-06:acme</id>") {
		t.Errorf("the feed has another id\n%s", text)
	}
}

// Names of any kind are words on the page and in the feed, and nothing else.
func TestPagesHostileNames(t *testing.T) {
	tags := regexp.MustCompile(`<[^>]*>`)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`<script>alert(1)</script>`, `"><img src=x onerror=y>`, "]]>", "\x00\x1b\x85", "&lt;", "</title></article>", "\n\n<b>\n\n"})).Draw(t, "name")
		m := notice()
		m.ID, m.Date = "M-1.9@example.net", day.Add(time.Hour)
		m.Subject, m.Text, m.Lang = name, name, name
		p := published{Feed: "tag:example.net,2026-08-06:acme"}
		p.add(documentOf(m))
		page := p.page()
		feed, err := p.feed()
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range tags.FindAllString(page, -1) {
			if !regexp.MustCompile(`^<(!DOCTYPE|/?(html|head|meta|link|title|style|body|main|article|h1|h2|time|p)\b)`).MatchString(tag) || strings.Contains(tag, "onerror") && !strings.Contains(tag, "lang=") {
				t.Fatalf("a tag of the name: %s\n%s", tag, page)
			}
		}
		for d := xml.NewDecoder(bytes.NewReader(feed)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPagesRefuse(t *testing.T) {
	do := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		change func(dir string) // of the site, which has one notice
		want   string
	}{
		"a link instead of the folder": {func(dir string) { do(os.RemoveAll(dir+"/acme"), os.Symlink("/etc", dir+"/acme")) }, "expected a directory: remove it"},
		"a file instead of the folder": {func(dir string) { do(os.RemoveAll(dir+"/acme"), os.WriteFile(dir+"/acme", nil, 0o600)) }, "expected a directory"},
		"a link instead of a file": {func(dir string) {
			do(os.Rename(dir+"/acme/notices.json", dir+"/n"), os.Symlink("../n", dir+"/acme/notices.json"))
		}, "notices.json: expected a regular file"},
		"a FIFO": {func(dir string) {
			do(os.Remove(dir+"/acme/notices.json"), syscall.Mkfifo(dir+"/acme/notices.json", 0o600))
		}, "expected a regular file"},
		"a link instead of a lock": {func(dir string) { do(os.Remove(dir+"/acme/.lock"), os.Symlink("feed.xml", dir+"/acme/.lock")) }, "expected a regular file"},
		"others can write it":      {func(dir string) { do(os.Chmod(dir+"/acme", 0o777)) }, "others can write it, it has mode 0777: chmod go-w it"},
		"others can write there":   {func(dir string) { do(os.Chmod(dir, 0o775)) }, "others can write it, it has mode 0775"},
		"others can write above":   {func(dir string) { do(os.Chmod(filepath.Dir(dir), 0o777)) }, "others can write in"},
		"others can write a file":  {func(dir string) { do(os.Chmod(dir+"/acme/notices.json", 0o666)) }, "others can write it"},
		"damaged":                  {func(dir string) { do(os.WriteFile(dir+"/acme/notices.json", []byte(`{"version`), 0o644)) }, "is damaged or of a later version: move it away"},
		"of a later version": {func(dir string) {
			do(os.WriteFile(dir+"/acme/notices.json", []byte(`{"version":2,"feed":"tag:x"}`), 0o644))
		}, "of a later version"},
		"too large":                 {func(dir string) { do(os.Truncate(dir+"/acme/notices.json", maxNotices+1)) }, "larger than 8 MiB"},
		"a directory for a page":    {func(dir string) { do(os.Remove(dir+"/acme/feed.xml"), os.Mkdir(dir+"/acme/feed.xml", 0o700)) }, "feed.xml cannot be written"},
		"the directory is gone":     {func(dir string) { do(os.RemoveAll(dir)) }, "no such file or directory"},
		"another user's (as root)":  {func(dir string) { do(os.Chown(dir+"/acme", 65534, 65534)) }, "belongs to another user"},
		"another's parent, as root": {func(dir string) { do(os.Chown(filepath.Dir(dir), 65534, 65534)) }, "above it belongs to uid 65534"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "as root") && os.Geteuid() != 0 {
				t.Skip("only root can give a folder away")
			}
			s, dir := site(t)
			publish(t, s, numbered(1))
			test.change(dir)
			outcome, err := s.Send(t.Context(), "acme", numbered(2))
			if outcome != NotSent {
				t.Error(outcome)
			}
			said(t, err, test.want)
		})
	}
	s, dir := site(t)
	for _, to := range []string{"", ".", "..", "../acme", "a/b", "a b", ".hidden", strings.Repeat("x", 101)} {
		if outcome, err := s.Send(t.Context(), to, notice()); outcome != NotSent || err == nil || !strings.Contains(err.Error(), "expected letters, digits") {
			t.Errorf("%q: %s, %v", to, outcome, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestPagesAfterACrash: whatever a killed run left, the next one makes good.
func TestPagesAfterACrash(t *testing.T) {
	s, dir := site(t)
	publish(t, s, numbered(1))
	for _, name := range []string{".notices.json.tmp", ".feed.xml.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, "acme", name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "acme/index.html")); err != nil {
		t.Fatal(err)
	}
	publish(t, s, numbered(1))
	if page := readFile(t, filepath.Join(dir, "acme/index.html")); strings.Count(page, "<article") != 1 {
		t.Errorf("%s", page)
	}
	left, err := filepath.Glob(filepath.Join(dir, "acme/.*.tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestPagesLocked: a run waits for another one, until its time is over.
func TestPagesLocked(t *testing.T) {
	s, dir := site(t)
	publish(t, s, numbered(1))
	f, err := openFolder(dir, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	unlock, err := f.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	close(over)
	outcome, err := s.Send(until(t, over), "acme", numbered(2))
	if outcome != NotSent {
		t.Error(outcome)
	}
	said(t, err, "another run is writing there, and does not end")
	unlock()
	publish(t, s, numbered(2))
}

// TestPagesBound: the oldest ones go.
func TestPagesBound(t *testing.T) {
	p := published{}
	for i := range mostNotices + 5 {
		p.add(documentOf(numbered(i)))
	}
	if last := p.Notices[len(p.Notices)-1]; len(p.Notices) != mostNotices || last.Subject != "notice 5" {
		t.Errorf("%d, the last one is %s", len(p.Notices), last.Subject)
	}
}
