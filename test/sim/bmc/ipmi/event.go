package ipmi

import (
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// events are what a vendor writes about one thing that happened.
func (s *Server) events(r world.Record) []event {
	switch r.Kind {
	case world.FanFailed, world.FanRecovered:
		return s.fanEvents(r)
	case world.FanRemoved, world.FanInserted:
		return []event{s.presenceEvent(r)}
	case world.RedundancyLost, world.RedundancyDegraded, world.RedundancyRegained:
		return s.redundancyEvents(r.Kind)
	case world.Cleared:
		return []event{{typ: 0x10, number: 0xf0, kind: kindSpecific, data: [3]byte{0x02, 0xff, 0xff}}}
	case world.PowerOff, world.PowerOn:
		return []event{{typ: 0x09, number: 0xf1, kind: kindSpecific, gone: r.Kind == world.PowerOn, data: [3]byte{0x00, 0xff, 0xff}}}
	case world.Boot:
		return []event{{typ: 0x12, number: 0xf2, kind: kindSpecific, data: [3]byte{0x01, 0xff, 0xff}}}
	case world.Other:
		if r.ID%3 == 0 {
			return []event{{vendor: r.Text}}
		}
		return []event{{typ: 0x08, number: 0xf3, kind: kindSpecific, data: [3]byte{0x00, 0xff, 0xff}}}
	}
	return nil // logins
}

// fanEvents are those of a fan that failed or recovered: a threshold that was
// crossed, or where there is none a change of severity (HPE's "Transition to
// OK").
func (s *Server) fanEvents(r world.Record) []event {
	number := byte(r.Fan.Sensor)
	recovered := r.Kind == world.FanRecovered
	if s.config.Vendor == DiscreteOnly {
		state := map[bool]byte{false: 0x04, true: 0x00}[recovered] // off line, running
		return []event{{typ: typeFan, number: number, kind: kindRunning, data: [3]byte{state, 0xff, 0xff}}}
	}
	if r.Fan.Threshold(r.Level) == 0 {
		if discrete, ok := s.machine.state[r.Number]; ok {
			number = discrete
		}
		offset := byte(0x02)
		if recovered {
			offset = 0x00
		}
		return []event{{typ: typeFan, number: number, kind: kindSeverity, data: [3]byte{offset, 0xff, 0xff}}}
	}
	scale := fit(r.Fan)
	offset := map[world.Level]byte{world.LowerNonCritical: 0, world.LowerCritical: 2, world.LowerFatal: 4}[r.Level]
	return []event{{
		typ: typeFan, number: number, kind: kindThreshold, gone: recovered,
		data: [3]byte{0x50 | offset, scale.raw(r.Reading), scale.raw(r.Threshold)},
	}}
}

// presenceEvent comes from the presence sensor; where there is none (Dell) from
// the one of the fan.
func (s *Server) presenceEvent(r world.Record) event {
	number := byte(r.Fan.Sensor)
	if presence, ok := s.machine.presence[r.Number]; ok {
		number = presence
	}
	e := event{typ: typeFan, number: number, kind: kindPresence, data: [3]byte{0x00, 0xff, 0xff}}
	if r.Kind == world.FanInserted {
		e.data[0] = 0x01
	}
	return e
}

// redundancyEvents: Intel asserts and takes back several offsets, the others
// assert the new state.
func (s *Server) redundancyEvents(kind world.Kind) []event {
	if s.machine.redundancy == 0 {
		return nil
	}
	sensor := s.machine.sensors[s.machine.redundancy]
	make := func(offset byte, gone bool) event {
		return event{typ: sensor.typ, number: sensor.number, kind: kindRedundancy, gone: gone, data: [3]byte{offset, 0xff, 0xff}}
	}
	if s.config.Vendor == Intel {
		switch kind {
		case world.RedundancyRegained:
			return []event{make(1, true), make(2, true), make(5, true)}
		case world.RedundancyDegraded:
			return []event{make(0, true), make(2, false)}
		}
		return []event{make(0, true), make(1, false), make(5, false)}
	}
	offset := map[world.Kind]byte{world.RedundancyRegained: 0, world.RedundancyLost: 1, world.RedundancyDegraded: 2}[kind]
	return []event{make(offset, false)}
}
