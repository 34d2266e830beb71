package main

import (
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// memory is what is remembered of one cluster between runs. Everything in it
// follows from what the cluster said; losing it costs certainty, never safety.
type memory struct {
	// Noout is since when noout has been seen, by scope.
	Noout map[string]time.Time `json:"noout,omitempty"`
	// Until is the end that was declared for it, Mute that it was declared by
	// muting the check.
	Until time.Time `json:"until,omitzero"`
	Mute  bool      `json:"mute,omitempty"`
	// Unsettled is since when there have always been PGs that are on their way;
	// Changed is the last change of the OSD map then.
	Unsettled time.Time `json:"unsettled,omitzero"`
	Changed   time.Time `json:"changed,omitzero"`
	// Mgrs and MDS are the daemons of the last time there was a standby, with
	// the host each ran on; Listed is when the mgrs were asked for.
	Mgrs   map[string]string `json:"mgrs,omitempty"`
	MDS    map[string]string `json:"mds,omitempty"`
	Listed time.Time         `json:"listed,omitzero"`
	// Told is what was written into the journal.
	Told told `json:"told,omitzero"`
	// Clock is from when time is counted.
	Clock anchor `json:"clock,omitzero"`
}

// recollection is a memory together with whether there is one.
type recollection struct {
	memory
	times
	// Works says that what is seen now will be known in the next run.
	Works bool
}

// relist is how old the names of the daemons may become.
const relist = time.Hour

// stale says that the names of the mgrs should be asked for again.
func (m memory) stale(mgrs int, now time.Time) bool {
	age := now.Sub(m.Listed)
	return len(m.Mgrs) != mgrs || age < 0 || age > relist
}

// remember is the memory after a run that saw c.
func remember(old memory, c ceph.Cluster, until, now time.Time) memory {
	m := old
	m.rememberNoout(c, until, now)
	m.rememberUnsettled(c, now)
	m.rememberDaemons(c, now)
	return m
}

// rememberNoout dates every scope of noout. The flag was set when the OSD map
// was last changed or before: so it is as old as that at least, by the mons'
// clocks, even when it is seen for the first time. Dates that cannot be, after
// now or before the cluster was made, come of a clock that was wrong. When the map
// was changed after now, the wrong one is ours, and what is known stays.
func (m *memory) rememberNoout(c ceph.Cluster, until, now time.Time) {
	if c.Map == nil {
		return
	}
	bound, latest := c.Map.Modified, present(c, now)
	if bound.IsZero() || bound.After(now) {
		bound = now
	} else {
		latest = bound
	}
	seen := map[string]time.Time{}
	again := false
	for _, s := range c.Scopes("noout") {
		since, known := m.Noout[s.String()]
		again = again || known
		if !known || since.After(latest) || since.Before(c.Map.Created) {
			since = bound
		}
		seen[s.String()] = since
	}
	if c.Map.ScopesUnknown {
		for scope, since := range m.Noout {
			if _, known := seen[scope]; !known && scope != string(ceph.ScopeCluster) {
				seen[scope], again = since, true
			}
		}
	}
	if len(m.Noout) > 0 && !again {
		// it is another noout than the one whose end was declared
		m.Until, m.Mute = time.Time{}, false
	}
	m.Noout = seen
	m.rememberEnd(c, until, now)
}

// present is not before the last change of the OSD map: a stamp later than now
// says that our clock is behind.
func present(c ceph.Cluster, now time.Time) time.Time {
	if c.Map != nil && c.Map.Modified.After(now) {
		return c.Map.Modified
	}
	return now
}

// rememberEnd keeps the end that was declared for noout: by option, else by a
// mute, which is gone from Ceph when it has run out.
func (m *memory) rememberEnd(c ceph.Cluster, until, now time.Time) {
	if !until.IsZero() {
		m.Until, m.Mute = until, false
		return
	}
	if len(m.Noout) == 0 {
		if m.Mute || now.After(m.Until) {
			m.Until, m.Mute = time.Time{}, false
		}
		return
	}
	if end := muted(c); !end.IsZero() && (m.Until.IsZero() || m.Mute) {
		m.Until, m.Mute = end, true
	}
}

// muted is the end of the mute that silences noout, zero without one.
func muted(c ceph.Cluster) time.Time {
	if c.Health == nil || c.Map == nil {
		return time.Time{}
	}
	code := "OSD_FLAGS"
	if c.Map.Flag("noout") {
		code = "OSDMAP_FLAGS"
	}
	mute, _ := c.Health.Mute(code)
	return mute.Until
}

// rememberUnsettled dates the time since when PGs have been on their way. When
// OSDs went up or down, in or out since, that is the reason, and it counts anew.
func (m *memory) rememberUnsettled(c ceph.Cluster, now time.Time) {
	if c.PGs == nil {
		return
	}
	changed := c.Changed()
	switch {
	case c.PGs.Count(unsettled) == 0:
		m.Unsettled, m.Changed = time.Time{}, time.Time{}
	case m.Unsettled.IsZero() || m.Unsettled.After(now) || !m.Changed.Equal(changed):
		m.Unsettled, m.Changed = now, changed
	}
}

// rememberDaemons keeps the names of the last time all was in order: while a
// host is serviced, they tell whose standby is missing.
func (m *memory) rememberDaemons(c ceph.Cluster, now time.Time) {
	if c.Mgr != nil && c.Mgr.Daemons != nil {
		if c.Mgr.Standbys > 0 || len(m.Mgrs) == 0 {
			m.Mgrs = hosts(c.Mgr.Daemons)
		}
		m.Listed = now
	}
	if c.FS != nil && c.FS.Daemons != nil && (c.FS.Standbys > 0 || len(m.MDS) == 0) {
		m.MDS = hosts(c.FS.Daemons)
	}
}

// maxDaemons bounds what is remembered.
const maxDaemons = 200

func hosts(daemons []ceph.Daemon) map[string]string {
	out := map[string]string{}
	for _, d := range daemons {
		if len(out) < maxDaemons {
			out[d.Name] = d.Host
		}
	}
	return out
}
