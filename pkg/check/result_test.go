package check

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestStatus(t *testing.T) {
	o, w, c, u := Finding{Status: OK}, Finding{Status: WARNING}, Finding{Status: CRITICAL}, Finding{Status: UNKNOWN}
	tests := []struct {
		name          string
		findings      []Finding
		monitor, gate Status
	}{
		{"nothing was judged", nil, UNKNOWN, UNKNOWN},
		{"all well", []Finding{o, o}, OK, OK},
		{"a warning", []Finding{o, w}, WARNING, WARNING},
		{"missing evidence", []Finding{o, u}, UNKNOWN, UNKNOWN},
		{"missing evidence and a warning", []Finding{u, w, o}, WARNING, UNKNOWN},
		{"everything", []Finding{o, w, u, c}, CRITICAL, CRITICAL},
		{"missing evidence and an alarm", []Finding{u, c}, CRITICAL, CRITICAL},
		{"a status that is none", []Finding{{Status: 4}}, UNKNOWN, UNKNOWN},
		{"a negative status", []Finding{{Status: -1}, o}, UNKNOWN, UNKNOWN},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := (Result{Findings: test.findings}).Status(); got != test.monitor {
				t.Errorf("Monitor: %v, want %v", got, test.monitor)
			}
			if got := (Result{Policy: Gate, Findings: test.findings}).Status(); got != test.gate {
				t.Errorf("Gate: %v, want %v", got, test.gate)
			}
		})
	}
}

func TestStatusString(t *testing.T) {
	for s, want := range map[Status]string{OK: "OK", WARNING: "WARNING", CRITICAL: "CRITICAL", UNKNOWN: "UNKNOWN", 4: "UNKNOWN", -1: "UNKNOWN", 255: "UNKNOWN"} {
		if got := s.String(); got != want {
			t.Errorf("%d is %q, want %q", int(s), got, want)
		}
	}
}

