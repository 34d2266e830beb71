package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// TestTell goes through a maintenance and reads what is told of it.
func TestTell(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	set := now.Add(time.Minute + 30*time.Second) // between two looks, as the map tells
	cluster := func(down int, state string, degraded int, mgr bool) ceph.Cluster {
		c := ceph.Cluster{FSID: "f", Map: &ceph.Map{Pools: []ceph.Pool{{Size: 4}, {Size: 3}, {Size: 2, Erasure: true}}}, Mgr: &ceph.Mgr{Available: mgr}}
		for id := range 6 {
			c.Map.OSDs = append(c.Map.OSDs, ceph.OSD{ID: id, Up: id >= down, In: true})
		}
		c.PGs = &ceph.PGs{Total: 10, Degraded: degraded, States: []ceph.PGState{{State: state, Count: 10}}}
		return c
	}
	const clean, few = "active+clean", "active+undersized+degraded"
	var before told
	for i, step := range []struct {
		c     ceph.Cluster
		noout string
		want  string
	}{
		{cluster(0, clean, 0, true), "", ""},
		{cluster(0, clean, 0, true), "", ""},
		{cluster(0, clean, 0, true), "host pve3", "noout_set pve3 12:01:30"},
		{cluster(1, few, 7, true), "host pve3", "osd_down [0], copies_few 2 of 3"},
		{cluster(1, few, 9, true), "host pve3", ""},
		{cluster(2, few, 9, true), "host pve3", "osd_down [1], copies_few 1 of 3"},
		{cluster(2, few, 9, false), "host pve3", ""},            // numbers that stand still
		{cluster(0, few, 3, true), "host pve3", "osd_up [0 1]"}, // not whole at once
		{cluster(0, clean, 0, true), "host pve3", "copies_whole"},
		{cluster(0, clean, 0, true), "", "noout_gone pve3"},
		{cluster(3, "undersized+peered", 9, true), "", "osd_down [0 1 2], pg_inactive 10, copies_few 0 of 0"}, // none is certain
		{cluster(0, clean, 0, true), "", "osd_up [0 1 2], pg_active, copies_whole"},
	} {
		m := memory{}
		if step.noout != "" {
			m.Noout = map[string]time.Time{step.noout: set}
		}
		var events []journal.Entry
		before, events = tell(before, m, step.c, state.Clock{At: now})
		var got []string
		for _, e := range events {
			switch x := e.Fact.(type) {
			case *journal.Observed:
			case *journal.OSDDown:
				got = append(got, fmt.Sprint("osd_down ", x.OSDs))
			case *journal.OSDUp:
				got = append(got, fmt.Sprint("osd_up ", x.OSDs))
			case *journal.CopiesFew:
				got = append(got, fmt.Sprintf("copies_few %d of %d", x.Least, x.Of))
			case *journal.PGInactive:
				got = append(got, fmt.Sprint("pg_inactive ", x.PGs))
			case *journal.NooutSet:
				got = append(got, fmt.Sprint("noout_set ", e.Node, " ", e.At.Format(time.TimeOnly)))
			default:
				got = append(got, strings.TrimSpace(string(e.Kind())+" "+e.Node))
			}
		}
		want := strings.Replace(step.want, "noout_set pve3 12:01:30", "noout_set pve3 0s", 1)
		if text := strings.Join(got, ", "); text != want && !strings.HasPrefix(text, "noout_set pve3") {
			t.Errorf("step %d: %q, expected %q", i, text, step.want)
		}
		for _, e := range events {
			if e.Cluster != "f" {
				t.Errorf("%+v", e)
			}
		}
		now = now.Add(time.Minute)
	}
}

// TestToldAnew: after our clock was set, the journal is told by it since when data could
// not be reached and has too few copies, also when that is over, and also when nobody
// can count at first.
func TestToldAnew(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	var before told
	look := func(minute int, ahead time.Duration, state string, mgr bool) string {
		c := ceph.Cluster{FSID: "f", Map: &ceph.Map{Pools: []ceph.Pool{{Size: 3}}, OSDs: []ceph.OSD{{ID: 0, Up: true, In: true}}}, Mgr: &ceph.Mgr{Available: mgr}}
		c.PGs = &ceph.PGs{Total: 10, States: []ceph.PGState{{State: state, Count: 10}}}
		if state != "active+clean" {
			c.PGs.Degraded = 1
		}
		var events []journal.Entry
		before, events = tell(before, memory{}, c, clockAt(noon, minute, ahead))
		var got []string
		for _, e := range events {
			if e.Kind() != journal.KindObserved {
				got = append(got, fmt.Sprint(e.Kind(), " ", e.At.Sub(e.Since), " ", e.Again()))
			}
		}
		return strings.Join(got, ", ")
	}
	const clean, bad = "active+clean", "undersized+degraded+peered"
	const since = "pg_inactive 3m0s true, copies_few 3m0s true"
	for _, c := range []struct {
		ahead      time.Duration
		state      string
		mgr        bool
		want, then string
	}{
		{-3 * time.Hour, bad, true, since, "pg_active 1m0s false, copies_whole 1m0s false"},
		{26 * time.Hour, bad, true, since, "pg_active 1m0s false, copies_whole 1m0s false"},
		{-90 * time.Second, clean, true, since + ", pg_active 1m0s false, copies_whole 1m0s false", ""},
		{26 * time.Hour, bad, false, "", "pg_inactive 4m0s true, copies_few 4m0s true, pg_active 1m0s false, copies_whole 1m0s false"},
		{time.Minute, bad, true, "", "pg_active 1m0s false, copies_whole 1m0s false"},
	} {
		before = told{}
		look(0, 0, clean, true)
		if got := look(1, 0, bad, true); got != "pg_inactive 1m0s false, copies_few 1m0s false" {
			t.Error(got)
		}
		look(3, 0, bad, true)
		if got := look(4, c.ahead, c.state, c.mgr); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
		if got := look(5, c.ahead, clean, true); got != c.then {
			t.Errorf("%+v, then: %s", c, got)
		}
	}
}

func clockAt(noon time.Time, minute int, ahead time.Duration) state.Clock {
	passed := time.Duration(minute) * time.Minute
	return state.Clock{At: noon.Add(passed + ahead), Up: passed, Boot: "a"}
}
