package hardware

import (
	"cmp"
	"fmt"
	"strings"
)

// String is the change for people.
func (c Change) String() string {
	switch {
	case c.Verdict == Missing:
		text := c.Was.Text(c.Kind) + " is missing"
		if c.Why != "" {
			text += ": " + c.Why
		}
		return text
	case c.Verdict == New:
		return c.Is.Text(c.Kind) + " is new"
	case c.Verdict == Replaced:
		return c.replaced()
	case c.Was == nil:
		return c.Kind.Plural() + " not compared: " + c.Why
	case c.Verdict == NotCompared:
		return c.Was.Text(c.Kind) + " is not compared: " + c.Why
	case c.Verdict == Changed, c.Verdict == Moved, c.Kind == Total:
		return c.Was.Label(c.Kind) + " " + c.Why
	case c.Kind == Port:
		name := strings.TrimPrefix(c.Was.Label(Port), "port ")
		if c.Was.Slot != "" && c.Was.Slot != c.Was.Name {
			name += " (" + c.Was.Slot + ")"
		}
		return name + " " + c.Why
	}
	return c.Was.Text(c.Kind) + " " + c.Why
}

func (c Change) replaced() string {
	where := cmp.Or(c.Is.Slot, c.Was.Slot)
	if where != "" {
		where = " in slot " + where
	}
	return string(c.Kind) + where + " was replaced: now " + what(*c.Is) + ", before " + what(*c.Was)
}

// what tells two parts in one place apart.
func what(p Part) string {
	text := p.Model
	if p.Serial != "" {
		text = strings.TrimSpace(text + " serial " + p.Serial)
	}
	return cmp.Or(text, p.Name, p.ID)
}

// Key names a part that is gone on a command line, in letters that a shell takes
// as they are: by its serial number, else by its place, else by what it is called;
// memory by what is left of it, and parts that are alike by how many are gone, so
// that no name goes for more than what was said. Empty for any other change.
func (c Change) Key() string {
	switch {
	case c.Kind == Total && c.Verdict == Worse:
		return plain("memory " + Memory(c.Is.Size))
	case c.Verdict != Missing:
		return ""
	case c.Alike > 0:
		return plain(fmt.Sprintf("%s %d gone", c.Was.Label(c.Kind), c.Alike))
	case serial(*c.Was) != "":
		return plain(c.Was.Serial)
	}
	return plain(cmp.Or(c.Was.Slot, c.Was.Label(c.Kind)))
}

// plain is a text of letters, digits and what stands for itself in a shell.
func plain(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".:_/", r))
	})
	return strings.Join(words, "-")
}
