package fans

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// Count is the number of fans, after the operator's filter. Pumps are no fans,
// but one that fails does.
type Count struct{ Listed, Present, Turning, Failing, Empty, Standby, Pumps, Pumping int }

func count(p Poll, pol Policy, m Memory) Count {
	var n Count
	for _, f := range p.Server.Fans {
		if !pol.Judges(f.ID, f.Name) {
			continue
		}
		c, _ := p.conditionOf(f, m.known(f.ID), pol)
		if f.Pump {
			n.pump(c)
			continue
		}
		n.Listed++
		switch {
		case c == emptyBay:
			n.Empty++
			continue
		case c == missing:
			n.Failing++
			continue
		case c == standby:
			n.Standby++
			continue
		case c.failing():
			n.Failing++
		case c == unread && f.Presence == bmc.Unread:
			continue
		case !c.open():
			n.Turning++
		}
		n.Present++
	}
	if p.Server.Blind() {
		return n
	}
	for id, k := range m.Fans {
		if pol.Judges(id, k.Name) && !slices.ContainsFunc(p.Server.Fans, func(f bmc.Fan) bool { return f.ID == id }) {
			n.Failing++
		}
	}
	return n
}

func (n *Count) pump(c condition) {
	switch {
	case c.failing():
		n.Failing++
	case !c.open() && c != standby && c != emptyBay:
		n.Pumping++
	}
	if c != emptyBay && c != missing {
		n.Pumps++
	}
}
