package hardware

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// Verdict is what became of a part.
type Verdict string

// Verdicts. Replaced, Moved, New and Changed are information. NotCompared is
// what somebody told before and nobody tells now; Unknown what was not told
// before either, so that there is nothing to compare with.
const (
	Missing     Verdict = "missing"
	Worse       Verdict = "worse"
	NotCompared Verdict = "not compared"
	Unknown     Verdict = "never told"
	Replaced    Verdict = "replaced"
	Moved       Verdict = "moved"
	New         Verdict = "new"
	Changed     Verdict = "changed"
)

// Change is one difference.
type Change struct {
	Verdict Verdict
	Source  Source
	Kind    Kind
	// Was and Is are the part before and after; nil where there is none.
	Was, Is *Part
	// Why says what got worse, or why it was not compared.
	Why string
	// Alike is how many parts are missing that nobody can tell apart from others of
	// which some are left; 0 where it is the one that Was is.
	Alike int
}

// Difference is what became of a machine.
type Difference struct {
	Changes []Change
	// Same counts the parts that are as they were.
	Same map[Kind]int
}

// Compare says what became of a machine. Lists are compared by source and kind.
func Compare(before, after Inventory) Difference {
	d := Difference{Same: map[Kind]int{}}
	for _, kind := range Kinds {
		for _, was := range before.Lists {
			if was.Kind != kind {
				continue
			}
			is, told := after.like(was)
			if why, v := hollow(was, is, told); v != "" {
				d.Changes = append(d.Changes, Change{Verdict: v, Source: was.Source, Kind: kind, Why: why})
				continue
			}
			m := match{source: was.Source, kind: kind, out: &d}
			m.lists(was, is)
		}
		for _, is := range after.Lists {
			if _, told := before.like(is); is.Kind == kind && !told && is.count() > 0 && is.Untold == "" && !before.Tells(kind) {
				d.Changes = append(d.Changes, Change{Verdict: Unknown, Source: is.Source, Kind: kind,
					Why: "the baseline has none by " + string(is.Source)})
			}
		}
	}
	d.fold(before, after)
	return d
}

// hollow says why two lists cannot be compared; no verdict when they can.
func hollow(was, is List, told bool) (string, Verdict) {
	n := was.count()
	switch {
	case was.Untold != "" && is.Untold != "":
		return is.Untold, Unknown
	case was.Untold != "":
		return "not told when the baseline was saved: " + was.Untold, Unknown
	case n == 0:
		return "", ""
	case !told:
		return fmt.Sprintf("%s told of %s before, now it tells of none", was.Source, counted(n, was.Kind)), NotCompared
	case is.Untold != "":
		return is.Untold, NotCompared
	case len(is.Parts) == 0:
		return fmt.Sprintf("%s lists none, it listed %s before: %s", was.Source, counted(n, was.Kind), some(was)), NotCompared
	}
	return "", ""
}

func counted(n int, k Kind) string { return phrase.Count(n, string(k), k.Plural()) }

// few parts are named where all would be too many.
const few = 4

func some(l List) string {
	var out []string
	for _, p := range l.present() {
		if len(out) == few {
			return strings.Join(out, ", ") + ", ..."
		}
		out = append(out, p.Label(l.Kind))
	}
	return strings.Join(out, ", ")
}

// Same says whether two machines are one: by serial number, or by UUID where one
// has none, and known whether they say so. What stands where nobody wrote a serial
// number is none.
func (m Machine) Same(o Machine) (same, known bool) {
	for _, said := range [][2]string{{m.Serial, o.Serial}, {m.UUID, o.UUID}} {
		if a, b := clean(said[0]), clean(said[1]); a != "" && b != "" {
			return a == b, true
		}
	}
	return false, false
}

// Kin says whether at least half of the parts that have a serial number are in
// both: a machine whose board or controller was replaced says that it is another.
// Parts that are gone make no other machine. It is known where both have such parts.
func Kin(before, after Inventory) (kin, known bool) {
	was, is := before.serials(), after.serials()
	have := 0
	for s := range is {
		if was[s] {
			have++
		}
	}
	few := min(len(was), len(is))
	return 2*have >= few, few > 0
}

// serials are the serial numbers of all parts.
func (v Inventory) serials() map[string]bool {
	out := map[string]bool{}
	for _, l := range v.Lists {
		for _, p := range l.Parts {
			if s := serial(p); s != "" {
				out[s] = true
			}
		}
	}
	return out
}

// Of are the changes of one kind of verdict.
func (d Difference) Of(vs ...Verdict) []Change {
	var out []Change
	for _, c := range d.Changes {
		if slices.Contains(vs, c.Verdict) {
			out = append(out, c)
		}
	}
	return out
}

// memoryGrain is by which part of it the memory that a system sees may change
// with its kernel; the smallest module of many is more.
const memoryGrain = 64

// worsened says what got worse from one look at a part to the next.
func worsened(k Kind, was, is Part) string {
	switch {
	case is.State.worse(was.State):
		return stateText(k, was, is)
	case k == Total && is.Size > 0 && was.Size-is.Size >= max(1, was.Size/memoryGrain):
		return "is " + Memory(is.Size) + ", it was " + Memory(was.Size)
	case k != Total && is.Size > 0 && is.Size < was.Size-was.Size/100:
		return "has " + sizeOf(k, is.Size) + ", it had " + sizeOf(k, was.Size)
	case is.Speed > 0 && is.Speed < was.Speed:
		return "runs at " + Rate(is.Speed) + ", it ran at " + Rate(was.Speed)
	case is.Count > 0 && is.Count < was.Count:
		one, many := "thread", "threads"
		if k == Card {
			one, many = "function", "functions"
		}
		return fmt.Sprintf("has %s, it had %d", phrase.Count(is.Count, one, many), was.Count)
	}
	return ""
}

// stateText says how a part is that was better before.
func stateText(k Kind, was, is Part) string {
	if k == Port && is.State == Off {
		if was.Speed > 0 {
			return cmp.Or(is.Says, "has no link") + ": it was up at " + Rate(was.Speed)
		}
		return cmp.Or(is.Says, "has no link") + ": it was up"
	}
	text := "is " + string(is.State)
	if is.Says != "" {
		text += ", " + is.Says
	}
	if was.State == Untold {
		return text
	}
	return text + ": it was " + string(was.State)
}

// unsaid says what of a part was told before and is not now.
func unsaid(k Kind, was, is Part) string {
	switch {
	case is.blank():
		return "nothing is told of it now"
	case was.State != Untold && is.State == Untold:
		return "how it is is not told now"
	case was.Size > 0 && is.Size == 0:
		return "its size is not told now"
	case k == Port && was.Speed > 0 && is.Speed == 0 && is.State == Good:
		return "its speed is not told now"
	}
	return ""
}

// blank says that a part is listed and nothing is told of it, as by a controller
// that has just started.
func (p Part) blank() bool {
	return p.State == Untold && p.Serial == "" && p.Model == "" && p.Type == "" && p.Size == 0 && p.Speed == 0 && p.Count == 0
}
