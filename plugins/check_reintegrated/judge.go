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
func judge(f survey.Found, list maintenance.Checklist) check.Result {
	r := check.Result{Policy: check.Gate, Evidence: f.Log}
	for _, c := range list {
		r.Findings = append(r.Findings, check.Finding{Status: statuses[c.Outcome], Text: c.String()})
	}
	if why := f.Evidence.Ceph.Absent; why != "" {
		r.Notes = append(r.Notes, why)
	}
	if f.Trouble != nil {
		r.Notes = append(r.Notes, "no memory")
	}
	r.Lead, r.Summary = lead(f.PVE.Leaving, list, r.Status())
	r.Facts = facts{Decision: list.Decision(), Nodes: f.PVE.Leaving, Checklist: list, Fans: f.Fans}
	return r
}

// facts is what --output json prints beside the verdict.
type facts struct {
	Decision  string                `json:"decision"`
	Nodes     []string              `json:"nodes"`
	Checklist maintenance.Checklist `json:"checklist"`
	Fans      *maintenance.Fans     `json:"fans,omitempty"`
}

// statuses are what a condition is to a gate.
var statuses = map[maintenance.Outcome]check.Status{
	maintenance.Holds: check.OK, maintenance.Reserved: check.WARNING, maintenance.Unknown: check.UNKNOWN, maintenance.Fails: check.CRITICAL,
}

// lead opens the first line with the decision.
func lead(nodes []string, list maintenance.Checklist, s check.Status) (lead, summary string) {
	are, n := strings.Join(nodes, " and ")+" is", list.Count(maintenance.Fails)
	if len(nodes) > 1 {
		are = strings.Join(nodes, " and ") + " are"
	}
	switch s {
	case check.OK:
		return "YES, " + are + " fully back", fmt.Sprintf("all %d conditions hold", len(list))
	case check.WARNING:
		return "YES, " + are + " back, but", ""
	case check.CRITICAL:
		if n == 1 {
			return "NO, " + are + " not fully back", ""
		}
		return fmt.Sprintf("NO, %s not fully back, %d reasons", are, n), ""
	}
	return leadUnknown, ""
}
