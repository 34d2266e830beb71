package gate

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/maintenance"
)

// statuses are what a condition is to a gate.
var statuses = map[maintenance.Outcome]check.Status{
	maintenance.Holds: check.OK, maintenance.Reserved: check.WARNING, maintenance.Unknown: check.UNKNOWN, maintenance.Fails: check.CRITICAL,
}

const leadUnknown = "NOT PROVEN"

// facts is what --output json prints beside the verdict.
type facts struct {
	Decision  string                `json:"decision"`
	Cluster   string                `json:"cluster,omitempty"`
	Nodes     []string              `json:"nodes"`
	Checklist maintenance.Checklist `json:"checklist"`
	*guests
	Fans *fans.Report `json:"fans,omitempty"`
}

// answer turns a checklist into an answer, apart from its first words.
func answer(f Found, list maintenance.Checklist, mode string) (check.Result, facts) {
	if f.Trouble != nil && mode == "require" {
		list = append(list, maintenance.NoMemory(check.Advised(f.Trouble)))
	}
	r := check.Result{Policy: check.Gate, Evidence: f.Log}
	for _, c := range list {
		r.Findings = append(r.Findings, check.Finding{Status: statuses[c.Outcome], Text: c.Text(), Next: c.Lines()})
	}
	if why := f.Evidence.Ceph.Absent; why != "" {
		r.Notes = append(r.Notes, why)
	}
	if f.Trouble != nil && mode != "require" {
		r = r.WithoutMemory(f.Trouble, mode)
	}
	return r, facts{Decision: list.Decision(), Cluster: f.PVE.Cluster.Name, Nodes: f.PVE.Leaving, Checklist: list, Fans: f.Fans}
}

// nothing is the answer when Proxmox VE could not be asked at all.
func nothing(f Found) check.Result {
	none := maintenance.Checklist{}
	return check.Result{Policy: check.Gate, Lead: leadUnknown, Evidence: f.Log, Facts: facts{Decision: none.Decision(), Nodes: f.PVE.Leaving, Checklist: none}}
}

// verdict opens the first line, by the status of the whole.
type verdict struct{ yes, but, no string }

func (v verdict) lead(list maintenance.Checklist, s check.Status) (lead, summary string) {
	switch s {
	case check.OK:
		return v.yes, fmt.Sprintf("all %d conditions hold", len(list))
	case check.WARNING:
		return v.but, ""
	case check.CRITICAL:
		if n := list.Count(maintenance.Fails); n > 1 {
			return fmt.Sprintf("%s, %d reasons", v.no, n), ""
		}
		return v.no, ""
	}
	return leadUnknown, ""
}

// are names the nodes with their verb.
func are(nodes []string) string {
	if len(nodes) > 1 {
		return strings.Join(nodes, " and ") + " are"
	}
	return strings.Join(nodes, " and ") + " is"
}
