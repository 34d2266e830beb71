package checktest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/pkg/check"
)

// CommandLine checks that a plugin's command line is as the guidelines and the
// other plugins have it: help that fits a screen, reserved letters, defaults
// that are valid, and one clear line with exit code 3 for every mistake.
func CommandLine(t *testing.T, newPlugin func() check.Plugin) {
	t.Helper()
	l := line{newPlugin: newPlugin}
	l.description = l.describe(t)
	t.Run("help", l.help)
	t.Run("version", l.version)
	t.Run("letters", l.letters)
	t.Run("defaults", l.defaults)
	t.Run("examples", l.examples)
	t.Run("words", l.words)
	t.Run("values", l.values)
	t.Run("timeout", l.timeout)
	t.Run("files", l.files)
	t.Run("machines", l.machines)
}

// line is a command line under test.
type line struct {
	newPlugin   func() check.Plugin
	description check.Description
}

// run calls the plugin with a check that only notes that it was reached.
func (l line) run(t *testing.T, args ...string) (stdout string, code int, reached bool) {
	t.Helper()
	p := l.newPlugin()
	p.Check = func(context.Context) (check.Result, error) {
		reached = true
		return check.Result{Findings: []check.Finding{{Status: check.OK, Text: "reached"}}}, nil
	}
	out, code := run(t, p, args...)
	return string(out), code, reached
}

// refused checks that the arguments are answered by one line that says what
// was expected and holds all of want.
func (l line) refused(t *testing.T, want []string, args ...string) {
	t.Helper()
	stdout, code, reached := l.run(t, args...)
	Answer(t, []byte(stdout), code)
	if reached {
		t.Errorf("%q: the check ran", args)
	}
	if code != int(check.UNKNOWN) {
		t.Errorf("%q: exit code %d, want 3", args, code)
	}
	if first, below, _ := strings.Cut(stdout, "\n"); below != "" && !strings.HasPrefix("UNKNOWN: "+below, strings.TrimSuffix(first, "...")) {
		t.Errorf("%q: want one line, and where it is too long that line again, got:\n%s", args, stdout)
	}
	for _, text := range append(want, "expected") {
		if !strings.Contains(stdout, text) {
			t.Errorf("%q: want %q in the answer, got: %s", args, text, stdout)
		}
	}
}

func (l line) describe(t *testing.T) check.Description {
	t.Helper()
	stdout, code, _ := l.run(t, "--describe")
	var d check.Description
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("--describe is not JSON: %v\n%s", err, stdout)
	}
	if code != int(check.UNKNOWN) {
		t.Errorf("--describe: exit code %d, want 3", code)
	}
	if d.Name == "" || d.Summary == "" || d.Help == "" || len(d.Options) == 0 {
		t.Errorf("--describe lacks a name, a summary, the help or options: %+v", d)
	}
	return d
}

// screen is the width of a terminal.
const screen = 80

func (l line) help(t *testing.T) {
	for _, option := range []string{"-h", "--help"} {
		stdout, code, reached := l.run(t, option)
		if code != int(check.UNKNOWN) || reached {
			t.Errorf("%s: exit code %d, check reached: %t, want 3, false", option, code, reached)
		}
		for text := range strings.Lines(stdout) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(text, "\n")); n > screen {
				t.Errorf("%s: %d columns, want at most %d: %s", option, n, screen, text)
			}
		}
		if len(l.description.Examples) == 0 {
			t.Errorf("%s: no example", option)
		}
		for _, e := range l.description.Examples {
			if e.Why == "" || !strings.Contains(stdout, e.Command) {
				t.Errorf("%s: example %q is missing or has no reason", option, e.Command)
			}
		}
		for _, o := range l.description.Options {
			if o.Help == "" || !strings.Contains(stdout, "--"+o.Long) {
				t.Errorf("%s: --%s has no help", option, o.Long)
			}
		}
	}
	if stdout, _, _ := l.run(t, "--no-such-option", "-h"); !strings.Contains(stdout, "Usage:") {
		t.Errorf("-h after a mistake does not help: %s", stdout)
	}
}

