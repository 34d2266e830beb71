package main

import "github.com/noout-monitoring/noout/pkg/check"

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "guests_left", Help: "guests that still run on the node"},
	{Label: "guests_moving", Help: "guests that are on their way"},
	{Label: "guests_stopped", Help: "guests that stay on the node, stopped"},
}
