package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/locale"
)

// document is a report as it is shown, whatever the form.
type document struct {
	Lang, Title, For, Span, Zone string
	Intro, Closing               []string // the hoster's own words
	Sections                     []section
	Timeline                     timeline
	References                   []reference
	Words                        map[string]string
}

// section has a heading and sentences.
type section struct {
	ID, Title string
	Lines     []line
}

// line is a sentence with the numbers of its references.
type line struct {
	Text    string
	Numbers []int
	// More is how many references are not listed.
	More int
}

// reference is an entry that something comes from.
type reference struct {
	Number   int
	ID, Seen string
}

// timeline is bars in rows.
type timeline struct {
	Title, Same, From, Until string
	Rows                     []row
	Legend                   []legend
	Table                    []tableRow
}

type row struct {
	Name string
	ID   int
	Bars []bar
}

// bar is from and until in thousandths of the time shown.
type bar struct {
	X, Width string
	Class    string
}

type legend struct{ Class, Label string }

type tableRow struct {
	From, Until, What string
	Numbers           []int
}

// mark is a bar in the making, and a row of the table.
type mark struct {
	row         string
	server      int // its number; two may have one name
	from, until time.Time
	class       string
	label       string
	refs        []string
}

// numbers gives references their numbers, in the order in which they come.
type numbers struct {
	of    map[string]int
	order []string
}

// mostRefs is how many references a sentence shows.
const mostRefs = 3

func (n *numbers) line(s sentence) line {
	refs, l := s.refs, line{Text: s.Text}
	if len(refs) > 1 {
		refs = slices.Compact(slices.Clone(refs))
	}
	if len(refs) > mostRefs {
		l.More = len(refs) - mostRefs
		refs = append(refs[:mostRefs-1:mostRefs-1], refs[len(refs)-1])
	}
	for _, id := range refs {
		l.Numbers = append(l.Numbers, n.number(id))
	}
	return l
}

func (n *numbers) number(id string) int {
	if n.of == nil {
		n.of = map[string]int{}
	}
	if n.of[id] == 0 {
		n.order = append(n.order, id)
		n.of[id] = len(n.order)
	}
	return n.of[id]
}

// documentOf arranges a report in words.
func documentOf(v *voice, r report, s *story, w words) document {
	said := v.speak(r)
	d := document{Lang: v.Tag(), Title: v.word("title"), Span: v.Span(r.From, r.Until), Intro: w.intro, Closing: w.closing}
	d.For = v.word("internal")
	if r.Customer != "" {
		d.For = v.Say("for", data{"Name": locale.Isolated(r.Customer)})
	}
	d.Zone = v.Say("zone", data{"Place": zoneName(v.Zone, r.Until)})
	var n numbers
	for _, part := range []struct {
		id    string
		lines []sentence
	}{
		{"chapter_practice", said.practice}, {"section_otherwise", said.otherwise}, {"section_not_measured", said.notMeasured},
		{"chapter_technology", said.technology}, {"chapter_effort", said.effort},
	} {
		if len(part.lines) == 0 {
			continue
		}
		x := section{ID: part.id, Title: v.word(part.id), Lines: make([]line, 0, len(part.lines))}
		for _, l := range part.lines {
			x.Lines = append(x.Lines, n.line(l))
		}
		d.Sections = append(d.Sections, x)
	}
	d.Timeline = v.timeline(r, s, &n)
	d.References = make([]reference, len(n.order))
	refer := func(id string, seen time.Time) {
		if i := n.of[id]; i > 0 {
			d.References[i-1] = reference{i, id, v.moment(seen)}
		}
	}
	for _, e := range s.entries {
		refer(e.ID, e.Seen)
	}
	for _, list := range s.looks {
		for _, l := range list {
			refer(l.ref, l.seen)
		}
	}
	d.Words = map[string]string{}
	for _, id := range []string{"head_when", "head_until", "head_what", "head_reference", "section_evidence"} {
		d.Words[id] = v.word(id)
	}
	return d
}

