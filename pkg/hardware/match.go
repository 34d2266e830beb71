package hardware

import (
	"fmt"
	"slices"
	"strings"
)

// known is a part with what it is known by.
type known struct {
	Part
	serial, alias, place string
}

func knownOf(parts []Part) []known {
	out := make([]known, len(parts))
	for i, p := range parts {
		out[i] = known{p, serial(p), clean(p.Alias), place(p)}
	}
	return out
}

// match finds the parts of one list in another.
type match struct {
	source  Source
	kind    Kind
	out     *Difference
	was, is []known
	// places there were before, and how often each is in one list.
	places map[string]bool
	crowd  map[string]int
}

// lists compares two lists that were told. Identity is the serial number, then
// the place, then what it is.
func (m *match) lists(was, is List) {
	m.was, m.is = knownOf(was.present()), knownOf(is.present())
	m.places, m.crowd = map[string]bool{}, map[string]int{}
	for _, p := range was.Parts {
		m.places[place(p)] = true
	}
	for _, list := range [][]known{m.was, m.is} {
		for at, n := range often(list, func(p known) string { return p.place }) {
			m.crowd[at] = max(m.crowd[at], n)
		}
	}
	switch {
	case m.kind == Firmware:
		m.pair(func(a, b known) bool { return a.ID == b.ID })
		m.was, m.is = nil, nil
	case m.kind == Card && m.source == Node:
		m.cards()
		return
	default:
		m.serials()
		m.pair(m.samePlace)
		nowhere := func(a, b known) bool { return a.Slot == "" || b.Slot == "" }
		m.pair(func(a, b known) bool { return alike(a, b) && a.ID == b.ID && nowhere(a, b) })
		m.pair(alike) // before the bare id, which may count through what is left
		m.pair(func(a, b known) bool { return a.ID == b.ID && nowhere(a, b) })
	}
	for _, p := range m.was {
		if slices.ContainsFunc(is.Holes, func(h string) bool { return strings.HasPrefix(p.ID, h) && !slices.Contains(was.Holes, h) }) {
			m.say(NotCompared, &p.Part, nil, "where it was is not told of now")
			continue
		}
		m.say(Missing, &p.Part, nil, "")
	}
	m.added()
}

// cards are compared as a set: the address of a PCI device moves by one when a
// card before it leaves, so that of several alike nobody can say which one went.
func (m *match) cards() {
	same := func(a, b known) bool { return a.Type == b.Type }
	whole := slices.Clone(m.was)
	m.pair(func(a, b known) bool { return same(a, b) && a.Slot == b.Slot })
	m.pair(same)
	m.pair(func(a, b known) bool { return a.Slot == b.Slot && class(a) == class(b) })
	for len(m.was) > 0 {
		gone := m.was[0]
		n := len(m.was)
		m.was = slices.DeleteFunc(m.was, func(p known) bool { return same(p, gone) })
		n -= len(m.was)
		var at []string
		for _, p := range whole {
			if same(p, gone) {
				at = append(at, p.Slot)
			}
		}
		why := ""
		if len(at) > 1 {
			gone.Slot = ""
			why = fmt.Sprintf("%d of %d alike are left, they were at %s", len(at)-n, len(at), strings.Join(at, ", "))
		}
		m.say(Missing, &gone.Part, nil, why)
		if len(at) > 1 {
			m.out.Changes[len(m.out.Changes)-1].Alike = n
		}
	}
	m.added()
}

func (m *match) added() {
	for _, p := range m.is {
		if !p.blank() {
			m.say(New, nil, &p.Part, "")
		}
	}
}

func (m *match) say(v Verdict, was, is *Part, why string) {
	m.out.Changes = append(m.out.Changes, Change{Verdict: v, Source: m.source, Kind: m.kind, Was: was, Is: is, Why: why})
}

// serials pairs what has the same serial number. One that two parts have is none.
func (m *match) serials() {
	for _, of := range []func(known) string{func(p known) string { return p.serial }, func(p known) string { return p.alias }} {
		before, after := often(m.was, of), often(m.is, of)
		m.pair(func(a, b known) bool { return of(a) != "" && of(a) == of(b) && before[of(a)] == 1 && after[of(a)] == 1 })
	}
}

