// Package pve asks a Proxmox VE cluster through its HTTP API what there is and
// how it is. It only reads (GET, an API token), and it states facts: which
// statuses are to be believed is said here, what they mean is judged elsewhere.
//
// What the fields mean, and where they lie, was read in the sources of
// pve-manager, pve-ha-manager and pve-access-control and measured on releases
// 7.4, 8.3 and 9.2.
package pve

import (
	"strconv"
	"strings"
	"time"
)

// Cluster is what one poll of the API found.
type Cluster struct {
	// Name of the cluster; of the node when it stands alone.
	Name string
	// Standalone nodes have no cluster and no votes.
	Standalone bool
	// Host is the address that answered, Asked the node behind it.
	Host, Asked string
	// Quorate is true when every place that tells says so: /cluster/status
	// can keep an old value when only a qdevice's vote flips, the HA status
	// is live.
	Quorate bool
	// Lost is true when any of these places says that there is no quorum. When
	// neither is true nobody told.
	Lost bool
	// Time is the asked node's clock.
	Time time.Time

	Nodes    []Node
	Guests   []Guest
	Storages []Storage
	HA       HA
	Tasks    []Task
	Votes    Votes
	// Rights are what the token may not see; empty when it may see all.
	Rights Rights
	// granted is what it may, see [Cluster.May].
	granted permissions
	// Gaps are the documents that could not be read whole.
	Gaps []Gap
	// Evidence lists the requests with their outcome.
	Evidence []string
}

// Gap is a document that was asked for and could not be read, or not whole.
type Gap struct {
	Path string
	// Node is the one that should have told, empty for the cluster's documents.
	Node string
	Err  error
	// Backup says that it is about backups only.
	Backup bool
}

// Node is one member of the cluster.
type Node struct {
	Name string
	ID   int
	IP   string
	// Online is corosync's word: the node is in the asked node's partition.
	Online bool
	// Status is what pvestatd last said: online, offline, unknown; empty when
	// the node is not listed. An online node that is unknown here has a
	// pvestatd that has been silent for five minutes, or has just started.
	Status string
	Uptime time.Duration
	// FreeMemory in bytes, 0 when not told.
	FreeMemory int64
	// CPUs, MaxMemory and Memory in use (bytes), 0 when not told.
	CPUs              int
	MaxMemory, Memory int64
}

// Kind of guest.
type Kind string

// The two kinds of guests, by their names in the API.
const (
	VM        Kind = "qemu"
	Container Kind = "lxc"
)

// Prefix is the kind as it is commonly written before the number: vm, ct.
func (k Kind) Prefix() string {
	if k == Container {
		return "ct"
	}
	return "vm"
}

// Guest is a virtual machine or a container.
type Guest struct {
	ID   int
	Kind Kind
	Name string
	// Node the guest's configuration lies on: cluster-wide truth as long as
	// there is quorum.
	Node string
	// Status as pvestatd of that node last said: running, stopped, paused,
	// suspended, prelaunch, inmigrate, postmigrate, io-error, internal-error,
	// unknown and others of QEMU's.
	Status string
	// Stale statuses are not to be believed: the node is not online, or its
	// pvestatd is silent. They stay as they were for five minutes.
	Stale    bool
	Template bool
	Lock     string
	HAState  string
	Pool     string
	Tags     []string
	Uptime   time.Duration
	// CPUs and MaxMemory (bytes) as configured, Memory as used; 0 when not told.
	CPUs              int
	MaxMemory, Memory int64
}

// String names the guest as operators do: "vm105 db1".
func (g Guest) String() string {
	id := g.Kind.Prefix() + strconv.Itoa(g.ID)
	if g.Name == "" || g.Name == id {
		return id
	}
	return id + " " + g.Name
}

// SID is the guest's name as an HA service: vm:105.
func (g Guest) SID() string { return g.Kind.Prefix() + ":" + strconv.Itoa(g.ID) }

// Storage is one storage as one node sees it.
type Storage struct {
	Name      string
	Node      string
	Shared    bool
	Available bool
	Plugin    string
	// Content are the kinds of volumes it takes: images, rootdir, backup, iso.
	Content []string
}

// Task is a running or a recent task.
type Task struct {
	UPID string
	Node string
	Type string
	// ID is mostly the guest's number; empty for tasks about no guest.
	ID         string
	User       string
	Start, End time.Time // End is zero while it runs
	// Status is OK, a warning or an error text; empty while it runs.
	Status string
}

// Running says whether the task has not ended.
func (t Task) Running() bool { return t.End.IsZero() }

// Succeeded tasks have ended, perhaps with warnings ("WARNINGS: 2").
func (t Task) Succeeded() bool {
	return !t.Running() && (t.Status == "OK" || strings.HasPrefix(t.Status, "WARNINGS: "))
}

// Rights lists the privileges the token lacks, each as "VM.Audit on /vms".
type Rights []string

// Node finds a member by its name.
func (c Cluster) Node(name string) (Node, bool) {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return Node{}, false
}

// Named are the names of the nodes for which something holds.
func (c Cluster) Named(holds func(Node) bool) []string {
	var out []string
	for _, n := range c.Nodes {
		if holds(n) {
			out = append(out, n.Name)
		}
	}
	return out
}

// Members are the names of all nodes.
func (c Cluster) Members() []string { return c.Named(func(Node) bool { return true }) }

// Online are the nodes in the partition of the asked one.
func (c Cluster) Online() []string { return c.Named(func(n Node) bool { return n.Online }) }

// Subject names the cluster's memory: what the cluster says it is, however it
// was addressed. Clusters of one name are told apart by their first node.
func (c Cluster) Subject() string {
	first := Node{}
	for _, n := range c.Nodes {
		if first.Name == "" || n.ID < first.ID {
			first = n
		}
	}
	parts := []string{c.Name}
	if first.Name != c.Name {
		parts = append(parts, first.Name)
	}
	if first.IP != "" {
		parts = append(parts, first.IP)
	}
	return strings.Join(parts, "-")
}
