package main

import (
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/episodes"
)

// facts is what --output json prints beside the verdict.
type facts struct {
	Identity     bmc.Identity `json:"identity"`
	Power        string       `json:"power"`
	Fans         []fanFacts   `json:"fans"`
	Redundancies []string     `json:"redundancy"`
	DropOuts     []dropFacts  `json:"drop_outs"`
	Excused      []dropFacts  `json:"drop_outs_not_counted"`
	Acknowledged []ack        `json:"acknowledged"`
}

type fanFacts struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Serial  string   `json:"serial,omitempty"`
	State   string   `json:"state"`
	Reading *float64 `json:"reading,omitempty"`
	Unit    string   `json:"unit,omitempty"`
}

type dropFacts struct {
	Fans   []string  `json:"fans"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end,omitzero"`
	Logged bool      `json:"in_log"`
	Polled bool      `json:"seen_by_poll"`
}

func factsOf(p poll, pol policy, m memory, d drops) facts {
	f := facts{Identity: p.server.Identity, Power: orElse(string(p.server.Power), "unknown"), Acknowledged: m.Acks}
	for _, fan := range p.server.Fans {
		if pol.judges(fan.ID, fan.Name) {
			c := conditionOf(fan, m.known(fan.ID), pol)
			f.Fans = append(f.Fans, fanFacts{ID: fan.ID, Name: fan.Name, Serial: fan.Serial, State: c.phrase(fan), Reading: fan.Reading, Unit: fan.Unit})
		}
	}
	for _, r := range p.server.Redundancies {
		f.Redundancies = append(f.Redundancies, judgeRedundancy(r).Text)
	}
	f.DropOuts, f.Excused = m.drops(d.counted), m.drops(d.excused)
	return f
}

func (m memory) drops(es []episodes.Episode) []dropFacts {
	out := make([]dropFacts, 0, len(es))
	for _, e := range es {
		names := make([]string, len(e.Fans))
		for i, id := range e.Fans {
			names[i] = m.name(id)
		}
		out = append(out, dropFacts{Fans: names, Start: e.Start, End: e.End, Logged: e.Logged, Polled: e.Polled})
	}
	return out
}
