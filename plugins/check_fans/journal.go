package main

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// told is what the journal knows of the server.
type told struct {
	Watch journal.Watch `json:"watch"`
	At    time.Time     `json:"at,omitzero"`
}

// same is how far apart the log and a poll may date the start of one drop-out.
const same = time.Minute

// tell compares two memories of a server, and returns what happened, and what the
// journal knows then. It is pure. node is how the controller was addressed. With
// a first poll nothing is told: nobody knows who has seen it before.
func tell(old, next fans.Memory, node string, now time.Time) (json.RawMessage, []journal.Entry) {
	old = old.AsOf(next)
	var t told
	if err := json.Unmarshal(old.Told, &t); err != nil {
		t = told{} // there was none, or it cannot be read: begun anew
	}
	var events []journal.Entry
	happened := func(at, since time.Time, fact journal.Fact) {
		events = append(events, journal.Entry{At: at, Since: since, Node: node, Fact: fact})
	}
	if !t.At.IsZero() {
		before, episodes := fans.EpisodesOf(old.Marks), fans.EpisodesOf(next.Marks)
		for _, a := range news(old, next) { // closed by whoever acknowledged them, in this run perhaps
			episodes = append(episodes, a.Closed...)
		}
		for _, e := range episodes {
			if !slices.Contains(e.Fans, fans.Redundancy) {
				tellEpisode(before, e, next, happened)
			}
		}
		for _, a := range news(old, next) {
			happened(a.At, time.Time{}, &journal.Acknowledged{User: a.User, Text: a.Text, Closed: len(a.Closed)})
		}
		for _, id := range slices.Sorted(maps.Keys(next.Fans)) {
			was, is := old.Fans[id], next.Fans[id]
			if is.NewSerial != "" && was.NewSerial != is.NewSerial {
				happened(now, t.At, &journal.PartReplaced{Part: is.Name, Was: is.Serial, Now: is.NewSerial})
			}
		}
	}
	t.At = now
	var looks []journal.Entry
	t.Watch, looks = t.Watch.Look(now, len(events) > 0)
	for _, l := range looks {
		happened(l.At, time.Time{}, l.Fact)
	}
	text, err := json.Marshal(t)
	if err != nil { // times beyond all calendars
		return old.Told, events
	}
	return text, events
}

// news are the acknowledgements since.
func news(old, next fans.Memory) []fans.Ack {
	var out []fans.Ack
	for _, a := range next.Acks {
		if !slices.ContainsFunc(old.Acks, func(o fans.Ack) bool { return o.At.Equal(a.At) && o.Text == a.Text }) {
			out = append(out, a)
		}
	}
	return out
}

// tellEpisode tells a drop-out once, when it is over, and one that lasts when it
// begins and when it ends.
func tellEpisode(before []fans.Episode, e fans.Episode, m fans.Memory, happened func(at, since time.Time, fact journal.Fact)) {
	i := slices.IndexFunc(before, func(b fans.Episode) bool {
		return b.Start.Sub(e.Start).Abs() <= same && slices.ContainsFunc(b.Fans, func(fan string) bool { return slices.Contains(e.Fans, fan) })
	})
	names := m.Names(e)
	switch {
	case i < 0 && !e.Open():
		happened(e.Start, e.After, &journal.FanDropped{Fans: names, Ended: e.End.UTC(), Logged: e.Logged})
	case i < 0:
		for _, name := range names {
			happened(e.Start, e.After, &journal.FanFailed{Fan: name})
		}
	case before[i].Open() && !e.Open():
		for _, name := range names {
			happened(e.End, time.Time{}, &journal.FanBack{Fan: name})
		}
	}
}
