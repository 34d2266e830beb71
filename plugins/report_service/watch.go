package main

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// unnoticed is a time without a look that is too short to be said.
const unnoticed = 5 * time.Minute

// watched says how a plugin watched clusters (nil: any) in a time. Of several each
// has to be watched: who looks at one says nothing of another.
func (s *story) watched(plugin string, p journal.Period, clusters []string) watch {
	if len(clusters) < 2 {
		return s.watchedOne(plugin, p, clusters)
	}
	all := s.watchedOne(plugin, p, clusters[:1])
	for _, c := range clusters[1:] {
		one := s.watchedOne(plugin, p, []string{c})
		all.Polls += one.Polls
		all.span.From, all.span.Until = earlier(all.span.From, one.span.From), later(all.span.Until, one.span.Until)
		all.LongestS, all.Share = max(all.LongestS, one.LongestS), min(all.Share, one.Share)
		all.Unseen, all.Refs = append(all.Unseen, one.Unseen...), append(all.Refs, one.Refs...)
	}
	all.Unseen = joined(all.Unseen)
	return all
}

// joined are times without overlaps.
func joined(list []journal.Period) []journal.Period {
	slices.SortFunc(list, func(a, b journal.Period) int { return a.From.Compare(b.From) })
	out := list[:0]
	for _, p := range list {
		if n := len(out); n > 0 && !p.From.After(out[n-1].Until) {
			out[n-1].Until = later(out[n-1].Until, p.Until)
			continue
		}
		out = append(out, p)
	}
	return out
}

func (s *story) watchedOne(plugin string, p journal.Period, clusters []string) watch {
	w := watch{Unseen: []journal.Period{}}
	covered, reached := time.Duration(0), p.From
	var first, last string
	for _, l := range s.looks[plugin] {
		if clusters != nil && !slices.Contains(clusters, l.cluster) || !l.From.Before(p.Until) || l.Until.Before(p.From) {
			continue
		}
		from, until := later(l.From, p.From), earlier(l.Until, p.Until)
		if hole := from.Sub(reached); hole > unnoticed {
			w.Unseen = append(w.Unseen, journal.Period{From: reached, Until: from})
		} else {
			w.LongestS = max(w.LongestS, hole.Seconds())
		}
		if until.After(reached) {
			covered += until.Sub(later(from, reached))
			reached = until
		}
		w.Polls += l.Polls
		if w.span.From.IsZero() {
			w.span.From = l.From
		}
		w.span.Until = later(w.span.Until, l.Until)
		w.LongestS = max(w.LongestS, l.PauseS)
		if first == "" {
			first = l.ref
		}
		last = l.ref
	}
	if hole := p.Until.Sub(reached); hole > unnoticed || w.Polls == 0 {
		w.Unseen = append(w.Unseen, journal.Period{From: reached, Until: p.Until})
	} else {
		w.LongestS = max(w.LongestS, hole.Seconds())
	}
	if length := p.Until.Sub(p.From); length > 0 {
		w.Share = min(float64(covered)/float64(length), 1)
	}
	w.Refs = ends(first, last)
	return w
}

// restless says whether a guest of the audience was silent or stopped in a time.
func (s *story) restless(p journal.Period, a audience) bool {
	for _, g := range s.guests {
		silent := func(t trouble) bool { return a.owns(t.guest) && t.within(p) }
		if slices.ContainsFunc(slices.Concat(g.silences, g.unsure, g.idle), silent) {
			return true
		}
	}
	return false
}
