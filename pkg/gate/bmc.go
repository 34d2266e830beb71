package gate

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc/controller"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Controller are the flags of the management controller of the node. Its
// credentials are in the same file as those of Proxmox VE, under its own name.
type Controller struct {
	Host        string `name:"bmc" placeholder:"HOST" help:"Management controller of the node: who it is, what it is made of, which fans failed and how often."`
	Via         string `enum:"auto,redfish,ipmi" default:"auto" placeholder:"WAY" help:"How to ask the controller: Redfish, and IPMI where there is none (auto), or one of them."`
	IPMIPort    int    `name:"ipmi-port" default:"623" help:"UDP port of IPMI." placeholder:"PORT"`
	Privilege   string `name:"ipmi-privilege" enum:"user,operator,admin" default:"user" placeholder:"LEVEL" help:"Privilege level of the session of IPMI: user, operator or admin."`
	CAFile      string `name:"bmc-ca-file" placeholder:"FILE" help:"Authority that signed the controller's certificate."`
	Fingerprint string `name:"bmc-fingerprint" placeholder:"SHA256" help:"SHA-256 of the controller's certificate."`
	Insecure    bool   `name:"bmc-insecure" help:"Do not verify the controller's certificate."`
	TLSLegacy   bool   `name:"bmc-tls-legacy" help:"Allow the controller RSA key exchange and TLS 1.0."`
}

// BMC are these flags with those about its fans, which are judged as check_fans
// judges them: with the same options, and with its memory where there is one.
type BMC struct {
	Controller `embed:""`
	Window     time.Duration `name:"fan-window" default:"7d" help:"How far back drop-outs of fans are counted."`
	Fans       fans.Options  `embed:""`
}

// errNobody is about options about a controller that is not named.
var errNobody = errors.New("--bmc: expected the address of the management controller beside the options about it")

// Validate refuses what cannot be meant, by the names of these flags.
func (b BMC) Validate() error {
	if b.Host == "" && b.Fans.Given() {
		return errNobody
	}
	if err := b.Fans.Validate(); err != nil {
		return err
	}
	return b.Controller.Validate()
}

// Validate refuses what cannot be meant, by the names of these flags.
func (c Controller) Validate() error {
	if given := c.CAFile != "" || c.Fingerprint != "" || c.Insecure || c.TLSLegacy; c.Host == "" && (given || c.Via != controller.Auto) {
		return errNobody
	}
	if err := c.ipmi().Validate(); err != nil {
		return err
	}
	if c.Host != "" {
		if err := controller.Named("--bmc", c.Host); err != nil {
			return err
		}
	}
	o := c.transport()
	return o.Validate()
}

func (c Controller) transport() transport.Options {
	return transport.Options{CAFile: c.CAFile, Fingerprint: c.Fingerprint, Insecure: c.Insecure, TLSLegacy: c.TLSLegacy}.Named("bmc")
}

func (c Controller) ipmi() ipmi.Options {
	return ipmi.Options{Port: c.IPMIPort, Privilege: c.Privilege}
}

// httpsPort of management controllers.
const httpsPort = 443

// fans polls the controller once, with its event log, and judges it with what
// check_fans remembers. Nothing is remembered of this look.
func (s Survey) fans(ctx context.Context, f Found, c *controller.Controller) (*fans.Report, error) {
	b := s.Options.BMC
	m, trouble := remembered(c, c.Target.Subject)
	p := fans.Poll{Started: s.Now()}
	var err error
	if p.Server, err = c.Poll(ctx, slices.Sorted(maps.Keys(m.Fans)), true); err != nil {
		return nil, err
	}
	p.Now = s.Now()
	if subject := c.Subject(p.Server.Identity); subject != c.Target.Subject {
		m, trouble = remembered(c, subject)
	}
	r := fans.Tell(m, p, b.Fans, s.service(f))
	if trouble != nil {
		r.Blind = append(r.Blind, "what check_fans remembers: "+trouble.Error())
	}
	return &r, nil
}

// open opens a controller to look at it aside, all that is asked of it in one run;
// nil where none is named.
func (s Survey) open(o Controller) *controller.Controller {
	if o.Host == "" {
		return nil
	}
	c := controller.Open(controller.Options{
		BMC: redfish.Options{Host: o.Host, Port: httpsPort}, Via: o.Via, IPMI: o.ipmi(),
		Secret: s.Options.PVE.Secret, Transport: o.transport(),
	}, s.Options.State, s.Now)
	c.Aside = true
	return c
}

// remembered is what check_fans knows of a device.
func remembered(c *controller.Controller, subject string) (fans.Memory, error) {
	if subject == "" {
		return fans.Memory{}, c.Trouble
	}
	m, err := state.Load[fans.Memory](c.Store, subject)
	return m, cmp.Or(c.Trouble, err)
}

// service says from when on drop-outs count: after a repair only those since the
// node was started.
func (s Survey) service(f Found) fans.Service {
	out := fans.Service{Since: s.Now().Add(-s.Options.BMC.Window)}
	if !s.Back {
		return out
	}
	for _, name := range f.PVE.Leaving {
		if n, _ := f.PVE.Cluster.Node(name); n.Online && n.Uptime > 0 {
			if boot := s.Now().Add(-n.Uptime); boot.After(out.Since) {
				out.Since, out.Boot = boot, boot
			}
		}
	}
	return out
}
