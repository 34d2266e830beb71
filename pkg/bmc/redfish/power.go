package redfish

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// maxSystems bounds the systems whose power state is asked for.
const maxSystems = 8

// readPower says whether the host is on. The chassis says it for free, which is
// enough while all is well. When a fan looks bad or the chassis says that it is
// off, the systems are asked: only their word counts for off. Where the chassis
// says nothing, they are asked again after they said anything but on: else nobody
// would see the host start.
func (p *poll) readPower(ctx context.Context) {
	free := bmc.PowerUnknown
	for _, c := range p.withFans() {
		free = cmp.Or(free, power(c.body.PowerState))
	}
	if free == bmc.PowerOn && !p.looksBad() {
		p.server.Power, p.memory.Power = bmc.PowerOn, bmc.PowerOn
		return
	}
	well := free == bmc.PowerUnknown && !p.looksBad()
	if well && (p.memory.Power == bmc.PowerUnknown || p.memory.Power == bmc.PowerOn) {
		return
	}
	gaps := len(p.server.Gaps)
	p.server.Power = p.askPower(ctx)
	if well {
		p.server.Gaps = p.server.Gaps[:gaps] // all fans turn, whatever the systems say
	}
	// Of the two, the systems are believed when they say off. One that says
	// PoweringOn for as long as its operating system is not up (bmcweb:
	// TransitioningToRunning) would change its power whenever a fan looks bad: the
	// host is on since the chassis said so.
	if p.server.Power == bmc.PowerChanges && free == bmc.PowerOn {
		p.server.Power = bmc.PowerOn
	}
	p.memory.Power = p.server.Power
}

// askPower asks the systems.
func (p *poll) askPower(ctx context.Context) bmc.Power {
	var said []bmc.Power
	gaps := len(p.server.Gaps)
	paths := p.systems(ctx)
	if len(p.server.Gaps) > gaps {
		said = append(said, bmc.PowerUnknown) // one that was not listed may be on
	}
	if len(paths) > maxSystems {
		paths, said = paths[:maxSystems], append(said, bmc.PowerUnknown) // one that is not asked may be on
	}
	for _, path := range paths {
		host, err := p.system(ctx, path)
		if err != nil {
			p.gap("System "+lastOf(path)+" power state", false, err)
			said = append(said, bmc.PowerUnknown)
			continue
		}
		said = append(said, power(host.PowerState))
	}
	return all(said)
}

// computer is a ComputerSystem resource.
type computer struct{ PowerState, UUID, SerialNumber text }

// system reads a system, once a poll.
func (p *poll) system(ctx context.Context, path string) (*computer, error) {
	if host := p.hosts[path]; host != nil {
		return host, nil
	}
	host := new(computer)
	if _, err := p.read(ctx, path, host); err != nil {
		return nil, err
	}
	if p.hosts == nil {
		p.hosts = map[string]*computer{}
	}
	p.hosts[path] = host
	return host, nil
}

// all is the power of a server of several systems: its fans may stand
// still only when all are off.
func all(systems []bmc.Power) bmc.Power {
	for _, one := range []bmc.Power{bmc.PowerOn, bmc.PowerChanges, bmc.PowerUnknown} {
		if slices.Contains(systems, one) {
			return one
		}
	}
	if len(systems) == 0 {
		return bmc.PowerUnknown
	}
	return bmc.PowerOff
}

func power(state text) bmc.Power {
	switch strings.ToLower(state.String()) {
	case "on":
		return bmc.PowerOn
	case "off":
		return bmc.PowerOff
	case "poweringon", "poweringoff":
		return bmc.PowerChanges
	}
	return bmc.PowerUnknown
}

// withFans are the chassis that have fans, or all when none has.
func (p *poll) withFans() []*chassis {
	var out []*chassis
	for _, c := range p.chassis {
		if slices.Contains(p.memory.Fans, c.path) {
			out = append(out, c)
		}
	}
	if out == nil {
		return p.chassis
	}
	return out
}

// systems are those of the chassis that have fans, or all of the controller's;
// one more than maxSystems when there are more.
func (p *poll) systems(ctx context.Context) []string {
	var out []string
	for _, c := range p.withFans() {
		for _, path := range c.body.Links.ComputerSystems.links() {
			if !slices.Contains(out, path) && len(out) <= maxSystems {
				out = append(out, path)
			}
		}
	}
	if out != nil || p.root.Systems == "" {
		return out
	}
	members, err := p.upTo(ctx, string(p.root.Systems), maxMembers)
	if err != nil {
		p.gap("the systems collection", false, err)
	}
	for _, m := range members[:min(len(members), maxSystems+1)] {
		out = append(out, m.path)
	}
	return out
}

// looksBad says that a fan stands still, is missing or critical, which is
// normal while the host is off. Bays that were empty from the start are normal
// anyway.
func (p *poll) looksBad() bool {
	if p.lost() {
		return true
	}
	for _, f := range p.server.Fans {
		switch {
		case f.Presence == bmc.Standby:
		case f.Presence == bmc.Absent:
			if len(p.ask.Known) == 0 || slices.Contains(p.ask.Known, f.ID) {
				return true
			}
		case f.Reading == nil, *f.Reading <= 0, f.Health == bmc.HealthCritical,
			f.LowerCritical != nil && *f.Reading <= *f.LowerCritical:
			return true
		}
	}
	return len(p.server.Fans) == 0
}

// lost says that a fan that is expected is missing or has no reading.
func (p *poll) lost() bool {
	return slices.ContainsFunc(p.ask.Known, func(id string) bool {
		return !slices.ContainsFunc(p.server.Fans, func(f bmc.Fan) bool {
			return f.ID == id && f.Presence != bmc.Absent && f.Reading != nil
		})
	})
}