func (l line) version(t *testing.T) {
	for _, option := range []string{"-V", "--version"} {
		stdout, code, reached := l.run(t, option)
		if code != int(check.UNKNOWN) || reached || strings.Count(stdout, "\n") != 1 || !strings.HasPrefix(stdout, l.description.Name+" ") {
			t.Errorf("%s: exit code %d, check reached: %t, output: %s", option, code, reached, stdout)
		}
	}
}

// reserved letters of the guidelines, with the long names they may stand for.
var reserved = map[string][]string{
	"V": {"version"}, "h": {"help"}, "t": {"timeout"}, "v": {"verbose"},
	"w": {"warning"}, "c": {"critical"}, "H": {"hostname", "host"}, "p": {"port"},
	"C": {"community"}, "a": {"authentication"}, "l": {"logname"}, "u": {"url"},
	"4": {"ipv4-only", "ipv4"}, "6": {"ipv6-only", "ipv6"},
}

func (l line) letters(t *testing.T) {
	for _, o := range l.description.Options {
		if meant, ok := reserved[o.Short]; ok && !slices.Contains(meant, o.Long) {
			t.Errorf("-%s is reserved for --%s, here it is --%s", o.Short, meant[0], o.Long)
		}
		for letter, meant := range reserved {
			if o.Long == meant[0] && o.Short != letter {
				t.Errorf("--%s has no letter -%s", o.Long, letter)
			}
		}
	}
	for _, letter := range []string{"V", "h", "t", "v"} {
		if !slices.ContainsFunc(l.description.Options, func(o check.Option) bool { return o.Short == letter }) {
			t.Errorf("there is no -%s", letter)
		}
	}
}

// defaults can be given as they are told.
func (l line) defaults(t *testing.T) {
	for _, o := range l.description.Options {
		if o.Type == "state" && o.Default == "" {
			t.Errorf("--%s has no default", o.Long)
		}
		if o.Default == "" {
			continue
		}
		stdout, _, _ := l.run(t, "--"+o.Long+"="+o.Default)
		if strings.Contains(stdout, "option --"+o.Long) || strings.Contains(stdout, "default of") {
			t.Errorf("the default of --%s is refused: %s", o.Long, stdout)
		}
	}
}

// examples are commands that the plugin understands.
func (l line) examples(t *testing.T) {
	for _, e := range l.description.Examples {
		words, err := split(e.Command)
		if err != nil {
			t.Error(err)
			continue
		}
		start := slices.IndexFunc(words, func(word string) bool { return filepath.Base(word) == l.description.Name })
		if start < 0 {
			t.Errorf("%q does not call %s", e.Command, l.description.Name)
			continue
		}
		if end := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, ">") || word == "|" }); end > start {
			words = words[:end]
		}
		stdout, _, reached := l.run(t, words[start+1:]...)
		if !reached && !strings.Contains(stdout, "no such file") { // examples name files of a poller
			t.Errorf("%q is refused: %s", e.Command, stdout)
		}
	}
}

// words that are no options, or not the way they should be given.
func (l line) words(t *testing.T) {
	l.refused(t, []string{"unknown option --no-such-option"}, "--no-such-option")
	l.refused(t, []string{"unknown option --timeuot", "--timeout"}, "--timeuot", "5")
	l.refused(t, []string{"unknown option -~"}, "-~")
	l.refused(t, []string{"no arguments", `"pve3"`}, "pve3")
	l.refused(t, []string{"no arguments", `"pve3"`}, "--", "pve3")
	l.refused(t, []string{"no arguments"}, "")
	l.refused(t, []string{"no arguments"}, "-")
	for _, o := range l.description.Options {
		option := "option --" + o.Long
		if o.Value != "required" {
			continue
		}
		l.refused(t, []string{option, "nothing"}, "--"+o.Long)
		l.refused(t, []string{option, "nothing"}, "--"+o.Long+"=")
		l.refused(t, []string{option, "nothing"}, "--"+o.Long, "")
		l.refused(t, []string{option, `"--timeout"`}, "--"+o.Long, "--timeout", "5")
		if o.Short != "" {
			l.refused(t, []string{option, "nothing"}, "-"+o.Short)
			l.refused(t, []string{option, "equals sign"}, "-"+o.Short+"=1")
		}
		if !o.Repeatable {
			l.refused(t, []string{option, "once"}, "--"+o.Long+"=1", "--"+o.Long+"=1")
		}
	}
}

