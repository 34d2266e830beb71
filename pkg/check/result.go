package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Finding is one thing a judge has to say.
type Finding struct {
	Status Status
	Text   string
	// Remembered says that it is no live finding: a latch, an age. Where nothing
	// live could be judged, see [Result.Blind], it does not make the status.
	Remembered bool
	// Next is what to do about it, in this order, each on a line of its own and
	// never in the first one: "on pve1: ceph osd unset noout" can be pasted from
	// the colon on.
	Next     []string
	Evidence []string // -vv: which request said what
	Raw      []string // -vvv
}

// Advised takes the command that mends an error out of its text, where the error
// knows one: it belongs on a line of its own.
func Advised(err error) (text string, next []string) {
	var knows interface{ Advice() (text, command string) }
	if !errors.As(err, &knows) {
		return err.Error(), nil
	}
	advice, command := knows.Advice()
	return strings.Replace(err.Error(), advice, "", 1), []string{"on this machine: " + command}
}

// Result is what a judge returns.
type Result struct {
	Policy Policy
	// Lead opens the first line ("NO, pve3 must stay on"), optional.
	Lead string
	// Summary says in a few words what was looked at; the first line when all is well, its end otherwise.
	Summary string
	// Notes end the first line whatever the status ("no memory").
	Notes    []string
	Findings []Finding
	// Blind says that nothing live could be judged. The status is that of the
	// reason then, and what is remembered is named after it: news outranks
	// history, and a status that changes is what hosts notify.
	Blind    bool
	Perfdata []Perfdatum
	// Evidence and Raw belong to no single finding.
	Evidence []string
	Raw      []string
	// Facts is encoded by --output json.
	Facts any
	// Page is shown in place of the answer, as a whole, where people or a file
	// read it and not a host. The exit code stays that of the findings.
	Page string
	// Preview is a page that a host may get too: it is shown only where all of it
	// fits into the answer. Elsewhere the answer says so.
	Preview string
}

// Status of the whole: the worst of the findings under the result's policy;
// UNKNOWN without any finding, because then nothing was judged.
func (r Result) Status() Status {
	if !slices.ContainsFunc(r.Findings, r.speaks) {
		return UNKNOWN
	}
	return r.worst()
}

func (r Result) worst() Status {
	worst := OK
	for _, f := range r.Findings {
		if s := f.Status.orUnknown(); r.Policy.rank(s) > r.Policy.rank(worst) && r.speaks(f) {
			worst = s
		}
	}
	return worst
}

// speaks says whether a finding makes the status.
func (r Result) speaks(f Finding) bool { return !r.Blind || !f.Remembered }

// judged is the result as it is rendered: findings sorted with the worst first,
// statuses legal, and never without a finding.
func (r Result) judged() Result {
	findings := make([]Finding, 0, len(r.Findings)+1)
	for _, f := range r.Findings {
		if !f.Status.legal() {
			f.Text = fmt.Sprintf("%s (status %d is none of 0 to 3)", f.Text, int(f.Status))
			f.Status = UNKNOWN
		}
		if Text(f.Text) == "" {
			f.Text = "no text"
		}
		findings = append(findings, f)
	}
	if !slices.ContainsFunc(findings, r.speaks) {
		findings = append(findings, Finding{Status: UNKNOWN, Text: "nothing was judged"})
	}
	weight := func(f Finding) int {
		if !r.speaks(f) {
			return r.Policy.rank(f.Status) - len(atMonitor) // after all that is live
		}
		return r.Policy.rank(f.Status)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return weight(b) - weight(a) })
	r.Findings = findings
	return r
}

// WithoutMemory says that nothing is remembered and why, as loud as --state asks for.
func (r Result) WithoutMemory(trouble error, mode string) Result {
	text, next := Advised(trouble)
	f := Finding{Status: OK, Text: "no memory: " + text, Next: next}
	if mode == "require" {
		f.Status = UNKNOWN
	} else {
		r.Notes = append(r.Notes, "no memory")
	}
	return r.and(f)
}

// and returns the result with one more finding.
func (r Result) and(f Finding) Result {
	r.Findings = append(slices.Clip(r.Findings), f)
	return r
}
