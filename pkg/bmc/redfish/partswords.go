package redfish

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/noout-monitoring/noout/pkg/hardware"
)

// location is a Location, of which PartLocation.ServiceLabel is what is printed
// beside the part; in the older form, an array, its Info.
type location string

// UnmarshalJSON never fails.
func (l *location) UnmarshalJSON(raw []byte) error {
	var o struct {
		PartLocation struct{ ServiceLabel text }
		Info         text
	}
	var older list
	*l = ""
	if len(raw) > 0 && raw[0] == '[' {
		_ = older.UnmarshalJSON(raw) // it never fails
		if len(older.items) > 0 {
			raw = older.items[0]
		}
	}
	if object(raw, &o) == nil {
		*l = location(cmp.Or(o.PartLocation.ServiceLabel.Name(), o.Info.Name()))
	}
	return nil
}

// common is what most parts tell.
type common struct {
	ID           text     `json:"Id"`
	Member       text     `json:"MemberId"`
	Name         text     `json:"Name"`
	Model        text     `json:"Model"`
	PartNumber   text     `json:"PartNumber"`
	SerialNumber text     `json:"SerialNumber"`
	Location     location `json:"Location"`
	Status       status   `json:"Status"`
}

// part makes a part of what is common to all. The id of the address is kept where
// the resource says none.
func (c common) part(id, slot string) hardware.Part {
	p := hardware.Part{ID: cmp.Or(id, c.Member.Name(), c.ID.Name()), Slot: cmp.Or(slot, string(c.Location)), Serial: word(c.SerialNumber), Model: cmp.Or(word(c.Model), word(c.PartNumber))}
	p.Name = label(c.Name.Name(), p.Slot)
	p.State, p.Says = c.Status.condition()
	return p
}

// condition is a Status in the words of parts. StandbySpare and StandbyOffline
// are a power supply that waits.
func (s status) condition() (hardware.State, string) {
	says := s.says()
	opinion := strings.ToLower(cmp.Or(s.health, s.rollup))
	switch strings.ToLower(s.state) {
	case "absent":
		return hardware.Absent, says
	case "disabled", "unavailableoffline", "deferring", "quiesced":
		return hardware.Off, says
	}
	switch opinion {
	case "critical":
		return hardware.Failed, says
	case "warning":
		return hardware.Degraded, says
	case "ok":
		return hardware.Good, ""
	}
	if strings.EqualFold(s.state, "enabled") {
		return hardware.Good, ""
	}
	return hardware.Untold, ""
}

// module is a Memory resource. An empty slot is Absent, or has no capacity and no
// serial number.
func module(id string, raw json.RawMessage) hardware.Part {
	var m struct {
		common
		Locator  text   `json:"DeviceLocator"`
		Capacity number `json:"CapacityMiB"`
		Kind     text   `json:"MemoryType"`
	}
	_ = object(raw, &m)
	out := m.part(id, m.Locator.Name())
	out.Name = cmp.Or(m.Locator.Name(), out.Name)
	out.Size = int64(m.Capacity.count()) << 20
	if m.Capacity.value != nil && out.Size == 0 && out.Serial == "" && out.Model == "" && out.State != hardware.Failed && out.State != hardware.Degraded {
		out.State = hardware.Absent
	}
	return out
}

func processor(id string, raw json.RawMessage) hardware.Part {
	var m struct {
		common
		Socket  text   `json:"Socket"`
		Threads number `json:"TotalThreads"`
	}
	_ = object(raw, &m)
	out := m.part(id, m.Socket.Name())
	out.Name, out.Count = cmp.Or(m.Socket.Name(), id), m.Threads.count()
	return out
}

// drive is a Drive resource.
func drive(id string, raw json.RawMessage) hardware.Part {
	var m struct {
		common
		Bytes number   `json:"CapacityBytes"`
		Place location `json:"PhysicalLocation"`
		Fails flag     `json:"FailurePredicted"`
	}
	_ = object(raw, &m)
	out := m.part(id, string(m.Place))
	if n := m.Bytes.value; n != nil && *n > 0 && *n < 1<<60 {
		out.Size = int64(*n)
	}
	if m.Fails.value && out.State == hardware.Good {
		out.State, out.Says = hardware.Degraded, "a failure is predicted"
	}
	return out
}

func card(id string, raw json.RawMessage) hardware.Part {
	var m struct {
		common
		Slot struct{ Location location }
	}
	_ = object(raw, &m)
	out := m.part(id, string(m.Slot.Location))
	out.Model = cmp.Or(out.Model, m.Name.Name())
	out.Name = cmp.Or(m.Name.Name(), out.Name)
	return out
}

// powerSupply is a PowerSupply, or an entry of Power. One without input is off: the
// cable, the switch or the fuse.
func powerSupply(id string, raw json.RawMessage) hardware.Part {
	var m struct {
		common
		Volts number `json:"LineInputVoltage"`
		Watts number `json:"PowerInputWatts"`
		Out   number `json:"LastPowerOutputWatts"`
		Line  text   `json:"LineStatus"`
		Oem   struct {
			Hpe struct{ BayNumber text }
			Hp  struct{ BayNumber text }
		}
	}
	_ = object(raw, &m)
	bay := cmp.Or(m.Oem.Hpe.BayNumber.Name(), m.Oem.Hp.BayNumber.Name())
	out := m.part(cmp.Or(id, m.Member.Name()), bay)
	none := func(n number) bool { return n.value == nil || *n.value == 0 }
	dead := m.Volts.value != nil && none(m.Volts) && none(m.Watts) && none(m.Out)
	if out.State != hardware.Absent && (dead || m.Line.Name() == "LossOfInput") {
		out.State, out.Says = hardware.Off, "no input power"
	}
	return out
}
