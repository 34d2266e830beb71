package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everything has an option of every kind.
type everything struct {
	Host        []string      `name:"hostname" short:"H" placeholder:"HOST" help:"Devices to ask."`
	Warning     Range         `short:"w" default:"10" help:"Warn outside of this."`
	Critical    *Range        `short:"c" help:"Alarm outside of this."`
	Window      time.Duration `default:"24h" help:"How far to look back."`
	Offset      time.Duration `negative:"" help:"Clock difference."`
	Maintenance Depth         `help:"Under maintenance."`
	Include     []Pattern     `help:"Only these."`
	Only        Pattern       `help:"Only this."`
	Nodes       []string      `help:"Nodes."`
	Limits      []Range       `help:"Ranges."`
	Ages        []time.Duration
	Raw         []string `sep:"none" help:"Not split."`
	Via         string   `enum:"auto,redfish" default:"auto" help:"How to ask."`
	Each        []string `enum:"a,b" help:"Some of these."`
	MissState   State    `default:"warning" help:"Status of what is missing."`
	Share       float64  `help:"Share of something."`
	Port        uint16   `short:"p" help:"Port."`
	Level       int      `help:"Level."`
	Deep        *int     `help:"A number, or none."`
	Insecure    bool     `short:"k" help:"Verify nothing."`
	IPv4        bool     `name:"ipv4-only" short:"4" help:"IPv4 only."`
	Inner       inner    `embed:""`
}

// inner is what another package declares.
type inner struct {
	File string `placeholder:"FILE" group:"Connection" help:"A file."`
}

func (i inner) Validate() error {
	if i.File == "bad" {
		return fmt.Errorf("--file: expected a good file, got %q", i.File)
	}
	return nil
}

// parsed is what the options are after a command line was read.
func parsed(args ...string) (everything, error) {
	var o everything
	ran := false
	p := Plugin{Name: "check_sample", Options: &o, Check: func(context.Context) (Result, error) { ran = true; return well, nil }}
	var out bytes.Buffer
	p.Run(args, &out)
	if !ran {
		return o, errors.New(strings.TrimSuffix(out.String(), "\n"))
	}
	return o, nil
}

