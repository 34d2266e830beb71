package maintenance

import (
	"slices"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestWhyLeft: the true reason for a guest that is left, and a step that works.
func TestWhyLeft(t *testing.T) {
	local := func(more ...pve.Disk) pve.Config {
		return pve.Config{Disks: append([]pve.Disk{{Slot: "scsi0", Storage: "rbd"}}, more...)}
	}
	zfs := pve.Disk{Slot: "scsi1", Storage: "local-zfs"}
	cloud := pve.Disk{Slot: "ide2", Storage: "local-zfs", CDROM: true, CloudInit: true}
	iso := pve.Disk{Slot: "ide3", Storage: "local-zfs", CDROM: true}
	snapshot := local(zfs)
	snapshot.Snapshot = "before-update"
	gpu := pve.Config{Devices: []string{"hostpci0"}}
	shared := pve.Config{Devices: []string{"hostpci0"}, Mapped: []string{"pci:gpu"}}
	directory := pve.Config{Devices: []string{"virtiofs0"}, Mapped: []string{"dir:share"}}
	key := pve.Config{Devices: []string{"hostpci0", "usb0"}, Mapped: []string{"pci:gpu", "usb:key"}}
	for name, c := range map[string]struct {
		config pve.Config
		rules  []pve.HARule
		ha     bool
		peers  []string // nodes with a service of the same rule
		want   string
	}{
		"shared disks":      {config: local(), want: "is not under HA: on pve3: qm migrate 103 pve2 --online"},
		"local disk":        {config: local(zfs), want: "on pve3: qm migrate 103 pve2 --online --with-local-disks"},
		"cloud-init drive":  {config: local(cloud), want: "has ide2 on local-zfs of pve3 alone: on pve3: qm migrate 103 pve2 --online --with-local-disks"},
		"CD image":          {config: local(iso), want: "on pve3: qm set 103 --ide3 none,media=cdrom, then on pve3: qm migrate 103 pve2 --online"},
		"image and disk":    {config: local(iso, zfs), want: "on pve3: qm set 103 --ide3 none,media=cdrom, then on pve3: qm migrate 103 pve2 --online --with-local-disks"},
		"snapshot":          {config: snapshot, want: "has the snapshot before-update, and with it scsi1 on local-zfs of pve3 alone cannot be copied while it runs: remove its snapshots, or agree"},
		"device":            {config: gpu, want: "uses hostpci0 of pve3 and cannot move while it runs: agree a time with its users, then on pve3: qm shutdown 103"},
		"mapped device":     {config: shared, want: "uses hostpci0 by a mapping: on pve3: qm migrate 103 pve2 --online (refused where the mapping is not live-migration-capable)"},
		"mapped directory":  {config: directory, want: "uses virtiofs0 of pve3 and cannot move while it runs"},
		"mapped USB":        {config: key, want: "uses hostpci0, usb0 of pve3 and cannot move while it runs"},
		"HA":                {ha: true, want: "has yet to move it"},
		"strict rule":       {ha: true, rules: []pve.HARule{{ID: "pin", Type: "node-affinity", Strict: true, Resources: []string{"vm:103"}, Nodes: map[string]int{"pve3": 0}}}, want: "the strict node affinity rule pin allows only pve3"},
		"loose rule":        {ha: true, rules: []pve.HARule{{ID: "pin", Type: "node-affinity", Resources: []string{"vm:103"}, Nodes: map[string]int{"pve3": 0}}}, want: "has yet to move it"},
		"rule switched off": {ha: true, rules: []pve.HARule{{ID: "pin", Type: "node-affinity", Strict: true, Disabled: true, Resources: []string{"vm:103"}, Nodes: map[string]int{"pve3": 0}}}, want: "has yet to move it"},
		"apart, no room":    {ha: true, peers: []string{"pve1", "pve2"}, rules: []pve.HARule{{ID: "apart", Type: "resource-affinity", Affinity: "negative", Resources: []string{"vm:103", "vm:900", "vm:901"}}}, want: "the negative resource affinity rule apart"},
		"apart, room":       {ha: true, peers: []string{"pve1"}, rules: []pve.HARule{{ID: "apart", Type: "resource-affinity", Affinity: "negative", Resources: []string{"vm:103", "vm:900", "vm:901"}}}, want: "has yet to move it"},
		"mapped under HA":   {config: shared, ha: true, want: "has yet to move it"},
		"device under HA":   {config: gpu, ha: true, want: "agree a time with its users, then on pve1: ha-manager set vm:103 --state stopped"},
	} {
		e := Evidence{Now: noon, PVE: PVE{Cluster: threeNodes(), Leaving: []string{"pve3"}, Rules: c.rules, Presence: map[string][]pve.Presence{"pve3": {}}}}
		p := &e.PVE.Cluster
		p.Asked, p.Nodes[1].FreeMemory = "pve1", 1<<30
		for _, n := range p.Nodes {
			p.Storages = append(p.Storages, pve.Storage{Name: "rbd", Node: n.Name, Shared: true, Available: n.Name != "pve1"}, pve.Storage{Name: "local-zfs", Node: n.Name, Available: true})
		}
		e.PVE.Memory.Configs = map[int]pve.ConfigFacts{103: {Config: c.config}}
		if c.ha {
			p.HA = pve.HA{Time: noon, Nodes: map[string]string{"pve3": "maintenance"}, Requested: map[string]bool{"pve3": true}, Services: []pve.Service{{SID: "vm:103", Node: "pve3", State: "started"}}}
			p.Guests[2].HAState = "started"
			for i, n := range c.peers {
				p.HA.Services = append(p.HA.Services, pve.Service{SID: c.rules[0].Resources[1+i], Node: n, State: "started"})
				p.Guests = append(p.Guests, pve.Guest{ID: 900 + i, Kind: pve.VM, Node: n, Status: "running"})
			}
		}
		list := Drained(e, DrainOf(e))
		if got := list[0].String(); list[0].Outcome != Fails || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s %q, want %q", name, list[0].Outcome, got, c.want)
		}
	}
}

