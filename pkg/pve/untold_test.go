package pve

import (
	"fmt"
	"slices"
	"testing"
)

// Fifty thousand guests whose configuration cannot be read are three findings and a
// count, and what else is not told stands beside them.
func TestUntoldIsBounded(t *testing.T) {
	var gaps []Gap
	for id := range 50_000 {
		g := Guest{ID: 100 + id, Kind: VM}
		gaps = append(gaps, Gap{Path: configOfGuest + g.String(), Node: "pve1", Err: fmt.Errorf("a /nodes/pve1/qemu/%d/config: 500 broken", g.ID)})
	}
	gaps = append(gaps, Gap{Path: pathTasks, Err: fmt.Errorf("a /cluster/tasks: 500 broken")})
	want := []string{
		"a /nodes/pve1/qemu/100/config: 500 broken", "a /nodes/pve1/qemu/101/config: 500 broken", "a /nodes/pve1/qemu/102/config: 500 broken",
		"a /cluster/tasks: 500 broken",
		"49997 more configurations cannot be read: vm103, vm104, vm105, vm106, vm107, vm108, vm109, vm110, vm111, vm112 and 49987 more",
	}
	if got := Untold(gaps); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestMayBelow: a privilege on /vms that is not handed down shows no guest's backups,
// and none on /storage any storage.
func TestMayBelow(t *testing.T) {
	for _, down := range []flag{true, false} {
		c := Cluster{granted: permissions{
			"/": {"Sys.Audit": true}, "/vms": {"VM.Audit": true, "VM.Backup": down},
			"/storage": {"Datastore.Audit": down, "Datastore.AllocateSpace": true},
		}}
		if lacks := c.MayList("pbs"); (lacks == "") != bool(down) {
			t.Errorf("handed down %v: lists backups, lacks %q", down, lacks)
		}
		if c.MayBelow("Datastore.Audit", "/storage") != bool(down) {
			t.Errorf("handed down %v: sees storages", down)
		}
	}
}
