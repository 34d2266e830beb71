package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sampleFile has the options of a site.
const sampleFile = `[check_sample]
hostname = bmc1
w = 0
maintenance
insecure
[base]
window = 1h
nodes = a,b
nodes = c
# of all sites
[site]
window = 2h
[base]
level = 5
[empty]
window =
bare-needs-value = 1
[bare]
window
`

func TestExtraOpts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "noout.ini")
	if err := os.WriteFile(file, []byte(sampleFile), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(section string) string { return "--extra-opts=" + section + "@" + file }
	tests := []struct {
		name string
		args []string
		want func(o *everything)
	}{
		{"section of the plugin", []string{at("")}, func(o *everything) {
			o.Host, o.Warning, o.Maintenance, o.Insecure = []string{"bmc1"}, rangeOf("0"), 1, true
		}},
		{"the command line wins", []string{at(""), "-w", "3", "--maintenance=0", "-H", "bmc2"}, func(o *everything) {
			o.Host, o.Warning, o.Insecure = []string{"bmc2"}, rangeOf("3"), true
		}},
		{"sections of one name", []string{at("base")}, func(o *everything) {
			o.Window, o.Nodes, o.Level = time.Hour, []string{"a", "b", "c"}, 5
		}},
		{"a later section wins", []string{at("base"), at("site")}, func(o *everything) {
			o.Window, o.Nodes, o.Level = 2*time.Hour, []string{"a", "b", "c"}, 5
		}},
		{"an earlier section does not", []string{at("site"), at("base"), "--nodes=x"}, func(o *everything) {
			o.Window, o.Nodes, o.Level = time.Hour, []string{"x"}, 5
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := everything{Warning: rangeOf("10"), Window: day, Via: "auto", MissState: "warning"}
			test.want(&want)
			got, err := parsed(test.args...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Pattern{}), cmp.Comparer(func(a, b inner) bool { return a == b })); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestExtraOptsMistakes(t *testing.T) {
	t.Chdir(t.TempDir()) // a long path would be cut in the first line
	const file = "noout.ini"
	if err := os.WriteFile(file, []byte(sampleFile), 0o600); err != nil {
		t.Fatal(err)
	}
	for section, want := range map[string]string{
		"empty":   "UNKNOWN: option --extra-opts: " + file + ` line 17: unknown option, expected a long name of --help such as timeout`,
		"bare":    "UNKNOWN: option --window (" + file + " line 19): expected a duration such as 90s, 4h, 7d, got nothing",
		"missing": "UNKNOWN: option --extra-opts: " + file + ": expected a section [missing], there is none",
	} {
		if _, err := parsed("--extra-opts=" + section + "@" + file); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", section, err, want)
		}
	}
}

// TestExtraOptsTellNothing: a file that is no options file of ours, read with
// the rights of another user, does not show what stands in it.
func TestExtraOptsTellNothing(t *testing.T) {
	for line, want := range map[string]string{
		"hush = 1":         "unknown option, expected a long name",
		"windoww = hush":   "unknown option, expected window or another",
		"window = hush":    "--window (FILE line 2): expected a duration such as 90s, 4h, 7d, got something else",
		"only = (hush":     "--only (FILE line 2): expected a regular expression",
		"nodes = hush,":    "--nodes (FILE line 2): expected a list without empty items, got something else",
		"via = hush":       "--via (FILE line 2): expected one of auto, redfish, got something else",
		"level = hush":     "--level (FILE line 2): expected a whole number, got something else",
		"insecure = hush":  "--insecure (FILE line 2): expected no value, or yes or no, got something else",
		"warning = hush":   "--warning (FILE line 2): expected ",
		"w = 9:2":          "--warning (FILE line 2): expected a range that does not start above its end, such as 5:10 or ~:-5, got something else",
		"file = bad":       "--file (FILE line 2): expected a good file, got something else",
		"timeout = hush":   "--timeout (FILE line 2): expected a duration",
		"password-of hush": "unknown option, expected a long name",
	} {
		file := filepath.Join(t.TempDir(), "other.ini")
		if err := os.WriteFile(file, []byte("[s]\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := parsed("--extra-opts=s@" + file)
		if err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "9:2") || strings.Contains(err.Error(), `"`) {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), file, "FILE"); !strings.Contains(got, want) || !strings.Contains(got, "line 2") {
			t.Errorf("%s:\ngot  %s\nwant %s", line, got, want)
		}
	}
}

// TestExtraOptsGuarded: who can write the file decides which hosts are asked.
func TestExtraOptsGuarded(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "noout.ini")
	if err := os.WriteFile(file, []byte(sampleFile), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, right := range map[os.FileMode]bool{0o600: true, 0o640: true, 0o644: true, 0o664: false, 0o620: false, 0o646: false} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		_, err := parsed("--extra-opts=site@" + file)
		if right && err != nil || !right && (err == nil || !strings.Contains(err.Error(), "expected that nobody else can write it")) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parsed("--extra-opts=site@" + fifo); err == nil || !strings.Contains(err.Error(), "this is a pipe") {
		t.Errorf("a pipe: %v", err)
	}
}

// TestBareSection: without a value it is the plugin's own section, as NRPE's
// commands have it.
func TestBareSection(t *testing.T) {
	for _, args := range [][]string{{"--extra-opts"}, {"--extra-opts", "-v"}, {"-v", "--extra-opts"}, {"--extra-opts="}} {
		var o everything
		c, err := newCommandLine(Plugin{Options: &o})
		if err != nil {
			t.Fatal(err)
		}
		all, err := c.split(args)
		if i := slices.IndexFunc(all, func(g given) bool { return g.kind == kindSection }); err != nil || i < 0 || all[i].value != "" {
			t.Errorf("%q: %+v, %v", args, all, err)
		}
	}
}

func TestReference(t *testing.T) {
	tests := []struct{ value, section, file string }{
		{"", "check_sample", optionsFile},
		{"site", "site", optionsFile},
		{"@/etc/x.ini", "check_sample", "/etc/x.ini"},
		{"site@/etc/x@y.ini", "site", "/etc/x@y.ini"},
	}
	for _, test := range tests {
		section, file, err := reference(test.value, "check_sample")
		if section != test.section || file != test.file || err != nil {
			t.Errorf("%q refers to [%s] of %s (%v), want [%s] of %s", test.value, section, file, err, test.section, test.file)
		}
	}
}
