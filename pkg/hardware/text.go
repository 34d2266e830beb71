package hardware

import (
	"cmp"
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
