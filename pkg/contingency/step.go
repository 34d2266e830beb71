package contingency

import (
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

type step = maintenance.Step

func say(text string) step { return step{Say: text} }

func run(on, command string) step { return step{On: on, Run: command} }

func (l *Loss) add(o maintenance.Outcome, name, evidence string, next ...step) {
	l.Conditions = append(l.Conditions, maintenance.Condition{Name: name, Outcome: o, Evidence: evidence, Next: next})
}

func (o *Outlook) add(out maintenance.Outcome, name, evidence string, next ...step) {
	o.Always = append(o.Always, maintenance.Condition{Name: name, Outcome: out, Evidence: evidence, Next: next})
}

// console is the node to run the commands of the cluster on.
func (x *stage) console() string { return x.Cluster.Asked }

// bring nodes back, and what to know before: HA counts on them at once.
func (x *stage) bring(away []string) step {
	text := "bring " + names(away) + " back"
	if g := x.stranded(away); len(g) > 0 {
		text += ", where HA may put " + phrase.List(g, phrase.Few) + " that cannot start there"
	}
	return say(text)
}
