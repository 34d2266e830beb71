package maintenance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// Hardware is what the nodes that are back are made of, by who tells it.
type Hardware struct {
	// Nodes is what each node says that is online; nil when nobody was asked.
	Nodes map[string]hardware.Inventory
	// Asked says that a management controller was to be asked; Controller is nil
	// when it did not answer, Err says why.
	Asked      bool
	Controller *hardware.Inventory
	Err        error
	// Ignored are fans that are not to be judged.
	Ignored func(id, fan string) bool
	// TakenOut are parts that are missing on purpose, by [hardware.Change.Key].
	TakenOut []string
}

const (
	otherParts   question = "what is new or replaced is known"
	sameHardware question = "hardware is as before"
)

func asBefore(k hardware.Kind) question {
	verb := " are"
	if k == hardware.Total || k == hardware.Firmware {
		verb = " is"
	}
	return question(k.Plural() + verb + " as before")
}

// Unasked says that the hardware was compared as far as the nodes themselves
// tell, and no controller was asked, neither before nor now.
func (r Return) Unasked() bool {
	_, unfit := r.unfit()
	return !unfit && !r.off() && r.Baseline != nil && len(r.Baseline.Hardware) > 0 && r.Baseline.Controller == nil && !r.Hardware.Asked
}

// Parts are what became of the parts of the nodes since the baseline was saved, but
// for those that were taken out on purpose; nil when there is nothing to compare.
func (r Return) Parts() []hardware.Change {
	if _, unfit := r.unfit(); unfit || r.Baseline == nil {
		return nil
	}
	var out []hardware.Change
	for _, m := range r.machines() {
		out = append(out, slices.DeleteFunc(m.Changes, r.onPurpose)...)
	}
	return out
}

// compared is what became of one node, or of the server that the controller is
// in.
type compared struct {
	hardware.Difference
	node          string // empty for the controller
	several       bool   // nodes came back
	before, after hardware.Inventory
}

// machines compares what is told now with what was told before. Where one node
// came back, its controller's word is joined with its own, so that one cause is
// said once.
func (r Return) machines() []compared {
	var out []compared
	several := len(r.PVE.Leaving) > 1
	add := func(node string, before, after hardware.Inventory) {
		m := compared{hardware.Compare(before, after), node, several, before, after}
		m.Changes = slices.DeleteFunc(m.Changes, r.saidOfFans)
		out = append(out, m)
	}
	controller := r.Baseline.Controller != nil && r.Hardware.Controller != nil && !r.stranger()
	for _, name := range r.PVE.Leaving {
		before, saved := r.Baseline.Hardware[name]
		after, told := r.Hardware.Nodes[name]
		if !saved || !told {
			continue
		}
		if controller && !several {
			before, after = joined(before, *r.Baseline.Controller), joined(after, *r.Hardware.Controller)
			controller = false
		}
		add(name, before, after)
	}
	if controller {
		add("", *r.Baseline.Controller, *r.Hardware.Controller)
	}
	return out
}

// saidOfFans says that the fans' own condition has said it, or that nobody is to.
func (r Return) saidOfFans(x hardware.Change) bool {
	if x.Kind == hardware.Fan && x.Was != nil && r.Hardware.Ignored != nil && r.Hardware.Ignored(x.Was.ID, x.Was.Name) {
		return true
	}
	return x.Kind == hardware.Fan && x.Was != nil && r.Fans != nil && slices.Contains(r.Fans.Failing, x.Was.Name)
}

func joined(node, controller hardware.Inventory) hardware.Inventory {
	return hardware.Inventory{Machine: controller.Machine, Lists: slices.Concat(node.Lists, controller.Lists)}
}

// stranger says that the controller is that of another machine than before: it says
// so, or nothing of itself, and most of its parts are others.
func (r Return) stranger() bool {
	was, is := r.Baseline.Controller, r.Hardware.Controller
	same, said := was.Machine.Same(is.Machine)
	kin, known := hardware.Kin(*was, *is)
	return said && !same && !(kin && known) || !said && known && !kin
}

