package redfish

import (
	"errors"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestCannotKeep: where nothing can be written, no session is left, also when
// the disk gets full between the two times that something is written.
func TestCannotKeep(t *testing.T) {
	full := errors.New("no space left on device")
	for works := range 2 {
		s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Sessions: 4, Clock: world.Still(noon)})
		for i := range 6 {
			source := ours(t, s, sim.Password)
			written := 0
			source.Remember = func(bmc.Memory) error {
				if written++; written > works {
					return full
				}
				return nil
			}
			server, err := source.Poll(t.Context(), bmc.Ask{Keep: true})
			if n := s.Stats().Sessions; err != nil || len(server.Fans) == 0 || n != 0 {
				t.Errorf("poll %d, %d writes work: %d sessions left, %d fans, %v", i, works, n, len(server.Fans), err)
			}
		}
	}
}

// TestRefusedLogin: a login that was answered with a refusal made no session,
// so none of our user's is ended for it later.
func TestRefusedLogin(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	other := mustPoll(t, ours(t, s, sim.Password), bmc.Ask{Keep: true}).Memory
	source := ours(t, s, sim.Password)
	var kept bmc.Memory
	source.Remember = func(m bmc.Memory) error {
		kept = m
		return nil
	}
	source.cred.Password = secret.NewText("wrong")
	if _, err := source.Poll(t.Context(), bmc.Ask{Keep: true}); err == nil {
		t.Fatal("a wrong password was accepted")
	}
	source.cred.Password = secret.NewText(sim.Password)
	mustPoll(t, source, bmc.Ask{Keep: true, Memory: kept})
	s.Forget()
	mustPoll(t, ours(t, s, sim.Password), bmc.Ask{Keep: true, Memory: other})
	if n := s.Stats().Logins; n != 0 {
		t.Error("the session of another poller was ended")
	}
}
