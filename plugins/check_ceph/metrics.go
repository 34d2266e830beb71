package main

import "github.com/noout-monitoring/noout/pkg/check"

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "osds", Help: "OSDs of the cluster"},
	{Label: "osds_up", Help: "OSDs that are up"},
	{Label: "osds_in", Help: "OSDs that are in"},
	{Label: "pgs", Help: "placement groups"},
	{Label: "pgs_clean", Help: "PGs that are clean"},
	{Label: "pgs_degraded", Help: "PGs that are degraded or undersized"},
	{Label: "pgs_moving", Help: "PGs whose data is being moved or rebuilt"},
	{Label: "pgs_unsettled", Help: "PGs that are peering, activating, creating, unknown or stale"},
	{Label: "pgs_inactive", Help: "PGs that serve nobody"},
	{Label: "objects_degraded", Help: "copies of objects that are missing"},
	{Label: "objects_misplaced", Help: "copies of objects that are not where they should be"},
	{Label: "objects_unfound", Help: "objects of which no copy is found"},
	{Label: "usage", Unit: "%", Help: "used raw capacity"},
	{Label: "usage_fullest_osd", Unit: "%", Help: "usage of the fullest OSD"},
	{Label: "recovery_per_s", Unit: "B", Help: "bytes recovered in a second"},
	{Label: "client_iops", Help: "operations of clients in a second"},
	{Label: "slow_ops", Help: "operations that wait too long"},
	{Label: "mons", Help: "monitors"},
	{Label: "mons_quorum", Help: "monitors in quorum"},
	{Label: "noout_age", Unit: "s", Help: "for how long noout is set, 0 when it is not"},
}
