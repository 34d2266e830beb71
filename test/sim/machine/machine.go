// Package machine is what a simulated server is made of: the parts that its
// operating system and its controller both show, each in its own way. Somebody
// may pull them, break them and put them back.
package machine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Part is one part.
type Part struct {
	// ID is what scripts call it: psu1, dimm3, cpu1, disk2, nic1, hba1, fan2.
	ID     string
	Kind   Kind
	Slot   string // as it is printed on the board
	Serial string
	Model  string
	Size   int64 // bytes
	Speed  int64 // Mbit/s
	// Device is what the operating system calls it: /dev/sdb, nic1, 0000:3b:00.
	Device string
	MAC    string
	OSD    int // -1: none
	// PCI are class, vendor, device, and how many functions and virtual functions.
	PCI       [3]string
	Functions int
	Virtual   int
	State     State
}

// Kind of a part.
type Kind string

// Kinds.
const (
	Supply Kind = "supply"
	Module Kind = "module"
	CPU    Kind = "cpu"
	Disk   Kind = "disk"
	Card   Kind = "card"
	Port   Kind = "port"
)

// State of a part.
type State string

// States: a part works, is not there, is there without power or link, or is
// broken.
const (
	Works State = ""
	Gone  State = "gone"
	Off   State = "off"
	Bad   State = "bad"
)

// Machine is one server. It is safe for concurrent use.
type Machine struct {
	mu     sync.Mutex
	parts  []Part
	order  bool // the controller lists in another order
	hollow bool // the controller has just started: its inventory is empty
	blank  bool // the node's API lists nothing
}

// Lab is a usual server: two supplies, four modules, two processors, a boot disk
// and two for Ceph, a card with two fast ports in a bond, and a slow port.
// Number tells servers apart.
func Lab(number int) *Machine {
	const gib, tb = 1 << 30, 1_000_000_000_000
	sn := func(kind string, i int) string { return fmt.Sprintf("SIM%s%02d%03d", kind, number, i) }
	var parts []Part
	for i := 1; i <= 2; i++ {
		parts = append(parts,
			Part{ID: fmt.Sprintf("psu%d", i), Kind: Supply, Slot: fmt.Sprintf("PSU%d", i), Serial: sn("P", i), Model: "PWS-1K02A-1R"},
			Part{ID: fmt.Sprintf("cpu%d", i), Kind: CPU, Slot: fmt.Sprintf("CPU%d", i), Serial: sn("C", i), Model: "Intel(R) Xeon(R) Silver 4310 CPU @ 2.10GHz"})
	}
	for i, slot := range []string{"A1", "A2", "B1", "B2"} {
		parts = append(parts, Part{ID: fmt.Sprintf("dimm%d", i+1), Kind: Module, Slot: slot, Serial: sn("M", i+1), Model: "M393A2K43DB3-CWE", Size: 16 * gib})
	}
	for i := range 3 {
		d := Part{ID: fmt.Sprintf("disk%d", i+1), Kind: Disk, Slot: fmt.Sprint(i), Serial: sn("D", i+1), Model: "SAMSUNG MZ7L33T8HBLT", Size: 3.84 * tb, Device: fmt.Sprintf("/dev/sd%c", 'a'+i), OSD: 2*(number-1) + i - 1}
		if i == 0 {
			d.Model, d.Size, d.OSD = "INTEL SSDSC2KB48", 480_103_981_056, -1
		}
		parts = append(parts, d)
	}
	for i := 1; i <= 2; i++ {
		parts = append(parts, Part{ID: fmt.Sprintf("nic%d", i), Kind: Port, Slot: fmt.Sprintf("SLOT 3 port %d", i), MAC: fmt.Sprintf("b8:ce:f6:00:%02x:0%d", number, i), Speed: 25000, Device: fmt.Sprintf("nic%d", i)})
	}
	parts = append(parts,
		Part{ID: "nic3", Kind: Port, Slot: "LAN 1", MAC: fmt.Sprintf("ac:1f:6b:00:%02x:03", number), Speed: 1000, Device: "nic3"},
		Part{ID: "vga1", Kind: Card, Device: "0000:03:00", Model: "ASPEED Graphics Family", PCI: [3]string{"0x030000", "0x1a03", "0x2000"}, Functions: 1},
		Part{ID: "card1", Kind: Card, Slot: "SLOT 3", Serial: sn("N", 1), Device: "0000:3b:00", Model: "MT27800 Family [ConnectX-5]", PCI: [3]string{"0x020000", "0x15b3", "0x1017"}, Functions: 2, Virtual: 4},
		Part{ID: "hba1", Kind: Card, Slot: "SLOT 4", Serial: sn("H", 1), Device: "0000:5e:00", Model: "SAS3008 PCI-Express Fusion-MPT SAS-3", PCI: [3]string{"0x010700", "0x1000", "0x0097"}, Functions: 1})
	return &Machine{parts: parts}
}

// Parts are all parts, those that are gone too.
func (m *Machine) Parts(k Kind) []Part {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Part
	for _, p := range m.parts {
		if p.Kind == k {
			out = append(out, p)
		}
	}
	return out
}

// Told are the parts as the controller lists them; false when it lists none yet.
func (m *Machine) Told(k Kind) ([]Part, bool) {
	out := m.Parts(k)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.order {
		slices.Reverse(out)
	}
	return out, !m.hollow
}

// Blank says that the node's API lists nothing.
func (m *Machine) Blank() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blank
}

// Present are the parts that are there.
func (m *Machine) Present(k Kind) []Part {
	return slices.DeleteFunc(m.Parts(k), func(p Part) bool { return p.State == Gone })
}

// Set changes a part: "gone", "off", "bad", "works", or "serial=NEW" for another
// one in its place. Part "order" is=reversed has the controller list in another
// order, part "inventory" is=empty has it list nothing, is=full all.
func (m *Machine) Set(id, is string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case id == "order":
		m.order = is == "reversed"
		return nil
	case id == "api":
		m.blank = is == "empty"
		return nil
	case id == "inventory":
		m.hollow = is == "empty"
		return nil
	}
	i := slices.IndexFunc(m.parts, func(p Part) bool { return p.ID == id })
	if i < 0 {
		var all []string
		for _, p := range m.parts {
			all = append(all, p.ID)
		}
		return fmt.Errorf("part=%q: there are %s", id, strings.Join(all, " "))
	}
	serial, other := strings.CutPrefix(is, "serial=")
	device, renamed := strings.CutPrefix(is, "device=")
	switch {
	case other:
		m.parts[i].Serial = serial
	case renamed:
		m.parts[i].Device = device
	case is == "works":
		m.parts[i].State = Works
	case slices.Contains([]State{Gone, Off, Bad}, State(is)):
		m.parts[i].State = State(is)
	default:
		return fmt.Errorf("is=%q: there are works, gone, off, bad, serial=NUMBER and device=NAME", is)
	}
	return nil
}