func TestParse(t *testing.T) {
	tests := []struct {
		args []string
		want func(o *everything)
	}{
		{nil, func(*everything) {}},
		{[]string{"-H", "a", "--hostname=b,c", "--hostname", "[2001:db8::1]:443 , d"}, func(o *everything) { o.Host = []string{"a", "b", "c", "[2001:db8::1]:443", "d"} }},
		{[]string{"-w5", "-c", "@-5:5"}, func(o *everything) { o.Warning, o.Critical = rangeOf("5"), ptr(rangeOf("@-5:5")) }},
		{[]string{"-w", "-5:5", "-c", "-.5:"}, func(o *everything) { o.Warning, o.Critical = rangeOf("-5:5"), ptr(rangeOf("-.5:")) }},
		{[]string{"-4kw", "~:5"}, func(o *everything) { o.IPv4, o.Insecure, o.Warning = true, true, rangeOf("~:5") }},
		{[]string{"--window", "7d", "--offset", "-1h"}, func(o *everything) { o.Window, o.Offset = 7*day, -time.Hour }},
		{[]string{"--window=90"}, func(o *everything) { o.Window = 90 * time.Second }},
		{[]string{"--maintenance"}, func(o *everything) { o.Maintenance = 1 }},
		{[]string{"--maintenance=0"}, func(*everything) {}},
		{[]string{"--maintenance=3", "-v"}, func(o *everything) { o.Maintenance = 3 }},
		{[]string{"--nodes", "a,b", "--nodes=c"}, func(o *everything) { o.Nodes = []string{"a", "b", "c"} }},
		{[]string{"--nodes=--odd", "--raw", "a,b"}, func(o *everything) { o.Nodes, o.Raw = []string{"--odd"}, []string{"a,b"} }},
		{[]string{"--limits", "5,~:5", "--ages=1h,2d"}, func(o *everything) {
			o.Limits, o.Ages = []Range{rangeOf("5"), rangeOf("~:5")}, []time.Duration{time.Hour, 2 * day}
		}},
		{[]string{"--each=a,b", "--each=a", "--via=redfish", "--miss-state=ok"}, func(o *everything) { o.Each, o.Via, o.MissState = []string{"a", "b", "a"}, "redfish", "ok" }},
		{[]string{"--share=-.25", "-p", "65535", "--level=-7", "--deep", "5"}, func(o *everything) { o.Share, o.Port, o.Level, o.Deep = -0.25, 65535, -7, ptr(5) }},
		{[]string{"--insecure=yes", "--ipv4-only=no"}, func(o *everything) { o.Insecure = true }},
		{[]string{"--file=-", "--"}, func(o *everything) { o.Inner.File = "-" }},
		{[]string{"-k", "-k", "-vvvv", "--verbose=2"}, func(o *everything) { o.Insecure = true }},
		{[]string{"--file", "a=b;c d'\"\\\xff"}, func(o *everything) { o.Inner.File = "a=b;c d'\"\\\xff" }},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
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

func TestPatterns(t *testing.T) {
	o, err := parsed("--include", "^FAN[0-9]{1,2},$", "--include=(?i)psu", "--only=x")
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Include) != 2 || !o.Include[0].MatchString("FAN12,") || o.Include[0].MatchString("FAN123,") || !o.Include[1].MatchString("My PSU") {
		t.Errorf("patterns %v do not match", o.Include)
	}
	if !o.Only.IsSet() || o.Only.String() != "x" {
		t.Errorf("the pattern is %q", o.Only)
	}
	var none Pattern
	if none.IsSet() || none.MatchString("") || none.String() != "" {
		t.Error("a pattern that is not set matches")
	}
}

func TestLongPattern(t *testing.T) {
	if _, err := parsed("--only=" + strings.Repeat("x", longestPattern)); err != nil {
		t.Error(err)
	}
	_, err := parsed("--only=" + strings.Repeat("x", longestPattern+1))
	if err == nil || !strings.Contains(err.Error(), "at most 1000 characters") {
		t.Errorf("a pattern that is too long is answered by %v", err)
	}
}

func rangeOf(text string) Range {
	r, err := ParseRange(text)
	if err != nil {
		panic(err)
	}
	return r
}

func ptr[T any](v T) *T { return &v }

func TestMistakes(t *testing.T) {
	for command, want := range map[string]string{
		"--windw 5":               "unknown option --windw, expected --window or another of --help",
		"--win=5":                 "unknown option --win, expected --window or another of --help",
		"--frobnicate":            "unknown option --frobnicate, expected one of --help",
		"-vx":                     "unknown option -x, expected one of --help",
		"-é":                      "unknown option -é, expected one of --help",
		"--window":                "option --window: expected a duration such as 90s, 4h, 7d, got nothing",
		"--window=":               "option --window: expected a duration such as 90s, 4h, 7d, got nothing",
		"--window x":              `option --window: expected a duration such as 90s, 4h, 7d, got "x"`,
		"--window -1h":            `option --window: expected a duration such as 90s, 4h, 7d, not a negative one, got "-1h"`,
		"--window 4000d":          `option --window: expected a duration of at most 3650d, got "4000d"`,
		"--window 1h --window 2h": "option --window: expected once, got it twice",
		"-w 10:5":                 `option --warning: expected a range that does not start above its end, such as 5:10 or ~:-5, got "10:5"`,
		"-w -c 5":                 `option --warning: expected a range such as 5, 10:, ~:5, 10:20 or @10:20, got the option "-c" (if it is the value, write --warning=-c)`,
		"-w=5":                    `option --warning: expected a value without an equals sign after -w, or --warning=5, got "-w=5"`,
		"-H":                      "option --hostname: expected a value, got nothing",
		"-H -4":                   `option --hostname: expected a value, got the option "-4" (if it is the value, write --hostname=-4)`,
		"--hostname=a,,b":         `option --hostname: expected a list without empty items, got "a,,b"`,
		"-p 65536":                `option --port: expected a whole number, 0 or more, got "65536"`,
		"--level 0x10":            `option --level: expected a whole number, got "0x10"`,
		"--deep x":                `option --deep: expected a whole number, got "x"`,
		"--share nan":             `option --share: expected a number, got "nan"`,
		"--via ssh":               `option --via: expected one of auto, redfish, got "ssh"`,
		"--each a,c":              `option --each: expected one of a, b, got "c"`,
		"--miss-state WARNING":    `option --miss-state: expected one of ok, warning, critical, unknown, got "WARNING"`,
		"--maintenance=x":         `option --maintenance: expected a whole number, got "x"`,
		"--maintenance 1":         `plugins take no arguments: expected only options, got "1" (a value of --maintenance follows an equals sign: --maintenance=1)`,
		"--insecure=maybe":        `option --insecure: expected no value, or yes or no, got "maybe"`,
		"pve3":                    `plugins take no arguments: expected only options, got "pve3"`,
		"-k pve3":                 `plugins take no arguments: expected only options, got "pve3"`,
		"-- -k":                   `plugins take no arguments: expected only options, got "-k"`,
		"--file bad":              `option --file: expected a good file, got "bad"`,
		"-t 1":                    "option --timeout: expected more than 1s and at most 1h, got 1s",
		"--max-bytes 100":         "option --max-bytes: expected at least 256, got 100",
		"--file=a --x|y;z\x1b[1m": "unknown option --x¦y,z, expected one of --help",
		"--only=" + secretURL:     `option --only: expected a regular expression such as ^FAN or (?i)psu, got "https://***@bmc(" (error parsing regexp: missing closing ): ` + "’https://***@bmc(’)",
		"--x a b c --y":           "unknown option --x, expected one of --help",
	} {
		t.Run(command, func(t *testing.T) {
			_, err := parsed(strings.Split(command, " ")...)
			if err == nil {
				t.Fatal("want an error")
			}
			if got := err.Error(); got != "UNKNOWN: "+want {
				t.Errorf("\ngot  %s\nwant UNKNOWN: %s", got, want)
			}
		})
	}
}

const secretURL = "https://root:calvin@bmc("

// A mistake is one line whatever its length, also for old NRPE.
func TestLongMistake(t *testing.T) {
	for _, args := range [][]string{
		{strings.Repeat("x", 1<<17)}, {"--" + strings.Repeat("x", 1<<17)}, {"--window=" + strings.Repeat("9", 1<<17)},
		{"--only=" + strings.Repeat("(", 999), "--max-bytes=256"}, {"--max-bytes=256", "--via=" + strings.Repeat("ü", 500)},
	} {
		_, err := parsed(args...)
		if err == nil || len(err.Error()) > maxText || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q is answered by %v", args, err)
		}
		if strings.HasPrefix(args[len(args)-1], "--max") || strings.HasPrefix(args[0], "--max") {
			if len(err.Error())+1 > leastSize {
				t.Errorf("%d bytes, want at most %d", len(err.Error())+1, leastSize)
			}
		}
	}
}

