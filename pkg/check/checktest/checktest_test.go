package checktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/check"
)

// options has one of every type.
type options struct {
	Host        string          `name:"hostname" short:"H" placeholder:"HOST" required:"" help:"Device to ask."`
	Port        int             `short:"p" default:"443" help:"Port of the device."`
	Warning     check.Range     `short:"w" default:"10" help:"Warn outside of this."`
	Critical    *check.Range    `short:"c" help:"Alarm outside of this."`
	Window      time.Duration   `default:"24h" help:"How far to look back."`
	Maintenance check.Depth     `help:"Under maintenance."`
	Include     []check.Pattern `help:"Only these."`
	Nodes       []string        `placeholder:"NODE" help:"Nodes."`
	Via         string          `enum:"auto,redfish" default:"auto" help:"How to ask."`
	MissState   check.State     `default:"warning" help:"Status of what is missing."`
	Depth       int             `default:"-3" help:"Depth of something."`
	Insecure    bool            `help:"Verify nothing."`
}

func newPlugin() check.Plugin {
	o := &options{}
	return check.Plugin{
		Name: "check_sample", Summary: "is the sample well?", Help: "The sample is well when its value is in the ranges.",
		Examples: []check.Example{{Command: "check_sample -H sample1 -w 5 --nodes 'a, b'", Why: "the usual service"}},
		Metrics:  []check.Metric{{Label: "val*", Help: "the value"}},
		Options:  o,
		Check: func(context.Context) (check.Result, error) {
			r := check.Result{Summary: fmt.Sprintf("%s on port %d via %v, in %s", o.Host, o.Port, o.Nodes, os.Getenv("SAMPLE_UNIT"))}
			status := check.OK
			if o.Warning.Alert(20) {
				status = check.WARNING
			}
			r.Findings = []check.Finding{{Status: status, Text: "the value is 20"}}
			r.Perfdata = []check.Perfdatum{{Label: "value", Value: 20, Warn: &o.Warning, Crit: o.Critical}}
			return r, nil
		},
	}
}

func TestCommandLine(t *testing.T) { CommandLine(t, newPlugin) }

func TestGolden(t *testing.T) {
	Golden(t, newPlugin, "testdata/*.txtar", func(t *testing.T, dir string) map[string]string {
		if _, err := os.Stat(filepath.Join(dir, "noout.ini")); err != nil {
			t.Errorf("files of the first step are not there before what it needs is started: %v", err)
		}
		return map[string]string{"DEVICE": "127.0.0.1:50321", "UNIT": "bananas"}
	})
}

// TestFaulty fails on purpose, when TestDefectsAreFound calls it.
func TestFaulty(t *testing.T) {
	defects := map[string]func(){
		"line": func() { CommandLine(t, newFaulty) },
		"golden": func() {
			Golden(t, newPlugin, "testdata/*.txtar", func(*testing.T, string) map[string]string {
				return map[string]string{"DEVICE": "elsewhere"}
			})
		},
		"metric": func() { Measured(t, newPlugin().Metrics, []byte("OK: x | value=1 load=2;;;0 eval=3\n")) },
		"stderr": func() {
			p := newPlugin()
			p.Check = func(context.Context) (check.Result, error) {
				fmt.Fprintln(os.Stderr, "noise")
				return check.Result{}, nil
			}
			run(t, p, "-H", "x")
		},
	}
	run, ok := defects[os.Getenv("CHECKTEST_DEFECT")]
	if !ok {
		t.Skip("no defect is wanted: run by TestDefectsAreFound")
	}
	run()
}

// faulty has an option for every rule.
type faulty struct {
	Watch  string        `short:"w" help:"Takes a reserved letter."`
	Port   int           `help:"Lacks its letter."`
	Mute   bool          ``
	Age    time.Duration `default:"soon" help:"Has a default that is none."`
	Chosen string        `help:"Refuses everything."`
}

func (f faulty) Validate() error {
	if f.Chosen != "" {
		return errors.New("no")
	}
	return nil
}

func newFaulty() check.Plugin {
	p := newPlugin()
	p.Options = &faulty{}
	p.Examples = []check.Example{{Command: "check_sample --chosen=" + strings.Repeat("x", 80), Why: "too long"}}
	return p
}

