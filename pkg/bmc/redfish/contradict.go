package redfish

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// doubtAge is how often the sensors of a chassis are held against what its fans
// say of themselves, where the chassis does not vouch for its parts.
const doubtAge = 15 * time.Minute

// maxDoubted is how many sensors are asked one by one for that.
const maxDoubted = 16

// doubted says whether it is time to look. A chassis whose roll-up is fine
// vouches for its parts: there once a day is enough, and not at all where Thermal
// tells of its fans, which is measured on all controllers (iDRACs take seconds
// for their Sensors).
func (p *poll) doubted(c *chassis) bool {
	list, limit := string(c.body.Sensors), doubtAge
	if c.well() {
		limit = maxAge
	}
	return list != "" && !(c.well() && c.body.Thermal != "") && !recent(p.memory.Doubted[list], p.now(), limit)
}

// doubt looks for a sensor that is worse than the fan of its name. What cannot be
// read is no gap: every fan has told of itself.
func (p *poll) doubt(ctx context.Context, c *chassis, fans []bmc.Fan) {
	list := string(c.body.Sensors)
	if len(fans) == 0 || !p.doubted(c) {
		delete(p.memory.Worse, list) // the chassis vouches for its parts again
		return
	}
	members, err := p.list(ctx, list, maxSensors)
	if err != nil {
		p.note("Chassis %s Sensors: %v", c.id, err)
	}
	var keys []string
	for _, f := range fans {
		keys = append(keys, keysOf(f)...)
	}
	var found []sensor
	singles := 0
	for _, m := range members {
		var s sensor
		if !full(m.body) {
			if fitting(sensor{ID: text(lastOf(m.path))}.keys(), keys) == 0 || singles == maxDoubted {
				continue
			}
			singles++
		}
		if p.whole(ctx, m, &s) != nil {
			continue // said in the evidence
		}
		s.path = m.path
		found = append(found, s)
	}
	if !p.compare(ctx, c, fans, found) && power(c.body.PowerState) != bmc.PowerOff {
		learn(&p.memory.Doubted, list, p.now())
	}
}

// compare holds sensors against the fans, and with them those that were worse at the
// last poll and that this one did not come by: nobody having looked is no agreement.
// It says whether one is worse, or may be.
func (p *poll) compare(ctx context.Context, c *chassis, fans []bmc.Fan, found []sensor) bool {
	list := string(c.body.Sensors)
	before, worse := p.memory.Worse[list], map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if slices.ContainsFunc(found, func(s sensor) bool { return s.path == path }) {
			continue
		}
		var s sensor
		switch _, err := p.read(ctx, path, &s); {
		case err == nil:
			s.path = path
			found = append(found, s)
		case !missing(err):
			what := "Chassis " + c.id + " sensor " + lastOf(path)
			p.server.Gaps = append(p.server.Gaps, bmc.Gap{What: phrase.Clip(what, maxName), Fan: before[path], Err: err})
			worse[path] = before[path]
		}
	}
	maps.Copy(worse, contradict(fans, found, ownersOf(found, fans)))
	delete(p.memory.Worse, list)
	if len(worse) > 0 {
		learn(&p.memory.Worse, list, worse)
		delete(p.memory.Doubted, list)
	}
	return len(worse) > 0
}

// contradict gives fans that show a speed the sensors that are worse than that: a
// fan is as bad as its worst rotor, whoever tells of it. It returns the paths of
// these sensors with the ids of the fans.
func contradict(fans []bmc.Fan, found []sensor, owners [][]int) map[string]string {
	out := map[string]string{}
	for n, s := range found {
		if state := s.Status.state; state != "" && !strings.EqualFold(state, "Enabled") {
			continue // it does not measure
		}
		for _, i := range owners[n] {
			f := &fans[i]
			if f.Reading == nil || f.Presence != bmc.Present || s.pump() != f.Pump || s.path == "" || refers(*f, s) {
				continue
			}
			worse := *f
			lent := s.rotors()
			for k := range lent {
				lent[k].Lent = true
			}
			worse.Rotors = append(slices.Clone(f.Rotors), lent...)
			if worse.Weigh(); worse.Health == f.Health && !names(s, worse.Rotor) {
				continue
			}
			out[s.path] = f.ID
			worse.Says = phrase.Clip(f.Says+", "+s.Name.Name()+" "+s.Status.says(), maxText)
			*f = worse
		}
	}
	return out
}

func refers(f bmc.Fan, s sensor) bool {
	return slices.ContainsFunc(f.Rotors, func(r bmc.Rotor) bool { return r.From == s.path && r.Reading == nil })
}

// names says that a rotor is one of the sensor's.
func names(s sensor, rotor string) bool {
	return slices.ContainsFunc(s.rotors(), func(r bmc.Rotor) bool { return r.Name == rotor })
}
