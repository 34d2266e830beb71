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
	Fans         []Fan // fans and pumps
	Redundancies []Redundancy
	Parts        []Part // what else the cooling consists of
	Logs         []Log
	Gaps         []Gap
	// LeftOut is what was not asked on purpose: a fan that dies in there is not
	// seen. It is no gap, and has to be said where somebody wants to know.
	LeftOut []LeftOut
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
	// Fan is the id of the one fan that could not be read, empty when it is not
	// one or not known which: the known fan of that id has a name that people
	// know, What has only the controller's.
	Fan string
	Err error
}

// LeftOut is a part of the server that is not asked on purpose.
type LeftOut struct {
	// What names it as the controller does: "Chassis Enclosure.External.0-1".
	What string
	// Why is the reason, as the end of a sentence: "a request for it has
	// restarted controllers".
	Why string
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

// Undated counts the events of which nobody can say when they happened: they
// stand in Events with a zero Time, in the order of the log. None is dropped.
func (l Log) Undated() int {
	n := 0
	for _, e := range l.Events {
		if e.Time.IsZero() {
			n++
		}
	}
	return n
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
