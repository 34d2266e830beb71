package maintenance

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/hardware"
)

// parts is what a node is made of, by its own word.
func parts() hardware.Inventory {
	var v hardware.Inventory
	for k, p := range map[hardware.Kind]hardware.Part{
		hardware.Total: {ID: "memory", Size: 64 << 30}, hardware.Processor: {ID: "1 of 1", Model: "Xeon", Count: 16},
		hardware.Disk: {ID: "/dev/sda", Name: "/dev/sda", Serial: "D1", Size: 4e12, State: hardware.Good, Use: "osd.4"},
		hardware.Card: {ID: "0000:3b:00", Slot: "0000:3b:00", Type: "0200 15b3:1017", Count: 2}, hardware.Port: {ID: "nic1", Name: "nic1", Serial: "aa:01", State: hardware.Good},
	} {
		other := p
		other.ID += "b"
		other.Serial += "b"
		v.Lists = append(v.Lists, hardware.List{Source: hardware.Node, Kind: k, Parts: []hardware.Part{p, other}})
	}
	return v
}

// controllerTells is what a controller tells of that node.
func controllerTells() hardware.Inventory {
	return hardware.Inventory{Machine: hardware.Machine{Serial: "S1", Model: "R750"}, Lists: []hardware.List{{Source: hardware.Redfish, Kind: hardware.Supply, Parts: []hardware.Part{
		{ID: "1", Name: "PSU1", Slot: "1", Serial: "P1", State: hardware.Good}, {ID: "2", Name: "PSU2", Slot: "2", Serial: "P2", State: hardware.Good},
	}}, {Source: hardware.Redfish, Kind: hardware.Port, Parts: []hardware.Part{{ID: "p1", Slot: "LAN 1", Serial: "aa:01", Speed: 1e9, State: hardware.Good}}}}}
}

// unchanged lets the nodes be made of what they were.
func (r *Return) unchanged() {
	r.Baseline.Hardware, r.Hardware.Nodes = map[string]hardware.Inventory{}, map[string]hardware.Inventory{}
	for _, name := range r.PVE.Leaving {
		r.Baseline.Hardware[name], r.Hardware.Nodes[name] = parts(), parts()
	}
}

// withController has a controller tell before and after.
func withController(r *Return) {
	was, is := controllerTells(), controllerTells()
	r.Baseline.Controller, r.Hardware.Controller, r.Hardware.Asked = &was, &is, true
}

func listOf(r *Return, k hardware.Kind) *hardware.List {
	v := r.Hardware.Nodes[r.PVE.Leaving[0]]
	i := slices.IndexFunc(v.Lists, func(l hardware.List) bool { return l.Kind == k })
	return &v.Lists[i]
}

