package redfish

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestLogAwayForAMoment: a controller that starts denies that it has an event
// log. It is read again at the next poll, and of a controller that was never
// seen with one within the hour.
func TestLogAwayForAMoment(t *testing.T) {
	for _, vendor := range vendors {
		for _, knows := range []bool{true, false} {
			s := sim.Start(t, sim.Server{Vendor: vendor, Clock: world.Still(noon)})
			source := ours(t, s, sim.Password)
			var memory bmc.Memory
			if knows {
				memory = mustPoll(t, source, bmc.Ask{Logs: true}).Memory
			}
			logs := func() int {
				t.Helper()
				server := mustPoll(t, source, bmc.Ask{Logs: true, Memory: memory})
				memory = server.Memory
				if len(server.Fans) == 0 {
					t.Errorf("%s: no fans", vendor)
				}
				return len(server.Logs)
			}
			for _, path := range []string{"/redfish/v1/Systems*", "/redfish/v1/Managers*"} {
				s.MustBreak(t, sim.Fault{Name: sim.Status404, Path: path})
			}
			for range 2 {
				if n := logs(); n != 0 {
					t.Errorf("%s: %d logs although none can be read", vendor, n)
				}
				s.Advance(5 * time.Minute)
			}
			s.Mend()
			if n := logs(); knows && n == 0 {
				t.Errorf("%s: the log that is back is not read", vendor)
			}
			s.Advance(noLogAge)
			if logs() == 0 {
				t.Errorf("%s: an hour later the log is not read", vendor)
			}
		}
	}
}

// TestBestLogAwayForAMoment: the log that is read instead is not kept for a day.
func TestBestLogAwayForAMoment(t *testing.T) {
	s := sim.Start(t, sim.Server{Vendor: sim.Dell, Clock: world.Still(noon)})
	source := ours(t, s, sim.Password)
	first := mustPoll(t, source, bmc.Ask{Logs: true})
	s.MustBreak(t, sim.Fault{Name: sim.Status404, Path: first.Logs[0].ID})
	memory := mustPoll(t, source, bmc.Ask{Logs: true, Memory: first.Memory}).Memory
	s.Mend()
	again := mustPoll(t, source, bmc.Ask{Logs: true, Memory: memory})
	if len(again.Logs) != len(first.Logs) || again.Logs[0].ID != first.Logs[0].ID {
		t.Errorf("reads %+v, want %s again", again.Logs, first.Logs[0].ID)
	}
}
