package check

import (
	"os"
	"path/filepath"
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
offset = -1h
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
			o.Window, o.Nodes, o.Offset, o.Level = time.Hour, []string{"a", "b", "c"}, -time.Hour, 5
		}},
		{"a later section wins", []string{at("base"), at("site")}, func(o *everything) {
			o.Window, o.Nodes, o.Offset, o.Level = 2*time.Hour, []string{"a", "b", "c"}, -time.Hour, 5
		}},
		{"an earlier section does not", []string{at("site"), at("base"), "--nodes=x"}, func(o *everything) {
			o.Window, o.Nodes, o.Offset, o.Level = time.Hour, []string{"x"}, -time.Hour, 5
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
	file := filepath.Join(t.TempDir(), "noout.ini")
	if err := os.WriteFile(file, []byte(sampleFile), 0o600); err != nil {
		t.Fatal(err)
	}
	for section, want := range map[string]string{
		"empty":   "UNKNOWN: option --extra-opts: " + file + ` line 17: unknown option "bare-needs-value", expected a long name of --help such as timeout`,
		"bare":    "UNKNOWN: option --window (" + file + " line 19): expected a duration such as 90s, 4h, 7d, got nothing",
		"missing": "UNKNOWN: option --extra-opts: " + file + ": expected a section [missing], there is none",
	} {
		if _, err := parsed("--extra-opts=" + section + "@" + file); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", section, err, want)
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
