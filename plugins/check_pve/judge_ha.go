package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// masterSilence is how long a master may be silent: one that died is replaced
// after 120 s.
const masterSilence = 150 * time.Second

// ha judges the HA manager and its services.
func (v *verdict) ha() {
	h := v.cluster.HA
	if slices.ContainsFunc(v.cluster.Gaps, func(g pve.Gap) bool { return g.Path == "/cluster/ha/status/manager_status" }) || !h.Used() {
		return
	}
	if h.Disarm != "" {
		v.say(check.WARNING, "HA is %s (%s): nothing is fenced or recovered", h.Disarm, h.DisarmMode)
	} else {
		v.managers()
	}
	if silent := h.MasterSilence(); silent > masterSilence {
		v.say(check.CRITICAL, "the HA manager on %s has been silent for %s", h.Master, check.DurationText(silent.Round(time.Second)))
	}
	if still := v.memory.Still(v.now); still > masterSilence && h.Disarm == "" && v.cluster.Quorate {
		v.say(check.CRITICAL, "no part of HA has written anything for %s: nothing is fenced or recovered", check.DurationText(still.Round(time.Second)))
	}
	failed := map[string][]string{}
	for _, s := range h.Services {
		switch {
		case slices.Contains([]string{"error", "fence", "recovery"}, s.State):
			text := "HA state " + s.State
			failed[text] = append(failed[text], v.service(s))
		case v.down(s):
			failed["HA wants it to run and it does not"] = append(failed["HA wants it to run and it does not"], v.service(s))
		}
	}
	for _, text := range slices.Sorted(maps.Keys(failed)) {
		v.say(check.CRITICAL, "%s: %s", text, phrase.List(failed[text], phrase.Some))
	}
}

// service is a service as people know it, and where it is.
func (v *verdict) service(s pve.Service) string {
	name := s.SID
	if id, is := s.GuestID(); is {
		if g, found := v.index.Guest(id); found {
			name = g.String()
		}
	}
	return name + " on " + s.Node
}

// down says that a service should run and does not. What is on a node that is
// offline is not known, and that is said of the node.
func (v *verdict) down(s pve.Service) bool {
	if s.State != "started" || v.cluster.HA.Disarm != "" {
		return false
	}
	id, _ := s.GuestID()
	g, found := v.index.Guest(id)
	n, member := v.cluster.Node(s.Node)
	switch {
	case !member:
		return true // it can run nowhere
	case !n.Online:
		return v.explained(v.cluster, s.Node) // then nobody said it yet
	}
	return found && !g.Stale && g.Status == "stopped" && g.Node == s.Node
}

// managers judges the local managers of nodes that are online.
func (v *verdict) managers() {
	h := v.cluster.HA
	for _, n := range v.cluster.Nodes {
		local, known := h.LRM[n.Name]
		if _, managed := h.Nodes[n.Name]; !managed || !n.Online {
			continue
		}
		silent, wrote := h.Silence(n.Name)
		text := ""
		switch {
		case !known || !wrote:
			text = "has never written its state"
		case silent > pve.Heartbeat:
			text = fmt.Sprintf("has been silent for %s, HA will fence the node", check.DurationText(silent.Round(time.Second)))
		case local.State == "lost_agent_lock":
			text = "has lost its lock, HA will fence the node"
		default:
			continue
		}
		s := check.CRITICAL
		if v.explained(v.cluster, n.Name) {
			s = check.OK
		}
		v.say(s, "the local HA manager of %s %s", n.Name, text)
	}
}

// replication judges jobs by what their nodes said lately.
func (v *verdict) replication() {
	for _, n := range v.cluster.Nodes {
		if !n.Online || slices.Contains(v.ignored, n.Name) {
			continue
		}
		for _, j := range v.memory.Nodes[n.Name].Jobs {
			if j.Fails == 0 || j.Disabled {
				continue
			}
			name := fmt.Sprintf("guest %d", j.Guest)
			if g, found := v.index.Guest(j.Guest); found {
				name = g.String()
			}
			s := check.WARNING
			if target, member := v.cluster.Node(j.Target); member && !target.Online && v.explained(v.cluster, j.Target) {
				s = check.OK
			}
			v.say(s, "replication of %s to %s failed %s, last good %s: %s", name, j.Target,
				phrase.Count(j.Fails, "time", "times"), lastGood(j), strings.TrimSpace(j.Error))
		}
	}
}

func lastGood(j pve.Job) string {
	if j.LastSync.IsZero() {
		return "never"
	}
	return phrase.Time(j.LastSync)
}

// versions judges whether all nodes that are online run one release.
func (v *verdict) versions() {
	nodes := map[string][]string{}
	for _, n := range v.cluster.Nodes {
		if version := v.memory.Nodes[n.Name].Version; n.Online && version != "" && !slices.Contains(v.ignored, n.Name) {
			nodes[version] = append(nodes[version], n.Name)
		}
	}
	if len(nodes) < 2 {
		return
	}
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(nodes)) {
		parts = append(parts, version+" on "+phrase.List(nodes[version], phrase.Some))
	}
	v.say(check.WARNING, "versions differ: %s", strings.Join(parts, ", "))
}
