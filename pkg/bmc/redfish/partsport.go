package redfish

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/noout-monitoring/noout/pkg/hardware"
)

// ports reads the ports of the network adapters, with link and speed.
func (p *parts) ports(ctx context.Context) {
	for _, c := range p.around(func(c *chassis) link { return c.body.NetworkAdapters }) {
		members, err := p.members(ctx, string(c.body.NetworkAdapters))
		for _, m := range members {
			var a struct{ Ports, NetworkPorts link }
			bad := p.whole(ctx, m, &a)
			path := cmp.Or(string(a.Ports), string(a.NetworkPorts))
			var found []hardware.Part
			if bad == nil && path != "" {
				found, bad = p.gather(ctx, path, port)
			}
			for i := range found {
				found[i].ID = c.id + "/" + lastOf(m.path) + "/" + found[i].ID
				found[i].Slot = lastOf(m.path) + " port " + found[i].Slot
				found[i].Name = label(found[i].Name, found[i].Slot)
			}
			if missing(bad) {
				bad = nil
			}
			if len(found) > 0 || bad != nil {
				p.add(hardware.Port, found, bad)
			}
		}
		if err != nil {
			p.add(hardware.Port, nil, err)
		}
	}
}

// port is a Port of a network adapter, or a NetworkPort of older ones.
func port(id string, raw json.RawMessage) hardware.Part {
	var m struct {
		common
		PortID    text   `json:"PortId"`
		Physical  text   `json:"PhysicalPortNumber"`
		Link      text   `json:"LinkStatus"`
		Gbps      number `json:"CurrentSpeedGbps"`
		Mbps      number `json:"CurrentLinkSpeedMbps"`
		Addresses list   `json:"AssociatedNetworkAddresses"`
		Ethernet  struct {
			Addresses list `json:"AssociatedMACAddresses"`
		}
	}
	_ = object(raw, &m)
	out := hardware.Part{ID: id, Slot: cmp.Or(m.Physical.Name(), m.PortID.Name(), id)}
	out.Name = m.Name.Name()
	for _, item := range append(m.Ethernet.Addresses.items, m.Addresses.items...) {
		out.Serial = cmp.Or(out.Serial, mac(plain(item, 0)))
	}
	if n := m.Gbps.value; n != nil && *n > 0 && *n < 1e6 {
		out.Speed = int64(*n * 1e9)
	} else if n := m.Mbps.value; n != nil && *n > 0 && *n < 1e9 {
		out.Speed = int64(*n * 1e6)
	}
	out.State, out.Says = linked(m.Link, m.Status)
	return out
}

// linked is what a port's link is: its own words vary by release.
func linked(l text, s status) (hardware.State, string) {
	switch strings.ToLower(l.Name()) {
	case "linkup", "up":
		return hardware.Good, ""
	case "linkdown", "down", "nolink":
		return hardware.Off, ""
	}
	if state, _ := s.condition(); state == hardware.Absent {
		return state, ""
	}
	return hardware.Untold, ""
}

// mac is a hardware address in one way of writing; empty when it is none.
func mac(s string) string {
	s = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "-", ":")
	if len(s) != 17 || strings.Trim(s, "0123456789abcdef:") != "" || strings.Trim(s, "0:") == "" {
		return ""
	}
	return s
}

// interfaces reads the Ethernet interfaces of the systems: a list of its own, that
// one of both may fail.
func (p *parts) interfaces(ctx context.Context) {
	for _, s := range p.systems {
		p.collection(ctx, s, members{hardware.Port, s.body.EthernetInterfaces, ethernet, "interfaces"})
	}
}

// ethernet is an EthernetInterface of the host. Those whose address was made up
// are the controller's own.
func ethernet(id string, raw json.RawMessage) hardware.Part {
	var m struct {
		common
		MAC       text   `json:"MACAddress"`
		Permanent text   `json:"PermanentMACAddress"`
		Link      text   `json:"LinkStatus"`
		Mbps      number `json:"SpeedMbps"`
	}
	_ = object(raw, &m)
	out := hardware.Part{ID: id, Name: label(m.Name.Name(), id), Serial: cmp.Or(mac(m.Permanent.Name()), mac(m.MAC.Name()))}
	if len(out.Serial) > 1 && strings.ContainsAny(out.Serial[1:2], "26ae") {
		return hardware.Part{}
	}
	if n := m.Mbps.value; n != nil && *n > 0 && *n < 1e9 {
		out.Speed = int64(*n * 1e6)
	}
	out.State, out.Says = linked(m.Link, m.Status)
	return out
}
