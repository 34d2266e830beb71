package ipmi

import (
	"errors"
	"fmt"
)

// Cause says what kept a session from being opened.
type Cause string

// Causes. Each needs a different person or setting to be changed.
const (
	CauseNetwork   Cause = "network"
	CauseProtocol  Cause = "not IPMI 2.0"
	CauseSuite     Cause = "cipher suite"
	CauseSlots     Cause = "session slots"
	CauseUser      Cause = "user name"
	CausePrivilege Cause = "privilege"
	CausePassword  Cause = "password"
	CauseKg        Cause = "Kg"
	CauseDevice    Cause = "device"
	CauseCancelled Cause = "cancelled"
)

// OpenError is why a controller could not be talked to, and what to do next.
type OpenError struct {
	Cause   Cause
	Address string // address and port tried, or device
	Text    string // what happened
	Next    string // what to look at
	Err     error  // what the system said, may be nil
}

func (e *OpenError) Error() string {
	text := fmt.Sprintf("%s: %s: %s", e.Address, e.Cause, e.Text)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Next != "" {
		text += " (" + e.Next + ")"
	}
	return text
}

func (e *OpenError) Unwrap() error { return e.Err }

// errSilent means that a request was sent as often as is allowed and nothing
// acceptable came back.
var errSilent = errors.New("no answer")

// silence is errSilent with what did come: datagrams that were not acceptable
// tell a broken or hostile path from a dead one.
func silence(tries, dropped int) error {
	if dropped == 0 {
		return fmt.Errorf("%w in %d tries", errSilent, tries)
	}
	return fmt.Errorf("%w in %d tries, %d datagrams dropped as malformed, foreign or failing the integrity check",
		errSilent, tries, dropped)
}
