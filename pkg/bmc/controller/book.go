package controller

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
	"github.com/noout-monitoring/noout/pkg/state"
)

// keeper is whose memory it is: whoever asks a controller again, in whatever
// plugin, finds what check_fans learned of it.
const keeper = "check_fans"

// Target is what is kept about an address: which device was found behind it,
// and what the source needs to ask it again. The memory of the device itself
// is kept under the device's own name, whatever address leads to it.
type Target struct {
	Subject  string       `json:"subject,omitempty"`
	Identity bmc.Identity `json:"identity"`
	// Via is the way that worked, Sources what the source of each way needs.
	Via     string                     `json:"via,omitempty"`
	Sources map[string]json.RawMessage `json:"sources,omitempty"`
	// Replaced is the device that stood here before, until --relearn.
	Replaced *bmc.Identity `json:"replaced,omitempty"`
}

// Book is what earlier runs wrote down about an address.
type Book struct {
	Store  *state.Store // nil without memory
	Target Target
	Via    string // the way this run went
	// Trouble says why there is no memory, or why it started anew.
	Trouble error
	// address names what is kept about the address, unnamed the memory of a
	// device there that does not say which one it is.
	address string
	unnamed string
}

func open(o state.Options, address string) *Book {
	b := &Book{address: "target " + address, unnamed: "device at " + address}
	store, err := o.Open(keeper)
	if err != nil {
		b.Trouble = err
		return b
	}
	b.Store = store
	b.Target, err = state.Load[Target](store, b.address)
	b.Fail(err)
	return b
}

// Fail notes the first thing that is wrong with the memory.
func (b *Book) Fail(err error) {
	if err != nil && b.Trouble == nil {
		b.Trouble = err
	}
}

// remember changes what the source wants kept, at once: a session that is written
// down is used by other runs, and ended by the next if this one is killed. What is
// not changed is not written.
func (b *Book) remember(via string, change redfish.Change) error {
	if t, err := state.Load[Target](b.Store, b.address); err == nil {
		if _, changed := change(bmc.Memory(t.Sources[via])); !changed {
			return nil
		}
	}
	_, err := state.Update(b.Store, b.address, func(t Target) (Target, error) {
		m, _ := change(bmc.Memory(t.Sources[via]))
		return t.keeping(via, m), nil
	})
	b.Fail(err)
	return err
}

// keeping is the target with what the source of one way wants kept.
func (t Target) keeping(via string, m bmc.Memory) Target {
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

// Subject names the device that answered. A device is the same when its UUID
// is, or its serial number where one poll lacks the UUID. One that has neither
// is remembered by its address.
func (b *Book) Subject(i bmc.Identity) string {
	if b.Target.Subject != "" && b.Target.Identity.Same(i) {
		return b.Target.Subject
	}
	if s := i.Subject(); s != "" {
		return s
	}
	return b.unnamed
}

// Learn notes which device stands behind the address, and up to where its event
// log was read: who does not keep the events of this poll must not call it. Most
// polls bring nothing new, and then nothing is written.
func (b *Book) Learn(s bmc.Server, relearn bool) error {
	subject := b.Subject(s.Identity)
	t, err := state.Update(b.Store, b.address, func(before Target) (Target, error) {
		t := before
		if t.Subject != "" && t.Subject != subject && t.Replaced == nil {
			was := t.Identity
			t.Replaced = &was
		}
		if relearn || t.Replaced != nil && t.Replaced.Same(s.Identity) {
			t.Replaced = nil
		}
		if t.Subject != subject || relearn {
			t.Identity = s.Identity
		}
		t.Subject, t.Via = subject, b.Via
		m := s.Memory
		if b.Via == Redfish {
			m = redfish.Merge(bmc.Memory(t.Sources[Redfish]), m)
		}
		return t.keeping(b.Via, m), nil
	})
	b.Target = t
	if err != nil {
		return fmt.Errorf("remember which device answers: %w", err)
	}
	return nil
}
