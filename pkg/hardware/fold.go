package hardware

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// fold says one cause once: what the node and its controller both tell of one
// part is told by the controller, which knows the place, with what the node
// knows of its use.
func (d *Difference) fold(before, after Inventory) {
	d.names(before, after)
	d.serials()
	for _, kind := range []Kind{Disk, Card, Port} {
		for _, v := range []Verdict{Missing, Worse} {
			d.nameless(kind, v)
		}
	}
	d.memory(before)
	lost := func(c Change) bool { return c.Kind == Processor && c.Verdict == Missing }
	if slices.ContainsFunc(d.Changes, func(c Change) bool { return lost(c) && c.Source != Node }) {
		d.drop(func(c Change) bool { return lost(c) && c.Source == Node })
	}
}

// serials says once what became of a disk of which both tell the serial number.
func (d *Difference) serials() {
	came := map[string]bool{}
	for _, c := range d.Changes {
		if c.Source == Node && c.Kind == Disk && c.Verdict == New {
			came[serial(*c.Is)] = true
		}
	}
	d.drop(func(c Change) bool {
		if c.Source != Node || c.Kind != Disk {
			return false
		}
		return c.Verdict == Missing && d.goneAs(c.Was, came) || c.Verdict == New && d.cameAs(c.Is) || c.Verdict == Worse && d.worseAs(c)
	})
}

// nameless says once what node and controller tell of one part without a serial
// number that both know: where each of them tells of as many, and they may be the
// same ones. The place is the controller's, and the node's words are kept with it.
func (d *Difference) nameless(k Kind, v Verdict) {
	var own, theirs []int
	gone := 0
	for i, c := range d.Changes {
		switch {
		case c.Kind != k || c.Verdict != v:
		case c.Source == Node:
			own, gone = append(own, i), gone+max(c.Alike, 1)
		default:
			theirs = append(theirs, i)
		}
	}
	if len(own) == 0 || gone != len(theirs) {
		return
	}
	var words []string
	for _, i := range own {
		mine := d.Changes[i]
		words = append(words, mine.Was.Text(k)+" "+mine.what())
		for _, j := range theirs {
			if !maybe(*mine.Was, *d.Changes[j].Was) {
				return
			}
		}
	}
	c := &d.Changes[theirs[0]]
	c.Why = strings.TrimPrefix(c.Why+", for the node "+strings.Join(words, ", "), ", ")
	d.drop(func(c Change) bool { return c.Kind == k && c.Verdict == v && c.Source == Node })
}

// what is the change without the part.
func (c Change) what() string {
	if c.Verdict == Missing {
		return strings.TrimSuffix("is missing, "+c.Why, ", ")
	}
	return c.Why
}

// maybe says that two sources may mean the same part.
func maybe(a, b Part) bool {
	near := func(a, b int64) bool { return a == 0 || b == 0 || max(a, b)-min(a, b) <= max(a, b)/50 }
	return (serial(a) == "" || serial(b) == "") && near(a.Size, b.Size)
}

func (d *Difference) drop(what func(Change) bool) { d.Changes = slices.DeleteFunc(d.Changes, what) }

// goneAs says whether the controller says of the same part that it is gone, and
// gives that change the part's use. One that was replaced is gone for the node all
// the same until the node sees what came instead.
func (d *Difference) goneAs(p *Part, came map[string]bool) bool {
	for _, c := range d.Changes {
		if c.Source == Node || c.Was == nil || serial(*p) == "" || serial(*c.Was) != serial(*p) {
			continue
		}
		if c.Verdict == Missing || c.Verdict == Replaced && serial(*c.Is) != "" && came[serial(*c.Is)] {
			if c.Was.Use == "" {
				c.Was.Use = p.Use
			}
			return true
		}
	}
	return false
}

// worseAs says whether the controller says of the same part that it is worse, and
// gives that change the node's words.
func (d *Difference) worseAs(own Change) bool {
	for i, c := range d.Changes {
		if c.Source == Node || c.Kind != own.Kind || c.Verdict != Worse || serial(*own.Was) == "" || serial(*c.Was) != serial(*own.Was) {
			continue
		}
		was := *c.Was
		was.Use = cmp.Or(was.Use, own.Was.Use)
		d.Changes[i].Was = &was
		d.Changes[i].Why += ", for the node it " + own.Why
		return true
	}
	return false
}

