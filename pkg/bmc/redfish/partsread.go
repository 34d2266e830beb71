package redfish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/hardware"
)

// supplies reads Power, and PowerSubsystem where there is none.
func (p *parts) supplies(ctx context.Context) {
	for _, c := range p.around(func(c *chassis) link { return cmp.Or(c.body.Power, c.body.PowerSubsystem) }) {
		var found []hardware.Part
		var err error
		if c.body.Power != "" {
			found, err = p.power(ctx, string(c.body.Power))
		} else {
			var sub struct{ PowerSupplies link }
			_, err = p.read(ctx, string(c.body.PowerSubsystem), &sub)
			if err == nil && sub.PowerSupplies != "" {
				found, err = p.gather(ctx, string(sub.PowerSupplies), powerSupply)
			}
		}
		p.add(hardware.Supply, p.inChassis(c, found), err)
	}
}

var errEntries = errors.New("some of its entries cannot be read")

// power reads the power supplies that come inline.
func (p *parts) power(ctx context.Context, path string) ([]hardware.Part, error) {
	var body struct{ PowerSupplies list }
	if _, err := p.read(ctx, path, &body); err != nil {
		return nil, err
	}
	var out []hardware.Part
	var err error
	for i, raw := range body.PowerSupplies.items {
		id := common{}
		if object(raw, &id) != nil {
			err = errEntries
			continue
		}
		out = append(out, powerSupply(cmp.Or(id.Member.Name(), fmt.Sprint(i)), raw))
	}
	return out, err
}

// inChassis tells parts of several chassis apart, and two that have one name.
func (p *parts) inChassis(c *chassis, found []hardware.Part) []hardware.Part {
	for i := range found {
		part := &found[i]
		same := func(o hardware.Part) bool { return o.Name == part.Name && o.ID != part.ID }
		if part.Slot == "" && slices.ContainsFunc(found, same) {
			part.Slot = part.ID
		}
	}
	for i := range found {
		found[i].ID = c.id + "/" + found[i].ID
	}
	return found
}

// firmware is what runs on the board and on the controller.
func (p *parts) firmware(ctx context.Context) {
	for _, s := range p.systems {
		if v := word(s.body.BiosVersion); v != "" {
			p.add(hardware.Firmware, []hardware.Part{{ID: "BIOS", Name: "BIOS", Model: v}}, nil)
		}
	}
	path := ""
	for _, s := range p.systems {
		if managers := s.body.Links.ManagedBy.links(); len(managers) > 0 {
			path = cmp.Or(path, managers[0])
		}
	}
	if path == "" {
		return
	}
	var m manager
	if _, err := p.read(ctx, path, &m); err == nil && word(m.FirmwareVersion) != "" {
		p.add(hardware.Firmware, []hardware.Part{{ID: "controller", Name: "controller's firmware", Model: word(m.FirmwareVersion)}}, nil)
	}
}

// drives reads the drives of the chassis, and those of the storage where no
// chassis has any. What is behind a RAID controller of an iDRAC is never asked
// for, see untouchable.
func (p *parts) drives(ctx context.Context) {
	found := false
	for _, c := range p.around(func(c *chassis) link { return c.body.Drives }) {
		parts, err := p.gather(ctx, string(c.body.Drives), drive)
		p.add(hardware.Disk, p.inChassis(c, parts), err)
		found = true
	}
	for _, s := range p.systems {
		if s.body.Storage == "" || found {
			continue
		}
		links, err := p.driveLinks(ctx, string(s.body.Storage))
		if err == nil && len(links) == 0 {
			continue
		}
		var parts []hardware.Part
		switch {
		case err != nil:
		case len(links) > p.left()-2:
			err = errTooMany
		default:
			parts, err = p.each(ctx, links, drive)
		}
		p.add(hardware.Disk, parts, err)
	}
}

// driveLinks are the addresses of the drives of a system's storage.
func (p *parts) driveLinks(ctx context.Context, path string) ([]member, error) {
	members, err := p.members(ctx, path)
	var out []member
	for _, m := range members {
		var s struct{ Drives list }
		if untouchable(m.path) || p.left() < 2 {
			continue
		}
		if bad := p.whole(ctx, m, &s); !missing(bad) {
			err = cmp.Or(err, bad)
		}
		for _, l := range s.Drives.links() {
			if !untouchable(l) && !slices.ContainsFunc(out, func(o member) bool { return o.path == l }) {
				out = append(out, member{path: l})
			}
		}
	}
	return out, err
}

// cards reads the PCIe devices of the chassis, where that takes one request: the
// node tells of them too.
func (p *parts) cards(ctx context.Context) {
	for _, c := range p.around(func(c *chassis) link { return c.body.PCIeDevices }) {
		if !p.root.expands() {
			return
		}
		found, err := p.gather(ctx, string(c.body.PCIeDevices), card)
		p.add(hardware.Card, p.inChassis(c, found), err)
	}
}

// fansRequests are all that is spent on fans here.
const fansRequests = 6

// fans reads the fans as for their own check, of many chassis those of the server.
func (p *parts) fans(ctx context.Context) {
	if len(p.chassis) == 0 {
		return
	}
	most, all := p.most, p.chassis
	p.most = min(most, p.requests+fansRequests)
	if len(all) > fewChassis {
		p.chassis = slices.DeleteFunc(slices.Clone(all), func(c *chassis) bool { return !p.near(c) })
	}
	p.readFans(ctx)
	p.most, p.chassis = most, all
	l := hardware.List{Source: hardware.Redfish, Kind: hardware.Fan}
	for _, f := range p.server.Fans {
		l.Parts = append(l.Parts, hardware.Part{ID: f.ID, Name: cmp.Or(f.Name, f.ID), Serial: f.Serial, State: fanStates[f.Presence]})
	}
	for _, g := range p.server.Gaps {
		if l.Untold == "" && (g.Hides != "" || g.Fan != "") {
			l.Untold = g.What + ": " + g.Err.Error()
		}
	}
	if len(l.Parts) > 0 {
		p.out.Lists = append(p.out.Lists, l)
	}
}

// fanStates are what a fan's presence is to a part: how it turns is judged
// elsewhere.
var fanStates = map[bmc.Presence]hardware.State{bmc.Present: hardware.Good, bmc.Absent: hardware.Absent, bmc.Standby: hardware.Off}
