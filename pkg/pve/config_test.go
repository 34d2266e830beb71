package pve

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestConfig(t *testing.T) {
	raw := `{
		"onboot": "1", "agent": "enabled=1,fstrim_cloned_disks=1", "memory": "2048", "digest": "x", "boot": "order=scsi0",
		"scsi0": "local-lvm:vm-105-disk-0,size=32G", "scsi1": "/dev/disk/by-id/x,size=1G", "ide2": "local:iso/debian.iso,media=cdrom",
		"ide3": "none,media=cdrom", "efidisk0": "ceph:vm-105-disk-1,size=4M", "unused0": "local-lvm:vm-105-disk-9",
		"hostpci0": "0000:01:00.0,pcie=1", "usb0": "host=1234:5678", "usb1": "spice",
		"net0": "virtio=bc:24:11:00:00:01,bridge=vmbr0,firewall=1", "net1": "e1000=BC:24:11:00:00:02,bridge=vmbr1",
		"ipconfig0": "ip=192.0.2.5/24,gw=192.0.2.1,ip6=2001:db8::5/64", "ipconfig1": "ip=dhcp,ip6=auto", "odd": {"a": 1}
	}`
	want := Config{
		Onboot: true, Agent: true, Devices: []string{"hostpci0", "usb0"},
		Disks: []Disk{{Slot: "efidisk0", Storage: "ceph"}, {Slot: "ide2", Storage: "local", CDROM: true}, {Slot: "scsi0", Storage: "local-lvm"}, {Slot: "scsi1"}},
		NICs: []NIC{
			{Slot: "net0", MAC: "BC:24:11:00:00:01", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.5"), netip.MustParseAddr("2001:db8::5")}, Gateway: true},
			{Slot: "net1", MAC: "BC:24:11:00:00:02"},
		},
	}
	compare(t, raw, want)
	compare(t, `{
		"rootfs": "local-zfs:subvol-200-disk-0,size=8G", "mp0": "/srv/data,mp=/data", "hostname": "dns1", "onboot": 0, "agent": "0",
		"net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:03,ip=192.0.2.6/24,ip6=dhcp", "dev0": "/dev/net/tun", "dev1": "/dev/dri/renderD128,gid=104", "dev2": "path=/dev/fuse"
	}`, Config{
		Devices: []string{"dev1"}, Disks: []Disk{{Slot: "mp0", Unsaved: true}, {Slot: "rootfs", Storage: "local-zfs"}},
		NICs: []NIC{{Slot: "net0", MAC: "BC:24:11:00:00:03", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.6")}}},
	})
}

// TestConfigSpelling: what an administrator wrote by hand, or Proxmox VE 3, is as good
// as what the API writes now, and a host's port or directory is the host's.
func TestConfigSpelling(t *testing.T) {
	compare(t, `{
		"agent": "fstrim_cloned_disks=1,enabled=yes", "serial0": "socket", "serial1": "/dev/ttyS0", "virtiofs0": "share,cache=auto", "virtiofs1": "cache=always,dirid=other", "usb0": "mapping=key",
		"scsi0": "local-lvm:vm-105-disk-0,backup=no,replicate=off", "scsi1": "local-lvm:vm-105-disk-1,backup=yes,replicate=1,shared=on",
		"ide0": "local:iso/cloudinit-seed.iso,media=cdrom", "ide1": "local:105/vm-105-cloudinit.qcow2,media=cdrom", "ide2": "ceph:vm-105-cloudinit,media=cdrom",
		"mp0": "local-zfs:subvol-200-disk-1,mp=/a,backup=yes", "mp1": "local-zfs:subvol-200-disk-2,mp=/b,backup=false"
	}`, Config{
		Agent: true, Devices: []string{"serial1", "usb0", "virtiofs0", "virtiofs1"}, Mapped: []string{"usb:key", "dir:share", "dir:other"},
		Disks: []Disk{
			{Slot: "ide0", Storage: "local", CDROM: true}, {Slot: "ide1", Storage: "local", CDROM: true, CloudInit: true}, {Slot: "ide2", Storage: "ceph", CDROM: true, CloudInit: true},
			{Slot: "mp0", Storage: "local-zfs"}, {Slot: "mp1", Storage: "local-zfs", Unsaved: true},
			{Slot: "scsi0", Storage: "local-lvm", Unsaved: true, Unreplicated: true}, {Slot: "scsi1", Storage: "local-lvm", Shared: true},
		},
	})
}

// TestSnippets: without its hook script no guest starts, nor without what its
// cloud-init drive is made of; what no drive is made of is not read.
func TestSnippets(t *testing.T) {
	hook, custom := Disk{Slot: "hookscript", Storage: "local", Snippet: true}, Disk{Slot: "cicustom", Storage: "nfs", Snippet: true}
	compare(t, `{"hookscript": "local:snippets/a=b.pl", "cicustom": "user=nfs:snippets/u.yml,meta=nfs:snippets/m.yml"}`, Config{Snippets: []Disk{hook}})
	compare(t, `{"hookscript": "local:snippets/hook.pl", "cicustom": "user=nfs:snippets/u.yml,meta=nfs:snippets/m.yml,vendor=local:snippets/v.yml", "ide2": "ceph:vm-105-cloudinit,media=cdrom"}`,
		Config{
			Disks:    []Disk{{Slot: "ide2", Storage: "ceph", CDROM: true, CloudInit: true}},
			Snippets: []Disk{custom, {Slot: "cicustom", Storage: "local", Snippet: true}, hook},
		})
}

func compare(t *testing.T, raw string, want Config) {
	t.Helper()
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &values); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, configOf(values), cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLocal(t *testing.T) {
	c := Cluster{Storages: []Storage{
		{Name: "local-lvm", Node: "pve3"}, {Name: "ceph", Node: "pve3", Shared: true}, {Name: "ceph", Node: "pve1"},
	}}
	config := Config{Devices: []string{"hostpci0"}, Disks: []Disk{{Slot: "scsi0", Storage: "ceph"}, {Slot: "scsi1", Storage: "local-lvm"}, {Slot: "scsi2"}, {Slot: "scsi3", Storage: "nobody-knows"}}}
	devices, disks := c.Index().Local(Guest{Node: "pve3"}, config)
	if len(devices) != 1 || len(disks) != 2 || disks[0].Slot != "scsi1" || disks[1].Slot != "scsi2" {
		t.Errorf("devices %v, disks %v", devices, disks)
	}
}
