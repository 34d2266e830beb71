package redfish

import (
	"encoding/json"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/state"
)

// maxAge is how long paths are believed without looking anew: a chassis or a
// log that was added is found within a day.
const maxAge = 24 * time.Hour

// memoryVersion changes when the meaning of a field does; memories of another
// version are none.
const memoryVersion = 1

// maxMemory bounds what is kept.
const maxMemory = 256 << 10

// memory is what one poll leaves to the next.
type memory struct {
	Version int `json:"version"`
	// Learned is when the paths were.
	Learned time.Time `json:"learned,omitzero"`
	// Way is where the fans were found.
	Way way `json:"way,omitempty"`
	// Identity is the chassis that names the server.
	Identity string `json:"identity,omitempty"`
	// Fans are the chassis that had fans, Quiet those that have none: reading
	// these again costs requests and tells nothing.
	Fans  []string `json:"fans,omitempty"`
	Quiet []string `json:"quiet,omitempty"`
	// Subsystems are the ThermalSubsystems that were read.
	Subsystems map[string]subsystemMemory `json:"subsystems,omitempty"`
	// Measured are the sensors that gave the speed of a fan that shows none
	// itself, by the fan's id.
	Measured map[string]measuredMemory `json:"measured,omitempty"`
	// Doubted is when the sensors of a list last were no worse than the fans.
	Doubted map[string]time.Time `json:"doubted,omitempty"`
	// Worse are the sensors of a list that were worse than their fans at the last
	// poll, by their paths, with the ids of the fans.
	Worse map[string]map[string]string `json:"worse,omitempty"`
	// Power is what the host was said to be last; unknown when nobody was asked,
	// or did not answer.
	Power bmc.Power `json:"power,omitempty"`
	// Members are ids of fans whose addresses do not end in them, Orders the ids
	// of the fans of a Thermal in the order of its list: so that one that cannot
	// be read has a name.
	Members map[string]string   `json:"members,omitempty"`
	Orders  map[string][]string `json:"orders,omitempty"`
	// Plain are the collections where $expand is announced but fails.
	Plain []string `json:"plain,omitempty"`
	// Logs are those that are read, NoLog is when none was found.
	Logs  []logMemory `json:"logs,omitempty"`
	NoLog time.Time   `json:"noLog,omitzero"`
	// Zone is the controller's, where its log does not say.
	Zone    zoneMemory `json:"zone,omitzero"`
	Session *session   `json:"session,omitempty"`
	// Logins are processes that log in, written before a login and taken back after
	// it: one that was killed in between may have left a session whose name nobody
	// knows.
	Logins []state.Process `json:"logins,omitempty"`
}

// subsystemMemory is what is in a ThermalSubsystem: where its fans, pumps and
// leak detectors are, whether it has redundancy sets, and when it last said that
// it is well.
type subsystemMemory struct {
	Fans  string `json:"fans,omitempty"`
	Pumps string `json:"pumps,omitempty"`
	Leaks string `json:"leaks,omitempty"`
	Sets  bool   `json:"sets,omitempty"`
	// Unread says that its leak detectors could not be found.
	Unread bool      `json:"unread,omitempty"`
	Well   time.Time `json:"well,omitzero"`
}

// logMemory is a log that is read, and how far it was.
type logMemory struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Max is how many entries it holds, and Stops that it then drops new ones.
	Max   int  `json:"max,omitempty"`
	Stops bool `json:"stops,omitempty"`
	// Page is where a log of several pages ended, Last the newest entry then.
	// A log whose entries are not in the order of their numbers has neither.
	Page   string `json:"page,omitempty"`
	Last   int64  `json:"last,omitempty"`
	Stamp  string `json:"stamp,omitempty"`
	Newest bool   `json:"newest,omitempty"` // the newest comes first
}

// recall reads a memory. One that cannot be read is none.
func recall(raw bmc.Memory) memory {
	var m memory
	if len(raw) > maxMemory || json.Unmarshal(raw, &m) != nil || m.Version != memoryVersion {
		return memory{}
	}
	return m
}

// store writes the memory.
func (m memory) store() bmc.Memory {
	m.Version = memoryVersion
	raw, err := json.Marshal(m)
	if err != nil || len(raw) > maxMemory {
		// Too long only for a controller that makes up addresses.
		raw, err = json.Marshal(memory{Version: memoryVersion, Session: m.Session, Logins: m.Logins})
		if err != nil {
			return nil
		}
	}
	return raw
}

// learn notes something in a map of the memory, which is made when it is needed.
func learn[V any](known *map[string]V, key string, value V) {
	if *known == nil {
		*known = map[string]V{}
	}
	(*known)[key] = value
}

// recent says that something was noted less than a limit ago. A clock that went
// back makes it old, too.
func recent(at, now time.Time, limit time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < limit
}

// measuredMemory is where the speed of a fan is, and when it was found there or
// nowhere.
type measuredMemory struct {
	Paths []string  `json:"paths,omitempty"`
	At    time.Time `json:"at"`
}

// named notes the id of a fan whose address does not end in it.
func (m *memory) named(path, id string) {
	if id == lastOf(path) || len(m.Members) >= maxFans {
		return
	}
	learn(&m.Members, path, id)
}

// ordered notes the ids of a Thermal's fans.
func (m *memory) ordered(path string, ids []string) {
	if len(ids) == 0 || len(ids) > maxFans {
		return
	}
	learn(&m.Orders, path, ids)
}

// noLogAge is how long a controller is believed to have no event log. While it
// starts it denies having one.
const noLogAge = time.Hour
