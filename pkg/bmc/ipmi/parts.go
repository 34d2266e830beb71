package ipmi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/hardware"
)

// partsRequests is how many requests go to the sensors of parts at most: to read
// them, and the rest of their records where these come in pieces. Servers with 32
// modules and 24 drives take 170. What ends the reading before is the time.
const partsRequests = 300

// Sensor types of parts (IPMI 2.0, table 42-3).
const (
	typeSupply byte = 0x08
	typeMemory byte = 0x0c
	typeDrive  byte = 0x0d
)

// partOfType is the kind of part that sensors of a type tell of.
func partOfType(t byte) hardware.Kind {
	switch t {
	case typeSupply:
		return hardware.Supply
	case typeMemory:
		return hardware.Module
	case typeDrive:
		return hardware.Disk
	}
	return ""
}

// partOfEntity is the kind of part that an entity is (IPMI 2.0, table 43-13).
func partOfEntity(e byte) hardware.Kind {
	switch e {
	case 0x0a:
		return hardware.Supply
	case 0x20, 0x08:
		return hardware.Module
	case 0x04:
		return hardware.Disk
	}
	return ""
}

// partSensor is a sensor that tells whether a part is there.
type partSensor struct {
	sensor
	kind   hardware.Kind
	entity string // "10.1"
}

// aboutParts says whether a record may be about parts, see [relevant].
func aboutParts(record []byte) (about, known bool) {
	if len(record) < recordHeader {
		return false, false
	}
	if t := record[atType]; t != recordFull && t != recordCompact {
		return false, true
	}
	if len(record) <= atKind {
		return false, false
	}
	kind, states := partKind(record), record[atKind]
	return kind != "" && record[atOwner] == controllerAddress && (states == kindOwn || states == kindPresence), true
}

func partKind(record []byte) hardware.Kind {
	if t := record[atSensorType]; t != typeEntity {
		return partOfType(t)
	}
	return partOfEntity(record[atEntity])
}

// partSensors reads the sensors of parts out of one record.
func partSensors(record []byte) []partSensor {
	at := compactName
	if about, known := aboutParts(record); !about || !known {
		return nil
	}
	if record[atType] == recordFull {
		at = fullName
	}
	if len(record) <= at {
		return nil
	}
	s := sensor{Record: record[atType], Owner: record[atOwner], LUN: record[atLUN] & 3, Number: record[atNumber], Type: record[atSensorType], Kind: record[atKind]}
	s.Name = text(record[at], record[at+1:], true)
	all := []sensor{s}
	if s.Record == recordCompact {
		all = s.shared(record[compactShare], record[compactShare+1])
	}
	out := make([]partSensor, len(all))
	for i, one := range all {
		instance := int(record[atEntity+1] & 0x7f)
		if s.Record == recordCompact && record[compactShare+1]&0x80 != 0 {
			instance += i // it counts along (table 43-2, byte 25)
		}
		out[i] = partSensor{sensor: one, kind: partKind(record), entity: fmt.Sprintf("%d.%d", record[atEntity], instance)}
	}
	return out
}

// Parts reads power supplies, memory modules and drives, as far as sensors say
// whether they are there and how they are, in one session. What it read of the
// fans' sensors on its way is the memory for a poll that follows.
func (l *lan) Parts(ctx context.Context) (hardware.Inventory, bmc.Memory, error) {
	s, err := l.connect(ctx, 0)
	if err != nil {
		return hardware.Inventory{}, nil, err
	}
	defer func() {
		// What was read counts; a session that is not closed ends by itself.
		_ = s.close(ctx)
		_ = s.conn.Close()
	}()
	p := poll{link: s, memory: recall(nil), now: time.Now()}
	p.memory.belongs(s.exchange.guid)
	p.memory.Suite = s.exchange.suite.id
	v, err := p.parts(ctx)
	if err != nil {
		return hardware.Inventory{}, nil, fmt.Errorf("%s: %w", s.address, err)
	}
	return v, p.memory.store(), nil
}

