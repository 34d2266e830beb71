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
	state.Move(set, &before.At)
	before.Watch = before.Watch.Moved(set)
	next, events := before.after(c, now, set.Abs() > journal.ClockSlack)
	subject := c.Subject()
	for i := range events {
		events[i].Cluster = subject
	}
	var looks []journal.Observed
	next.Watch, looks = before.Watch.Look(now, len(events) > 0)
	for _, o := range looks {
		events = append(events, journal.Entry{At: o.Until, Cluster: subject, Fact: &o})
	}
	text, err := json.Marshal(next)
	if err != nil { // times beyond all calendars
		return raw, events
	}
	return text, events
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
	happened := func(node string, fact journal.Fact) {
		if !t.At.IsZero() {
			events = append(events, journal.Entry{At: now, Since: since, Node: node, Fact: fact})
		}
	}
	switch {
	case c.Lost && !t.Lost:
		next.Lost = true
		happened("", &journal.QuorumLost{})
	case c.Quorate && t.Lost:
		next.Lost = false
		happened("", &journal.QuorumBack{})
	}
	if !c.Quorate || len(c.Nodes) == 0 {
		return next, events // what it lists is old
	}
	next.At, next.Offline, next.Maintained = now, nil, nil
	for _, n := range c.Nodes {
		was := slices.Contains(t.Offline, n.Name)
		if !n.Online {
			next.Offline = append(next.Offline, n.Name)
		}
		switch {
		case n.Online && (was || anew):
			happened(n.Name, &journal.NodeOnline{})
		case !n.Online && (!was || anew):
			happened(n.Name, &journal.NodeOffline{})
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