func (l line) timeout(t *testing.T) {
	for _, value := range []string{"0", "1", "-1", "1s", "0.5", "999ms", "2h", "x", "nan", "99999999d"} {
		l.refused(t, []string{"option --timeout"}, "--timeout="+value)
		l.refused(t, []string{"option --timeout"}, "-t", value)
	}
	l.refused(t, []string{"option --timeout-state"}, "--timeout-state=ok")
	l.refused(t, []string{"option --max-bytes"}, "--max-bytes=255")
}

// files that --extra-opts names.
func (l line) files(t *testing.T) {
	path := filepath.Join(t.TempDir(), "noout.ini")
	content := "[short]\nt = 0\n[long]\ntimeout = x\n[unknown]\nno-such-option = 1\n[twice]\ntimeout = 5\ntimeout = 6\n[again]\nextra-opts\n[help]\nhelp\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(section string) string { return "--extra-opts=" + section + "@" + path }
	l.refused(t, []string{"option --timeout", path + " line 2"}, at("short"))
	l.refused(t, []string{"option --timeout", path + " line 4"}, at("long"))
	l.refused(t, []string{"option --extra-opts", path + " line 6", "unknown option"}, at("unknown"))
	l.refused(t, []string{"option --timeout", "once"}, at("twice"))
	l.refused(t, []string{"option --extra-opts", path + " line 11"}, at("again"))
	l.refused(t, []string{"option --extra-opts", path + " line 13"}, at("help"))
	l.refused(t, []string{"option --extra-opts", "[missing]"}, at("missing"))
	l.refused(t, []string{"option --extra-opts", "[" + l.description.Name + "]"}, at(""))
	l.refused(t, []string{"option --extra-opts"}, "--extra-opts=@")
	for _, o := range l.description.Options {
		if !o.Once {
			continue
		}
		if err := os.WriteFile(path, []byte("[once]\n"+o.Long+" = x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		l.refused(t, []string{"option --extra-opts", path + " line 2", o.Long, "command line only"}, at("once"))
	}
	if stdout, _, _ := l.run(t, "--extra-opts=a@"+path+".missing"); !strings.HasPrefix(stdout, "UNKNOWN: option --extra-opts") {
		t.Errorf("a missing file is answered by: %s", stdout)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if stdout, _, _ := l.run(t, at("short"), "-t", "5"); strings.Contains(stdout, "option --timeout") {
		t.Errorf("the command line does not win over the file: %s", stdout)
	}
}

// machines get mistakes in their format.
func (l line) machines(t *testing.T) {
	stdout, code, _ := l.run(t, "--no-such-option", "--output=json")
	var answer struct {
		Plugin, Status, Text string
		Exit                 int
	}
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		t.Fatalf("--output json: %v\n%s", err, stdout)
	}
	if code != 3 || answer.Exit != 3 || answer.Status != "UNKNOWN" || answer.Plugin != l.description.Name || !strings.Contains(answer.Text, "--no-such-option") {
		t.Errorf("--output json: exit code %d, answer %s", code, stdout)
	}
	stdout, code, _ = l.run(t, "--no-such-option", "--output=openmetrics")
	if code != 3 || !bytes.Contains([]byte(stdout), []byte("noout_status{")) || !strings.HasSuffix(stdout, "# EOF\n") {
		t.Errorf("--output openmetrics: exit code %d, answer %s", code, stdout)
	}
}
