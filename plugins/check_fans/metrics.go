package main

import "github.com/noout-monitoring/noout/pkg/check"

// metrics are the items of performance data.
var metrics = []check.Metric{
	{Label: "fans_present", Help: "fans that are there"},
	{Label: "fans_failed", Help: "fans that failed, stand still or are missing"},
	{Label: "dropouts", Help: "drop-outs inside the window that are not acknowledged"},
	{Label: "*", Help: "each fan by its id, in revolutions per minute or percent, with the controller's thresholds"},
}
