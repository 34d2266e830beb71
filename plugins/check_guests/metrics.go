package main

import "github.com/noout-monitoring/noout/pkg/check"

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "guests", Help: "guests that should answer"},
	{Label: "reachable", Help: "guests that answer"},
	{Label: "unreachable", Help: "guests that do not answer, or do not run"},
	{Label: "rta", Unit: "ms", Help: "mean round-trip time"},
	{Label: "rta_max", Unit: "ms", Help: "longest mean round-trip time of a guest"},
	{Label: "pl", Unit: "%", Help: "packets lost"},
	{Label: "gap_max", Unit: "ms", Help: "longest silence of a guest (--watch)"},
	{Label: "*_rta", Unit: "ms", Help: "mean round-trip time of each guest (--perfdata guests)"},
	{Label: "*_pl", Unit: "%", Help: "packets of each guest that were lost (--perfdata guests)"},
	{Label: "*_gap", Unit: "ms", Help: "longest silence of each guest (--perfdata guests, --watch)"},
}