// TestHardware: what each thing that may be with the hardware does to an answer
// that is yes otherwise.
func TestHardware(t *testing.T) {
	disk := func(r *Return) { l := listOf(r, hardware.Disk); l.Parts = l.Parts[1:] }
	for name, c := range map[string]struct {
		change     func(*Return)
		want, line string
	}{
		"as it was":                       {func(*Return) {}, "yes", "disks are as before: 2 by Proxmox VE"},
		"without a controller it is said": {func(*Return) {}, "yes", "power supplies, single memory modules and links not compared, that takes --bmc"},
		"a disk is gone":                  {disk, "no", "disk /dev/sda (4 TB, serial D1, osd.4) is missing: see its bay"},
		"a fan is gone beside one that fails": {func(r *Return) {
			withController(r)
			rack := func(names ...string) hardware.List {
				l := hardware.List{Source: hardware.Redfish, Kind: hardware.Fan}
				for _, n := range names {
					l.Parts = append(l.Parts, hardware.Part{ID: n, Name: n, State: hardware.Good})
				}
				return l
			}
			r.Baseline.Controller.Lists = append(r.Baseline.Controller.Lists, rack("FAN1", "FAN10"))
			r.Hardware.Controller.Lists = append(r.Hardware.Controller.Lists, rack("FAN10"))
			r.Fans = &fans.Report{Turning: 1, Failing: []string{"FAN10"}}
		}, "no", "FAN1 is missing: see check_fans"},
		"a disk fails": {func(r *Return) { listOf(r, hardware.Disk).Parts[0].State = hardware.Failed }, "no", "is failed: it was ok"},
		"a disk is new": {func(r *Return) {
			l := listOf(r, hardware.Disk)
			l.Parts = append(l.Parts, hardware.Part{ID: "x", Serial: "D9"})
		}, "yes", "disk x (serial D9) is new"},
		"no list":                {func(r *Return) { listOf(r, hardware.Disk).Parts = nil }, "not-proven", "disks not compared: Proxmox VE lists none"},
		"a list is not told":     {func(r *Return) { listOf(r, hardware.Card).Untold = "HTTP 500" }, "not-proven", "PCI devices not compared: HTTP 500"},
		"the node was not asked": {func(r *Return) { r.Hardware.Nodes = nil }, "not-proven", "was not told"},
		"nothing written down":   {func(r *Return) { r.Baseline.Hardware = nil }, "yes-but", "has no hardware, nothing of it is compared"},
		"not written down then": {func(r *Return) {
			v := r.Baseline.Hardware["pve3"]
			v.Lists[0].Untold = "HTTP 500"
		}, "yes-but", "not told when the baseline was saved"},
		"a controller, before and after": {withController, "yes", "power supplies are as before: 2 by Redfish"},
		"a controller that nobody asks":  {func(r *Return) { withController(r); r.Hardware = Hardware{Nodes: r.Hardware.Nodes} }, "not-proven", "give --bmc"},
		"a controller from now on":       {func(r *Return) { withController(r); r.Baseline.Controller = nil }, "yes-but", "the baseline has nothing of it"},
		"a controller that is silent": {func(r *Return) {
			withController(r)
			r.Hardware.Controller, r.Hardware.Err = nil, errors.New("bmc3: no answer")
		}, "not-proven", "bmc3: no answer"},
		"another machine's controller": {func(r *Return) {
			withController(r)
			r.Hardware.Controller.Machine.Serial = "S2"
			for i := range r.Hardware.Controller.Lists[0].Parts {
				r.Hardware.Controller.Lists[0].Parts[i].Serial += "x"
			}
		}, "not-proven", "the controller is of another machine: R750 serial S2, the baseline has R750 serial S1"},
		"another machine of those that say nothing of themselves": {func(r *Return) {
			withController(r)
			r.Baseline.Controller.Machine, r.Hardware.Controller.Machine = hardware.Machine{}, hardware.Machine{UUID: "00000000-0000-0000-0000-000000000000"}
			for i := range r.Hardware.Controller.Lists[0].Parts {
				r.Hardware.Controller.Lists[0].Parts[i].Serial += "x"
			}
		}, "not-proven", "the controller is of another machine: one that does not say which"},
		"another machine of the same name": {func(r *Return) {
			withController(r)
			for i := range r.Hardware.Controller.Lists[0].Parts {
				r.Hardware.Controller.Lists[0].Parts[i].Serial += "x"
			}
		}, "yes-but", "most parts that the controller tells of are others"},
		"another node of the same name": {func(r *Return) {
			for _, k := range []hardware.Kind{hardware.Disk, hardware.Port, hardware.Card, hardware.Processor, hardware.Total} {
				for i := range listOf(r, k).Parts {
					listOf(r, k).Parts[i].Serial += "x"
				}
			}
		}, "yes-but", "most parts that pve3 tells of are others"},
		"another board": {func(r *Return) { withController(r); r.Hardware.Controller.Machine.Serial = "S2" }, "yes-but", "most parts are the same"},
		"a power supply without power": {func(r *Return) {
			withController(r)
			p := &r.Hardware.Controller.Lists[0].Parts[1]
			p.State, p.Says = hardware.Off, "no input power"
		}, "no", "power supply PSU2 (slot 2, serial P2) is off, no input power: it was ok: see its cable, its switch and its fuse"},
		"nobody tells of power supplies": {func(r *Return) {
			withController(r)
			r.Baseline.Controller.Lists, r.Hardware.Controller.Lists = nil, nil
		}, "yes-but", "power supplies, links of network ports not compared, nobody tells of them"},
		"nobody tells of links": {func(r *Return) {
			withController(r)
			r.Baseline.Controller.Lists, r.Hardware.Controller.Lists = r.Baseline.Controller.Lists[:1], r.Hardware.Controller.Lists[:1]
		}, "yes-but", "links of network ports not compared, nobody tells of them"},
		"a baseline of another node": {func(r *Return) { r.Baseline.Leaving = []string{"pve1"} }, "not-proven", "the baseline is about pve1"},
	} {
		r := wellBack(t)
		c.change(&r)
		list := Reintegrated(r)
		var all []string
		for _, x := range list {
			all = append(all, x.String())
		}
		if text := strings.Join(all, "\n"); list.Decision() != c.want || !strings.Contains(text, c.line) {
			t.Errorf("%s: %s, want %s with %q:\n%s", name, list.Decision(), c.want, c.line, text)
		}
	}
}