// TestHeld: a step is not shown before what must come first holds.
func TestHeld(t *testing.T) {
	const first, second question = "first", "second"
	step := run("pve1", "ceph osd unset noout").once(first)
	for _, c := range []struct {
		first Condition
		want  string
	}{
		{first.holds("is"), "left: on pve1: ceph osd unset noout"},
		{first.fails("bad"), "left: not before this holds: first"},
		{first.unknown("?"), "left: not before this holds: first"},
		{first.reserved("-"), "left: on pve1: ceph osd unset noout"},
	} {
		list := Checklist{c.first, second.fails("left", step)}.held()
		if got := list[1].String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.first.Outcome, got, c.want)
		}
	}
	odd := Checklist{second.fails("left", run("pve1", "ceph health unmute X$(reboot)"))}.held()
	if got := odd[0].String(); !strings.Contains(got, "by hand") || odd[0].Next[0].Run != "" {
		t.Errorf("%q", got)
	}
}

// TestRoomOfTargets: what is advised to be moved to a node fits there, all together.
func TestRoomOfTargets(t *testing.T) {
	const giB = int64(1) << 30
	c := threeNodes()
	c.Guests = nil
	free := map[string]int64{"pve1": 60 * giB, "pve2": 58 * giB}
	for i, n := range c.Nodes {
		c.Nodes[i].MaxMemory, c.Nodes[i].FreeMemory = 256*giB, free[n.Name]
	}
	for id := 101; id <= 110; id++ {
		c.Guests = append(c.Guests, pve.Guest{ID: id, Kind: pve.VM, Node: "pve3", Status: "running", MaxMemory: 16 * giB, Memory: 15 * giB})
	}
	moved := map[string]int64{}
	for _, l := range DrainOf(Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": {}}}}).Left {
		for _, s := range l.Next {
			if w := strings.Fields(s.Run); len(w) > 3 && w[1] == "migrate" {
				moved[w[3]] += l.Guest.Memory
			}
		}
	}
	for n, size := range moved {
		if size > free[n] {
			t.Errorf("%d GiB are to be moved to %s, which has %d GiB free", size/giB, n, free[n]/giB)
		}
	}
}

// TestContainersUnderHA: HA shuts a container down to move it.
func TestContainersUnderHA(t *testing.T) {
	c := threeNodes()
	c.Guests[2].Kind = pve.Container
	c.HA = pve.HA{Master: "pve1", Time: noon, Nodes: map[string]string{"pve1": "online", "pve2": "online", "pve3": "online"},
		Services: []pve.Service{{SID: "ct:103", Node: "pve3", State: "started", Running: true}}}
	e := Evidence{Now: noon, PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": {}}}}
	for _, x := range Drained(e, DrainOf(e)) {
		i := slices.IndexFunc(x.Next, func(s Step) bool { return strings.Contains(s.Run, "node-maintenance enable") })
		if i >= 0 && !slices.ContainsFunc(x.Next[:i], func(s Step) bool { return strings.HasPrefix(s.Say, agree) }) {
			t.Errorf("the users of ct103 are without it, and nobody asks them: %s", x)
		}
	}
}

// TestNoTarget: where no node can take a guest, no command without a node is told,
// whatever the guest uses.
func TestNoTarget(t *testing.T) {
	c := threeNodes()
	for i := range c.Nodes {
		c.Nodes[i].MaxMemory, c.Nodes[i].FreeMemory = 64<<30, 1<<30
	}
	c.Guests = []pve.Guest{{ID: 101, Kind: pve.VM, Node: "pve3", Status: "running", MaxMemory: 16 << 30, Memory: 15 << 30}}
	mapping := pve.ConfigFacts{Config: pve.Config{Devices: []string{"hostpci0"}, Mapped: []string{"pci:gpu"}}}
	for name, configs := range map[string]map[int]pve.ConfigFacts{"plain": nil, "by a mapping": {101: mapping}} {
		e := Evidence{PVE: PVE{Cluster: c, Leaving: []string{"pve3"}, Presence: map[string][]pve.Presence{"pve3": {}}, Memory: pve.Memory{Configs: configs}}}
		left := DrainOf(e).Left
		if len(left) != 1 || slices.ContainsFunc(left[0].Next, func(s Step) bool { return s.Run != "" }) {
			t.Errorf("%s: %+v", name, left)
		}
	}
}
