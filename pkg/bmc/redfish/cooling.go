package redfish

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// subsystem is a ThermalSubsystem resource.
type subsystem struct {
	Status        status `json:"Status"`
	Fans          link   `json:"Fans"`
	Pumps         link   `json:"Pumps"`
	LeakDetection link   `json:"LeakDetection"`
	FanRedundancy list   `json:"FanRedundancy"`
}

// wellFor is how long a ThermalSubsystem that said that it is well is believed,
// where the chassis has no roll-up that would tell for free that it is not any
// more.
const wellFor = 15 * time.Minute

// cooling reads what a chassis' ThermalSubsystem holds besides fans: its own
// health, redundancy sets where Thermal has none (AMI, HPE, Lenovo), pumps and
// leak detectors. In a steady run it costs no request where there is none of
// these.
func (p *poll) cooling(ctx context.Context, c *chassis, sets bool) {
	path := string(c.body.ThermalSubsystem)
	if path == "" || p.cooled[path] {
		return
	}
	if p.cooled == nil {
		p.cooled = map[string]bool{}
	}
	p.cooled[path] = true
	what := "Chassis " + c.id + " ThermalSubsystem"
	m, known := p.memory.Subsystems[path]
	if !known || m.Unread || m.Sets && sets || !c.well() && !recent(m.Well, p.now(), wellFor) {
		var body subsystem
		if _, err := p.read(ctx, path, &body); err != nil {
			if missing(err) {
				learn(&p.memory.Subsystems, path, subsystemMemory{Well: p.now()})
			} else {
				p.hidden(c.id+"/", what, err)
			}
			return
		}
		if sets {
			p.redundancies(c, body.FanRedundancy, what)
		}
		p.part(c.id+"/ThermalSubsystem", "cooling of chassis "+c.id, bmc.Cooling, body.Status)
		m = p.subsystemOf(ctx, c, body, m)
	}
	m.Pumps = p.readPumps(ctx, c, m.Pumps)
	p.readLeaks(ctx, c, m.Leaks)
	learn(&p.memory.Subsystems, path, m)
}

// subsystemOf is what is to be remembered of a ThermalSubsystem.
func (p *poll) subsystemOf(ctx context.Context, c *chassis, body subsystem, was subsystemMemory) subsystemMemory {
	m := subsystemMemory{Fans: string(body.Fans), Pumps: string(body.Pumps), Leaks: was.Leaks}
	m.Sets = body.FanRedundancy.wrong || len(body.FanRedundancy.items) > 0
	if word := health(cmp.Or(body.Status.health, body.Status.rollup)); word == bmc.HealthOK || word == bmc.HealthUnknown {
		m.Well = p.now()
	}
	if m.Leaks == "" && body.LeakDetection != "" {
		var found struct{ LeakDetectors link }
		_, err := p.read(ctx, string(body.LeakDetection), &found)
		switch {
		case err == nil:
			m.Leaks = cmp.Or(string(found.LeakDetectors), string(body.LeakDetection))
		case !missing(err):
			m.Unread = true // it is looked for again
			p.gap("Chassis "+c.id+" leak detectors", false, err)
		}
	}
	return m
}

// well says that the chassis' roll-up covers its cooling, and is fine.
func (c *chassis) well() bool { return health(c.body.Status.rollup) == bmc.HealthOK }

// part states a part of the cooling that says anything about itself.
func (p *poll) part(id, name string, kind bmc.PartKind, s status) {
	if !s.said || len(p.server.Parts) >= maxFans {
		return
	}
	own := bmc.Fan{}
	s.put(&own)
	p.server.Parts = append(p.server.Parts, bmc.Part{ID: id, Name: name, Kind: kind, Presence: own.Presence, Health: own.Health, Says: own.Says})
}

// pump is a Pump resource.
type pump struct {
	subsystemFan
	Speed excerpt `json:"PumpSpeedPercent"`
}

