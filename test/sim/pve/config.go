// Package pve simulates the HTTP API of a Proxmox VE cluster: a small model of
// nodes, votes, a quorum device, HA, guests, locks, migrations, tasks and
// permissions, behind one HTTPS listener for each node.
//
//	sim := pve.Start(t, pve.Lab())
//	sim.Must("maintenance?node=pve3")
//	sim.Advance(2 * time.Minute)
//
// It lies where the real thing lies: guests of a node that died are reported
// running for five minutes, a token without privileges is answered 200 with
// empty lists, a cluster without quorum answers with what it knew. It records
// what it was asked, so that a test can say what must never happen. It shares
// no code with what it tests. Behaviour was taken from measurements of releases
// 7.4, 8.3 and 9.2 and from reading pve-manager and pve-ha-manager.
package pve

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/machine"
)

// Config is a cluster at the start.
type Config struct {
	Reserve
	// Release is what pve-manager says it is; it decides which fields there
	// are. Empty: 9.2.11.
	Release string
	// Name of the cluster; empty for a node that stands alone.
	Name   string
	Nodes  []Node
	Guests []Guest
	// Device is the quorum device, nil for none.
	Device *Device
	// Jobs are replication jobs.
	Jobs []Job
	// Tokens by USER@REALM!ID=UUID. Nil: one auditor, see [Auditor].
	Tokens map[string][]Grant
	// Clock is the true time; nil: it stands still until advanced.
	Clock *world.Clock
	// DeniedDelay is how long a 401 takes in real time; the real thing takes
	// three seconds.
	DeniedDelay time.Duration
	// OfflineDelay is how long the answer 595 about a node that is off takes in
	// real time; the real thing takes three to twenty-two seconds.
	OfflineDelay time.Duration
	// Hangup makes a node that is off close connections at once, which is quick;
	// a real one does not answer at all.
	Hangup bool
	// Listen is the address of the first node; "" means 127.0.0.1:0. Further
	// nodes take the ports after it, or any.
	Listen string
}

// Node is a member of the cluster.
type Node struct {
	Name    string
	Votes   int // 0 means 1; -1 means none
	Version string
	Memory  int64 // bytes, 0 means 64 GiB
	// Machine is what it is made of; nil: a usual one.
	Machine *machine.Machine
	// Storages of this node; nil: local (not shared) and ceph (shared).
	Storages []Storage
}

// Storage of a node.
type Storage struct {
	Name, Plugin string
	Shared       bool
	// Content it takes; empty: images,rootdir.
	Content string
	// Silent storages are not available.
	Silent bool
}

func (s Storage) content() string {
	if s.Content == "" {
		return "images,rootdir"
	}
	return s.Content
}

// Guest is a virtual machine or a container.
type Guest struct {
	ID        int
	Container bool
	Name      string
	Node      string
	Template  bool
	Stopped   bool // at the start
	Onboot    bool
	Pool      string
	Tags      string
	// HA is the state asked of the HA manager: started, stopped, or empty for
	// guests outside HA.
	HA string
	// Addresses are those it reports: through its agent, which only a machine
	// with some has, or as a container.
	Addresses []string
	// Values are further lines of the configuration: scsi0, hostpci0, net0.
	Values map[string]string
	// Memory and Used in bytes; 0 means 4 GiB and 1 GiB.
	Memory, Used int64
}

// Device is a quorum device.
type Device struct {
	Algorithm string // Fifty-Fifty split or LMS
	Connected bool
}

// Job is a replication job of a guest.
type Job struct {
	Guest  int
	Target string
	Fails  int
	Error  string
}

// Grant is an entry of the access control list: privileges at a path.
type Grant struct {
	Path       string
	Privileges []string
	// NoPropagate keeps it from reaching the paths below.
	NoPropagate bool
}

// Token is the token there is when [Config] names none.
const Token = "monitor@pve!noout=0f8fad5b-d9cb-469f-a165-70867728950e"

// Audit are the privileges of the role PVEAuditor.
var Audit = []string{
	"Datastore.Audit", "Mapping.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit", "VM.GuestAgent.Audit",
}

// Auditor sees everything.
func Auditor() []Grant { return []Grant{{Path: "/", Privileges: Audit}} }

// Lab is a cluster of three nodes with guests of every kind: under HA and not,
// running and stopped, a template, a container.
func Lab() Config {
	return Config{
		Name:  "lab",
		Nodes: []Node{{Name: "pve1"}, {Name: "pve2"}, {Name: "pve3"}},
		Guests: []Guest{
			{ID: 100, Name: "web1", Node: "pve1", HA: "started", Pool: "hosting", Tags: "web;prod", Onboot: true},
			{ID: 101, Name: "web2", Node: "pve1", HA: "stopped", Pool: "hosting", Stopped: true},
			{ID: 102, Name: "mail", Node: "pve2", Onboot: true},
			{ID: 103, Name: "shop", Node: "pve3", HA: "started", Onboot: true},
			{ID: 104, Name: "debian-template", Node: "pve3", Template: true, Stopped: true},
			{ID: 105, Name: "db1", Node: "pve3", Onboot: true},
			{ID: 200, Name: "dns1", Node: "pve2", Container: true, Onboot: true},
		},
	}
}

// filled puts what is usual where nothing was said.
func (c Config) filled() Config {
	if c.Release == "" {
		c.Release = "9.2.11"
	}
	c.Tokens = maps.Clone(c.Tokens)
	if c.Tokens == nil {
		c.Tokens = map[string][]Grant{Token: Auditor()}
	}
	if c.Clock == nil {
		c.Clock = world.Still(time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC))
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	c.Nodes = slices.Clone(c.Nodes)
	for i := range c.Nodes {
		n := &c.Nodes[i]
		switch {
		case n.Votes == 0:
			n.Votes = 1
		case n.Votes < 0:
			n.Votes = 0
		}
		if n.Version == "" {
			n.Version = c.Release
		}
		if n.Memory == 0 {
			n.Memory = 64 << 30
		}
		if n.Machine == nil {
			n.Machine = machine.Lab(i + 1)
		}
		if n.Storages == nil {
			n.Storages = []Storage{{Name: "local", Plugin: "dir"}, {Name: "ceph", Plugin: "rbd", Shared: true}}
		}
	}
	c.Guests = slices.Clone(c.Guests)
	for i := range c.Guests {
		g := &c.Guests[i]
		g.Values = maps.Clone(g.Values)
		if g.Values == nil {
			g.Values = map[string]string{}
		}
		g.defaults()
	}
	return c
}

// defaults are a disk and a network card for a guest of which nothing was said.
func (g *Guest) defaults() {
	if g.Memory == 0 {
		g.Memory = 4 << 30
	}
	if g.Used == 0 {
		g.Used = min(g.Memory, 1<<30)
	}
	mac := fmt.Sprintf("BC:24:11:%02X:%02X:%02X", g.ID>>16&255, g.ID>>8&255, g.ID&255)
	disk, volume, card := "scsi0", "ceph:vm-disk-0,size=32G", "virtio="+mac+",bridge=vmbr0"
	if g.Container {
		disk, volume, card = "rootfs", "ceph:vm-disk-0,size=8G", "name=eth0,bridge=vmbr0,hwaddr="+mac+",ip=dhcp"
	}
	for key, value := range map[string]string{disk: volume, "net0": card} {
		if g.Values[key] == "" {
			g.Values[key] = value
		}
	}
	if len(g.Addresses) > 0 && !g.Container {
		g.Values["agent"] = "1"
	}
}
