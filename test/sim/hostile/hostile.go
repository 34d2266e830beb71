// Package hostile has lists that are small for what a decoder makes of them: what a
// device that was taken over may send in place of its own. They are a table for
// tests of whole runs, as large as a body may be, and for fuzzing, where a
// kilobyte is enough.
package hostile

import "strings"

// List is one of them: a unit that comes again and again.
type List struct {
	Name                string
	before, unit, after string
	most                int // units, if not as many as there is room for
}

// Lists are all of them. KEY stands for a member that the reader of the list looks
// at.
var Lists = []List{
	{Name: "nothing", before: `[`, unit: `null,`, after: `null]`},
	{Name: "empty objects", before: `[`, unit: `{},`, after: `{}]`},
	{Name: "empty lists", before: `[`, unit: `[],`, after: `[]]`},
	{Name: "digits", before: `[`, unit: `7,`, after: `7]`},
	{Name: "a long number", before: `[{"KEY":`, unit: `9`, after: `}]`, most: 1_000_000},
	{Name: "deep lists", unit: `[`},
	{Name: "deep objects", before: `[`, unit: `{"KEY":`},
	{Name: "a long key", before: `[{"`, unit: `k`, after: `":1}]`},
	{Name: "a long text", before: `[{"KEY":"`, unit: `t`, after: `"}]`},
	{Name: "escapes", before: `[{"KEY":"`, unit: `\u0000`, after: `"}]`},
	{Name: "contradictions", before: `[{"KEY":"1","KEY":"2"}`, unit: `,{"KEY":1,"KEY":2}`, after: `]`},
	{Name: "one key again and again", before: `[{"KEY":1`, unit: `,"KEY":[]`, after: `}]`},
	{Name: "one member again and again", before: `[{"KEY":1`, unit: `,"KEY":1`, after: `}]`},
	{Name: "no end", before: `[{"KEY":1},`, unit: `{"KEY":"1"},`},
}

// Text is the list with nearly so many bytes.
func (l List) Text(size int, key string) string {
	with := func(s string) string { return strings.ReplaceAll(s, "KEY", key) }
	unit := with(l.unit)
	times := max(1, size/len(unit))
	if l.most > 0 {
		times = min(times, l.most)
	}
	return with(l.before) + strings.Repeat(unit, times) + with(l.after)
}

// Seeds are all of them with a kilobyte each, behind what stands before the list in
// a document, and before what stands behind it.
func Seeds(before, key, after string) []string {
	var out []string
	for _, l := range Lists {
		out = append(out, before+l.Text(1<<10, key)+after)
	}
	return out
}
