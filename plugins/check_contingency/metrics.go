package main

import "github.com/noout-monitoring/noout/pkg/check"

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "failures", Help: "single failures that were looked at"},
	{Label: "failures_survived", Help: "those that take nothing from anybody"},
	{Label: "guests_down_worst", Help: "most guests that one failure leaves down"},
	{Label: "guests_data_worst", Help: "most guests whose only current data one failure takes"},
	{Label: "memory_headroom", Unit: "B", Help: "least memory that a node has left once all guests are restarted, by what they may use: below 0 it is promised twice"},
	{Label: "oldest_backup", Unit: "s", Help: "age of the oldest last backup of a guest that runs"},
}
