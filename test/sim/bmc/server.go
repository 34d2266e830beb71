package bmc

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/machine"
)

// Vendor names the shape of a controller.
type Vendor = redfish.Vendor

// Vendors.
const (
	Dell       = redfish.Dell
	Dell8      = redfish.Dell8
	HPE        = redfish.HPE
	HPE7       = redfish.HPE7
	Lenovo     = redfish.Lenovo
	Supermicro = redfish.Supermicro
	OpenBMC    = redfish.OpenBMC
	AMI        = redfish.AMI
	Cisco      = redfish.Cisco
	Intel      = redfish.Intel
	GB200      = redfish.GB200
)

// The account there is when [Server] names none.
const (
	Username = "monitor"
	Password = "correct horse battery staple"
)

// Administrator is the second account of IPMI.
const Administrator = "admin"

// Server is one simulated controller. The zero value is a Dell.
type Server struct {
	Vendor Vendor
	// Tree is a directory with a recorded tree in the long form of DMTF's
	// mockups (a file index.json for each resource). It is served as it is,
	// in place of a vendor's shape; the world then has only a clock.
	Tree string
	// Expand changes what is said and done about $expand.
	Expand Expand
	// World changes the vendor's usual server before it is made.
	World func(*world.Config)
	// Profile changes the vendor's habits: page size, sessions, queries.
	Profile func(*redfish.Profile)
	// Machine is what the server is made of; nil: nothing but fans is shown.
	Machine *machine.Machine
	// Clock is the true time; nil is the machine's.
	Clock *world.Clock
	// Username and Password are those of the account; empty: the package's.
	Username, Password string
	Auth               Auth
	// Sessions is how many may be open at once; 0 means 4.
	Sessions int
	// Idle ends a session that nobody uses; 0: as the vendor says.
	Idle time.Duration
	// Strikes is how many wrong passwords lock the account for LockFor (0: ten
	// minutes); 0 means 3.
	Strikes int
	LockFor time.Duration
	TLS     TLS
	// NoDate leaves out the Date header.
	NoDate bool
	Listen string // "" means 127.0.0.1:0
	// IPMI serves the same server over IPMI too; nil: not. What is empty in it
	// is filled in: the vendor's way, the account with the rights of a user, and
	// [Administrator] with the same password and all rights.
	IPMI *ipmi.Config
}

// Auth is which logins a controller accepts.
type Auth string

// AnyAuth accepts both ways, SessionsOnly refuses basic authentication as
// hardened controllers do, BasicOnly has no sessions left, Open asks nothing.
const (
	AnyAuth      Auth = ""
	SessionsOnly Auth = "sessions"
	BasicOnly    Auth = "basic"
	Open         Auth = "open"
)

// Expand is what a controller says and does about $expand.
type Expand string

// Expand values: as the vendor does, never, always.
const (
	ExpandAsVendor Expand = ""
	ExpandOff      Expand = "off"
	ExpandOn       Expand = "on"
)

// check refuses settings that there are not.
func (s Server) check() error {
	for _, c := range []struct{ what, value, known string }{
		{"TLS", string(s.TLS), " rsakey selfsigned expired wrongname rsa tls10 none"},
		{"authentication", string(s.Auth), " sessions basic open"},
		{"$expand", string(s.Expand), " off on"},
	} {
		if !slices.Contains(strings.Split(c.known, " "), c.value) {
			return fmt.Errorf("%s %q: there are %q", c.what, c.value, strings.Fields(c.known))
		}
	}
	return nil
}

// filled puts what is usual where nothing was said.
func (s Server) filled(p redfish.Profile) Server {
	if s.Username == "" {
		s.Username, s.Password = Username, Password
	}
	if s.Sessions == 0 {
		s.Sessions = 4
	}
	if s.Idle == 0 {
		s.Idle = time.Duration(p.Timeout) * p.Unit
	}
	if s.Strikes == 0 {
		s.Strikes = 3
	}
	if s.LockFor == 0 {
		s.LockFor = 10 * time.Minute
	}
	if s.Listen == "" {
		s.Listen = "127.0.0.1:0"
	}
	return s
}
