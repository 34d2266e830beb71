package redfish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// way is where the fans are found.
type way string

// The ways, in the order they are tried. A later one is only gone when no fan
// was found and nothing was unreadable before: it has other names for the same
// fans (iDRAC9: "System Board Fan1A" and "Fan 1A").
const (
	byThermal   way = "thermal"
	bySubsystem way = "subsystem"
	bySensors   way = "sensors"
)

// thermal is a Thermal resource.
type thermal struct {
	Fans       list `json:"Fans"`
	Redundancy list `json:"Redundancy"`
}

// readFans finds the fans and their redundancy.
func (p *poll) readFans(ctx context.Context) {
	gaps := len(p.server.Gaps)
	if p.tryWays(ctx) {
		return
	}
	// What was remembered does not hold any more: look once more everywhere.
	p.note("no fan where fans were before: looking everywhere")
	p.server.Fans, p.server.Redundancies, p.server.Gaps = nil, nil, p.server.Gaps[:gaps]
	p.server.Parts, p.cooled = nil, nil
	before := p.memory
	skipped := p.memory.Quiet
	p.memory.Way, p.memory.Fans, p.memory.Quiet, p.memory.Subsystems, p.memory.Measured = "", nil, nil, nil, nil
	for _, path := range skipped {
		if slices.ContainsFunc(p.chassis, func(c *chassis) bool { return c.path == path }) {
			continue
		}
		if c := p.chassisOf(ctx, member{path: path}); c != nil {
			p.chassis = append(p.chassis, c)
		}
	}
	p.tryWays(ctx)
	if p.fans() > 0 && p.memory.Way != before.Way {
		// Another way has other ids and fewer thresholds. A controller that is
		// starting may offer only that one: until what is remembered is too old,
		// the way that worked is tried first.
		p.memory.Way, p.memory.Fans, p.memory.Quiet = before.Way, before.Fans, before.Quiet
		p.memory.Subsystems, p.memory.Measured = before.Subsystems, before.Measured
	}
}

// tryWays goes the ways until fans are found. It is false when fans are missing
// where the memory says that there were some.
func (p *poll) tryWays(ctx context.Context) bool {
	known := slices.Clone(p.memory.Fans)
	for _, w := range []way{byThermal, bySubsystem, bySensors} {
		if p.memory.Way != "" && p.memory.Way != w {
			continue
		}
		before := len(p.server.Gaps)
		var quiet []*chassis
		for _, c := range p.chassis {
			if slices.Contains(p.memory.Quiet, c.path) {
				continue
			}
			n, clean := p.fansOf(ctx, c, w)
			if n == 0 && clean && !p.turning(c) && !p.troubled(c) {
				quiet = append(quiet, c)
				if slices.Contains(known, c.path) {
					return false
				}
			}
		}
		if p.fans() > 0 {
			p.finish(w, quiet)
			return true
		}
		if len(p.server.Gaps) > before {
			return true
		}
	}
	if len(p.server.Fans) > 0 { // pumps alone
		p.finish("", nil)
	}
	return len(known) == 0 || len(p.server.Gaps) > 0
}

// fans counts the fans that were found: pumps are none.
func (p *poll) fans() int {
	n := 0
	for _, f := range p.server.Fans {
		if !f.Pump {
			n++
		}
	}
	return n
}

// turning says whether anything was found in a chassis, a pump too.
func (p *poll) turning(c *chassis) bool {
	return slices.ContainsFunc(p.server.Fans, func(f bmc.Fan) bool { return f.Chassis == c.id })
}

// troubled says that a part of a chassis' cooling has to be watched although
// nothing turns there.
func (p *poll) troubled(c *chassis) bool {
	return slices.ContainsFunc(p.server.Parts, func(one bmc.Part) bool {
		bad := one.Health == bmc.HealthWarning || one.Health == bmc.HealthCritical
		return strings.HasPrefix(one.ID, c.id+"/") && (one.Kind == bmc.LeakDetector || bad)
	})
}

// fansOf reads the fans of one chassis one way. It says how many there were,
// and whether that is all there is to say.
func (p *poll) fansOf(ctx context.Context, c *chassis, w way) (n int, clean bool) {
	before, start, gaps := p.fans(), len(p.server.Fans), len(p.server.Gaps)
	switch w {
	case byThermal:
		p.readThermal(ctx, c)
	case bySubsystem:
		p.readSubsystem(ctx, c)
	case bySensors:
		p.readSensors(ctx, c)
	}
	p.measure(ctx, c, start)
	return p.fans() - before, len(p.server.Gaps) == gaps
}

