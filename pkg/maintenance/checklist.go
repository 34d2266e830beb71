// Package maintenance joins what Proxmox VE and Ceph say about a node that is
// to be serviced: may it be switched off now, and is it really back?
//
// It is pure: facts in, an ordered checklist out. A condition that nobody can
// tell never holds, and evidence that may be old is none.
package maintenance

import (
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

// question is what a condition asks, the same in every run.
type question string

// Condition is one line of a checklist.
type Condition struct {
	// Name says what is asked: "quorum survives".
	Name    string  `json:"condition"`
	Outcome Outcome `json:"outcome"`
	// Evidence is what was seen, in words for people.
	Evidence string `json:"evidence"`
	// Next is what to do about it, in this order; empty while it holds.
	Next []Step `json:"next,omitempty"`
}

func (q question) holds(evidence string) Condition {
	return Condition{Name: string(q), Outcome: Holds, Evidence: evidence}
}

func (q question) reserved(evidence string, next ...Step) Condition {
	return Condition{string(q), Reserved, evidence, next}
}

func (q question) unknown(evidence string, next ...Step) Condition {
	return Condition{string(q), Unknown, evidence, next}
}

func (q question) fails(evidence string, next ...Step) Condition {
	return Condition{string(q), Fails, evidence, next}
}

// Checklist is ordered as an operator would go through it.
type Checklist []Condition

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
	case c.Count(Fails) > 0:
		return "no"
	case c.Count(Unknown) > 0, len(c) == 0:
		return "not-proven"
	case c.Count(Reserved) > 0:
		return "yes-but"
	}
	return "yes"
}

// Text is the condition for people: what was asked while it holds, else what is.
func (c Condition) Text() string {
	if c.Outcome == Holds {
		return c.Name + ": " + c.Evidence
	}
	return c.Evidence
}

// Lines are the steps for people, one line for each thing to do.
func (c Condition) Lines() []string {
	var out []string
	for _, s := range c.Next {
		out = append(out, s.Lines()...)
	}
	return out
}

// String is all of it in one line.
func (c Condition) String() string {
	if len(c.Next) == 0 {
		return c.Text()
	}
	steps := make([]string, len(c.Next))
	for i, s := range c.Next {
		steps[i] = s.String()
	}
	return c.Text() + ": " + strings.Join(steps, ", then ")
}

// Ceph is what is known about the storage below the nodes.
type Ceph struct {
	// Absent says that there is no Ceph: Proxmox VE says so, or the operator.
	Absent string
	// Cluster is nil when nothing could be read; Err says why.
	Cluster *ceph.Cluster
	Err     error
	// Command says that the ceph command was asked, not Proxmox VE.
	Command bool
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

// PVE is what Proxmox VE says about nodes that leave or come back.
type PVE struct {
	Cluster pve.Cluster
	// Leaving are the nodes, all at once.
	Leaving []string
	// Presence is each leaving node's own list of guests, as far as it is
	// online; Silent says why one gave none.
	Presence map[string][]pve.Presence
	Silent   map[string]error
	// Memory tells what guests were like when their node was last alive, and
	// what keeps those that are left.
	Memory pve.Memory
	// Rules of HA may keep guests on their node; nil when they were not asked.
	Rules []pve.HARule
}

// Evidence is all there is about one question.
type Evidence struct {
	// PVE holds the cluster and the nodes that leave or come back, all at once.
	PVE  PVE
	Ceph Ceph
	Now  time.Time
}

func (e Evidence) names() string { return strings.Join(e.PVE.Leaving, " and ") }

// NoMemory is the condition where a memory is required and there is none.
func NoMemory(trouble string, mend []string) Condition {
	c := question("there is a memory").unknown("no memory: " + trouble)
	for _, m := range mend {
		c.Next = append(c.Next, say(m))
	}
	c.Next = append(c.Next, say("mend it, or say --state auto"))
	return c
}

// Unsaved is the condition where a baseline was asked for and not written.
func Unsaved(err error) Condition {
	return question("the baseline is saved").unknown("the baseline was not saved: " + err.Error())
}
