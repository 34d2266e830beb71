package fans_test

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/fans"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	simipmi "github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// lose makes one answer of the first poll fail: over Redfish the one after so
// many others, over IPMI that of a sensor, in turn those of the tachometers (or
// states) and of their presence.
func (s *speaker) lose(t *testing.T, n int) (mend func()) {
	t.Helper()
	if s.sim.IPMI == "" {
		return s.sim.MustBreak(t, sim.Fault{Name: sim.Status500, After: n, Times: 1})
	}
	number := byte(0x30 + n)
	if n >= 8 {
		number = byte(0x90 + n - 8)
	}
	return s.sim.MustBreakIPMI(t, simipmi.Fault{Name: simipmi.Refuse, Sensor: number, Code: 0xd4})
}

// TestLostAnswersTeachNothing loses the answers of a first poll in turn, of a
// server with an empty bay: two whole polls later it is judged as if nothing had
// been lost.
func TestLostAnswersTeachNothing(t *testing.T) {
	pol := fans.Policy{Expect: -1, Window: time.Hour, Log: "auto"}
	for _, s := range speakers(t, truth{needed: 4, low: 2000, bad: 1500}) {
		if err := s.world.Do(world.Drop{Fans: []int{5, 6}, Shape: world.Absent, Log: world.Nothing}); err != nil {
			t.Fatal(err)
		}
		if s.dialect == "thermal-rollup" {
			continue // it is UNKNOWN whatever happens
		}
		lost := 0
		for n := range 16 {
			s.memory, s.kept = fans.Memory{}, nil
			mend := s.lose(t, n)
			hit := s.ask(t, pol)
			mend()
			for range 2 {
				s.world.Clock().Advance(10 * time.Minute)
				s.ask(t, pol)
			}
			if got := s.worst(); got != fans.Clear {
				t.Errorf("%s, answer %d was lost: %v\n  %s", s.dialect, n, got, s.texts())
			}
			if hit {
				lost++
			}
		}
		if lost == 0 {
			t.Errorf("%s: no answer was lost", s.dialect)
		}
	}
}

// ask polls, and says whether something was missing. An answer without which
// there is none at all leaves no trace.
func (s *speaker) ask(t *testing.T, pol fans.Policy) (cut bool) {
	t.Helper()
	now := s.world.Clock().Now()
	server, err := s.source.Poll(t.Context(), bmc.Ask{Memory: s.kept, Logs: true})
	if err != nil {
		return true
	}
	for i := range server.Logs {
		server.Logs[i].Clock = new(time.Duration)
	}
	p := fans.Poll{Server: server, Started: now, Now: now.Add(time.Second)}
	s.kept = server.Memory
	s.memory = fans.Observe(s.memory, p, pol)
	s.said = fans.Judge(p, pol, s.memory)
	return len(server.Gaps) > 0
}
