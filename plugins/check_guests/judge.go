package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// verdict is a result in the making.
type verdict struct {
	facts
	policy
	r check.Result
	// told subjects have been spoken of.
	told []bool
}

func (v *verdict) say(s check.Status, format string, args ...any) {
	v.r.Findings = append(v.r.Findings, check.Finding{Status: s, Text: fmt.Sprintf(format, args...)})
}

func (v *verdict) note(format string, args ...any) {
	v.r.Notes = append(v.r.Notes, fmt.Sprintf(format, args...))
}

// take are the subjects for which something holds and that nobody has spoken
// of yet. They are spoken of now.
func (v *verdict) take(holds func(*subject) bool) []*subject {
	var out []*subject
	for i := range v.subjects {
		if s := &v.subjects[i]; !v.told[i] && holds(s) {
			v.told[i] = true
			out = append(out, s)
		}
	}
	return out
}

// judge says whether the guests answer. It is pure. The order matters: a
// silent guest is spoken of once, by the cause that explains the most.
func judge(f facts, p policy) check.Result {
	v := &verdict{facts: f, policy: p, told: make([]bool, len(f.subjects))}
	v.r.Evidence = f.evidence
	v.inventory()
	v.shared()
	v.unknownPlaces()
	v.stopped()
	v.untold()
	v.nodesDown()
	v.vantage()
	v.ownFaults()
	v.cutWatch()
	v.path()
	v.changing()
	v.nodesSilent()
	v.neverSeen()
	v.unreachable()
	v.visited()
	v.answering()
	v.r.Summary = v.summary()
	v.r.Perfdata = v.perfdata()
	v.r.Facts = deferredReport{&v.facts}
	return v.r
}

// inventory says what of the list of guests is missing.
func (v *verdict) inventory() {
	if len(v.subjects) == 0 && (v.cluster != nil || len(v.facts.sites) == 0) {
		v.say(check.UNKNOWN, "no guest is expected to answer")
	}
	c := v.cluster
	if c == nil {
		return
	}
	if len(c.Rights) > 0 {
		v.say(check.UNKNOWN, "this token does not see every guest, it lacks %s", strings.Join(c.Rights, " and "))
	}
	if hidden := c.Hidden(); len(hidden) > 0 && len(c.Gaps) == 0 {
		v.say(check.UNKNOWN, "this token does not see %s, which HA knows", phrase.List(hidden, few))
	}
	if c.Lost {
		v.say(check.UNKNOWN, "no quorum on %s, which guests should run and where is not known", c.Asked)
	}
	nowhere := map[string]bool{} // nodes with guests of which it is not known where
	for i := range v.subjects {
		if s := &v.subjects[i]; !s.addr.IsValid() && s.stopped == running {
			nowhere[s.node] = true
		}
	}
	lost := slices.DeleteFunc(slices.Clone(v.gaps), func(g pve.Gap) bool { return !nowhere[g.Node] })
	for _, text := range append(c.Untold(), pve.Untold(lost)...) {
		v.say(check.UNKNOWN, "%s", text)
	}
}

// unknownPlaces says who could not be asked because nobody knows where.
func (v *verdict) unknownPlaces() {
	if bad := v.take(func(s *subject) bool { return s.problem != nil }); len(bad) > 0 {
		texts := described(bad, func(s *subject) string { return s.name + " (" + s.problem.Error() + ")" })
		v.say(check.UNKNOWN, "no address: %s", phrase.List(texts, few))
	}
	asked := v.count(func(s *subject) bool { return s.asked })
	nowhere := func(s *subject) bool { return !s.addr.IsValid() && s.stopped == running && !s.nodeDown }
	told := map[string]bool{} // nodes that could not be asked
	for _, g := range v.gaps {
		told[g.Node] = true
	}
	if unread := v.take(func(s *subject) bool { return nowhere(s) && s.unread && told[s.node] }); len(unread) > 0 {
		v.note("%s not asked", phrase.Count(len(unread), "guest", "guests"))
	}
	if unread := v.take(func(s *subject) bool { return nowhere(s) && s.unread }); len(unread) > 0 {
		v.say(check.UNKNOWN, "%s not asked, nobody has read yet where: %s", phrase.Count(len(unread), "guest", "guests"), phrase.List(unread, few))
	}
	none := v.take(nowhere)
	switch {
	case len(none) == 0:
	case asked == 0:
		v.say(check.UNKNOWN, "no guest has a known address, such as %s: give --address, or a guest agent", phrase.List(none, few))
	default:
		v.say(v.noAddressState.Status(), "no known address: %s", phrase.List(none, few))
		v.note("%s without a known address", phrase.Count(len(none), "guest", "guests"))
	}
}

// stopped are guests that do not run and should.
func (v *verdict) stopped() {
	if down := v.take(func(s *subject) bool { return s.stopped == failed }); len(down) > 0 {
		v.say(check.CRITICAL, "HA wants it to run and it does not: %s", phrase.List(described(down, placed), few))
	}
	if occupied := v.take(func(s *subject) bool { return s.stopped == held }); len(occupied) > 0 {
		v.say(check.WARNING, "stopped under a lock: %s", phrase.List(described(occupied, placed), few))
	}
	if archive := v.take(func(s *subject) bool { return s.stopped == archived }); len(archive) > 0 {
		v.say(check.OK, "stopped by a user, and started for a backup only: %s", phrase.List(described(archive, placed), few))
	}
	if dead := v.take(func(s *subject) bool { return s.stopped == died }); len(dead) > 0 {
		v.say(check.CRITICAL, "stopped, and no user asked for it: %s", phrase.List(described(dead, placed), few))
	}
}

