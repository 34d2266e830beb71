package fans

import (
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// drops are the drop-outs of the window.
type drops struct {
	counted  []Episode
	excused  []Episode
	findings []Finding
	// standing is the loss of redundancy that is the last word about it.
	standing []Episode
}

// judgeStanding names the loss of redundancy that nothing has taken back: it
// does not end with the window. A live set speaks for itself.
func judgeStanding(p Poll, d drops) []Finding {
	var out []Finding
	for _, e := range d.standing {
		if !slices.ContainsFunc(p.Server.Redundancies, func(r bmc.Redundancy) bool { return judgeRedundancy(r).Severity != Clear }) {
			out = append(out, Finding{Severity: Minor, Subject: "fan redundancy", Text: "fan redundancy is lost since " + phrase.Time(e.Start) + ", says the log, until it or the controller says otherwise, or --acknowledge"})
		}
	}
	return out
}

// judgeDrops counts the episodes of the window that nobody excused or
// acknowledged, although every fan may turn now.
func judgeDrops(m Memory, pol Policy, now time.Time) drops {
	var d drops
	since := now.Add(-pol.Window)
	for _, e := range EpisodesOf(m.Marks) {
		if !e.Open() && e.End.Before(since) || !m.concerns(e, pol) {
			continue
		}
		if m.excuses(e) {
			d.excused = append(d.excused, e)
			continue
		}
		if e.Open() && e.Fans[0] == Redundancy {
			d.standing = append(d.standing, e)
			continue
		}
		d.counted = append(d.counted, e)
	}
	if len(d.excused) > 0 {
		d.findings = append(d.findings, Finding{Severity: Clear, Text: m.tell(d.excused, pol) + ", not counted: maintenance or a change of the host's power"})
	}
	if len(d.counted) == 0 {
		return d
	}
	n := float64(len(d.counted))
	f := Finding{Severity: Clear, Text: m.tell(d.counted, pol)}
	switch {
	case pol.Crit.Alert(n):
		f.Severity = Major
	case pol.Warn.Alert(n):
		f.Severity = Minor
	}
	if kept := m.Latch[pol.view()]; kept > f.Severity {
		f.Severity = kept
	}
	for _, e := range d.counted {
		f.Evidence = append(f.Evidence, m.line(e))
	}
	d.findings = append(d.findings, f)
	return d
}

// Until is when the last counted episode leaves the window.
func (v Verdict) Until(window time.Duration, now time.Time) time.Time {
	last := time.Time{}
	for _, e := range v.Counted {
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

func (m Memory) excuses(e Episode) bool {
	return slices.ContainsFunc(m.Excused, func(x excuse) bool { return !e.Start.Before(x.From) && !e.Start.After(x.To) })
}

func (m Memory) concerns(e Episode, pol Policy) bool {
	return slices.ContainsFunc(e.Fans, func(id string) bool {
		return id == Redundancy || pol.Judges(id, m.Name(id))
	})
}

// view names the latch of these settings. Two services may look at one server
// in two ways, and a person who looks with other thresholds or another window
// must neither raise nor end what a service has reached.
func (p Policy) view() string {
	return fmt.Sprintf("%s window %s warning %s critical %s expect %d zero %q",
		p.filter(), check.DurationText(p.Window), p.Warn, p.Crit, p.Expect, p.AllowZero.String())
}

// latch keeps the worst level of the fans' findings while a drop-out counts.
// It falls only to nothing: Nagios sends one PROBLEM and one RECOVERY.
func (m *Memory) latch(p Poll, pol Policy) {
	key := pol.view()
	drops := judgeDrops(*m, pol, p.Now)
	if len(drops.counted) == 0 {
		delete(m.Latch, key)
		return
	}
	worst := m.Latch[key]
	for _, f := range slices.Concat(judgeLive(p, pol, *m), drops.findings) {
		if f.Severity == Minor || f.Severity == Major {
			worst = max(worst, f.Severity)
		}
	}
	m.Latch[key] = worst
}
