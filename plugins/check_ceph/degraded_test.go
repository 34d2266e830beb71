package main

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
)

// TestCopiesAway: a maintenance explains too few copies only when it takes some
// away.
func TestCopiesAway(t *testing.T) {
	up := ceph.OSD{ID: 3, Up: true, In: true}
	down := ceph.OSD{ID: 3, In: true}
	for _, tc := range []struct {
		name  string
		osds  []int // of the maintenance
		osd   ceph.OSD
		state string
		want  check.Status
	}{
		{"its OSD is down", []int{3}, down, "active+undersized+degraded", check.OK},
		{"its OSD is up", []int{3}, up, "active+undersized+degraded", check.WARNING},
		{"its OSD is back", []int{3}, up, "active+recovery_wait+degraded", check.OK},
		{"its OSD is back, and empty", []int{3}, up, "active+undersized+degraded+remapped+backfilling", check.OK},
		{"a host with a monitor only", nil, up, "active+undersized+degraded", check.WARNING},
		{"a host with a monitor only, recovering", nil, up, "active+recovering+degraded", check.WARNING},
	} {
		v := &view{declared: true, hosts: map[string]bool{"node3": true}, osds: map[int]bool{}}
		for _, id := range tc.osds {
			v.osds[id] = true
		}
		v.c.Map = &ceph.Map{OSDs: []ceph.OSD{tc.osd}}
		v.c.PGs = &ceph.PGs{Total: 8, States: []ceph.PGState{{State: tc.state, Count: 8}}}
		v.c.Mgr = &ceph.Mgr{Available: true, Standbys: 1}
		v.sortOSDs()
		v.degraded()
		if len(v.findings) != 1 || v.findings[0].Status != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, v.findings, tc.want)
		}
	}
}

// TestUnfoundByState: not every source counts the objects, the state of the PG
// tells too, and no maintenance explains it.
func TestUnfoundByState(t *testing.T) {
	for _, state := range []string{"active+recovery_unfound+degraded", "active+undersized+remapped+backfill_unfound"} {
		v := &view{declared: true, osds: map[int]bool{3: true}}
		v.c.PGs = &ceph.PGs{Total: 8, States: []ceph.PGState{{State: state, Count: 8}}}
		v.dataAtRisk()
		if len(v.findings) != 1 || v.findings[0].Status != check.CRITICAL {
			t.Errorf("%s: %+v", state, v.findings)
		}
	}
}
