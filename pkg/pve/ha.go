package pve

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// HA is what the HA manager says of itself. Its free text ("pve3 (idle, ...")
// has changed with releases and is never read; this comes from its own state.
type HA struct {
	Master string
	// Time is when the master last wrote its state, by the master's clock.
	Time time.Time
	// Nodes maps nodes to the master's opinion: online, maintenance, unknown,
	// fence, gone.
	Nodes map[string]string
	// Requested are the nodes for which maintenance is requested. A request
	// is visible some ten seconds after the command, and a withdrawn one stays
	// visible for up to twenty.
	Requested map[string]bool
	Services  []Service
	LRM       map[string]LRM
	// Disarm is the state of a cluster-wide disarming (9.2 and later):
	// disarming, disarmed, or empty; DisarmMode is freeze or ignore.
	Disarm, DisarmMode string
}

// Service is a guest under HA.
type Service struct {
	SID   string
	Node  string
	State string
	// Target is where it is being moved, in the states migrate and relocate.
	Target string
	// Home is the node it left for maintenance and will return to.
	Home string
	// Running is the LRM's word; false from a move until the LRM's next report.
	Running bool
}

// GuestID is the number of the guest behind the service.
func (s Service) GuestID() (int, bool) {
	_, id, found := strings.Cut(s.SID, ":")
	if !found {
		return 0, false
	}
	n, err := strconv.Atoi(id)
	return n, err == nil
}

// Moving says whether the service is on its way to another node.
func (s Service) Moving() bool { return s.State == "migrate" || s.State == "relocate" }

// LRM is the local resource manager of one node. Time is by that node's clock
// and zero when it never wrote its state.
type LRM struct {
	// Mode is active, maintenance, restart, shutdown, reboot or disarm.
	Mode string
	// State is active, wait_for_agent_lock, maintenance or lost_agent_lock.
	State string
	Time  time.Time
}

// Used says whether any guest is under HA. Without one the master is idle and
// answers no request for maintenance.
func (h HA) Used() bool { return len(h.Services) > 0 }

// Maintenance says whether node is in HA maintenance or asked to be. It
// outlives a power-off. It says neither that the node is drained nor that it
// is alive.
func (h HA) Maintenance(node string) bool {
	return h.Requested[node] || h.Nodes[node] == "maintenance"
}

// Targets are the nodes that HA moves guests to, by the guests' numbers.
func (h HA) Targets() map[string]string {
	out := map[string]string{}
	for _, s := range h.Services {
		if _, number, _ := strings.Cut(s.SID, ":"); s.Moving() && s.Target != "" {
			first(out, number, s.Target)
		}
	}
	return out
}

// Silence is for how long the local resource manager of node has been silent,
// by the newest time any part of HA has written; false when it never wrote.
// Measured against its peers and not against our clock, it holds whatever our
// clock shows; the clocks of the nodes differ by little, or corosync fails.
func (h HA) Silence(node string) (time.Duration, bool) {
	l, found := h.LRM[node]
	if !found || l.Time.IsZero() {
		return 0, false
	}
	return max(0, h.newest().Sub(l.Time)), true
}

// MasterSilence is the same of the master. A master that died is replaced
// when its lock expires after 120 s.
func (h HA) MasterSilence() time.Duration {
	if h.Time.IsZero() {
		return 0
	}
	return h.newest().Sub(h.Time)
}

func (h HA) newest() time.Time {
	t := h.Time
	for _, l := range h.LRM {
		if l.Time.After(t) {
			t = l.Time
		}
	}
	return t
}

// managerStatus is /cluster/ha/status/manager_status.
type managerStatus struct {
	Manager *managerState      `json:"manager_status"`
	LRM     table[localStatus] `json:"lrm_status"`
	Quorum  *struct {
		Quorate *flag `json:"quorate"`
	} `json:"quorum"`
}

// managerState is what the master wrote; empty where there never was one.
type managerState struct {
	Master   text                        `json:"master_node"`
	Time     number                      `json:"timestamp"`
	Nodes    table[text]                 `json:"node_status"`
	Requests table[table[flag]]          `json:"node_request"`
	Services table[managedService]       `json:"service_status"`
	Disarm   *struct{ State, Mode text } `json:"disarm"`
}

// complete says that the document tells what HA manages. A master always writes
// services and nodes together, even when it has none.
func (m managerStatus) complete() bool {
	s := m.Manager
	return s != nil && (s.Master == "" || s.Services != nil && s.Nodes != nil)
}

type managedService struct {
	Node    text `json:"node"`
	State   text `json:"state"`
	Target  text `json:"target"`
	Home    text `json:"maintenance_node"`
	Running flag `json:"running"`
}

type localStatus struct {
	Mode  text   `json:"mode"`
	State text   `json:"state"`
	Time  number `json:"timestamp"`
}

func (m managerStatus) facts() HA {
	var s managerState
	if m.Manager != nil {
		s = *m.Manager
	}
	h := HA{
		Master: s.Master.name(), Time: stamp(s.Time),
		Nodes: map[string]string{}, Requested: map[string]bool{}, LRM: map[string]LRM{},
	}
	if d := s.Disarm; d != nil {
		h.Disarm, h.DisarmMode = d.State.name(), d.Mode.name()
	}
	for n, state := range s.Nodes {
		h.Nodes[n] = state.name()
	}
	for n, r := range s.Requests {
		h.Requested[n] = bool(r["maintenance"])
	}
	for n, l := range m.LRM {
		h.LRM[n] = LRM{Mode: l.Mode.name(), State: l.State.name(), Time: stamp(l.Time)}
	}
	h.Services = make([]Service, 0, len(s.Services))
	for _, sid := range slices.Sorted(maps.Keys(s.Services)) {
		v := s.Services[sid]
		h.Services = append(h.Services, Service{
			SID: phrase.Clip(sid, maxName), Node: v.Node.name(), State: v.State.name(),
			Target: v.Target.name(), Home: v.Home.name(), Running: bool(v.Running),
		})
	}
	return h
}

// stamp turns seconds since 1970 into a time, zero for none.
func stamp(n number) time.Time {
	if n.value <= 0 {
		return time.Time{}
	}
	return time.Unix(n.value, 0)
}
