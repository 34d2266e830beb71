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
	if f.FansErr != nil {
		r.Notes = append(r.Notes, "no card: "+f.FansErr.Error())
	}
	if f.Fans != nil {
		r.Findings = append(r.Findings, check.Finding{Status: check.OK, Text: card(f)})
	}
	if why := f.Evidence.Ceph.Absent; why != "" {
		r.Notes = append(r.Notes, why)
	}
	if f.Trouble != nil {
		r.Notes = append(r.Notes, "no memory")
	}
	r.Lead, r.Summary = lead(f, list, r.Status())
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
func lead(f survey.Found, list maintenance.Checklist, s check.Status) (lead, summary string) {
	names, n := strings.Join(f.PVE.Leaving, " and "), list.Count(maintenance.Fails)
	yes := "YES, switch " + names + " off"
	if !f.Powered() {
		yes = "YES, service " + names + ", off already"
	}
	switch s {
	case check.OK:
		return yes, fmt.Sprintf("all %d conditions hold", len(list))
	case check.WARNING:
		return yes + ", but", ""
	case check.CRITICAL:
		no := "NO, " + names + " must stay on"
		if !f.Powered() {
			no = "NO, do not service " + names + " now"
		}
		if n == 1 {
			return no, ""
		}
		return fmt.Sprintf("%s, %d reasons", no, n), ""
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
