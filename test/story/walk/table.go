package walk

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// rule says how answers contradict each other; empty when they do not.
type rule struct {
	name string
	says func(Answers) string
}

// table is what must never be said at once.
var table = []rule{
	{"the decision is another than the status", func(a Answers) string {
		for _, name := range asking {
			if x, there := a[name]; there && x.Facts.Decision != decisions[x.Status] {
				return fmt.Sprintf("%s: %s, decision %q: %s", name, x.Status, x.Facts.Decision, x.Text)
			}
		}
		return ""
	}},
	{"serviceable is yes, drained is not", func(a Answers) string {
		return a.both(gates("serviceable"), yes, []string{"drained"}, not(yes))
	}},
	{"serviceable is yes, Ceph is CRITICAL", func(a Answers) string {
		return a.both(gates("serviceable"), yes, []string{"ceph", "ceph through pve"}, critical)
	}},
	{"serviceable is yes, quorum has no margin", func(a Answers) string {
		return a.both(gates("serviceable"), yes, []string{"pve"}, func(p Answer) bool {
			return p.online(served) && (p.Facts.Quorate != nil && !*p.Facts.Quorate || p.Facts.Votes != nil && p.Facts.Votes.Margin < 1)
		})
	}},
	{"reintegrated is yes, a plugin is CRITICAL", func(a Answers) string {
		return a.both(gates("reintegrated"), yes, []string{"fans", "ceph", "ceph through pve"}, critical)
	}},
	{"reintegrated is yes, the cluster's check is CRITICAL about the node", func(a Answers) string {
		return a.both(gates("reintegrated"), yes, []string{"pve"}, about(served))
	}},
	{"reintegrated is plain yes, the fans are not well", func(a Answers) string {
		return a.both(gates("reintegrated"), status("OK"), []string{"fans"}, not(status("OK")))
	}},
	{"reintegrated is no for fans that are well", func(a Answers) string {
		return a.both(gates("reintegrated"), fails("the fans are quiet"), []string{"fans"}, func(f Answer) bool {
			return f.Status == "OK" && f.Facts.Power != "off" // of a server that is off it judges nothing
		})
	}},
	{"serviceable and reintegrated are both yes", func(a Answers) string {
		return a.both(gates("serviceable"), yes, gates("reintegrated"), yes)
	}},
	{"drained and reintegrated are both yes", func(a Answers) string {
		return a.both([]string{"drained"}, yes, gates("reintegrated"), yes)
	}},
	{"two ways to ask Ceph", func(a Answers) string {
		for _, gate := range []string{"serviceable", "reintegrated"} {
			command, pve := []string{gate}, []string{gate + " through pve"}
			if text := a.both(command, yes, pve, status("CRITICAL")) + a.both(pve, yes, command, status("CRITICAL")); text != "" {
				return text
			}
		}
		return a.both([]string{"ceph"}, status("OK"), []string{"ceph through pve"}, critical)
	}},
	{"a PG that is whole for one and not for the other", func(a Answers) string {
		return a.both(append(gates("serviceable"), gates("reintegrated")...), fails("every PG is whole"), []string{"ceph", "ceph through pve"}, clean)
	}},
	{"no for quorum, of which others say that it survives", func(a Answers) string {
		return a.both(gates("serviceable"), fails("quorum survives"), []string{"contingency"}, func(c Answer) bool {
			return c.survives(served, "quorum survives")
		}) + a.both(gates("serviceable"), fails("monitor quorum survives"), []string{"contingency"}, func(c Answer) bool {
			return c.survives(served, "monitor quorum survives")
		})
	}},
	{"yes for quorum, of which others say that it is lost", func(a Answers) string {
		return a.both(gates("serviceable"), yes, []string{"contingency"}, func(c Answer) bool {
			return c.loses(served, "quorum survives") || c.loses(served, "monitor quorum survives") || c.loses(served, "every pool keeps its I/O")
		})
	}},
	{"drained is yes, and a guest answers there", func(a Answers) string {
		return a.both([]string{"drained"}, yes, []string{"guests"}, func(g Answer) bool { return g.answersOn(served) })
	}},
	{"a node is down for one and online for the other", func(a Answers) string {
		return a.both([]string{"guests"}, func(g Answer) bool { return g.says("node " + served + " is down") }, []string{"pve"}, func(p Answer) bool {
			return p.online(served)
		})
	}},
}

