// Package hardware says what a server is made of, and what of it is missing
// after somebody worked on it. It is pure: two inventories in, differences out.
//
// What one source tells of one kind of part is a list, and is compared with what
// the same source told of it before. A list that was not told, or that is empty
// all of a sudden, proves nothing: controllers that have just started answer
// with empty lists.
package hardware

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind is what a part is.
type Kind string

// Kinds of parts. Total is all memory that the node's system sees, of which
// there is one.
const (
	Total     Kind = "memory"
	Module    Kind = "memory module"
	Processor Kind = "processor"
	Card      Kind = "PCI device"
	Disk      Kind = "disk"
	Port      Kind = "network port"
	Supply    Kind = "power supply"
	Fan       Kind = "fan"
	Firmware  Kind = "firmware"
)

// Kinds in the order of a checklist.
var Kinds = []Kind{Supply, Total, Module, Processor, Disk, Card, Port, Fan, Firmware}

// plurals are the kinds as a list is named.
var plurals = map[Kind]string{
	Total: "memory", Module: "memory modules", Processor: "processors", Card: "PCI devices", Disk: "disks",
	Port: "network ports", Supply: "power supplies", Fan: "fans", Firmware: "firmware",
}

// Plural names parts of the kind.
func (k Kind) Plural() string { return plurals[k] }

// Source is who told.
type Source string

// Sources.
const (
	Node    Source = "Proxmox VE"
	Redfish Source = "Redfish"
	IPMI    Source = "IPMI"
)

// State is how a part is, or how its link is.
type State string

// States. A part of State Untold is listed, and nobody says how it is; one that
// is Absent is an empty place.
const (
	Untold   State = ""
	Good     State = "ok"
	Degraded State = "degraded"
	Off      State = "off" // disabled, without power, without a link
	Failed   State = "failed"
	Absent   State = "absent"
)

// states in the order of what is worse.
var states = []State{Untold, Good, Degraded, Off, Failed, Absent}

// Rank is the greater, the worse a state is.
func (s State) Rank() int { return slices.Index(states, s) }

func (s State) worse(than State) bool { return s.Rank() > max(than.Rank(), Good.Rank()) }

// Part is one part as a source tells of it. What it does not tell is empty.
type Part struct {
	// ID names it in its list; it may change with the controller's firmware.
	ID string `json:"id"`
	// Name is what people call it: "B2", "nic2", "/dev/sdb".
	Name string `json:"name,omitempty"`
	// Slot is where to look for it.
	Slot   string `json:"slot,omitempty"`
	Serial string `json:"serial,omitempty"`
	// Alias is a second serial number: a disk's World Wide Name.
	Alias string `json:"alias,omitempty"`
	Model string `json:"model,omitempty"`
	// Type is what it is in numbers, where Model is only a name for it: class,
	// vendor and device of PCI.
	Type string `json:"type,omitempty"`
	// Size in bytes, of memory and disks.
	Size int64 `json:"size,omitempty"`
	// Speed in bit/s, of ports.
	Speed int64 `json:"speed,omitempty"`
	// Count of a processor's threads, of a PCI device's functions.
	Count int `json:"count,omitempty"`
	// Use is what it is for: "bond0", "osd.4".
	Use   string `json:"use,omitempty"`
	State State  `json:"state,omitempty"`
	// Says is how it is in the source's words.
	Says string `json:"says,omitempty"`
}

// List is what one source tells of one kind.
type List struct {
	Source Source `json:"source"`
	Kind   Kind   `json:"kind"`
	// Of tells two lists of one kind apart.
	Of    string `json:"of,omitempty"`
	Parts []Part `json:"parts"`
	// Holes are how the ids of parts begin that were not told of, although the rest
	// was.
	Holes []string `json:"holes,omitempty"`
	// Untold says why the list is not whole; empty when it is.
	Untold string `json:"untold,omitempty"`
}

// count is how many parts there are, without empty places.
func (l List) count() int { return len(l.present()) }

func (l List) present() []Part {
	return slices.DeleteFunc(slices.Clone(l.Parts), func(p Part) bool { return p.State == Absent })
}

// Machine is what a source says which machine it is.
type Machine struct {
	UUID   string `json:"uuid,omitempty"`
	Serial string `json:"serial,omitempty"`
	Model  string `json:"model,omitempty"`
}

// String names it for people.
func (m Machine) String() string {
	switch {
	case clean(m.Serial) != "":
		return strings.TrimSpace(m.Model + " serial " + m.Serial)
	case clean(m.UUID) != "":
		return strings.TrimSpace(m.Model + " UUID " + m.UUID)
	}
	return m.Model
}

// Inventory is what a machine is made of.
type Inventory struct {
	Machine Machine `json:"machine,omitzero"`
	Lists   []List  `json:"lists"`
}

// List finds what a source told of a kind.
func (v Inventory) List(s Source, k Kind) (List, bool) { return v.like(List{Source: s, Kind: k}) }

// like finds the same list of another look.
func (v Inventory) like(o List) (List, bool) {
	for _, l := range v.Lists {
		if l.Source == o.Source && l.Kind == o.Kind && l.Of == o.Of {
			return l, true
		}
	}
	return List{}, false
}

// Tells says whether any source told of the kind.
func (v Inventory) Tells(k Kind) bool {
	return slices.ContainsFunc(v.Lists, func(l List) bool { return l.Kind == k && l.Untold == "" && l.count() > 0 })
}

// most parts of a list, and most lists.
const (
	mostParts = 4096
	mostLists = 64
)

var errUnknown = errors.New("its hardware is not as check_drained --save writes it")

// Check refuses an inventory that nobody of ours wrote: a file may have been
// edited.
func (v Inventory) Check() error {
	if len(v.Lists) > mostLists {
		return errUnknown
	}
	seen := map[string]bool{}
	for _, l := range v.Lists {
		key := string(l.Source) + " " + string(l.Kind) + " " + l.Of
		if plurals[l.Kind] == "" || !slices.Contains([]Source{Node, Redfish, IPMI}, l.Source) || seen[key] || len(l.Parts) > mostParts {
			return fmt.Errorf("%w: the list of %q by %q", errUnknown, l.Kind, l.Source)
		}
		seen[key] = true
		for _, p := range l.Parts {
			if p.ID == "" || p.Size < 0 || p.Speed < 0 || p.Count < 0 || !slices.Contains(states, p.State) {
				return fmt.Errorf("%w: %q in the list of %s", errUnknown, p.ID, l.Kind.Plural())
			}
		}
	}
	return nil
}
