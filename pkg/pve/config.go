package pve

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/regex"
)

// Config is what of a guest's configuration tells where it can run and where
// it can be reached.
type Config struct {
	// Onboot guests are started with their node.
	Onboot bool `json:"onboot,omitempty"`
	// Agent says whether the guest agent is configured.
	Agent bool `json:"agent,omitempty"`
	// Devices are those of the host that are passed through, and its directories:
	// hostpci0, usb1, virtiofs0. A running guest with one of them cannot move.
	Devices []string `json:"devices,omitempty"`
	// Mapped are those of Devices that are named by a mapping of the cluster,
	// such as pci:gpu or dir:share: they may exist on several nodes.
	Mapped []string `json:"mapped,omitempty"`
	// Snapshot is the last one the guest's disks are based on.
	Snapshot string `json:"snapshot,omitempty"`
	Disks    []Disk `json:"disks,omitempty"`
	// Snippets are files without which it does not start: hookscript, and cicustom
	// where it has a cloud-init drive (qemu-server, vm_start_nolock).
	Snippets []Disk `json:"snippets,omitempty"`
	NICs     []NIC  `json:"nics,omitempty"`
}

// Disk is a volume or an image that is attached.
type Disk struct {
	Slot    string `json:"slot"`
	Storage string `json:"storage"` // empty for a path of the host
	CDROM   bool   `json:"cdrom,omitempty"`
	// CloudInit drives are written anew from the configuration.
	CloudInit bool `json:"cloudinit,omitempty"`
	// Unsaved disks are in no backup: backup=0, and mount points of containers
	// without backup=1.
	Unsaved bool `json:"unsaved,omitempty"`
	// Unreplicated disks are left out by replication jobs: replicate=0.
	Unreplicated bool `json:"unreplicated,omitempty"`
	// Shared says that its volume is on every node, whatever the storage is.
	Shared bool `json:"shared,omitempty"`
	// Snippet files are copied to other nodes by administrators, if at all.
	Snippet bool `json:"snippet,omitempty"`
}

// NIC is a network card with the addresses the configuration gives it. The
// guest may have others.
type NIC struct {
	Slot      string       `json:"slot"`
	MAC       string       `json:"mac,omitempty"` // upper case
	Addresses []netip.Addr `json:"addresses,omitempty"`
	// Gateway says that the guest's way to the world goes through this card.
	Gateway bool `json:"gateway,omitempty"`
}

var (
	diskSlot   = regex.Of(`^(?:(?:ide|sata|scsi|virtio|mp)\d+|efidisk0|tpmstate0|rootfs)$`)
	deviceSlot = regex.Of(`^(?:(?:hostpci|usb|serial|parallel|virtiofs|dev)\d+|ivshmem)$`)
	nicSlot    = regex.Of(`^(?:net|ipconfig)\d+$`)
	// cloudInit is how qemu-server tells such a drive (drive_is_cloudinit).
	cloudInit  = regex.Of(`(?:^|/)(?:vm-\d+-)?cloudinit(?:\.(?:raw|qcow2?|qed|vmdk|cloop))?$`)
	macAddress = regex.Of(`^(?i:[0-9a-f]{2}(?::[0-9a-f]{2}){5})$`)
)

// configOf reads the values by their keys. Those of no interest here, and
// those that are no scalars, are passed over.
func configOf(values map[string]json.RawMessage) Config {
	var c Config
	nics := map[string]*NIC{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value, err := scalar(values[key])
		if err != nil || value == "" {
			continue
		}
		switch {
		case key == "onboot":
			c.Onboot = value != "0" && value != "false"
		case key == "parent":
			c.Snapshot = phrase.Clip(value, maxName)
		case key == "agent":
			c.Agent = slices.ContainsFunc(strings.Split(strings.ToLower(value), ","), func(part string) bool {
				return slices.Contains(truths, strings.TrimPrefix(part, "enabled="))
			})
		case diskSlot.MatchString(key):
			if d, is := diskOf(key, value); is {
				c.Disks = append(c.Disks, d)
			}
		case deviceSlot.MatchString(key):
			if !everywhere(value) {
				c.Devices = append(c.Devices, key)
				if name := mapping(key, value); name != "" {
					c.Mapped = append(c.Mapped, mappedKind(key)+":"+name)
				}
			}
		case nicSlot.MatchString(key):
			addNIC(nics, key, value)
		case key == "hookscript", key == "cicustom":
			c.Snippets = append(c.Snippets, snippets(key, value)...)
		}
	}
	if !slices.ContainsFunc(c.Disks, func(d Disk) bool { return d.CloudInit }) {
		c.Snippets = slices.DeleteFunc(c.Snippets, func(d Disk) bool { return d.Slot == "cicustom" })
	}
	for _, slot := range slices.Sorted(maps.Keys(nics)) {
		c.NICs = append(c.NICs, *nics[slot])
	}
	return c
}