// marks are all that the timeline shows.
func (v *voice) marks(r report) []mark {
	n := 0
	for _, x := range r.Servers {
		n += len(x.Moves) + len(x.Silences) + 1 // the gap
	}
	out := make([]mark, 0, n+8*len(r.Works))
	add := func(m mark, id string) {
		m.class, m.label = strings.TrimPrefix(id, "bar_"), v.word(id)
		out = append(out, m)
	}
	for _, w := range r.Works {
		machine := v.word("row_machine")
		if w.Node != "" {
			machine = clean(w.Node)
		}
		if f := w.Fault; f != nil && !f.At.Before(r.From) {
			add(mark{row: machine, from: f.At, until: f.Seen, refs: []string{f.Ref}}, "bar_fan")
		}
		span := mark{row: machine, from: w.Begun.At, until: r.Until, refs: []string{w.Begun.Ref}}
		if w.Back != nil {
			span.until, span.refs = w.Back.At, []string{w.Begun.Ref, w.Back.Ref}
		}
		add(span, "bar_work")
		for _, o := range w.Off {
			add(markOf(machine, o, r), "bar_off")
		}
		if c := w.Copies; c != nil {
			for _, o := range c.Times {
				add(markOf(v.word("row_data"), o, r), "bar_copies")
			}
		}
	}
	for _, o := range r.Halted {
		add(markOf(v.word("row_data"), o, r), "bar_stopped")
	}
	for _, x := range r.Servers {
		for _, t := range x.Moves {
			m := mark{row: x.Name, server: x.ID, from: t.Ended, until: t.Ended, refs: []string{t.Ref}}
			if t.Started != nil {
				m.from = *t.Started
			}
			add(m, "bar_moving")
		}
		for _, o := range x.Silences {
			m := markOf(x.Name, o, r)
			m.server = x.ID
			add(m, "bar_silent")
		}
		for _, g := range []*pause{x.Gap, x.Unended} {
			if g != nil && g.MS > 0 {
				add(mark{row: x.Name, server: x.ID, from: g.At, until: g.At.Add(time.Duration(g.MS * float64(time.Millisecond))), refs: []string{g.Ref}}, "bar_silent")
			}
		}
	}
	return out
}

func markOf(row string, o outage, r report) mark {
	m := mark{row: row, from: o.From, until: r.Until, refs: o.Refs}
	if o.Until != nil {
		m.until = *o.Until
	}
	return m
}

// timeline draws what happened between the first mark and the last.
func (v *voice) timeline(r report, s *story, n *numbers) timeline {
	t := timeline{Title: v.word("section_timeline"), Same: v.word("timeline_same")}
	marks := v.marks(r)
	if len(marks) == 0 {
		return t
	}
	from, until := marks[0].from, marks[0].until
	for _, m := range marks {
		from, until = earlier(from, m.from), later(until, m.until)
	}
	whole := max(until.Sub(from), time.Second)
	t.From, t.Until = v.moment(from), v.moment(until)
	type key struct {
		server int
		name   string
	}
	labels, rows := map[string]string{}, map[key]int{}
	for _, m := range marks {
		i, drawn := rows[key{m.server, m.row}]
		if !drawn {
			i = len(t.Rows)
			rows[key{m.server, m.row}] = i
			t.Rows = append(t.Rows, row{Name: m.row, ID: i})
		}
		x := 1000 * float64(m.from.Sub(from)) / float64(whole)
		width := max(1000*float64(m.until.Sub(m.from))/float64(whole), 4)
		t.Rows[i].Bars = append(t.Rows[i].Bars, bar{tenths(min(x, 996)), tenths(min(width, 1000-min(x, 996))), m.class})
		if labels[m.class] == "" {
			labels[m.class] = m.label
			t.Legend = append(t.Legend, legend{m.class, m.label})
		}
	}
	t.Table = make([]tableRow, 0, len(marks))
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Or(a.from.Compare(b.from), a.until.Compare(b.until)) })
	for _, m := range marks {
		l := n.line(sentence{refs: m.refs})
		t.Table = append(t.Table, tableRow{v.clock(m.from, from), v.clock(m.until, from), locale.Isolated(m.row) + v.Colon() + " " + m.label, l.Numbers})
	}
	return t
}

func tenths(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// clock is a time in a table: to the second, with its day where it is not the
// first one's.
func (v *voice) clock(t, first time.Time) string {
	t, first = t.In(v.Zone), first.In(v.Zone)
	text := v.Clock(t)
	if t.YearDay() != first.YearDay() || t.Year() != first.Year() {
		text = v.day(t) + ", " + text
	}
	_, offset := t.Zone()
	if _, before := first.Zone(); offset != before { // the clocks were changed: an hour may be there twice
		text += " (" + locale.Offset(t) + ")"
	}
	return text
}

// words are the hoster's own, filled in.
type words struct{ intro, closing []string }
