package pve

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/machine"
)

// listed is what the node lists; nothing where its API is at odds.
func listed(n *node, rows []object) []object {
	if n.Machine.Blank() {
		return []object{}
	}
	return rows
}

// statusOf is what the node tells of its board.
func (q question) statusOf(n *node) object {
	var memory int64
	for _, p := range n.Machine.Present(machine.Module) {
		memory += p.Size
	}
	cpus := n.Machine.Present(machine.CPU)
	model := ""
	if len(cpus) > 0 {
		model = cpus[0].Model
	}
	return object{
		"uptime": int64(q.w.now.Sub(n.started).Seconds()), "pveversion": "pve-manager/" + n.Version + "/0123456789abcdef",
		"memory":         object{"total": memory - memory/64, "used": int64(8 << 30), "free": memory / 2},
		"current-kernel": object{"sysname": "Linux", "release": "6.14.11-2-pve", "machine": "x86_64"}, "boot-info": object{"mode": "efi", "secureboot": 0},
		"cpuinfo": object{"sockets": len(cpus), "cores": 12, "cpus": 24 * len(cpus), "model": model, "mhz": "2100.000", "user_hz": 100},
	}
}

// disks lists them as the kernel names them, a disk of the controller's over USB
// among them.
func (q question) disks(n *node, smart bool) []object {
	out := []object{{
		"devpath": "/dev/sdz", "type": "usb", "vendor": "AMI", "model": "Virtual_HDisk0", "serial": "AAAABBBBCCCC1", "size": int64(1 << 20),
		"wwn": "unknown", "health": "UNKNOWN", "gpt": 0, "osdid": -1, "osdid-list": nil,
	}}
	for _, p := range n.Machine.Present(machine.Disk) {
		row := object{
			"devpath": p.Device, "type": "ssd", "vendor": "ATA     ", "model": strings.ReplaceAll(p.Model, " ", "_"), "serial": p.Serial, "size": p.Size,
			"wwn": "0x5002538" + fmt.Sprintf("%09x", len(p.Serial)*1000+int(p.Serial[len(p.Serial)-1])), "health": "PASSED", "gpt": 1, "rpm": 0, "wearout": 97, "osdid": p.OSD, "osdid-list": nil,
		}
		if p.OSD >= 0 {
			row["osdid-list"], row["used"] = []int{p.OSD}, "LVM"
		}
		switch {
		case !smart:
			row["health"] = "UNKNOWN"
		case p.State == machine.Bad:
			row["health"] = "FAILED!"
		}
		out = append(out, row)
	}
	return out
}

// cards lists functions, virtual ones too, by their addresses.
func (q question) cards(n *node) []object {
	out := []object{}
	for _, p := range n.Machine.Present(machine.Card) {
		for f := range p.Functions + p.Virtual {
			row := object{
				"id": fmt.Sprintf("%s.%x", p.Device, f), "class": p.PCI[0], "vendor": p.PCI[1], "device": p.PCI[2], "vendor_name": "a maker",
				"device_name": p.Model, "subsystem_vendor": p.PCI[1], "subsystem_device": "0x0001", "iommugroup": len(out),
			}
			if f >= p.Functions {
				row["device_name"] = p.Model + " Virtual Function"
			}
			out = append(out, row)
		}
	}
	return out
}

// network lists ports, the bond and the bridges. A port that lost its cable is as
// active as ever: the API tells whether it was set up.
func (q question) network(n *node) []object {
	out := []object{}
	var bond []string
	for _, p := range n.Machine.Present(machine.Port) {
		row := object{"iface": p.Device, "type": "eth", "exists": 1, "active": 1, "method": "manual", "families": []string{"inet"}, "priority": len(out) + 2}
		if q.release(9, 0) {
			row["altnames"] = []string{"enx" + strings.ReplaceAll(p.MAC, ":", "")}
		}
		out = append(out, row)
		if p.Speed > 1000 {
			bond = append(bond, p.Device)
		}
	}
	return append(out,
		object{"iface": "enxb03af2b6059f", "type": "eth", "exists": 1, "method": "manual"},
		object{"iface": "bond0", "type": "bond", "active": 1, "slaves": strings.Join(bond, " "), "bond_mode": "802.3ad", "method": "manual"},
		object{"iface": "vmbr0", "type": "bridge", "active": 1, "bridge_ports": "bond0", "method": "static", "cidr": q.w.address(n) + "/24"},
		object{"iface": "vmbr1", "type": "bridge", "active": 1, "bridge_ports": "nic3", "method": "manual"},
	)
}

// hardware changes a part of a node.
func (w *World) hardware(c *call) {
	n := c.node(w, "node")
	w.when(c, func() {
		if err := n.Machine.Set(c.Get("part"), c.Get("is")); err != nil {
			c.fail("%w", err)
		}
	})
}
