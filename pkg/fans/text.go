package fans

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
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

// Name of a fan by its id: what it is called now, or was.
func (m Memory) Name(id string) string {
	if id == Redundancy {
		return "fan redundancy"
	}
	if k, ok := m.Fans[id]; ok && k.Name != "" {
		return k.Name
	}
	return cmp.Or(m.Former[id], id)
}

// Names are those of an episode's fans.
func (m Memory) Names(e Episode) []string {
	names := make([]string, len(e.Fans))
	for i, id := range e.Fans {
		names[i] = m.Name(id)
	}
	return names
}

// tell puts episodes in one sentence: which fans, how often, when last.
func (m Memory) tell(es []Episode, pol Policy) string {
	type group struct {
		who   string
		all   []Episode
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
	for _, g := range groups {
		if len(g.all) == 1 && g.all[0].Open() {
			out = append(out, g.who+" down since "+phrase.Time(g.all[0].Start)+g.cause)
			continue
		}
		out = append(out, g.who+" dropped out "+times(len(g.all), pol.Window)+span(g.all[0])+g.cause)
	}
	return phrase.List(out, phrase.Few)
}

func times(n int, window time.Duration) string {
	if n == 1 {
		return "once in " + check.DurationText(window) + ": "
	}
	return fmt.Sprintf("%d times in %s, last ", n, check.DurationText(window))
}

// who names the fans of an episode and what several at once may mean.
func (m Memory) who(e Episode) (who, cause string) {
	names := m.Names(e)
	slices.SortFunc(names, bmc.Compare)
	who = strings.Join(names, " and ")
	switch {
	case len(names) == 1:
		return who, ""
	case sameModule(names):
		return who, " (rotors of one module)"
	case !e.Dated:
		return who, " (found together)"
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

func span(e Episode) string {
	if e.Open() {
		return "since " + phrase.Time(e.Start)
	}
	d := e.End.Sub(e.Start).Round(time.Second)
	switch {
	case e.Assumed || e.Polled && !e.Logged:
		return phrase.Time(e.Start) + " until " + phrase.Time(e.End) + " at the latest"
	case d <= 0:
		return phrase.Time(e.Start)
	}
	return phrase.Time(e.Start) + " for " + check.DurationText(d)
}

// line is one episode for the evidence.
func (m Memory) line(e Episode) string {
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
func summary(p Poll, pol Policy, m Memory, d drops) string {
	if p.Server.Power == bmc.PowerOff {
		return "server is off, its fans are not judged"
	}
	n := count(p, pol, m)
	if n.Listed == 0 && n.Pumps == 0 {
		if pol.Expect == 0 && !p.Server.Blind() {
			return "no fan, as expected"
		}
		return ""
	}
	var parts []string
	if n.Listed > 0 {
		parts = append(parts, of(n.Turning, n.Present, "fan", "fans"))
	}
	if n.Pumps > 0 {
		parts = append(parts, of(n.Pumping, n.Pumps, "pump", "pumps"))
	}
	if n.Empty > 0 {
		parts = append(parts, phrase.Count(n.Empty, "empty bay", "empty bays"))
	}
	if n.Standby > 0 {
		parts = append(parts, fmt.Sprintf("%d on standby", n.Standby))
	}
	quiet := len(d.counted)+len(d.standing)+m.undated(p) == 0
	switch n := len(d.excused); {
	case n > 0:
		parts = append(parts, phrase.Count(n, "drop-out", "drop-outs")+" in "+check.DurationText(pol.Window)+" not counted")
	case quiet && pol.Log != "off" && len(p.Server.Logs) > 0 && !logGap(p):
		parts = append(parts, "no drop-out in "+check.DurationText(pol.Window))
	}
	return strings.Join(parts, ", ")
}

// of counts a part of many: "6 fans turn", "6 fans, 5 seen turning". The others
// may stand still, or nobody could tell.
func of(n, all int, one, many string) string {
	if n == all {
		return phrase.Count(n, one+" turns", many+" turn")
	}
	return fmt.Sprintf("%s, %d seen turning", phrase.Count(all, one, many), n)
}

// undated is the number of entries of the logs that nobody can date and that
// therefore do not count.
func (m Memory) undated(p Poll) int {
	n := 0
	for _, l := range p.Server.Logs {
		n += m.Logs[l.ID].Undated + m.Logs[l.ID].Later
	}
	return n
}

// strangers are fans whose state no standard knows.
func strangers(p Poll, pol Policy) []string {
	var out []string
	for _, f := range p.Server.Fans {
		if pol.Judges(f.ID, f.Name) && meaningOf(f.State) == strange {
			out = append(out, fmt.Sprintf("%s is in state %q, which no standard knows", title(f, p.Server.Fans), f.State))
		}
	}
	return out
}

// notes end the first line.
func notes(p Poll, pol Policy, m Memory) []string {
	out := jumped(p, m)
	if pol.Maintenance {
		out = append(out, "maintenance: drop-outs are not counted")
	}
	if !m.Renamed.IsZero() && p.Now.Sub(m.Renamed) < pol.Window {
		out = append(out, "fans were renamed at "+phrase.Time(m.Renamed))
	}
	if odd := strangers(p, pol); len(odd) > 0 {
		out = append(out, phrase.List(odd, 2))
	}
	if pol.Log == "off" {
		return out
	}
	if n := m.undated(p); n > 0 {
		out = append(out, phrase.Count(n, "entry", "entries")+" about fans without a usable time in the log not counted")
	}
	for _, g := range p.Server.Gaps {
		if g.Log && pol.Log == "auto" {
			out = append(out, g.What+" not read: "+g.Err.Error())
		}
	}
	if len(p.Server.Logs) == 0 && !logGap(p) && !p.Server.Blind() {
		out = append(out, "no event log")
	}
	return out
}

// logGap says whether a log, or a part of one, could not be read.
func logGap(p Poll) bool {
	return slices.ContainsFunc(p.Server.Gaps, func(g bmc.Gap) bool { return g.Log })
}

// raw are the values that were judged, those of each rotor too where there are
// several.
func raw(f bmc.Fan) []string {
	out := []string{fmt.Sprintf("%s: id %s, presence %s, health %s, reading %s, lower thresholds %s %s %s, says %q",
		f.Name, f.ID, f.Presence, cmp.Or(string(f.Health), "none"), quantity(f.Reading, f.Unit),
		quantity(f.LowerNonCritical, ""), quantity(f.LowerCritical, ""), quantity(f.LowerFatal, ""), f.Says)}
	if len(f.Rotors) < 2 {
		return out
	}
	for _, r := range f.Rotors {
		out = append(out, fmt.Sprintf("%s rotor %s: id %s, health %s, reading %s, lower thresholds %s %s %s, from %s",
			f.Name, r.Name, r.ID, cmp.Or(string(r.Health), "none"), quantity(r.Reading, r.Unit),
			quantity(r.LowerNonCritical, ""), quantity(r.LowerCritical, ""), quantity(r.LowerFatal, ""), r.From))
	}
	return out
}