// ownFaults are never a guest that is down.
func (v *verdict) ownFaults() {
	var causes []string
	for i := range v.subjects {
		s := &v.subjects[i]
		if cause := v.ownFault(s); s.asked && cause != "" && !slices.Contains(causes, cause) {
			causes = append(causes, cause)
		}
	}
	for _, cause := range causes {
		mine := func(s *subject) bool { return s.asked && v.ownFault(s) == cause }
		var partly []*subject // judged by what else is known of them
		for i := range v.subjects {
			if s := &v.subjects[i]; mine(s) && s.reached() {
				partly = append(partly, s)
			}
		}
		lost := v.take(func(s *subject) bool { return mine(s) && !s.reached() })
		if len(partly) > 0 {
			v.say(check.UNKNOWN, "%s asked only in part: %s (%s)", v.many(len(partly), "", ""), cause, phrase.List(partly, few))
		}
		if len(lost) > 0 {
			v.say(check.UNKNOWN, "%s not asked: %s (%s)", v.many(len(lost), "", ""), cause, phrase.List(lost, few))
		}
	}
	for _, f := range v.faults {
		if slices.Contains(causes, f.String()) {
			continue
		}
		if of := func(s *subject) bool { return s.asked && s.addr.Is6() == (f.Family == "IPv6") }; f.Trouble == ping.Closed && v.count(of) > 0 {
			v.note("no pings over %s, only TCP", f.Family) // and all have answered
			continue
		}
		v.say(check.UNKNOWN, "%s", f)
	}
}

// path judges the gateway before the guests.
func (v *verdict) path() {
	if v.parent == nil || v.parent.reached() {
		return
	}
	if v.parent.problem != nil {
		v.say(check.UNKNOWN, "gateway %s has no address: %s", v.parent.name, v.parent.problem)
		return
	}
	if cause := v.ownFault(v.parent); cause != "" {
		if !slices.ContainsFunc(v.r.Findings, func(f check.Finding) bool { return strings.Contains(f.Text, cause) }) {
			v.say(check.UNKNOWN, "gateway %s not asked: %s", v.parent.name, cause)
		}
		return
	}
	if v.count((*subject).reached) > 0 {
		v.note("gateway %s is silent, and %s answer", v.parent.name, v.noun())
		return
	}
	hidden := v.take(v.silent)
	if len(hidden) == 0 && v.second != nil { // judged by what was seen elsewhere
		v.say(v.parentState.Status(), "path to %s is down (%s)", v.parent.name, reason(v.parent))
		return
	}
	v.say(v.parentState.Status(), "path to %s is down (%s), %s not judged", v.parent.name, reason(v.parent), v.behind(len(hidden)))
}

// patience is for how long a guest may be silent for being moved or started. A
// lock may have been forgotten, and who starts again and again never answers.
const patience = 15 * time.Minute

func (v *verdict) excused(s *subject) bool { return s.silentFor < max(patience, v.grace) }

// changing guests are on their way, or have just been started.
func (v *verdict) changing() {
	moving := v.take(func(s *subject) bool {
		return s.moving && (v.silent(s) && v.excused(s) || s.asked && s.reached() && v.grade(s) != check.OK)
	})
	if len(moving) > 0 {
		v.say(check.WARNING, "%s silent or slow while being migrated: %s", phrase.Count(len(moving), "guest is", "guests are"), phrase.List(described(moving, placed), few))
	}
	if starting := v.take(func(s *subject) bool { return v.silent(s) && s.starting() && v.excused(s) }); len(starting) > 0 {
		v.say(check.WARNING, "%s just been started and is silent: %s", phrase.Count(len(starting), "guest has", "guests have"), phrase.List(described(starting, placed), few))
	}
}

// neverSeen guests may be made to drop pings.
func (v *verdict) neverSeen() {
	never := v.take(func(s *subject) bool { return v.silent(s) && !s.ever() })
	if len(never) == 0 {
		return
	}
	hint := ", try --tcp"
	if len(v.ports) > 0 {
		hint = ""
	}
	v.say(v.neverState.Status(), "%s never answered%s: %s", phrase.Count(len(never), "guest has", "guests have"), hint, phrase.List(described(never, where), few))
}

// unreachable guests answered before, or were given by hand.
func (v *verdict) unreachable() {
	texts := described(v.take(v.silent), func(s *subject) string { return where(s) + ": " + reason(s) })
	v.list(check.CRITICAL, texts, v.noun()+" silent")
}

// list gives each a finding of its own as long as they are few. Of many the first
// line has to say how many before it says which.
func (v *verdict) list(s check.Status, texts []string, are string) {
	if len(texts) > few {
		v.say(s, "%d %s: %s", len(texts), are, phrase.List(texts, few))
		return
	}
	for _, text := range texts {
		v.say(s, "%s", text)
	}
}
