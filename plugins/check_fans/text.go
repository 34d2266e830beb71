package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/episodes"
)

// title is what a fan is called in the answer: its name, with its id where
// several share the name (Cisco UCS X names fans alike in every chassis).
func title(f bmc.Fan, all []bmc.Fan) string {
	if f.Name == "" {
		return f.ID
	}
	for _, o := range all {
		if o.Name == f.Name && o.ID != f.ID {
			return f.Name + " (" + f.ID + ")"
		}
	}
	return f.Name
}

func (m memory) name(id string) string {
	if id == episodes.Redundancy {
		return "fan redundancy"
	}
	if k, ok := m.Fans[id]; ok && k.Name != "" {
		return k.Name
	}
	return orElse(m.Former[id], id)
}

func stamp(t time.Time) string { return t.Local().Format(time.RFC3339) }

// tell puts episodes in one sentence: which fans, how often, when last.
func (m memory) tell(es []episodes.Episode, pol policy) string {
	const most = 6
	type group struct {
		who   string
		all   []episodes.Episode
		cause string
	}
	var groups []group
	for _, e := range slices.Backward(es) {
		who, cause := m.who(e)
		i := slices.IndexFunc(groups, func(g group) bool { return g.who == who })
		if i < 0 {
			groups = append(groups, group{who: who, cause: cause})
			i = len(groups) - 1
		}
		groups[i].all = append(groups[i].all, e)
	}
	var out []string
	for i, g := range groups {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(groups)-most))
			break
		}
		if len(g.all) == 1 && g.all[0].Open() {
			out = append(out, g.who+" down since "+stamp(g.all[0].Start)+g.cause)
			continue
		}
		out = append(out, g.who+" dropped out "+times(len(g.all), pol.window)+span(g.all[0])+g.cause)
	}
	return strings.Join(out, ", ")
}

func times(n int, window time.Duration) string {
	if n == 1 {
		return "once in " + check.DurationText(window) + ": "
	}
	return fmt.Sprintf("%d times in %s, last ", n, check.DurationText(window))
}

// who names the fans of an episode and what several at once may mean.
func (m memory) who(e episodes.Episode) (who, cause string) {
	names := make([]string, len(e.Fans))
	for i, id := range e.Fans {
		names[i] = m.name(id)
	}
	slices.SortFunc(names, bmc.Compare)
	who = strings.Join(names, " and ")
	switch {
	case len(names) == 1:
		return who, ""
	case sameModule(names):
		return who, " (rotors of one module)"
	}
	return who, " (together: bus, connector or power, not " + fmt.Sprint(len(names)) + " bad fans)"
}

func sameModule(names []string) bool {
	first, rotor := bmc.Module(names[0])
	return rotor && !slices.ContainsFunc(names, func(n string) bool {
		m, r := bmc.Module(n)
		return !r || m != first
	})
}

func span(e episodes.Episode) string {
	if e.Open() {
		return "since " + stamp(e.Start)
	}
	d := e.End.Sub(e.Start).Round(time.Second)
	switch {
	case e.Assumed || e.Polled && !e.Logged:
		return stamp(e.Start) + " until " + stamp(e.End) + " at the latest"
	case d <= 0:
		return stamp(e.Start)
	}
	return stamp(e.Start) + " for " + check.DurationText(d)
}

// line is one episode for the evidence.
func (m memory) line(e episodes.Episode) string {
	who, cause := m.who(e)
	by := "log"
	switch {
	case e.Logged && e.Polled:
		by = "log and poll"
	case e.Polled:
		by = "poll"
	}
	return who + " " + span(e) + cause + ", seen by " + by
}

// summary says in a few words what was looked at.
func summary(p poll, pol policy, m memory, d drops) string {
	if p.server.Power == bmc.PowerOff {
		return "server is off, its fans are not judged"
	}
	n := countFans(p, pol, m)
	if n.listed == 0 {
		if pol.expect == 0 && !p.server.Blind() {
			return "no fan, as expected"
		}
		return ""
	}
	var parts []string
	if n.turning == n.present {
		parts = append(parts, plural(n.turning, "fan turns", "fans turn"))
	} else {
		parts = append(parts, fmt.Sprintf("%d of %s", n.turning, plural(n.present, "fan turns", "fans turn")))
	}
	if n.empty > 0 {
		parts = append(parts, plural(n.empty, "empty bay", "empty bays"))
	}
	if n.standby > 0 {
		parts = append(parts, fmt.Sprintf("%d on standby", n.standby))
	}
	switch n := len(d.excused); {
	case n > 0:
		parts = append(parts, plural(n, "drop-out", "drop-outs")+" in "+check.DurationText(pol.window)+" not counted")
	case len(d.counted) == 0 && pol.log != "off" && len(p.server.Logs) > 0 && !logGap(p):
		parts = append(parts, "no drop-out in "+check.DurationText(pol.window))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// notes end the first line.
func notes(p poll, pol policy, m memory) []string {
	var out []string
	if pol.maintenance {
		out = append(out, "maintenance: drop-outs are not counted")
	}
	if !m.Renamed.IsZero() && p.now.Sub(m.Renamed) < pol.window {
		out = append(out, "fans were renamed at "+stamp(m.Renamed))
	}
	if pol.log == "off" {
		return out
	}
	for _, g := range p.server.Gaps {
		if g.Log && pol.log == "auto" {
			out = append(out, g.What+" not read: "+g.Err.Error())
		}
	}
	if len(p.server.Logs) == 0 && !logGap(p) && !p.server.Blind() {
		out = append(out, "no event log")
	}
	return out
}

// logGap says whether a log, or a part of one, could not be read.
func logGap(p poll) bool {
	return slices.ContainsFunc(p.server.Gaps, func(g bmc.Gap) bool { return g.Log })
}

func raw(f bmc.Fan) string {
	return fmt.Sprintf("%s: id %s, presence %s, health %s, reading %s, lower thresholds %s %s %s, says %q",
		f.Name, f.ID, f.Presence, orElse(string(f.Health), "none"), quantity(f.Reading, f.Unit),
		quantity(f.LowerNonCritical, ""), quantity(f.LowerCritical, ""), quantity(f.LowerFatal, ""), f.Says)
}

func describe(i bmc.Identity) string {
	name := strings.TrimSpace(i.Manufacturer + " " + i.Model)
	if i.Serial != "" {
		return strings.TrimSpace(name + " serial " + i.Serial)
	}
	return strings.TrimSpace(name + " " + i.UUID)
}
