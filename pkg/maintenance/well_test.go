package maintenance

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// well is a cluster of three nodes, of which the third was emptied and may go:
// one guest under HA and one outside it on the others, two pools, a CephFS.
func well() *model {
	m := &model{
		nodes:  []node{{"pve1", "pve1", 0, 1, true, true}, {"pve2", "pve2", 1, 1, true, true}, {"pve3", "pve3", 2, 1, true, true}},
		guests: []guest{{0, true, true, -1}, {1, true, false, -1}, {2, false, false, -1}},
		mons:   []mon{{0, true}, {1, true}, {2, true}}, mgrs: []int{2, 0}, ranks: 1, mds: []metadata{{on: 1}, {on: 2, rank: -1}},
		pools:   []pool{{size: 3, min: 2, domain: "host"}, {size: 3, min: 2, domain: "host"}},
		flags:   map[string]bool{},
		noout:   scope{hosts: []int{2}},
		leaving: []int{2}, maintained: true, ha: true,
	}
	for id := range 6 {
		m.osds = append(m.osds, osd{id / 2, false, true, true})
	}
	for i := range m.pools {
		m.pools[i].pgs = [][]int{{0, 2, 4}, {1, 3, 5}}
	}
	return m
}

func wellByToken(t testing.TB) Evidence { return well().evidence(t) }

func wellByCommand(t testing.TB) Evidence { m := well(); return m.asked(m.evidence(t)) }

// wellMapped has another name in CRUSH.
func wellMapped(t testing.TB) Evidence {
	m := well()
	m.nodes[2].crush = "ceph-c"
	return m.asked(m.evidence(t))
}

// wellDevice needs the votes of its qdevice.
func wellDevice(t testing.TB) Evidence {
	m := well()
	m.qdevice, m.qalive = 2, true
	return m.asked(m.evidence(t))
}

// wellBack is the same cluster when all is over.
func wellBack(t testing.TB) Return {
	m := well()
	m.noout, m.maintained = scope{}, false
	r := Return{Evidence: m.evidence(t)}
	b := pve.BaselineOf(r.PVE.Cluster, r.PVE.Leaving, r.PVE.Memory, noon.Add(-2*time.Hour))
	r.Baseline = &b
	r.unchanged()
	return r
}

func TestWell(t *testing.T) {
	for name, e := range map[string]Evidence{"command": wellByCommand(t), "token": wellByToken(t), "mapped": wellMapped(t), "qdevice": wellDevice(t)} {
		if list := Serviceable(e); list.Decision() != "yes" {
			t.Errorf("%s: %s: %+v", name, list.Decision(), list)
		}
	}
	if list := Reintegrated(wellBack(t)); list.Decision() != "yes" {
		t.Errorf("back: %s: %+v", list.Decision(), list)
	}
}

// TestStorageOnNodes: where there is no Ceph, another storage may keep its copies on
// the nodes, and nobody has asked it.
func TestStorageOnNodes(t *testing.T) {
	for _, plugin := range []string{"drbd", "glusterfs"} {
		e := wellByToken(t)
		e.Ceph = Ceph{Absent: "there is no Ceph: Proxmox VE says that it is not configured"}
		for i := range e.PVE.Cluster.Storages {
			e.PVE.Cluster.Storages[i].Plugin = plugin
		}
		if got := Serviceable(e).Decision(); got != "yes-but" {
			t.Errorf("%s: expected yes-but, got %s", plugin, got)
		}
	}
}
