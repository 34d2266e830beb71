package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/episodes"
)

// drops are the drop-outs of the window.
type drops struct {
	counted  []episodes.Episode
	excused  []episodes.Episode
	findings []check.Finding
}

// judgeDrops counts the episodes of the window that nobody excused or
// acknowledged, although every fan may turn now.
func judgeDrops(m memory, pol policy, now time.Time) drops {
	var d drops
	since := now.Add(-pol.window)
	for _, e := range episodes.Build(m.Marks) {
		if !e.Open() && e.End.Before(since) || !m.concerns(e, pol) {
			continue
		}
		if m.excuses(e) {
			d.excused = append(d.excused, e)
			continue
		}
		d.counted = append(d.counted, e)
	}
	if len(d.excused) > 0 {
		d.findings = append(d.findings, check.Finding{Status: check.OK, Text: m.tell(d.excused, pol) + ", not counted: maintenance or a change of the host's power"})
	}
	if len(d.counted) == 0 {
		return d
	}
	n := float64(len(d.counted))
	f := check.Finding{Status: check.OK, Text: m.tell(d.counted, pol)}
	switch {
	case pol.crit.Alert(n):
		f.Status = check.CRITICAL
	case pol.warn.Alert(n):
		f.Status = check.WARNING
	}
	if kept := m.Latch[pol.view()]; kept > f.Status {
		f.Status = kept
	}
	for _, e := range d.counted {
		f.Evidence = append(f.Evidence, m.line(e))
	}
	d.findings = append(d.findings, f)
	return d
}

// lasts adds how long the drop-outs keep the status, unless a fan is as bad
// right now: then that is what matters.
func (d drops) lasts(live []check.Finding, pol policy, now time.Time) []check.Finding {
	out := slices.Clone(d.findings)
	for i := range out {
		f := &out[i]
		bad := slices.ContainsFunc(live, func(l check.Finding) bool { return l.Status == f.Status })
		if f.Status != check.OK && !bad {
			f.Text += ", stays " + f.Status.String() + " until " + stamp(until(d.counted, pol.window, now)) + " or --acknowledge"
		}
	}
	return out
}

// until is when the last counted episode leaves the window.
func until(es []episodes.Episode, window time.Duration, now time.Time) time.Time {
	last := time.Time{}
	for _, e := range es {
		end := e.End
		if e.Open() {
			end = now
		}
		if end.After(last) {
			last = end
		}
	}
	return last.Add(window)
}

func (m memory) excuses(e episodes.Episode) bool {
	return slices.ContainsFunc(m.Excused, func(x excuse) bool { return !e.Start.Before(x.From) && !e.Start.After(x.To) })
}

func (m memory) concerns(e episodes.Episode, pol policy) bool {
	return slices.ContainsFunc(e.Fans, func(id string) bool {
		return id == episodes.Redundancy || pol.judges(id, m.name(id))
	})
}

// view names the latch of these settings. Two services may look at one server
// in two ways, and a person who looks with other thresholds or another window
// must neither raise nor end what a service has reached.
func (p policy) view() string {
	return fmt.Sprintf("%s window %s warning %s critical %s expect %d zero %q",
		p.filter(), check.DurationText(p.window), p.warn, p.crit, p.expect, p.allowZero.String())
}

// latch keeps the worst level of the fans' findings while a drop-out counts.
// It falls only to nothing: Nagios sends one PROBLEM and one RECOVERY.
func (m *memory) latch(p poll, pol policy) {
	key := pol.view()
	drops := judgeDrops(*m, pol, p.now)
	if len(drops.counted) == 0 {
		delete(m.Latch, key)
		return
	}
	worst := m.Latch[key]
	for _, f := range slices.Concat(judgeLive(p, pol, *m), drops.findings) {
		if f.Status == check.WARNING || f.Status == check.CRITICAL {
			worst = max(worst, f.Status)
		}
	}
	m.Latch[key] = worst
}

// refusals are the reasons not to acknowledge: fans that are down now, or of
// which it is not known that they turn.
func refusals(p poll, pol policy, m memory) []string {
	var out []string
	for _, f := range slices.Concat(judgeLive(p, pol, m), judgeGaps(p, pol, m)) {
		if f.Status == check.CRITICAL || f.Status == check.UNKNOWN {
			out = append(out, f.Text)
		}
	}
	return out
}

func acknowledged(done, refused []string, r check.Result, dry bool) check.Result {
	switch {
	case len(refused) > 0:
		r.Lead = "not acknowledged"
	case dry:
		r.Lead = fmt.Sprintf("would acknowledge %s", plural(len(done), "drop-out", "drop-outs"))
	default:
		r.Lead = fmt.Sprintf("acknowledged %s", plural(len(done), "drop-out", "drop-outs"))
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
