package main

import (
	"net"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// TestForwardedPorts: two controllers that are reached by one name and two
// ports, as through a tunnel, are two, and each keeps its own session.
func TestForwardedPorts(t *testing.T) {
	a := newSite(t, bmc.Server{Vendor: bmc.HPE, Auth: bmc.SessionsOnly})
	b := newSite(t, bmc.Server{Vendor: bmc.Lenovo, Auth: bmc.SessionsOnly})
	for i := range 8 {
		for _, s := range []site{a, b} {
			host, port, err := net.SplitHostPort(s.sim.Host)
			if err != nil {
				t.Fatal(err)
			}
			// one poller: the same memory for both
			args := append([]string{"-H", host, "-p", port}, s.args[2:6]...)
			o := site{s.sim, append(args, a.args[6:]...), s.home}.run(t)
			if o.code != 0 || strings.Contains(o.out, "replaced") {
				t.Errorf("round %d, port %s: exit code %d\n%s", i, port, o.code, o.out)
			}
			if stats := s.sim.Stats(); stats.Sessions != 1 || stats.Logins != 1 {
				t.Errorf("round %d, port %s: %d sessions of %d logins, want one kept", i, port, stats.Sessions, stats.Logins)
			}
		}
	}
}
