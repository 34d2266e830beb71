package main

import (
	"errors"
	"net/netip"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
)

// At is the plugin with the clock of a walk, which knows no start of this
// machine.
func At(now func() time.Time, _ func(netip.Addr) bool) check.Plugin {
	up := func() (time.Duration, string, error) { return 0, "", errors.New("not told in a walk") }
	return pluginOf(&options{now: now, up: up})
}
