package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	Port        int      `short:"p" help:"Port."`
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
		{[]string{"--window", "7d"}, func(o *everything) { o.Window = 7 * day }},
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
		{[]string{"-p", "65535", "--level=-7", "--deep", "5"}, func(o *everything) { o.Port, o.Level, o.Deep = 65535, -7, ptr(5) }},
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

func rangeOf(text string) Range {
	r, err := ParseRange(text)
	if err != nil {
		panic(err)
	}
	return r
}

func ptr[T any](v T) *T { return &v }

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
