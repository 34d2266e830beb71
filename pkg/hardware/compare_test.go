package hardware

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const gib = 1 << 30

func list(s Source, k Kind, parts ...Part) List { return List{Source: s, Kind: k, Parts: parts} }

func inventory(lists ...List) Inventory { return Inventory{Lists: lists} }

var dimms = []Part{
	{ID: "1", Name: "A1", Slot: "A1", Serial: "S1", Model: "M393", Size: 32 * gib, State: Good},
	{ID: "2", Name: "B2", Slot: "B2", Serial: "S2", Model: "M393", Size: 32 * gib, State: Good},
}

var ports = []Part{
	{ID: "nic1", Name: "nic1", Serial: "aa:01", Use: "bond0", State: Good}, {ID: "nic2", Name: "nic2", Serial: "aa:02", Use: "bond0", State: Good},
}

var links = []Part{
	{ID: "p1", Name: "Port 1", Slot: "NIC.Slot.3-1", Serial: "AA:01", Speed: 25e9, State: Good},
	{ID: "p2", Name: "Port 2", Slot: "NIC.Slot.3-2", Serial: "AA:02", Speed: 25e9, State: Good},
}

func changed(p Part, change func(*Part)) Part {
	change(&p)
	return p
}

// TestWords holds what people read of each kind of change.
func TestWords(t *testing.T) {
	supply := Part{ID: "1", Name: "PSU2", Slot: "2", Serial: "P2", Model: "PWS-920P", State: Good}
	card := Part{ID: "0000:3b:00", Name: "ConnectX-5", Slot: "0000:3b:00", Type: "0200 15b3:1017", Count: 2}
	other := changed(card, func(p *Part) { p.ID, p.Slot = "0000:5e:00", "0000:5e:00" })
	disk := Part{ID: "/dev/sdb", Name: "/dev/sdb", Serial: "D1", Model: "SAMSUNG", Size: 3840755982336, Use: "osd.4", State: Good}
	bay := Part{ID: "3", Name: "Bay 3", Slot: "3", Serial: "D1", Size: 3840755982336, State: Good}
	root := Part{ID: "/dev/sda", Name: "/dev/sda", Serial: "R1", Model: "root", Size: 240e9, State: Good}
	memory := Part{ID: "memory", Size: 64 * gib}
	third := changed(disk, func(p *Part) { p.ID, p.Name, p.Serial, p.Use = "/dev/sdc", "/dev/sdc", "D3", "osd.5" })
	drives := []Part{{ID: "0x30", Slot: "Drive 0", State: Good}, {ID: "0x31", Slot: "Drive 1", State: Good}}
	slotted := []Part{{ID: "1", Name: "Mellanox", Slot: "SLOT 3", Serial: "N1"}, {ID: "2", Name: "Mellanox", Slot: "SLOT 4", Serial: "N2"}, {ID: "3", Name: "Mellanox", Slot: "SLOT 5", Serial: "N3"}}
	tests := []struct {
		name          string
		before, after Inventory
		want          []string
	}{
		{"module", inventory(list(Redfish, Module, dimms...)), inventory(list(Redfish, Module, dimms[0])),
			[]string{"DIMM B2 (slot B2, 32 GiB, M393, serial S2) is missing"}},
		{"one cause", inventory(list(Node, Total, memory), list(Redfish, Module, dimms...)),
			inventory(list(Node, Total, Part{ID: "memory", Size: 32 * gib}), list(Redfish, Module, dimms[0])),
			[]string{"DIMM B2 (slot B2, 32 GiB, M393, serial S2) is missing: the node sees 32 GiB, it saw 64 GiB"}},
		{"one cause by a sensor", inventory(list(Node, Total, memory), list(IPMI, Module, Part{ID: "1", Slot: "DIMM1", State: Good}, Part{ID: "2", Slot: "DIMM2", State: Good})),
			inventory(list(Node, Total, Part{ID: "memory", Size: 32 * gib}), list(IPMI, Module, Part{ID: "1", Slot: "DIMM1", State: Good}, Part{ID: "2", Slot: "DIMM2", State: Absent})),
			[]string{"DIMM2 is missing: the node sees 32 GiB, it saw 64 GiB"}},
		{"more than a sensor says", inventory(list(Node, Total, memory), list(IPMI, Module, Part{ID: "1", Slot: "DIMM1", State: Good}, Part{ID: "2", Slot: "DIMM2", State: Good})),
			inventory(list(Node, Total, Part{ID: "memory", Size: 16 * gib}), list(IPMI, Module, Part{ID: "1", Slot: "DIMM1", State: Good}, Part{ID: "2", Slot: "DIMM2", State: Absent})),
			[]string{"memory is 16 GiB, it was 64 GiB", "DIMM2 is missing"}},
		{"more than that", inventory(list(Node, Total, memory), list(Redfish, Module, dimms...)),
			inventory(list(Node, Total, Part{ID: "memory", Size: 16 * gib}), list(Redfish, Module, dimms[0])),
			[]string{"memory is 16 GiB, it was 64 GiB", "DIMM B2 (slot B2, 32 GiB, M393, serial S2) is missing"}},
		{"a disk was replaced", inventory(list(Node, Disk, disk, root), list(Redfish, Disk, bay)),
			inventory(list(Node, Disk, changed(disk, func(p *Part) { p.ID, p.Name, p.Serial = "/dev/sdc", "/dev/sdc", "D2" }), root), list(Redfish, Disk, changed(bay, func(p *Part) { p.Serial = "D2" }))),
			[]string{"disk in slot 3 was replaced: now serial D2, before serial D1"}},
		{"and the node does not see the new one", inventory(list(Node, Disk, disk, root), list(Redfish, Disk, bay)),
			inventory(list(Node, Disk, root), list(Redfish, Disk, changed(bay, func(p *Part) { p.Serial = "D2" }))),
			[]string{"disk /dev/sdb (3.84 TB, SAMSUNG, serial D1, osd.4) is missing", "disk in slot 3 was replaced: now serial D2, before serial D1"}},
		{"a new kernel", inventory(list(Node, Total, memory)), inventory(list(Node, Total, Part{ID: "memory", Size: 64*gib - 200<<20})), nil},
		{"link", inventory(list(Node, Port, ports...), list(Redfish, Port, links...)),
			inventory(list(Node, Port, ports...), list(Redfish, Port, links[0], changed(links[1], func(p *Part) { p.State, p.Speed = Off, 0 }))),
			[]string{"nic2 (NIC.Slot.3-2) has no link: it was up at 25 Gbit/s, bond0 runs on one leg"}},
		{"slower", inventory(list(Redfish, Port, links...)), inventory(list(Redfish, Port, links[0], changed(links[1], func(p *Part) { p.Speed = 1e9 }))),
			[]string{"Port 2 (NIC.Slot.3-2) runs at 1 Gbit/s, it ran at 25 Gbit/s"}},
		{"power", inventory(list(Redfish, Supply, supply)), inventory(list(Redfish, Supply, changed(supply, func(p *Part) { p.State, p.Says = Off, "no input" }))),
			[]string{"power supply PSU2 (slot 2, PWS-920P, serial P2) is off, no input: it was ok"}},
		{"pulled", inventory(list(Redfish, Supply, supply)), inventory(list(Redfish, Supply, Part{ID: "1", Slot: "2", State: Absent})),
			[]string{"power supply PSU2 (slot 2, PWS-920P, serial P2) is missing"}},
		{"replaced", inventory(list(Redfish, Supply, supply)), inventory(list(Redfish, Supply, changed(supply, func(p *Part) { p.Serial = "P9" }))),
			[]string{"power supply in slot 2 was replaced: now PWS-920P serial P9, before PWS-920P serial P2"}},
		{"new", inventory(list(Redfish, Module, dimms[0])), inventory(list(Redfish, Module, dimms...)),
			[]string{"DIMM B2 (slot B2, 32 GiB, M393, serial S2) is new"}},
		{"moved", inventory(list(Redfish, Module, dimms[0], Part{ID: "2", Slot: "B2", State: Absent})),
			inventory(list(Redfish, Module, Part{ID: "1", Slot: "A1", State: Absent}, changed(dimms[0], func(p *Part) { p.ID, p.Slot, p.Name = "2", "B2", "B2" }))),
			[]string{"DIMM A1 is in slot B2, it was in slot A1"}},
		{"card", inventory(list(Node, Card, card)), inventory(list(Node, Card, Part{ID: "x", Slot: "0000:01:00", Type: "0108 1:2"})),
			[]string{"card ConnectX-5 (slot 0000:3b:00) is missing", "card 0000:01:00 is new"}},
		{"one of two cards", inventory(list(Node, Card, card, other)), inventory(list(Node, Card, changed(other, func(p *Part) { p.Slot = "0000:5d:00" }))),
			[]string{"card ConnectX-5 is missing: 1 of 2 alike are left, they were at 0000:3b:00, 0000:5e:00"}},
		{"half a card", inventory(list(Node, Card, card)), inventory(list(Node, Card, changed(card, func(p *Part) { p.Count = 1 }))),
			[]string{"card ConnectX-5 (slot 0000:3b:00) has 1 function, it had 2"}},
		{"disk told twice", inventory(list(Node, Disk, disk, Part{ID: "/dev/sda", Serial: "D0"}), list(Redfish, Disk, bay, Part{ID: "0", Slot: "0", Serial: "D0"})),
			inventory(list(Node, Disk, Part{ID: "/dev/sda", Serial: "D0"}), list(Redfish, Disk, Part{ID: "0", Slot: "0", Serial: "D0"}, Part{ID: "3", Slot: "3", State: Absent})),
			[]string{"disk Bay 3 (slot 3, 3.84 TB, serial D1, osd.4) is missing"}},
		{"disk by its bay alone", inventory(list(Node, Disk, disk, root), list(IPMI, Disk, drives...)),
			inventory(list(Node, Disk, root), list(IPMI, Disk, drives[0], changed(drives[1], func(p *Part) { p.State = Absent }))),
			[]string{"disk Drive 1 is missing: for the node disk /dev/sdb (3.84 TB, SAMSUNG, serial D1, osd.4) is missing"}},
		{"two by their bays", inventory(list(Node, Disk, disk, root), list(IPMI, Disk, drives...)),
			inventory(list(Node, Disk, disk), list(IPMI, Disk, changed(drives[0], func(p *Part) { p.State = Failed }), changed(drives[1], func(p *Part) { p.State = Absent }))),
			[]string{"disk Drive 0 is failed: it was ok", "disk Drive 1 is missing: for the node disk /dev/sda (240 GB, root, serial R1) is missing"}},
		{"one of two by its bay", inventory(list(Node, Disk, disk, root, third), list(IPMI, Disk, drives...)),
			inventory(list(Node, Disk, third), list(IPMI, Disk, drives[0], changed(drives[1], func(p *Part) { p.State = Absent }))),
			[]string{"disk /dev/sdb (3.84 TB, SAMSUNG, serial D1, osd.4) is missing", "disk /dev/sda (240 GB, root, serial R1) is missing", "disk Drive 1 is missing"}},
		{"another disk by another serial number", inventory(list(Node, Disk, disk, root), list(Redfish, Disk, bay, changed(bay, func(p *Part) { p.ID, p.Slot, p.Name, p.Serial = "4", "4", "Bay 4", "D7" }))),
			inventory(list(Node, Disk, root), list(Redfish, Disk, bay)),
			[]string{"disk /dev/sdb (3.84 TB, SAMSUNG, serial D1, osd.4) is missing", "disk Bay 4 (slot 4, 3.84 TB, serial D7) is missing"}},
		{"another disk by its size", inventory(list(Node, Disk, disk, root), list(Redfish, Disk, Part{ID: "0", Slot: "0", Size: 240e9}, Part{ID: "1", Slot: "1", Size: 240e9})),
			inventory(list(Node, Disk, root), list(Redfish, Disk, Part{ID: "0", Slot: "0", Size: 240e9})),
			[]string{"disk /dev/sdb (3.84 TB, SAMSUNG, serial D1, osd.4) is missing", "disk 1 (240 GB) is missing"}},
		{"failed for both", inventory(list(Node, Disk, disk), list(Redfish, Disk, bay)),
			inventory(list(Node, Disk, changed(disk, func(p *Part) { p.State, p.Says = Failed, "SMART says FAILED!" })), list(Redfish, Disk, changed(bay, func(p *Part) { p.State = Failed }))),
			[]string{"disk Bay 3 (slot 3, 3.84 TB, serial D1, osd.4) is failed: it was ok, for the node it is failed, SMART says FAILED!: it was ok"}},
		{"card for both", inventory(list(Node, Card, card), list(Redfish, Card, slotted[:2]...)), inventory(list(Node, Card, Part{ID: "x", Slot: "0000:01:00", Type: "0108 1:2"}), list(Redfish, Card, slotted[1])),
			[]string{"card 0000:01:00 is new", "card Mellanox (slot SLOT 3, serial N1) is missing: for the node card ConnectX-5 (slot 0000:3b:00) is missing"}},
		{"two alike cards for both", inventory(list(Node, Card, card, other, changed(other, func(p *Part) { p.ID, p.Slot = "0000:af:00", "0000:af:00" })), list(Redfish, Card, slotted...)),
			inventory(list(Node, Card, card), list(Redfish, Card, slotted[2])),
			[]string{"card Mellanox (slot SLOT 3, serial N1) is missing: for the node card ConnectX-5 is missing, 1 of 3 alike are left, they were at 0000:3b:00, 0000:5e:00, 0000:af:00", "card Mellanox (slot SLOT 4, serial N2) is missing"}},
		{"disk replaced", inventory(list(Node, Disk, disk), list(Redfish, Disk, bay)),
			inventory(list(Node, Disk, changed(disk, func(p *Part) { p.Serial = "D2" })), list(Redfish, Disk, changed(bay, func(p *Part) { p.Serial = "D2" }))),
			[]string{"disk was replaced: now SAMSUNG serial D2, before SAMSUNG serial D1", "disk in slot 3 was replaced: now serial D2, before serial D1"}},
		{"firmware", inventory(list(Redfish, Firmware, Part{ID: "bios", Name: "BIOS", Model: "1.0"})), inventory(list(Redfish, Firmware, Part{ID: "bios", Name: "BIOS", Model: "1.1"})),
			[]string{"BIOS is 1.1, it was 1.0"}},
		{"another way", inventory(list(Redfish, Supply, supply)), inventory(list(IPMI, Supply, supply)),
			[]string{"power supplies not compared: Redfish told of 1 power supply before, now it tells of none"}},
		{"a controller from now on", inventory(), inventory(list(IPMI, Supply, supply)), []string{"power supplies not compared: the baseline has none by IPMI"}},
		{"a chassis that is not told of", inventory(list(Redfish, Supply, supply, Part{ID: "3/1", Serial: "P7"})),
			inventory(List{Source: Redfish, Kind: Supply, Parts: []Part{supply}, Holes: []string{"3/"}}),
			[]string{"power supply 3/1 (serial P7) is not compared: where it was is not told of now"}},
		{"nothing listed", inventory(list(Node, Disk, disk)), inventory(list(Node, Disk)),
			[]string{"disks not compared: Proxmox VE lists none, it listed 1 disk before: disk /dev/sdb"}},
		{"health not told", inventory(list(Node, Disk, disk)), inventory(list(Node, Disk, changed(disk, func(p *Part) { p.State = Untold }))),
			[]string{"disk /dev/sdb (3.84 TB, SAMSUNG, serial D1, osd.4) is not compared: how it is is not told now"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range Compare(test.before, test.after).Changes {
				got = append(got, c.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDuplicates: a serial number that two parts share tells neither of them.
func TestDuplicates(t *testing.T) {
	two := []Part{{ID: "1", Slot: "1", Serial: "SAME"}, {ID: "2", Slot: "2", Serial: "SAME"}}
	d := Compare(inventory(list(Redfish, Supply, two...)), inventory(list(Redfish, Supply, two[1])))
	if gone := d.Of(Missing); len(d.Changes) != 1 || len(gone) != 1 || gone[0].Was.ID != "1" {
		t.Errorf("%v", d.Changes)
	}
	for _, s := range []string{"", "Unknown", "0000000", "N/A", "Not Specified", "NO DIMM", "xxxx"} {
		if clean(s) != "" {
			t.Errorf("%q is taken for a serial number", s)
		}
	}
}

// TestWritten: what is recognised by hand is what this expression says.
func TestWritten(t *testing.T) {
	junks := regexp.MustCompile(`(?i)^([0x._ -]*|[f-]+|n/?a|n\.a\.|none|null|empty|invalid|unknown|serial number|(default|to be filled|system (serial|product|manufacturer)|chassis serial|base board serial|0?123456789|no dimm|no serial|not ).*)$`)
	seen := map[bool]int{}
	for _, s := range []string{
		"", "0", "0000", "0x0", "x", "XxX", "NA", "n/a", "n//a", "None", "none1", "NULL", "unknown", "Default string", "defaul", "To Be Filled By O.E.M.",
		"System Serial Number", "System Product Name", "system-serial", "Chassis Serial Number", "Not Specified", "not  available", "Not Applicable", "nothing",
		"123456789", "0123456789ABC", "00123456789", "12345678", "Empty", "..", ".0", "CN7016", "S1", "xyz", "0a", " 7 ", "SYS-6029P", "FF", "F1", "n.a.", "na.",
	} {
		want := strings.TrimSpace(s)
		if seen[junks.MatchString(want)]++; junks.MatchString(want) {
			want = ""
		}
		if got := Written(s); got != want {
			t.Errorf("%q is %q, expected %q", s, got, want)
		}
	}
	if seen[true] < 10 || seen[false] < 10 {
		t.Errorf("%v, expected ten of each", seen)
	}
}

func TestMachine(t *testing.T) {
	a := Machine{UUID: "u1", Serial: "S1", Model: "R750"}
	if a.String() != "R750 serial S1" {
		t.Error(a)
	}
	for other, want := range map[Machine][2]bool{
		{UUID: "u2", Serial: "S2"}:                               {false, true},
		{UUID: "U1"}:                                             {true, true},
		{UUID: "u1", Serial: "0000000"}:                          {true, true},
		{UUID: "u2", Serial: "Not Specified"}:                    {false, true},
		{UUID: "ffffffff-ffff-ffff-ffff-ffffffffffff"}:           {false, false},
		{UUID: "00000000-0000-0000-0000-000000000000"}:           {false, false},
		{UUID: "03000200-0400-0500-0006-000700080009"}:           {false, false},
		{Serial: "System Serial Number", Model: "the same R750"}: {false, false},
		{}: {false, false},
	} {
		if same, known := a.Same(other); same != want[0] || known != want[1] {
			t.Errorf("%+v: same %t, known %t", other, same, known)
		}
	}
	before := inventory(list(Redfish, Module, dimms...))
	els := inventory(list(Redfish, Module, changed(dimms[0], func(p *Part) { p.Serial = "else" })))
	bare := inventory(list(Redfish, Module, changed(dimms[0], func(p *Part) { p.Serial = "NOT SPECIFIED" })))
	for name, c := range map[string]struct {
		is   Inventory
		want [2]bool
	}{
		"half": {inventory(list(Redfish, Module, dimms[0])), [2]bool{true, true}}, "another": {els, [2]bool{false, true}},
		"nothing": {inventory(), [2]bool{true, false}}, "no serial numbers": {bare, [2]bool{true, false}},
	} {
		if kin, known := Kin(before, c.is); kin != c.want[0] || known != c.want[1] {
			t.Errorf("%s: kin %t, known %t", name, kin, known)
		}
	}
}

func TestCheck(t *testing.T) {
	good := inventory(list(Redfish, Module, dimms...))
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]Inventory{
		"kind":      inventory(list(Redfish, "ghost")),
		"source":    inventory(list("hearsay", Module)),
		"twice":     inventory(list(Redfish, Module), list(Redfish, Module)),
		"no id":     inventory(list(Redfish, Module, Part{})),
		"negative":  inventory(list(Redfish, Module, Part{ID: "1", Size: -1})),
		"state":     inventory(list(Redfish, Module, Part{ID: "1", State: "great"})),
		"too many":  inventory(list(Redfish, Module, make([]Part, mostParts+1)...)),
		"too often": inventory(make([]List, mostLists+1)...),
	} {
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "check_drained --save") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
