package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/ping"
)

var examples = []check.Example{
	{Command: "check_guests -H pve1,pve2,pve3 --auth-file pve.ini --ca-file ca.pem", Why: "every guest that should run, wherever it is now"},
	{Command: "check_guests -H pve1,pve2 --tag prod --tcp 22,443 --parent 192.0.2.1", Why: "some drop pings, and all are behind this gateway"},
	{Command: "check_guests --target www.example.net -w 100,20% -c 500,60%", Why: "one host, as check_ping does it"},
	{Command: "check_guests -H pve1,pve2 --http 103=https://shop.example.net/", Why: "and does the customer's web site answer?"},
	{Command: "check_guests --targets hosts.txt --rate 0", Why: "ten thousand hosts in a second"},
	{Command: "check_guests -H pve1,pve2 --second /var/lib/noout/nagios/second.json", Why: "a guest that answers at the other data centre is not down"},
	{Command: "check_guests -H pve1 --vmid 103 --watch 60s -t 80s", Why: "how long is vm103 away while it is migrated?"},
}

const help = `CRITICAL: a guest does not answer that did before, a node is down or silent with all its guests (one alarm for all of them), a guest does not run although HA wants it to or no user asked for it, loss or round trips beyond -c. Any answer is better than none: a guest that answers in part is judged by its loss.
WARNING: loss or round trips beyond -w, a guest that is silent while it is migrated or has just been started (for 15 minutes, or as long as --migration-grace), a guest that has never answered, one that does not answer here and did at the second vantage point (--second) after it last answered here.
UNKNOWN: what went wrong on this machine (no right to send, no route, dropped answers, full tables, DNS), a silent gateway, a cluster that does not answer or does not show all guests, guests of which nobody knows whether they run, one address of several. It is never called a guest that is down.
Which guests: those that HA wants to run, and those that run. Where: --address, then the configuration, then what guest agent or container say.
--http asks for the head of a page, once, without credentials, and follows no redirect. Below 500 is an answer; 500 and more, or a certificate that is wrong, is WARNING; none is judged as a silent guest, and not said again when its guest is silent. The reason says how far it came: a guest that is away takes no connection, a web server that is slow takes it and says nothing. With --watch a site is asked every 100ms (--interval, at least 50ms), and its longest gap stands beside the guest's, with what was away in it.
--second takes the answer of the same plugin run elsewhere (--output json, written to a file and renamed): about the same cluster, by clocks that are kept right. One that is missing, damaged, old, about another cluster or dated later than now is said, and is as if it were not there. A guest that cannot be judged from here, and is silent there, is CRITICAL as it would be there. That a node is offline is for its peers to say.`

// few is how many of a list are named.
const few = 10

// described are subjects in words, one after the other.
func described(list []*subject, as func(*subject) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = as(s)
	}
	return out
}

// String is what it is called.
func (s *subject) String() string { return s.name }

// placed is a guest with its node.
func placed(s *subject) string {
	text := s.name
	if s.node != "" {
		text += " on " + s.node
	}
	if s.stopped == held {
		text += " (" + s.guest.Lock + ")"
	}
	return text
}

// where is a subject with its node and its address.
func where(s *subject) string {
	text := s.name
	if s.node != "" {
		text += " on " + s.node
	}
	if a := s.addr.String(); s.addr.IsValid() && a != s.name {
		text += " (" + a + ")"
	}
	return text
}

// reason why a subject is silent: what was said most often instead.
func reason(s *subject) string {
	var parts []string
	if s.guest.Status != "" && s.guest.Status != "running" {
		parts = append(parts, "is "+s.guest.Status)
	}
	errs := slices.Clone(s.reach.Errors)
	slices.SortStableFunc(errs, func(a, b ping.Unreachable) int { return b.Count - a.Count })
	switch {
	case len(errs) > 0:
		parts = append(parts, errs[0].String())
	case s.reach.Strange > 0:
		parts = append(parts, "answers come from "+s.reach.Stranger.String())
	case s.reach.Corrupt > 0:
		parts = append(parts, "answers are corrupt")
	default:
		parts = append(parts, "no answer to "+phrase.Count(s.reach.Sent, "packet", "packets"))
	}
	switch {
	case s.silentFor < time.Minute:
	case s.moving:
		parts = append(parts, "for "+check.DurationText(s.silentFor.Round(time.Minute))+" of its migration")
	case s.starting():
		parts = append(parts, "for "+check.DurationText(s.silentFor.Round(time.Minute))+", and has just been started again")
	}
	if s.tcp != nil && s.tcp.Reason != "" {
		parts = append(parts, "TCP: "+s.tcp.Reason)
	}
	return strings.Join(parts, ", ")
}

