package main

import (
	"context"
	"net/netip"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/state"
)

// At is the plugin with the clock and the network of a walk: no packet is sent,
// the walk knows who is silent.
func At(now func() time.Time, silent func(netip.Addr) bool) check.Plugin {
	run := func(_ context.Context, targets []ping.Target, o ping.Options) (ping.Report, error) {
		var r ping.Report
		for _, t := range targets {
			reach := ping.Reach{Target: t, Sent: o.Packets}
			if !silent(t.Addr) {
				reach.Received, reach.Avg, reach.Min, reach.Max = o.Packets, time.Millisecond, time.Millisecond, time.Millisecond
			}
			r.Targets = append(r.Targets, reach)
		}
		return r, nil
	}
	return pluginWith(state.Wall{Now: now}, prober{run: run, watch: ping.Watch, connect: ping.Connect, resolve: ping.Resolve})
}
