package main

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

var metrics = []check.Metric{
	{Label: "maintenances", Help: "maintenances in the time of the report"},
	{Label: "guests_moved", Help: "guests that were moved"},
	{Label: "longest_gap", Help: "longest interruption that was measured, in ms"},
	{Label: "lead_time", Help: "time from a fan's failure until it was seen, the longest, in seconds"},
	{Label: "lead_told", Help: "time from a fan's failure until its customer was told of the work, the longest, in seconds"},
	{Label: "coverage", Help: "share of the time in which the guests were watched, in percent"},
}

// outcome is what the verdict rests on.
type outcome struct {
	story   *story
	works   []*work
	found   bool
	node    string
	history journal.History
	reports []report
	files   []string
	page    string
}

// judge says whether the report rests on anything.
func judge(f outcome) check.Result {
	r := check.Result{Page: f.page}
	say := func(s check.Status, format string, args ...any) {
		r.Findings = append(r.Findings, check.Finding{Status: s, Text: fmt.Sprintf(format, args...)})
	}
	looked := false
	for _, list := range f.story.looks {
		for _, l := range list {
			looked = looked || l.From.Before(f.story.period.Until) && !l.Until.Before(f.story.period.From)
		}
	}
	switch {
	case f.history.Files == 0:
		say(check.UNKNOWN, "there is no journal of that time in %s, is --journal off, or is it another --state-dir?", places(f.history))
	case !looked:
		say(check.UNKNOWN, "nobody looked in that time, what happened is not known")
	case f.node != "" && !f.found:
		say(check.WARNING, "no maintenance of %s in that time", f.node)
	}
	for _, flaw := range f.history.Flaws() {
		say(check.WARNING, "%s", flaw)
	}
	if n := f.story.lostIn(f.story.period); n > 0 {
		say(check.WARNING, "%d lines of the journal were written by a clock that was ahead, and are left out", n)
	}
	for _, x := range f.reports {
		if len(x.Servers) == 0 && x.Customer != "" && looked {
			say(check.WARNING, "no guest of %s is known", x.Customer)
		}
	}
	f.numbers(&r)
	if len(r.Findings) == 0 {
		say(check.OK, "%s", r.Summary)
	}
	for _, path := range f.files {
		say(check.OK, "%s", path)
	}
	return r
}

// numbers are those of the whole time, each guest once.
func (f outcome) numbers(r *check.Result) {
	moved, gap, lead, told := map[place]bool{}, -1.0, -1.0, -1.0
	least, open := 0.0, false
	for _, g := range f.story.guests {
		for _, m := range g.moves {
			if f.story.period.Contains(m.ended) {
				moved[g.place] = true
			}
		}
		for _, p := range g.gaps {
			if f.story.period.Contains(p.Until) {
				gap, least, open = max(gap, p.MS), max(least, p.LeastMS), open || p.Open
			}
		}
	}
	for _, x := range f.reports {
		for _, w := range x.Works {
			if w.Fault != nil {
				lead = max(lead, w.Fault.LeadS)
				if w.Fault.ToldS != nil {
					told = max(told, *w.Fault.ToldS)
				}
			}
		}
	}
	seen := f.story.watched("check_guests", f.story.period, f.story.clusters(audience{}))
	r.Perfdata = []check.Perfdatum{{Label: "maintenances", Value: float64(len(f.works))}, {Label: "guests_moved", Value: float64(len(moved))}}
	texts := []string{phrase.Count(len(f.works), "maintenance", "maintenances"), phrase.Count(len(moved), "guest", "guests") + " moved"}
	if gap >= 0 {
		r.Perfdata = append(r.Perfdata, check.Perfdatum{Label: "longest_gap", Value: gap, Unit: "ms"})
		text := fmt.Sprintf("longest gap %.0f ms", gap)
		if open { // one was not over when it was measured
			text = fmt.Sprintf("longest gap at least %.0f ms", least)
		}
		texts = append(texts, text)
	}
	if lead >= 0 {
		r.Perfdata = append(r.Perfdata, check.Perfdatum{Label: "lead_time", Value: lead, Unit: "s"})
	}
	if told >= 0 {
		r.Perfdata = append(r.Perfdata, check.Perfdatum{Label: "lead_told", Value: told, Unit: "s"})
	}
	r.Perfdata = append(r.Perfdata, check.Perfdatum{Label: "coverage", Value: float64(int(seen.Share*1000)) / 10, Unit: "%"})
	texts = append(texts, fmt.Sprintf("watched for %.0f%% of the time", seen.Share*100))
	if n := len(f.files); n > 0 {
		texts = append(texts, phrase.Count(n, "file", "files"))
	}
	r.Summary = strings.Join(texts, ", ")
}

// places are the directories in which nothing was found.
func places(h journal.History) string {
	if len(h.Missing) == 0 {
		return "the directories given"
	}
	return strings.Join(h.Missing, ", ")
}
