package customer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "customers.ini")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const book = `# who is who
[acme]
name = Acme  Ltd
language = es
timezone = Europe/Madrid
mail = ops@acme.example, night@acme.example ops@acme.example
webhook = https://acme.example/notices
guests = pool:acme tag:Shop vmid:100-110
[gans]
name = Bäckerei "Zur Gans"
guests = vmid:105,vmid:300
account = K-1007
tell = disturbances
after = 5m
calendar = request
pages = x7f3a
`

func TestRead(t *testing.T) {
	all, err := Read(file(t, book))
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	a, g := all[0], all[1]
	if a.Key != "acme" || a.Name != "Acme Ltd" || a.Language != "es" || a.Zone.String() != "Europe/Madrid" || len(a.Mail) != 2 || a.Mail[1] != "night@acme.example" || a.Webhook != "https://acme.example/notices" {
		t.Errorf("%+v", a)
	}
	if g.Name != `Bäckerei "Zur Gans"` || g.Language != "en" || g.Zone.String() != "UTC" {
		t.Errorf("%+v", g)
	}
	if a.Account != "" || a.Tell != (Telling{true, true}) || a.After != 0 || a.Calendar != CalendarPlain || a.Pages != "" {
		t.Errorf("%+v", a)
	}
	if g.Account != "K-1007" || g.Tell != (Telling{Disturbances: true}) || g.After != 5*time.Minute || g.Calendar != CalendarRequest || g.Pages != "x7f3a" {
		t.Errorf("%+v", g)
	}
	for _, test := range []struct {
		guest Guest
		want  string
	}{
		{Guest{ID: 7, Pool: "acme"}, "acme"}, {Guest{ID: 7, Pool: "acme2"}, ""}, {Guest{ID: 7, Tags: []string{"x", "shop"}}, "acme"},
		{Guest{ID: 99}, ""}, {Guest{ID: 100}, "acme"}, {Guest{ID: 110}, "acme"}, {Guest{ID: 111}, ""},
		{Guest{ID: 105}, "acme gans"}, {Guest{ID: 300}, "gans"}, {Guest{ID: 0}, ""}, {Guest{}, ""},
	} {
		var keys []string
		for _, c := range all {
			if c.Owns(test.guest) {
				keys = append(keys, c.Key)
			}
		}
		var same []string
		for _, c := range BookOf(all).Owners(test.guest) {
			same = append(same, c.Key)
		}
		if strings.Join(same, " ") != strings.Join(keys, " ") {
			t.Errorf("%+v is %v's by the book, and %v's", test.guest, same, keys)
		}
		if got := strings.Join(keys, " "); got != test.want {
			t.Errorf("%+v is %q's, expected %q's", test.guest, got, test.want)
		}
	}
	if c, found := Find(all, "gans"); !found || c.Key != "gans" {
		t.Errorf("%+v", c)
	}
	if _, found := Find(all, "none"); found {
		t.Error("there is a customer who is not there")
	}
}

// TestMistakes: each is named by its line and what was expected, and nothing of
// what stands there is repeated.
func TestMistakes(t *testing.T) {
	const name, guests = "name = Precious\n", "guests = pool:precious\n"
	for text, want := range map[string]string{
		"":                                                      "is empty, expected a section for each customer",
		"[precious/x]\n":                                        "line 1: expected a short key",
		"[acme]\n" + guests:                                     "line 1: expected a name",
		"[acme]\n" + name:                                       "line 1: expected guests",
		"[acme]\nname\n":                                        "line 2: expected key = value",
		"[acme]\nname = \u200b\n":                               "line 2: expected a name",
		"[acme]\nprecious = x\n":                                "line 2: unknown key",
		"[acme]\naccount = \u200b":                              "line 2: expected the customer's number",
		"[acme]\ntell = precious":                               "line 2: expected planned, disturbances",
		"[acme]\nafter = 1s":                                    "line 2: expected a time from 1m",
		"[acme]\nafter = precious":                              "line 2: expected a time from 1m",
		"[acme]\ncalendar = precious":                           "line 2: expected plain",
		"[acme]\npages = ../precious":                           "line 2: expected a folder",
		"[acme]\n" + name + name:                                "line 3: the same key again",
		"[acme]\nlanguage = precious":                           "line 2: no such language, expected one of de, en, es, fr, nl, pt",
		"[acme]\ntimezone = Precious/City":                      "line 2: expected a time zone",
		"[acme]\ntimezone = Local":                              "line 2: expected a time zone",
		"[acme]\nmail = precious":                               "line 2: expected addresses",
		"[acme]\nmail = p@précious.example":                     "line 2: expected addresses",
		"[acme]\nmail = Precious <p@x.example>":                 "line 2: expected addresses",
		"[acme]\nwebhook = http://precious.example":             "line 2: expected an address",
		"[acme]\nwebhook = https://precious:x@a.example":        "line 2: expected an address",
		"[acme]\nguests = precious":                             "line 2: expected words",
		"[acme]\nguests = pool:":                                "line 2: expected words",
		"[acme]\nguests = vmid:9-precious":                      "line 2: expected words",
		"[acme]\nguests = vmid:9-3":                             "line 2: expected words",
		"[acme]\nguests = ,":                                    "line 2: expected words",
		"[acme]\n" + name + guests + "[acme]\n" + name + guests: "line 4: the same customer again",
	} {
		_, err := Read(file(t, text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(strings.ToLower(err.Error()), "precious") {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"db1": "db1", " a\t\n b ": "a b", "evil\u202etxt\u200b": "eviltxt", "\x00\x1b[31mred": "[31mred", "\xff": "\ufffd", "": "",
		"<b>&\"'": "<b>&\"'", strings.Repeat("ü", 21): strings.Repeat("ü", 19) + "…", strings.Repeat("ü", 20): strings.Repeat("ü", 20), strings.Repeat("ab ", 9): "ab ab ab ab ab ab a…",
	} {
		if got := Clean(text, 20); got != want {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, n := rapid.String().Draw(t, "text"), rapid.IntRange(1, 50).Draw(t, "longest")
		got := Clean(text, n)
		if utf8.RuneCountInString(got) > n || !utf8.ValidString(got) || Clean(got, n) != got || strings.TrimSpace(got) != got {
			t.Fatalf("%q", got)
		}
	})
}

// TestShipped: the example is one.
func TestShipped(t *testing.T) {
	text, err := os.ReadFile("../../contrib/notify/customers.ini")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "customers.ini")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Read(path)
	if err != nil || len(all) != 3 {
		t.Errorf("%d customers, %v", len(all), err)
	}
}
