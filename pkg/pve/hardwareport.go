package pve

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/hardware"
)

type portRow struct {
	Name     text            `json:"iface"`
	Type     text            `json:"type"`
	Exists   flag            `json:"exists"`
	Active   flag            `json:"active"`
	AltNames json.RawMessage `json:"altnames"`
	Slaves   text            `json:"slaves"`
	Bridged  text            `json:"bridge_ports"`
	OVSBonds text            `json:"ovs_bonds"`
	OVSPorts text            `json:"ovs_ports"`
}

// portsOf are the network ports that are there, with the bond or bridge that each
// is in.
func portsOf(all []portRow) []hardware.Part {
	use := map[string]string{}
	for _, r := range all {
		for _, name := range strings.Fields(string(r.Bridged) + " " + string(r.OVSPorts)) {
			if use[name] == "" {
				use[name] = r.Name.name()
			}
		}
	}
	for _, r := range all {
		for _, name := range strings.Fields(string(r.Slaves) + " " + string(r.OVSBonds)) {
			use[name] = r.Name.name()
		}
	}
	var out []hardware.Part
	for _, r := range all {
		mac := r.mac()
		if !bool(r.Exists) || !slices.Contains([]text{"eth", "OVSPort", "unknown"}, r.Type) || r.virtual() || localMAC(mac) {
			continue
		}
		name := r.Name.name()
		p := hardware.Part{ID: name, Name: name, Serial: mac, Use: use[name], State: hardware.Good}
		if !r.Active {
			p.State, p.Says = hardware.Off, "is not up"
		}
		out = append(out, p)
	}
	return out
}

// mac is the address that the card came with, which systemd makes an alternative
// name of.
func (r portRow) mac() string {
	var names []string
	if json.Unmarshal(r.AltNames, &names) != nil {
		names = nil
	}
	for _, name := range append(names, string(r.Name)) {
		if hex, ok := strings.CutPrefix(strings.ToLower(name), "enx"); ok && len(hex) == 12 && strings.Trim(hex, "0123456789abcdef") == "" {
			return fmt.Sprintf("%s:%s:%s:%s:%s:%s", hex[0:2], hex[2:4], hex[4:6], hex[6:8], hex[8:10], hex[10:12])
		}
	}
	return ""
}

// virtual says that a port is a virtual function (systemd ends its name in v and
// a number) or the controller's own card on USB.
func (r portRow) virtual() bool {
	name := r.Name.name()
	stem := strings.TrimRight(name, "0123456789")
	if stem != name && strings.HasSuffix(stem, "v") && strings.ContainsAny(stem, "0123456789") {
		return true
	}
	_, path, onUSB := strings.Cut(strings.TrimPrefix(name, "enu"), "u")
	return strings.HasPrefix(name, "usb") || strings.HasPrefix(name, "idrac") || strings.HasPrefix(name, "enp") && onUSB && path != "" && path[0] >= '0' && path[0] <= '9'
}

// localMAC says that an address was made up: those of the controllers' cards on
// USB are.
func localMAC(mac string) bool {
	return len(mac) > 1 && strings.ContainsAny(mac[1:2], "26ae") || strings.HasPrefix(mac, "b0:3a:f2:b6:05:9f") // AMI's, the same on every board
}
