package main

import (
	"net/netip"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// memory is what one run leaves for the next about a cluster.
type memory struct {
	PVE    pve.Memory    `json:"pve"`
	Guests map[int]known `json:"guests,omitempty"`
}

// known is what is remembered of a guest.
type known struct {
	Name     string    `json:"name,omitempty"`
	Node     string    `json:"node"`
	Learned  time.Time `json:"learned"`
	Answered time.Time `json:"answered,omitzero"`
	// Moving is when it was last seen migrating.
	Moving time.Time `json:"moving,omitzero"`
	// Silent is since when it has not answered, though it should.
	Silent time.Time `json:"silent,omitzero"`
	// Reported addresses are those the guest itself told, and when it was asked.
	Reported []netip.Addr `json:"reported,omitempty"`
	Asked    time.Time    `json:"asked,omitzero"`
}

// addresses of a guest, the best first.
func (m memory) addresses(id int) []netip.Addr {
	if list := pve.Addresses(m.PVE.Configs[id].Config, nil); len(list) > 0 {
		return list
	}
	return m.Guests[id].Reported
}

// observe is the memory with what a run saw. It is pure; m is not changed.
// Guests that a cluster does not list any more are forgotten, unless it could
// not tell.
func observe(m memory, f facts) memory {
	next := memory{PVE: m.PVE, Guests: map[int]known{}}
	c := f.cluster
	if c == nil {
		return m
	}
	whole := c.Quorate && len(c.Rights) == 0 && len(c.Gaps) == 0
	x := indexed(*c, f.now)
	listed := map[int]bool{}
	for _, g := range c.Guests {
		listed[g.ID] = true
	}
	for id := range m.Guests {
		if listed[id] || !whole {
			next.Guests[id] = x.known(m, id)
		}
	}
	for _, id := range f.idle {
		if k, found := next.Guests[id]; found {
			k.Silent = time.Time{}
			next.Guests[id] = k
		}
	}
	for i := range f.subjects {
		s := &f.subjects[i]
		k := next.Guests[s.guest.ID]
		if k.Moving.After(f.now) {
			k.Moving = time.Time{}
		}
		switch {
		case s.reached():
			k.Silent = time.Time{}
		case f.silent(s) && (k.Silent.IsZero() || k.Silent.After(f.now)):
			k.Silent = f.now
		}
		if k.Learned.IsZero() || k.Learned.After(f.now) {
			k.Learned = f.now
		}
		if s.reached() {
			k.Answered = f.now
		}
		if s.seenMoving.After(k.Moving) {
			k.Moving = s.seenMoving
		}
		if c.Quorate {
			k.Name, k.Node = s.guest.Name, s.node
		}
		next.Guests[s.guest.ID] = k
	}
	return next
}

// recall is a run's way to what earlier runs left.
type recall struct {
	memory  memory
	trouble error // why there is no memory
	store   *state.Store
	subject string
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

// kept says whether anything will be there for the next run.
func (r *recall) kept() bool { return r.store != nil }

// keep stores what this run saw and learned. Another run may have written
// since: what was seen is added to what is there now.
func (r *recall) keep(l pve.Look, learned memory, f facts) {
	if r.store == nil {
		return
	}
	_, err := state.Update(r.store, r.subject, func(old memory) (memory, error) {
		old.PVE = old.PVE.After(l)
		old = old.clone()
		for id, config := range learned.PVE.Configs {
			if newer(config.Time, old.PVE.Configs[id].Time, f.now) {
				old.PVE.Configs[id] = config
			}
		}
		next := observe(old, f)
		for id, k := range learned.Guests {
			if is := next.Guests[id]; newer(k.Asked, is.Asked, f.now) {
				is.Reported, is.Asked = slices.Clone(k.Reported), k.Asked
				next.Guests[id] = is
			}
		}
		return next, nil
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
