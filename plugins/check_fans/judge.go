package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// policy is what the operator set.
type policy struct {
	// expect is the number of fans there must be, -1 when not given.
	expect      int
	include     check.Pattern
	exclude     check.Pattern
	allowZero   check.Pattern
	window      time.Duration
	warn, crit  check.Range
	log         string // auto, require, off
	maintenance bool
}

// filter names this choice of fans.
func (p policy) filter() string {
	return fmt.Sprintf("include %q exclude %q", p.include.String(), p.exclude.String())
}

// everything says that no fan is left out.
func (p policy) everything() bool { return !p.include.IsSet() && !p.exclude.IsSet() }

// judges says whether the operator wants to hear of a fan.
func (p policy) judges(id, name string) bool {
	in := func(pat check.Pattern) bool { return pat.MatchString(name) || pat.MatchString(id) }
	if p.include.IsSet() && !in(p.include) {
		return false
	}
	return !p.exclude.IsSet() || !in(p.exclude)
}

func (p policy) allowsZero(f bmc.Fan) bool {
	return p.allowZero.IsSet() && (p.allowZero.MatchString(f.Name) || p.allowZero.MatchString(f.ID))
}

// judge answers whether a fan is failing, or failing now and then. Live
// readings, memory and log are judged side by side: what one cannot say never
// hides what another says.
func judge(p poll, pol policy, m memory) check.Result {
	live := judgeLive(p, pol, m)
	drops := judgeDrops(m, pol, p.now)
	r := check.Result{Findings: slices.Concat(live, drops.lasts(live, pol, p.now), judgeHardware(m), judgeGaps(p, pol, m))}
	r.Summary = summary(p, pol, m, drops)
	r.Notes = notes(p, pol, m)
	r.Perfdata = perfdata(p, pol, m, drops)
	r.Evidence = p.server.Evidence
	r.Facts = factsOf(p, pol, m, drops)
	return r
}

// judgeLive compares what the controller says now with its own thresholds and
// with the fans that are known.
func judgeLive(p poll, pol policy, m memory) []check.Finding {
	if p.server.Power == bmc.PowerOff {
		return []check.Finding{{Status: check.OK, Text: "server is off, its fans are not judged"}}
	}
	var out []check.Finding
	present := 0
	for _, f := range p.server.Fans {
		if !pol.judges(f.ID, f.Name) {
			continue
		}
		if f.Presence == bmc.Present {
			present++
		}
		out = append(out, judgeFan(f, p, pol, m))
	}
	out = append(out, judgeGone(p, pol, m)...)
	out = append(out, judgeCount(p, pol, present, blind(p, pol, m))...)
	for _, r := range p.server.Redundancies {
		out = append(out, judgeRedundancy(r))
	}
	return out
}

func judgeFan(f bmc.Fan, p poll, pol policy, m memory) check.Finding {
	c := conditionOf(f, m.known(f.ID), pol)
	out := check.Finding{Text: title(f, p.server.Fans) + " " + c.phrase(f), Raw: []string{raw(f)}}
	switch {
	case c == lostReading && !confirmed(m.Fans[f.ID], p):
		out.Status = check.UNKNOWN
		out.Text += doubt(p)
	case c.failing():
		out.Status = check.CRITICAL
	case c.bad():
		out.Status = check.WARNING
	case c == unseen:
		out.Status = check.UNKNOWN
	}
	return out
}

// judgeGone names known fans that the controller does not list any more.
func judgeGone(p poll, pol policy, m memory) []check.Finding {
	var out []check.Finding
	for _, id := range slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare) {
		k := m.Fans[id]
		listed := slices.ContainsFunc(p.server.Fans, func(f bmc.Fan) bool { return f.ID == id })
		if listed || !pol.judges(id, k.Name) || p.server.Hides(id) {
			continue // it may be in the part that could not be read
		}
		f := check.Finding{Status: check.CRITICAL, Text: k.Name + " " + gone.phrase(bmc.Fan{})}
		if !confirmed(k, p) {
			f.Status = check.UNKNOWN
			f.Text += doubt(p)
		}
		out = append(out, f)
	}
	return out
}

// doubt says why a fan that is gone is not yet called missing.
func doubt(p poll) string {
	if at := p.server.Restarted; !at.IsZero() && !at.After(p.now) {
		return fmt.Sprintf(", its controller started %s ago", check.DurationText(p.now.Sub(at).Round(time.Second)))
	}
	return ", the next poll decides"
}