// readPumps reads the pumps of a ThermalSubsystem. It returns where they are,
// or nothing when there are none (HPE: an empty collection).
func (p *poll) readPumps(ctx context.Context, c *chassis, path string) string {
	if path == "" {
		return ""
	}
	what := "Chassis " + c.id + " ThermalSubsystem"
	members, err := p.members(ctx, path)
	switch {
	case missing(err):
		return ""
	case err != nil:
		p.hidden(c.id+"/Pumps/", what+" Pumps", err)
		return path
	case len(members) == 0:
		return ""
	}
	for i, m := range members {
		var one pump
		if err := p.whole(ctx, m, &one); err != nil {
			p.unread(c.id+"/Pumps/"+lastOf(m.path), what+" pump "+lastOf(m.path), err)
			continue
		}
		fan := one.fan()
		if r, ok := one.Speed.rotor("PumpSpeedPercent"); ok {
			fan.Rotors = append(fan.Rotors, r)
			fan.Weigh()
		}
		fan.ID, fan.Pump = "Pumps/"+cmp.Or(fan.ID, lastOf(m.path)), true
		p.add(c, fan, i)
	}
	return path
}

// leakDetector is a LeakDetector resource, or one in a group of a LeakDetection.
type leakDetector struct {
	ID     text   `json:"Id"`
	Name   text   `json:"Name"`
	Device text   `json:"DeviceName"`
	Source link   `json:"DataSourceUri"`
	State  text   `json:"DetectorState"`
	Status status `json:"Status"`
}

// readLeaks reads leak detectors: a collection of them, or a LeakDetection with
// groups of them.
func (p *poll) readLeaks(ctx context.Context, c *chassis, path string) {
	if path == "" {
		return
	}
	what := "Chassis " + c.id + " leak detectors"
	if strings.HasSuffix(trimSlash(path), "/LeakDetection") {
		var body struct{ LeakDetectorGroups list }
		if _, err := p.read(ctx, path, &body); err != nil {
			p.gap(what, false, err)
		}
		for _, item := range body.LeakDetectorGroups.items {
			var group struct{ Detectors list }
			if err := object(item, &group); err != nil {
				p.gap(what, false, err)
			}
			for _, one := range group.Detectors.items {
				p.leak(c, "", one)
			}
		}
		return
	}
	members, err := p.members(ctx, path)
	if err != nil && !missing(err) {
		p.gap(what, false, err)
	}
	for _, m := range members {
		var body json.RawMessage
		if err := p.whole(ctx, m, &body); err != nil {
			p.gap("Chassis "+c.id+" leak detector "+lastOf(m.path), false, err)
			continue
		}
		p.leak(c, lastOf(m.path), body)
	}
}

// leak states one leak detector. Its DetectorState is what it detects, its
// Status how it is itself.
func (p *poll) leak(c *chassis, id string, raw []byte) {
	var d leakDetector
	if err := object(raw, &d); err != nil {
		p.gap("Chassis "+c.id+" leak detector "+id, false, err)
		return
	}
	id = cmp.Or(d.ID.Name(), id, lastOf(string(d.Source)))
	s := d.Status
	if word := d.State.Name(); word != "" {
		s.said = true
		own := health(cmp.Or(s.health, s.rollup))
		switch strings.ToLower(word) {
		case "absent":
			s.state = word
		case "ok", "warning", "critical":
			if bmc.Worse(own, health(word)) != own {
				s.health = word
			}
		default: // nobody knows what that is, but a fault of its own is one
			if own == bmc.HealthOK {
				s.health, s.rollup = "", ""
			}
		}
	}
	n := len(p.server.Parts)
	p.part(c.id+"/LeakDetectors/"+id, cmp.Or(d.Name.Name(), d.Device.Name(), "leak detector "+id), bmc.LeakDetector, s)
	if word := d.State.Name(); len(p.server.Parts) > n && word != "" {
		p.server.Parts[n].Says = "DetectorState " + word + ", " + p.server.Parts[n].Says
	}
}
