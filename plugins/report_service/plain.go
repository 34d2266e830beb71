package main

import (
	"fmt"
	"strings"
)

// plain is the report as text.
func (d document) plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n%s\n", d.Title, d.For, d.Span, d.Zone)
	for _, p := range d.Intro {
		fmt.Fprintf(&b, "\n%s\n", p)
	}
	for _, x := range d.Sections {
		fmt.Fprintf(&b, "\n%s\n%s\n", x.Title, strings.Repeat("-", len([]rune(x.Title))))
		for _, l := range x.Lines {
			fmt.Fprintf(&b, "- %s%s\n", l.Text, l.Marks())
		}
	}
	if len(d.Timeline.Table) > 0 {
		fmt.Fprintf(&b, "\n%s\n%s\n", d.Timeline.Title, strings.Repeat("-", len([]rune(d.Timeline.Title))))
		for _, x := range d.Timeline.Table {
			fmt.Fprintf(&b, "%s – %s  %s%s\n", x.From, x.Until, x.What, line{Numbers: x.Numbers}.Marks())
		}
	}
	for _, p := range d.Closing {
		fmt.Fprintf(&b, "\n%s\n", p)
	}
	if len(d.References) > 0 {
		fmt.Fprintf(&b, "\n%s\n%s\n", d.Words["section_evidence"], strings.Repeat("-", len([]rune(d.Words["section_evidence"]))))
		for _, r := range d.References {
			fmt.Fprintf(&b, "[%d] %s, %s\n", r.Number, r.ID, r.Seen)
		}
	}
	return b.String()
}

// Marks are the numbers as a text shows them: " [1] [2]".
func (l line) Marks() string {
	var b strings.Builder
	for _, n := range l.Numbers {
		fmt.Fprintf(&b, " [%d]", n)
	}
	if l.More > 0 {
		fmt.Fprintf(&b, " +%d", l.More)
	}
	return b.String()
}
