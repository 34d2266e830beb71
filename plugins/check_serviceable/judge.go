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
		r.Notes = append(r.Notes, "no card: "+f.FansErr.Error())
	}
	if f.Fans != nil {
		r.Findings = append(r.Findings, check.Finding{Status: check.OK, Text: card(f)})
	}
	if f.Trouble != nil {
		r = noMemory(r, f.Trouble, mode)
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
	f := check.Finding{Status: check.UNKNOWN, Text: c.Name + ": " + c.Evidence}
	switch c.Outcome {
	case maintenance.Holds:
		f.Status = check.OK
	case maintenance.Reserved:
		f.Status = check.WARNING
	case maintenance.Fails:
		f.Status = check.CRITICAL
	}
	if f.Status != check.OK {
		// The first line is read at 3 a.m.: what is, and what to do.
		f.Text = c.Evidence
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
		return "YES, switch " + names + " off", fmt.Sprintf("all %d conditions hold", len(list))
	case check.WARNING:
		return "YES, switch " + names + " off, but", ""
	case check.CRITICAL:
		if n == 1 {
			return "NO, " + names + " must stay on", ""
		}
		return fmt.Sprintf("NO, %s must stay on, %d reasons", names, n), ""
	}
	return leadUnknown, ""
}

// card is what the technician takes along.
func card(f survey.Found) string {
	i := f.Fans.Identity
	who := strings.TrimSpace(i.Manufacturer + " " + i.Model)
	text := "card: " + strings.Join(f.PVE.Leaving, " and ")
	if who != "" {
		text += ", " + who
	}
	if i.Serial != "" {
		text += ", serial " + i.Serial
	}
	if len(f.Fans.Failing) > 0 {
		text += ", failing now: " + strings.Join(f.Fans.Failing, ", ")
	}
	if often := f.Fans.Often(); len(often) > 0 {
		text += ", dropped out since " + f.Fans.Since.Local().Format("2006-01-02 15:04") + ": " + strings.Join(often, ", ")
	} else if len(f.Fans.Blind) > 0 {
		text += ", not readable: " + strings.Join(f.Fans.Blind, ", ")
	} else {
		text += ", no drop-out of a fan in the log"
	}
	return text
}

// noMemory says that nothing is remembered, as the user wants to hear it.
func noMemory(r check.Result, trouble error, mode string) check.Result {
	if mode == "require" {
		r.Findings = append(r.Findings, check.Finding{Status: check.UNKNOWN, Text: "no memory: " + trouble.Error()})
	}
	r.Notes = append(r.Notes, "no memory")
	return r
}
