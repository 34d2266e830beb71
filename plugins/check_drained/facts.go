package main

import (
	"github.com/noout-monitoring/noout/pkg/pve"
)

// facts are all the answer rests on.
type facts struct {
	cluster  pve.Cluster
	presence map[string][]pve.Presence
	silent   map[string]error
	memory   pve.Memory
	// gaps are details that could not be read; advice without them is right.
	gaps []pve.Gap
	// saved says what became of the baseline, unsaved why it is not there.
	saved   string
	unsaved error
}

func (f facts) evidence(leaving []string) pve.DrainEvidence {
	return pve.DrainEvidence{
		Cluster: f.cluster, Leaving: leaving, Presence: f.presence, Silent: f.silent, Memory: f.memory,
	}
}

// report is what --output json prints beside the verdict.
type report struct {
	Answer  string      `json:"answer"`
	Cluster string      `json:"cluster"`
	Nodes   []string    `json:"nodes"`
	Left    []leftGuest `json:"left"`
	Doubts  []string    `json:"doubts"`
	Stopped []string    `json:"stopped"`
}

type leftGuest struct {
	ID     int    `json:"vmid"`
	Name   string `json:"name"`
	Node   string `json:"node"`
	Status string `json:"status"`
	Moving bool   `json:"moving"`
	Why    string `json:"why"`
	Next   string `json:"next"`
}

func factsOf(f facts, p policy, d pve.Drain, answer string) report {
	r := report{Answer: answer, Cluster: f.cluster.Name, Nodes: p.leaving, Left: []leftGuest{}, Doubts: d.Doubts}
	for _, l := range d.Left {
		g := l.Guest
		r.Left = append(r.Left, leftGuest{g.ID, g.Name, g.Node, g.Status, l.Moving, l.Why, l.Next})
	}
	for _, g := range d.Stopped {
		r.Stopped = append(r.Stopped, g.String())
	}
	return r
}
