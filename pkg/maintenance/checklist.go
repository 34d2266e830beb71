// Package maintenance joins what Proxmox VE and Ceph say about a node that is
// to be serviced: may it be switched off now, and is it really back?
//
// It is pure: facts in, an ordered checklist out. A condition that nobody can
// tell never holds, and evidence that may be old is none.
package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Outcome is what became of one condition.
type Outcome string

// A condition holds, or holds with a reservation that cannot hurt a customer,
// or cannot be told, or fails.
const (
	Holds    Outcome = "holds"
	Reserved Outcome = "reserved"
	Unknown  Outcome = "unknown"
	Fails    Outcome = "fails"
)

// Condition is one line of a checklist.
type Condition struct {
	// Name says what is asked, the same in every run: "quorum survives".
	Name    string  `json:"condition"`
	Outcome Outcome `json:"outcome"`
	// Evidence is what was seen, in words for people.
	Evidence string `json:"evidence"`
	// Next is what to do about it, empty while it holds.
	Next string `json:"next,omitempty"`
}

// Checklist is ordered as an operator would go through it.
type Checklist []Condition

// Has says whether any condition ended so.
func (c Checklist) Has(o Outcome) bool {
	return slices.ContainsFunc(c, func(x Condition) bool { return x.Outcome == o })
}

// Count says how many conditions ended so.
func (c Checklist) Count(o Outcome) int {
	n := 0
	for _, x := range c {
		if x.Outcome == o {
			n++
		}
	}
	return n
}

// Decision is the whole in one word for machines: yes, yes-but, no or
// not-proven. What fails comes before what is not known, and what is not known
// is no yes.
func (c Checklist) Decision() string {
	switch {
	case c.Has(Fails):
		return "no"
	case c.Has(Unknown), len(c) == 0:
		return "not-proven"
	case c.Has(Reserved):
		return "yes-but"
	}
	return "yes"
}

// String is the condition for people: what was asked while it holds, else what
// is and what to do about it.
func (c Condition) String() string {
	text := c.Evidence
	if c.Outcome == Holds {
		text = c.Name + ": " + text
	}
	if c.Next != "" {
		text += ": " + c.Next
	}
	return text
}

func (c *Checklist) add(o Outcome, name, evidence, next string) {
	*c = append(*c, Condition{name, o, evidence, next})
}

// Ceph is what is known about the storage below the nodes.
type Ceph struct {
	// Absent says that there is no Ceph: Proxmox VE says so, or the operator.
	Absent string
	// Cluster is nil when nothing could be read; Err says why.
	Cluster *ceph.Cluster
	Err     error
	// FSID is that of the Ceph which Proxmox VE runs on these nodes, asked where
	// somebody else told the cluster; empty when it runs none. FSIDErr says why
	// nobody could tell.
	FSID    string
	FSIDErr error
	// Hosts maps nodes to their hosts in CRUSH where the names differ. Machines
	// that are no node of Proxmox VE may be named too.
	Hosts map[string][]string
	// Safety is Ceph's answer about all OSDs of the leaving hosts in one
	// question; nil when nobody could be asked, SafetyErr says why.
	Safety    *ceph.Safety
	SafetyErr error
	// Refused are OSDs of which Proxmox VE's cmd-safety says that not even
	// they alone may be stopped.
	Refused []int
}

// Evidence is all there is about one question.
type Evidence struct {
	// PVE holds the cluster and the nodes that leave or come back, all at once.
	PVE  pve.DrainEvidence
	Ceph Ceph
	Now  time.Time
}

func (e Evidence) names() string { return strings.Join(e.PVE.Leaving, " and ") }

func list[T any](in []T, most int) string {
	var out []string
	for i, v := range in {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(in)-most))
			break
		}
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, ", ")
}

func osds(ids []int) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = fmt.Sprintf("osd.%d", id)
	}
	return list(out, 6)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
