package maintenance

import (
	"slices"
	"testing"
)

// No plain yes while a guest is on a node that the cluster does not know: one
// with a status runs somewhere, one without was left by a node that is gone.
func TestAstray(t *testing.T) {
	for status, want := range map[string]string{"running": "not-proven", "paused": "not-proven", "unknown": "yes-but", "stopped": "yes"} {
		e := wellByCommand(t)
		e.PVE.Cluster.Guests = slices.Clone(e.PVE.Cluster.Guests)
		g := &e.PVE.Cluster.Guests[1] // outside HA, on a node that stays
		g.Node, g.Status, g.Stale = "pve9", status, true
		if list := Serviceable(e); list.Decision() != want {
			t.Errorf("%s: %s: %+v", status, list.Decision(), list)
		}
	}
}
