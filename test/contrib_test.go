package test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/check"
)

// generated says where the generator writes one file for each plugin, and which
// files hold all of them.
var generated = struct{ each, all []string }{
	each: []string{
		"contrib/man/check_*.1", "contrib/completions/bash/check_*", "contrib/completions/zsh/_check_*",
		"contrib/completions/fish/check_*.fish", "docs/check_*.md",
	},
	all: []string{
		"contrib/nagios/commands.cfg", "contrib/icinga2/commands.conf", "contrib/director/basket.json", "contrib/nrpe/noout.cfg",
	},
}

// generate builds the plugins and writes what is made of them into a directory.
func generate(t *testing.T) (bin, out string) {
	t.Helper()
	bin, out = build(t), t.TempDir()
	if err := os.CopyFS(filepath.Join(out, "contrib/grafana"), os.DirFS("../contrib/grafana")); err != nil {
		t.Fatal(err) // it adds panels to the dashboards that are there
	}
	if text, err := exec.Command("go", "run", "../contrib/generate", "-bin", bin, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, text)
	}
	return bin, out
}

// TestContrib compares what is generated now with what is in the project, and
// looks for what no plugin has left behind.
func TestContrib(t *testing.T) {
	bin, out := generate(t)
	var fresh []string
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(out, path)
		if err != nil {
			return err
		}
		fresh = append(fresh, name)
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		have, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Errorf("%s is missing: make contrib", name)
			return nil
		}
		if diff := cmp.Diff(string(have), string(want)); diff != "" {
			t.Errorf("%s is not what the plugins say now: make contrib (-have +generated)\n%s", name, diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range generated.each {
		found, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if name := strings.TrimPrefix(path, "../"); !slices.Contains(fresh, name) {
				t.Errorf("%s belongs to no plugin", name)
			}
		}
	}
	plugins, err := filepath.Glob(filepath.Join(bin, "*_*"))
	if err != nil || len(plugins) == 0 {
		t.Fatalf("no plugins: %v", err)
	}
	for _, path := range plugins {
		inEveryFamily(t, out, filepath.Base(path))
	}
}

