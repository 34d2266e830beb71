//go:build real

package ipmi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestPower: the host is switched off and on.
func TestPower(t *testing.T) {
	withSim(t, func(s *sim) error {
		for _, step := range []struct {
			command string
			want    bmc.Power
		}{{"off", bmc.PowerOff}, {"on", bmc.PowerOn}} {
			if _, err := s.ipmitool("chassis", "power", step.command); err != nil {
				return err
			}
			if server, err := s.poll(nil); err != nil || server.Power != step.want {
				return fmt.Errorf("switched %s: power %q, %w", step.command, server.Power, errors.Join(err, errors.New("power")))
			}
		}
		return nil
	})
}

// TestManySessions: none is left behind, or the simulator would refuse soon.
func TestManySessions(t *testing.T) {
	withSim(t, func(s *sim) error {
		server, err := s.poll(nil)
		for range 150 {
			if err == nil {
				server, err = s.poll(server.Memory)
			}
		}
		return err
	})
}