// judgeCount compares the number of fans with what was expected. No fan at all
// is no evidence, and fans that could not be read are not missing.
func judgeCount(p poll, pol policy, present int, blind bool) []check.Finding {
	switch {
	case pol.expect > present && blind && present > 0:
		return []check.Finding{{Status: check.UNKNOWN, Text: fmt.Sprintf("%d of %d expected fans could be read", present, pol.expect)}}
	case pol.expect > present && !blind:
		return []check.Finding{{Status: check.CRITICAL, Text: fmt.Sprintf("%d of %d expected fans present", present, pol.expect)}}
	case present > 0 || p.server.Blind():
		return nil
	case pol.expect == 0:
		return []check.Finding{{Status: check.OK, Text: "no fan, as expected"}}
	case pol.include.IsSet() || pol.exclude.IsSet():
		return []check.Finding{{Status: check.UNKNOWN, Text: "no fan is left by --include and --exclude"}}
	}
	return []check.Finding{{Status: check.UNKNOWN, Text: "no fan is present, if that is right say --expect-fans 0"}}
}

func judgeRedundancy(r bmc.Redundancy) check.Finding {
	f := check.Finding{Text: orElse(r.Name, "fan redundancy") + " is full"}
	switch {
	case r.Disabled:
		f.Text = orElse(r.Name, "fan redundancy") + " is disabled"
	case r.Lost || r.Health == bmc.HealthCritical:
		f.Status, f.Text = check.CRITICAL, orElse(r.Name, "fan redundancy")+" is lost"
	case r.Health == bmc.HealthWarning:
		f.Status, f.Text = check.WARNING, orElse(r.Name, "fan redundancy")+" is degraded"
	case r.Health == bmc.HealthUnknown:
		f.Text = orElse(r.Name, "fan redundancy") + " has no health"
	}
	if r.Says != "" {
		f.Text += " (" + r.Says + ")"
	}
	return f
}

// judgeHardware tells of parts that are not the ones that were learned, and that
// what was learned is lost.
func judgeHardware(m memory) []check.Finding {
	var out []check.Finding
	if !m.Lost.IsZero() {
		out = append(out, check.Finding{Status: check.WARNING, Text: fmt.Sprintf("memory was damaged at %s and begun anew, a fan missing then is not known: count the fans, confirm with --relearn", m.Lost.Format(time.RFC3339))})
	}
	for _, id := range slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare) {
		if k := m.Fans[id]; k.NewSerial != "" {
			out = append(out, check.Finding{Status: check.WARNING, Text: fmt.Sprintf("hardware replaced: %s has serial %s, was %s, confirm with --relearn", k.Name, k.NewSerial, k.Serial)})
		}
	}
	return out
}

// blind says whether a fan that is to be judged may be in a part that could not
// be read.
func blind(p poll, pol policy, m memory) bool {
	return slices.ContainsFunc(p.server.Gaps, func(g bmc.Gap) bool { return g.Hides != "" && !excluded(g, pol, m) })
}

// excluded says that the operator does not want to hear of a gap: sensors of a
// satellite controller cannot be read over IPMI. A known fan behind it that is
// to be judged is not excluded with it.
func excluded(g bmc.Gap, pol policy, m memory) bool {
	if g.Log || g.Hides == "*" || !pol.exclude.IsSet() || !pol.exclude.MatchString(g.What) {
		return false
	}
	behind := bmc.Server{Gaps: []bmc.Gap{g}}
	for id, k := range m.Fans {
		if behind.Hides(id) && pol.judges(id, k.Name) {
			return false
		}
	}
	return true
}

// judgeGaps names what could not be read.
func judgeGaps(p poll, pol policy, m memory) []check.Finding {
	var out []check.Finding
	for _, g := range p.server.Gaps {
		if g.Log && pol.log != "require" {
			continue // said in the first line
		}
		if g.Err == nil || excluded(g, pol, m) {
			continue // nothing was read at all, and that is said by the error
		}
		out = append(out, check.Finding{Status: check.UNKNOWN, Text: strings.TrimSuffix(g.What+": "+g.Err.Error(), ": ")})
	}
	for _, l := range p.server.Logs {
		if l.Full {
			out = append(out, check.Finding{Status: check.WARNING, Text: "event log is full and drops new entries: clear it (" + l.ID + ")"})
		}
	}
	return out
}

// replaced tells of another device behind the same address.
func replaced(was, is bmc.Identity) check.Finding {
	return check.Finding{Status: check.WARNING, Text: fmt.Sprintf("hardware replaced: this is %s, was %s, confirm with --relearn", describe(is), describe(was))}
}

// noMemory adds that nothing is remembered. Without memory there is no way to
// know a fan that went missing; what is live and in the log is judged.
func noMemory(r check.Result, trouble error, mode string) check.Result {
	if mode == "require" {
		r.Findings = append(r.Findings, check.Finding{Status: check.UNKNOWN, Text: "no memory: " + trouble.Error()})
		return r
	}
	r.Notes = append(r.Notes, "no memory: "+trouble.Error())
	return r
}
