package check_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
)

// hostile text is what a device, a peer or a guest may be called.
var hostile = rapid.OneOf(
	rapid.StringMatching(`[A-Za-z0-9 ._/-]{0,40}`),
	rapid.String(),
	rapid.Map(rapid.SliceOf(rapid.SampledFrom([]string{
		"|", ";", "\\", "\n", "\r\n", "\x00", "\x1b[31m", "\x1b]0;", "\a", "'", "\"", "`", "$(id)", "<b>", "[OK] ", "OK: ",
		"\u202e", "\u200b", "\xff", "\xc3", "é", "電", "=", " ", "::", "https://u:p@h/", "...", "fan",
	})), func(parts []string) string { return strings.Join(parts, "") }),
	rapid.Map(rapid.IntRange(0, 3000), func(n int) string { return strings.Repeat("ü", n) }),
)

func ranges() *rapid.Generator[*check.Range] {
	return rapid.Custom(func(t *rapid.T) *check.Range {
		r, err := check.ParseRange(rapid.SampledFrom([]string{"0", "5", ":5", "10:", "~:5", "@-1.5:2"}).Draw(t, "range"))
		if err != nil {
			t.Fatal(err)
		}
		return &r
	})
}

func results() *rapid.Generator[check.Result] {
	finding := rapid.Custom(func(t *rapid.T) check.Finding {
		return check.Finding{
			Status: check.Status(rapid.IntRange(-1, 4).Draw(t, "status")), Text: hostile.Draw(t, "text"),
			Evidence: rapid.SliceOfN(hostile, 0, 3).Draw(t, "evidence"), Raw: rapid.SliceOfN(hostile, 0, 2).Draw(t, "raw"),
		}
	})
	datum := rapid.Custom(func(t *rapid.T) check.Perfdatum {
		return check.Perfdatum{
			Label: hostile.Draw(t, "label"), Value: rapid.Float64().Draw(t, "value"), Unit: rapid.SampledFrom([]string{"", "s", "%", "B", "RPM", "|", " "}).Draw(t, "unit"),
			Warn: rapid.Ptr(rapid.Just(check.Range{}), true).Draw(t, "not set"), Crit: ranges().Draw(t, "critical"),
			Min: rapid.Ptr(rapid.Float64(), true).Draw(t, "min"), Max: rapid.Ptr(rapid.Float64(), true).Draw(t, "max"),
		}
	})
	return rapid.Custom(func(t *rapid.T) check.Result {
		return check.Result{
			Policy: check.Policy(rapid.IntRange(0, 1).Draw(t, "policy")), Lead: hostile.Draw(t, "lead"), Summary: hostile.Draw(t, "summary"),
			Notes: rapid.SliceOfN(hostile, 0, 3).Draw(t, "notes"), Findings: rapid.SliceOfN(finding, 0, 30).Draw(t, "findings"),
			Perfdata: rapid.SliceOfN(datum, 0, 60).Draw(t, "perfdata"), Evidence: rapid.SliceOfN(hostile, 0, 3).Draw(t, "evidence"),
		}
	})
}

// Whatever a judge returns, and whatever devices are called, the answer keeps
// the contract, in any size that may be asked for.
func TestContract(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := results().Draw(t, "result")
		limit := rapid.IntRange(256, 4096).Draw(t, "limit")
		p := check.Plugin{Name: "check_sample", Check: func(context.Context) (check.Result, error) { return r, nil }}
		var out bytes.Buffer
		args := []string{fmt.Sprintf("--max-bytes=%d", limit), fmt.Sprintf("--verbose=%d", rapid.IntRange(0, 3).Draw(t, "verbose"))}
		code := p.Run(args, &out)
		checktest.Answer(t, out.Bytes(), code)
		if out.Len() > limit {
			t.Errorf("%d bytes, want at most %d", out.Len(), limit)
		}
		if check.Status(code) != r.Status() {
			t.Errorf("exit code %d, the result is %v", code, r.Status())
		}
		if len(r.Findings) == 0 && code == 0 {
			t.Error("OK without any evidence")
		}
	})
}

// Whatever the arguments are, the answer keeps the contract.
func TestContractOfMistakes(t *testing.T) {
	type options struct {
		Host    []string      `name:"hostname" short:"H" help:"x"`
		Warning check.Range   `short:"w" help:"x"`
		Window  time.Duration `help:"x"`
		Only    check.Pattern `help:"x"`
		Via     string        `enum:"a,b" default:"a" help:"x"`
		Number  int           `help:"x"`
		Depth   check.Depth   `help:"x"`
	}
	word := rapid.OneOf(hostile, rapid.Map(hostile, func(s string) string { return "--" + s }), rapid.Map(hostile, func(s string) string { return "-" + s }),
		rapid.SampledFrom([]string{"-H", "-w", "--window", "--only", "--via", "--number", "--depth", "-v", "-t", "--", "-", "", "5", "10:5", "--extra-opts", "--max-bytes=256"}),
		rapid.Custom(func(t *rapid.T) string {
			return "--" + rapid.SampledFrom([]string{"hostname", "warning", "window", "only", "via", "number", "depth", "timeout", "timeout-state", "verbose", "max-bytes", "extra-opts"}).Draw(t, "option") + "=" + hostile.Draw(t, "value")
		}))
	rapid.Check(t, func(t *rapid.T) {
		p := check.Plugin{Name: "check_sample", Options: &options{}, Check: func(context.Context) (check.Result, error) {
			return check.Result{Findings: []check.Finding{{Text: "well"}}}, nil
		}}
		args := rapid.SliceOfN(word, 0, 6).Draw(t, "args")
		var out bytes.Buffer
		code := p.Run(args, &out)
		if strings.HasPrefix(out.String(), "check_sample") { // -h or -V was among them
			return
		}
		if code != 0 && code != 3 {
			t.Errorf("%q: exit code %d", args, code)
		}
		checktest.Answer(t, out.Bytes(), code)
		if strings.Contains(out.String(), "panic") && !strings.Contains(strings.Join(args, ""), "panic") {
			t.Errorf("%q: %s", args, out.String())
		}
	})
}
