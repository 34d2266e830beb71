package bmc

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
)

var errNoIPMI = errors.New("this controller has no IPMI")

// ipmiVendors are the ways in which vendors show fans over IPMI; those that
// are not named are generic.
var ipmiVendors = map[Vendor]ipmi.Vendor{
	Dell: ipmi.Dell, Dell8: ipmi.Dell, HPE: ipmi.HPE, HPE7: ipmi.HPE, Lenovo: ipmi.Lenovo, Supermicro: ipmi.Supermicro,
	Intel: ipmi.Intel,
}

// serveIPMI starts the other side, if there is to be one.
func (s *Sim) serveIPMI() error {
	if s.server.IPMI == nil {
		return nil
	}
	c := *s.server.IPMI
	c.World, c.Machine = s.World, s.server.Machine
	c.Single = c.Single || s.profile.World.Single
	if c.Vendor == "" {
		c.Vendor = ipmiVendors[s.server.Vendor]
	}
	if c.Accounts == nil {
		password := s.server.Password[:min(len(s.server.Password), 20)]
		c.Accounts = []ipmi.Account{
			{Name: s.server.Username, Password: password, Level: ipmi.User},
			{Name: Administrator, Password: password, Level: ipmi.Admin},
		}
	}
	var err error
	if s.ipmi, err = ipmi.Serve(c); err != nil {
		return fmt.Errorf("IPMI: %w", err)
	}
	s.IPMI = s.ipmi.Address
	return nil
}

func (s *Sim) closeIPMI() error {
	if s.ipmi == nil {
		return nil
	}
	return s.ipmi.Close()
}

// BreakIPMI switches a fault of IPMI on; what it returns switches it off.
func (s *Sim) BreakIPMI(f ipmi.Fault) (mend func(), err error) {
	if s.ipmi == nil {
		return nil, errNoIPMI
	}
	return s.ipmi.Break(f)
}

// MustBreakIPMI is BreakIPMI for tests.
func (s *Sim) MustBreakIPMI(tb TB, f ipmi.Fault) (mend func()) {
	tb.Helper()
	mend, err := s.BreakIPMI(f)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return mend
}

// readIPMIFault reads the settings of a fault of IPMI.
func readIPMIFault(values url.Values) (ipmi.Fault, error) {
	f := ipmi.Fault{Name: values.Get("name"), Command: values.Get("command")}
	var err error
	for key := range values {
		text := values.Get(key)
		var bad error
		switch key {
		case "name", "command":
		case "after":
			f.After, bad = strconv.Atoi(text)
		case "every":
			f.Every, bad = strconv.Atoi(text)
		case "times":
			f.Times, bad = strconv.Atoi(text)
		case "delay":
			f.Delay, bad = time.ParseDuration(text)
		case "code":
			f.Code, bad = octet(text)
		case "sensor":
			f.Sensor, bad = octet(text)
		default:
			bad = errors.New("no such setting")
		}
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", key, bad))
		}
	}
	if !slices.Contains(ipmi.Faults(), f.Name) {
		err = errors.Join(err, fmt.Errorf("no fault of IPMI is called %q: there are %q", f.Name, ipmi.Faults()))
	}
	return f, err
}

func octet(text string) (byte, error) {
	n, err := strconv.ParseUint(text, 0, 8)
	return byte(n), err
}
