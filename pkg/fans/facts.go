package fans

import (
	"cmp"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// Facts is what --output json prints beside the verdict.
type Facts struct {
	Identity     bmc.Identity `json:"identity"`
	Power        string       `json:"power"`
	Fans         []FanFacts   `json:"fans"`
	Redundancies []string     `json:"redundancy"`
	DropOuts     []DropFacts  `json:"drop_outs"`
	Excused      []DropFacts  `json:"drop_outs_not_counted"`
	Acknowledged []Ack        `json:"acknowledged"`
}

type FanFacts struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Serial string `json:"serial,omitempty"`
	State  string `json:"state"`
	// Rotor is the one that Reading is of, where there are several.
	Rotor   string   `json:"rotor,omitempty"`
	Reading *float64 `json:"reading,omitempty"`
	Unit    string   `json:"unit,omitempty"`
}

type DropFacts struct {
	Fans   []string  `json:"fans"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end,omitzero"`
	Logged bool      `json:"in_log"`
	Polled bool      `json:"seen_by_poll"`
}

func factsOf(p Poll, pol Policy, m Memory, d drops) Facts {
	f := Facts{Identity: p.Server.Identity, Power: cmp.Or(string(p.Server.Power), "unknown"), Acknowledged: m.Acks}
	for _, fan := range p.Server.Fans {
		if pol.Judges(fan.ID, fan.Name) {
			c, worst := p.conditionOf(fan, m.known(fan.ID), pol)
			f.Fans = append(f.Fans, FanFacts{
				ID: fan.ID, Name: fan.Name, Serial: fan.Serial, State: c.phrase(worst),
				Rotor: worst.Rotor, Reading: worst.Reading, Unit: worst.Unit,
			})
		}
	}
	for _, r := range p.Server.Redundancies {
		f.Redundancies = append(f.Redundancies, judgeRedundancy(r).Text)
	}
	f.DropOuts, f.Excused = m.drops(d.counted), m.drops(d.excused)
	return f
}

func (m Memory) drops(es []Episode) []DropFacts {
	out := make([]DropFacts, 0, len(es))
	for _, e := range es {
		out = append(out, DropFacts{Fans: m.Names(e), Start: e.Start, End: e.End, Logged: e.Logged, Polled: e.Polled})
	}
	return out
}
