package fans

import (
	"errors"
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

var errDark = errors.New("not told, and the server was off at the last poll: its fans are not judged")

// darkness names the gap of a poll that lost the power state.
const darkness = "power state"

// Dark is the poll without its fans when nobody can tell whether they should
// turn: the server was off, this poll did not hear its power state, and not one
// fan turns. That the power is unknown is otherwise no reason not to judge.
func (p Poll) Dark(m Memory) Poll {
	known := slices.ContainsFunc(p.Server.Gaps, func(g bmc.Gap) bool { return g.What == darkness })
	if p.Server.Power != bmc.PowerUnknown || m.Power != bmc.PowerOff || known || p.anyTurns() {
		return p
	}
	p.Server.Fans, p.Server.Redundancies, p.Server.Parts = nil, nil, nil
	p.Server.Gaps = append(slices.Clone(p.Server.Gaps), bmc.Gap{What: darkness, Hides: "*", Err: errDark})
	return p
}

func (p Poll) anyTurns() bool {
	return slices.ContainsFunc(p.Server.Fans, func(f bmc.Fan) bool { return f.Reading != nil && *f.Reading > 0 })
}
