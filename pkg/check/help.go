package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
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
	for _, o := range c.visible() {
		if o.required {
			required += " " + usage(o)
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
		for _, o := range c.visible() {
			if o.title() == group {
				b.WriteString(helpOf(o))
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
	for _, o := range c.visible() {
		if !slices.Contains(out, o.title()) {
			out = append(out, o.title())
		}
	}
	return out
}

// usage is an option as it is typed.
func usage(o *option) string {
	if o.short != "" {
		return "-" + o.short + " " + placeholder(o)
	}
	return "--" + o.name + "=" + placeholder(o)
}

// placeholder stands for the value.
func placeholder(o *option) string {
	words := strings.Join(o.enum, "|")
	switch {
	case o.kind == kindFlag:
		return ""
	case o.placeholder == "" && words != "" && len(words) <= 18:
		return words
	}
	return cmp.Or(o.placeholder, o.kind.placeholder)
}

// helpOf is the entry of one option.
func helpOf(o *option) string {
	left := "      --" + o.name
	if o.short != "" {
		left = "  -" + o.short + ", --" + o.name
	}
	switch place := placeholder(o); {
	case place == "" || o.kind == kindCounter:
	case o.valueOptional():
		left += "[=" + place + "]"
	default:
		left += "=" + place
	}
	text := wrap(sentence(o), helpColumn)
	if utf8.RuneCountInString(left) > helpColumn-2 {
		return left + "\n" + text
	}
	return left + strings.TrimPrefix(text, strings.Repeat(" ", utf8.RuneCountInString(left)))
}

// sentence is the help of an option with what can be told from its declaration.
func sentence(o *option) string {
	var extra []string
	if words := o.enum; words != nil && !strings.Contains(placeholder(o), "|") {
		extra = append(extra, strings.Join(words, ", "))
	}
	if o.standard != "" {
		extra = append(extra, "default "+o.standard)
	}
	if o.repeatable() && !o.valueOptional() {
		extra = append(extra, "repeatable")
	}
	if len(extra) == 0 {
		return o.help
	}
	return o.help + " [" + strings.Join(extra, "; ") + "]"
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
