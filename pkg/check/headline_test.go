package check

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestHeadline(t *testing.T) {
	long, near := strings.Repeat("far ", 50), "near"+strings.Repeat(" near", 20)
	for name, tc := range map[string]struct {
		result Result
		want   string
	}{
		"the summary goes from its end": {Result{Findings: []Finding{{Status: WARNING, Text: long[:115]}}, Summary: "6 fans, 2 pumps, 9 sensors of temperature"},
			"WARNING: " + strings.TrimSpace(long[:115]) + " - 6 fans, 2 pumps"},
		"also when all is well": {Result{Findings: []Finding{{}}, Summary: "6 fans, " + long[:99] + ", 2 pumps", Notes: []string{"one more failure of a fan stops the server"}},
			"OK: 6 fans, " + strings.TrimSpace(long[:99]) + " (one more failure of a fan stops the server)"},
		"the worst is named before others are whole": {Result{Findings: []Finding{{Status: CRITICAL, Text: "FAN1 stands"}, {Status: WARNING, Text: long}}},
			"CRITICAL: FAN1 stands, also WARNING: far far far far far far far far fa..."},
		"a note that has no room stands below": {Result{Findings: []Finding{{Status: CRITICAL, Text: long}}, Notes: []string{"no memory", near}},
			"CRITICAL: " + strings.TrimSpace(strings.Repeat("far ", 34)) + "... (no memory)\n[CRITICAL] " + strings.TrimSpace(long) + "\n(" + near + ")"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.TrimSuffix(tc.result.nagios(0, sizeOfAnswer), "\n"); got != tc.want && !strings.HasPrefix(got, tc.want+"\n[") {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// Whatever a judge says: the first line fits a pager, and nothing that is not OK
// is lost from the answer.
func TestHeadlineProperties(t *testing.T) {
	text := rapid.StringMatching(`[a-z]{1,9}( [a-zäöü,]{1,30}){0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		r := Result{Policy: Policy(rapid.IntRange(0, 1).Draw(t, "policy")), Blind: rapid.Bool().Draw(t, "blind")}
		r.Lead, r.Summary = rapid.SampledFrom([]string{"", "NO, 2 reasons"}).Draw(t, "lead"), text.Draw(t, "summary")
		r.Notes = rapid.SliceOfN(text, 0, 3).Draw(t, "notes")
		for range rapid.IntRange(1, 4).Draw(t, "findings") {
			r.Findings = append(r.Findings, Finding{Status: Status(rapid.IntRange(0, 3).Draw(t, "status")), Text: text.Draw(t, "text"), Remembered: rapid.Bool().Draw(t, "remembered")})
		}
		answer := r.nagios(0, sizeOfAnswer)
		first, _, _ := strings.Cut(answer, "\n")
		if len(first) > firstLine {
			t.Errorf("%d bytes: %s", len(first), first)
		}
		for _, f := range r.Findings {
			if f.Status != OK && !strings.Contains(answer, Text(f.Text)) {
				t.Errorf("%q is lost:\n%s", f.Text, answer)
			}
			if f.Status != OK && !strings.Contains(first, f.Status.String()) && !r.Blind {
				t.Errorf("no word of %s: %s", f.Status, first)
			}
		}
		for _, n := range r.Notes {
			if !strings.Contains(answer, Text(n)) {
				t.Errorf("%q is lost:\n%s", n, answer)
			}
		}
	})
}
