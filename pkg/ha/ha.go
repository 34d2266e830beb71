// Package ha foretells what the HA manager of Proxmox VE does with the guests
// of nodes that die: which of them it restarts and where, which it leaves, and
// which it seeks a place for without end.
//
// It is pure, and it follows the manager's own decisions, sensible or not:
// measured in Proxmox's HA simulator with the code of pve-ha-manager 5.2.0,
// compared with 4.0.7 and 5.1.0. The manager looks at no memory, no storage and
// no device before it chooses a node; whether a guest can run where it is put
// is asked of [Cluster.Starts].
package ha

import "slices"

// Cluster is what the HA manager knows when nodes die.
type Cluster struct {
	Nodes    []Node
	Services []Service
	Rules    []Rule
	// Scheduler is the crs setting ha of the datacenter: basic when not set.
	Scheduler Scheduler
	// Outside are the running guests that HA does not manage.
	Outside []Load
	// Counting says whether the manager counts them, which its version tells.
	Counting Counting
	// Starts says whether a service can start on a node; nil when it can
	// everywhere. One that cannot is sent on, see [Move].
	Starts func(sid, node string) bool
}

// Node is one member of the cluster.
type Node struct {
	Name string
	// State by the manager's word: online, maintenance, unknown, fence, gone.
	State string
	// CPUs and Memory (bytes) of the machine; 0 when not known.
	CPUs, Memory float64
}

// Service is a guest under HA.
type Service struct {
	SID  string // vm:100
	Node string
	// Target of a service that moves, in the states migrate and relocate.
	Target string
	// State by the manager's word: started, stopped, freeze, error, ...
	State string
	// Request is what its administrator wants: started, stopped, disabled,
	// ignored; empty is started.
	Request string
	// Home is the node it left for maintenance.
	Home string
	// Relocations is how many further nodes are tried when it does not start.
	Relocations int
	// CPUs and Memory (bytes) as configured; 0 CPUs are a whole node's.
	CPUs, Memory float64
}

// Load is a running guest outside HA.
type Load struct {
	Node         string
	CPUs, Memory float64
}

// Scheduler is how nodes are compared.
type Scheduler string

// The schedulers of the manager. Basic counts services, static weighs what is
// configured, dynamic (since 5.2.0) what is measured, which cannot be foretold.
const (
	Basic   Scheduler = "basic"
	Static  Scheduler = "static"
	Dynamic Scheduler = "dynamic"
)

// Counting says whether guests outside HA count.
type Counting int

// Since pve-ha-manager 5.1.2 (March 2026) they do.
const (
	CountingUnknown Counting = iota
	CountsHA
	CountsAll
)

// Kind of a rule.
type Kind string

// The kinds of rules. A group of Proxmox VE 8 and before is a [NodeAffinity]
// with Group set.
const (
	NodeAffinity Kind = "node-affinity"
	Together     Kind = "positive"
	Apart        Kind = "negative"
)

// Rule restricts where services run.
type Rule struct {
	ID       string
	Kind     Kind
	Services []string
	// Nodes of a node affinity with their priority.
	Nodes map[string]int
	// Strict node affinity (a restricted group) allows no other node.
	Strict   bool
	Disabled bool
	// Group says that it is a group of old: none of the manager's rules about
	// rules is applied to it.
	Group bool
}

// Fate of a service on a node that died.
type Fate string

// What becomes of services.
const (
	// Restarted on another node.
	Restarted Fate = "restarted"
	// Moved to another node and not started, as it was.
	Moved Fate = "moved"
	// Waiting in recovery, for as long as no node qualifies.
	Waiting Fate = "waiting"
	// Failed to start on every node that was tried: state error.
	Failed Fate = "failed"
	// Left on the dead node until it is back.
	Left Fate = "left"
	// Unforeseen placement: see [Move.Candidates].
	Unforeseen Fate = "unforeseen"
)

// Move is what becomes of one service of a dead node.
type Move struct {
	SID, From string
	Fate      Fate
	// Node it ends on; empty where it has none or where that is not foreseen.
	Node string
	// Tried are nodes it was put on in vain before.
	Tried []string
	// Candidates are the nodes that the manager chooses among. Where the choice
	// is not foreseen any of them may be it.
	Candidates []string
	// Contested says that another service may take the last candidate first.
	Contested bool
	// Starts says that it is to run once it is placed.
	Starts bool
	// Why it is left, waits or failed, in the manager's terms.
	Why string
}

// Plan is what the manager does about dead nodes.
type Plan struct {
	Moves []Move // in the order of its decisions
	// Ignored are rules that the manager does not apply, without telling.
	Ignored []Ignored
}

// Ignored is a rule that does not exist for the manager.
type Ignored struct{ Rule, Why string }

// Resets says whether a survivor that loses quorum resets itself: when any
// service, even a stopped one, is configured on it, its local resource manager
// holds a watchdog. One that is idle never does.
func (c Cluster) Resets(node string) bool {
	return slices.ContainsFunc(c.Services, func(s Service) bool {
		return s.Node == node && s.Request != "ignored"
	})
}

// stays says why a service stays on its dead node, empty when it does not.
func (s Service) stays() string {
	switch {
	case s.Request == "ignored" || s.State == "ignored":
		return "HA ignores it"
	case s.Request == "disabled" && s.State != "recovery" && s.State != "fence":
		return "it is disabled in HA"
	case s.State == "error":
		return "HA gave up on it (error)"
	case s.State == "freeze":
		return "HA is frozen for it (freeze)"
	}
	return ""
}

// runs says that it is to run after it was recovered.
func (s Service) runs() bool {
	return s.Request == "" || s.Request == "started" || s.Request == "enabled"
}

// holds says that the service counts where it is: in every state but these.
func (s Service) holds() bool {
	return s.Request != "ignored" && s.State != "ignored" && s.State != "stopped" && s.State != "request_start"
}

// moving services count on both ends.
func (s Service) moving() bool {
	return (s.State == "migrate" || s.State == "relocate") && s.Target != "" && s.Target != s.Node
}
