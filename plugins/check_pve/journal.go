package main

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// told is what the journal knows of the cluster.
type told struct {
	Watch journal.Watch `json:"watch"`
	// At is the last look at a cluster with quorum.
	At         time.Time `json:"at,omitzero"`
	Offline    []string  `json:"offline,omitempty"`
	Maintained []string  `json:"maintained,omitempty"`
	// Since is when nodes that are offline were first seen so.
	Since map[string]time.Time `json:"since,omitempty"`
	// Anew says that our clock was set, and that nothing was told of the nodes since.
	Anew bool `json:"anew,omitempty"`
	// Lost is since when there was no quorum, seen last with it at At.
	Lost bool `json:"lost,omitempty"`
}

// tell compares what the journal knows with what there is, and returns what
// happened, and what the journal knows then. It is pure. A first look tells
// nothing: nobody knows since when it is so. Set is how far our clock was set forward
// since the last one.
func tell(raw json.RawMessage, c pve.Cluster, now time.Time, set time.Duration) (json.RawMessage, []journal.Entry) {
	var before told
	if err := json.Unmarshal(raw, &before); err != nil {
		before = told{} // there was none, or it cannot be read: begun anew
	}
	before = before.moved(set)
	next, events := before.after(c, now, set < 0 || set > journal.ClockSlack)
	var looks []journal.Entry
	next.Watch, looks = before.Watch.Look(now, len(events) > 0)
	events = append(events, looks...)
	subject := c.Subject()
	for i := range events {
		events[i].Cluster = subject
	}
	text, err := json.Marshal(next)
	if err != nil { // times beyond all calendars
		return raw, events
	}
	return text, events
}

// moved is what was told by our clock, which was set forward by so much.
func (t told) moved(by time.Duration) told {
	state.Move(by, &t.At)
	t.Watch, t.Since = t.Watch.Moved(by), state.Moved(t.Since, by, func(at *time.Time) *time.Time { return at })
	return t
}

// after is what the journal knows after a look. Anew is that what it was told says
// nothing about now.
func (t told) after(c pve.Cluster, now time.Time, anew bool) (told, []journal.Entry) {
	next := t
	var events []journal.Entry
	since := t.At
	if since.After(now) {
		since = time.Time{} // our clock went back
	}
	happenedSince := func(since time.Time, node string, fact journal.Fact) {
		if !t.At.IsZero() {
			events = append(events, journal.Entry{At: now, Since: since, Node: node, Fact: fact})
		}
	}
	happened := func(node string, fact journal.Fact) { happenedSince(since, node, fact) }
	switch {
	case c.Lost && !t.Lost:
		next.Lost = true
		happened("", &journal.QuorumLost{})
	case c.Quorate && t.Lost:
		next.Lost = false
		happened("", &journal.QuorumBack{})
	}
	if !c.Quorate || len(c.Nodes) == 0 {
		next.Anew = t.Anew || anew
		return next, events // what it lists is old
	}
	anew = t.Anew || anew
	next.At, next.Anew, next.Offline, next.Maintained, next.Since = now, false, nil, nil, nil
	for _, n := range c.Nodes {
		was := slices.Contains(t.Offline, n.Name)
		if anew && was { // since when by the clock as it is now, also when it is over
			happenedSince(t.Since[n.Name], n.Name, &journal.NodeOffline{Again: true})
		}
		switch {
		case n.Online && (was || anew):
			happened(n.Name, &journal.NodeOnline{Again: !was})
		case !n.Online && !was:
			happened(n.Name, &journal.NodeOffline{})
		}
		if since, known := t.Since[n.Name]; !n.Online {
			next.offline(n.Name, since, known)
		}
		is := c.HA.Maintenance(n.Name)
		if is {
			next.Maintained = append(next.Maintained, n.Name)
		}
		if is != slices.Contains(t.Maintained, n.Name) {
			happened(n.Name, &journal.HAMaintenance{On: is})
		}
	}
	return next, events
}

// offline notes a node that is, and since when.
func (t *told) offline(node string, since time.Time, known bool) {
	t.Offline = append(t.Offline, node)
	if t.Since == nil {
		t.Since = map[string]time.Time{}
	}
	if !known {
		since = t.At
	}
	t.Since[node] = since
}
