package redfish

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// maxSensors is how many sensors of one chassis are looked at.
const maxSensors = 16384

// maxEach is how many sensors are asked for one by one in a poll.
const maxEach = 128

var errSensors = fmt.Errorf("there are more than %d that could measure a fan", maxEach)

// readSensors finds fans that are only sensors, as on GB200 boxes, whose Fans
// collections are empty.
func (p *poll) readSensors(ctx context.Context, c *chassis) {
	path := string(c.body.Sensors)
	if path == "" {
		return
	}
	found, err := p.sensors(ctx, c, nil)
	if err != nil && !missing(err) {
		p.hidden(c.id+"/", "Chassis "+c.id+" Sensors", err)
	}
	pumps := p.turning(c)
	for i, s := range found {
		if s.turns() && !(pumps && s.pump()) {
			p.add(c, s.fan(), i)
		}
	}
	p.cooling(ctx, c, true)
}

// sensors reads the sensors of a chassis. Where the list cannot be expanded,
// those alone that are wanted or sound like a fan; where it could and now cannot,
// all when none of these turns. What cannot be read is a gap.
func (p *poll) sensors(ctx context.Context, c *chassis, wanted []string) ([]sensor, error) {
	members, err := p.list(ctx, string(c.body.Sensors), maxSensors)
	like := func(m member) bool {
		return full(m.body) || soundsLikeFan(m.path) || slices.Contains(wanted, m.path)
	}
	likely := slices.DeleteFunc(slices.Clone(members), func(m member) bool { return !like(m) })
	out, many := p.each(ctx, c, likely)
	if p.root.expands() && len(likely) < len(members) && !slices.ContainsFunc(out, sensor.turns) {
		out, many = p.each(ctx, c, members)
	}
	return out, cmp.Or(err, many)
}

// each reads these sensors, one by one those that did not come whole.
func (p *poll) each(ctx context.Context, c *chassis, members []member) ([]sensor, error) {
	var out []sensor
	singles := 0
	for _, m := range members {
		if !full(m.body) {
			if singles++; singles > maxEach {
				return out, errSensors
			}
		}
		if s, ok := p.sensor(ctx, c, m); ok {
			out = append(out, s)
		}
	}
	return out, nil
}

// sensor reads one sensor. One that cannot be read may be a fan.
func (p *poll) sensor(ctx context.Context, c *chassis, m member) (sensor, bool) {
	s := sensor{path: m.path}
	err := p.whole(ctx, m, &s)
	if err != nil {
		p.hidden(c.id+"/"+lastOf(m.path), "Chassis "+c.id+" Sensors "+lastOf(m.path), err)
	}
	return s, err == nil
}

func soundsLikeFan(path string) bool {
	name := strings.ToLower(lastOf(path))
	return strings.Contains(name, "fan") || strings.Contains(name, "tach") || strings.Contains(name, "pump")
}

// measure looks among the sensors of a chassis for the speed of fans that show
// none: bmcweb leaves it out of a Fan that has two tachometers, and calls it
// well because nobody measured. from is the first of the chassis' fans.
func (p *poll) measure(ctx context.Context, c *chassis, from int) {
	fans := p.server.Fans[from:]
	var mute []int
	var wanted []string
	whole := false
	for i, f := range fans {
		if f.Presence != bmc.Present || f.Reading != nil {
			continue
		}
		sources := p.memory.Measured[f.ID]
		if len(sources.Paths) == 0 && recent(sources.At, p.now(), noLogAge) {
			continue // a while ago no sensor measured it: some are there only while the host is on
		}
		paths := sources.Paths
		for _, r := range f.Rotors {
			if r.From != "" {
				paths = append(paths, r.From)
			}
		}
		mute, wanted, whole = append(mute, i), append(wanted, paths...), whole || len(paths) == 0
	}
	if len(mute) == 0 || c.body.Sensors == "" && len(wanted) == 0 {
		p.doubt(ctx, c, fans)
		return
	}
	gaps := len(p.server.Gaps)
	found := p.speeds(ctx, c, wanted, whole)
	end := len(p.server.Gaps)
	owners := ownersOf(found, fans)
	p.compare(ctx, c, fans, found)
	for _, i := range mute {
		used := take(fans, i, found, owners)
		if len(used) > 0 || end == gaps && power(c.body.PowerState) != bmc.PowerOff {
			learn(&p.memory.Measured, fans[i].ID, measuredMemory{Paths: used, At: p.now()})
		}
	}
	blame(fans, mute, p.server.Gaps[gaps:end])
}