func TestState(t *testing.T) {
	for s, want := range map[State]Status{"ok": OK, "warning": WARNING, "critical": CRITICAL, "unknown": UNKNOWN, "": UNKNOWN, "OK": UNKNOWN} {
		if got := s.Status(); got != want {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
	}
}

func TestNagios(t *testing.T) {
	fan1 := Finding{Status: CRITICAL, Text: "FAN1 stands", Evidence: []string{"GET /fans 200"}, Raw: []string{"0 RPM"}}
	fan2 := Finding{Status: CRITICAL, Text: "FAN2 stands; since 1h|"}
	slow := Finding{Status: WARNING, Text: "FAN3 is slow"}
	gap := Finding{Status: UNKNOWN, Text: "no log"}
	well := Finding{Status: OK, Text: "FAN4 turns", Evidence: []string{"[OK] from the device"}}
	tests := []struct {
		name    string
		result  Result
		verbose int
		want    string
	}{
		{"nothing", Result{}, 0, "UNKNOWN: nothing was judged\n"},
		{"nothing but a summary", Result{Summary: "6 fans"}, 0, "UNKNOWN: nothing was judged - 6 fans\n"},
		{"all well", Result{Findings: []Finding{well}, Summary: "6 fans"}, 0, "OK: 6 fans\n"},
		{"all well without a summary", Result{Findings: []Finding{well, {Text: "power is on"}}}, 0, "OK: FAN4 turns, power is on\n"},
		{"all well with a lead and notes", Result{Lead: "YES", Findings: []Finding{well}, Summary: "drained", Notes: []string{"no memory", "", "server is off"}}, 0,
			"OK: YES: drained (no memory, server is off)\n"},
		{"worst first, all of it named", Result{Findings: []Finding{well, gap, fan1, slow, fan2, slow}, Summary: "6 fans", Notes: []string{"no memory"}, Perfdata: []Perfdatum{{Label: "fans", Value: 6}}}, 0,
			"CRITICAL: (1) FAN1 stands (2) FAN2 stands, since 1h¦, also WARNING: FAN3 is slow and 1 more, UNKNOWN: no log - 6 fans (no memory) | fans=6\n" +
				"[CRITICAL] FAN1 stands\n[CRITICAL] FAN2 stands, since 1h¦\n[WARNING] FAN3 is slow\n[WARNING] FAN3 is slow\n[UNKNOWN] no log\n"},
		{"a gate orders otherwise", Result{Policy: Gate, Lead: "not proven", Findings: []Finding{slow, gap}}, 0,
			"UNKNOWN: not proven: no log, also WARNING: FAN3 is slow\n[UNKNOWN] no log\n[WARNING] FAN3 is slow\n"},
		{"OK findings with -v", Result{Findings: []Finding{well, slow}}, 1, "WARNING: FAN3 is slow\n[WARNING] FAN3 is slow\n[OK] FAN4 turns\n"},
		{"evidence with -vv", Result{Findings: []Finding{well, fan1}, Evidence: []string{"in all 3 requests"}, Raw: []string{"x"}}, 2,
			"CRITICAL: FAN1 stands\n[CRITICAL] FAN1 stands\n  - GET /fans 200\n[OK] FAN4 turns\n  - [OK] from the device\n  - in all 3 requests\n"},
		{"raw values with -vvv", Result{Findings: []Finding{fan1}, Raw: []string{"a|b\nc"}}, 3,
			"CRITICAL: FAN1 stands\n[CRITICAL] FAN1 stands\n  - GET /fans 200\n    = 0 RPM\n    = a¦b c\n"},
		{"no text", Result{Findings: []Finding{{Status: WARNING, Text: "\x00\n"}}}, 0, "WARNING: no text\n"},
		{"a status that is none", Result{Findings: []Finding{{Status: 7, Text: "odd"}}}, 0,
			"UNKNOWN: odd (status 7 is none of 0 to 3)\n"},
		{"what to do stands below, one to a line", Result{Findings: []Finding{{Status: CRITICAL, Text: "noout is set", Next: []string{"on pve1: ceph osd unset noout", "wait"}}}}, 0,
			"CRITICAL: noout is set\n  on pve1: ceph osd unset noout\n  wait\n"},
		{"one remedy for several is said once", Result{Findings: []Finding{{Status: WARNING, Text: "a", Next: []string{"wait"}}, {Status: WARNING, Text: "b", Next: []string{"wait"}}}}, 0,
			"WARNING: (1) a (2) b\n[WARNING] a\n  wait\n[WARNING] b\n"},
		{"performance data given twice", Result{Findings: []Finding{well}, Summary: "s", Perfdata: []Perfdatum{{Label: "a"}, {Label: "a"}}}, 0,
			"OK: s | a=0\nperformance data a was given twice, the first is kept\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.result.nagios(test.verbose, sizeOfAnswer)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSize(t *testing.T) {
	var r Result
	for i := range 12 {
		r.Findings = append(r.Findings, Finding{Status: CRITICAL, Text: fmt.Sprintf("fan number %02d stands still", i)})
		r.Perfdata = append(r.Perfdata, Perfdatum{Label: fmt.Sprintf("fan%02d", i), Value: 4200})
	}
	r.Summary = "12 fans"
	tests := []struct {
		name  string
		limit int
		want  []string // what stands in the answer
		not   []string
	}{
		{"all of it", 4096, []string{"CRITICAL: (1) fan number 00 stands still (2) ", " and 8 more - 12 fans | ", "fan11=4200\n", "[CRITICAL] fan number 11 stands still\n"}, []string{"... ", "do not fit"}},
		{"long lines go first", 430, []string{" and 8 more - 12 fans | ", "fan11=4200\n", "[CRITICAL] fan number 02 stands still\n... 9 more\n"}, []string{"do not fit"}},
		{"then performance data", 256, []string{" and 8 more - 12 fans | fan00=4200 ", "items of performance data do not fit\n"}, []string{"fan11=4200", "[CRITICAL]"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := r.nagios(0, test.limit)
			if len(got) > test.limit {
				t.Errorf("%d bytes, want at most %d", len(got), test.limit)
			}
			for _, text := range test.want {
				if !strings.Contains(got, text) {
					t.Errorf("want %q in:\n%s", text, got)
				}
			}
			for _, text := range test.not {
				if strings.Contains(got, text) {
					t.Errorf("want no %q in:\n%s", text, got)
				}
			}
		})
	}
}

func TestSizeOfOneLongFinding(t *testing.T) {
	r := Result{Findings: []Finding{{Status: WARNING, Text: strings.Repeat("ü", 400)}}, Summary: "summary", Notes: []string{"no memory"}}
	got := r.nagios(0, leastSize)
	if len(got) > leastSize || !strings.HasPrefix(got, "WARNING: üü") || !strings.Contains(got, "... (no memory)\n") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

// A judge that says much costs little: no part of rendering is worse than linear
// but for sorting. Quadratic code would run for minutes here.
func TestManyFindings(t *testing.T) {
	var r Result
	for i := range 20000 {
		r.Findings = append(r.Findings, Finding{Status: Status(i % 4), Text: fmt.Sprintf("guest %d", i)})
		r.Perfdata = append(r.Perfdata, Perfdatum{Label: fmt.Sprintf("guest%d", i), Value: float64(i)})
	}
	if got := r.nagios(3, sizeOfAnswer); len(got) > sizeOfAnswer {
		t.Errorf("%d bytes", len(got))
	}
	if got := r.nagios(3, unlimited); strings.Count(got, "\n") != 20001 {
		t.Errorf("%d lines, want the first and 20000", strings.Count(got, "\n"))
	}
}

// The status and what is named first do not depend on the order of findings,
// and a further finding never makes an answer better.
func TestStatusProperties(t *testing.T) {
	finding := rapid.Custom(func(t *rapid.T) Finding {
		return Finding{Status: Status(rapid.IntRange(-1, 5).Draw(t, "status")), Text: rapid.StringMatching(`[a-z]{1,5}`).Draw(t, "text")}
	})
	order := map[Policy][]Status{Monitor: {OK, UNKNOWN, WARNING, CRITICAL}, Gate: {OK, WARNING, UNKNOWN, CRITICAL}}
	rapid.Check(t, func(t *rapid.T) {
		policy := Policy(rapid.IntRange(0, 1).Draw(t, "policy"))
		rank := func(s Status) int { return slices.Index(order[policy], s) }
		findings := rapid.SliceOfN(finding, 1, 10).Draw(t, "findings")
		status := Result{Policy: policy, Findings: findings}.Status()
		worst := OK
		for _, f := range findings {
			s := f.Status
			if s < OK || s > UNKNOWN {
				s = UNKNOWN
			}
			if rank(s) > rank(worst) {
				worst = s
			}
		}
		if status != worst {
			t.Errorf("%v is %v, want %v", findings, status, worst)
		}
		if other := (Result{Policy: policy, Findings: rapid.Permutation(findings).Draw(t, "order")}).Status(); other != status {
			t.Errorf("%v is %v, in another order %v", findings, status, other)
		}
		more := Result{Policy: policy, Findings: append(slices.Clone(findings), finding.Draw(t, "one more"))}.Status()
		if rank(more) < rank(status) {
			t.Errorf("%v is %v, with one more finding %v", findings, status, more)
		}
	})
}

// TestPreview: what people read goes out as a whole or not at all, in the same one
// answer, and what a host gets keeps its size.
func TestPreview(t *testing.T) {
	page := "WARNING: for people\n" + strings.Repeat("To a customer\n", 500)
	r := Result{Preview: page, Findings: []Finding{{Status: WARNING, Text: "held"}}}
	for size, want := range map[int]string{len(page): page, len(page) - 1: fmt.Sprintf("WARNING: held (--max-bytes %d shows all of it)\n", len(page))} {
		var b bytes.Buffer
		o := newOutput("check_sample", &b)
		o.settings.MaxBytes = size
		if code := o.answer(r); code != 1 || b.String() != want {
			t.Errorf("%d bytes: %d %.200q", size, code, b.String())
		}
	}
}
