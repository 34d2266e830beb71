package redfish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
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
	before := p.memory
	skipped := p.memory.Quiet
	p.memory.Way, p.memory.Fans, p.memory.Quiet, p.memory.Single = "", nil, nil, nil
	for _, path := range skipped {
		if slices.ContainsFunc(p.chassis, func(c *chassis) bool { return c.path == path }) {
			continue
		}
		if c := p.chassisOf(ctx, member{path: path}); c != nil {
			p.chassis = append(p.chassis, c)
		}
	}
	p.tryWays(ctx)
	if len(p.server.Fans) > 0 && p.memory.Way != before.Way {
		// Another way has other ids and fewer thresholds. A controller that is
		// starting may offer only that one: until what is remembered is too old,
		// the way that worked is tried first.
		p.memory.Way, p.memory.Fans, p.memory.Quiet, p.memory.Single = before.Way, before.Fans, before.Quiet, before.Single
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
			if n == 0 && clean {
				quiet = append(quiet, c)
				if slices.Contains(known, c.path) {
					return false
				}
			}
		}
		if len(p.server.Fans) > 0 {
			p.settle(w, quiet)
			return true
		}
		if len(p.server.Gaps) > before {
			return true
		}
	}
	return len(known) == 0 || len(p.server.Gaps) > 0
}

// settle finishes the list of fans and learns where they are.
func (p *poll) settle(w way, quiet []*chassis) {
	with := map[string]bool{}
	for i := range p.server.Fans {
		with[p.server.Fans[i].Chassis] = true
	}
	if len(with) == 1 {
		for i := range p.server.Fans {
			p.server.Fans[i].Chassis = ""
		}
	}
	unique(p.server.Fans)
	p.memory.Way, p.memory.Fans = w, nil
	for _, c := range p.chassis {
		if with[c.id] {
			p.memory.Fans = append(p.memory.Fans, c.path)
		}
	}
	for _, c := range quiet {
		p.memory.Quiet = append(p.memory.Quiet, c.path)
	}
	p.memory.Quiet = append(p.memory.Quiet, p.gone...)
}

// fansOf reads the fans of one chassis one way. It says how many there were,
// and whether that is all there is to say.
func (p *poll) fansOf(ctx context.Context, c *chassis, w way) (n int, clean bool) {
	before, gaps := len(p.server.Fans), len(p.server.Gaps)
	switch w {
	case byThermal:
		p.readThermal(ctx, c)
	case bySubsystem:
		p.readSubsystem(ctx, c)
	case bySensors:
		p.readSensors(ctx, c)
	}
	return len(p.server.Fans) - before, len(p.server.Gaps) == gaps
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
	for i, item := range fans.items {
		var f thermalFan
		err := object(item, &f)
		if self := string(f.Self); err == nil && f.empty() && self != "" && !strings.Contains(self, "#") {
			_, err = p.read(ctx, self, &f)
		}
		switch {
		case string(item) == "null":
		case err != nil:
			p.hidden(c.id+"/", fmt.Sprintf("%s fan %d", what, i), err)
		case f.empty():
			p.hidden(c.id+"/", fmt.Sprintf("%s fan %d", what, i), errEmpty)
		default:
			p.add(c, f.fan(), i)
		}
	}
}

// maxFans is more than any server has.
const maxFans = 512

var (
	errEmpty = errors.New("it says nothing about a fan")
	errMany  = fmt.Errorf("there are more than %d", maxFans)
)

func (p *poll) readThermal(ctx context.Context, c *chassis) {
	path := string(c.body.Thermal)
	if path == "" {
		return
	}
	what := "Chassis " + c.id + " Thermal"
	var body thermal
	if _, err := p.read(ctx, path, &body); err != nil {
		if !missing(err) {
			p.hidden(c.id+"/", what, err)
		}
		return
	}
	p.takeFans(ctx, c, body.Fans, what)
	p.redundancies(c, body.Redundancy, what)
	if len(body.Fans.items) > 0 && len(body.Redundancy.items) == 0 {
		p.readFanRedundancy(ctx, c)
	}
}

// subsystem is a ThermalSubsystem resource.
type subsystem struct {
	Fans          link `json:"Fans"`
	FanRedundancy list `json:"FanRedundancy"`
}

func (p *poll) readSubsystem(ctx context.Context, c *chassis) {
	path := string(c.body.ThermalSubsystem)
	if path == "" {
		return
	}
	what := "Chassis " + c.id + " ThermalSubsystem"
	body := subsystem{Fans: link(p.memory.Single[path])}
	if body.Fans == "" {
		if _, err := p.read(ctx, path, &body); err != nil {
			if !missing(err) {
				p.hidden(c.id+"/", what, err)
			}
			return
		}
		p.redundancies(c, body.FanRedundancy, what)
	}
	if body.Fans == "" {
		return
	}
	if !body.FanRedundancy.found || !body.FanRedundancy.wrong && len(body.FanRedundancy.items) == 0 {
		p.memory.single(path, string(body.Fans))
	}
	members, err := p.members(ctx, string(body.Fans))
	if err != nil && !missing(err) {
		p.hidden(c.id+"/", what+" Fans", err)
	}
	for i, m := range members {
		var f subsystemFan
		if m.body == nil || object(m.body, &f) != nil || f.ID == "" {
			if _, err := p.read(ctx, m.path, &f); err != nil {
				p.hidden(c.id+"/"+lastOf(m.path), what+" fan "+lastOf(m.path), err)
				continue
			}
		}
		p.add(c, f.fan(), i)
	}
}

// readSensors finds fans that are only sensors, as on GB200 boxes, whose Fans
// collections are empty.
func (p *poll) readSensors(ctx context.Context, c *chassis) {
	path := string(c.body.Sensors)
	if path == "" {
		return
	}
	what := "Chassis " + c.id + " Sensors"
	members, err := p.members(ctx, path)
	if err != nil && !missing(err) {
		p.hidden(c.id+"/", what, err)
	}
	for i, m := range members {
		var s sensor
		if m.body == nil || object(m.body, &s) != nil || s.ID == "" {
			// Not expanded: only what sounds like a fan is asked for.
			if name := strings.ToLower(lastOf(m.path)); !strings.Contains(name, "fan") && !strings.Contains(name, "tach") {
				continue
			}
			if _, err := p.read(ctx, m.path, &s); err != nil {
				p.hidden(c.id+"/"+lastOf(m.path), what+" "+lastOf(m.path), err)
				continue
			}
		}
		if s.turns() {
			p.add(c, s.fan(), i)
		}
	}
}

func lastOf(path string) string {
	path = trimSlash(path)
	return clip(path[strings.LastIndexByte(path, '/')+1:], maxName)
}
