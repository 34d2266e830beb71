package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

const hush = "s3cr3t;|pass"

func TestTextPrintsStars(t *testing.T) {
	text := NewText(hush)
	type wrapped struct {
		Open   Text
		closed Text
		ref    *Text
	}
	values := []any{text, &text, wrapped{text, text, &text}, &wrapped{text, text, &text}, []Text{text}, map[string]Text{"a": text},
		map[Text]int{text: 1}, Credentials{Username: "root", Password: text, Token: text, Kg: text}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%e", "%t", "%c", "%U", "%p", "%10.3s", "%-20v", "%T %v", "%!"} {
		for _, value := range values {
			got := fmt.Sprintf(verb, value)
			for _, leak := range []string{hush, "s3cr3t", fmt.Sprintf("%x", hush), fmt.Sprintf("%X", hush), fmt.Sprintf("%d", []byte(hush))} {
				if strings.Contains(got, leak) {
					t.Errorf("%s of %T shows the secret: %s", verb, value, got)
				}
			}
		}
		if got := fmt.Sprintf(verb, text); !strings.HasPrefix(verb, "%T") && verb != "%!" && verb != "%p" && got != "***" {
			t.Errorf("%s prints %q, expected ***", verb, got)
		}
	}
}

func TestTextEncodesAsStars(t *testing.T) {
	text := NewText(hush)
	got, err := json.Marshal(map[string]any{"a": text, "b": &text, "c": Credentials{Password: text}, "d": map[Text]int{text: 1}})
	if err != nil || strings.Contains(string(got), "s3cr3t") || !strings.Contains(string(got), `"a":"***"`) {
		t.Errorf("JSON: %s, %v", got, err)
	}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("login", "password", text, "all", Credentials{Password: text})
		if strings.Contains(b.String(), "s3cr3t") || !strings.Contains(b.String(), "***") {
			t.Errorf("slog: %s", b.String())
		}
	}
}

func TestTextCompares(t *testing.T) {
	one, same, other := NewText("a"), NewText("a"), NewText("b")
	if one != same || one == other {
		t.Error("Texts do not compare by their secrets")
	}
	if (NewText("") != Text{}) || !NewText("").IsZero() || NewText("a").IsZero() {
		t.Error("the empty secret is not the zero Text")
	}
	if got := NewText(hush).Reveal(); got != hush {
		t.Errorf("Reveal = %q", got)
	}
	if got := (Text{}).Reveal(); got != "" {
		t.Errorf("zero Reveal = %q", got)
	}
	if got := (Text{}).String(); got != "***" {
		t.Errorf("zero prints %q: it tells that there is no secret", got)
	}
}