// trip is a round-trip time with three digits.
func trip(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, 100 * time.Millisecond, 10 * time.Millisecond, time.Millisecond} {
		if d >= unit {
			return check.DurationText(d.Round(unit / 100))
		}
	}
	return check.DurationText(d.Round(time.Microsecond))
}

// percent with one decimal where it matters.
func percent(v float64) string { return strconv.FormatFloat(round(v), 'f', -1, 64) + "%" }

func round(v float64) float64 { return math.Round(v*10) / 10 }

// shorten bounds text from the command line and from files.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// gapText is a gap with its bounds: 300 ms (279-320).
func gapText(g ping.Gap, gaps int) string {
	if gaps == 0 {
		return "no gap"
	}
	floor, ceil := g.AtLeast.Milliseconds(), int64(math.Ceil(millis(g.AtMost)))
	if g.Unbounded {
		return fmt.Sprintf("at least %d ms", floor)
	}
	return fmt.Sprintf("%d ms (%d-%d)", g.Length().Round(time.Millisecond).Milliseconds(), floor, ceil)
}

// longestGap of all that were really watched, and whether any were.
func (f *facts) longestGap() (longest ping.Gap, watched bool) {
	for i := range f.subjects {
		s := &f.subjects[i]
		if !f.watched || !s.asked || s.reach.Sent == 0 || !s.reach.Alive() && s.reached() { // its site answers
			continue
		}
		watched = true
		if g := s.reach.Longest; g.Length() > longest.Length() {
			longest = g
		}
	}
	return longest, watched
}

// gapList lists the longest of a watch, of those that answered in it.
func (f *facts) gapList() string {
	var list []*subject
	for i := range f.subjects {
		if s := &f.subjects[i]; s.reach.Gaps > 0 && s.reach.Alive() {
			list = append(list, s)
		}
	}
	switch silent := f.count(func(s *subject) bool { return s.asked && !s.reach.Alive() }); {
	case len(list) > 0:
	case silent > 0:
		return "no gap but of those that never answered"
	default:
		return "no gap"
	}
	slices.SortStableFunc(list, func(a, b *subject) int { return int(b.reach.Longest.Length() - a.reach.Longest.Length()) })
	const most = 5
	var texts []string
	for i, s := range list {
		if i == most {
			texts = append(texts, fmt.Sprintf("%d more up to %s", len(list)-most, gapText(s.reach.Longest, 1)))
			break
		}
		texts = append(texts, s.short()+": "+gapText(s.reach.Longest, 1))
	}
	return "longest gap " + strings.Join(texts, ", ")
}

// short is a guest's number, or a target's name.
func (s *subject) short() string {
	if s.guest.ID > 0 {
		return s.key
	}
	return s.name
}

// summary says in a few words what was asked.
func (v *verdict) summary() string {
	expected := v.count(func(s *subject) bool { return s.stopped != archived })
	switch {
	case expected == 0 && len(v.facts.sites) == 0:
		return ""
	case expected == 0:
		return v.siteSummary()
	}
	one, many := "guest answers", "guests answer"
	if v.cluster == nil {
		one, many = "host answers", "hosts answer"
	}
	parts := []string{fmt.Sprintf("%d of %s", v.count((*subject).reached), phrase.Count(expected, one, many))}
	rta, _, loss, known := v.mean()
	if rta > 0 {
		parts = append(parts, "rta "+trip(rta))
	}
	if known {
		parts = append(parts, percent(loss)+" lost")
	}
	if n := v.count(func(s *subject) bool { return s.tcp != nil && s.tcp.Answered }); n > 0 {
		parts = append(parts, fmt.Sprintf("%d by TCP", n))
	}
	if v.watched {
		parts = append(parts, v.gapList())
	}
	if sites := v.siteSummary(); sites != "" {
		parts = append(parts, sites)
	}
	return strings.Join(parts, ", ")
}

// standing is a line of progress.
func standing(p ping.Progress, total time.Duration, guests int) string {
	text := fmt.Sprintf("%s of %s, %d of %d answer", check.DurationText(p.Elapsed.Round(time.Second)), check.DurationText(total), guests-p.Silent, guests)
	if p.Longest.Length() > 0 {
		text += ", longest gap " + p.Name + ": " + gapText(p.Longest, 1)
	}
	return text
}

// many counts subjects by what they are called, with a verb for one and for
// many.
func (v *verdict) many(n int, one, many string) string {
	return phrase.Count(n, strings.TrimSuffix(v.noun(), "s")+one, v.noun()+many)
}

// noun is what many subjects are called.
func (v *verdict) noun() string {
	if v.cluster == nil {
		return "hosts"
	}
	return "guests"
}
