package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// told is what the journal knows of the cluster.
type told struct {
	Watch journal.Watch `json:"watch"`
	At    time.Time     `json:"at,omitzero"`
	// Clock is what told the time then, Anew that it was set since and that nothing
	// was told of the data by it.
	Clock state.Clock `json:"clock,omitzero"`
	Anew  bool        `json:"anew,omitempty"`
	// Down are OSDs that do not run, by host.
	Down map[string][]int `json:"down,omitempty"`
	// Noout are the scopes.
	Noout []string `json:"noout,omitempty"`
	// Inactive says that PGs served no I/O, since Stopped, and PGs how many were told.
	Inactive bool      `json:"inactive,omitempty"`
	Stopped  time.Time `json:"stopped,omitzero"`
	PGs      int       `json:"pgs,omitempty"`
	// Few says that PGs have too few copies, Least of Of how many are certain, 0
	// when nobody knows; Whole that all had all of them at the last look.
	Few   bool `json:"few,omitempty"`
	Whole bool `json:"whole,omitempty"`
	Least int  `json:"least,omitempty"`
	Of    int  `json:"of,omitempty"`
	// Missing is since when copies are.
	Missing time.Time `json:"missing,omitzero"`
}

// follow is what was told by our clock as it is now, and whether it has to be told
// anew: what was written by the clock as it was may be later than now, or long ago.
func (t told) follow(read state.Clock) told {
	set := t.Clock.Set(read)
	t.Watch = t.Watch.Moved(set)
	state.Move(set, &t.At, &t.Stopped, &t.Missing)
	t.Anew = t.Anew || set < 0 || set > journal.ClockSlack
	return t
}

// tell compares what the journal knows with what there is, and returns what
// happened, and what the journal knows then. It is pure. A first look tells
// nothing: nobody knows since when it is so.
func tell(before told, m memory, c ceph.Cluster, read state.Clock) (told, []journal.Entry) {
	before = before.follow(read)
	now := read.At
	t := &teller{told: before, next: before, now: now, since: before.At}
	if t.since.After(now) {
		t.since = time.Time{} // our clock went back
	}
	t.noout(m, c)
	t.osds(c)
	t.pgs(c)
	next := t.next
	next.At, next.Clock = now, read
	if before.At.IsZero() {
		t.events = nil
	}
	var looks []journal.Entry
	next.Watch, looks = before.Watch.Look(now, len(t.events) > 0)
	t.events = append(t.events, looks...)
	for i := range t.events {
		t.events[i].Cluster = c.FSID
	}
	return next, t.events
}

type teller struct {
	told
	next       told
	now, since time.Time
	events     []journal.Entry
}

func (t *teller) happened(node string, fact journal.Fact) {
	t.events = append(t.events, journal.Entry{At: t.now, Since: t.since, Node: node, Fact: fact})
}

// anew tells what goes on or has just ended since when it does by our clock as it is
// now.
func (t *teller) anew(since time.Time, is bool, fact journal.Fact) {
	if t.told.Anew && is && !since.After(t.now) {
		t.events = append(t.events, journal.Entry{At: t.now, Since: since, Fact: fact})
	}
}

// noout is dated by the memory: the map was changed then or before.
func (t *teller) noout(m memory, c ceph.Cluster) {
	if c.Map == nil {
		return
	}
	scopes := slices.Sorted(maps.Keys(m.Noout))
	for _, s := range scopes {
		if !slices.Contains(t.told.Noout, s) {
			at := m.Noout[s]
			if at.Before(t.since) || at.After(t.now) {
				at = t.now
			}
			t.events = append(t.events, journal.Entry{At: at, Node: hostOf(s), Fact: &journal.NooutSet{Scope: s}})
		}
	}
	for _, s := range t.told.Noout {
		if !slices.Contains(scopes, s) {
			t.happened(hostOf(s), &journal.NooutGone{Scope: s})
		}
	}
	t.next.Noout = scopes
}

// hostOf is the host of a scope, empty for others.
func hostOf(scope string) string {
	host, is := strings.CutPrefix(scope, string(ceph.ScopeHost)+" ")
	if !is {
		return ""
	}
	return host
}