func TestExtraOpts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "noout.ini")
	content := `
[check_sample]
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
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
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
	for section, want := range map[string]string{
		"empty":   "UNKNOWN: option --extra-opts: " + file + ` line 18: unknown option "bare-needs-value", expected a long name of --help such as timeout`,
		"bare":    "UNKNOWN: option --window (" + file + " line 20): expected a duration such as 90s, 4h, 7d, got nothing",
		"missing": "UNKNOWN: option --extra-opts: " + file + ": expected a section [missing], there is none",
	} {
		if _, err := parsed(at(section)); err == nil || err.Error() != want {
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

func TestHelp(t *testing.T) {
	p := Plugin{
		Name: "check_sample", Summary: "is the sample well?", Help: "First paragraph that is long enough to be broken into two lines at the right place.\nSecond.",
		Examples: []Example{{"check_sample -H sample1", "the usual service"}},
		Options: &struct {
			Host  string `name:"hostname" short:"H" required:"" placeholder:"HOST" help:"Device to ask."`
			Via   string `enum:"auto,redfish" default:"auto" help:"How to ask."`
			Inner inner  `embed:""`
		}{},
	}
	var out bytes.Buffer
	if code := p.Run([]string{"-h"}, &out); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	want := `check_sample: is the sample well?

Usage: check_sample -H HOST [OPTION]...

Examples:
  check_sample -H sample1
      the usual service

Options:
  -H, --hostname=HOST     Device to ask.
      --via=auto|redfish  How to ask. [default auto]

Connection:
      --file=FILE         A file.

Answer:
`
	if !strings.HasPrefix(out.String(), want) {
		t.Error(cmp.Diff(want, out.String()))
	}
	end := `
Verdict:
  First paragraph that is long enough to be broken into two lines at the right
  place.
  Second.

Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
`
	if !strings.HasSuffix(out.String(), end) {
		t.Error(cmp.Diff(end, out.String()))
	}
}