// parts walks the repository and reads what it says of parts. The error is not nil
// when the walk did not come to its end: half of a list is none.
func (p *poll) parts(ctx context.Context) (hardware.Inventory, error) {
	w, found, err := p.walkAll(ctx)
	if err != nil {
		return hardware.Inventory{}, err
	}
	var v hardware.Inventory
	left := partsRequests
	for _, kind := range []hardware.Kind{hardware.Supply, hardware.Module, hardware.Disk} {
		mine := slices.DeleteFunc(slices.Clone(found), func(r partRecord) bool { return partKind(r.record) != kind })
		if len(mine) == 0 {
			continue
		}
		cost := 0
		for _, r := range mine {
			cost += r.cost(w.chunk)
		}
		l := hardware.List{Source: hardware.IPMI, Kind: kind}
		if left -= cost; left < 0 {
			err = fmt.Errorf("their sensors not read: that takes %d requests and at most %d are made", cost, partsRequests)
		} else {
			err = w.partList(ctx, &l, mine)
		}
		if err != nil {
			l.Untold = err.Error()
		}
		v.Lists = append(v.Lists, l)
	}
	p.inventory(ctx)
	id := p.memory.Identity
	v.Machine = hardware.Machine{UUID: p.uuid(), Serial: id.Serial, Model: id.Model}
	if id.Firmware != "" {
		v.Lists = append(v.Lists, hardware.List{Source: hardware.IPMI, Kind: hardware.Firmware,
			Parts: []hardware.Part{{ID: "controller", Name: "controller's firmware", Model: id.Firmware}}})
	}
	return v, nil
}

// walkAll walks the repository once for the sensors of fans, whose records become
// the memory of the poll, and for those of parts, which it finds.
func (p *poll) walkAll(ctx context.Context) (*walker, []partRecord, error) {
	info, err := p.repositoryInfo(ctx)
	if err != nil {
		return nil, nil, err
	}
	var found []partRecord
	w := &walker{walk: &walk{Info: info}, poll: p}
	w.about = func(record []byte) (about, known bool) {
		if about, known = relevant(record); about || !known {
			return about, known
		}
		_, known = aboutParts(record)
		return false, known // the rest of it comes later
	}
	w.keep = func(record []byte) {
		w.Sensors = append(w.Sensors, sensors(record)...)
		if about, _ := aboutParts(record); about && len(found) < maxSensors {
			found = append(found, partRecord{w.Next, slices.Clone(record)})
		}
	}
	if err := w.run(ctx); err != nil {
		return nil, nil, fmt.Errorf("%d of %d sensor records read: %w", w.Records, info.Count, err)
	}
	w.about = aboutParts
	r := &p.memory.Repository
	r.Walk, r.Chunk = w.walk, w.chunk
	r.take(p.now)
	return w, found, nil
}

// partRecord is a record, or its beginning, of sensors of parts.
type partRecord struct {
	id     uint16
	record []byte
}

// cost is how many requests it takes to read the rest of the record and its sensors.
func (r partRecord) cost(chunk int) int {
	n := 1
	if r.record[atType] == recordCompact && len(r.record) > compactShare {
		n = max(n, int(r.record[compactShare]&15))
	}
	return n + (max(0, length(r.record)-len(r.record))+chunk-1)/chunk
}

// partList reads the sensors of one kind. Several that are named after the same
// part tell of it together; one of them that says nothing makes a hole.
func (w *walker) partList(ctx context.Context, l *hardware.List, records []partRecord) error {
	var sensors []partSensor
	for _, r := range records {
		record, _, err := w.record(ctx, r.id, r.record)
		if err != nil {
			return fmt.Errorf("record 0x%04x: %w", r.id, err)
		}
		sensors = append(sensors, partSensors(record)...)
	}
	names := partNames(sensors)
	places := map[string]int{}
	holes := map[string]bool{}
	read := 0
	for i, s := range sensors {
		r := w.poll.reading(ctx, s.sensor)
		if r.failed != nil && w.poll.broken != nil {
			return fmt.Errorf("%d of %d sensors not read: %w", len(sensors)-read, len(sensors), r.failed)
		} else if r.failed == nil || refused(r.failed) {
			read++
		}
		at, known := places[names[i]]
		if !known {
			at = len(l.Parts)
			places[names[i]] = at
			l.Parts = append(l.Parts, hardware.Part{ID: s.id(), Slot: names[i]})
		}
		part := &l.Parts[at]
		switch state, says := s.condition(r.witnessed()); {
		case state == hardware.Untold:
			holes[part.ID] = true
		case state.Rank() > part.State.Rank():
			part.State, part.Says = state, says
		}
	}
	l.Parts = slices.DeleteFunc(l.Parts, func(part hardware.Part) bool {
		hole := holes[part.ID] && part.State != hardware.Absent
		if hole {
			l.Holes = append(l.Holes, part.ID)
		}
		return hole
	})
	return nil
}
