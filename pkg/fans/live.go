package fans

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// judgeLive compares what the controller says now with its own thresholds and
// with the fans that are known.
func judgeLive(p Poll, pol Policy, m Memory) []Finding {
	if p.Server.Power == bmc.PowerOff {
		return []Finding{{Severity: Clear, Text: "server is off, its fans are not judged"}}
	}
	var out []Finding
	present := 0
	for _, f := range p.Server.Fans {
		if !pol.Judges(f.ID, f.Name) {
			continue
		}
		if f.Presence == bmc.Present && !f.Pump {
			present++
		}
		if found, said := judgeFan(f, p, pol, m); said {
			out = append(out, found)
		}
	}
	out = append(out, judgeGone(p, pol, m)...)
	out = append(out, judgeCount(p, pol, present, blind(p, pol, m))...)
	for _, r := range p.Server.Redundancies {
		out = append(out, judgeRedundancy(r))
	}
	return append(out, judgeParts(p, pol, out)...)
}

// judgeFan says what there is to say of a fan; nothing where a gap says it.
func judgeFan(f bmc.Fan, p Poll, pol Policy, m Memory) (_ Finding, said bool) {
	c, worst := p.conditionOf(f, m.known(f.ID), pol)
	name := title(f, p.Server.Fans)
	out := Finding{Subject: name, Text: name, Raw: raw(f)}
	if worst.Rotor != "" && c.bad() && f.Presence == bmc.Present {
		out.Text += " (rotor " + worst.Rotor + ")"
	}
	out.Text += " " + c.phrase(worst)
	switch {
	case c == unread && p.cut(f.ID):
		return out, false
	case c == lostReading && !confirmed(m.Fans[f.ID], p):
		out.Severity = Indeterminate
		out.Text += doubt(p)
	case c.failing():
		out.Severity = Major
	case c.bad():
		out.Severity = Minor
	case c.open():
		out.Severity = Indeterminate
	}
	return out, true
}

// judgeGone names known fans that the controller does not list any more.
func judgeGone(p Poll, pol Policy, m Memory) []Finding {
	var out []Finding
	for _, id := range slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare) {
		k := m.Fans[id]
		listed := slices.ContainsFunc(p.Server.Fans, func(f bmc.Fan) bool { return f.ID == id })
		if listed || !pol.Judges(id, k.Name) || p.Server.Hides(id) {
			continue // it may be in the part that could not be read
		}
		f := Finding{Severity: Major, Subject: k.Name, Text: k.Name + " " + gone.phrase(bmc.Fan{})}
		if !confirmed(k, p) {
			f.Severity = Indeterminate
			f.Text += doubt(p)
		}
		out = append(out, f)
	}
	return out
}

// doubt says why a fan that is gone is not yet called missing.
func doubt(p Poll) string {
	if at := p.Server.Restarted; !at.IsZero() && !at.After(p.Now) {
		return fmt.Sprintf(", its controller started %s ago", check.DurationText(p.Now.Sub(at).Round(time.Second)))
	}
	return ", the next poll decides"
}

// judgeCount compares the number of fans with what was expected. No fan at all
// is no evidence, and fans that could not be read are not missing.
func judgeCount(p Poll, pol Policy, present int, blind bool) []Finding {
	switch {
	case pol.Expect > present && blind && present > 0:
		return []Finding{{Severity: Indeterminate, Text: fmt.Sprintf("%d of %d expected fans could be read", present, pol.Expect)}}
	case pol.Expect > present && !blind:
		return []Finding{{Severity: Major, Subject: fmt.Sprintf("%d of %d expected fans", pol.Expect-present, pol.Expect),
			Text: fmt.Sprintf("%d of %d expected fans present", present, pol.Expect)}}
	case present > 0 || p.Server.Blind():
		return nil
	case pol.Expect == 0:
		return []Finding{{Severity: Clear, Text: "no fan, as expected"}}
	case pol.Include.IsSet() || pol.Exclude.IsSet():
		return []Finding{{Severity: Indeterminate, Text: "no fan is left by --include and --exclude"}}
	}
	return []Finding{{Severity: Indeterminate, Text: "no fan is present, if that is right say --expect-fans 0"}}
}

