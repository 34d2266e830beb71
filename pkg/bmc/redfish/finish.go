package redfish

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// finish completes the list of fans and learns where they are.
func (p *poll) finish(w way, quiet []*chassis) {
	p.tellOnce()
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

// tellOnce drops fans that an enclosure lists without anything about them, while
// the controller of another chassis lists fans of the very same names with their
// readings (Cisco UCS X9508 and its fan modules): they are the same, told twice.
func (p *poll) tellOnce() {
	told := map[string]map[string]bool{} // chassis by the name of a fan that has data
	blank := func(f bmc.Fan) bool {
		return f.Presence == bmc.Present && f.Reading == nil && f.Health == bmc.HealthUnknown && f.Name != ""
	}
	for _, f := range p.server.Fans {
		if !blank(f) && f.Name != "" {
			if told[f.Name] == nil {
				told[f.Name] = map[string]bool{}
			}
			told[f.Name][f.Chassis] = true
		}
	}
	p.server.Fans = slices.DeleteFunc(p.server.Fans, func(f bmc.Fan) bool {
		twice := blank(f) && len(told[f.Name]) > 0 && !told[f.Name][f.Chassis]
		if twice {
			p.note("%s lists %s without anything about it: it is the one of the same name in another chassis", f.Chassis, f.Name)
		}
		return twice
	})
}
