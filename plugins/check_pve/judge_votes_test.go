package main

import (
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestDeviceOnANode: one failure takes both the node and the quorum device that is on
// it, or in its guest.
func TestDeviceOnANode(t *testing.T) {
	for host, want := range map[string]string{
		"192.0.2.9:5403": "quorum survives 1 more failure",
		"192.0.2.2:5403": "quorum survives no further failure (on pve1 3 of 3 votes, 2 needed, the qdevice is on pve2)",
		"qnetd:5403":     "quorum survives no further failure (on pve1 3 of 3 votes, 2 needed, the qdevice is on pve1)",
	} {
		c := pve.Cluster{Name: "lab", Asked: "pve1", Quorate: true}
		c.Nodes = []pve.Node{{Name: "pve1", IP: "192.0.2.1", Online: true, Status: "online"}, {Name: "pve2", IP: "192.0.2.2", Online: true, Status: "online"}}
		c.Guests = []pve.Guest{{ID: 100, Kind: pve.VM, Name: "qnetd", Node: "pve1", Status: "running"}}
		c.Votes = pve.Votes{Known: true, Device: pve.Device{Present: true, Host: host, Votes: 1}}
		for _, n := range c.Nodes {
			c.Votes.Voters = append(c.Votes.Voters, pve.Voter{Node: n.Name, Votes: 1, Online: true, Daemon: pve.Daemon{Told: true, Casts: true}})
		}
		r := judge(facts{cluster: c}, policy{}, time.Unix(1, 0))
		if !slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return f.Text == want }) {
			t.Errorf("%s: %+v", host, r.Findings)
		}
	}
}

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
