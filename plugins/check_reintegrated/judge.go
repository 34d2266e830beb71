package main

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/survey"
)

const leadUnknown = "NOT PROVEN"

// judge turns the checklist into the answer. It is a gate: what is not known is
// never a yes.
func judge(f survey.Found, list maintenance.Checklist, mode string) check.Result {
	r := check.Result{Policy: check.Gate, Evidence: f.Log}
	for _, c := range list {
		r.Findings = append(r.Findings, finding(c))
	}
	if f.FansErr != nil {
		r.Findings = append(r.Findings, check.Finding{Status: check.UNKNOWN, Text: "the fans: " + f.FansErr.Error()})
	}
	if f.Trouble != nil {
		if mode == "require" {
			r.Findings = append(r.Findings, check.Finding{Status: check.UNKNOWN, Text: "no memory: " + f.Trouble.Error()})
		}
		r.Notes = append(r.Notes, "no memory")
	}
	r.Lead, r.Summary = lead(strings.Join(f.PVE.Leaving, " and "), list, r.Status())
	r.Facts = facts{Decision: decision(r.Status()), Nodes: f.PVE.Leaving, Checklist: list, Fans: f.Fans}
	return r
}

// facts is what --output json prints beside the verdict.
type facts struct {
	Decision  string                `json:"decision"`
	Nodes     []string              `json:"nodes"`
	Checklist maintenance.Checklist `json:"checklist"`
	Fans      *maintenance.Fans     `json:"fans,omitempty"`
}

// decision is one word for machines.
func decision(s check.Status) string {
	switch s {
	case check.OK:
		return "yes"
	case check.WARNING:
		return "yes-but"
	case check.CRITICAL:
		return "no"
	}
	return "not-proven"
}

func finding(c maintenance.Condition) check.Finding {
	f := check.Finding{Status: check.UNKNOWN, Text: c.Evidence}
	switch c.Outcome {
	case maintenance.Holds:
		f.Status, f.Text = check.OK, c.Name+": "+c.Evidence
	case maintenance.Reserved:
		f.Status = check.WARNING
	case maintenance.Fails:
		f.Status = check.CRITICAL
	}
	if c.Next != "" {
		f.Text += ": " + c.Next
	}
	return f
}

// lead opens the first line with the decision.
func lead(names string, list maintenance.Checklist, s check.Status) (lead, summary string) {
	n := 0
	for _, c := range list {
		if c.Outcome == maintenance.Fails {
			n++
		}
	}
	switch s {
	case check.OK:
		return "YES, " + names + " is fully back", fmt.Sprintf("all %d conditions hold", len(list))
	case check.WARNING:
		return "YES, " + names + " is back, but", ""
	case check.CRITICAL:
		if n == 1 {
			return "NO, " + names + " is not fully back", ""
		}
		return fmt.Sprintf("NO, %s is not fully back, %d reasons", names, n), ""
	}
	return leadUnknown, ""
}
