package web

import (
	"slices"
	"time"
)

// Gap is a time in which a site did not answer, as far as calls at an interval
// can tell. Two answers enclose it.
//
// It was not longer than from when the first of the two can have been given at
// the earliest to when the other had come. Calls that began in it and failed, or
// were answered late, were begun while the site was away, but for the first: it
// may have been on its way for as long as an answer usually takes.
type Gap struct {
	AtLeast, AtMost time.Duration
	// Unbounded gaps began before the watch or did not end in it: AtMost is 0.
	Unbounded bool
	// Phase in which most of its calls hung.
	Phase Phase
}

// Length is the middle of the bounds, or what is certain.
func (g Gap) Length() time.Duration {
	if g.Unbounded {
		return g.AtLeast
	}
	return (g.AtLeast + g.AtMost) / 2
}

// call is one request of a watch, by the time since it began.
type call struct {
	start, end time.Duration
	ok         bool
	phase      Phase // that was reached, or that took the longest
}

// silence is what calls tell of a site.
type silence struct {
	gaps    int
	longest Gap
	away    time.Duration // until the end
}

// silences finds the gaps. It is pure.
func silences(calls []call, interval time.Duration) silence {
	var answers []call
	base := time.Duration(-1)
	for _, c := range calls {
		if took := c.end - c.start; c.ok && (base < 0 || took < base) {
			base = took
		}
		if c.ok {
			answers = append(answers, c)
		}
	}
	late := func(c call) bool { return !c.ok || c.end-c.start-base >= interval }
	usual := max(base, 0)
	var missed []call
	for _, c := range calls {
		if late(c) {
			missed = append(missed, c)
		} else {
			usual = max(usual, c.end-c.start)
		}
	}
	slices.SortFunc(answers, func(a, b call) int { return int(a.end - b.end) })
	slices.SortFunc(missed, func(a, b call) int { return int(a.start - b.start) })
	var s silence
	from := time.Duration(-1) // when the last answer can have been given
	next := 0                 // of the missed
	for i := 0; i <= len(answers); i++ {
		inside, until := missed[next:], time.Duration(-1)
		if i < len(answers) {
			until = answers[i].end
			inside = inside[:firstAfter(inside, until)]
		}
		g := between(inside, from, until, usual)
		if g.AtLeast > 0 {
			if s.gaps++; s.gaps == 1 || g.Length() > s.longest.Length() {
				s.longest = g
			}
			if i == len(answers) {
				s.away = g.AtLeast
			}
		}
		if next += len(inside); i < len(answers) {
			from = answers[i].end - min(answers[i].end-answers[i].start, usual)
		}
	}
	return s
}

// firstAfter is how many calls began before a time.
func firstAfter(calls []call, until time.Duration) int {
	n, _ := slices.BinarySearchFunc(calls, until, func(c call, at time.Duration) int { return int(c.start - at) })
	return n
}

// between is the gap of missed calls between two answers; below 0 there was none
// before or after.
func between(inside []call, from, until, usual time.Duration) Gap {
	for len(inside) > 0 && inside[0].start < from {
		inside = inside[1:] // the answer came after it
	}
	if len(inside) < 2 {
		return Gap{}
	}
	var in [Answered + 1]int
	g := Gap{AtLeast: inside[len(inside)-1].start - inside[0].start - usual, Unbounded: from < 0 || until < 0}
	if from < 0 {
		g.AtLeast += usual // it was away at the first already, as far as anybody knows
	}
	if !g.Unbounded {
		g.AtMost = until - from
		g.AtLeast = min(g.AtLeast, g.AtMost)
	}
	for _, c := range inside {
		if in[c.phase]++; in[c.phase] > in[g.Phase] {
			g.Phase = c.phase
		}
	}
	return g
}
