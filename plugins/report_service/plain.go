package main

import (
	"strings"
	"unicode/utf8"
)

// plain is the report as text.
func (d document) plain() string {
	var b strings.Builder
	b.Grow(aRow * d.rows())
	write := func(texts ...string) {
		for _, text := range texts {
			b.WriteString(text)
		}
	}
	heading := func(title string) { write("\n", title, "\n", strings.Repeat("-", utf8.RuneCountInString(title)), "\n") }
	write(d.Title, "\n", d.For, "\n", d.Span, "\n", d.Zone, "\n")
	for _, p := range d.Intro {
		write("\n", p, "\n")
	}
	for _, x := range d.Sections {
		heading(x.Title)
		for _, l := range x.Lines {
			write("- ", l.Text)
			l.marks(write)
			write("\n")
		}
	}
	if len(d.Timeline.Table) > 0 {
		heading(d.Timeline.Title)
		for _, x := range d.Timeline.Table {
			write(x.From, " – ", x.Until, "  ", x.What)
			line{Numbers: x.Numbers}.marks(write)
			write("\n")
		}
	}
	for _, p := range d.Closing {
		write("\n", p, "\n")
	}
	if len(d.References) > 0 {
		heading(d.Words["section_evidence"])
		for _, r := range d.References {
			write("[", itoa(r.Number), "] ", r.ID, ", ", r.Seen, "\n")
		}
	}
	return b.String()
}

// marks are the numbers as a text shows them: " [1] [2]".
func (l line) marks(write func(...string)) {
	for _, n := range l.Numbers {
		write(" [", itoa(n), "]")
	}
	if l.More > 0 {
		write(" +", itoa(l.More))
	}
}