// speeds reads the sensors that are wanted: with the whole list where that is
// one request, or where it is not known which ones they are.
func (p *poll) speeds(ctx context.Context, c *chassis, wanted []string, whole bool) []sensor {
	list := string(c.body.Sensors)
	var found []sensor
	if list != "" && (whole || len(wanted) > 1 && p.root.expands() && !slices.Contains(p.memory.Plain, list)) {
		var err error
		if found, err = p.sensors(ctx, c, wanted); err != nil && !missing(err) {
			p.gap("Chassis "+c.id+" Sensors", false, err)
		}
	}
	for n, path := range wanted {
		if slices.ContainsFunc(found, func(s sensor) bool { return s.path == path }) || slices.Contains(wanted[:n], path) {
			continue
		}
		if len(found) >= maxEach && !whole {
			p.gap("Chassis "+c.id+" Sensors", false, errSensors)
			break
		}
		if s, ok := p.sensor(ctx, c, member{path: path}); ok {
			found = append(found, s)
		}
	}
	return found
}

// ownersOf are the fans that each sensor's name names, as places: those of the
// longest name that fits.
func ownersOf(found []sensor, fans []bmc.Fan) [][]int {
	keys := make([][]string, len(fans))
	for i, f := range fans {
		keys[i] = keysOf(f)
	}
	owners := make([][]int, len(found))
	for n, s := range found {
		if !s.turns() {
			continue
		}
		best, names := 0, s.keys()
		for i := range fans {
			switch fit := fitting(names, keys[i]); {
			case fit == 0 || fit < best:
			case fit == best:
				owners[n] = append(owners[n], i)
			default:
				best, owners[n] = fit, []int{i}
			}
		}
	}
	return owners
}

// take gives a fan the rotors that the sensors measure: those that the fan
// itself refers to, else those of its name, and says which these were. A name
// that fits a longer one of another fan is that fan's.
func take(fans []bmc.Fan, i int, found []sensor, owners [][]int) []string {
	f := &fans[i]
	var own, named []sensor
	for n, s := range found {
		if slices.ContainsFunc(f.Rotors, func(r bmc.Rotor) bool { return r.From == s.path }) {
			if !s.other() {
				own = append(own, s)
			}
			continue
		}
		if slices.Contains(owners[n], i) && s.pump() == f.Pump {
			named = append(named, s)
		}
	}
	if len(own) == 0 {
		own = named
	}
	if len(own) == 0 {
		return nil
	}
	slices.SortFunc(own, func(a, b sensor) int { return bmc.Compare(a.path, b.path) })
	f.Rotors = nil
	var used []string
	for _, s := range own {
		used = append(used, s.path)
		f.Rotors = append(f.Rotors, s.rotors()...)
		if word := health(s.Status.health); word != bmc.HealthOK && word != bmc.HealthUnknown {
			f.Says = phrase.Clip(f.Says+", "+s.Name.Name()+" "+s.Status.says(), maxText)
		}
	}
	f.Opinion = bmc.NoOpinion
	f.Weigh()
	return used
}

// blame names the fans whose sensors could not be read, and says of them that they
// were not: they have not lost their reading.
func blame(fans []bmc.Fan, mute []int, gaps []bmc.Gap) {
	at := make([]string, len(gaps))
	names := make([][]string, len(gaps))
	for n, g := range gaps {
		at[n] = g.What[strings.LastIndexByte(g.What, ' ')+1:]
		names[n] = sensor{ID: text(at[n])}.keys()
	}
	for _, i := range mute {
		f, whole, keys := &fans[i], false, keysOf(fans[i])
		for n := range gaps {
			g := &gaps[n]
			byLink := slices.ContainsFunc(f.Rotors, func(r bmc.Rotor) bool { return r.From != "" && lastOf(r.From) == at[n] })
			if g.Fan == "" && (byLink || fitting(names[n], keys) > 0) {
				g.Fan, g.Hides = f.ID, f.ID
			}
			whole = whole || g.Fan == f.ID || g.Hides == ""
		}
		bad := f.Health == bmc.HealthWarning || f.Health == bmc.HealthCritical
		if whole && f.Reading == nil && f.Presence == bmc.Present && !bad {
			f.Presence = bmc.Unread
		}
	}
}
