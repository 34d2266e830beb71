package check

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

const (
	helpWidth  = 79 // one less than a terminal, which may wrap at the last column
	helpColumn = 26 // where the text of an option begins
)

// help is written for somebody who is tired: what it answers, what to type, the
// plugin's own options first, then those that every plugin has.
func (c *commandLine) help(p Plugin) string {
	var b strings.Builder
	b.WriteString(wrap(p.Name+": "+p.Summary, 0))
	required := ""
	for _, f := range c.visible() {
		if f.Required {
			required += " " + usage(f)
		}
	}
	fmt.Fprintf(&b, "\nUsage: %s%s [OPTION]...\n", p.Name, required)
	if len(p.Examples) > 0 {
		b.WriteString("\nExamples:\n")
	}
	for _, e := range p.Examples {
		fmt.Fprintf(&b, "  %s\n", e.Command)
		b.WriteString(wrap(e.Why, 6))
	}
	for _, group := range c.groups() {
		fmt.Fprintf(&b, "\n%s:\n", group)
		for _, f := range c.visible() {
			if title(f) == group {
				b.WriteString(helpOf(f))
			}
		}
	}
	if p.Help != "" {
		b.WriteString("\nVerdict:\n")
		for _, paragraph := range strings.Split(strings.TrimSpace(p.Help), "\n") {
			b.WriteString(wrap(paragraph, 2))
		}
	}
	b.WriteString("\nExit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n")
	return b.String()
}

// groups are the headings in the order of their first option.
func (c *commandLine) groups() []string {
	var out []string
	for _, f := range c.visible() {
		if !slices.Contains(out, title(f)) {
			out = append(out, title(f))
		}
	}
	return out
}

func title(f *kong.Flag) string {
	if group := groupOf(f); group != "" {
		return group
	}
	return "Options"
}

// usage is an option as it is typed.
func usage(f *kong.Flag) string {
	if f.Short != 0 {
		return "-" + string(f.Short) + " " + placeholder(f)
	}
	return "--" + f.Name + "=" + placeholder(f)
}

// placeholder stands for the value.
func placeholder(f *kong.Flag) string {
	k := kindOf(f)
	text := f.PlaceHolder
	switch {
	case k == kindFlag:
		return ""
	case text != "":
	case choices(f) != nil && len(strings.Join(choices(f), "|")) <= 18:
		return strings.Join(choices(f), "|")
	default:
		text = k.placeholder
	}
	return text
}

// helpOf is the entry of one option.
func helpOf(f *kong.Flag) string {
	left := "      --" + f.Name
	if f.Short != 0 {
		left = "  -" + string(f.Short) + ", --" + f.Name
	}
	switch place := placeholder(f); {
	case place == "" || f.IsCounter():
	case valueOptional(f):
		left += "[=" + place + "]"
	default:
		left += "=" + place
	}
	text := wrap(sentence(f), helpColumn)
	if utf8.RuneCountInString(left) > helpColumn-2 {
		return left + "\n" + text
	}
	return left + strings.TrimPrefix(text, strings.Repeat(" ", utf8.RuneCountInString(left)))
}

// sentence is the help of an option with what can be told from its declaration.
func sentence(f *kong.Flag) string {
	var extra []string
	if words := choices(f); words != nil && !strings.Contains(placeholder(f), "|") {
		extra = append(extra, strings.Join(words, ", "))
	}
	if f.HasDefault && f.Default != "" {
		extra = append(extra, "default "+f.Default)
	}
	if repeatable(f) && !valueOptional(f) {
		extra = append(extra, "repeatable")
	}
	if len(extra) == 0 {
		return f.Help
	}
	return f.Help + " [" + strings.Join(extra, "; ") + "]"
}

// wrap breaks text into lines that begin in the given column.
func wrap(text string, column int) string {
	indent := strings.Repeat(" ", column)
	var b strings.Builder
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && column+utf8.RuneCountInString(line+" "+word) > helpWidth {
			b.WriteString(indent + line + "\n")
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line == "" {
		return "\n"
	}
	return b.String() + indent + line + "\n"
}
