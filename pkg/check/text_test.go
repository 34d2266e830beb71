package check

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "FAN 1 fails: 0 RPM (was 4200), 3 %", "FAN 1 fails: 0 RPM (was 4200), 3 %"},
		{"other languages", "Lüfter 1 ausgefallen 电源故障 ファン", "Lüfter 1 ausgefallen 电源故障 ファン"},
		{"syntax of hosts", "a|b;c\\d$e<f>g`h'i\"j", "a¦b,c/d¤e‹f›g’h’i”j"},
		{"mail cut by printf %b", `fan A\cB`, "fan A/cB"},
		{"lines", "one\r\ntwo\nthree\ttab", "one two three tab"},
		{"line separators", "one\u2028two\u2029three\u0085four\vfive", "one two three four five"},
		{"NUL", "fan\x00tray", "fan tray"},
		{"controls", "a\x07\x08\x7f\u0080b", "a b"},
		{"blanks", "  a \u00a0\u3000 b  ", "a b"},
		{"colour", "\x1b[1;31mred\x1b[0m fan", "red fan"},
		{"window title", "\x1b]0;title\x07fan", "fan"},
		{"window title, other end", "a\x1b]0;title\x1b\\fan", "a fan"},
		{"C1 sequence", "a\u009b31mfan", "a fan"},
		{"not terminated", "\x1b]0 fan failed", "0 fan failed"},
		{"sequence without end", "fan \x1b[31", "fan 31"},
		{"lone escape", "fan\x1bfailed", "fan failed"},
		{"bidi", "fan \u202egnp.exe\u202c \u2066x\u2069", "fan gnp.exe x"},
		{"zero width", "F\u200bA\u200dN\ufeff\u00ad", "FAN"},
		{"fillers", "F\u3164A\u115fN\ufe0f", "FAN"},
		{"invalid", "fan\xff\xc3(", "fan\ufffd\ufffd("},
		{"nothing left", "\x00\u200b\n", ""},
		{"a verdict", "[OK] fine", "[OK] fine"},
		{"password in a URL", "Get https://root:calvin@10.0.0.1/redfish failed", "Get https://***@10.0.0.1/redfish failed"},
		{"password with a control character", "https://root:cal\x01vin@bmc", "https://***@bmc"},
		{"URL hidden by an invisible character", "https:\u200b//root:calvin@bmc", "https://***@bmc"},
		{"only a user", "https://root@bmc", "https://***@bmc"},
		{"password with a slash", "parse https://root:pa/ss@bmc/x: invalid port", "parse https://***@bmc/x: invalid port"},
		{"password with an at sign", "https://u:p@ss@bmc/", "https://***@bmc/"},
		{"two URLs", "a://u:p@b to c://d:e@f", "a://***@b to c://***@f"},
		{"URL with a port", "https://bmc:8443/path@2", "https://bmc:8443/path@2"},
		{"URL with IPv6", "https://[2001:db8::1]:8006/a@b", "https://[2001:db8::1]:8006/a@b"},
		{"address before a URL", "root@pam:https://bmc:abc", "root@pam:https://bmc:abc"},
		{"address of mail", "to admin@example.net", "to admin@example.net"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.in); got != test.want {
				t.Errorf("%q becomes %q, want %q", test.in, got, test.want)
			}
		})
	}
}

// TestQueryOptions: what -vv says was asked is pasted into curl.
func TestQueryOptions(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"GET /redfish/v1/Chassis?$expand=.($levels=1)&$top=2 200", "GET /redfish/v1/Chassis?$expand=.($levels=1)&$top=2 200"},
		{"$(id) a$b ?$(id) ?$PATH ?$1 ?$ $x ? $x", "¤(id) a¤b ?¤(id) ?¤PATH ?¤1 ?¤ ¤x ? ¤x"},
	} {
		if got := clean(test.in, maxRaw, asAsked); got != test.want {
			t.Errorf("evidence: %q becomes %q, want %q", test.in, got, test.want)
		}
		if got := Text(test.in); strings.Contains(got, "$") {
			t.Errorf("a finding keeps a $: %q", got)
		}
	}
}

