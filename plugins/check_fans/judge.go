package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// statuses are what the findings are to a monitor.
var statuses = map[fans.Severity]check.Status{
	fans.Clear: check.OK, fans.Minor: check.WARNING, fans.Major: check.CRITICAL, fans.Indeterminate: check.UNKNOWN,
}

// judge puts the verdict about the fans into an answer.
func judge(p fans.Poll, pol fans.Policy, m fans.Memory) check.Result {
	p = p.Dark(m)
	v := fans.Judge(p, pol, m)
	live := findings(v.Live)
	r := check.Result{
		Findings: slices.Concat(live, remembered(lasting(v, live, pol, p.Now)), remembered(findings(v.Standing)), remembered(findings(v.Hardware)), findings(v.Unread)),
		Summary:  v.Summary, Notes: v.Notes, Perfdata: perfdata(p, pol, m, v), Evidence: p.Server.Evidence, Facts: v.Facts,
	}
	r.Blind = !slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return !f.Remembered && f.Status != check.UNKNOWN })
	return r
}

func findings(fs []fans.Finding) []check.Finding {
	out := make([]check.Finding, len(fs))
	for i, f := range fs {
		out[i] = check.Finding{Status: statuses[f.Severity], Text: f.Text, Evidence: f.Evidence, Raw: f.Raw}
	}
	return out
}

// remembered marks what is no news.
func remembered(fs []check.Finding) []check.Finding {
	for i := range fs {
		fs[i].Remembered = true
	}
	return fs
}

// lasting adds how long the drop-outs keep the status, unless a fan is as bad
// right now: then that is what matters.
func lasting(v fans.Verdict, live []check.Finding, pol fans.Policy, now time.Time) []check.Finding {
	out := findings(v.Dropped)
	for i := range out {
		f := &out[i]
		bad := slices.ContainsFunc(live, func(l check.Finding) bool { return l.Status == f.Status })
		if f.Status != check.OK && !bad {
			f.Text += ", stays " + f.Status.String() + " until " + phrase.Time(v.Until(pol.Window, now)) + " or --acknowledge"
		}
	}
	return out
}

// replaced tells of another device behind the same address.
func replaced(was, is bmc.Identity) check.Finding {
	return check.Finding{Status: check.WARNING, Text: fmt.Sprintf("hardware replaced: this is %s, was %s, confirm with --relearn", describe(is), describe(was))}
}

func describe(i bmc.Identity) string {
	name := strings.TrimSpace(i.Manufacturer + " " + i.Model)
	if i.Serial != "" {
		return strings.TrimSpace(name + " serial " + i.Serial)
	}
	return strings.TrimSpace(name + " " + i.UUID)
}

// noMemory adds that nothing is remembered. Without memory there is no way to
// know a fan that went missing; what is live and in the log is judged.
func noMemory(r check.Result, trouble error, mode string) check.Result {
	text, next := check.Advised(trouble)
	s := check.OK
	if mode == "require" {
		s = check.UNKNOWN
	} else {
		r.Notes = append(r.Notes, "no memory: "+text)
	}
	r.Findings = append(r.Findings, check.Finding{Status: s, Text: "no memory: " + text, Next: next})
	return r
}

func acknowledged(done, refused []string, r check.Result, dry bool) check.Result {
	n := phrase.Count(len(done), "drop-out", "drop-outs")
	switch {
	case len(refused) > 0:
		r.Lead = "not acknowledged"
	case dry:
		r.Lead = "would acknowledge " + n
	default:
		r.Lead = "acknowledged " + n
	}
	for _, d := range done {
		r.Evidence = append(r.Evidence, r.Lead+": "+d)
	}
	return r
}

func relearned(changes []string, r check.Result, dry bool) check.Result {
	r.Lead = "relearned"
	if dry {
		r.Lead = "would relearn"
	}
	if len(changes) == 0 {
		changes = []string{"nothing changed"}
	}
	r.Lead += " (" + strings.Join(changes, ", ") + ")"
	return r
}
