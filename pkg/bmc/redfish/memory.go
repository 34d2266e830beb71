package redfish

import (
	"encoding/json"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
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
	// Single are the ThermalSubsystems without redundancy sets, and where
	// their fans are, if they were looked for there.
	Single map[string]string `json:"single,omitempty"`
	// Plain are the collections where $expand is announced but fails.
	Plain []string `json:"plain,omitempty"`
	// Logs are those that are read, NoLog is when none was found.
	Logs    []logMemory `json:"logs,omitempty"`
	NoLog   time.Time   `json:"noLog,omitzero"`
	Session *session    `json:"session,omitempty"`
	// Entering is written before a login and taken back after it: a run that was
	// killed in between may have left a session whose name nobody knows.
	Entering bool `json:"entering,omitempty"`
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
		raw, err = json.Marshal(memory{Version: memoryVersion, Session: m.Session})
		if err != nil {
			return nil
		}
	}
	return raw
}

// single notes that a ThermalSubsystem has no redundancy sets.
func (m *memory) single(path, fans string) {
	if m.Single == nil {
		m.Single = map[string]string{}
	}
	m.Single[path] = fans
}

// forget drops the paths but not the session.
func (m *memory) forget() { *m = memory{Session: m.Session} }

// noLogAge is how long a controller is believed to have no event log. While it
// starts it denies having one.
const noLogAge = time.Hour

// noLog says that none was found a while ago.
func (m memory) noLog(now time.Time) bool {
	age := now.Sub(m.NoLog)
	return age >= 0 && age < noLogAge
}

// old says that the paths are not believed any more. A clock that went back
// makes them old too.
func (m memory) old(now time.Time) bool {
	age := now.Sub(m.Learned)
	return age < 0 || age > maxAge
}
