package main

import (
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// measured is what a watch found of guests that were away, and of those that were
// moved: that no gap was seen is a measurement too.
func (t *teller) measured() {
	if !t.watched {
		t.caught()
		return
	}
	for i := range t.subjects {
		s := &t.subjects[i]
		g := s.reach.Longest
		if !s.asked || !s.reached() || t.ownFault(s) != "" || s.reach.Gaps == 0 && !s.moving {
			continue
		}
		t.happened(t.began.Add(g.Start), time.Time{}, *s.guest, &journal.Gap{
			MS: millis(g.Length()), LeastMS: millis(g.AtLeast), MostMS: millis(max(g.AtMost, g.AtLeast)), Open: g.Unbounded,
			From: t.began.UTC(), Until: t.ended.UTC(), EveryMS: millis(t.spacing), Moving: s.moving,
		})
	}
}

// caught is what a run without --watch saw of guests that were moved meanwhile, by
// the word of the task list: some packets without an answer, and an answer after
// them. Lost packets of other guests are no gap, they may be the network's.
func (t *teller) caught() {
	for i := range t.subjects {
		s := &t.subjects[i]
		if !s.asked || s.reach.Gap.Lost == 0 || t.ownFault(s) != "" || !t.migrating(s) {
			continue
		}
		g, most := s.reach.Gap, s.reach.Gap.AtMost
		length, from := g.Length(), t.began
		if g.Unbounded { // it was away when the run began
			if most = t.sinceAnswer(s); most == 0 {
				continue
			}
			from = s.known.Answered.time()
		}
		t.happened(t.began.Add(g.Start), time.Time{}, *s.guest, &journal.Gap{
			MS: millis(length), LeastMS: millis(g.AtLeast), MostMS: millis(max(most, g.AtLeast)),
			From: from.UTC(), Until: t.ended.UTC(), EveryMS: millis(s.reach.Spacing), Moving: true,
		})
	}
}

// migrating says that the task list has a migration of the guest at the time of the
// run. Its times are in seconds, by the nodes' clock.
func (t *teller) migrating(s *subject) bool {
	shift := t.now.Sub(t.cluster.Time)
	for _, task := range t.cluster.Tasks {
		if !task.Moves() || task.ID != strconv.Itoa(s.guest.ID) || t.cluster.Time.IsZero() {
			continue
		}
		begun, over := task.Start.Add(shift-time.Second), task.End.Add(shift+time.Second)
		if !begun.After(t.ended) && (task.Running() || !over.Before(t.began)) {
			return true
		}
	}
	return false
}

const (
	// farLook is how long ago an answer may be that bounds a gap: what is bounded
	// by more says nothing.
	farLook = 5 * time.Minute
	// doubt is by how much two clocks may differ on a time: what a run takes, and
	// the seconds in which the nodes tell theirs.
	doubt = 10 * time.Second
)

// sinceAnswer is for how long, at most, a guest has not answered that did with the
// last look. It is 0 when that is not known: our clock and the nodes' have to agree,
// because a gap must not be told shorter than it was when one of them is set.
func (t *teller) sinceAnswer(s *subject) time.Duration {
	last, c := t.old.Told, t.cluster
	if !s.known.Answered.time().Equal(last.At) || last.At.IsZero() || last.Theirs.IsZero() || c.Time.IsZero() {
		return 0
	}
	ours, theirs := t.ended.Sub(last.At), c.Time.Sub(last.Theirs)
	if ours <= 0 || ours > farLook || (ours-theirs).Abs() > doubt {
		return 0
	}
	return max(ours, theirs) + doubt
}
