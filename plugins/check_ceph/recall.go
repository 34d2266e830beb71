package main

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// recall is the way to what earlier runs left: the memory of the cluster under
// its own id, and the source's token under the address that took it.
type recall struct {
	store   *state.Store
	now     func() time.Time
	address string
	// trouble says why there is no memory.
	trouble error
	// journal is where to write what happened, untold why nothing was written.
	journal journal.Options
	untold  error
}

// tokens is what is kept about an address.
type tokens struct {
	Source json.RawMessage `json:"source,omitempty"`
}

func open(o *options) *recall {
	r := &recall{now: o.clock.Now, journal: o.Journal}
	if len(o.Hosts) > 0 {
		r.address = o.Via + " " + o.Hosts[0]
	}
	r.store, r.trouble = o.State.Open("check_ceph")
	return r
}

// token is what the source left for this address. A memory that cannot be read
// costs a login, no more.
func (r *recall) token() ceph.Memory {
	if r.store == nil || r.address == "" {
		return nil
	}
	t, err := state.Load[tokens](r.store, r.address)
	if err != nil {
		return nil
	}
	return ceph.Memory(t.Source)
}

// keep stores what the source wants kept, in a file of mode 0600.
func (r *recall) keep(m ceph.Memory) {
	if r.store == nil || r.address == "" || len(m) == 0 {
		return
	}
	_, err := state.Update(r.store, r.address, func(tokens) (tokens, error) {
		return tokens{Source: json.RawMessage(m)}, nil
	})
	r.fail(err)
}

func (r *recall) fail(err error) {
	if err != nil && r.trouble == nil {
		r.trouble = err
	}
}

// daemons says whether their names are to be asked for, see [ceph.Ask].
func (r *recall) daemons(fsid string, mgrs int) bool {
	if r.store == nil || fsid == "" {
		return false
	}
	m, err := state.Load[memory](r.store, fsid)
	return err == nil && m.stale(mgrs, r.now())
}

// learn folds what was seen into the memory of the cluster.
func (r *recall) learn(c ceph.Cluster, until time.Time, read state.Clock) recollection {
	var m recollection
	m.memory, m.times = counting(memory{}, c, until, read)
	if r.store != nil && c.FSID == "" {
		r.fail(errors.New("the cluster does not tell its id"))
	}
	if r.store != nil && c.FSID != "" {
		m.memory, m.times, m.Works = r.update(c, until, read)
	}
	m.Works = m.Works && r.trouble == nil
	return m
}

// counting is the memory after a run that saw c, and the time of that run.
func counting(old memory, c ceph.Cluster, until time.Time, read state.Clock) (memory, times) {
	t := old.count(read, c)
	return remember(old, c, until, t.Counted), t
}

func (r *recall) update(c ceph.Cluster, until time.Time, read state.Clock) (_ memory, at times, kept bool) {
	m, err := state.Update(r.store, c.FSID, func(old memory) (memory, error) {
		var m memory
		m, at = counting(old, c, until, read)
		if r.journal.Off() {
			return m, nil
		}
		// Written before it is remembered, and under the memory's lock: whatever
		// is killed, and whoever runs at once, it is there, and once. By our clock,
		// also where the cluster's is ahead: it has the time of all who write there.
		told, events := tell(old.Told, m, c, read)
		if age := read.At.Sub(old.Told.At); len(events) == 0 && age >= 0 && age < notedLook {
			told.Watch, told.At, told.Clock = old.Told.Watch, old.Told.At, old.Told.Clock
		}
		m.Told = told
		r.untold = r.journal.Write(r.store, journal.Witness{Plugin: "check_ceph", Now: read.At}, events)
		return m, nil
	})
	r.fail(err)
	return m, at, err == nil
}

// notedLook is how often a look at which nothing happened is remembered: a memory
// that is written with every run costs more than the judging. Looks between are
// not counted, so the journal says too few, and never too many.
const notedLook = 5 * time.Minute
