package pve

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Config is what of a guest's configuration tells where it can run and where
// it can be reached.
type Config struct {
	// Onboot guests are started with their node.
	Onboot bool `json:"onboot,omitempty"`
	// Agent says whether the guest agent is configured.
	Agent bool `json:"agent,omitempty"`
	// Devices are those of the host that are passed through: hostpci0, usb1.
	// A running guest with one of them cannot move.
	Devices []string `json:"devices,omitempty"`
	Disks   []Disk   `json:"disks,omitempty"`
	NICs    []NIC    `json:"nics,omitempty"`
}

// Disk is a volume or an image that is attached.
type Disk struct {
	Slot    string `json:"slot"`
	Storage string `json:"storage"` // empty for a path of the host
	CDROM   bool   `json:"cdrom,omitempty"`
}

// NIC is a network card with the addresses the configuration gives it. The
// guest may have others.
type NIC struct {
	Slot      string       `json:"slot"`
	MAC       string       `json:"mac,omitempty"` // upper case
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

var (
	diskSlot   = regexp.MustCompile(`^(?:(?:ide|sata|scsi|virtio|mp)\d+|efidisk0|tpmstate0|rootfs)$`)
	deviceSlot = regexp.MustCompile(`^(?:(?:hostpci|usb|parallel|dev)\d+|ivshmem)$`)
	nicSlot    = regexp.MustCompile(`^(?:net|ipconfig)\d+$`)
	macAddress = regexp.MustCompile(`^(?i:[0-9a-f]{2}(?::[0-9a-f]{2}){5})$`)
)

// configOf reads the values by their keys. Those of no interest here, and
// those that are no scalars, are passed over.
func configOf(values map[string]json.RawMessage) Config {
	var c Config
	nics := map[string]*NIC{}
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, key := range keys {
		value, err := scalar(values[key])
		if err != nil || value == "" {
			continue
		}
		switch {
		case key == "onboot":
			c.Onboot = value != "0" && value != "false"
		case key == "agent":
			parts := strings.Split(value, ",")
			c.Agent = parts[0] == "1" || slices.Contains(parts, "enabled=1")
		case diskSlot.MatchString(key):
			if d, is := diskOf(key, value); is {
				c.Disks = append(c.Disks, d)
			}
		case deviceSlot.MatchString(key):
			// A SPICE port is no device of the host.
			if !strings.HasPrefix(value, "spice") && !strings.HasPrefix(value, "host=spice") {
				c.Devices = append(c.Devices, key)
			}
		case nicSlot.MatchString(key):
			addNIC(nics, key, value)
		}
	}
	for _, n := range nics {
		c.NICs = append(c.NICs, *n)
	}
	sort.Slice(c.NICs, func(i, j int) bool { return c.NICs[i].Slot < c.NICs[j].Slot })
	return c
}

// diskOf reads "local-lvm:vm-105-disk-0,size=32G". An empty drive is none.
func diskOf(slot, value string) (Disk, bool) {
	volume, rest, _ := strings.Cut(value, ",")
	volume = strings.TrimPrefix(strings.TrimPrefix(volume, "file="), "volume=")
	if volume == "none" || volume == "cdrom" && rest == "" {
		return Disk{}, false
	}
	d := Disk{Slot: slot, CDROM: strings.Contains(","+rest+",", ",media=cdrom,")}
	if storage, _, found := strings.Cut(volume, ":"); found && !strings.HasPrefix(volume, "/") {
		d.Storage = clip(storage, maxName)
	}
	return d, true
}

// addNIC reads netN and ipconfigN, whose numbers belong together:
// "virtio=BC:24:11:00:00:01,bridge=vmbr0", "ip=192.0.2.1/24,gw=192.0.2.254",
// of containers "name=eth0,hwaddr=...,ip=dhcp".
func addNIC(nics map[string]*NIC, key, value string) {
	slot := "net" + strings.TrimLeft(key, "abcdefghijklmnopqrstuvwxyz")
	n := nics[slot]
	if n == nil {
		n = &NIC{Slot: slot}
		nics[slot] = n
	}
	for part := range strings.SplitSeq(value, ",") {
		name, v, _ := strings.Cut(part, "=")
		switch {
		case name == "ip", name == "ip6":
			plain, _, _ := strings.Cut(v, "/")
			if a, err := netip.ParseAddr(plain); err == nil {
				n.Addresses = append(n.Addresses, global(a)...)
			}
		case macAddress.MatchString(v) && !strings.HasPrefix(key, "ipconfig"):
			n.MAC = strings.ToUpper(v)
		}
	}
}