// hardware: nothing was left unplugged.
func (r Return) hardware() Checklist {
	b := r.Baseline
	if _, unfit := r.unfit(); unfit || b == nil {
		return nil // that is said where the guests are
	}
	if b.Hardware == nil && b.Controller == nil {
		return Checklist{sameHardware.reserved("the baseline of "+phrase.Time(b.Saved)+" has no hardware, nothing of it is compared", say("see for yourself that all is plugged in, next time check_drained --save writes it down"))}
	}
	c := r.controller()
	for _, name := range r.PVE.Leaving {
		n, _ := r.PVE.Cluster.Node(name)
		_, saved := b.Hardware[name]
		switch _, told := r.Hardware.Nodes[name]; {
		case !n.Online:
		case !saved:
			c = append(c, sameHardware.reserved("the baseline has no hardware of "+name+", nothing of it is compared", say("see for yourself that all is plugged in")))
		case !told:
			c = append(c, sameHardware.unknown("what "+name+" is made of was not told", say("ask again when it answers")))
		}
	}
	for _, name := range r.PVE.Leaving {
		c = append(c, others(name, b.Hardware[name], r.Hardware.Nodes[name])...)
	}
	for _, m := range r.machines() {
		c = append(c, r.checklist(m)...)
		c = append(c, r.nobody(m)...)
	}
	return append(c, r.misnamed()...)
}

// controller says what keeps the controller's word from being compared.
func (r Return) controller() Checklist {
	was, is := r.Baseline.Controller, r.Hardware.Controller
	switch {
	case was != nil && !r.Hardware.Asked:
		return Checklist{sameHardware.unknown("the baseline has what the controller of "+was.Machine.String()+" told, it was not asked now", say("give --bmc"))}
	case was == nil && r.Hardware.Asked:
		return Checklist{sameHardware.reserved("what the controller tells is not compared, the baseline has nothing of it", say("see for yourself that all is plugged in, next time give check_drained --save the --bmc too"))}
	case was != nil && is == nil && r.FansErr == nil:
		return Checklist{sameHardware.unknown(r.Hardware.Err.Error(), say("ask again when the controller answers"))}
	case was == nil || is == nil:
		return nil
	case r.stranger():
		return Checklist{sameHardware.unknown(fmt.Sprintf("the controller is of another machine: %s, the baseline has %s", named(is.Machine), named(was.Machine)), say("is --bmc the controller of "+r.names()+"?"))}
	}
	if same, said := was.Machine.Same(is.Machine); said && !same {
		return Checklist{sameHardware.reserved(fmt.Sprintf("the controller says that it is %s, it was %s, most parts are the same", is.Machine, was.Machine), say("was the board or the controller replaced?"))}
	}
	return others("the controller", *was, *is)
}

// named is a machine, or that it says nothing of itself.
func named(m hardware.Machine) string {
	return cmp.Or(m.String(), "one that does not say which")
}

// others says that most parts are not those of the baseline: whatever name it has,
// it may be about another machine.
func others(of string, was, is hardware.Inventory) Checklist {
	if kin, known := hardware.Kin(was, is); known && !kin {
		return Checklist{sameHardware.reserved("most parts that "+of+" tells of are others than in the baseline", say("is it the baseline of this machine?"))}
	}
	return nil
}

