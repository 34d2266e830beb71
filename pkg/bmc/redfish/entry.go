package redfish

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// logEntry is a LogEntry resource.
type logEntry struct {
	ID           text   `json:"Id"`
	Self         link   `json:"@odata.id"`
	Created      text   `json:"Created"`
	EventStamp   text   `json:"EventTimestamp"`
	Severity     text   `json:"Severity"`
	Modified     text   `json:"Modified"`
	EntryCode    text   `json:"EntryCode"`
	SensorType   text   `json:"SensorType"`
	SensorNumber number `json:"SensorNumber"`
	Message      text   `json:"Message"`
	MessageID    text   `json:"MessageId"`
	MessageArgs  list   `json:"MessageArgs"`
	Resolved     flag   `json:"Resolved"`
	Oem          struct {
		Hpe, Hp iml
		Lenovo  struct{ CommonEventID, AlertCategory, Category text }
		Huawei  json.RawMessage
	}

	place int // in the list as it was read, from 1
	// over says that the entry is the end of what its text tells.
	over bool
}

// iml is what HPE adds to entries of its IML: how often the event happened, when the entry
// last changed, and whether what it tells is over.
type iml struct {
	Repaired flag
	Count    number
	Updated  text
}

func (e logEntry) iml() iml { return cmp.Or(e.Oem.Hpe, e.Oem.Hp) }

// args are the arguments of the message.
func (e logEntry) args() []string {
	var out []string
	for _, item := range e.MessageArgs.items {
		if len(out) == 4 {
			break
		}
		out = append(out, phrase.Clip(strings.TrimSpace(plain(item, 0)), maxName))
	}
	return out
}

// id is the id of the entry's message in its registry, without the registry's
// name and version: "IDRAC.2.7.FAN0001" is FAN0001.
func (e logEntry) id() string {
	event := e.Oem.Lenovo.CommonEventID.Name()
	id := cmp.Or(e.MessageID.Name(), event)
	if strings.HasPrefix(event, "FQX") {
		id = event
	}
	return id[strings.LastIndexByte(id, '.')+1:]
}

// made is when the entry says that it was made, as it came: Created, or
// EventTimestamp where that has no date.
func (e logEntry) made() text {
	if e.Created.String() == "" || stamp(e.Created.String()).IsZero() && !stamp(e.EventStamp.String()).IsZero() {
		return e.EventStamp
	}
	return e.Created
}

// well says that the entry calls what it tells fine.
func (e logEntry) well() bool { return strings.EqualFold(e.Severity.String(), "OK") }

// eventsOf makes the events of one entry, none when it is not about fans. HPE's
// IML has one entry for a fault, however often it happened, and marks it
// repaired; OpenBMC marks an entry resolved. Each change becomes an event of
// its own, with an id of its own.
func (p *poll) eventsOf(e logEntry, order int64, when calendar) []bmc.Event {
	m, ok := e.meaning()
	if !ok {
		return nil
	}
	if back, ends := ending[m.kind]; ends && e.over {
		m.kind = back
	}
	fan := ""
	if m.kind != bmc.RedundancyLost && m.kind != bmc.RedundancyRegained {
		if fan = p.fanOf(e, m); fan == "" {
			return nil
		}
	}
	first := bmc.Event{
		ID: cmp.Or(e.ID.Name(), lastOf(string(e.Self))), Order: order, Stamp: phrase.Clip(string(e.made()), maxName), Time: when.dated(e.made().String()),
		Fan: fan, Kind: m.kind, Level: m.level, Text: phrase.Clip(cmp.Or(e.Message.String(), e.MessageID.String()), maxText),
	}
	out := []bmc.Event{first}
	changed := cmp.Or(e.iml().Updated.String(), e.Modified.String())
	again := func(suffix string, kind bmc.Kind) {
		next := first
		next.ID, next.Kind = first.ID+suffix, kind
		next.Stamp, next.Time = phrase.Clip(changed, maxName), when.dated(changed)
		out = append(out, next)
	}
	if n := e.iml().Count.count(); n > 1 && changed != "" && changed != first.Stamp {
		again("#"+strconv.Itoa(n), m.kind)
	}
	if back, ends := ending[m.kind]; ends && changed != "" && (e.iml().Repaired.value || e.Resolved.value) {
		again("#repaired", back)
	}
	return out
}

// ending is what ends an event.
var ending = map[bmc.Kind]bmc.Kind{
	bmc.Failed:         bmc.Recovered,
	bmc.Removed:        bmc.Inserted,
	bmc.RedundancyLost: bmc.RedundancyRegained,
}

// fanWords are what an entry about a fan of this server holds, in lower case:
// most entries are about something else and need not be decoded.
func (p *poll) fanWords() []string {
	words := []string{"fan", "tach", "cooling", "blower", "fqxspca", "rdu000"}
	for _, f := range p.server.Fans {
		if name := strings.ToLower(f.Name); name != "" && !strings.Contains(name, "fan") && !strings.Contains(name, "tach") {
			words = append(words, name)
		}
	}
	return words
}

// mentions says whether an entry may be about a fan.
func (r *logRead) mentions(item json.RawMessage) bool {
	low := bytes.ToLower(item)
	for _, word := range r.words {
		if bytes.Contains(low, []byte(word)) {
			return true
		}
	}
	return false
}
