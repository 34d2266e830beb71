package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/state"
)

// walker looks at one cluster by a clock of its own.
type walker struct {
	policy policy
	memory memory
	said   check.Result
}

func (w *walker) look(c ceph.Cluster, read state.Clock) {
	m, at := counting(w.memory, c, time.Time{}, read)
	m.Told.At = at.Now
	w.memory = m
	w.said = judge(c, w.policy, recollection{memory: m, times: at, Works: true}, at.Now)
	w.said.Notes = append(w.said.Notes, behind(read.At, at.Now)...)
}

// life is a cluster in true time. It knows nothing of the poller's clock.
type life struct {
	now, modified, changed, begun time.Time
	boot                          int
	noout, peering                bool
}

func (l *life) seen() ceph.Cluster {
	c := ceph.Cluster{
		FSID: "f1", Health: &ceph.Health{Status: "HEALTH_OK"}, Counts: &ceph.Counts{OSDs: 1, Up: 1, In: 1, Changed: l.changed},
		Map: &ceph.Map{Created: noon.Add(-9000 * time.Hour), Modified: l.modified},
		PGs: &ceph.PGs{Total: 1, States: []ceph.PGState{{State: "active+clean", Count: 1}}},
	}
	if l.noout {
		c.Map.Flags = []string{"noout"}
	}
	if l.peering {
		c.PGs.States[0].State = "peering"
	}
	return c
}

func (l *life) clock(ahead time.Duration) state.Clock {
	return state.Clock{At: l.now.Add(ahead), Up: l.now.Sub(l.begun), Boot: fmt.Sprint(l.boot)}
}

var jumps = []time.Duration{
	3 * time.Second, 50 * time.Second, 20 * time.Minute, 3 * time.Hour, 26 * time.Hour, 31 * 24 * time.Hour, 365 * 24 * time.Hour, 3650 * 24 * time.Hour,
}

// TestJumpsNeverMakeMilder walks two pollers through the life of a cluster, one
// whose clock jumps, either way, for one poll or for good, and one whose clock
// does not: the first never says less than the second. Either its first look has
// the right time, or all but the first. The second may let noout be for five minutes
// longer: a noout that was set between two looks while our clock was behind is as
// old as the first of them at most.
func TestJumpsNeverMakeMilder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &life{now: noon, begun: noon.Add(-time.Hour), modified: noon.Add(-20 * time.Minute), changed: noon.Add(-20 * time.Minute)}
		l.noout = rapid.Bool().Draw(t, "noout at first")
		jumped, steady := walker{policy: usual()}, walker{policy: usual()}
		jumped.policy.NooutWarning, jumped.policy.NooutCritical = 30*time.Minute, 2*time.Hour
		steady.policy.Settle += 5 * time.Second
		steady.policy.NooutWarning, steady.policy.NooutCritical = 35*time.Minute, 125*time.Minute
		ahead, wrong, first := time.Duration(0), false, rapid.Bool().Draw(t, "the first look alone is wrong")
		for i := range rapid.IntRange(2, 50).Draw(t, "polls") {
			gap := time.Duration(rapid.SampledFrom([]int{10, 60, 300, 300, 300}).Draw(t, "seconds")) * time.Second
			l.now = l.now.Add(gap)
			started := false
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			case 0:
				l.noout, l.modified = !l.noout, l.now.Add(-gap/2)
			case 1:
				l.peering = !l.peering
			case 2:
				l.modified = l.now.Add(-gap / 3)
			case 3:
				l.modified, l.changed = l.now.Add(-gap/3), l.now.Add(-gap/3)
			case 4:
				// How long the machine was off nobody can tell, unless its clock was and is
				// right: it is started at once.
				off := time.Second
				if started = !wrong; started {
					off = 3 * gap / 4
				}
				l.begun, l.boot = l.now.Add(off-gap), l.boot+1
			}
			switch how := rapid.IntRange(0, 5).Draw(t, "clock"); {
			case first && i > 0, !first && i == 0, started, how == 2:
				ahead = 0
			case how == 0:
				ahead = rapid.SampledFrom(jumps).Draw(t, "ahead")
			case how == 1:
				ahead = -rapid.SampledFrom(jumps).Draw(t, "behind")
			}
			wrong = wrong || ahead != 0
			jumped.look(l.seen(), l.clock(ahead))
			steady.look(l.seen(), l.clock(0))
			if severity[jumped.said.Status()] < severity[steady.said.Status()] {
				t.Fatalf("%s by a clock that is ahead by %s, %s by one that does not jump\n%+v\n%+v", jumped.said.Status(), ahead, steady.said.Status(), jumped.memory, steady.memory)
			}
		}
	})
}

// TestStartedBehind: the machine starts with the time of 1970, and learns the right
// one an hour later. A noout of 23 hours is none the younger meanwhile.
func TestStartedBehind(t *testing.T) {
	l := &life{now: noon, begun: noon.Add(-time.Hour), modified: noon.Add(-23 * time.Hour), noout: true}
	w := walker{policy: usual()}
	w.look(l.seen(), l.clock(0))
	for i := range 30 {
		l.now = l.now.Add(5 * time.Minute)
		ahead := time.Unix(0, 0).Sub(l.now)
		switch {
		case i == 0:
			l.begun, l.boot = l.now.Add(-time.Minute), 1
		case i >= 12:
			ahead = 0
		}
		w.look(l.seen(), l.clock(ahead))
		behind := strings.Contains(strings.Join(w.said.Notes, " "), "our clock is behind")
		if behind != (i < 12) || w.said.Status() == check.CRITICAL != (i >= 12) {
			t.Fatalf("look %d: %s %q", i, findings(w.said), w.said.Notes)
		}
	}
}

// TestClockBehind: noout since 20 minutes, our clock is set back for good, and
// nothing changes in the cluster: the age counts on, and it is said why.
func TestClockBehind(t *testing.T) {
	l := &life{now: noon, begun: noon.Add(-time.Hour), modified: noon.Add(-20 * time.Minute), noout: true}
	w := walker{policy: usual()}
	w.look(l.seen(), l.clock(0))
	kept := w.memory.Clock
	for range 60 {
		l.now = l.now.Add(30 * time.Minute)
		w.look(l.seen(), l.clock(-365*24*time.Hour))
	}
	want := "our clock is behind by 365d or more, ages are counted without it"
	if r := w.said; r.Status() != check.CRITICAL || r.Notes[len(r.Notes)-1] != want {
		t.Errorf("%s %q", findings(r), r.Notes)
	}
	if w.memory.Clock != kept {
		t.Errorf("the anchor was moved, to be written: %+v, %+v", kept, w.memory.Clock)
	}
	l.noout = false
	w.look(l.seen(), l.clock(0))
	if r := w.said; strings.Contains(findings(r), "noout") || len(r.Notes) > 0 {
		t.Errorf("right again: %s %q", findings(r), r.Notes)
	}
}
