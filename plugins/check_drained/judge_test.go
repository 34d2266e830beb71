package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Guests whose node the cluster does not know keep it from a plain yes.
func TestAstray(t *testing.T) {
	for _, tc := range []struct {
		status string
		guests int
		want   check.Status
		text   string
	}{
		{"running", 1, check.UNKNOWN, "vm200 is running on pve9, and the cluster knows no such node"},
		{"unknown", 1, check.WARNING, "nobody says whether running: vm200 on pve9"},
		{"unknown", 12, check.WARNING, "vm209 on pve9 and 2 more"},
		{"stopped", 12, check.OK, "YES, pve3 is drained"},
	} {
		c := pve.Cluster{Name: "lab", Asked: "pve1", Quorate: true, Nodes: []pve.Node{
			{Name: "pve1", Online: true, Status: "online"}, {Name: "pve3", Online: true, Status: "online"},
		}}
		for i := range tc.guests {
			c.Guests = append(c.Guests, pve.Guest{ID: 200 + i, Kind: pve.VM, Node: "pve9", Status: tc.status, Stale: true})
		}
		r := judge(facts{cluster: c, presence: map[string][]pve.Presence{"pve3": {}}}, policy{leaving: []string{"pve3"}})
		if text := fmt.Sprint(r.Lead, r.Findings); r.Status() != tc.want || !strings.Contains(text, tc.text) {
			t.Errorf("%+v: %s, %s", tc, r.Status(), text)
		}
	}
}
