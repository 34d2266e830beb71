package channel

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// parts are the types and the texts of a mail's leaves.
func parts(t fataler, header func(string) string, body io.Reader) (types, texts []string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		if strings.EqualFold(header("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return []string{kind + " " + params["method"]}, []string{string(text)}
	}
	types = append(types, kind)
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return types, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		k, x := parts(t, p.Header.Get, p)
		types, texts = append(types, k...), append(texts, x...)
	}
}

type fataler interface {
	Helper()
	Fatal(...any)
}

func TestCompose(t *testing.T) {
	m := notice()
	m.Calendar, m.CalendarMethod = []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), Request
	text, err := compose(noc, "ops@acme.example", m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	words := new(mime.WordDecoder)
	subject, err := words.DecodeHeader(got.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	from, err := got.Header.AddressList("From")
	if err != nil {
		t.Fatal(err)
	}
	if *from[0] != noc || strings.TrimSpace(subject) != m.Subject {
		t.Errorf("from %v, subject %q", from[0], subject)
	}
	headers := map[string]string{}
	for name, values := range got.Header {
		if len(values) != 1 {
			t.Errorf("%s: %q", name, values)
		}
		headers[name] = values[0]
	}
	delete(headers, "Subject")
	delete(headers, "From")
	delete(headers, "Content-Type")
	want := map[string]string{
		"To": "<ops@acme.example>", "Date": "Thu, 06 Aug 2026 09:30:00 +0200", "Message-Id": "<M-1.1.K-1007@example.net>", "In-Reply-To": "<M-1.0.K-1007@example.net>",
		"References": "<M-1.0.K-1007@example.net>", "Auto-Submitted": "auto-generated", "Content-Language": "de", "Mime-Version": "1.0",
	}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Errorf("headers: -want +got\n%s", diff)
	}
	types, texts := parts(t, got.Header.Get, got.Body)
	if want := []string{"multipart/mixed", "multipart/alternative", "text/plain ", "text/html ", "text/calendar REQUEST"}; !slices.Equal(types, want) {
		t.Errorf("parts %q, expected %q", types, want)
	}
	if got := strings.ReplaceAll(texts[0], "\r\n", "\n"); got != m.Text || !strings.Contains(texts[1], m.HTML) || !strings.Contains(texts[1], `<html lang="de">`) {
		t.Errorf("%q", texts)
	}
	for line := range strings.SplitSeq(string(text), "\r\n") {
		if len(line) > 998 || strings.Contains(line, "\n") {
			t.Errorf("a line of %d: %q", len(line), line)
		}
	}
}

// TestComposeFirst: the first notice begins a thread.
func TestComposeFirst(t *testing.T) {
	m := notice()
	m.Thread = ""
	text, err := compose(noc, "ops@acme.example", m)
	if err != nil || bytes.Contains(text, []byte("In-Reply-To")) || bytes.Contains(text, []byte("References")) {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestComposeRefuses(t *testing.T) {
	for _, to := range []string{"", "ops", "ops@acme.example, thief@example.org", "Ops <ops@acme.example>", "ops@bücher.example", "ops@acme.example\r\nBcc: thief@example.org", "<ops@acme.example>", strings.Repeat("x", 250) + "@acme.example"} {
		if text, err := compose(noc, to, notice()); err == nil || !strings.Contains(err.Error(), "expected an address") {
			t.Errorf("%q: %v\n%s", to, err, text)
		}
	}
	for _, id := range []string{"", "M-1", "<M-1@example.net>", "M-1@example.net\r\nBcc: x@example.org"} {
		m := notice()
		m.ID = id
		if text, err := compose(noc, "ops@acme.example", m); err == nil || !strings.Contains(err.Error(), "the notice's id") {
			t.Errorf("%q: %v\n%s", id, err, text)
		}
	}
}

// Names of any kind end in no header of their own.
func TestComposeHostileNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"x\r\nBcc: thief@example.org", "x\nContent-Type: text/html\n\n", "=?utf-8?q?=0d=0aBcc:_x?=", "\x00\x1b[2J", strings.Repeat("ü", 999)})).Filter(func(s string) bool { return oneLine(s) != "" }).Draw(t, "name")
		m := notice()
		m.Subject, m.Lang, m.Text, m.HTML = name, name, name, name
		from := noc
		from.Name = oneLine(name)
		text, err := compose(from, "ops@acme.example", m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := netmail.ReadMessage(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%v\n%q", err, text)
		}
		want := []string{"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version", "References", "Subject", "To"}
		var names []string
		for h := range got.Header {
			names = append(names, h)
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Fatalf("headers %q\n%q", names, text)
		}
		if to, err := got.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != "ops@acme.example" {
			t.Fatalf("to %v, %v", to, err)
		}
		// The boundary is drawn by chance: what is in the texts cannot end a part.
		types, _ := parts(t, got.Header.Get, got.Body)
		if !slices.Equal(types, []string{"multipart/alternative", "text/plain ", "text/html "}) {
			t.Fatalf("parts %q\n%q", types, text)
		}
	})
}
