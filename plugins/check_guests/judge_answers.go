package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
)

// grade of a guest that answers, by its loss and its round trips. Loss that may
// be this machine's own is not the guest's.
func (v *verdict) grade(s *subject) check.Status {
	if !s.reach.Alive() {
		return check.OK // by TCP
	}
	loss, known := s.reach.Loss()
	if !known || v.drops(s) {
		loss = 0
	}
	switch {
	case v.crit.exceeded(s.reach.Avg, 100*loss):
		return check.CRITICAL
	case v.watched && s.reach.Away > 0 && s.reach.Away >= longAway:
		return check.CRITICAL
	case v.warn.exceeded(s.reach.Avg, 100*loss):
		return check.WARNING
	}
	return check.OK
}

// longAway is for how long a guest must have been silent at the end of a watch
// to count as away.
const longAway = time.Second

// mostWell is how many guests that are well get a line of their own.
const mostWell = 1000

// drops says that answers may have been lost on this machine.
func (v *verdict) drops(s *subject) bool {
	return v.ownFault(s) != "" && len(s.reach.Refusals) == 0
}

// answering judges guests that answer.
func (v *verdict) answering() {
	altered, copies, well := 0, 0, 0
	ill := map[check.Status][]string{}
	for _, s := range v.take(func(s *subject) bool { return s.asked }) {
		grade, text := v.grade(s), where(s)+": "+v.manner(s)
		if grade != check.OK {
			ill[grade] = append(ill[grade], text)
		} else if well++; well <= mostWell {
			v.say(check.OK, "%s", text)
		}
		if s.reach.Altered > 0 {
			altered++
		}
		if s.reach.Duplicates > 0 {
			copies++
		}
	}
	for _, s := range []check.Status{check.CRITICAL, check.WARNING} {
		v.list(s, ill[s], v.noun()+" slow or lossy")
	}
	if well > mostWell {
		v.say(check.OK, "%d more, see --output json", well-mostWell)
	}
	if altered > 0 {
		v.note("%s the data of pings", v.many(altered, " changes", " change"))
	}
	if copies > 0 {
		v.note("%s more than once", v.many(copies, " answers", " answer"))
	}
	if v.watched && v.spacing > 2*v.interval {
		v.note("this machine was held up for %s, gaps are known no better", check.DurationText(v.spacing.Round(time.Millisecond)))
	}
}

// manner is how a guest answers.
func (v *verdict) manner(s *subject) string {
	if !s.reach.Alive() {
		if s.tcp.Refused {
			return fmt.Sprintf("no ping, port %d refuses", s.tcp.Port)
		}
		return fmt.Sprintf("no ping, port %d is open", s.tcp.Port)
	}
	parts := []string{trip(s.reach.Avg)}
	if loss, known := s.reach.Loss(); known && loss > 0 {
		parts = append(parts, fmt.Sprintf("%s of %d packets lost", percent(100*loss), s.reach.Sent-s.reach.Pending))
		if len(s.reach.Errors) > 0 {
			parts = append(parts, s.reach.Errors[0].String())
		}
	}
	if v.watched {
		parts = append(parts, gapText(s.reach.Longest, s.reach.Gaps))
		if s.reach.Away >= longAway {
			parts = append(parts, "silent for the last "+check.DurationText(s.reach.Away.Round(time.Millisecond)))
		}
	}
	return strings.Join(parts, ", ")
}

// perfdata keeps its labels whatever happens; what is not known is left out.
func (v *verdict) perfdata() []check.Perfdatum {
	zero := 0.0
	expected := v.count(func(s *subject) bool { return s.problem == nil && s.stopped != archived })
	reached := v.count((*subject).reached)
	silent := v.count(func(s *subject) bool {
		return s.nodeDown && !s.reached() || v.silent(s) && !v.onlyThere(s) || s.stopped != running && s.stopped != untold && s.stopped != archived
	})
	out := []check.Perfdatum{
		{Label: "guests", Value: float64(expected), Min: &zero},
		{Label: "reachable", Value: float64(reached), Min: &zero},
		{Label: "unreachable", Value: float64(silent), Min: &zero},
	}
	if v.second != nil && v.second.trouble == nil {
		out = append(out, check.Perfdatum{Label: "only_elsewhere", Value: float64(v.count(v.onlyThere)), Min: &zero})
	}
	rta, longest, loss, known := v.mean()
	one := check.Perfdatum{Label: "rta", Value: millis(rta), Unit: "ms", Min: &zero}
	lost := check.Perfdatum{Label: "pl", Value: round(loss), Unit: "%"}
	if len(v.subjects) == 1 {
		one.Warn, lost.Warn = v.warn.ranges()
		one.Crit, lost.Crit = v.crit.ranges()
	}
	if rta > 0 {
		out = append(out, one, check.Perfdatum{Label: "rta_max", Value: millis(longest), Unit: "ms", Min: &zero})
	}
	if known {
		out = append(out, lost)
	}
	if gap, measured := v.longestGap(); measured {
		out = append(out, check.Perfdatum{Label: "gap_max", Value: millis(gap.Length()), Unit: "ms", Min: &zero})
	}
	if v.each {
		out = append(out, v.perfdataOfEach()...)
	}
	out = append(out, v.sitePerfdata()...)
	return out
}

func (v *verdict) perfdataOfEach() []check.Perfdatum {
	zero := 0.0
	warnRTA, warnLoss := v.warn.ranges()
	critRTA, critLoss := v.crit.ranges()
	var out []check.Perfdatum
	for i := range v.subjects {
		s := &v.subjects[i]
		if !s.asked {
			continue
		}
		if s.reach.Alive() {
			out = append(out, check.Perfdatum{Label: s.key + "_rta", Value: millis(s.reach.Avg), Unit: "ms", Warn: warnRTA, Crit: critRTA, Min: &zero})
		}
		if loss, known := s.reach.Loss(); known && !v.drops(s) {
			out = append(out, check.Perfdatum{Label: s.key + "_pl", Value: round(100 * loss), Unit: "%", Warn: warnLoss, Crit: critLoss})
		}
		if v.watched && s.reach.Alive() {
			out = append(out, check.Perfdatum{Label: s.key + "_gap", Value: millis(s.reach.Longest.Length()), Unit: "ms", Min: &zero})
		}
	}
	return out
}
