package main

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// memory is what one run leaves for the next about a cluster.
type memory struct {
	PVE    pve.Memory    `json:"pve"`
	Guests map[int]known `json:"guests,omitempty"`
	// Homes are the guests' configurations, which check_guests does not keep in PVE.
	Homes map[int]home `json:"configs,omitempty"`
	// Told is what was written into the journal.
	Told told `json:"told,omitzero"`
}

// known is what is remembered of a guest.
type known struct {
	Name     string   `json:"name,omitempty"`
	Pool     string   `json:"pool,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Node     string   `json:"node"`
	Learned  stamp    `json:"learned"`
	Answered stamp    `json:"answered,omitzero"`
	// At is the address at which it did.
	At netip.Addr `json:"at,omitzero"`
	// Moving is when it was last seen migrating.
	Moving stamp `json:"moving,omitzero"`
	// Silent is since when it has not answered, though it should.
	Silent stamp `json:"silent,omitzero"`
	// Dark is since when one of its web sites has not answered.
	Dark stamp `json:"dark,omitzero"`
	// Class is what the journal was told of that silence.
	Class string `json:"class,omitempty"`
	// Reported addresses are those the guest itself told, and when it was asked.
	Reported []netip.Addr `json:"reported,omitempty"`
	Asked    stamp        `json:"asked,omitzero"`
}

// addresses of a guest, the best first.
func (m memory) addresses(id int) []netip.Addr {
	if list := pve.Addresses(m.Homes[id].config(), nil); len(list) > 0 {
		return list
	}
	return m.Guests[id].Reported
}

// observe is the memory with what a run saw. It is pure; m is not changed.
// Guests that a cluster does not list any more are forgotten, unless it could
// not tell.
func observe(m memory, f facts) memory {
	c := f.cluster
	if c == nil {
		return m
	}
	next := memory{PVE: m.PVE, Homes: m.Homes, Guests: make(map[int]known, max(len(m.Guests), len(f.subjects))), Told: m.Told}
	complete := c.Quorate && len(c.Rights) == 0 && len(c.Gaps) == 0
	x := indexed(*c, f.now)
	listed := make(map[int]bool, len(c.Guests))
	for _, g := range c.Guests {
		listed[g.ID] = true
	}
	for id := range m.Guests {
		if listed[id] || !complete {
			next.Guests[id] = x.known(m.Guests[id], id)
		}
	}
	for _, id := range f.idle {
		if k, found := next.Guests[id]; found {
			k.Silent, k.Dark, k.Class = 0, 0, ""
			next.Guests[id] = k
		}
	}
	blind, now := f.blind(), stampOf(f.now)
	for i := range f.subjects {
		s := &f.subjects[i]
		k := next.Guests[s.guest.ID]
		if k.Moving.after(f.now) {
			k.Moving = 0
		}
		switch {
		case s.reached():
			k.Silent, k.Class = 0, ""
		case f.silent(s):
			if k.Silent == 0 || k.Silent.after(f.now) {
				k.Silent = now
			}
			// What was seen is not forgotten when nobody can tell any more.
			if class := f.class(s); !blind && (class != journal.ClassUnconfirmed || k.Class == "") {
				k.Class = class
			}
		}
		k.Dark = stampOf(f.darkSince(s, k.Dark.time()))
		if k.Learned == 0 || k.Learned.after(f.now) {
			k.Learned = now
		}
		if s.reached() {
			k.Answered, k.At = now, s.addr
		}
		k.Moving = max(k.Moving, s.seenMoving)
		if c.Quorate {
			k.Name, k.Node = s.guest.Name, s.node
			k.Pool, k.Tags = s.guest.Pool, s.guest.Tags
		}
		next.Guests[s.guest.ID] = k
	}
	return next
}

// follow is the memory by our clock as it is now, see [pve.Memory.Follow].
func (m memory) follow(clock state.Clock) (next memory, by time.Duration) {
	if m.PVE, by = m.PVE.Follow(clock); by == 0 {
		return m, 0
	}
	m.Guests, m.Homes, m.Told = maps.Clone(m.Guests), maps.Clone(m.Homes), m.Told.moved(by)
	for id, k := range m.Guests {
		for _, s := range []*stamp{&k.Learned, &k.Answered, &k.Moving, &k.Silent, &k.Dark, &k.Asked} {
			s.move(by)
		}
		m.Guests[id] = k
	}
	for id, h := range m.Homes {
		m.Homes[id] = h.moved(by)
	}
	return m, by
}

// after is the memory with a look at the cluster, as it can be written to. What was
// read of guests that are gone, or are others now, is forgotten.
func (m memory) after(l pve.Look) memory {
	m.PVE = m.PVE.After(l)
	m = m.writable()
	if l.Cluster.Quorate && l.Cluster.Listed() {
		outdated := l.Cluster.Outdated(l.Now)
		maps.DeleteFunc(m.Homes, func(id int, h home) bool { return outdated(id, h.read()) })
	}
	return m
}

// recall is a run's way to what earlier runs left.
type recall struct {
	memory  memory
	learned memory // by this run
	trouble error  // why there is no memory
	store   *state.Store
	subject string
	// journal is where to write what happened; counted says that the run looked
	// at all guests; untold why nothing was written.
	journal journal.Options
	counted bool
	untold  error
}

// remember reads what is remembered about the cluster that answered.
func remember(o state.Options, c pve.Cluster) *recall {
	r := &recall{subject: c.Subject()}
	if r.subject == "" {
		return r
	}
	if r.store, r.trouble = o.Open("check_guests"); r.trouble == nil {
		r.memory, r.trouble = state.Load[memory](r.store, r.subject)
	}
	return r
}

// follow makes the memory what it is by our clock as it is now, and adds a look to it.
func (r *recall) follow(l pve.Look) (set time.Duration) {
	r.memory, set = r.memory.follow(l.Clock)
	r.memory = r.memory.after(l)
	return set
}

// fresh is what of a memory this run has read itself.
func (m memory) fresh(now time.Time) memory {
	next := memory{}.writable()
	for id, h := range m.Homes {
		if h.read().Equal(now) {
			next.Homes[id] = h
		}
	}
	for id, k := range m.Guests {
		if k.Asked == stampOf(now) {
			next.Guests[id] = known{Reported: k.Reported, Asked: k.Asked}
		}
	}
	return next
}

// release lets go of what is remembered of guests when nothing more is learned of them:
// their subjects know what is needed, and that of fifty thousand twice would be
// much.
func (r *recall) release(now time.Time) {
	r.learned = r.memory.fresh(now)
	r.memory = memory{PVE: r.memory.PVE}
}

// keep stores what this run saw and learned. Another run may have written
// since: what was seen is added to what is there now.
func (r *recall) keep(l pve.Look, f facts) {
	learned := r.learned
	if r.store == nil {
		return
	}
	_, err := state.Update(r.store, r.subject, func(old memory) (memory, error) {
		old, f.set = old.follow(l.Clock)
		before := old
		old = old.after(l)
		for id, h := range learned.Homes {
			if newer(h.read(), old.Homes[id].read(), f.now) {
				old.Homes[id] = h
			}
		}
		next := observe(old, f)
		for id, k := range learned.Guests {
			if is := next.Guests[id]; newer(k.Asked.time(), is.Asked.time(), f.now) {
				is.Reported, is.Asked = slices.Clone(k.Reported), k.Asked
				next.Guests[id] = is
			}
		}
		// Written before it is remembered, and under the memory's lock: whatever
		// is killed, and whoever runs at once, it is there, and once.
		now, events := tell(before, next, f, r.counted)
		r.untold = r.journal.Write(r.store, journal.Witness{Plugin: "check_guests", Now: f.now}, events)
		return next.remembered(now), nil
	})
	if r.trouble == nil {
		r.trouble = err
	}
}

// newer says whether what was read at one time takes the place of what was read
// at another. A time to come is no time: our clock was set back since.
func newer(read, before, now time.Time) bool {
	return read.After(before) || before.After(now) && !read.After(now)
}
