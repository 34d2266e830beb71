package ipmi

import (
	"encoding/binary"
	"math/rand"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// eventLog is the system event log. It follows the world's history, the log
// that is never cleared, because one record there can be several here, and one
// that a stateful log only changes is one of its own here.
type eventLog struct {
	entries  []entry
	given    int // id given last
	told     int // records of the history that were taken over
	first    int // id of the first of them
	dropped  bool
	added    time.Time
	erased   time.Time
	reserved uint16
}

// entry is a record of the log: its id and the 16 bytes.
type entry struct {
	id  int
	raw [16]byte
}

// event is what a vendor writes about something.
type event struct {
	typ, number, kind byte
	gone              bool // deasserted
	data              [3]byte
	vendor            string // text of a vendor's own record
}

// follow takes over what is new in the world's history.
func (l *eventLog) follow(s *Server) {
	history := s.config.World.History()
	if len(history) < l.told || len(history) > 0 && l.told > 0 && history[0].ID != l.first {
		*l = eventLog{} // another server
	}
	if len(history) > 0 {
		l.first = history[0].ID
	}
	if l.erased.IsZero() && !s.config.NeverCleared {
		l.erased = s.look.Started.AddDate(-1, 0, 0)
	}
	for _, r := range history[l.told:] {
		if r.Kind == world.Cleared {
			l.clear(r.Time, s.look.Log)
		}
		for _, e := range s.events(r) {
			l.add(e, r.Time, s.look.Log)
		}
	}
	l.told = len(history)
	if s.look.Log.Silent && s.look.Stored == 0 && len(l.entries) > 0 {
		l.clear(s.look.Clock, s.look.Log)
	}
}

func (l *eventLog) clear(at time.Time, c world.LogConfig) {
	l.entries, l.dropped, l.erased = nil, false, at
	if !c.KeepIDs {
		l.given = max(c.FirstID, 1) - 1
	}
}

func (l *eventLog) add(e event, at time.Time, c world.LogConfig) {
	if c.Capacity > 0 && len(l.entries) >= c.Capacity {
		l.dropped = true
		if c.Linear {
			return
		}
		l.entries = slices.Clone(l.entries[1:])
	}
	if l.given == 0 {
		l.given = max(c.FirstID, 1) - 1
	}
	l.given++
	if c.Gap > 0 && l.given%c.Gap == 0 {
		l.given++
	}
	l.added = at
	when := seconds(at)
	if c.Undated > 0 && l.given%c.Undated == 0 {
		when = 0xffffffff
	}
	l.entries = append(l.entries, entry{l.given, e.raw(l.given, when)})
}

// raw is the record of an event (table 32-1), or one of a vendor's own with a
// time (table 32-2).
func (e event) raw(id int, when uint32) [16]byte {
	var b [16]byte
	binary.LittleEndian.PutUint16(b[:], uint16(id))
	binary.LittleEndian.PutUint32(b[3:], when)
	if e.vendor != "" {
		b[2] = 0xc1
		copy(b[7:], e.vendor)
		return b
	}
	b[2], b[7], b[9], b[10], b[11], b[12] = 0x02, 0x20, 0x04, e.typ, e.number, e.kind
	if e.gone {
		b[12] |= 0x80
	}
	copy(b[13:], e.data[:])
	return b
}

// order is how the log is told: as written, or shuffled.
func (l *eventLog) order(c world.LogConfig) []entry {
	out := slices.Clone(l.entries)
	if c.Shuffle != 0 {
		rand.New(rand.NewSource(c.Shuffle)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// logInfo tells how many entries there are, and when the log changed (table
// 31-2).
func (s *Server) logInfo(*request) (byte, []byte) {
	l := &s.log
	room := 0xfffe
	if c := s.look.Log.Capacity; c > 0 {
		room = max(0, c-len(l.entries)) * 16
	}
	out := binary.LittleEndian.AppendUint16([]byte{0x51}, uint16(len(l.entries)))
	out = binary.LittleEndian.AppendUint16(out, uint16(min(room, 0xfffe)))
	for _, t := range []time.Time{l.added, l.erased} {
		when := uint32(0xffffffff)
		if !t.IsZero() {
			when = seconds(t)
		}
		out = binary.LittleEndian.AppendUint32(out, when)
	}
	support := byte(0x02)
	if l.dropped {
		support |= 0x80
	}
	return codeOK, append(out, support)
}

func (s *Server) reserveLog(*request) (byte, []byte) {
	if s.log.reserved++; s.log.reserved == 0 {
		s.log.reserved++
	}
	return codeOK, binary.LittleEndian.AppendUint16(nil, s.log.reserved)
}

// logEntry answers with an entry and the id of the next one (table 31-5).
func (s *Server) logEntry(r *request) (byte, []byte) {
	reservation, id := binary.LittleEndian.Uint16(r.data), int(binary.LittleEndian.Uint16(r.data[2:]))
	at, count := int(r.data[4]), int(r.data[5])
	entries := s.log.order(s.look.Log)
	if len(entries) == 0 {
		return codeNotPresent, nil
	}
	i := slices.IndexFunc(entries, func(e entry) bool { return e.id&0xffff == id })
	switch id {
	case 0:
		i = 0
	case last:
		i = len(entries) - 1
	}
	switch {
	case i < 0:
		return codeNotPresent, nil
	case at > 0 && reservation != s.log.reserved:
		return codeReservation, nil
	case at >= 16:
		return codeOutOfRange, nil
	}
	if count == 0xff || at+count > 16 {
		count = 16 - at
	}
	next := last
	if i+1 < len(entries) {
		next = entries[i+1].id & 0xffff
	}
	return codeOK, append(binary.LittleEndian.AppendUint16(nil, uint16(next)), entries[i].raw[at:at+count]...)
}

// logTime is what the controller's clock shows.
func (s *Server) logTime(*request) (byte, []byte) {
	return codeOK, binary.LittleEndian.AppendUint32(nil, seconds(s.look.Clock))
}
