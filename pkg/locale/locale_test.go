package locale

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wanted are the languages that customers were promised.
var wanted = []string{"de", "en", "es", "fr", "nl", "pt"}

// forms of the plural that have to be written, by CLDR 48.
var forms = map[string][]string{
	"de": {"one", "other"}, "en": {"one", "other"}, "nl": {"one", "other"},
	"es": {"many", "one", "other"}, "fr": {"many", "one", "other"}, "pt": {"many", "one", "other"},
}

func load(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := messages.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

var parameter = regexp.MustCompile(`\{\{\.([A-Za-z]+)\}\}`)

// parametersOf are those of each form of a message.
func parametersOf(message any) map[string][]string {
	out := map[string][]string{}
	of := func(form, text string) {
		var names []string
		for _, m := range parameter.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		out[form] = slices.Compact(names)
	}
	switch message := message.(type) {
	case string:
		of("", message)
	case map[string]any:
		for form, text := range message {
			of(form, text.(string))
		}
	}
	return out
}

// TestMessages: every message exists in all languages, in each with the forms
// that the language has and with the same parameters.
func TestMessages(t *testing.T) {
	if diff := cmp.Diff(wanted, Languages()); diff != "" {
		t.Fatal(diff)
	}
	english, err := fs.Glob(messages, "messages/*.en.json")
	if err != nil || len(english) == 0 {
		t.Fatal(english, err)
	}
	for _, path := range english {
		reference := load(t, path)
		for _, name := range wanted {
			path := strings.Replace(path, ".en.", "."+name+".", 1)
			other := load(t, path)
			for id, message := range other {
				if reference[id] == nil {
					t.Errorf("%s: %s is not there in English", path, id)
				}
				for form, names := range parametersOf(message) {
					if form == "one" && !slices.Contains(names, "Count") { // "one of your servers", and no digit
						names = append([]string{"Count"}, names...)
						slices.Sort(names)
					}
					if first := anyOf(parametersOf(reference[id])); !slices.Equal(names, first) {
						t.Errorf("%s: %s %s has %v, in English %v", path, id, form, names, first)
					}
				}
			}
			for id, message := range reference {
				checkForms(t, path, name, [2]any{message, other[id]}, id)
			}
		}
	}
}

// anyOf are the parameters of all forms but that of one, which may leave out the
// number.
func anyOf(m map[string][]string) []string {
	if all, is := m["other"]; is {
		return all
	}
	for _, v := range m {
		return v
	}
	return nil
}

func checkForms(t *testing.T, path, name string, pair [2]any, id string) {
	t.Helper()
	_, plural := pair[0].(map[string]any)
	other, same := pair[1].(map[string]any)
	switch {
	case pair[1] == nil:
		t.Errorf("%s lacks %s", path, id)
	case plural != same:
		t.Errorf("%s: %s counts in one language only", path, id)
	case plural:
		var got []string
		for form := range other {
			got = append(got, form)
		}
		slices.Sort(got)
		if !slices.Equal(got, forms[name]) {
			t.Errorf("%s: %s has the forms %v, expected %v", path, id, got, forms[name])
		}
	}
}

// TestEveryMessageSpeaks says every message in every language, for all counts
// that languages tell apart.
func TestEveryMessageSpeaks(t *testing.T) {
	said := 0
	for _, name := range wanted {
		l, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		paths, err := fs.Glob(messages, "messages/*."+name+".json")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			for id, message := range load(t, path) {
				data := map[string]string{}
				for _, p := range anyOf(parametersOf(message)) {
					if p != "Count" {
						data[p] = "«" + p + "»"
					}
				}
				_, plural := message.(map[string]any)
				counts := []int{1, 2, 5, 1000, 1000000}
				if !plural {
					counts = counts[:1]
				}
				for _, n := range counts {
					var text string
					if plural {
						text, err = l.Count(id, n, data)
					} else {
						text, err = l.Text(id, data)
					}
					if err != nil || text == "" || strings.ContainsAny(text, "{}<") {
						t.Errorf("%s %s %d: %q, %v", name, id, n, text, err)
					}
					if plural && !strings.Contains(text, l.Number(n)) && n > 2 {
						t.Errorf("%s %s: %d is not in %q", name, id, n, text)
					}
					said++
				}
				if len(data) > 0 {
					if text, err := l.Text(id, nil); err == nil && !plural {
						t.Errorf("%s %s: %q without its parameters", name, id, text)
					}
				}
			}
		}
	}
	if said < 6*100 {
		t.Errorf("%d messages", said)
	}
}

