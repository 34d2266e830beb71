// Package controller finds the way to a management controller: over Redfish,
// over IPMI, or through this host's own device. It keeps, for the address it
// was sent to, which device answered there, in which way, and what that way
// needs to ask again.
package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Ways to ask a controller.
const (
	Auto    = "auto"
	Redfish = "redfish"
	IPMI    = "ipmi"
	Local   = "local"
)

// Options are the flags of a plugin whose device is a management controller.
type Options struct {
	BMC       redfish.Options   `embed:"" group:"Device"`
	Via       string            `enum:"auto,redfish,ipmi,local" default:"auto" placeholder:"WAY" help:"How to ask: Redfish, and IPMI where there is none (auto), one of them, or this host's own controller through /dev/ipmi0 (local)." group:"Device"`
	IPMI      ipmi.Options      `embed:"" group:"Device"`
	Secret    secret.Options    `embed:"" group:"Device"`
	Transport transport.Options `embed:"" group:"Device"`
}

// Validate refuses what cannot be meant.
func (o Options) Validate() error {
	switch {
	case o.BMC.Host == "" && o.Via != Local:
		return errors.New("--host: expected the address of a management controller, such as -H bmc1.example.net")
	case o.BMC.Host != "" && o.Via == Local:
		return errors.New("--via local asks this host's own controller: expected it without --host")
	case o.BMC.Host == "":
		return nil
	}
	return Named("--host", o.BMC.Host)
}

// Named refuses an address that cannot be meant, by the name of its option, before
// anything is asked. The port of that option is validated by itself.
func Named(option, host string) error {
	if _, err := transport.Address(host, 443); err != nil {
		return fmt.Errorf("%s: %w", option, err)
	}
	return nil
}

// Address is under which name the controller is remembered. Behind one name
// there may be many, told apart by the port that is forwarded to each.
func (o Options) Address() string {
	if o.Via == Local {
		return strings.TrimSpace(Local + " " + o.IPMI.Device)
	}
	name := strings.ToLower(o.BMC.Host)
	if o.BMC.Port != 443 {
		name += fmt.Sprintf(" port %d", o.BMC.Port)
	}
	if o.IPMI.Port != 623 {
		name += fmt.Sprintf(" ipmi-port %d", o.IPMI.Port)
	}
	return name
}

// Controller is one management controller, and what is remembered of it.
type Controller struct {
	Options Options
	Now     func() time.Time
	// Aside says that this look leaves no trace: it uses no session that is
	// kept, keeps none, and takes credentials from the file alone, because the
	// environment speaks for another device.
	Aside bool
	// read is what Parts read that Poll need not read again.
	read bmc.Memory
	// https is the client over Redfish: a second look in one run goes over the
	// connection of the first, and costs the controller no second handshake.
	https *http.Client
	*Book
}

// Poll asks the controller in the way that was chosen, or that worked the last
// time. Only the first time, when nobody speaks Redfish there, IPMI is tried as
// well: later the way stays, so that a web server that restarts does not turn
// one set of fans into another. Known are the ids of the fans that are expected.
func (c *Controller) Poll(ctx context.Context, known []string, logs bool) (bmc.Server, error) {
	ask := bmc.Ask{Known: known, Logs: logs}
	via := c.Options.Via
	if via == Auto && c.Target.Via != "" {
		via = c.Target.Via
	}
	first := via
	if via == Auto {
		first = Redfish
	}
	server, err := c.ask(ctx, first, ask)
	if via == Auto && redfish.Absent(err) && ctx.Err() == nil {
		other, second := c.ask(ctx, IPMI, ask)
		if second != nil {
			return bmc.Server{}, fmt.Errorf("neither Redfish nor IPMI answers: %w, %w", err, second)
		}
		server, err, first = other, nil, IPMI
	}
	c.Via = first
	return server, err
}

// Parts asks the controller what its server is made of, in the way that is chosen
// or that worked the last time. A poll that follows goes that way.
func (c *Controller) Parts(ctx context.Context) (hardware.Inventory, error) {
	via := c.Options.Via
	if via == Auto {
		via = cmp.Or(c.Target.Via, Redfish)
	}
	v, err := c.parts(ctx, via)
	if c.Options.Via == Auto && via == Redfish && redfish.Absent(err) && ctx.Err() == nil {
		return c.parts(ctx, IPMI)
	}
	return v, err
}

// partsTeller is a source that tells of parts.
type partsTeller interface {
	Parts(ctx context.Context) (hardware.Inventory, bmc.Memory, error)
}

func (c *Controller) parts(ctx context.Context, via string) (hardware.Inventory, error) {
	source, err := c.source(via)
	if err != nil {
		return hardware.Inventory{}, setupError{err}
	}
	if s, ok := source.(partsTeller); ok {
		v, memory, err := s.Parts(ctx)
		if err == nil {
			c.Target.Via, c.read = via, memory
		}
		return v, err
	}
	return hardware.Inventory{}, fmt.Errorf("over %s a controller is asked for its fans alone", via)
}

// ask polls once in one way.
func (c *Controller) ask(ctx context.Context, via string, ask bmc.Ask) (bmc.Server, error) {
	source, err := c.source(via)
	if err != nil {
		return bmc.Server{}, setupError{err}
	}
	if ask.Memory = c.read; !c.Aside {
		ask.Memory, ask.Keep = bmc.Memory(c.Target.Sources[via]), c.Store != nil
	}
	return source.Poll(ctx, ask)
}

// setupError is a mistake on our side: nobody was asked.
type setupError struct{ error }

func (e setupError) Unwrap() error { return e.error }

// Setup says that nobody could be asked because of an option or a file of ours,
// and not that a controller does not answer.
func Setup(err error) bool { return errors.As(err, new(setupError)) }

func (c *Controller) source(via string) (bmc.Source, error) {
	o := c.Options
	if via == Local {
		return ipmi.Local(o.IPMI), nil
	}
	find := o.Secret.For
	if c.Aside {
		find = o.Secret.FromFile
	}
	credentials, err := find(o.BMC.Host)
	if err != nil {
		return nil, err
	}
	if via == IPMI {
		host := o.BMC.Host
		if o.Via == Auto {
			host = withoutPort(host) // a port given for both is that of Redfish
		}
		return ipmi.LAN(ipmi.Endpoint{Host: host, Credentials: credentials, IPv4: o.Transport.IPv4, IPv6: o.Transport.IPv6}, o.IPMI)
	}
	if !c.Aside {
		o.Transport = o.Transport.Keeping(c.Store.Tickets())
	}
	if c.https == nil {
		if c.https, err = o.Transport.Client(); err != nil {
			return nil, err
		}
	}
	address, err := transport.Address(o.BMC.Host, o.BMC.Port)
	if err != nil {
		return nil, fmt.Errorf("--host: %w", err)
	}
	s := redfish.New(c.https, address, credentials)
	s.TellTime(c.Now)
	if c.Store != nil && !c.Aside {
		s.Remember = func(change redfish.Change) error { return c.remember(Redfish, change) }
	}
	return s, nil
}

func withoutPort(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

// Open reads what is remembered about a controller. Whatever is wrong with the
// memory, the live answer does not depend on it: see [Book.Trouble].
func Open(o Options, s state.Options, now func() time.Time) *Controller {
	return &Controller{Options: o, Now: now, Book: open(s, o.Address())}
}
