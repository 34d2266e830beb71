package main

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/web"
)

// sitePerfdata of all, and of each guest and each site that is nobody's.
func (v *verdict) sitePerfdata() []check.Perfdatum {
	if len(v.facts.sites) == 0 {
		return nil
	}
	zero := 0.0
	answer, all := v.siteCounts()
	out := []check.Perfdatum{
		{Label: "sites", Value: float64(all), Min: &zero},
		{Label: "sites_answering", Value: float64(answer), Min: &zero},
	}
	if longest, any := v.slowest(func(*site) bool { return true }); any {
		out = append(out, check.Perfdatum{Label: "http_max", Value: millis(longest), Unit: "ms", Min: &zero})
	}
	if longest, measured := v.longestSiteGap(func(*site) bool { return true }); measured {
		out = append(out, check.Perfdatum{Label: "http_gap_max", Value: millis(longest.Length()), Unit: "ms", Min: &zero})
	}
	if !v.each {
		return out
	}
	var keys []string
	for i := range v.facts.sites {
		if key := v.siteKey(&v.facts.sites[i]); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		same := func(s *site) bool { return v.siteKey(s) == key }
		longest, any := v.slowest(same)
		if !any {
			continue
		}
		out = append(out, check.Perfdatum{Label: key + "_http", Value: millis(longest), Unit: "ms", Min: &zero})
		if gap, measured := v.longestSiteGap(same); measured {
			out = append(out, check.Perfdatum{Label: key + "_http_gap", Value: millis(gap.Length()), Unit: "ms", Min: &zero})
		}
	}
	return out
}

// longestSiteGap of the sites that something holds for and that were watched, and
// whether any were.
func (f *facts) longestSiteGap(holds func(*site) bool) (longest web.Gap, watched bool) {
	for i := range f.sites {
		s := &f.sites[i]
		if !f.watched || !s.asked || s.seen.Own && s.seen.Status == 0 || !holds(s) {
			continue
		}
		watched = true
		if s.longest.Length() > longest.Length() {
			longest = s.longest
		}
	}
	return longest, watched
}

// siteGapText is a gap with its bounds, and what was away in it.
func siteGapText(g web.Gap, gaps int) string {
	text := gapText(ping.Gap{AtLeast: g.AtLeast, AtMost: g.AtMost, Unbounded: g.Unbounded}, gaps)
	switch {
	case gaps == 0:
		return text
	case g.Phase <= web.Connecting:
		return text + ", no connection"
	}
	return text + ", its web server was slow"
}

// siteGaps adds to how many answer the longest gap of those that answered in a
// watch. Where all do, who that was says it.
func (v *verdict) siteGaps(counts string, all bool) string {
	var worst *site
	for i := range v.facts.sites {
		if s := &v.facts.sites[i]; s.seen.Status > 0 && s.gaps > 0 && (worst == nil || s.longest.Length() > worst.longest.Length()) {
			worst = s
		}
	}
	answer, _ := v.siteCounts()
	switch {
	case worst == nil && answer == 0:
		return counts
	case worst == nil:
		return counts + ", no gap"
	}
	gap := worst.url.Host + ": " + siteGapText(worst.longest, worst.gaps)
	if all {
		return gap
	}
	return counts + ", " + gap
}

// lost says that a site answered in a watch, and was away at its end.
func (s *site) lost() bool { return s.seen.Status > 0 && s.away >= longAway }

// away are sites that were so at the end of a watch. What explains a silence
// explains this as well.
func (v *verdict) away(s *site) {
	text := v.whose(s) + ": " + siteGapText(s.longest, s.gaps) + ", silent for the last " + check.DurationText(s.away.Round(time.Millisecond))
	g := v.owner(s)
	switch {
	case s.guest > 0 && slices.Contains(v.idle, s.guest):
		v.note("%s not expected, its guest need not run", s.name())
	case g != nil && (v.explains(g) || g.reach.Away >= longAway):
		v.note("%s silent with its guest", s.name())
	case g != nil && (g.moving || g.starting()) && g.darkFor < max(patience, v.grace):
		v.say(check.WARNING, "%s", text)
	default:
		v.say(check.CRITICAL, "%s", text)
	}
}