func judgeRedundancy(r bmc.Redundancy) Finding {
	name := cmp.Or(r.Name, "fan redundancy")
	f := Finding{Subject: name, Text: name + " is full"}
	switch {
	case r.Disabled:
		f.Text = name + " is disabled"
	case r.Lost || r.Health == bmc.HealthCritical:
		f.Severity, f.Text = Major, name+" is lost"
	case r.Health == bmc.HealthWarning:
		f.Severity, f.Text = Minor, name+" is degraded"
	case r.Health == bmc.HealthUnknown:
		f.Text = name + " has no health"
	}
	if r.Says != "" {
		f.Text += " (" + r.Says + ")"
	}
	return f
}

// judgeKnown tells that fans may be missing that are not known any more.
func judgeKnown(m Memory) []Finding {
	var out []Finding
	if !m.Lost.IsZero() {
		out = append(out, Finding{Severity: Minor, Text: fmt.Sprintf("memory was damaged at %s and begun anew, a fan missing then is not known: count the fans, confirm with --relearn", phrase.Time(m.Lost))})
	}
	if s := m.Shape; s != nil {
		out = append(out, Finding{Severity: Minor, Text: fmt.Sprintf("fans are listed otherwise since %s, %d then and %d now: count them, confirm with --relearn", phrase.Time(s.Since), len(s.Before), len(m.Fans))})
	}
	return out
}

// judgeHardware tells of parts that are not the ones that were learned, and that
// what was learned is lost.
func judgeHardware(m Memory) []Finding {
	out := judgeKnown(m)
	for _, id := range slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare) {
		if k := m.Fans[id]; k.NewSerial != "" {
			out = append(out, Finding{Severity: Minor, Text: fmt.Sprintf("hardware replaced: %s has serial %s, was %s, confirm with --relearn", k.Name, k.NewSerial, k.Serial)})
		}
	}
	return out
}

// blind says whether a fan that is to be judged may be in a part that could not
// be read.
func blind(p Poll, pol Policy, m Memory) bool {
	return slices.ContainsFunc(p.Server.Gaps, func(g bmc.Gap) bool { return g.Hides != "" && !excluded(g, pol, m) })
}

// excluded says that the operator does not want to hear of a gap: sensors of a
// satellite controller cannot be read over IPMI. A known fan behind it that is
// to be judged is not excluded with it.
func excluded(g bmc.Gap, pol Policy, m Memory) bool {
	if k := m.known(g.Fan); k != nil && !pol.Judges(g.Fan, k.Name) {
		return true
	}
	if g.Log || g.Hides == "*" || !pol.Exclude.IsSet() || !pol.Exclude.MatchString(g.What) {
		return false
	}
	behind := bmc.Server{Gaps: []bmc.Gap{g}}
	for id, k := range m.Fans {
		if behind.Hides(id) && pol.Judges(id, k.Name) {
			return false
		}
	}
	for id, name := range m.Former { // what a list with a gap in it named is not known yet
		if behind.Hides(id) && pol.Judges(id, name) {
			return false
		}
	}
	return true
}

// judgeGaps names what could not be read: a fan by the name that is known of it.
func judgeGaps(p Poll, pol Policy, m Memory) []Finding {
	var out []Finding
	for _, g := range p.Server.Gaps {
		if g.Log && pol.Log != "require" {
			continue // said in the first line
		}
		if g.Err == nil || excluded(g, pol, m) {
			continue // nothing was read at all, and that is said by the error
		}
		what := g.What
		if k := m.known(g.Fan); k != nil && k.Name != "" {
			what = k.Name + " (" + what + ")"
		}
		out = append(out, Finding{Severity: Indeterminate, Text: strings.TrimSuffix(what+": "+g.Err.Error(), ": ")})
	}
	for _, l := range p.Server.Logs {
		if l.Full {
			out = append(out, Finding{Severity: Minor, Text: "event log is full and drops new entries: clear it (" + l.ID + ")"})
		}
	}
	return out
}
