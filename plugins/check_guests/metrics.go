package main

import "github.com/noout-monitoring/noout/pkg/check"

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "guests", Help: "guests that should answer"},
	{Label: "reachable", Help: "guests that answer"},
	{Label: "unreachable", Help: "guests that do not answer, or do not run"},
	{Label: "only_elsewhere", Help: "guests that answer at the second vantage point and not here (--second)"},
	{Label: "rta", Unit: "ms", Help: "mean round-trip time"},
	{Label: "rta_max", Unit: "ms", Help: "longest mean round-trip time of a guest"},
	{Label: "pl", Unit: "%", Help: "packets lost"},
	{Label: "gap_max", Unit: "ms", Help: "longest silence of a guest (--watch)"},
	{Label: "sites", Help: "web sites that should answer (--http)"},
	{Label: "sites_answering", Help: "web sites that answer, with any status (--http)"},
	{Label: "http_max", Unit: "ms", Help: "slowest answer of a web site, from the name to the head of the page (--http)"},
	{Label: "http_gap_max", Unit: "ms", Help: "longest silence of a web site (--watch, --http)"},
	{Label: "*_rta", Unit: "ms", Help: "mean round-trip time of each guest (--perfdata guests)"},
	{Label: "*_pl", Unit: "%", Help: "packets of each guest that were lost (--perfdata guests)"},
	{Label: "*_http", Unit: "ms", Help: "slowest answer of the web sites of each guest, or of each host that is none (--perfdata guests, --http)"},
	{Label: "*_http_gap", Unit: "ms", Help: "longest silence of them (--perfdata guests, --watch, --http)"},
	{Label: "*_gap", Unit: "ms", Help: "longest silence of each guest (--perfdata guests, --watch)"},
}