func TestMistakes(t *testing.T) {
	if _, err := Open("tlh"); err == nil || !strings.Contains(err.Error(), "expected one of de, en, es, fr, nl, pt") {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"pt", "pt-PT", "pt-BR", "PT_br", "de-AT"} {
		if short, err := Known(name); err != nil || short != strings.ToLower(name[:2]) {
			t.Errorf("%s: %s, %v", name, short, err)
		}
		if l, err := Open(name); err != nil || l.Tag() != map[string]string{"pt": "pt-PT", "de": "de"}[l.Name()] {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	for _, text := range []string{"{{Name}}", "{{.Name", "{{.}}", "{{if .Name}}"} {
		if _, err := (parser{}).Parse(text, "", ""); err == nil || !strings.Contains(err.Error(), "expected {{.Name}}") {
			t.Errorf("%q: %v", text, err)
		}
	}
	l, err := Open("en")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := l.Text("no_such_message", nil); err == nil {
		t.Errorf("says %q", text)
	}
	if text, err := l.Count("moved", 0, nil); err == nil {
		t.Errorf("says %q", text)
	}
}

// TestSeventhLanguage: a file of each theme is enough.
func TestSeventhLanguage(t *testing.T) {
	from := fstest.MapFS{"messages/report.it.json": {Data: []byte(`{"moved": {"one": "{{.Count}} server è stato spostato.", "many": "{{.Count}} di server", "other": "{{.Count}} server sono stati spostati."}}`)}}
	l, err := open(from, "it")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "1 server è stato spostato.", 2: "2 server sono stati spostati.", 1000000: "1.000.000 di server"} {
		if got, err := l.Count("moved", n, nil); got != want || err != nil {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
}

// TestFormats compares with CLDR 48, as read in its data.
func TestFormats(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	at := time.Date(2026, 8, 13, 9, 5, 7, 0, zone)
	later := at.Add(6 * time.Hour)
	for name, want := range map[string][]string{
		"es": {"jueves, 13 de agosto de 2026", "13 de agosto de 2026, 9:05–15:05 (UTC+2)", "1234", "12.345", "0,3", "99,9\u00a0%", "2,4\u00a0s"},
		"nl": {"donderdag 13 augustus 2026", "13 augustus 2026, 09:05–15:05 (UTC+2)", "1.234", "12.345", "0,3", "99,9%", "2,4\u00a0s"},
		"fr": {"jeudi 13 août 2026", "13 août 2026, 09:05–15:05 (UTC+2)", "1\u202f234", "12\u202f345", "0,3", "99,9\u00a0%", "2,4\u00a0s"},
		"en": {"Thursday, 13 August 2026", "13 August 2026, 09:05–15:05 (UTC+2)", "1,234", "12,345", "0.3", "99.9%", "2.4\u00a0s"},
		"de": {"Donnerstag, 13. August 2026", "13. August 2026, 09:05–15:05 (UTC+2)", "1.234", "12.345", "0,3", "99,9\u00a0%", "2,4\u00a0s"},
		"pt": {"quinta-feira, 13 de agosto de 2026", "13 de agosto de 2026, 09:05–15:05 (UTC+2)", "1234", "12\u00a0345", "0,3", "99,9%", "2,4\u00a0s"},
	} {
		l, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{l.Date(at), l.Span(at, later), l.Number(1234), l.Number(12345), l.Decimal(0.3, 1), l.Percent(99.9, 1), l.Duration(2400 * time.Millisecond)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSpans(t *testing.T) {
	l, err := Open("en")
	if err != nil {
		t.Fatal(err)
	}
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Skip("no time zones on this machine:", err)
	}
	at := time.Date(2026, 10, 24, 23, 30, 0, 0, madrid)
	for d, want := range map[time.Duration]string{
		10 * time.Minute: "24 October 2026, 23:30–23:40 (UTC+2)",
		time.Hour:        "24 October 2026, 23:30 – 25 October 2026, 00:30 (UTC+2)",
		5 * time.Hour:    "24 October 2026, 23:30 (UTC+2) – 25 October 2026, 03:30 (UTC+1)",
	} {
		if got := l.Span(at, at.Add(d).UTC()); got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
	for zone, want := range map[int]string{0: "UTC", 3600: "UTC+1", -3 * 3600: "UTC−3", 19800: "UTC+5:30", -12600: "UTC−3:30"} {
		if got := Offset(at.In(time.FixedZone("", zone))); got != want {
			t.Errorf("%d: %q", zone, got)
		}
	}
}

func TestDurations(t *testing.T) {
	l, err := Open("en")
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration]string{
		0: "0 ms", 324 * time.Millisecond: "324 ms", 9940 * time.Millisecond: "9.9 s", 9960 * time.Millisecond: "10 s", 42 * time.Second: "42 s",
		119600 * time.Millisecond: "2 min", 125 * time.Second: "2 min 5 s", 42 * time.Minute: "42 min", 2 * time.Hour: "2 h", 185 * time.Minute: "3 h 5 min",
		119*time.Minute + 40*time.Second: "2 h", 52 * time.Hour: "2 d 4 h", -time.Second: "1.0 s",
	} {
		if got := strings.ReplaceAll(l.Duration(d), nbsp, " "); got != want {
			t.Errorf("%s: %q, expected %q", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", -1234567: "−1,234,567", 999: "999", 1000: "1,000"} {
		if got := l.Number(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
