package main

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestMarginOfLoweredVotes: pvecm expected 1 keeps a node going that has fewer
// votes than corosync.conf asks for. What is left to fail is said all the same.
func TestMarginOfLoweredVotes(t *testing.T) {
	least := 1
	v := &verdict{policy: policy{named: []string{"pve2"}, margin: &least}, now: time.Unix(1, 0)}
	v.cluster = pve.Cluster{Name: "lab", Asked: "pve1", Quorate: true}
	v.cluster.Nodes = []pve.Node{{Name: "pve1", Online: true, Status: "online"}, {Name: "pve2"}}
	v.cluster.Votes = pve.Votes{Known: true, Voters: []pve.Voter{{Node: "pve1", Votes: 1, Online: true}, {Node: "pve2", Votes: 1}}}
	v.margin()
	if len(v.r.Findings) != 1 || v.r.Findings[0].Status != check.WARNING {
		t.Errorf("--min-margin 1 is not kept, even once pve2 is back: %+v", v.r.Findings)
	}
}