// snippets reads "local:snippets/hook.pl" and "user=local:snippets/a.yml,meta=...".
func snippets(slot, value string) []Disk {
	var out []Disk
	for part := range strings.SplitSeq(value, ",") {
		storage, _, _ := strings.Cut(part, ":")
		_, named, _ := strings.Cut(storage, "=")
		out = append(out, Disk{Slot: slot, Storage: phrase.Clip(cmp.Or(named, storage), maxName), Snippet: true})
	}
	return slices.Compact(out)
}

// kernels are devices that the kernel makes on every node.
var kernels = []string{"/dev/net/tun", "/dev/fuse", "/dev/ppp", "/dev/kvm", "/dev/vhost-net", "/dev/loop-control"}

// everywhere says that a device is none of one host: a SPICE port, a socket, which is
// made anew, or one of the kernel's own.
func everywhere(value string) bool {
	first, _, _ := strings.Cut(value, ",")
	return strings.HasPrefix(value, "spice") || strings.HasPrefix(value, "host=spice") || value == "socket" ||
		slices.Contains(kernels, strings.TrimPrefix(first, "path="))
}

// mapping is the name of the cluster-wide mapping in "mapping=gpu,pcie=1", and of a
// directory in "share,cache=auto".
func mapping(slot, value string) string {
	for part := range strings.SplitSeq(value, ",") {
		key, name, found := strings.Cut(part, "=")
		switch {
		case found && (key == "mapping" || key == "dirid"):
			return phrase.Clip(name, maxName)
		case !found && mappedKind(slot) == "dir":
			return phrase.Clip(part, maxName)
		}
	}
	return ""
}

// mappedKind is the kind of mapping that a slot takes.
func mappedKind(slot string) string {
	switch {
	case strings.HasPrefix(slot, "usb"):
		return "usb"
	case strings.HasPrefix(slot, "virtiofs"):
		return "dir"
	}
	return "pci"
}

// truths and lies are how Proxmox VE lets an option be written (PVE::JSONSchema,
// parse_boolean).
var truths, lies = []string{"1", "on", "yes", "true"}, []string{"0", "off", "no", "false"}

// diskOf reads "local-lvm:vm-105-disk-0,size=32G". An empty drive is none.
func diskOf(slot, value string) (Disk, bool) {
	volume, rest, _ := strings.Cut(value, ",")
	volume = strings.TrimPrefix(strings.TrimPrefix(volume, "file="), "volume=")
	if volume == "none" || volume == "cdrom" && rest == "" {
		return Disk{}, false
	}
	options := "," + strings.ToLower(rest) + ","
	has := func(option string, values ...string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(options, ","+option+"="+v+",") })
	}
	d := Disk{Slot: slot, CDROM: has("media", "cdrom"), Shared: has("shared", truths...)}
	d.Unreplicated = has("replicate", lies...)
	d.Unsaved = has("backup", lies...) || strings.HasPrefix(slot, "mp") && !has("backup", truths...)
	if storage, name, found := strings.Cut(volume, ":"); found && !strings.HasPrefix(volume, "/") {
		d.Storage = phrase.Clip(storage, maxName)
		d.CloudInit = cloudInit.MatchString(name)
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
		case name == "gw" && v != "", name == "gw6" && v != "":
			n.Gateway = true
		case macAddress.MatchString(v) && !strings.HasPrefix(key, "ipconfig"):
			n.MAC = strings.ToUpper(v)
		}
	}
}
