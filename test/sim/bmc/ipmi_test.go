package bmc

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestIPMIIsSteered: faults of IPMI by text, also from a script, which runs
// while the world is locked.
func TestIPMIIsSteered(t *testing.T) {
	s := Start(t, Server{Clock: world.Still(noon), TLS: TLSNone, IPMI: new(ipmi.Config)})
	for text, good := range map[string]bool{
		"ipmi?name=drop-answer&every=3&after=5&times=2&delay=1s": true, "ipmi?name=refuse&sensor=0x41&code=0xce&command=Get+SDR": true,
		"ipmi": false, "ipmi?name=gremlin": false, "ipmi?name=busy&code=300": false, "ipmi?name=busy&speed=1": false,
		"ipmi?name=busy&after=soon": false, "mend": true, "forget": true,
	} {
		if err := s.Do(text); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := s.Play("1s ipmi?name=busy\n2s mend\n3s forget\n"); err != nil {
		t.Fatal(err)
	}
	s.Advance(time.Minute)
	if stats := s.Stats(); stats.IPMI == nil || stats.IPMI.Packets != 0 || len(stats.Broken) > 0 {
		t.Errorf("%+v", stats)
	}
	without := Start(t, Server{TLS: TLSNone})
	if err := without.Do("ipmi?name=busy"); err == nil || without.IPMI != "" || without.Stats().IPMI != nil {
		t.Errorf("a controller without IPMI has a fault of it: %v", err)
	}
	if _, err := without.BreakIPMI(ipmi.Fault{Name: ipmi.Busy}); err == nil {
		t.Error("a controller without IPMI was broken")
	}
}
