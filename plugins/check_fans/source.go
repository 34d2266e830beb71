package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Ways to ask a controller.
const (
	viaAuto    = "auto"
	viaRedfish = "redfish"
	viaIPMI    = "ipmi"
	viaLocal   = "local"
)

// address is under which name the controller is remembered. Behind one name
// there may be many, told apart by the port that is forwarded to each.
func (o *options) address() string {
	if o.Via == viaLocal {
		return strings.TrimSpace(viaLocal + " " + o.IPMI.Device)
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

// poll asks the controller in the way that was chosen, or that worked the last
// time. Only the first time, when nobody speaks Redfish there, IPMI is tried as
// well: later the way stays, so that a web server that restarts does not turn
// one set of fans into another.
func (o *options) poll(ctx context.Context, mem *recall) (bmc.Server, error) {
	via := o.Via
	if via == viaAuto && mem.target.Via != "" {
		via = mem.target.Via
	}
	first := via
	if via == viaAuto {
		first = viaRedfish
	}
	server, err := o.ask(ctx, mem, first)
	if via == viaAuto && redfish.Absent(err) && ctx.Err() == nil {
		other, second := o.ask(ctx, mem, viaIPMI)
		if second != nil {
			return bmc.Server{}, fmt.Errorf("neither Redfish nor IPMI answers: %w, %w", err, second)
		}
		server, err, first = other, nil, viaIPMI
	}
	mem.via = first
	return server, err
}

// ask polls once in one way.
func (o *options) ask(ctx context.Context, mem *recall, via string) (bmc.Server, error) {
	source, err := o.source(mem, via)
	if err != nil {
		return bmc.Server{}, err
	}
	return source.Poll(ctx, mem.ask(via, o.Log != "off"))
}

func (o *options) source(mem *recall, via string) (bmc.Source, error) {
	if via == viaLocal {
		return ipmi.Local(o.IPMI), nil
	}
	credentials, err := o.Secret.For(o.BMC.Host)
	if err != nil {
		return nil, err
	}
	if via == viaIPMI {
		host := o.BMC.Host
		if o.Via == viaAuto {
			host = withoutPort(host) // a port given for both is that of Redfish
		}
		return ipmi.LAN(ipmi.Endpoint{Host: host, Credentials: credentials, IPv4: o.Transport.IPv4, IPv6: o.Transport.IPv6}, o.IPMI)
	}
	client, err := o.Transport.Client()
	if err != nil {
		return nil, err
	}
	address, err := transport.Address(o.BMC.Host, o.BMC.Port)
	if err != nil {
		return nil, fmt.Errorf("--host: %w", err)
	}
	s := redfish.New(client, address, credentials)
	s.TellTime(o.now)
	if mem.store != nil {
		s.Remember = func(m bmc.Memory) error { return mem.remember(viaRedfish, m) }
	}
	return s, nil
}

func withoutPort(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}
