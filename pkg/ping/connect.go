package ping

import (
	"errors"
	"fmt"
	"time"
)

// ConnectOptions of TCP probes.
type ConnectOptions struct {
	// Ports to try, all of them at once.
	Ports []int
	// Wait for each connection, at most. One that is shorter than a second
	// leaves no time for a second try of the system.
	Wait time.Duration
}

// mostPorts of one target.
const mostPorts = 16

func (o ConnectOptions) validate() error {
	if len(o.Ports) == 0 || len(o.Ports) > mostPorts {
		return fmt.Errorf("expected 1 to %d ports, got %d", mostPorts, len(o.Ports))
	}
	for _, p := range o.Ports {
		if p < 1 || p > 65535 {
			return fmt.Errorf("expected ports from 1 to 65535, got %d", p)
		}
	}
	if o.Wait <= 0 {
		return errors.New("expected some time to wait")
	}
	return nil
}

// Connection is what came of TCP probes of one target.
type Connection struct {
	Target
	// Answered targets accepted a connection or refused it: both are answers
	// of a host that is there. A firewall before it may refuse as well.
	Answered bool
	// Port that answered first, and whether it refused.
	Port    int
	Refused bool
	// RTT is from the request to the answer.
	RTT time.Duration
	// Reason of a target that did not answer: what came back last, or that
	// nothing did.
	Reason string
	// Pending probes did not have their time.
	Pending bool
	// Refusals are probes that failed on this machine.
	Refusals []Refusal
}

// noAnswer is the reason of a target that is silent.
const noAnswer = "no answer"