// checklist has a line for each part that is missing, worse or not told, and one
// for each kind that is as before.
func (r Return) checklist(m compared) Checklist {
	var c Checklist
	for _, k := range hardware.Kinds {
		q, bad := asBefore(k), false
		for _, x := range m.Changes {
			if x.Kind != k {
				continue
			}
			switch text := m.on(x); {
			case r.onPurpose(x):
				c = append(c, otherParts.holds("taken out on purpose: "+text))
			case x.Verdict == hardware.Missing || x.Verdict == hardware.Worse:
				c, bad = append(c, q.fails(text, lookAt(x)...)), true
			case x.Verdict == hardware.NotCompared:
				c, bad = append(c, q.unknown(text, say("ask again, who has just started tells little"))), true
			case x.Verdict == hardware.Unknown:
				c, bad = append(c, q.reserved(text, say("see for yourself"))), true
			default:
				c = append(c, otherParts.holds(text))
			}
		}
		if n := m.Same[k]; n > 0 && !bad {
			c = append(c, q.holds(m.same(k, n)))
		}
	}
	return c
}

// on names the node where there are several.
func (m compared) on(x hardware.Change) string {
	if m.several && m.node != "" {
		return m.node + ": " + x.String()
	}
	return x.String()
}

func (m compared) same(k hardware.Kind, n int) string {
	var by []string
	for _, l := range m.after.Lists {
		if l.Kind == k && len(l.Parts) > 0 && l.Untold == "" && !slices.Contains(by, string(l.Source)) {
			by = append(by, string(l.Source))
		}
	}
	total, node := m.after.List(hardware.Node, k)
	switch {
	case k == hardware.Firmware:
		return "nothing was updated"
	case k == hardware.Total && node && len(total.Parts) == 1:
		return m.node + " sees " + hardware.Memory(total.Parts[0].Size)
	case len(by) == 1:
		return fmt.Sprintf("%d by %s", n, by[0])
	}
	return "as " + strings.Join(by, " and ") + " list them"
}

// nobody names the kinds of parts that were told neither before nor now. Where a
// controller was asked that is a reservation: somebody has to look. Without one
// it is said.
func (r Return) nobody(m compared) Checklist {
	var kinds []string
	for _, k := range []hardware.Kind{hardware.Supply, hardware.Total, hardware.Processor, hardware.Disk, hardware.Card, hardware.Port} {
		if !m.before.Tells(k) && !m.after.Tells(k) && !slices.ContainsFunc(m.Changes, func(x hardware.Change) bool { return x.Kind == k }) {
			kinds = append(kinds, k.Plural())
		}
	}
	asked := r.Hardware.Controller != nil && r.Baseline.Controller != nil && !r.stranger()
	if asked && !m.links() {
		kinds = append(kinds, "links of network ports")
	}
	switch text := phrase.List(kinds, len(kinds)); {
	case len(kinds) == 0:
		return nil
	case asked:
		return Checklist{sameHardware.reserved(text+" not compared, nobody tells of them", say("see for yourself that all is plugged in"))}
	case r.Baseline.Controller == nil && !r.Hardware.Asked:
		return Checklist{sameHardware.holds(text + ", single memory modules and links not compared, that takes --bmc")}
	}
	return nil
}

// links says whether a controller tells of network ports, or told of them: a node
// does not tell whether a port has a link.
func (m compared) links() bool {
	return slices.ContainsFunc(slices.Concat(m.before.Lists, m.after.Lists), func(l hardware.List) bool {
		return l.Kind == hardware.Port && l.Source != hardware.Node && (len(l.Parts) > 0 || l.Untold != "")
	})
}

// lookAt says what to look at, and of what is missing how it is accepted: that one
// part, and nothing else. What needs the node off needs all of the way there again.
func lookAt(x hardware.Change) []Step {
	look := "see its slot, and begin with check_drained before you switch the node off for it"
	switch x.Kind {
	case hardware.Supply:
		look = "see its cable, its switch and its fuse"
	case hardware.Port:
		look = "see its cable, at both ends and in which port"
	case hardware.Disk:
		look = "see its bay"
	case hardware.Total:
		look = "see its modules, and begin with check_drained before you switch the node off for them"
	case hardware.Fan:
		look = "see check_fans"
	}
	if key := x.Key(); key != "" {
		return []Step{say(look), say("if it was taken out on purpose, ask again with this behind the same command: --taken-out " + key)}
	}
	return []Step{say(look)}
}
