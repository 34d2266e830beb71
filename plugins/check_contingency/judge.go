package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/contingency"
	"github.com/noout-monitoring/noout/pkg/gate"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

const notProven = "not-proven"

// statuses are what a condition is to a monitor.
var statuses = map[maintenance.Outcome]check.Status{
	maintenance.Holds: check.OK, maintenance.Reserved: check.WARNING, maintenance.Unknown: check.UNKNOWN, maintenance.Fails: check.CRITICAL,
}

// facts is what --output json prints beside the verdict.
type facts struct {
	Decision string                `json:"decision"`
	Failures []contingency.Loss    `json:"failures"`
	Always   maintenance.Checklist `json:"always,omitempty"`
	Notes    []string              `json:"notes,omitempty"`
	// Oldest backup in seconds, left out when it is not known.
	Oldest *float64 `json:"oldest_backup_s,omitempty"`
}

// judge turns what failures take into the answer. Kinds are those that were
// asked for, mode is that of the memory.
func judge(a gate.Asked, o contingency.Outlook, kinds []string, mode string) check.Result {
	r := check.Result{Policy: check.Monitor, Evidence: a.Log, Facts: factsOf(o)}
	var known []check.Finding
	for _, c := range o.Always {
		f := check.Finding{Status: statuses[c.Outcome], Text: c.Text(), Next: c.Lines()}
		if c.Outcome == maintenance.Unknown { // that nobody may look comes before what was not seen
			r.Findings = append(r.Findings, f)
		} else {
			known = append(known, f)
		}
	}
	r.Findings = slices.Concat(r.Findings, findings(o), known)
	for _, kind := range kinds {
		if o.Blind {
			break // why is said
		}
		if !slices.ContainsFunc(o.Losses, func(l contingency.Loss) bool { return l.Failure.Kind == kind }) {
			r.Findings = append(r.Findings, check.Finding{Status: check.UNKNOWN, Text: fmt.Sprintf("--fail: there is nothing of the kind %q that may fail: expected one of %s", kind, strings.Join(kindsOf(a.Failures()), ", "))})
		}
	}
	if why := a.Ceph.Absent; why != "" {
		r.Notes = append(r.Notes, why)
	}
	if off := a.Cluster.Named(func(n pve.Node) bool { return !n.Online }); len(off) > 0 {
		r.Notes = append(r.Notes, phrase.List(off, phrase.Few)+" off already")
	}
	for _, n := range o.Notes {
		r.Findings = append(r.Findings, check.Finding{Status: check.OK, Text: n})
	}
	if a.Trouble != nil {
		r = r.WithoutMemory(a.Trouble, mode)
	}
	r.Summary = summary(o)
	if r.Status() != check.OK {
		r.Summary = fmt.Sprintf("%d of %s survived", survived(o), phrase.Count(len(o.Losses), "single failure", "single failures"))
	}
	if len(o.Losses) > 0 {
		r.Perfdata = perfdata(o)
	}
	return r
}

func kindsOf(failures []contingency.Failure) []string {
	var out []string
	for _, f := range failures {
		out = append(out, f.Kind)
	}
	return slices.Compact(out)
}

// findings say failure by failure what is lost. What several failures have in
// common, such as that nobody could be asked, is said once.
func findings(o contingency.Outlook) []check.Finding {
	var order []string
	where := map[string][]string{}
	kinds := map[string]maintenance.Condition{}
	for _, l := range o.Losses {
		for _, c := range l.Conditions {
			if c.Outcome == maintenance.Holds {
				continue
			}
			text := c.String()
			if where[text] == nil {
				order = append(order, text)
				kinds[text] = c
			}
			where[text] = append(where[text], l.Failure.String())
		}
	}
	var out []check.Finding
	for _, text := range order {
		who := phrase.List(where[text], 3)
		if len(where[text]) == len(o.Losses) && len(o.Losses) > 1 {
			who = "any failure"
		}
		out = append(out, check.Finding{Status: statuses[kinds[text].Outcome], Text: who + ": " + kinds[text].Text(), Next: kinds[text].Lines()})
	}
	for _, l := range o.Losses {
		if l.Survives() {
			out = append(out, check.Finding{Status: check.OK, Text: l.Failure.String() + " may fail: " + held(l)})
		}
	}
	return out
}

// held is the evidence of a failure that takes nothing.
func held(l contingency.Loss) string {
	var parts []string
	for _, c := range l.Conditions {
		parts = append(parts, c.Evidence)
	}
	return strings.Join(parts, ", ")
}

// summary is the first line when nothing is lost.
func summary(o contingency.Outlook) string {
	by := map[string]int{}
	var order []string
	for _, l := range o.Losses {
		kind := l.Failure.Kind
		if by[kind] == 0 {
			order = append(order, kind)
		}
		by[kind]++
	}
	var what []string
	for _, kind := range order {
		if kind == contingency.Device {
			what = append(what, "the quorum device")
		} else {
			what = append(what, "any 1 of "+phrase.Count(by[kind], kind, kind+"s"))
		}
	}
	text := strings.Join(what, " or ") + " may fail: quorum, storage and room hold"
	for _, n := range o.Notes {
		if strings.Contains(n, "backup") {
			return text + ", " + n
		}
	}
	return text
}

func survived(o contingency.Outlook) int {
	n := 0
	for _, l := range o.Losses {
		if l.Survives() {
			n++
		}
	}
	return n
}

func perfdata(o contingency.Outlook) []check.Perfdatum {
	down, data := 0, 0
	var room *int64
	known := true
	for _, l := range o.Losses {
		down, data = max(down, len(l.Down)+len(l.Resets)), max(data, len(l.Data))
		if l.Failure.Kind == contingency.Device {
			continue
		}
		known = known && l.Headroom != nil
		if l.Headroom != nil && (room == nil || *l.Headroom < *room) {
			room = l.Headroom
		}
	}
	out := []check.Perfdatum{
		{Label: "failures", Value: float64(len(o.Losses))},
		{Label: "failures_survived", Value: float64(survived(o))},
		{Label: "guests_down_worst", Value: float64(down)},
		{Label: "guests_data_worst", Value: float64(data)},
	}
	if room != nil && known {
		out = append(out, check.Perfdatum{Label: "memory_headroom", Value: float64(*room), Unit: "B"})
	}
	if o.Oldest != nil {
		out = append(out, check.Perfdatum{Label: "oldest_backup", Value: o.Oldest.Seconds(), Unit: "s"})
	}
	return out
}

func factsOf(o contingency.Outlook) facts {
	f := facts{Decision: decision(o), Failures: append([]contingency.Loss{}, o.Losses...), Always: o.Always, Notes: o.Notes}
	if o.Oldest != nil {
		s := o.Oldest.Seconds()
		f.Oldest = &s
	}
	return f
}

// decision is the whole in one word for machines.
func decision(o contingency.Outlook) string {
	all := slices.Clone(o.Always)
	for _, l := range o.Losses {
		all = append(all, l.Conditions...)
	}
	return all.Decision()
}
