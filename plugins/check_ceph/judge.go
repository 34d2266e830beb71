package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// policy is what the operator wants.
type policy struct {
	// Declared are the nodes under maintenance by option.
	Declared []string
	// Hosts maps names of nodes to names of CRUSH hosts.
	Hosts map[string][]string
	// Until is when the maintenance is to end, zero when nobody said.
	Until                       time.Time
	NooutWarning, NooutCritical time.Duration
	Settle, SlowOps             time.Duration
	Ignore                      []string
	HonourMutes                 bool
	Warning, Critical           check.Range
	OSDWarning, OSDCritical     check.Range
}

// hosts are the CRUSH hosts of a node.
func (p policy) hosts(node string) []string {
	if hosts, mapped := p.Hosts[node]; mapped {
		return hosts
	}
	return []string{node}
}

// judge turns what was seen into an answer. Maintenance explains, it does not
// decide: every row of the table looks at everything, and what the declared
// maintenance explains is left out of that row alone.
func judge(c ceph.Cluster, p policy, m recollection, now time.Time) check.Result {
	r := check.Result{Evidence: c.Evidence, Facts: c}
	v := newView(c, p, m, now)
	for _, row := range []func(*view){
		(*view).gaps,
		(*view).names,
		(*view).stopped,
		(*view).onTheWay,
		(*view).dataAtRisk,
		(*view).slowOps,
		(*view).downOSDs,
		(*view).noout,
		(*view).moving,
		(*view).mgr,
		(*view).mons,
		(*view).mds,
		(*view).outOSDs,
		(*view).leftOn,
		(*view).usage,
		(*view).degraded,
		(*view).checks,
	} {
		row(v)
	}
	r.Findings = v.findings
	r.Summary = v.summary()
	v.notes = append(v.notes, v.margin()...)
	r.Notes = v.notes
	r.Perfdata = v.perfdata()
	if len(r.Findings) == 0 {
		r.Findings = append(r.Findings, check.Finding{Status: check.OK, Text: "nothing is wrong"})
	}
	return r
}

// unreachable judges a cluster of which nothing is known: its own silence is
// an outage, our inability to ask is not.
func unreachable(c ceph.Cluster, err error) check.Result {
	f := check.Finding{Status: check.UNKNOWN, Text: err.Error()}
	if _, silent := errors.AsType[*ceph.SilentError](err); silent {
		f.Status = check.CRITICAL
	}
	return check.Result{Evidence: c.Evidence, Facts: c, Findings: []check.Finding{f}}
}

// view is a cluster as this run sees it.
type view struct {
	c   ceph.Cluster
	p   policy
	m   recollection
	now time.Time
	// hosts under maintenance
	hosts map[string]bool
	// declared says that the operator named a host, an OSD or a node
	declared bool
	// osds that the maintenance explains
	osds map[int]bool
	// scopes of noout
	scopes []ceph.Scope
	// down are OSDs that are down, without the retired ones
	down, retired []ceph.OSD
	// fresh were created and never started: they hold nothing
	fresh []ceph.OSD

	findings []check.Finding
	notes    []string
}

func newView(c ceph.Cluster, p policy, m recollection, now time.Time) *view {
	v := &view{c: c, p: p, m: m, now: now, hosts: map[string]bool{}, osds: map[int]bool{}, scopes: c.Scopes("noout")}
	for _, node := range c.Maintenance {
		for _, host := range p.hosts(node) {
			v.hosts[host] = true
		}
	}
	for _, s := range v.scopes {
		switch s.Kind {
		case ceph.ScopeHost:
			v.hosts[s.Name] = true
		case ceph.ScopeOSD:
			v.osds[s.OSDs[0]] = true
		}
	}
	for _, node := range p.Declared {
		for _, host := range p.hosts(node) {
			v.hosts[host] = true
		}
	}
	v.declared = len(v.hosts)+len(v.osds) > 0
	if c.Tree != nil {
		for host := range v.hosts {
			for _, osd := range c.Tree.OSDs(host) {
				v.osds[osd] = true
			}
		}
	}
	v.sortOSDs()
	return v
}

// frozen says that the numbers of PGs, objects and space are not of now.
func (v *view) frozen() bool {
	return v.c.Mgr == nil || !v.c.Mgr.Available || v.c.MgrSilent()
}

func (v *view) add(status check.Status, format string, args ...any) {
	v.findings = append(v.findings, check.Finding{Status: status, Text: fmt.Sprintf(format, args...)})
}

// gaps are documents that did not arrive. The monitors' silence in the middle
// of a run is the cluster's; a refusal is ours.
func (v *view) gaps() {
	for _, g := range v.c.Gaps {
		text := g.What
		if g.Why != "" {
			text += ": " + g.Why
		}
		switch {
		case g.Optional:
			lost := "without " + g.Loses
			if g.Needs != "" {
				lost += ", which needs " + g.Needs
			}
			v.add(check.OK, "%s (%s)", lost, text)
			v.notes = append(v.notes, lost)
		case g.Waited && !g.Mgr:
			v.add(check.CRITICAL, "the monitors stopped answering: %s", text)
		default:
			v.add(check.UNKNOWN, "missing evidence: %s", text)
		}
	}
	told := slices.ContainsFunc(v.findings, func(f check.Finding) bool { return f.Status != check.OK })
	if !told && v.incomplete() {
		v.add(check.UNKNOWN, "missing evidence, and nobody says which")
	}
	if h := v.c.Health; h != nil && !h.Known() {
		v.add(check.UNKNOWN, "health is %q, which no release of Ceph says", h.Status)
	}
	if v.c.Counts != nil && v.c.Counts.OSDs > 0 && v.c.Space == nil {
		v.add(check.UNKNOWN, "missing evidence: how much space is used")
	}
}

// incomplete says that something a verdict needs is not there.
func (v *view) incomplete() bool {
	c := v.c
	return c.Health == nil || c.Mons == nil || c.Mgr == nil || c.PGs == nil || c.Counts == nil || c.Map == nil || c.Tree == nil
}

// names refuses hosts that are not there: a typing error in --maintenance must
// not surface only in the middle of the work.
func (v *view) names() {
	if v.c.Tree == nil {
		return
	}
	for _, node := range v.p.Declared {
		for _, host := range v.p.hosts(node) {
			if known := v.knownHosts(); !slices.Contains(known, host) {
				v.add(check.UNKNOWN, "--maintenance %s: there is no such host, there are %s", host, phrase.List(known, 20))
			}
		}
	}
}

// knownHosts are all machines of the cluster: with OSDs, or with a daemon only.
func (v *view) knownHosts() []string {
	var out []string
	add := func(name string) {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, h := range v.c.Tree.Hosts {
		add(h.Name)
	}
	for _, d := range v.daemons() {
		add(cmp.Or(d.Host, d.Name))
	}
	for _, host := range v.m.Mgrs {
		add(host)
	}
	return out
}

// daemons are all monitors, managers and metadata servers that are known.
func (v *view) daemons() []ceph.Daemon {
	var out []ceph.Daemon
	if v.c.Mons != nil {
		out = append(out, v.c.Mons.Members...)
	}
	if v.c.Mgr != nil {
		out = append(out, v.c.Mgr.Daemons...)
	}
	if v.c.FS != nil {
		out = append(out, v.c.FS.Daemons...)
	}
	return out
}

// serviced says whether a daemon is on a host under maintenance.
func (v *view) serviced(d ceph.Daemon) bool {
	return v.hosts[cmp.Or(d.Host, d.Name)]
}