func (d *Difference) cameAs(p *Part) bool {
	return slices.ContainsFunc(d.Changes, func(c Change) bool {
		return c.Source != Node && c.Is != nil && serial(*p) != "" && serial(*c.Is) == serial(*p) && (c.Verdict == New || c.Verdict == Replaced)
	})
}

// memory: modules that are gone or worse explain what the node lacks, and no
// more than that. One of a size that nobody tells, as over IPMI, is like the others.
func (d *Difference) memory(before Inventory) {
	var lost int64
	var first *Change
	alike := usual(before)
	for i, c := range d.Changes {
		if c.Kind == Module && (c.Verdict == Missing || c.Verdict == Worse) {
			lost += cmp.Or(c.Was.Size, alike)
			if first == nil || c.Was.Size > first.Was.Size {
				first = &d.Changes[i]
			}
		}
	}
	whole := func(c Change) bool { return c.Kind == Total && c.Verdict == Worse }
	i := slices.IndexFunc(d.Changes, func(c Change) bool { return whole(c) && c.Source == Node })
	if i < 0 {
		i = slices.IndexFunc(d.Changes, whole)
	}
	if i < 0 {
		return
	}
	c := d.Changes[i]
	if explained := first != nil && c.Was.Size-c.Is.Size <= lost+lost/10; !explained {
		d.drop(func(o Change) bool { return whole(o) && o.Source != c.Source })
		return
	}
	text := fmt.Sprintf("the node sees %s, it saw %s", Memory(c.Is.Size), Memory(c.Was.Size))
	if first.Why != "" {
		text = first.Why + ", " + text
	}
	first.Why = text
	d.drop(whole)
}

// usual is the size of a module where all memory and all modules are told.
func usual(v Inventory) int64 {
	var all, modules int64
	for _, l := range v.Lists {
		switch {
		case l.Kind == Total && len(l.Parts) == 1 && (all == 0 || l.Source == Node):
			all = l.Parts[0].Size
		case l.Kind == Module && l.Untold == "" && len(l.Holes) == 0:
			modules = max(modules, int64(l.count()))
		}
	}
	return all / max(modules, 1)
}

// names gives the ports that the controller tells of the names that the node has
// for them, by their hardware address, and says what a bond runs on.
func (d *Difference) names(before, after Inventory) {
	was, _ := before.List(Node, Port)
	links := map[string]State{}
	for _, l := range after.Lists {
		for _, p := range l.Parts {
			if l.Kind == Port && l.Source != Node && (links[serial(p)] == Untold || p.State == Off) {
				links[serial(p)] = p.State
			}
		}
	}
	for i, c := range d.Changes {
		if c.Kind != Port || c.Was == nil || c.Verdict != Missing && c.Verdict != Worse {
			continue
		}
		mine := *c.Was
		for _, p := range was.Parts {
			if c.Source != Node && serial(p) != "" && serial(p) == serial(mine) {
				mine.Name, mine.Use = p.Name, p.Use
				if mine.Slot == "" {
					mine.Slot = c.Was.Name
				}
			}
		}
		d.Changes[i].Was = &mine
		if legs := legs(was, mine, links); legs != "" {
			if c.Why != "" {
				legs = c.Why + ", " + legs
			}
			d.Changes[i].Why = legs
		}
	}
	seen := map[string]bool{}
	for _, own := range []bool{false, true} { // the controller's word first, which tells of links
		d.drop(func(c Change) bool {
			if c.Kind != Port || c.Was == nil || serial(*c.Was) == "" || (c.Source == Node) != own || c.Verdict != Missing && c.Verdict != Worse {
				return false
			}
			key := string(c.Verdict) + serial(*c.Was)
			again := seen[key]
			seen[key] = true
			return again
		})
	}
}

// legs says on how many legs the bond of a port runs that lost its link; empty
// when it is in none or the links of the others are not known.
func legs(ports List, lost Part, links map[string]State) string {
	if lost.Use == "" {
		return ""
	}
	all, up := 0, 0
	for _, p := range ports.Parts {
		if p.Use != lost.Use {
			continue
		}
		all++
		if p.Name == lost.Name {
			continue
		}
		link, known := links[serial(p)]
		if !known || serial(p) == "" {
			return ""
		}
		if link == Good {
			up++
		}
	}
	switch {
	case all < 2:
		return ""
	case up == 1:
		return lost.Use + " runs on one leg"
	}
	return fmt.Sprintf("%s runs on %d of %d legs", lost.Use, up, all)
}
