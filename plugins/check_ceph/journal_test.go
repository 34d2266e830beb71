package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/journal"
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
		before, events = tell(before, m, step.c, now)
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
