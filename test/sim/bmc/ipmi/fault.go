package ipmi

import (
	"fmt"
	"slices"
	"time"
)

// Fault is something that goes wrong. Names are listed by [Faults].
type Fault struct {
	Name string
	// After lets that many packets, answers or commands pass first.
	After int
	// Every hits only each Every-th after that; 0 means all.
	Every int
	// Times is how many it hits before it mends itself; 0: no end.
	Times int
	// Delay is how late a delayed answer is, in real time; 0: a second.
	Delay time.Duration
	// Code is the completion code of Busy and Refuse; 0: 0xc0 and 0xd5.
	Code byte
	// Command limits a fault of commands to those of that name ("Get SDR").
	Command string
	// Sensor limits Refuse and ShortReading to one sensor; 0: all.
	Sensor byte
}

// Names of faults.
const (
	// Of what comes.
	DropRequest = "drop-request" // as if it had never come
	Mute        = "mute"         // the same; with After, it falls silent half way
	NoSlots     = "no-slots"     // every session is taken

	// Of commands.
	Busy         = "busy"          // node busy
	Refuse       = "refuse"        // another completion code
	ShortReading = "short-reading" // two bytes instead of four (Dell 2950)
	WholeRecords = "whole-records" // whatever its vendor does, 0xca for more than 16 bytes
	LostReserve  = "lost-reservation"
	Loop         = "record-loop" // the next sensor record is the same one
	Cut          = "cut-data"    // half of the data, well protected

	// Of the message and the packet around it.
	BadChecksum   = "bad-checksum"
	OtherRequest  = "other-request" // the answer to a request with another number
	OtherCommand  = "other-command" // the answer to another command
	BadCode       = "bad-code"      // wrong integrity code
	NoCode        = "no-code"       // without integrity code
	NotEncrypted  = "not-encrypted"
	BadPadding    = "bad-padding"
	ForeignID     = "foreign-session"
	StaleSequence = "stale-sequence"
	FarSequence   = "far-sequence" // a hundred ahead
	OtherPayload  = "other-payload"
	Oversized     = "oversized" // 1000 bytes behind the data

	// Of what is sent.
	DropAnswer  = "drop-answer"
	Delay       = "delay"
	Duplicate   = "duplicate"
	ShortJunk   = "short-junk"  // before the answer, datagrams of 0 to 30 bytes
	LongJunk    = "long-junk"   // of 1400 bytes
	RandomJunk  = "random-junk" // with a proper beginning, and anything behind
	HostileJunk = "hostile-junk"
)

var names = []string{
	DropRequest, Mute, NoSlots, Busy, Refuse, ShortReading, WholeRecords, LostReserve, Loop, Cut, BadChecksum, OtherRequest,
	OtherCommand, BadCode, NoCode, NotEncrypted, BadPadding, ForeignID, StaleSequence, FarSequence, OtherPayload, Oversized,
	DropAnswer, Delay, Duplicate, ShortJunk, LongJunk, RandomJunk, HostileJunk,
}

// Faults lists the names of all faults.
func Faults() []string { return slices.Sorted(slices.Values(names)) }

// fault is one that is switched on.
type fault struct {
	Fault
	met, hits int
}

// Break switches a fault on; what it returns switches it off.
func (s *Server) Break(f Fault) (mend func(), err error) {
	if !slices.Contains(names, f.Name) {
		return nil, fmt.Errorf("no fault is called %q: there are %q", f.Name, Faults())
	}
	one := &fault{Fault: f}
	s.breaking.Lock()
	defer s.breaking.Unlock()
	s.faults = append(s.faults, one)
	return func() {
		s.breaking.Lock()
		defer s.breaking.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(o *fault) bool { return o == one })
	}, nil
}

// Mend switches all faults off.
func (s *Server) Mend() {
	s.breaking.Lock()
	defer s.breaking.Unlock()
	s.faults = nil
}

// hit says whether a fault of that name hits now.
func (s *Server) hit(name string) *fault {
	return s.hitIf(name, func(*fault) bool { return true })
}

func (s *Server) hitIf(name string, fits func(*fault) bool) *fault {
	s.breaking.Lock()
	defer s.breaking.Unlock()
	for _, f := range s.faults {
		if f.Name == name && fits(f) && f.due() {
			return f
		}
	}
	return nil
}

// due counts what a fault meets, and says whether it hits.
func (f *fault) due() bool {
	f.met++
	if f.met <= f.After || f.Times > 0 && f.hits >= f.Times {
		return false
	}
	if f.Every > 1 && (f.met-f.After)%f.Every != 0 {
		return false
	}
	f.hits++
	return true
}

// hitCommand says which fault of completion codes hits a command.
func (s *Server) hitCommand(r *request) *fault {
	name := commands[r.code()].name
	fits := func(f *fault) bool {
		if f.Command != "" && f.Command != name {
			return false
		}
		return f.Sensor == 0 || r.code() == netSensor<<8|0x2d && len(r.data) > 0 && r.data[0] == f.Sensor
	}
	if f := s.hitIf(Busy, fits); f != nil {
		return f.or(codeBusy)
	}
	if f := s.hitIf(Refuse, fits); f != nil {
		return f.or(codeNotSupported)
	}
	return nil
}

// or fills in the usual completion code.
func (f *fault) or(code byte) *fault {
	if f.Code == 0 {
		f.Code = code
	}
	return f
}