// often counts what is in a list how often.
func often(list []known, of func(known) string) map[string]int {
	out := map[string]int{}
	for _, p := range list {
		out[of(p)]++
	}
	return out
}

func (m *match) samePlace(a, b known) bool {
	return a.place != "" && a.place == b.place && m.crowd[a.place] == 1
}

// alike parts cannot be told apart: names that were translated and the ids of
// another firmware make no other part.
func alike(a, b known) bool {
	return (a.serial == "" || b.serial == "") && a.Model == b.Model && a.Size == b.Size && !b.blank()
}

// pair takes pairs of parts out of both lists and says what became of each.
func (m *match) pair(same func(a, b known) bool) {
	var left []known
	for _, a := range m.was {
		i := slices.IndexFunc(m.is, func(b known) bool { return same(a, b) })
		if i < 0 {
			left = append(left, a)
			continue
		}
		b := m.is[i]
		m.is = slices.Delete(m.is, i, i+1)
		m.judge(a, b)
	}
	m.was = left
}

// judge says what became of a part that is there.
func (m *match) judge(was, is known) {
	why, unsaid := worsened(m.kind, was.Part, is.Part), unsaid(m.kind, was.Part, is.Part)
	say := func(v Verdict, why string) { m.say(v, &was.Part, &is.Part, why) }
	switch {
	case why != "":
		say(Worse, why)
	case m.kind == Firmware && was.Model != is.Model && is.Model != "":
		say(Changed, "is "+is.Model+", it was "+was.Model)
	case unsaid != "":
		say(NotCompared, unsaid)
	case other(was, is):
		say(Replaced, "")
	case was.place != "" && is.place != "" && was.place != is.place && m.places[is.place] && (m.kind != Card || m.source != Node):
		say(Moved, "is in slot "+is.Slot+", it was in slot "+was.Slot)
	default:
		m.out.Same[m.kind]++
	}
}

// other says that in one place there is another part: by its serial number, and
// where one has none by what it is.
func other(was, is known) bool {
	if was.serial != "" && is.serial != "" {
		return was.serial != is.serial && (was.alias == "" || was.alias != is.alias)
	}
	if was.Type != "" || is.Type != "" {
		return was.Type != is.Type
	}
	return was.Model != "" && is.Model != "" && !strings.EqualFold(was.Model, is.Model)
}

// place is where a part is, as far as it can be compared.
func place(p Part) string { return strings.ToLower(strings.Join(strings.Fields(p.Slot), " ")) }

// junk stands where nobody wrote a number or a name, and junkBegin is how it begins.
var (
	junk      = []string{"n/a", "na", "n.a.", "none", "null", "empty", "invalid", "unknown", "serial number"}
	junkBegin = []string{"no dimm", "no serial", "not ", "to be filled", "default", "0123456789", "123456789",
		"system serial", "system product", "system manufacturer", "chassis serial", "base board serial",
		"03000200-0400-0500", "00020003-0004-0005"} // AMI's UUID of boards that got none, in both byte orders
)

// Written is a number or a name of an inventory, empty where nobody wrote one:
// factories leave blanks, zeros and "To be filled by O.E.M.". Every run asks, so it
// is no expression, which would be compiled first.
func Written(s string) string {
	s = strings.TrimSpace(s)
	low := strings.ToLower(s)
	if strings.Trim(low, "0x.-_ ") == "" || strings.Trim(low, "f-") == "" || slices.Contains(junk, low) {
		return ""
	}
	if slices.ContainsFunc(junkBegin, func(b string) bool { return strings.HasPrefix(low, b) }) {
		return ""
	}
	return s
}

func serial(p Part) string { return clean(p.Serial) }

func clean(s string) string { return strings.ToLower(Written(s)) }

// class is the PCI class, with which the type begins.
func class(p known) string {
	c, _, _ := strings.Cut(p.Type, " ")
	return c
}
