package main

import (
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// vantage judges what only one of the two vantage points sees. A guest that
// answers there is not down: it is our path. One that cannot be judged from here
// and is silent there is, because that is all that anybody sees of it. A node that
// its peers have lost is down whatever answered a moment ago.
func (v *verdict) vantage() {
	switch {
	case v.second == nil:
		return
	case v.second.trouble != nil:
		v.note("no second vantage point: %s", v.second.trouble)
		return
	}
	ago := v.second.ago()
	path := v.take(func(s *subject) bool { return v.onlyThere(s) && !(v.neverState == "ok" && !s.ever()) })
	if len(path) > 0 {
		v.say(check.WARNING, "%s not reachable from here, and answered at the second vantage point %s: %s", v.many(len(path), " is", " are"), ago, v.reasoned(path))
	}
	blind := func(s *subject) bool {
		return s.asked && !s.reached() && !s.nodeDown && s.there == silentThere && s.ever() && (v.ownFault(s) != "" || v.cutOff())
	}
	if lost := v.take(blind); len(lost) > 0 {
		v.say(check.CRITICAL, "%s silent at the second vantage point %s, and cannot be asked from here: %s", v.many(len(lost), " was", " were"), ago, phrase.List(described(lost, where), few))
	}
}

// cutOff says that nothing behind the gateway can be judged.
func (v *verdict) cutOff() bool {
	return v.parent != nil && v.parent.asked && !v.parent.reached() && v.count((*subject).reached) == 0
}

// elsewhere says how many of a node that is down answered at the second vantage
// point: it may be cut off, and not down.
func (v *verdict) elsewhere(gone []*subject) string {
	n := 0
	for _, s := range gone {
		if s.there == answersThere {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d answered at the second vantage point %s", n, v.second.ago())
}

// reasoned names guests with where they are and why they cannot be reached, a
// reason of all of them once.
func (v *verdict) reasoned(list []*subject) string {
	other := func(s *subject) bool { return v.why(s) != v.why(list[0]) }
	if !slices.ContainsFunc(list, other) {
		return phrase.List(described(list, where), few) + ": " + v.why(list[0])
	}
	return phrase.List(described(list, func(s *subject) string { return where(s) + ": " + v.why(s) }), few)
}

func (v *verdict) why(s *subject) string {
	if cause := v.ownFault(s); cause != "" {
		return cause
	}
	return reason(s)
}
