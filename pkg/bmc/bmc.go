// Package bmc holds what the management controller of a server says about its
// fans, in words that Redfish and IPMI have in common. It states facts: what
// they mean for the operator is judged elsewhere.
package bmc

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Source reads one management controller. Poll returns what could be read
// before ctx ended; what could not is listed in [Server.Gaps]. The error is
// not nil only when nothing could be read at all (no connection, wrong
// password). Whatever Poll opened it has closed when it returns, also when
// ctx is cancelled: closing has a bound of its own, at most [CloseTime].
type Source interface {
	Poll(ctx context.Context, ask Ask) (Server, error)
}

// CloseTime is the longest a source takes after the end of its context to
// close what it opened (log out, close a session).
const CloseTime = 400 * time.Millisecond

// Ask is what a poll is asked for.
type Ask struct {
	// Memory is what the last poll left, nil at first.
	Memory Memory
	// Keep says that the memory this poll leaves will be stored where only we
	// can read it. Otherwise a source ends its session instead of keeping it.
	Keep bool
	// Known are the ids of the fans that are expected. When one is missing, or
	// lost its reading, a source also finds out when the controller started.
	Known []string
	// Logs says whether the event logs are to be read.
	Logs bool
}

// Memory is what a source wants to keep between two runs: paths it has
// learned, the session it holds, how far each log was read. Sources write it
// and read it; everybody else only stores it. Losing it costs requests, never
// a verdict. It is JSON, so that an administrator can read it; a source treats
// one it cannot read as none.
type Memory []byte

// Server is what one poll of a management controller found.
type Server struct {
	Identity     Identity
	Power        Power
	Fans         []Fan
	Redundancies []Redundancy
	Logs         []Log
	Gaps         []Gap
	// Restarted is when the controller itself last started, by our clock; zero
	// when it does not tell or was not asked, see [Ask.Known].
	Restarted time.Time
	// Memory is to be handed to the next poll.
	Memory Memory
	// Evidence lists the requests of this poll with their outcome, for -vv.
	Evidence []string
}

// Identity is what the device says it is. It names the memory of the device,
// whatever address was used to reach it.
type Identity struct {
	// UUID of the service or system, lower case; empty when the device has
	// none or one that is all zeros or all ones.
	UUID         string `json:"uuid,omitempty"`
	Serial       string `json:"serial,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
	// Firmware is the controller's own version, when it came for free.
	Firmware string `json:"firmware,omitempty"`
}

// Power is the power state of the host. Only PowerOff means that its fans may
// stand still.
type Power string

// Power states. A host that is powering on or off is neither on nor off.
const (
	PowerUnknown Power = ""
	PowerOn      Power = "on"
	PowerOff     Power = "off"
	PowerChanges Power = "changing"
)

// Presence says whether a fan is there.
type Presence string

// A fan is Present when the controller says that it is enabled or says nothing
// to the contrary, Absent when it says so (Redfish State Absent, IPMI presence
// sensor), Standby when it is there but not meant to turn (StandbyOffline,
// Disabled).
const (
	Present Presence = "present"
	Absent  Presence = "absent"
	Standby Presence = "standby"
)

// Health is the controller's own opinion.
type Health string

// Health values of Redfish; IPMI's threshold and discrete states are mapped to
// the same words.
const (
	HealthUnknown  Health = ""
	HealthOK       Health = "ok"
	HealthWarning  Health = "warning"
	HealthCritical Health = "critical"
)

// Fan is one fan or one rotor of a fan module.
type Fan struct {
	// ID is stable over runs and renames: chassis and member id (Redfish) or
	// sensor number (IPMI), such as "1/0" or "0x41". Unique within a server.
	ID string
	// Name is what the controller calls it, as it came; it may repeat.
	Name    string
	Chassis string // chassis id, empty when there is only one
	Serial  string
	// Sensor is the IPMI sensor number, which SEL-type logs name; -1 unknown.
	Sensor   int
	Presence Presence
	Health   Health
	// Reading is nil when there is none ("N/A", null, not available).
	Reading *float64
	// Unit is "RPM" or "%".
	Unit string
	// Lower thresholds of the controller; nil when it has none. Zero and null
	// are no thresholds.
	LowerNonCritical *float64
	LowerCritical    *float64
	LowerFatal       *float64 // non-recoverable
	UpperNonCritical *float64
	UpperCritical    *float64
	// Says is what the controller said in its own words, for the evidence:
	// "State Absent, Health OK", "transition to off line".
	Says string
}

// Redundancy is one redundancy set of fans.
type Redundancy struct {
	ID     string
	Name   string
	Health Health
	// Lost is said in so many words (IPMI offset "redundancy lost").
	Lost bool
	// Disabled sets are information: Intel boards report State Disabled on
	// healthy machines.
	Disabled bool
	// MinNeeded is the number of members that must work, 0 when not said.
	MinNeeded int
	Members   int // members listed, 0 when not said
	Says      string
}

// Gap is something that could not be read: which resource and why.
type Gap struct {
	// What names the resource as the controller does: "Chassis 1 Thermal",
	// "SEL", "sensor 0x41 FAN1".
	What string
	// Log is true when what is missing is an event log.
	Log bool
	// Hides says which fans may be behind it, by how their ids begin: "1/" those
	// of a chassis, "*" any, empty none.
	Hides string
	Err   error
}

// Hides says whether the fan with this id may be in a part that was not read.
func (s Server) Hides(id string) bool {
	return slices.ContainsFunc(s.Gaps, func(g Gap) bool {
		return g.Hides == "*" || g.Hides != "" && strings.HasPrefix(id, g.Hides)
	})
}

// Blind says whether any fan may be in a part that was not read.
func (s Server) Blind() bool {
	return slices.ContainsFunc(s.Gaps, func(g Gap) bool { return g.Hides != "" })
}

// Log is one event log of the controller, or the part of it that was read.
type Log struct {
	// ID names the log within the server: its path or "SEL".
	ID string
	// Whole says that every entry the log holds was read; otherwise only the
	// part from the last entry known.
	Whole bool
	// Full logs that do not wrap drop new entries.
	Full   bool
	Events []Event
	// Clock is what the controller's clock shows less what ours shows; nil
	// when it could not be told.
	Clock *time.Duration
}

// Kind is what an event tells about fans.
type Kind string

// Kinds of fan events.
const (
	Failed             Kind = "failed"
	Recovered          Kind = "recovered"
	Removed            Kind = "removed"
	Inserted           Kind = "inserted"
	RedundancyLost     Kind = "redundancy lost"
	RedundancyRegained Kind = "redundancy regained"
)

// Event is one entry of a log that is about fans. Entries about anything else
// never leave the source.
type Event struct {
	// ID is the entry's id in its log; may be empty or start again at 1 after
	// the log was cleared.
	ID string
	// Order is the entry's number when its id is one, otherwise its place
	// counted so that greater is newer; used where times are useless.
	Order int64
	// Stamp is the time as the entry gives it, not parsed: with the id it is
	// the entry's key.
	Stamp string
	// Time is the entry's time by the controller's clock, zero when the entry
	// has none that can be a date.
	Time time.Time
	// Fan is the ID of the fan in Server.Fans; when it cannot be found, the
	// name the log gives; empty for redundancy.
	Fan  string
	Kind Kind
	// Level tells thresholds of one sensor apart ("lower critical"), so that
	// nested ones make one episode; empty when the log does not tell.
	Level string
	Text  string
}
