package main

import "github.com/noout-monitoring/noout/pkg/check"

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "votes", Help: "votes that are there"},
	{Label: "votes_needed", Help: "votes that quorum needs"},
	{Label: "quorum_margin", Help: "nodes or qdevices that may fail without loss of quorum"},
	{Label: "nodes", Help: "nodes of the cluster"},
	{Label: "nodes_online", Help: "nodes that are online"},
	{Label: "guests", Help: "guests of the cluster"},
	{Label: "guests_running", Help: "guests that run"},
	{Label: "ha_*", Help: "HA services in each state: started, stopped, migrate, relocate, freeze, fence, recovery, error, other"},
}
