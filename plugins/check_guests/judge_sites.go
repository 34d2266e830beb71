package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// visited judges the web sites. One that is silent is spoken of once, by the cause
// that explains the most: its guest that is silent too, the way there, its guest's
// migration, the node of its guest.
func (v *verdict) visited() {
	var dark []*site
	with := 0
	for i := range v.facts.sites {
		s := &v.facts.sites[i]
		switch g := v.owner(s); {
		case s.lost():
			v.away(s)
		case s.seen.Status > 0:
			v.answeringSite(s)
		case s.guest > 0 && slices.Contains(v.idle, s.guest):
			v.note("%s not expected, its guest need not run", s.name())
		case !s.asked:
			v.say(check.UNKNOWN, "%s not asked: there is no guest %d among those that are asked", s.name(), s.guest)
		case v.pathDown() && s.dark(): // path has counted it
		case g != nil && v.explains(g):
			with++
		case s.seen.Own:
		default:
			dark = append(dark, s)
		}
	}
	if with > 0 {
		v.note("%s", phrase.Count(with, "site is silent with its guest", "sites are silent with their guests"))
	}
	v.unaskedSites()
	dark = v.changingSites(dark)
	v.silentSites(v.nodesOfSites(dark))
}

// explains says that a guest's own silence, which is spoken of, is that of its
// site. A guest that never answered may only drop pings: its silence tells
// nothing.
func (v *verdict) explains(g *subject) bool {
	switch {
	case g.reached():
		return false
	case g.nodeDown, g.stopped != running && g.stopped != untold:
		return true
	}
	return v.silent(g) && g.ever()
}

// pathDown says that the gateway is silent, which path has told.
func (v *verdict) pathDown() bool { return v.cutOff() && v.ownFault(v.parent) == "" }

// behind a gateway that is silent are guests, and sites that are silent too.
func (v *verdict) behind(hidden int) string {
	n := 0
	for i := range v.facts.sites {
		if v.facts.sites[i].dark() {
			n++
		}
	}
	what := phrase.Count(n, "site", "sites")
	switch {
	case n == 0:
		return v.many(hidden, "", "")
	case hidden == 0:
		return what
	}
	return v.many(hidden, "", "") + " and " + what
}

func (v *verdict) answeringSite(s *site) {
	status, flaws := check.OK, []string(nil)
	if s.seen.Status >= 500 {
		flaws = append(flaws, fmt.Sprintf("answers %d", s.seen.Status))
	}
	if s.seen.Flaw != "" {
		flaws = append(flaws, "its certificate "+s.seen.Flaw)
	}
	if len(flaws) > 0 {
		status = check.WARNING
	} else {
		flaws = append(flaws, fmt.Sprintf("%d in %s", s.seen.Status, trip(s.seen.Total())))
	}
	if v.watched {
		flaws = append(flaws, siteGapText(s.longest, s.gaps))
	}
	v.say(status, "%s: %s", v.whose(s), strings.Join(flaws, ", "))
}

// whose is a site with its guest.
func (v *verdict) whose(s *site) string {
	g := v.owner(s)
	if g == nil || g.guest.ID == 0 {
		return s.name()
	}
	if g.node == "" {
		return fmt.Sprintf("%s (%s)", s.name(), g.name)
	}
	return fmt.Sprintf("%s (%s on %s)", s.name(), g.name, g.node)
}

// unaskedSites are those that this machine, its time or its DNS kept from being
// asked.
func (v *verdict) unaskedSites() {
	var causes []string
	of := map[string][]string{}
	for i := range v.facts.sites {
		s := &v.facts.sites[i]
		if g := v.owner(s); !s.asked || !s.seen.Own || slices.Contains(v.idle, s.guest) || g != nil && v.explains(g) {
			continue
		}
		cause := s.seen.Err.Error()
		if of[cause] == nil {
			causes = append(causes, cause)
		}
		of[cause] = append(of[cause], s.name())
	}
	for _, cause := range causes {
		v.say(check.UNKNOWN, "%s not asked: %s (%s)", phrase.Count(len(of[cause]), "site", "sites"), cause, phrase.List(of[cause], few))
	}
}

// changingSites are silent while their guest is on its way, or has just been
// started. The others are left.
func (v *verdict) changingSites(dark []*site) (left []*site) {
	var moving, starting []string
	for _, s := range dark {
		switch g := v.owner(s); {
		case g == nil || g.darkFor >= max(patience, v.grace):
			left = append(left, s)
		case g.moving:
			moving = append(moving, v.whose(s))
		case g.starting():
			starting = append(starting, v.whose(s))
		default:
			left = append(left, s)
		}
	}
	if len(moving) > 0 {
		v.say(check.WARNING, "%s silent while its guest is being migrated: %s", phrase.Count(len(moving), "site is", "sites are"), phrase.List(moving, few))
	}
	if len(starting) > 0 {
		v.say(check.WARNING, "%s silent, its guest has just been started: %s", phrase.Count(len(starting), "site is", "sites are"), phrase.List(starting, few))
	}
	return left
}

// nodesOfSites are nodes of whose guests' sites, of two guests or more, not one
// answers. The others are left.
func (v *verdict) nodesOfSites(dark []*site) (left []*site) {
	all, silent, of := map[string]int{}, map[string][]string{}, map[string]map[*subject]bool{}
	for i := range v.facts.sites {
		if s := &v.facts.sites[i]; s.asked {
			if g := v.owner(s); g != nil {
				all[g.node]++
			}
		}
	}
	for _, s := range dark {
		if g := v.owner(s); g != nil && g.node != "" {
			if of[g.node] == nil {
				of[g.node] = map[*subject]bool{}
			}
			silent[g.node], of[g.node][g] = append(silent[g.node], s.name()), true
		}
	}
	whole := func(n string) bool { return len(of[n]) > 1 && len(silent[n]) == all[n] }
	for _, n := range v.nodes() {
		if whole(n) {
			v.say(check.CRITICAL, "all %d sites of guests on %s silent: %s", all[n], n, phrase.List(silent[n], few))
		}
	}
	for _, s := range dark {
		if g := v.owner(s); g == nil || !whole(g.node) {
			left = append(left, s)
		}
	}
	return left
}

func (v *verdict) silentSites(dark []*site) {
	texts := make([]string, len(dark))
	for i, s := range dark {
		texts[i] = v.whose(s) + ": " + s.seen.Err.Error()
	}
	v.list(check.CRITICAL, texts, "sites silent")
}

// siteSummary says how many answer.
func (v *verdict) siteSummary() string {
	answer, all := v.siteCounts()
	if all == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %s", answer, phrase.Count(all, "site answers", "sites answer"))
	if v.watched {
		return v.siteGaps(text, answer == all)
	}
	if longest, any := v.slowest(func(*site) bool { return true }); any {
		text += " within " + trip(longest)
	}
	return text
}
