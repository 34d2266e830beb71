package redfish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
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
			source.Remember = func(change Change) error {
				if written++; written > works {
					return full
				}
				change(nil)
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
	source.Remember = remembering(&kept, nil)
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

// remembering keeps what all runs remember in m, and calls back when it was changed.
func remembering(m *bmc.Memory, then func(memory)) func(Change) error {
	return func(change Change) error {
		next, changed := change(*m)
		if !changed {
			return nil
		}
		*m = next
		if then != nil {
			then(recall(next))
		}
		return nil
	}
}

// TestMarkOfAnother: while a process that logs in is alive nobody else does, and no
// session is ended. When it is dead, the session that it may have left is.
func TestMarkOfAnother(t *testing.T) {
	s := sim.Start(t, sim.Server{Auth: sim.SessionsOnly, Clock: world.Still(noon)})
	mustPoll(t, ours(t, s, sim.Password), bmc.Ask{Keep: true}) // its session, of which nobody knows
	me, err := state.Self()
	if err != nil {
		t.Fatal(err)
	}
	parent := me
	parent.PID = os.Getppid()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", parent.PID))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	parent.Start = strings.Fields(rest)[19]
	dead := parent
	dead.Start += "0"
	for i, mark := range []state.Process{parent, dead} {
		kept := memory{Logins: []state.Process{mark}}.store()
		source := ours(t, s, sim.Password)
		source.Remember = remembering(&kept, nil)
		ctx, cancel := context.WithTimeout(t.Context(), []time.Duration{5 * time.Second, time.Minute}[i])
		defer cancel()
		_, err := source.Poll(ctx, bmc.Ask{Keep: true, Memory: kept})
		busy := errors.Is(err, errBusy)
		if m := recall(kept); busy != (mark == parent) || err != nil != busy || len(m.Logins) > 0 != busy || s.Stats().Sessions != 1 {
			t.Errorf("%+v: %v, %d sessions, marks %+v", mark, err, s.Stats().Sessions, m.Logins)
		}
	}
}
