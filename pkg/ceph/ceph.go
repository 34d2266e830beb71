// Package ceph states what a Ceph cluster says about itself: its health, its
// monitors and managers, its placement groups, the flags of every scope, its
// OSDs and the hosts they are on. What that means for the operator is judged
// elsewhere.
//
// Three sources tell the same facts: the ceph command, the API of Proxmox VE
// and the REST API of the mgr's dashboard. Documents are read by the presence
// of their fields, never by the name of the release, from Nautilus (14) to
// Tentacle (20). What did not arrive is nil and listed in [Cluster.Gaps]; it
// is never zero.
package ceph

import (
	"context"
	"slices"
	"time"
)

// A Source asks one cluster. Poll returns what arrived before ctx ended. Its
// error is not nil when nothing is known of the cluster: a [*SilentError] when
// the cluster did not answer in time, anything else when we could not ask
// (no command, no configuration, no permission).
type Source interface {
	Poll(ctx context.Context, ask Ask) (Cluster, error)
}

// Ask is what a poll is asked for beside what it always brings.
type Ask struct {
	// Memory is what the last poll left, nil at first.
	Memory Memory
	// Rules asks for the CRUSH rules also while every OSD is up.
	Rules bool
	// Monitors asks for their names and addresses also while none is missing.
	Monitors bool
	// Daemons is called as soon as the cluster's id and the number of its mgrs
	// are known; it says whether their names are worth another question. Nil:
	// only when no standby is left.
	Daemons func(fsid string, mgrs int) bool
}

// Memory is what a source keeps between two runs, a token for instance. Only
// the source reads it; it is a secret, to be stored where only we can read.
type Memory []byte

// Cluster is what one poll found. Parts that did not arrive are nil.
type Cluster struct {
	FSID string `json:"fsid"`
	// Health is Ceph's own opinion.
	Health *Health `json:"health"`
	Mons   *Mons   `json:"mons"`
	Mgr    *Mgr    `json:"mgr"`
	PGs    *PGs    `json:"pgs"`
	Counts *Counts `json:"counts"`
	Space  *Space  `json:"space"`
	Rates  Rates   `json:"rates"`
	FS     *FS     `json:"fs"`
	// Services are gateways and the like, nil when not told.
	Services []Service `json:"-"`
	// Map is the OSD map: flags of every scope, OSDs, pools.
	Map *Map `json:"map"`
	// Tree says which OSD is on which host.
	Tree *Tree `json:"tree"`
	// Rules are the CRUSH rules, nil when not asked or not received.
	Rules []Rule `json:"rules"`
	// Fill is how full each OSD is, nil when not received.
	Fill []Fill `json:"fill"`
	// Placed is the number of PGs on each OSD, nil when not received.
	Placed map[int]int `json:"-"`
	// Maintenance are the nodes that Proxmox VE has in HA maintenance.
	Maintenance []string `json:"maintenance"`
	// Gaps are documents that were asked for and did not arrive, or not whole.
	Gaps []Gap `json:"gaps"`
	// Evidence lists what was asked with its outcome.
	Evidence []string `json:"-"`
	// Memory is to be handed to the next poll.
	Memory Memory `json:"-"`
	// machines of the daemons by node ls, until all are known by name.
	machines wireNodes
}

// Gap is a document, or a part of one, that is missing.
type Gap struct {
	What string `json:"what"` // "osd dump", "health.status in status"
	Why  string `json:"why"`  // the reason as it was given, may be empty
	// Waited is true when nothing came within the time limit; false when the
	// refusal came at once.
	Waited bool `json:"waited"`
	// Optional documents are not needed for a verdict: only some part of it,
	// which Loses names.
	Optional bool   `json:"optional"`
	Loses    string `json:"loses"`
	// Needs is what we would have to be allowed, empty when that is not it.
	Needs string `json:"needs"`
	// Mgr is true for what the active mgr answers, not the mons.
	Mgr bool `json:"mgr"`
}

// first finds the first of a list that is meant; false when none is.
func first[T any](list []T, meant func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, meant); i >= 0 {
		return list[i], true
	}
	return found, false
}

// MgrSilent says that the active mgr was asked and gave no answer, although
// the mons still take it for available: they notice only after half a minute.
func (c Cluster) MgrSilent() bool {
	return slices.ContainsFunc(c.Gaps, func(g Gap) bool { return g.Mgr && g.Waited })
}

// A SilentError says that the cluster did not answer in time.
type SilentError struct {
	Reason string
	// Mon is what a monitor on this machine says of itself, nil without one.
	Mon *LocalMon
}

func (e *SilentError) Error() string {
	if e.Mon != nil && !e.Mon.InQuorum() {
		return "quorum lost: " + e.Mon.String() + " (" + e.Reason + ")"
	}
	if e.Mon != nil {
		return e.Reason + ", although " + e.Mon.String()
	}
	return e.Reason
}

// Counts are the numbers of OSDs as status has them.
type Counts struct {
	OSDs int `json:"osds"`
	Up   int `json:"up"`
	In   int `json:"in"`
	// Changed is when any OSD last went up or down, in or out; zero when not told.
	Changed time.Time `json:"changed,omitzero"`
}

// Changed is when any OSD last went up or down, in or out, to the second, by
// the mons' clocks; zero when not told.
func (c Cluster) Changed() time.Time {
	var at time.Time
	if c.Map != nil {
		at = later(c.Map.UpChange, c.Map.InChange)
	}
	if at.IsZero() && c.Counts != nil {
		at = c.Counts.Changed
	}
	return at.Truncate(time.Second)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Space is raw capacity in bytes.
type Space struct {
	Used  float64 `json:"used"`
	Total float64 `json:"total"`
}

// Percent of the raw capacity that is used.
func (s Space) Percent() float64 {
	if s.Total <= 0 {
		return 0
	}
	return 100 * s.Used / s.Total
}

// Rates are what the active mgr measured: bytes and operations per second.
type Rates struct {
	RecoveryBytes float64 `json:"recovery_bytes"`
	ReadOps       float64 `json:"read_ops"`
	WriteOps      float64 `json:"write_ops"`
}

// FS says of the file systems what a maintenance needs to know.
type FS struct {
	// Ranks are the active ranks of all file systems.
	Ranks int `json:"ranks"`
	// Held says who has each of these ranks, as far as that was told.
	Held     []Rank `json:"held,omitempty"`
	Standbys int    `json:"standbys"`
	// Daemons are the MDS by name, nil when not asked. Standby ones have no rank.
	Daemons []Daemon `json:"daemons"`
}

// Fill is how full one OSD is.
type Fill struct {
	OSD     int     `json:"osd"`
	Percent float64 `json:"percent"`
}

// Daemon is a monitor, manager or metadata server.
type Daemon struct {
	Name string `json:"name"`
	// Host is the machine it runs on, by its name in CRUSH if it has OSDs;
	// empty when that cannot be told.
	Host string `json:"host"`
	// addr is its IP address without a port, hostname what it calls its machine.
	addr, hostname string
	// location is where a monitor is in CRUSH: "{datacenter=dc1}".
	location string
}

// Machine is what the daemon calls the machine it runs on, empty when it is not
// told. Monitors and MDS say so even while they are away.
func (d Daemon) Machine() string { return d.hostname }

// Addr is the daemon's IP address, empty when it is not told.
func (d Daemon) Addr() string { return d.addr }

// Bounds of what is kept of a cluster's text, in bytes.
const (
	maxName = 200
	maxText = 500
)
