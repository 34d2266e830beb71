package main

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// facts are all the verdict rests on.
type facts struct {
	cluster pve.Cluster
	// memory holds what this run saw too.
	memory pve.Memory
	// remembers is false when the next run will know nothing of this one.
	remembers bool
	// gaps are what the nodes themselves did not tell.
	gaps []pve.Gap
}

// running counts the guests that run, by statuses that are believed. Templates
// do not count, nor does what was one before its node went off.
func (f facts) running() (running, all int) {
	for _, g := range f.cluster.Guests {
		if was, _ := f.memory.Was(g); was.Template {
			continue
		}
		all++
		if g.Status == "running" && !g.Stale {
			running++
		}
	}
	return running, all
}

// haStates are counted one by one in the performance data; any other counts as
// "other", so that the labels stay.
var haStates = []string{"started", "stopped", "migrate", "relocate", "freeze", "fence", "recovery", "error"}

func services(c pve.Cluster) map[string]int {
	count := map[string]int{}
	for _, s := range c.HA.Services {
		if slices.Contains(haStates, s.State) {
			count[s.State]++
		} else {
			count["other"]++
		}
	}
	return count
}

// report is what --output json prints beside the verdict.
type report struct {
	Cluster  string       `json:"cluster"`
	Asked    string       `json:"asked"`
	Quorate  bool         `json:"quorate"`
	Votes    *votesReport `json:"votes"`
	Nodes    []nodeReport `json:"nodes"`
	Guests   int          `json:"guests"`
	Running  int          `json:"guests_running"`
	Services []serviceRow `json:"ha_services"`
}

type votesReport struct {
	Expected int `json:"expected"`
	Needed   int `json:"needed"`
	Present  int `json:"present"`
	Margin   int `json:"margin"`
}

type nodeReport struct {
	Name        string `json:"name"`
	Online      bool   `json:"online"`
	HA          string `json:"ha,omitempty"`
	Maintenance bool   `json:"maintenance"`
	Version     string `json:"version,omitempty"`
	QDevice     string `json:"qdevice,omitempty"`
}

type serviceRow struct {
	SID   string `json:"sid"`
	Node  string `json:"node"`
	State string `json:"state"`
}

func factsOf(f facts, p policy) report {
	c := f.cluster
	r := report{Cluster: c.Name, Asked: c.Asked, Quorate: c.Quorate, Nodes: []nodeReport{}, Services: []serviceRow{}}
	r.Running, r.Guests = f.running()
	if v := c.Votes; v.Known {
		r.Votes = &votesReport{v.Expected(), v.Need(), v.Present(), v.Margin()}
	}
	for _, n := range c.Nodes {
		r.Nodes = append(r.Nodes, nodeReport{
			n.Name, n.Online, c.HA.Nodes[n.Name], p.explained(c, n.Name), f.memory.Nodes[n.Name].Version, daemon(c.Votes, n.Name),
		})
	}
	for _, s := range c.HA.Services {
		r.Services = append(r.Services, serviceRow{s.SID, s.Node, s.State})
	}
	return r
}

// daemon is how a node says that the quorum device is, empty where there is
// none.
func daemon(v pve.Votes, node string) string {
	for _, n := range v.Voters {
		if n.Node == node && n.Online && v.Device.Present {
			return n.Daemon.String()
		}
	}
	return ""
}