func (t *teller) osds(c ceph.Cluster) {
	if c.Map == nil || c.Map.Blind {
		return
	}
	down := map[string][]int{}
	for _, o := range c.Map.OSDs {
		if !o.Up && !o.New {
			host := ""
			if c.Tree != nil {
				host = c.Tree.Host(o.ID)
			}
			down[host] = append(down[host], o.ID)
		}
	}
	changed := func(from, to map[string][]int, fact func([]int) journal.Fact) {
		for _, host := range slices.Sorted(maps.Keys(to)) {
			news := slices.DeleteFunc(slices.Clone(to[host]), func(id int) bool { return slices.Contains(from[host], id) })
			if len(news) > 0 {
				t.happened(host, fact(news))
			}
		}
	}
	changed(t.told.Down, down, func(ids []int) journal.Fact { return &journal.OSDDown{OSDs: ids} })
	changed(down, t.told.Down, func(ids []int) journal.Fact { return &journal.OSDUp{OSDs: ids} })
	t.next.Down = down
}

// pgs are judged by numbers that are counted now: those of a mgr that is gone
// stand still.
func (t *teller) pgs(c ceph.Cluster) {
	if c.PGs == nil || c.PGs.Missing() > 0 || c.MgrSilent() || c.Mgr != nil && !c.Mgr.Available || c.Map == nil || c.Map.Blind {
		t.next.Whole = false
		return
	}
	stopped := c.PGs.Count(func(s ceph.PGState) bool { return !s.Has("active") && s.State != "unknown" && !s.Has("creating") })
	t.anew(t.told.Stopped, t.told.Inactive, &journal.PGInactive{PGs: t.told.PGs, Again: true})
	t.anew(t.told.Missing, t.told.Few, &journal.CopiesFew{Least: t.told.Least, Of: t.told.Of, Again: true})
	t.next.Anew = false
	switch {
	case stopped > 0 && !t.told.Inactive:
		t.next.Stopped, t.next.PGs = t.now, stopped
		t.happened("", &journal.PGInactive{PGs: stopped})
	case stopped == 0 && t.told.Inactive:
		t.happened("", &journal.PGActive{})
	}
	t.next.Inactive = stopped > 0
	few := c.PGs.Count(func(s ceph.PGState) bool {
		return !s.Has("active") || s.Degraded() || s.HasAny("recovering", "recovery_wait", "backfilling", "backfill_wait")
	}) > 0 &&
		(c.PGs.Degraded > 0 || c.PGs.Count(ceph.PGState.Degraded) > 0)
	t.next.Few, t.next.Whole = few, c.PGs.AllClean()
	t.next.Least, t.next.Of = 0, 0
	if !few {
		if t.told.Few {
			t.happened("", &journal.CopiesWhole{})
		}
		return
	}
	least, of := copies(c)
	if !t.told.Whole && !t.told.Few || t.told.Few && t.told.Of == 0 {
		least, of = 0, 0 // what was missing before nobody knows
	}
	if t.told.Few && t.told.Of > 0 && of > 0 {
		least = min(least, t.told.Least) // what comes back is not whole at once
	}
	t.next.Least, t.next.Of = least, of
	if !t.told.Few {
		t.next.Missing = t.now
	}
	if !t.told.Few || least != t.told.Least || of != t.told.Of {
		t.happened("", &journal.CopiesFew{Least: least, Of: of})
	}
}

// copies is how many copies are certain of all data in pools that keep whole
// ones, if all of them had all before the OSDs went that are down now: for the
// pool that is hit worst. 0 when none is certain.
func copies(c ceph.Cluster) (least, of int) {
	var down []int
	for _, o := range c.Map.OSDs {
		if !o.Up && !o.New {
			down = append(down, o.ID)
		}
	}
	for _, p := range c.Map.Pools {
		if p.Erasure || p.Size == 0 {
			continue
		}
		left, _ := c.Copies(p, down)
		if of == 0 || left < least {
			least, of = left, p.Size
		}
	}
	if least == 0 {
		return 0, 0
	}
	return least, of
}
