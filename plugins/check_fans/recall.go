package main

import (
	"errors"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc/controller"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// recall is the controller, and what is remembered of the device behind it.
type recall struct {
	*controller.Controller
	memory fans.Memory
	// journal is where to write what happened, node how the controller was
	// addressed, untold why nothing was written.
	journal journal.Options
	node    string
	now     func() time.Time
	untold  error
}

func open(o *options) *recall {
	r := &recall{Controller: controller.Open(o.Options, o.State, o.now), journal: o.Journal, node: o.BMC.Host, now: o.now}
	if r.node == "" {
		r.node = controller.Local
	}
	if r.Target.Subject != "" {
		var err error
		r.memory, err = state.Load[fans.Memory](r.Store, r.Target.Subject)
		r.Fail(err)
	}
	return r
}

// update folds a change into the memory of the device that answered, as it is
// now: another run may have written since ours read it.
func (r *recall) update(change func(fans.Memory) fans.Memory) fans.Memory {
	if r.Store == nil {
		return change(r.memory)
	}
	m, err := state.Update(r.Store, r.Target.Subject, r.tell(change))
	r.Fail(err)
	if !errors.Is(err, state.ErrCorrupt) {
		return m
	}
	// Only this run sees that something was lost; the next ones must know too.
	m, err = state.Update(r.Store, r.Target.Subject, func(m fans.Memory) (fans.Memory, error) {
		m.Lost = m.LastPoll
		return m, nil
	})
	r.Fail(err)
	return m
}

// tell changes a memory and writes what happened into the journal, before it is
// remembered and under the memory's lock: whatever is killed, and whoever runs at
// once, it is there, and once.
func (r *recall) tell(change func(fans.Memory) fans.Memory) func(fans.Memory) (fans.Memory, error) {
	return func(old fans.Memory) (fans.Memory, error) {
		next := change(old)
		if r.journal.Off() {
			return next, nil
		}
		now := r.now()
		var events []journal.Entry
		next.Told, events = tell(old, next, r.node, now)
		r.untold = r.journal.Write(r.Store, journal.Witness{Plugin: "check_fans", Now: now}, events)
		return next, nil
	}
}