func TestScrub(t *testing.T) {
	base := errors.New("base")
	tests := []struct {
		name, text string
		secrets    []string
		want       string
	}{
		{"plain", "login with hunter22 refused", []string{"hunter22"}, "login with *** refused"},
		{"twice", "hunter22hunter22", []string{"hunter22"}, "******"},
		{"nothing", "no route to host", []string{"hunter22"}, "no route to host"},
		{"empty secret", "no route to host", []string{""}, "no route to host"},
		{"longest first", "x hunter2222 x", []string{"hunter", "hunter2222"}, "x *** x"},
		{"query", "GET /?p=p%40ss%20w%2Frd", []string{"p@ss w/rd"}, "GET /?p=***"},
		{"query lower case", "GET /?p=p%40ss+w%2frd", []string{"p@ss w/rd"}, "GET /?p=***"},
		{"Go quoted", `bad "pa\"ss\\wd"`, []string{`pa"ss\wd`}, `bad "***"`},
		{"JSON escaped", `{"p":"pa\u003css\u0026wd"}`, []string{"pa<ss&wd"}, `{"p":"***"}`},
		{"UTF-8", "pässwörd!", []string{"pässwörd"}, "***!"},
		{"UTF-8 in a URL", "?p=p%C3%A4ssw%c3%b6rd!", []string{"pässwörd"}, "?p=***!"},
		{"base64 alone", "Basic aHVudGVyMjI=", []string{"hunter22"}, "Basic ***"},
		{"base64 with a user", "Authorization: Basic cm9vdDpodW50ZXIyMg==", []string{"hunter22"}, "Authorization: Basic ***"},
		{"base64 without padding", "Basic cm9vdDpodW50ZXIyMg", []string{"hunter22"}, "Basic ***"},
		{"base64 for URLs", "x cm9vdDrDv8O_w78_ x", []string{"ÿÿÿ?"}, "x *** x"},
		{"userinfo", "Get https://root:hunter22@bmc1/redfish: refused", nil, "Get https://***@bmc1/redfish: refused"},
		{"userinfo without password", "https://root@bmc1/a@odata.id", nil, "https://***@bmc1/a@odata.id"},
		{"two at signs", "https://root:p@ss@bmc1/", nil, "https://***@bmc1/"},
		{"no userinfo", "https://bmc1/redfish/v1?a@b", nil, "https://bmc1/redfish/v1?a@b"},
		{"short as a word", "user e, here: e", []string{"e"}, "user ***, here: ***"},
		{"short in a word", "the server", []string{"e"}, "the server"},
		{"short, and decoded by chance", "connection refused", []string{"a", "b"}, "connection refused"},
		{"short in base64", "Basic cm9vdDpl", []string{"e"}, "Basic ***"},
		{"regexp characters", "a.*(b)+ and axxb", []string{"a.*(b)+"}, "*** and axxb"},
		{"token", "PVEAPIToken=mon@pve!x=0f1e2d3c-4b5a", []string{"mon@pve!x=0f1e2d3c-4b5a"}, "PVEAPIToken=***"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var secrets []Text
			for _, s := range test.secrets {
				secrets = append(secrets, NewText(s))
			}
			err := Scrub(&withCause{test.text, base}, secrets...)
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
			if !errors.Is(err, base) {
				t.Error("errors.Is no longer sees the cause")
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				if got := fmt.Sprintf(verb, err); test.text != test.want && strings.Contains(got, test.text) {
					t.Errorf("%s prints %s", verb, got)
				}
			}
		})
	}
	if Scrub(nil, NewText("x")) != nil {
		t.Error("Scrub(nil) is an error")
	}
	if Scrub(base) != base {
		t.Error("a clean error was wrapped")
	}
}

// However a secret gets into a text, it is not there afterwards.
func TestScrubFindsEveryForm(t *testing.T) {
	forms := map[string]func(string) string{
		"plain":  func(s string) string { return s },
		"query":  url.QueryEscape,
		"path":   url.PathEscape,
		"Go":     strconv.Quote,
		"ASCII":  strconv.QuoteToASCII,
		"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("root:" + s)) },
		"URL64":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("administrator:" + s)) },
		"JSON": func(s string) string {
			text, err := json.Marshal(s)
			if err != nil {
				panic(err)
			}
			return string(text)
		},
		"URL": func(s string) string {
			return (&url.URL{Scheme: "https", User: url.UserPassword("u", s), Host: "h"}).String()
		},
	}
	secrets := rapid.StringOfN(rapid.RuneFrom([]rune(" \"'\\/@:#?&=+%<>"), unicode.Letter, unicode.Digit, unicode.Punct), 8, 24, -1)
	rapid.Check(t, func(t *rapid.T) {
		secret := secrets.Draw(t, "secret")
		form := rapid.SampledFrom(slices.Sorted(maps.Keys(forms))).Draw(t, "form")
		written := forms[form](secret)
		before, after := rapid.StringMatching(`[a-z ]{0,9}[ :]`).Draw(t, "before"), rapid.StringMatching(`[ ,][a-z ]{0,9}`).Draw(t, "after")
		err := Scrub(errors.New(before+written+after), NewText(secret))
		if strings.Contains(err.Error(), strings.Trim(written, `"`)) {
			t.Fatalf("%s: %s is still there: %s", form, written, err)
		}
	})
}

// withCause is an error whose text is free.
type withCause struct {
	text string
	err  error
}

func (w *withCause) Error() string { return w.text }
func (w *withCause) Unwrap() error { return w.err }
