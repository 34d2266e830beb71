package pve

import (
	"github.com/noout-monitoring/noout/pkg/state"
)

// Recall is a plugin's way to what its earlier runs left about a cluster.
// Whatever is wrong with it, what was polled can be judged without.
type Recall struct {
	// Memory is what was found, zero when there was nothing.
	Memory Memory
	// Trouble says why there is no memory, or why it begins anew.
	Trouble error

	store   *state.Store
	subject string
}

// Remember reads what a plugin remembers about the cluster that answered.
func Remember(o state.Options, plugin string, c Cluster) *Recall {
	r := &Recall{subject: c.Subject()}
	if r.subject == "" {
		return r // it did not say what it is: there is nothing to remember
	}
	if r.store, r.Trouble = o.Open(plugin); r.Trouble == nil {
		r.Memory, r.Trouble = state.Load[Memory](r.store, r.subject)
	}
	return r
}

// Store is where it is kept, nil when nothing is.
func (r *Recall) Store() *state.Store { return r.store }

// Keep stores what this run saw and what it learned of the nodes. Another run
// may have written since: the look is taken at what is there now.
func (r *Recall) Keep(l Look, learned Memory) {
	if r.store == nil {
		return
	}
	_, err := state.Update(r.store, r.subject, func(old Memory) (Memory, error) {
		next := old.After(l)
		next.Nodes, next.Configs, next.Told = learned.Nodes, learned.Configs, learned.Told
		return next, nil
	})
	if r.Trouble == nil {
		r.Trouble = err
	}
}
