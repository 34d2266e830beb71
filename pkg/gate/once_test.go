package gate

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/machine"
)

// surveyOf is one with credentials and without a memory.
func surveyOf(t *testing.T, now time.Time) Survey {
	t.Helper()
	var s Survey
	s.Now = func() time.Time { return now }
	s.Options.State.Mode = "off"
	s.Options.BMC.Window = time.Hour
	s.Options.PVE.Secret.AuthFile = filepath.Join(t.TempDir(), "auth.ini")
	if err := os.WriteFile(s.Options.PVE.Secret.AuthFile, []byte("[*]\nusername = monitor\npassword = monpw-0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOneConnection: parts and fans of one run are asked over one connection, so
// that a Redfish controller signs once.
func TestOneConnection(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	sim := bmc.Start(t, bmc.Server{Clock: world.Still(now), Machine: machine.Lab(3), Username: "monitor", Password: "monpw-0123456789", TLS: bmc.TLSRSA})
	s := surveyOf(t, now)
	s.Options.BMC.Host, s.Options.BMC.Via, s.Options.BMC.Insecure = sim.Host, "redfish", true
	c := s.open(s.Options.BMC.Controller)
	if v, err := controllerParts(t.Context(), c, 1); err != nil || !v.Tells("power supply") {
		t.Fatalf("%v: %+v", err, v)
	}
	if r, err := s.fans(t.Context(), Found{}, c); err != nil || r.Turning == 0 {
		t.Fatalf("%v: %+v", err, r)
	}
	if n := sim.Wire(); n.Connections != 1 || n.Full != 1 {
		t.Errorf("%d connections with %d full handshakes, expected one", n.Connections, n.Full)
	}
}

// TestOneWalk: parts and fans of one run take one walk through the sensor records
// of an IPMI controller.
func TestOneWalk(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	sim := bmc.Start(t, bmc.Server{Clock: world.Still(now), Machine: machine.Lab(3), Username: "monitor", Password: "monpw-0123456789", IPMI: &ipmi.Config{Vendor: ipmi.Dell}})
	host, port, err := net.SplitHostPort(sim.IPMI)
	if err != nil {
		t.Fatal(err)
	}
	s := surveyOf(t, now)
	s.Options.BMC.Host, s.Options.BMC.Via = host, "ipmi"
	if s.Options.BMC.IPMIPort, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	c := s.open(s.Options.BMC.Controller)
	if v, err := controllerParts(t.Context(), c, 1); err != nil || !v.Tells("power supply") {
		t.Fatalf("%v: %+v", err, v)
	}
	parts := sim.Stats().IPMI.Packets
	if r, err := s.fans(t.Context(), Found{}, c); err != nil || r.Turning == 0 {
		t.Fatalf("%v: %+v", err, r)
	}
	if n := sim.Stats().IPMI.Packets - parts; n > parts/2 {
		t.Errorf("the fans take %d packets after the %d of the parts", n, parts)
	}
}