// TestTakenOut: a part that is named is missing on purpose, and nothing else is
// accepted with it: no other part, no part that is worse, and no name of two.
func TestTakenOut(t *testing.T) {
	removed := func(r *Return, k hardware.Kind, i int) {
		l := listOf(r, k)
		l.Parts = slices.Delete(slices.Clone(l.Parts), i, i+1)
	}
	answer := func(change func(*Return), names ...string) (string, string) {
		r := wellBack(t)
		change(&r)
		r.Hardware.TakenOut = names
		list := Reintegrated(r)
		var all []string
		for _, x := range list {
			all = append(all, x.String())
		}
		return list.Decision(), strings.Join(all, "\n")
	}
	keys := map[hardware.Kind]string{hardware.Disk: "D1", hardware.Processor: "processor-1-of-1", hardware.Card: "0000:3b:00", hardware.Port: "aa:01"}
	for kind, key := range keys {
		one := func(r *Return) {
			if kind == hardware.Processor || kind == hardware.Card { // their serial number is told by nobody
				for i := range listOf(r, kind).Parts {
					r.Baseline.Hardware["pve3"] = parts()
					listOf(r, kind).Parts[i].Serial = ""
				}
				i := slices.IndexFunc(r.Baseline.Hardware["pve3"].Lists, func(l hardware.List) bool { return l.Kind == kind })
				for j := range r.Baseline.Hardware["pve3"].Lists[i].Parts {
					p := &r.Baseline.Hardware["pve3"].Lists[i].Parts[j]
					p.Serial, p.Type, p.Model = "", p.Type+strings.Repeat("x", j), p.Model+strings.Repeat("x", j)
				}
				for j := range listOf(r, kind).Parts {
					p := &listOf(r, kind).Parts[j]
					p.Type, p.Model = p.Type+strings.Repeat("x", j), p.Model+strings.Repeat("x", j)
				}
			}
			removed(r, kind, 0)
		}
		decision, text := answer(one)
		if want := "--taken-out " + key; decision != "no" || !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %q:\n%s", kind, decision, want, text)
		}
		if decision, text := answer(one, strings.ToUpper(key)); decision != "yes" || !strings.Contains(text, "taken out on purpose") {
			t.Errorf("%s named: %s:\n%s", kind, decision, text)
		}
		for other, name := range keys {
			if other == kind {
				continue
			}
			if decision, text := answer(one, name); decision != "no" || !strings.Contains(text, name+" names no part") {
				t.Errorf("%s with %s named: %s:\n%s", kind, name, decision, text)
			}
			if decision, text := answer(func(r *Return) { one(r); removed(r, other, 1) }, key); decision != "no" {
				t.Errorf("%s named, a %s gone too: %s:\n%s", kind, other, decision, text)
			}
		}
	}
	if decision, _ := answer(func(*Return) {}, "D1"); decision != "yes-but" {
		t.Errorf("what is there was named: %s", decision)
	}
	if decision, _ := answer(func(r *Return) { listOf(r, hardware.Disk).Parts[0].State = hardware.Failed }, "D1"); decision != "no" {
		t.Errorf("what fails was named: %s", decision)
	}
	less := func(to int64) func(*Return) {
		return func(r *Return) {
			removed(r, hardware.Total, 1)
			listOf(r, hardware.Total).Parts[0].Size = to
			r.Baseline.Hardware["pve3"] = single()
		}
	}
	if decision, text := answer(less(48<<30), "memory-48-GiB"); decision != "yes" {
		t.Errorf("memory: %s\n%s", decision, text)
	}
	if decision, _ := answer(less(32<<30), "memory-48-GiB"); decision != "no" {
		t.Error("less memory than was named")
	}
	twice := func(r *Return) {
		withController(r)
		for _, v := range []*hardware.Inventory{r.Baseline.Controller, r.Hardware.Controller} {
			v.Lists[0].Parts[0].Serial, v.Lists[0].Parts[1].Serial = "", ""
			v.Lists[0].Parts[1].Slot, v.Lists[0].Parts[1].Name = "1", "PSU1"
			v.Lists[0].Parts = append(v.Lists[0].Parts, hardware.Part{ID: "3", Slot: "3", State: hardware.Good})
		}
		r.Hardware.Controller.Lists[0].Parts = r.Hardware.Controller.Lists[0].Parts[2:]
	}
	if decision, text := answer(twice, "1"); decision != "no" || !strings.Contains(text, "--taken-out 1 names 2 parts") {
		t.Errorf("a name of two: %s\n%s", decision, text)
	}
}

// single is the inventory of the node with one list of memory that has one part.
func single() hardware.Inventory {
	v := parts()
	for i := range v.Lists {
		if v.Lists[i].Kind == hardware.Total {
			v.Lists[i].Parts = v.Lists[i].Parts[:1]
		}
	}
	return v
}
