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
		"net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:03,ip=192.0.2.6/24,ip6=dhcp", "dev0": "/dev/net/tun"
	}`, Config{
		Devices: []string{"dev0"}, Disks: []Disk{{Slot: "mp0", Unsaved: true}, {Slot: "rootfs", Storage: "local-zfs"}},
		NICs: []NIC{{Slot: "net0", MAC: "BC:24:11:00:00:03", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.6")}}},
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
