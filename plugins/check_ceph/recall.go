package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/state"
)

// recall is the way to what earlier runs left: the memory of the cluster under
// its own id, and the source's token under the address that took it.
type recall struct {
	store    *state.Store
	now      func() time.Time
	address  string
	required bool
	// trouble says why there is no memory.
	trouble error
}

// tokens is what is kept about an address.
type tokens struct {
	Source json.RawMessage `json:"source,omitempty"`
}

func open(o *options) *recall {
	r := &recall{now: o.now, required: o.State.Mode == "require"}
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
	if r.store == nil || r.address == "" || len(m) == 0 || bytes.Equal(m, r.token()) {
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

// learn folds what was seen into the memory of the cluster, which is written
// only when that changes it.
func (r *recall) learn(c ceph.Cluster, until, now time.Time) recollection {
	m := recollection{memory: remember(memory{}, c, until, now), Required: r.required}
	if r.store != nil && c.FSID == "" {
		r.fail(errors.New("the cluster does not tell its id"))
	}
	if r.store != nil && c.FSID != "" {
		m.memory, m.Works = r.update(c, until, now)
	}
	if r.trouble != nil {
		m.Works, m.Why = false, r.trouble.Error()
	}
	return m
}

func (r *recall) update(c ceph.Cluster, until, now time.Time) (memory, bool) {
	old, err := state.Load[memory](r.store, c.FSID)
	if err == nil {
		if m := remember(old, c, until, now); same(old, m) {
			return m, true
		}
	}
	m, err := state.Update(r.store, c.FSID, func(old memory) (memory, error) {
		return remember(old, c, until, now), nil
	})
	r.fail(err)
	return m, err == nil
}

// same compares two memories as they would be written.
func same(a, b memory) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
