package gate

import (
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// mostReasons are written down of one answer.
const mostReasons = 20

// longestReason in bytes.
const longestReason = 300

// note writes into the journal that the gate was asked, and what it answered.
// What cannot be written is said, and changes no answer.
func note(r check.Result, o journal.Options, f Found, gate string) check.Result {
	list, _ := r.Facts.(facts)
	e := journal.Entry{At: f.Now, Cluster: f.PVE.Cluster.Subject(), Fact: asked(gate, f.PVE.Leaving, list.Checklist)}
	if err := o.Write(f.store, journal.Witness{Plugin: gate, Now: f.Now}, append([]journal.Entry{e}, f.happened...)); err != nil {
		r.Notes = append(r.Notes, err.Error())
	}
	return r
}

// asked is what there is to write down. It is pure.
func asked(gate string, nodes []string, list maintenance.Checklist) *journal.Asked {
	a := &journal.Asked{Gate: gate, Nodes: nodes, Answer: list.Decision(), Conditions: len(list)}
	for _, c := range list {
		if c.Outcome == maintenance.Holds {
			a.Holding++
			continue
		}
		if len(a.Reasons) < mostReasons {
			a.Reasons = append(a.Reasons, phrase.Clip(c.String(), longestReason))
		}
	}
	return a
}
