package ipmi

import (
	"context"
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// turning is why a presence sensor was not asked.
const turning = "not asked: the fan turns"

// later says that a sensor tells presence alone: it is asked when it is known
// which fan it is about.
func (r reading) later() bool {
	return r.Record != recordEventOnly && (r.Type == typeEntity || r.presence())
}

// witnesses asks the presence of those fans that other sensors do not vouch for.
// A fan that a state calls running and whose reading says so is there (HPE, three
// sensors a fan). A tachometer alone vouches for no more than entity presence,
// which was never asked before (Fujitsu): one that is not fully plugged can turn
// (ibm-openbmc/dev issue 2903).
func (p *poll) witnesses(ctx context.Context, s set) {
	asked := map[string]reading{}
	ask := func(r *reading) {
		if !r.later() || r.missing != turning {
			return
		}
		said, known := asked[r.id()]
		if !known {
			said = p.witness(ctx, *r)
			asked[r.id()] = said
		}
		*r = said
	}
	for _, m := range s.members {
		counts, runs := m.seenTurning()
		if counts && runs {
			continue
		}
		ask(&m.main)
		for i := range m.others {
			if one := &m.others[i]; !counts || one.Type != typeEntity {
				ask(one)
			}
		}
	}
}

// seenTurning says whether the fan's reading counts something, and whether a state
// says that it runs. A share of the full speed may be what the fan was told (HPE's
// DutyCycle): it counts beside such a state.
func (m *member) seenTurning() (counts, runs bool) {
	runs = slices.ContainsFunc(m.all(), func(r reading) bool {
		return !r.later() && r.Kind != kindThreshold && r.health() == bmc.HealthOK
	})
	value, ok := m.main.value()
	unit, _ := m.main.unit()
	return ok && value > 0 && (unit != "%" || runs), runs
}

// witness asks one presence sensor.
func (p *poll) witness(ctx context.Context, r reading) reading {
	s := r.sensor
	if r.own {
		s.Kind = kindOwn
	}
	r = p.reading(ctx, s).witnessed()
	p.note("Get Sensor Reading 0x%02x %s: %s", r.Number, r.Name, r)
	return r
}
