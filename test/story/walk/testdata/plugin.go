package main

import (
	"net/netip"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
)

// At is the plugin with the clock of a walk.
func At(now func() time.Time, _ func(netip.Addr) bool) check.Plugin { return pluginAt(now) }