func TestDefectsAreFound(t *testing.T) {
	want := map[string][]string{
		"line": {
			"-w is reserved for --warning", "--port has no letter -p", "--mute has no help",
			"the default of --age is refused", "columns, want at most 80", "is refused: UNKNOWN",
		},
		"golden": {"answered otherwise"},
		"metric": {"load=2;;;0 is none", "eval=3 is none"},
		"stderr": {"wrote to standard error: noise"},
	}
	for defect, complaints := range want {
		t.Run(defect, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestFaulty$")
			cmd.Env = append(os.Environ(), "CHECKTEST_DEFECT="+defect)
			output, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("the defect was not found (%v):\n%s", err, output)
			}
			for _, complaint := range complaints {
				if !strings.Contains(string(output), complaint) {
					t.Errorf("not found: %s\n%s", complaint, output)
				}
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	for name, answer := range map[string]string{
		"plain":          "OK: all fans turn\n",
		"perfdata":       "OK: all fans turn | fans=6 fan1=4200;@10:20;~:5;0;9000 load=3% x=-0.5ms;:5\n",
		"long lines":     "OK: two\n[OK] fan 1 turns\n  - GET /redfish/v1 200\n",
		"quotes of ours": "OK: the value \"x\" is 'y'\n",
	} {
		t.Run(name, func(t *testing.T) {
			if complaints := broken(answer, 0); complaints != nil {
				t.Errorf("%q: %q", answer, complaints)
			}
		})
	}
}

func TestBrokenAnswer(t *testing.T) {
	tests := []struct {
		name, answer string
		code         int
		want         string
	}{
		{"code", "OK: x\n", 4, "none of 0 to 3"},
		{"other status", "OK: x\n", 2, "does not begin with"},
		{"no text", "OK: \n", 0, "does not begin with"},
		{"no status", "fine\n", 0, "does not begin with"},
		{"empty", "", 0, "does not begin with"},
		{"line feed", "OK: x", 0, "line feed"},
		{"size", "OK: " + strings.Repeat("x", 4096) + "\n", 0, "more than 4096"},
		{"UTF-8", "OK: \xff\n", 0, "UTF-8"},
		{"control", "OK: a\x1b[31m\n", 0, "not printed"},
		{"carriage return", "OK: a\r\n", 0, "not printed"},
		{"bidi", "OK: a\u202e\n", 0, "not printed"},
		{"semicolon", "OK: a; b\n", 0, "syntax"},
		{"pipe in a long line", "OK: a\n[OK] b | c=1\n", 0, "syntax"},
		{"second pipe", "OK: a | b=1 | c=2\n", 0, "performance data"},
		{"backslash", "OK: a\\cb\n", 0, "syntax"},
		{"quoted label", "OK: a | 'b'=1\n", 0, "performance data"},
		{"exponent", "OK: a | b=1e3\n", 0, "performance data"},
		{"NaN", "OK: a | b=NaN\n", 0, "performance data"},
		{"unknown value", "OK: a | b=U\n", 0, "performance data"},
		{"unit", "OK: a | b=1RPM\n", 0, "performance data"},
		{"colons", "OK: a | b::c=1\n", 0, "performance data"},
		{"minus zero", "OK: a | b=-0\n", 0, "minus zero"},
		{"semicolons", "OK: a | b=1;;;;\n", 0, "semicolon"},
		{"twins", "OK: a | nineteen.characters1=1 nineteen.characters2=2\n", 0, "two labels"},
		{"two blanks", "OK: a | b=1  c=2\n", 0, "performance data"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			complaints := broken(test.answer, test.code)
			if !strings.Contains(strings.Join(complaints, "\n"), test.want) {
				t.Errorf("%q: want a complaint about %q, got %q", test.answer, test.want, complaints)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	for command, want := range map[string][]string{
		``:                          nil,
		`a  b`:                      {"a", "b"},
		`a 'b c' "d e"`:             {"a", "b c", "d e"},
		`a ''`:                      {"a", ""},
		`a\ b`:                      {"a b"},
		`"a\"b" '\'`:                {`a"b`, `\`},
		`"a\b"`:                     {`a\b`},
		`--include='^FAN[0-9]+$' b`: {"--include=^FAN[0-9]+$", "b"},
	} {
		words, err := split(command)
		if diff := cmp.Diff(want, words); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", command, err, diff)
		}
	}
	for _, command := range []string{`a 'b`, `a "b`, `a \`} {
		if words, err := split(command); err == nil {
			t.Errorf("%s: want an error, got %q", command, words)
		}
	}
}