func TestTextLength(t *testing.T) {
	long := Text(strings.Repeat("ü", 5000))
	if len(long) > maxText || !utf8.ValidString(long) || !strings.HasSuffix(long, "...") {
		t.Errorf("%d bytes, valid %t, ends in %q", len(long), utf8.ValidString(long), long[len(long)-5:])
	}
	if exact := strings.Repeat("x", maxText); Text(exact) != exact {
		t.Error("a text that fits is cut")
	}
	for limit := range 8 {
		if got := shorten("üüüü", limit); len(got) > limit || !utf8.ValidString(got) {
			t.Errorf("at most %d bytes: %q", limit, got)
		}
	}
}

// A device may send much. Code that is worse than linear would run for minutes here.
func TestTextOfMuch(t *testing.T) {
	for _, part := range []string{"://", "://a:b@", "://a:", "//:", "@", "\x1b]", "\x1b[", "\u009d", "\u202e", " ", "|", "\xff"} {
		if got := Text(strings.Repeat(part, 1<<20/len(part))); harm(got) != "" {
			t.Errorf("%q many times becomes %q", part, got)
		}
	}
}

// harm lists what is left in a text that some host takes for syntax.
func harm(s string) string {
	for _, r := range s {
		switch {
		case strings.ContainsRune("|;\\<>`$'\"", r):
			return "syntax " + string(r)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return "an invisible character"
		case unicode.IsSpace(r) && r != ' ':
			return "another blank"
		}
	}
	switch {
	case !utf8.ValidString(s):
		return "bytes that are not UTF-8"
	case len(s) > maxText:
		return "too much"
	case strings.TrimSpace(s) != s || strings.Contains(s, "  "):
		return "needless blanks"
	}
	return ""
}

func checkText(t reporter, s string) {
	t.Helper()
	got := Text(s)
	if left := harm(got); left != "" {
		t.Errorf("%q becomes %q, which holds %s", s, got, left)
	}
	if again := Text(got); again != got {
		t.Errorf("%q becomes %q and then %q", s, got, again)
	}
}

func TestTextProperties(t *testing.T) {
	hostile := rapid.SampledFrom([]string{"\x1b[", "\x1b]", "m", "\a", "://", "@", ":", "/", "|", ";", "\\", "\u202e", "\u200b", "\xff", "\n", " ", "a", "0", "é", "[OK] "})
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(hostile), func(s []string) string { return strings.Join(s, "") }))
	rapid.Check(t, func(t *rapid.T) { checkText(t, text.Draw(t, "text")) })
}

func FuzzText(f *testing.F) {
	for _, text := range []string{"FAN 1", "a|b;c\\d", "\x1b[31mred", "\x1b]0;t\a", "https://u:p@h/x", "\u202e\u200b", "\xff\xfe", "\u009b1m", strings.Repeat("ü", 600)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkText(t, text) })
}

// letters of a secret that are alike nowhere else
const secretText = "s3cr3t"

func TestScrubProperties(t *testing.T) {
	word := rapid.StringMatching(`[a-zA-Z0-9._~!&*()+=:/?#%"'@-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		// what begins like a port and a path is taken for that
		before := word.Filter(func(s string) bool { return !regexp.MustCompile(`^[0-9]{1,5}[/?#]`).MatchString(s) })
		password := before.Draw(t, "before") + secretText + word.Draw(t, "after")
		user := rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "user")
		host := rapid.SampledFrom([]string{"bmc", "10.0.0.1:8443", "[2001:db8::1]"}).Draw(t, "host")
		text := "Get \"https://" + user + ":" + password + "@" + host + "/redfish\": EOF"
		if got := Text(text); strings.Contains(got, secretText) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
