package maintenance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/hardware"
)

// OnPurpose counts the parts that are missing and were named as taken out.
func (r Return) OnPurpose() int {
	if _, unfit := r.unfit(); unfit || r.off() || r.Baseline == nil {
		return 0
	}
	n := 0
	for _, name := range r.takenOut() {
		if r.gone(name) == 1 {
			n++
		}
	}
	return n
}

// takenOut are the names of parts that were taken out, each once.
func (r Return) takenOut() []string {
	var out []string
	for _, name := range r.Hardware.TakenOut {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, name) }) {
			out = append(out, name)
		}
	}
	return out
}

// gone counts the parts of a name that are missing.
func (r Return) gone(name string) int {
	n := 0
	for _, m := range r.machines() {
		for _, x := range m.Changes {
			if key := x.Key(); key != "" && strings.EqualFold(key, name) {
				n++
			}
		}
	}
	return n
}

// onPurpose says that a part is missing on purpose: it was named, by a name that no
// other missing part has.
func (r Return) onPurpose(x hardware.Change) bool {
	key := x.Key()
	named := func(name string) bool { return strings.EqualFold(name, key) }
	return key != "" && slices.ContainsFunc(r.Hardware.TakenOut, named) && r.gone(key) == 1
}

// misnamed are the names of parts that are not missing, or that are those of several.
func (r Return) misnamed() Checklist {
	var c Checklist
	for _, name := range r.takenOut() {
		switch n := r.gone(name); {
		case n == 0:
			c = append(c, otherParts.reserved("--taken-out "+name+" names no part that is missing", say("leave it out, it is there or has another name")))
		case n > 1:
			c = append(c, otherParts.reserved(fmt.Sprintf("--taken-out %s names %d parts that are missing, none of them is accepted", name, n), say("put one of them back, or save a new baseline when all else is well")))
		}
	}
	return c
}
