package main

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// policy is what was asked.
type policy struct {
	leaving []string
}

// What the first line opens with.
const (
	leadYes     = "YES, %s drained"
	leadBut     = "YES, %s drained, but"
	leadUnknown = "NOT PROVEN"
)

// judge answers whether the leaving nodes are empty. It is a gate: missing
// evidence is never a yes.
func judge(f facts, p policy) check.Result {
	d := pve.DrainOf(f.evidence(p.leaving))
	r := check.Result{Policy: check.Gate, Evidence: f.cluster.Evidence}
	add := func(s check.Status, text string) {
		r.Findings = append(r.Findings, check.Finding{Status: s, Text: text})
	}
	for _, l := range d.Left {
		add(check.CRITICAL, l.Guest.String()+" "+l.Why+": "+l.Next)
	}
	for _, text := range append(d.Arriving, d.Finishing...) {
		add(check.CRITICAL, text+": wait")
	}
	for _, text := range d.Doubts {
		add(check.UNKNOWN, text)
	}
	if f.unsaved != nil {
		add(check.UNKNOWN, "the baseline was not saved: "+f.unsaved.Error())
	}
	for _, text := range reservations(d) {
		add(check.WARNING, text)
	}
	for _, text := range holds(f, d, p) {
		add(check.OK, text)
	}
	answer := answerOf(d)
	r.Lead = lead(answer, d, p, r.Status())
	if r.Status() == check.OK {
		r.Summary = stopped(d)
	}
	if f.saved != "" {
		r.Notes = append(r.Notes, f.saved)
	}
	r.Perfdata = perfdata(d)
	r.Facts = factsOf(f, p, d, answer)
	return r
}

// reservations cannot hurt a customer, but somebody should know.
func reservations(d pve.Drain) []string {
	var out []string
	for _, n := range d.Returns {
		out = append(out, "HA may bring guests back to "+n+", its maintenance is not requested: ha-manager crm-command node-maintenance enable "+n)
	}
	for _, n := range d.Pending {
		out = append(out, "HA maintenance of "+n+" is requested and not yet in force: wait")
	}
	if d.Disarmed {
		out = append(out, "HA is disarmed: it moves nothing, and takes no maintenance until ha-manager crm-command arm-ha")
	}
	for _, n := range d.Unconfirmed {
		out = append(out, n+" did not give its own list of guests, what is known of them may be five minutes old")
	}
	if n := len(d.Astray); n > 0 {
		const few = 10
		var names []string
		for _, g := range d.Astray[:min(n, few)] {
			names = append(names, g.String()+" on "+g.Node)
		}
		text := "on a node that the cluster does not know, and nobody says whether running: " + strings.Join(names, ", ")
		if n > few {
			text += fmt.Sprintf(" and %d more", n-few)
		}
		out = append(out, text)
	}
	return append(out, d.Busy...)
}

// holds is the rest of the checklist, shown with -v.
func holds(f facts, d pve.Drain, p policy) []string {
	if len(d.Doubts) > 0 {
		return nil
	}
	names := strings.Join(p.leaving, ", ")
	out := []string{fmt.Sprintf("%s has quorum, and this token sees every guest", f.cluster.Asked)}
	for _, name := range p.leaving {
		if n, _ := f.cluster.Node(name); !n.Online {
			out = append(out, name+" is off, in HA maintenance")
		} else if f.cluster.HA.Nodes[name] == "maintenance" {
			out = append(out, name+" is in HA maintenance")
		}
	}
	if len(d.Left) == 0 {
		out = append(out, "no guest runs on "+names)
	}
	if len(d.Arriving)+len(d.Finishing) == 0 {
		out = append(out, "no guest is on its way to "+names)
	}
	for _, g := range d.Stopped {
		kind := "is stopped"
		if g.Template {
			kind = "is a template"
		}
		out = append(out, g.String()+" "+kind+" and stays")
	}
	return out
}

// Answers, for machines.
const (
	drained    = "DRAINED"
	draining   = "DRAINING"
	notDrained = "NOT_DRAINED"
	notProven  = "UNKNOWN"
)

func answerOf(d pve.Drain) string {
	moving := len(d.Finishing)
	for _, l := range d.Left {
		if l.Moving {
			moving++
		}
	}
	switch {
	case moving > 0:
		return draining
	case len(d.Left)+len(d.Arriving) > 0:
		return notDrained
	case len(d.Doubts) > 0:
		return notProven
	}
	return drained
}

// lead opens the first line.
func lead(answer string, d pve.Drain, p policy, s check.Status) string {
	names := strings.Join(p.leaving, " and ")
	are := names + " is"
	if len(p.leaving) > 1 {
		are = names + " are"
	}
	moving, stay := 0, 0
	for _, l := range d.Left {
		if l.Moving {
			moving++
		} else {
			stay++
		}
	}
	switch {
	case answer == draining && stay == 0 && moving > 0:
		return fmt.Sprintf("NOT YET, %s leaving %s", count(moving, "guest is", "guests are"), names)
	case answer == draining && moving > 0:
		return fmt.Sprintf("NO, %s leaving %s and %s", count(moving, "guest is", "guests are"), names, count(stay, "stays", "stay"))
	case answer == draining:
		return "NOT YET"
	case stay > 0:
		return fmt.Sprintf("NO, %s left on %s", count(stay, "guest is", "guests are"), names)
	case answer == notDrained:
		return "NO"
	case s == check.UNKNOWN:
		return leadUnknown
	case s == check.WARNING:
		return fmt.Sprintf(leadBut, are)
	}
	return fmt.Sprintf(leadYes, are)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func stopped(d pve.Drain) string {
	templates := 0
	for _, g := range d.Stopped {
		if g.Template {
			templates++
		}
	}
	var parts []string
	if n := len(d.Stopped) - templates; n > 0 {
		parts = append(parts, count(n, "stopped guest stays", "stopped guests stay"))
	}
	if templates > 0 {
		parts = append(parts, count(templates, "template stays", "templates stay"))
	}
	if len(parts) == 0 {
		return "no guest is left"
	}
	return strings.Join(parts, ", ")
}

func perfdata(d pve.Drain) []check.Perfdatum {
	if len(d.Doubts) > 0 && len(d.Left) == 0 {
		return nil // no figure is known
	}
	moving := 0
	for _, l := range d.Left {
		if l.Moving {
			moving++
		}
	}
	zero := 0.0
	return []check.Perfdatum{
		{Label: "guests_left", Value: float64(len(d.Left)), Min: &zero},
		{Label: "guests_moving", Value: float64(moving), Min: &zero},
		{Label: "guests_stopped", Value: float64(len(d.Stopped)), Min: &zero},
	}
}

// noMemory says that nothing is remembered, as the user wants to hear it.
func noMemory(r check.Result, trouble error, mode string) check.Result {
	s := check.OK
	if mode == "require" {
		s = check.UNKNOWN
	}
	r.Findings = append(r.Findings, check.Finding{Status: s, Text: "no memory: " + trouble.Error()})
	r.Notes = append(r.Notes, "no memory")
	return r
}
