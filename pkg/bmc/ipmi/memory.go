package ipmi

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

const (
	// memoryVersion changes when memories of before would be misread, or lack
	// what is read now: 2 has entity presence.
	memoryVersion = 2

	// cacheAge is how long the sensor records of one walk are used although
	// the repository says that nothing has changed: some boards say so
	// wrongly (prometheus-community/ipmi_exporter issue 261: a month of wrong
	// states).
	cacheAge = 24 * time.Hour

	// restlessAge is the same for a repository whose times mean nothing,
	// because they change without its records changing (seen within ten
	// minutes, canonical/prometheus-hardware-exporter issue 40) or are not
	// told.
	restlessAge = 6 * time.Hour
)

// memory is what one poll leaves to the next. It holds no secret.
type memory struct {
	Version    int          `json:"version"`
	GUID       string       `json:"guid,omitempty"` // as sent, in hex
	Suite      byte         `json:"suite,omitempty"`
	Identity   bmc.Identity `json:"identity"`            // without the UUID
	Inventory  bool         `json:"inventory,omitempty"` // Identity was asked for
	Repository repository   `json:"repository"`
	Log        logMark      `json:"log"`
}

// repository is the cache of sensor records.
type repository struct {
	// Info is what Get SDR Repository Info said when Sensors were read, and
	// Read is when that was.
	Info    repositoryInfo `json:"info"`
	Read    time.Time      `json:"read"`
	Sensors []sensor       `json:"sensors,omitempty"`
	// Walk is a walk that has not come to its end: on slow boards the first
	// one takes longer than one run.
	Walk *walk `json:"walk,omitempty"`
	// Restless counts the walks that found the same records although the
	// times had changed.
	Restless int `json:"restless,omitempty"`
	// Chunk is the number of bytes that the controller gives at once.
	Chunk int `json:"chunk,omitempty"`
}

// walk is how far the repository was read.
type walk struct {
	Info    repositoryInfo `json:"info"`
	First   uint16         `json:"first"`           // the first record's id
	Next    uint16         `json:"next"`            // where to go on
	Records int            `json:"records"`         // read so far, of any kind
	Round   bool           `json:"round,omitempty"` // came back to a record too early
	Sensors []sensor       `json:"sensors,omitempty"`
}

// repositoryInfo is what tells whether the repository has changed.
type repositoryInfo struct {
	Count uint16 `json:"count"`
	Added uint32 `json:"added"`
	Erase uint32 `json:"erased"`
}

// recall reads a memory; one that cannot be read is none.
func recall(stored bmc.Memory) memory {
	var m memory
	if err := json.Unmarshal(stored, &m); err != nil || m.Version != memoryVersion || !m.sound() {
		return memory{Version: memoryVersion}
	}
	return m
}

// sound says whether a memory has only values that we could have written: the
// file may have been edited or damaged, and the numbers steer loops and
// tables.
func (m *memory) sound() bool {
	r := &m.Repository
	all := r.Sensors
	if r.Walk != nil {
		if r.Walk.Records < 0 || len(r.Walk.Sensors) > 2*maxSensors {
			return false
		}
		all = slices.Concat(all, r.Walk.Sensors)
	}
	for _, s := range all {
		if s.Formula != nil && int(s.Formula.Curve) >= len(curves) {
			return false
		}
	}
	return len(r.Sensors) <= 2*maxSensors && r.Restless >= 0 && (r.Chunk == 0 || slices.Contains(chunks[:], r.Chunk))
}

// belongs drops a memory that another controller left.
func (m *memory) belongs(guid [16]byte) {
	name := hex.EncodeToString(guid[:])
	if m.GUID != name {
		*m = memory{Version: memoryVersion, GUID: name, Suite: m.Suite}
	}
}

// store makes the memory for the next poll.
func (m *memory) store() bmc.Memory {
	text, err := json.Marshal(m)
	if err != nil {
		return nil // cannot happen: there is nothing in it that has no JSON
	}
	return text
}

// dated says whether the times can say that something has changed.
func (i repositoryInfo) dated() bool {
	unset := func(t uint32) bool { return t == 0 || t == unsetTime }
	return !unset(i.Added) || !unset(i.Erase)
}

// holds says whether the cached records are those of the repository, and
// whether they are too old to go on believing that.
func (r *repository) holds(info repositoryInfo, now time.Time) (same, aged bool) {
	if r.Read.IsZero() {
		return false, false
	}
	age, limit, same := now.Sub(r.Read), cacheAge, r.Info == info
	if !info.dated() || r.Restless >= 2 {
		limit, same = restlessAge, r.Info.Count == info.Count
	}
	// A clock that was set back makes the age negative: then it is not known.
	return same, age < 0 || age >= limit
}
