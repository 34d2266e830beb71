package redfish

import (
	"cmp"
	"context"
	"strings"

	"github.com/noout-monitoring/noout/pkg/hardware"
)

// identify says what the device says it is. Where neither the root nor the
// chassis has a number of its own (iDRAC8, Supermicro X10), the system is asked.
func (p *poll) identify(ctx context.Context) {
	id := &p.server.Identity
	id.UUID = uuid(p.root.UUID)
	best := p.named()
	if best == nil {
		return
	}
	if len(p.server.Gaps) == 0 {
		p.memory.Identity = best.path
	}
	id.UUID = cmp.Or(id.UUID, uuid(best.body.UUID))
	id.Serial = word(best.body.SerialNumber)
	id.Manufacturer = word(best.body.Manufacturer)
	id.Model = word(best.body.Model)
	systems := best.body.Links.ComputerSystems.links()
	if id.UUID != "" || id.Serial != "" || len(systems) == 0 {
		return
	}
	if own, err := p.system(ctx, systems[0]); err == nil {
		id.UUID, id.Serial = uuid(own.UUID), word(own.SerialNumber)
	}
}

// named is the chassis that names the server: the one that did before, else
// the one that looks most like a server.
func (p *poll) named() *chassis {
	var best *chassis
	for _, c := range p.chassis {
		if c.path == p.memory.Identity {
			return c
		}
		if best == nil || cmp.Or(rank(c)-rank(best), strings.Compare(best.path, c.path)) > 0 {
			best = c
		}
	}
	if p.memory.Identity != "" {
		return nil // it is there, but not today
	}
	return best
}

// rank weighs what makes a chassis look like a server. The serial number
// weighs as much as the type: HPE Cray blades have theirs on the enclosure.
func rank(c *chassis) int {
	n := 0
	if len(c.body.Links.ComputerSystems.links()) > 0 {
		n += 4
	}
	switch strings.ToLower(c.body.ChassisType.String()) {
	case "rackmount", "blade", "standalone", "sled", "desktop", "tower", "enclosure":
		n += 3
	case "component", "card", "module", "zone", "storageenclosure", "cartridge":
		n -= 2
	}
	if word(c.body.SerialNumber) != "" {
		n += 3
	}
	if c.body.Thermal != "" || c.body.ThermalSubsystem != "" {
		n += 2
	}
	return n
}

// uuid is in lower case, and empty when it names nothing.
func uuid(t text) string { return strings.ToLower(word(t)) }

// word is a field of an inventory that somebody filled in.
func word(t text) string { return hardware.Written(t.Name()) }