func inEveryFamily(t *testing.T, out, name string) {
	t.Helper()
	for _, pattern := range generated.each {
		if _, err := os.Stat(filepath.Join(out, strings.ReplaceAll(pattern, "check_*", name))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	short := strings.TrimPrefix(name, "check_")
	entries := []string{"command_name    " + name + "\n", `object CheckCommand "noout-` + short + `"`, `"command": "` + name + `"`, "command[" + name + "]="}
	for i, file := range generated.all {
		text, err := os.ReadFile(filepath.Join(out, file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(text), entries[i]) != 1 {
			t.Errorf("%s: expected %q once in %s", name, entries[i], file)
		}
	}
}

var (
	inQuotes = regexp.MustCompile(`'[^']*'`)
	ownPath  = regexp.MustCompile(`^\$USER1\$/check_[a-z]+ `)
)

// TestNoShell: Nagios hands a line with special characters to a shell. Every
// macro stands in single quotes, so a value is never more than a word.
func TestNoShell(t *testing.T) {
	files, err := filepath.Glob("../contrib/nagios/*.cfg")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(string(text)) {
			command, ok := strings.CutPrefix(strings.TrimSpace(l), "command_line")
			command = strings.TrimSpace(command)
			if !ok || !ownPath.MatchString(command) {
				continue
			}
			lines++
			if rest := inQuotes.ReplaceAllString(ownPath.ReplaceAllString(command, ""), ""); strings.ContainsAny(rest, "$'\"`;|&<>()*?\\") {
				t.Errorf("%s: %s: outside of quotes stands %q", file, command, rest)
			}
		}
	}
	if lines < 7 {
		t.Errorf("found %d command lines", lines)
	}
	nrpe, err := os.ReadFile("../contrib/nrpe/noout.cfg")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(nrpe), "$") {
		t.Error("NRPE as Debian builds it takes no arguments")
	}
}

// TestBasket: the basket's references hold, and every field is an option.
func TestBasket(t *testing.T) {
	var b struct {
		Command map[string]struct {
			Name      string `json:"object_name"`
			Command   string
			Arguments map[string]struct {
				Value any    // a string, or a function
				SetIf string `json:"set_if"`
			}
			Fields []struct {
				Field json.Number `json:"datafield_id"`
			}
		}
		DataList      map[string]struct{ Entries []struct{} }
		Notifications map[string]struct {
			Name    string `json:"object_name"`
			Command string
			States  []string
			Types   []string
		} `json:"NotificationTemplate"`
		Datafield map[string]struct {
			Varname  string
			Settings map[string]string
		}
	}
	text, err := os.ReadFile("../contrib/director/basket.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	bin := build(t)
	for name, c := range b.Command {
		if c.Name != name || len(c.Fields) != len(c.Arguments) {
			t.Errorf("%s: named %s, %d fields for %d arguments", name, c.Name, len(c.Fields), len(c.Arguments))
		}
		var values, options []string
		for _, a := range c.Arguments {
			values = append(values, macroOf(a.Value)+a.SetIf)
		}
		program, words, _ := strings.Cut(c.Command, " ")
		known := describe(t, filepath.Join(bin, program)).Options
		for word := range strings.FieldsSeq(words) {
			if !slices.ContainsFunc(known, func(o check.Option) bool { return "--"+o.Long == word }) {
				t.Errorf("%s: %s is no option", name, word)
			}
		}
		for _, o := range known {
			options = append(options, "noout_"+strings.TrimPrefix(name, "noout-")+"_"+strings.ReplaceAll(o.Long, "-", "_"))
		}
		for _, f := range c.Fields {
			field, ok := b.Datafield[f.Field.String()]
			if !ok || !slices.ContainsFunc(values, func(v string) bool { return strings.HasSuffix(v, "$"+field.Varname+"$") }) {
				t.Errorf("%s: field %s (%s) is no argument", name, f.Field, field.Varname)
			}
			if !slices.Contains(options, field.Varname) {
				t.Errorf("%s: %s is no option", name, field.Varname)
			}
			if list := field.Settings["datalist"]; list != "" && len(b.DataList[list].Entries) == 0 {
				t.Errorf("%s: no list %q", name, list)
			}
		}
	}
	if len(b.Command) == 0 || len(b.Notifications) == 0 {
		t.Error("no command, or no notification")
	}
	for name, n := range b.Notifications {
		if _, is := b.Command[n.Command]; !is || n.Name != name || !slices.Equal(n.States, []string{"Critical", "OK"}) || !slices.Equal(n.Types, []string{"Problem", "Recovery"}) {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// macroOf is what stands in a value, or what its function asks for.
func macroOf(value any) string {
	if f, is := value.(map[string]any); is {
		body, _ := f["body"].(string)
		_, rest, _ := strings.Cut(body, `macro("`)
		macro, _, _ := strings.Cut(rest, `"`)
		return macro
	}
	text, _ := value.(string)
	return text
}

func describe(t *testing.T, path string) check.Description {
	t.Helper()
	text, err := exec.Command(path, "--describe").Output()
	var d check.Description
	if bad := json.Unmarshal(text, &d); bad != nil {
		t.Fatalf("%s: %v, %v", path, bad, err)
	}
	return d
}

// TestShippedOptions: noout.ini as it is shipped, its examples put to use, has a
// section for every plugin, and names nothing but options.
func TestShippedOptions(t *testing.T) {
	text, err := os.ReadFile("../packaging/noout.ini")
	if err != nil {
		t.Fatal(err)
	}
	bin, options, sections := build(t), []string(nil), map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "# "))
		if section, is := strings.CutPrefix(line, "["); is {
			name := strings.TrimSuffix(section, "]")
			options, sections[name] = nil, true
			for _, o := range describe(t, filepath.Join(bin, name)).Options {
				options = append(options, o.Long)
			}
		} else if name, _, is := strings.Cut(line, " = "); is && !slices.Contains(options, name) {
			t.Errorf("%s is no option of its section", line)
		}
	}
	plugins, err := os.ReadDir("../plugins")
	if err != nil || len(plugins) == 0 {
		t.Fatalf("no plugins: %v", err)
	}
	for _, p := range plugins {
		if !sections[p.Name()] {
			t.Errorf("packaging/noout.ini has no section [%s]: write one with the options that a first run needs", p.Name())
		}
	}
}

// TestMan: groff, which most systems show manual pages with, warns of nothing.
func TestMan(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	pages, err := filepath.Glob("../contrib/man/*.[15]")
	if err != nil || len(pages) < 8 {
		t.Fatalf("found %d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		if out, err := exec.Command(groff, "-man", "-ww", "-z", "-Tascii", page).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", page, err, out)
		}
	}
}

// TestShells loads the completions where the shells are installed.
func TestShells(t *testing.T) {
	for shell, check := range map[string]struct{ script, want string }{
		"bash": {`cd "$(mktemp -d)"; touch 'a b.ini'; . "$DIR/bash/check_fans"; f() { COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _noout_check_fans; printf '%s,' "${COMPREPLY[@]}"; }
f check_fans --vi; f check_fans --via ''; f check_fans --via = re; f check_fans --auth-file a; rm 'a b.ini'; rmdir "$PWD"`, "--via,auto,redfish,ipmi,local,redfish,a b.ini,"},
		"fish": {`source $DIR/fish/check_fans.fish; for l in 'check_fans --vi' 'check_fans --via re' 'check_fans --output=j'; complete -C$l | string split -f1 \t; end`, "--via\nredfish\n--output=json\n"},
		"zsh":  {`for f in $DIR/zsh/_check_*; do zsh -n $f || echo broken $f; done; print -n fine`, "fine"},
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("%s is not installed", shell)
			}
			dir, err := filepath.Abs("../contrib/completions")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(path, "-c", check.script)
			cmd.Env = []string{"PATH=/usr/bin:/bin", "DIR=" + dir, "HOME=" + t.TempDir(), "TERM=dumb"}
			got, err := cmd.CombinedOutput()
			if err != nil || string(got) != check.want {
				t.Errorf("%v, got %q, want %q", err, got, check.want)
			}
		})
	}
}
