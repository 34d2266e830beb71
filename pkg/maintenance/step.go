package maintenance

import (
	"cmp"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// Step is one thing to do: a command on a machine, or what no command does.
type Step struct {
	// On is the machine to run the command on; empty for what no command does.
	On string `json:"on,omitempty"`
	// Run is the command, whole: it can be pasted as it is.
	Run string `json:"run,omitempty"`
	// Say is what to do where no command does it, or what to know beside one.
	Say string `json:"say,omitempty"`
	// after are the questions of the same checklist that must be answered well
	// before: until then the step is not shown.
	after []question
}

// String is the step for people: "on pve1: ceph osd unset noout".
func (s Step) String() string {
	switch {
	case s.Run == "":
		return s.Say
	case s.Say != "":
		return "on " + s.On + ": " + s.Run + " (" + s.Say + ")"
	}
	return "on " + s.On + ": " + s.Run
}

// Lines are the step for a screen: a command stands on a line of its own, and
// can be pasted from the colon on. What to know comes before it.
func (s Step) Lines() []string {
	switch {
	case s.Run == "":
		return []string{s.Say}
	case s.Say != "":
		return []string{strings.TrimSuffix(s.Say, ":") + ":", "on " + s.On + ": " + s.Run}
	}
	return []string{s.String()}
}

func say(text string) Step { return Step{Say: text} }

func run(on, command string) Step { return Step{On: on, Run: command} }

// note adds what to know beside the command.
func (s Step) note(text string) Step {
	s.Say = text
	return s
}

// once the questions are answered well the step may be taken.
func (s Step) once(qs ...question) Step {
	s.after = append(slices.Clone(s.after), qs...)
	return s
}

// held takes back the steps whose time has not come: whoever follows the
// checklist from top to bottom must not take noout off while an OSD that it
// protects is still down. What has to come first stands in the same checklist,
// with its own step.
func (c Checklist) held() Checklist {
	good := map[string]bool{}
	for _, x := range c {
		if _, seen := good[x.Name]; !seen {
			good[x.Name] = true
		}
		good[x.Name] = good[x.Name] && (x.Outcome == Holds || x.Outcome == Reserved)
	}
	for i := range c {
		var next []Step
		var first []string
		for _, s := range c[i].Next {
			wait := slices.DeleteFunc(slices.Clone(s.after), func(q question) bool { return good[string(q)] })
			if len(wait) == 0 {
				next = append(next, s.pasted())
			} else if text := "not before this holds: " + string(wait[0]); !slices.Contains(first, text) {
				first = append(first, text)
			}
		}
		for _, text := range first {
			next = append(next, say(text))
		}
		c[i].Next = next
	}
	return c
}

// console is the node to run the commands of Proxmox VE on: one that stays and
// has quorum.
func (e Evidence) console() string {
	asked, online := e.PVE.Cluster.Asked, e.PVE.Cluster.Online()
	stay := slices.DeleteFunc(slices.Clone(online), e.leaves)
	switch {
	case slices.Contains(stay, asked):
		return asked
	case len(stay) > 0:
		return stay[0]
	case len(online) > 0: // all that are on leave
		return online[0]
	}
	return cmp.Or(asked, "a node that has quorum")
}

// pve is a command of Proxmox VE that any node with quorum carries out.
func (e Evidence) pve(command string) Step { return run(e.console(), command) }

// ceph is a command of Ceph, on a machine that has a monitor and so its
// configuration: a node that stays before others.
func (e Evidence) ceph(command string) Step {
	on := e.console()
	if c := e.Ceph.Cluster; c != nil && c.Mons != nil {
		on = cmp.Or(e.monitorHost(c), on)
	}
	return run(on, "ceph "+command)
}

// byCommand is what to do where Proxmox VE does not tell what the ceph command
// would; where that was asked already, otherwise.
func (e Evidence) byCommand(otherwise string) Step {
	if e.Ceph.Command {
		return say(otherwise)
	}
	return say("ask with --ceph command")
}

// monitorHost is where a monitor in quorum runs: on the node that is asked
// anyhow, else on one that stays, else on a machine that is no node.
func (e Evidence) monitorHost(c *ceph.Cluster) string {
	l := leaving{Cluster: c, e: e}
	best, rank := "", 0
	for _, d := range c.Mons.Members {
		if !slices.Contains(c.Mons.Quorum, d.Name) {
			continue
		}
		host, r := cmp.Or(d.Host, d.Name), 1
		if node, known := l.node(d); known {
			n, _ := e.PVE.Cluster.Node(node)
			switch host = node; {
			case node == e.console():
				r = 4
			case n.Online && !e.leaves(node):
				r = 3
			case n.Online:
				r = 2
			default:
				continue // it is off: the list of monitors is older
			}
		}
		if r > rank {
			best, rank = host, r
		}
	}
	return best
}

// pasted is the step with a command that a shell takes as it is: names come from
// outside.
func (s Step) pasted() Step {
	if strings.ContainsFunc(s.Run, func(r rune) bool { return !strings.ContainsRune(pasteable, r) }) {
		return say("by hand, a name in it is not fit for a command line: " + s.Run)
	}
	return s
}

const pasteable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:/@=,+-"
