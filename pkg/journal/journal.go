// Package journal keeps what happened. Plugins remember for themselves; the
// journal remembers for people: one line of JSON for each thing that happened,
// written once by the plugin that saw it, never one for each poll.
//
// An entry is facts and no verdict. [Options.Write] appends, [Read] reads those of
// a period, from one directory or from those of several pollers. What the kinds
// mean is said in kinds.go and, for people, in docs/journal.md.
package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version of the lines. Lines of a newer one are counted and left.
const Version = 1

// longest is the longest line that is written or read, in bytes.
const longest = 32 << 10

// Entry is one thing that happened.
type Entry struct {
	// ID is the same for whoever saw the same, as far as the thing tells.
	ID string
	// At is when it happened, by our clock. When only polls saw it, it happened
	// after Since, when it was last seen otherwise, and not later than At.
	At    time.Time
	Since time.Time
	// Seen is when we saw it. Later lines of a file were not seen earlier.
	Seen time.Time
	// By is the plugin.
	By      string
	Cluster string
	Node    string
	Guest   *Guest
	Fact    Fact
	// Sources are the names of those that [Read] found it in: who saw it. Nothing
	// of it is written.
	Sources []string
	// Line counts the entries as they were read: of one source, in the order in which
	// they were written, whatever the clock showed. Nothing of it is written.
	Line int
}

// Kind of the entry's fact.
func (e Entry) Kind() Kind { return e.Fact.Kind() }

// Guest is a guest as it was called then, and whose it was.
type Guest struct {
	ID   int      `json:"id"`
	Type string   `json:"type,omitempty"` // vm or ct
	Name string   `json:"name,omitempty"`
	Pool string   `json:"pool,omitempty"`
	Tags []string `json:"tags,omitempty"`
}

// head is what all lines have. The fields of the fact follow it.
type head struct {
	V       int       `json:"v"`
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Since   time.Time `json:"since,omitzero"`
	Seen    time.Time `json:"seen"`
	By      string    `json:"by"`
	Cluster string    `json:"cluster,omitempty"`
	Node    string    `json:"node,omitempty"`
	Guest   *Guest    `json:"guest,omitempty"`
	Kind    Kind      `json:"kind"`
}

// line is the entry as it is written, with its end.
func (e Entry) line() ([]byte, error) {
	first, err := encode(head{Version, e.ID, e.At.Round(time.Millisecond), e.Since, e.Seen, e.By, e.Cluster, e.Node, e.Guest, e.Kind()})
	if err != nil {
		return nil, err
	}
	fact, err := encode(e.Fact)
	if err != nil {
		return nil, err
	}
	if len(fact) > len("{}") {
		first = append(append(first[:len(first)-1], ','), fact[1:]...)
	}
	if len(first) >= longest {
		return nil, fmt.Errorf("an entry of %d bytes, expected less than %d", len(first), longest)
	}
	return append(first, '\n'), nil
}

// encode writes JSON that people read, and browsers do not.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

var (
	errNewer = errors.New("written by a newer version")
	errTorn  = errors.New("no entry")
)

// parse reads a line. The error is errNewer or errTorn.
func parse(line []byte) (Entry, error) {
	var h head
	if err := json.Unmarshal(line, &h); err != nil || h.V < 1 || h.ID == "" || h.At.IsZero() || h.Seen.IsZero() {
		return Entry{}, errTorn
	}
	empty, known := kinds[h.Kind]
	if h.V > Version || !known {
		return Entry{}, errNewer
	}
	fact := empty()
	if err := json.Unmarshal(line, fact); err != nil {
		return Entry{}, errTorn
	}
	return Entry{h.ID, h.At, h.Since, h.Seen, h.By, h.Cluster, h.Node, h.Guest, fact, nil, 0}, nil
}

// identified is the entry with its ID: made of what happened to whom and when,
// to the second, and not of who saw it. A task of Proxmox VE names itself.
func (e Entry) identified() (Entry, error) {
	var parts struct {
		Kind          Kind
		Cluster, Node string
		Guest         int
		At            int64
		Fact          any
	}
	parts.Kind, parts.Cluster, parts.Node, parts.At, parts.Fact = e.Kind(), e.Cluster, e.Node, e.At.Unix(), e.Fact
	if e.Guest != nil {
		parts.Guest = e.Guest.ID
	}
	if moved, is := e.Fact.(*GuestMoved); is && moved.Task != "" {
		parts.At, parts.Node, parts.Fact = 0, "", moved.Task
	}
	switch e.Fact.(type) {
	case *PartMissing, *PartReplaced, *PartNew:
		if !e.Since.IsZero() { // found by comparing with what was: once for each comparison
			parts.At = e.Since.Unix()
		}
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return e, err
	}
	sum := sha256.Sum256(text)
	e.ID = hex.EncodeToString(sum[:8])
	return e, nil
}
