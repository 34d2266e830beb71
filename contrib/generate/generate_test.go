package main

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/test/sim/executable"
)

// hostile is text that somebody could write into a help: of everything that
// means something in one of the formats, more than chance would bring.
func hostile() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"'", `"`, `\`, "$", "$ARG1$", "`", "\n", "\r\n", "\x00", "\x1b[31m", "|", ";", "#", "]", "[", ":", "{{", "}}", "-", ".", "\n.so /etc/passwd",
		"\n'br", "$(reboot)", "</td>", "<script>", "ä", "\u2028", "\xff", " ", "word", "*/", "//", "end", `\'`, `'\''`,
	})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(pieces, rapid.String()), 0, 12).Draw(t, "pieces"), "")
	})
}

// unquote reads what stands in quotes, in which escape takes the next rune as it
// is; ok is false when it ends before its end, or not at all.
func unquote(text string, quote, escape rune) (inside string, ok bool) {
	runes := []rune(text)
	if len(runes) < 2 || runes[0] != quote {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(runes); i++ {
		switch {
		case runes[i] == escape && i+1 < len(runes):
			i++
			b.WriteRune(runes[i])
		case runes[i] == quote:
			return b.String(), i == len(runes)-1
		default:
			b.WriteRune(runes[i])
		}
	}
	return "", false
}

func TestEscapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		plain := line(text)
		if strings.ContainsFunc(plain, unicode.IsControl) {
			t.Fatalf("line: %q", plain)
		}
		if c := comment(text); strings.HasSuffix(c, `\`) || strings.Contains(c, "\n") {
			t.Errorf("comment: %q", c)
		}
		if inside, ok := unquote(dsl(text), '"', '\\'); !ok || inside != plain {
			t.Errorf("dsl: %s is read as %q, want %q", dsl(text), inside, plain)
		}
		if inside, ok := unquote(fishLiteral(text), '\'', '\\'); !ok || inside != plain {
			t.Errorf("fish: %s is read as %q, want %q", fishLiteral(text), inside, plain)
		}
		if got := strings.ReplaceAll(macro(text), "$$", ""); strings.Contains(got, "$") {
			t.Errorf("macro: %q", macro(text))
		}
		// in sh a quote ends the string, stands escaped outside, and begins the next
		if inside := strings.Split(literal(text), `'\''`); strings.Trim(strings.Join(inside, "'"), "'") != strings.Trim(plain, "'") || strings.Contains(strings.Trim(strings.Join(inside, ""), "'"), "'") {
			t.Errorf("literal: %s of %q", literal(text), plain)
		}
	})
}

func TestRoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := roff(hostile().Draw(t, "text"))
		if strings.HasPrefix(got, ".") || strings.HasPrefix(got, "'") {
			t.Errorf("%q is a request", got)
		}
		if strings.ContainsAny(strings.ReplaceAll(got, `\-`, ""), "\n\"'-`^~") {
			t.Errorf("%q does not come out as it is typed", got)
		}
		for rest := got; strings.Contains(rest, `\`); {
			_, after, _ := strings.Cut(rest, `\`)
			if !strings.HasPrefix(after, "&") && !strings.HasPrefix(after, "-") && !strings.HasPrefix(after, "(") && !strings.HasPrefix(after, "[u") {
				t.Fatalf("an escape that is none of ours in %q", got)
			}
			rest = after
		}
		for _, r := range got {
			if r > unicode.MaxASCII {
				t.Fatalf("%q", got)
			}
		}
	})
}

func TestTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		for name, cell := range map[string]string{"markdown": markdown(text), "code": code(text)} {
			if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(cell, `\\`, ""), `\|`, ""), "|") || strings.Contains(cell, "\n") {
				t.Errorf("%s: %q ends its cell", name, cell)
			}
		}
		if strings.ContainsAny(markdown(text), "<>") {
			t.Errorf("%q", markdown(text))
		}
		spec := zshText(text)
		for i, r := range spec {
			if (r == '[' || r == ']' || r == ':') && (i == 0 || spec[i-1] != '\\') {
				t.Errorf("zsh: %q", spec)
			}
		}
	})
}

// TestHostileDescription: whatever a plugin says of itself, Nagios never gets a
// macro outside of quotes, and nothing is written that ends a definition.
func TestHostileDescription(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		p := plugin{check.Description{
			Name: "check_x", Summary: text, Help: "OK: " + text,
			Options: []check.Option{
				{Long: "host", Short: "H", Type: "string", Value: "required", Placeholder: "HOST", Help: "h" + text},
				{Long: "node", Type: "string", Value: "required", Placeholder: "NODE", Help: "n" + text, Repeatable: true, Default: text},
				{Long: "maintenance", Type: "depth", Value: "optional", Placeholder: "N", Help: "m" + text},
				{Long: "deep", Type: "flag", Value: "none", Help: "d" + text, Group: text},
			},
			Metrics: []check.Metric{{Label: "x_*", Help: text}},
		}}
		files := map[string]string{}
		for _, make := range []func([]plugin) (map[string]string, error){nagios, icinga, director, man, completions, pages} {
			made, err := make([]plugin{p})
			if err != nil {
				t.Fatal(err)
			}
			for path, text := range made {
				files[path] = text
			}
		}
		if bad := unquoted(files["contrib/nagios/commands.cfg"]); bad != "" {
			t.Error(bad)
		}
		for path, want := range map[string]map[string]int{
			"contrib/nagios/commands.cfg":   {"\ndefine command {": 4, "\n}\n": 4},
			"contrib/icinga2/commands.conf": {"\nobject CheckCommand": 1, "\n}\n": 1, "\n\t\t\tdescription = ": 4},
			"contrib/man/check_x.1":         {"\n.SH ": 9, "\n.so": 0},
		} {
			for text, n := range want {
				if got := strings.Count(files[path], text); got != n {
					t.Errorf("%s: %d times %q, want %d\n%s", path, got, text, n, files[path])
				}
			}
		}
	})
}

func TestUnquoted(t *testing.T) {
	for l, bad := range map[string]bool{
		"command_line $USER1$/check_x --extra-opts='$ARG1$'":        false,
		"command_line $USER1$/check_x --extra-opts=$ARG1$":          true,
		`command_line $USER1$/check_x --extra-opts="$ARG1$"`:        true,
		"command_line $USER1$/check_x -H '$_HOSTBMC$' -n $_HOSTN$":  true,
		"command_line $USER1$/check_x -H '$_HOSTBMC$":               true,
		"command_line $USER2$/check_x":                              true,
		"# command_line $ARG1$":                                     false,
		"command_line $USER1$/check_x -H '$_HOSTBMC$' -x '$ARG2$'":  false,
		"command_line $USER1$/check_x -H 'a'$ARG1$'b'":              true,
		"command_line $USER1$/check_x -H '$HOSTADDRESS$'; $USER1$/": true,
	} {
		if got := unquoted(l) != ""; got != bad {
			t.Errorf("%s: %v", l, got)
		}
	}
}

// TestAsk: what is no plugin, or says what it must not, is refused.
func TestAsk(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"good":     {`echo '{"name":"check_x","options":[{"long":"host","help":"h"}]}'; exit 3`, ""},
		"exit":     {`echo '{"name":"check_x"}'`, "expected exit code 3"},
		"text":     {`echo 'OK: fine'; exit 3`, "reading the description"},
		"other":    {`echo '{"name":"check_y"}'; exit 3`, `calls itself "check_y"`},
		"secret":   {`echo '{"name":"check_x","options":[{"long":"password","help":"h"}]}'; exit 3`, "secrets are read from files"},
		"name":     {`echo '{"name":"check_x","options":[{"long":"a b","help":"h"}]}'; exit 3`, "an option is called"},
		"helpless": {`echo '{"name":"check_x","options":[{"long":"host"}]}'; exit 3`, "has no help"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := executable.Write(filepath.Join(dir, "check_x"), "#!/bin/sh\n"+c.script+"\n"); err != nil {
				t.Fatal(err)
			}
			_, err := ask(dir)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := ask(t.TempDir()); err == nil {
		t.Error("an empty directory is fine")
	}
}
