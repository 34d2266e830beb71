package main

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"strings"
)

//go:embed page.html
var pages string

// pageTemplate is read once for all reports: that takes as long as a report.
func pageTemplate() (*template.Template, error) {
	t, err := template.New("page").Option("missingkey=error").Parse(pages)
	if err != nil {
		return nil, fmt.Errorf("the page: %w", err)
	}
	return t, nil
}

// markup is a page in the making. The template has its frame; its lists are written
// here, because a template takes a dozen calls by reflection for each of the twenty
// thousand rows of a month.
type markup struct {
	strings.Builder
	frame *template.Template
	err   error
}

// html is the report as one file that asks nobody for anything.
func (d document) html(page *template.Template) (string, error) {
	m := markup{frame: page}
	m.Grow(len(pages) + aRow*d.rows())
	m.part("head", d)
	for _, s := range d.Sections {
		m.section(s)
	}
	if len(d.Timeline.Rows) > 0 {
		m.timeline(d)
	}
	m.part("closing", d)
	if len(d.References) > 0 {
		m.evidence(d.References)
	}
	m.add("</footer>\n</body>\n</html>\n")
	if m.err != nil {
		return "", fmt.Errorf("the page: %w", m.err)
	}
	return m.String(), nil
}

// aRow is how many bytes a row takes, about.
const aRow = 150

// rows are how many there are in all lists.
func (d document) rows() int {
	n := len(d.References) + len(d.Timeline.Table)
	for _, s := range d.Sections {
		n += len(s.Lines)
	}
	for _, r := range d.Timeline.Rows {
		n += 1 + len(r.Bars)/2
	}
	return n
}

// part writes a part of the frame.
func (m *markup) part(name string, d document) {
	if err := m.frame.ExecuteTemplate(m, name, d); m.err == nil {
		m.err = err
	}
}

// add writes tags and text in turn. Nothing in a text is markup.
func (m *markup) add(tags string, rest ...string) {
	m.WriteString(tags)
	for i, part := range rest {
		if i%2 == 0 {
			part = template.HTMLEscapeString(part)
		}
		m.WriteString(part)
	}
}

// marks are the numbers of references, each a link to it.
func (m *markup) marks(numbers []int) {
	for _, n := range numbers {
		number := itoa(n)
		m.add(` <a class="ref" href="#r`, number, `">[`, number, `]</a>`)
	}
}

func (m *markup) section(s section) {
	m.add(`<section id="`, s.ID, "\">\n<h2>", s.Title, "</h2>\n<ul>\n")
	for _, l := range s.Lines {
		m.add("<li>", l.Text)
		m.marks(l.Numbers)
		if l.More > 0 {
			m.add(` <span class="ref">+`, itoa(l.More), "</span>")
		}
		m.add("</li>\n")
	}
	m.add("</ul>\n</section>\n")
}

// timeline is bars in rows, and the same as a table.
func (m *markup) timeline(d document) {
	m.part("timeline", d)
	for _, r := range d.Timeline.Rows {
		id := "n" + itoa(r.ID)
		m.add(`<div class="row"><span id="`, id, `"><bdi>`, r.Name, `</bdi></span><svg role="img" aria-labelledby="`, id, `" viewBox="0 0 1000 20" preserveAspectRatio="none">`)
		for _, b := range r.Bars {
			m.add(`<rect class="`, b.Class, `" x="`, b.X, `" y="2" width="`, b.Width, `" height="16"/>`)
		}
		m.add("</svg></div>\n")
	}
	m.part("table", d)
	for _, r := range d.Timeline.Table {
		m.add("<tr><td>", r.From, "</td><td>", r.Until, "</td><td>", r.What, "</td><td>")
		m.marks(r.Numbers)
		m.add("</td></tr>\n")
	}
	m.add("</tbody>\n</table>\n</section>\n")
}

// evidence are the entries that the numbers stand for.
func (m *markup) evidence(list []reference) {
	for _, r := range list {
		number := itoa(r.Number)
		m.add(`<li id="r`, number, `">[`, number, "] ", r.ID, ", ", r.Seen, "</li>\n")
	}
	m.add("</ol>\n")
}