// add adds a fan of a chassis.
func (p *poll) add(c *chassis, fan bmc.Fan, place int) {
	if len(p.server.Fans) >= maxFans {
		if len(p.server.Fans) == maxFans && !slices.ContainsFunc(p.server.Gaps, func(g bmc.Gap) bool { return errors.Is(g.Err, errMany) }) {
			p.hidden(c.id+"/", "Chassis "+c.id+" fans", errMany)
		}
		return
	}
	if fan.ID == "" {
		fan.ID = fmt.Sprintf("#%d", place)
	}
	fan.ID, fan.Chassis = c.id+"/"+fan.ID, c.id
	p.server.Fans = append(p.server.Fans, fan)
}

// takeFans adds the fans of a list. What is wrong with one costs that one. An
// element may be only a link to a resource of the same shape (iDRAC7).
func (p *poll) takeFans(ctx context.Context, c *chassis, fans list, what string) {
	if fans.wrong {
		p.hidden(c.id+"/", what, errors.New("its Fans are no list"))
	}
	if len(fans.items) > maxFans {
		p.hidden(c.id+"/", what, errMany)
		fans.items = fans.items[:maxFans]
	}
	path := string(c.body.Thermal)
	order := make([]string, len(fans.items))
	unread := func(i int, err error) {
		g := bmc.Gap{What: phrase.Clip(fmt.Sprintf("%s fan %d", what, i), maxName), Hides: c.id + "/", Err: err}
		if was := p.memory.Orders[path]; len(was) == len(order) && was[i] != "" {
			order[i] = was[i]
			g.Fan = c.id + "/" + was[i]
			g.Hides = g.Fan
		}
		p.server.Gaps = append(p.server.Gaps, g)
	}
	for i, item := range fans.items {
		var f thermalFan
		err := object(item, &f)
		if self := string(f.Self); err == nil && f.empty() && self != "" && !strings.Contains(self, "#") {
			_, err = p.read(ctx, self, &f)
		}
		switch {
		case string(item) == "null":
		case err != nil:
			unread(i, err)
		case f.empty():
			unread(i, errEmpty)
		default:
			fan := f.fan()
			order[i] = fan.ID
			p.add(c, fan, i)
		}
	}
	p.memory.ordered(path, order)
}

// maxFans is more than any server has.
const maxFans = 512

var (
	errEmpty = errors.New("it says nothing about a fan")
	errMany  = fmt.Errorf("there are more than %d", maxFans)
)

// readThermal finds the fans of a Thermal. Pumps and leak detectors are asked for
// where it has no fan, too.
func (p *poll) readThermal(ctx context.Context, c *chassis) {
	what, sets := "Chassis "+c.id+" Thermal", true
	if path := string(c.body.Thermal); path != "" {
		var body thermal
		_, err := p.read(ctx, path, &body)
		switch {
		case err == nil:
			p.takeFans(ctx, c, body.Fans, what)
			p.redundancies(c, body.Redundancy, what)
			sets = len(body.Redundancy.items) == 0
		case !missing(err):
			p.hidden(c.id+"/", what, err)
			return
		}
	}
	p.cooling(ctx, c, sets)
}

// readSubsystem finds the fans of a ThermalSubsystem, and what else is in it.
func (p *poll) readSubsystem(ctx context.Context, c *chassis) {
	path := string(c.body.ThermalSubsystem)
	p.cooling(ctx, c, true)
	fans := p.memory.Subsystems[path].Fans
	if fans == "" {
		return
	}
	what := "Chassis " + c.id + " ThermalSubsystem"
	members, err := p.members(ctx, fans)
	if err != nil && !missing(err) {
		p.hidden(c.id+"/", what+" Fans", err)
	}
	for i, m := range members {
		var f subsystemFan
		if err := p.whole(ctx, m, &f); err != nil {
			p.unread(c.id+"/"+cmp.Or(p.memory.Members[m.path], lastOf(m.path)), what+" fan "+lastOf(m.path), err)
			continue
		}
		fan := f.fan()
		p.memory.named(m.path, fan.ID)
		p.add(c, fan, i)
	}
}

// unread notes a fan that could not be read, under the id that it had when it could.
func (p *poll) unread(id, what string, err error) {
	p.server.Gaps = append(p.server.Gaps, bmc.Gap{What: phrase.Clip(what, maxName), Hides: id, Fan: id, Err: err})
}

func lastOf(path string) string {
	path = trimSlash(path)
	return phrase.Clip(path[strings.LastIndexByte(path, '/')+1:], maxName)
}