// asking are all questions to gates.
var asking = slices.Concat([]string{"drained"}, gates("serviceable"), gates("reintegrated"))

// gates are both ways to ask a gate about Ceph.
func gates(name string) []string { return []string{name, name + " through pve"} }

// both says which of some says one thing while which of others says the other.
func (a Answers) both(some []string, one func(Answer) bool, others []string, other func(Answer) bool) string {
	for _, s := range some {
		for _, o := range others {
			x, there := a[s]
			y, too := a[o]
			if there && too && one(x) && other(y) {
				return fmt.Sprintf("%s: %s: %s\n%s: %s: %s", s, x.Status, x.Text, o, y.Status, y.Text)
			}
		}
	}
	return ""
}

// yes of a gate is OK, or a WARNING: yes, but.
func yes(a Answer) bool { return a.Status == "OK" || a.Status == "WARNING" }

// decisions are the words of a status for automation.
var decisions = map[string]string{"OK": "yes", "WARNING": "yes-but", "CRITICAL": "no", "UNKNOWN": "not-proven"}

func status(word string) func(Answer) bool { return func(a Answer) bool { return a.Status == word } }

func not(f func(Answer) bool) func(Answer) bool { return func(a Answer) bool { return !f(a) } }

// critical is CRITICAL for what is so now: what is only remembered is a
// reservation.
func critical(a Answer) bool {
	return slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Status == "CRITICAL" && !f.Remembered })
}

func about(node string) func(Answer) bool {
	return func(a Answer) bool {
		return slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Status == "CRITICAL" && strings.Contains(f.Text, node) })
	}
}

func (a Answer) says(text string) bool {
	return slices.ContainsFunc(a.Findings, func(f Finding) bool { return strings.Contains(f.Text, text) })
}

func fails(condition string) func(Answer) bool {
	return func(a Answer) bool {
		return slices.ContainsFunc(a.Facts.Checklist, func(c Condition) bool { return c.Condition == condition && c.Outcome == "fails" })
	}
}

// outcome of a condition when a node fails; empty when it was not looked at.
func (a Answer) outcome(node, condition string) string {
	for _, f := range a.Facts.Failures {
		for _, c := range f.Conditions {
			if f.Failure.Kind == "node" && f.Failure.Name == node && c.Condition == condition {
				return c.Outcome
			}
		}
	}
	return ""
}

func (a Answer) survives(node, condition string) bool { return a.outcome(node, condition) == "holds" }
func (a Answer) loses(node, condition string) bool    { return a.outcome(node, condition) == "fails" }

// clean says whether check_ceph sees all PGs clean, and no object that is not.
func clean(a Answer) bool {
	value := map[string]float64{}
	for _, p := range a.Perfdata {
		value[p.Label] = p.Value
	}
	return value["pgs"] > 0 && value["pgs_clean"] == value["pgs"] && value["objects_degraded"]+value["objects_misplaced"]+value["objects_unfound"] == 0
}

func (a Answer) online(node string) bool {
	var nodes []struct {
		Name   string
		Online bool
	}
	if json.Unmarshal(a.Facts.Nodes, &nodes) != nil {
		return false
	}
	for _, n := range nodes {
		if n.Name == node {
			return n.Online
		}
	}
	return false
}

func (a Answer) answersOn(node string) bool {
	var guests []struct {
		Node      string
		Reachable bool
		Migrating bool
	}
	if json.Unmarshal(a.Facts.Guests, &guests) != nil {
		return false
	}
	for _, g := range guests {
		if g.Node == node && g.Reachable && !g.Migrating {
			return true
		}
	}
	return false
}
