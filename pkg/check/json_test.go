package check

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// moment comes in a zone that is not this machine's, in which it is printed.
var moment = time.Date(2026, 5, 4, 2, 4, 5, 0, time.FixedZone("far away", -11*3600))

func sampleOutput(format string) *output {
	o := newOutput("check_sample", nil)
	o.settings.Output, o.target = format, "bmc1"
	return o
}

func TestJSON(t *testing.T) {
	zero := 0.0
	r := Result{
		Findings: []Finding{{Status: OK, Text: "well"}, {Status: CRITICAL, Text: "FAN|1; \"stands\"", Evidence: []string{"GET\n/x 200"}}},
		Summary:  "2 fans", Notes: []string{"no memory"},
		Perfdata: []Perfdatum{{Label: "Fan 1", Value: 0, Unit: "RPM", Warn: ptr(rangeOf("500:")), Min: &zero, Max: ptr(math.Inf(1))}, {Label: "none", Value: math.NaN()}},
		Facts: struct {
			Z    string `json:"z"`
			A    string `json:"a"`
			List []int
		}{"FAN$1 <\x1b[1mx\u202e>", "https://root:calvin@bmc", []int{1}},
	}
	version, err := json.Marshal(release().Version)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"plugin":"check_sample","version":` + string(version) + `,"time":"` + moment.Local().Format(time.RFC3339) + `","status":"CRITICAL","exit":2,` +
		`"text":"FAN|1; \"stands\" - 2 fans (no memory)","findings":[{"status":"CRITICAL","text":"FAN|1; \"stands\"","evidence":["GET /x 200"]},` +
		`{"status":"OK","text":"well","evidence":[]}],"notes":["no memory"],` +
		`"perfdata":[{"label":"Fan_1","value":0,"unit":"","warn":"500:","crit":"","min":0,"max":null}],` +
		`"facts":{"z":"FAN$1 \u003c x\u003e","a":"https://***@bmc","List":[1]}}` + "\n"
	if diff := cmp.Diff(want, string(sampleOutput(formatJSON).json(r, moment))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// shy panics when it is encoded.
type shy struct{}

func (shy) MarshalJSON() ([]byte, error) { panic("no") }

// sulky refuses to be encoded.
type sulky struct{}

func (sulky) MarshalJSON() ([]byte, error) { return nil, errors.New("no|no") }

func TestFactsThatCannotBeEncoded(t *testing.T) {
	for name, facts := range map[string]any{"NaN": math.NaN(), "channel": make(chan int), "panic": shy{}, "error": sulky{}} {
		t.Run(name, func(t *testing.T) {
			var got document
			if err := json.Unmarshal(sampleOutput(formatJSON).json(Result{Findings: well.Findings, Facts: facts}, moment), &got); err != nil {
				t.Fatal(err)
			}
			if got.Status != "OK" || string(got.Facts) != "null" || len(got.Notes) != 1 || !strings.HasPrefix(got.Notes[0], "facts cannot be encoded: ") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestJSONProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.String())).Draw(t, "facts")
		r := Result{Facts: facts, Lead: rapid.String().Draw(t, "lead"), Perfdata: []Perfdatum{{Label: rapid.String().Draw(t, "label"), Value: rapid.Float64().Draw(t, "value")}}}
		text := sampleOutput(formatJSON).json(r, moment)
		var got struct{ Facts map[string][]string }
		if err := json.Unmarshal(text, &got); err != nil || !utf8.Valid(text) || text[len(text)-1] != '\n' {
			t.Fatalf("%v: %s", err, text)
		}
		for key, list := range facts {
			clean := func(s string) string { return clean(s, unlimited, asData) }
			for i, s := range list {
				if same := got.Facts[clean(key)]; len(facts) == 1 && (len(same) <= i || same[i] != clean(s)) {
					t.Errorf("%q under %q becomes %q", s, key, same)
				}
			}
		}
	})
}

func TestOpenMetrics(t *testing.T) {
	r := Result{
		Findings: []Finding{{Status: WARNING, Text: "slow"}},
		Perfdata: []Perfdatum{{Label: "Fan 1", Value: 4200, Unit: "RPM"}, {Label: "rta", Value: 0.25, Unit: "ms"}, {Label: "none", Value: math.Inf(1)}},
	}
	o := sampleOutput(formatOpenMetrics)
	o.target = "a\"b\\c\nd"
	want := `# TYPE noout_status gauge
# HELP noout_status Status of the last run: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
noout_status{plugin="check_sample",target="a\"b\\c d"} 1
# TYPE noout_perfdata gauge
# HELP noout_perfdata Performance data of the last run.
noout_perfdata{plugin="check_sample",target="a\"b\\c d",label="Fan_1",unit=""} 4200
noout_perfdata{plugin="check_sample",target="a\"b\\c d",label="rta",unit="ms"} 0.25
# TYPE noout_last_run_timestamp_seconds gauge
# HELP noout_last_run_timestamp_seconds When the last run ended, in seconds since 1970.
noout_last_run_timestamp_seconds{plugin="check_sample",target="a\"b\\c d"} 1777899845
# EOF
`
	if diff := cmp.Diff(want, string(o.openMetrics(r, moment))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// sample is a line of the exposition format.
var sample = regexp.MustCompile(`^[a-z_]+\{([a-z]+="([^"\\\n]|\\["\\n])*",?)+\} -?[0-9]+(\.[0-9]+)?$`)

func TestOpenMetricsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := sampleOutput(formatOpenMetrics)
		o.target = rapid.String().Draw(t, "target")
		r := Result{Perfdata: []Perfdatum{{Label: rapid.String().Draw(t, "label"), Value: rapid.Float64().Draw(t, "value"), Unit: rapid.String().Draw(t, "unit")}}}
		text, ended := strings.CutSuffix(string(o.openMetrics(r, moment)), "# EOF\n")
		if !ended || !utf8.ValidString(text) {
			t.Errorf("no end, or no UTF-8: %q", text)
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "# ") && !sample.MatchString(line) {
				t.Errorf("not a sample: %q", line)
			}
		}
	})
}
