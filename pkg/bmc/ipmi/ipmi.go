// Package ipmi reads a management controller over IPMI 2.0: through the network
// (RMCP+ on UDP port 623) or from inside the host (/dev/ipmi0). It implements
// [bmc.Source] and reads only.
//
// # What a poll costs
//
// A steady run over the network needs seven packets, one for each fan sensor
// and one for each new entry of the event log: 4 for the session, 1 for the
// repository's times, 1 for the log's, 1 for the power state. One more when a
// new entry is about a fan (Get SEL Time), one when the log's own times do not
// tell whether it is still the same (never cleared, full and wrapping), one for
// each sensor whose state contradicts the thresholds that are known.
//
// From inside the host there is no session and no power state to ask for: 1 for
// the GUID (2 where there is none), 1 for the repository, 1 for the log.
//
// What makes it cheap is the cache of sensor records in [bmc.Memory]: a run
// without it walks the whole repository, one packet or more a record.
//
// # Trust
//
// Every datagram is checked against flags, session, sequence window, integrity
// code (in constant time, before anything is decrypted), lengths, padding,
// checksums, network function, command and request number. What fails one of
// these is dropped and counted; waiting goes on to the same deadline.
package ipmi

import (
	"fmt"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// Options are the flags of IPMI, spelled alike in every plugin.
type Options struct {
	Port      int    `name:"ipmi-port" default:"623" help:"UDP port of IPMI." placeholder:"PORT"`
	Privilege string `name:"ipmi-privilege" default:"user" enum:"user,operator,admin" help:"Privilege level of the session: user, operator or admin. User reads everything on most controllers." placeholder:"LEVEL"`
	Device    string `name:"ipmi-device" help:"Device of this host's own controller. Default: the first of /dev/ipmi0, /dev/ipmi/0 and /dev/ipmidev/0." placeholder:"FILE"`
}

// Validate says which option cannot be used and what was expected.
func (o Options) Validate() error {
	if o.Port < 1 || o.Port > 65535 {
		return fmt.Errorf("--ipmi-port: %d is not a port, expected 1 to 65535", o.Port)
	}
	_, err := o.level()
	return err
}

// Privilege levels (IPMI 2.0, table 6-2).
const (
	privilegeUser     byte = 2
	privilegeOperator byte = 3
	privilegeAdmin    byte = 4
)

// level is the number of the privilege level; user unless another is wanted.
func (o Options) level() (byte, error) {
	switch o.Privilege {
	case "", "user":
		return privilegeUser, nil
	case "operator":
		return privilegeOperator, nil
	case "admin":
		return privilegeAdmin, nil
	}
	return 0, fmt.Errorf("--ipmi-privilege: %q is none of user, operator, admin", o.Privilege)
}

var (
	_ bmc.Source = (*lan)(nil)
	_ bmc.Source = (*local)(nil)
)
