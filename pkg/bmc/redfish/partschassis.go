package redfish

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// readAround reads the chassis: all where that takes one request, else those that
// the systems are in.
func (p *parts) readAround(ctx context.Context) {
	members, err := p.members(ctx, cmp.Or(string(p.root.Chassis), "/redfish/v1/Chassis"))
	if err != nil {
		p.note("the chassis: %v", err)
	}
	gaps := len(p.server.Gaps)
	for _, m := range members {
		if untouchable(m.path) || !full(m.body) && len(members) > fewChassis && !p.near(&chassis{path: m.path}) {
			continue
		}
		if c := p.chassisOf(ctx, m); c != nil {
			p.chassis = append(p.chassis, c)
		} else {
			p.holes = append(p.holes, chassisID(m.path)+"/")
		}
	}
	p.server.Gaps = p.server.Gaps[:gaps] // they are about fans
	slices.SortStableFunc(p.chassis, func(a, b *chassis) int {
		switch near := p.near(a); {
		case near == p.near(b):
			return 0
		case near:
			return -1
		}
		return 1
	})
}

// near says that a chassis is the server's, and not a board in it: a system says
// that it is in there.
func (p *parts) near(c *chassis) bool {
	return slices.ContainsFunc(p.systems, func(s system) bool {
		return slices.ContainsFunc(s.body.Links.Chassis.links(), func(path string) bool { return trimSlash(path) == trimSlash(c.path) })
	})
}

// around are the chassis that are asked for a kind of parts: those of the server.
// Where these lead to none, a few others.
func (p *parts) around(of func(*chassis) link) []*chassis {
	var near, far []*chassis
	for _, c := range p.chassis {
		switch {
		case of(c) == "":
		case p.near(c):
			near = append(near, c)
		default:
			far = append(far, c)
		}
	}
	if len(near) > 0 {
		return near
	}
	return far[:min(len(far), fewSystems)]
}

// label is a name that tells parts apart, else the place.
func label(name, slot string) string {
	if strings.ContainsAny(name, "0123456789") || slot == "" {
		return name
	}
	return slot
}
