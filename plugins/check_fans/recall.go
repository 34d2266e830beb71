package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/state"
)

// target is what is kept about an address: which device was found behind it,
// and what the source needs to ask it again. The memory of the device itself
// is kept under the device's own name, whatever address leads to it.
type target struct {
	Subject  string       `json:"subject,omitempty"`
	Identity bmc.Identity `json:"identity"`
	// Via is the way that worked, Sources what the source of each way needs.
	Via     string                     `json:"via,omitempty"`
	Sources map[string]json.RawMessage `json:"sources,omitempty"`
	// Replaced is the device that stood here before, until --relearn.
	Replaced *bmc.Identity `json:"replaced,omitempty"`
}

// recall is the way to what earlier runs left.
type recall struct {
	store *state.Store
	// address names what is kept about the address, unnamed the memory of a
	// device there that does not say which one it is.
	address string
	unnamed string
	target  target
	memory  memory
	via     string // the way this run went
	// trouble says why there is no memory, or why it started anew.
	trouble error
}

// open reads what is remembered about an address. Whatever is wrong with the
// memory, the live verdict does not depend on it.
func open(o state.Options, address string) *recall {
	r := &recall{address: "target " + address, unnamed: "device at " + address}
	store, err := o.Open("check_fans")
	if err != nil {
		r.trouble = err
		return r
	}
	r.store = store
	r.target, err = state.Load[target](store, r.address)
	r.fail(err)
	if r.target.Subject != "" {
		r.memory, err = state.Load[memory](store, r.target.Subject)
		r.fail(err)
	}
	return r
}

func (r *recall) fail(err error) {
	if err != nil && r.trouble == nil {
		r.trouble = err
	}
}

// ask is what the source needs of the memory.
func (r *recall) ask(via string, logs bool) bmc.Ask {
	return bmc.Ask{
		Memory: bmc.Memory(r.target.Sources[via]),
		Keep:   r.store != nil,
		Known:  slices.Sorted(maps.Keys(r.memory.Fans)),
		Logs:   logs,
	}
}

// remember stores what the source wants kept, at once: a session that is
// written down can be ended by the next run if this one is killed.
func (r *recall) remember(via string, m bmc.Memory) error {
	_, err := state.Update(r.store, r.address, func(t target) (target, error) { return t.keeping(via, m), nil })
	r.fail(err)
	return err
}

// keeping is the target with what the source of one way wants kept.
func (t target) keeping(via string, m bmc.Memory) target {
	sources := maps.Clone(t.Sources)
	if sources == nil {
		sources = map[string]json.RawMessage{}
	}
	if delete(sources, via); len(m) > 0 {
		sources[via] = json.RawMessage(m)
	}
	t.Sources = sources
	return t
}

// subject names the device that answered. A device is the same when its UUID
// is, or its serial number where one poll lacks the UUID. One that has neither
// is remembered by its address.
func (r *recall) subject(i bmc.Identity) string {
	if r.target.Subject != "" && r.target.Identity.Same(i) {
		return r.target.Subject
	}
	if s := i.Subject(); s != "" {
		return s
	}
	return r.unnamed
}

// learn notes which device stands behind the address.
func (r *recall) learn(p poll, relearn bool) error {
	subject := r.subject(p.server.Identity)
	t, err := state.Update(r.store, r.address, func(t target) (target, error) {
		if t.Subject != "" && t.Subject != subject && t.Replaced == nil {
			was := t.Identity
			t.Replaced = &was
		}
		if relearn || t.Replaced != nil && t.Replaced.Same(p.server.Identity) {
			t.Replaced = nil
		}
		if t.Subject != subject || relearn {
			t.Identity = p.server.Identity
		}
		t.Subject, t.Via = subject, r.via
		return t.keeping(r.via, p.server.Memory), nil
	})
	r.target = t
	if err != nil {
		return fmt.Errorf("remember which device answers: %w", err)
	}
	return nil
}

// update folds a change into the memory of the device that answered, as it is
// now: another run may have written since ours read it.
func (r *recall) update(change func(memory) memory) memory {
	if r.store == nil {
		return change(r.memory)
	}
	m, err := state.Update(r.store, r.target.Subject, func(m memory) (memory, error) { return change(m), nil })
	r.fail(err)
	if !errors.Is(err, state.ErrCorrupt) {
		return m
	}
	// Only this run sees that something was lost; the next ones must know too.
	m, err = state.Update(r.store, r.target.Subject, func(m memory) (memory, error) {
		m.Lost = m.LastPoll
		return m, nil
	})
	r.fail(err)
	return m
}
