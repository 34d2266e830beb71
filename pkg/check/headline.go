package check

import (
	"fmt"
	"strings"
)

// firstLine is how many bytes the first line may have before the performance
// data: what a pager and a telephone show.
const firstLine = 160

// headline is the text of the first line in parts, so that it can be shortened
// where it hurts least.
type headline struct {
	lead   string
	texts  []string // of the findings of the worst status
	others []other  // the first of each other status
	// summary and notes are lists: what does not fit goes from their ends.
	summary  []string
	notes    []string
	allRight bool
}

// other is the first finding of a status that is not the worst.
type other struct {
	label, text string
	more        int
}

func (o other) String() string {
	if o.more > 0 {
		return fmt.Sprintf("%s: %s and %d more", o.label, o.text, o.more)
	}
	return o.label + ": " + o.text
}

// headline expects a judged result.
func (r Result) headline() headline { return r.headlineFor(asText) }

func (r Result) headlineFor(as use) headline {
	worst := r.worst()
	h := headline{lead: clean(r.Lead, maxText, as), allRight: worst == OK}
	if summary := clean(r.Summary, maxText, as); summary != "" {
		h.summary = strings.Split(summary, ", ")
	}
	at := map[string]int{}
	for _, f := range r.Findings {
		label := f.Status.String()
		switch {
		case r.speaks(f) && f.Status == worst:
			h.texts = append(h.texts, clean(f.Text, maxText, as))
			continue
		case f.Status == OK:
			continue
		case !r.speaks(f):
			label = "remembered" // its status is the first one's
		}
		if i, seen := at[label]; seen {
			h.others[i].more++
			continue
		}
		at[label] = len(h.others)
		if label == "remembered" {
			label += " as " + f.Status.String()
		}
		h.others = append(h.others, other{label: label, text: clean(f.Text, maxText, as)})
	}
	for _, n := range r.Notes {
		if n = clean(n, maxText, as); n != "" {
			h.notes = append(h.notes, n)
		}
	}
	if h.allRight && len(h.summary) > 0 {
		h.texts, h.summary = h.summary, nil
	} else if h.allRight {
		h.texts = []string{strings.Join(h.texts, ", ")}
	}
	return h
}

// String is the whole headline.
func (h headline) String() string { return h.first(len(h.texts)) }

// first is the headline naming n findings of the worst status.
func (h headline) first(n int) string {
	var b strings.Builder
	if h.lead != "" {
		b.WriteString(h.lead + ": ")
	}
	b.WriteString(h.reasons(n))
	for i, o := range h.others {
		b.WriteString([]string{", also ", ", "}[min(i, 1)] + o.String())
	}
	if len(h.summary) > 0 {
		b.WriteString(" - " + strings.Join(h.summary, ", "))
	}
	if len(h.notes) > 0 {
		b.WriteString(" (" + strings.Join(h.notes, ", ") + ")")
	}
	return b.String()
}

// reasons are n findings, told apart where there are several: commas stand
// inside them too.
func (h headline) reasons(n int) string {
	switch {
	case h.allRight:
		return strings.Join(h.texts[:n], ", ")
	case len(h.texts) == 1:
		return h.texts[0]
	}
	var b strings.Builder
	for i, text := range h.texts[:n] {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "(%d) %s", i+1, text)
	}
	if left := len(h.texts) - n; left > 0 {
		fmt.Fprintf(&b, " and %d more", left)
	}
	return b.String()
}

// within is the headline in at most limit bytes. The summary goes first, from
// its end, then the list of findings is cut between two of them, then what is
// beside them is cut, and at last the text of the worst one.
func (h headline) within(limit int) string {
	if text := h.well(limit); text != "" {
		return text
	}
	bare := h
	bare.summary = nil
	noted := bare.brief(limit, 4)
	noted.notes = h.notes
	for _, tries := range [][]headline{{bare, noted}, {bare.brief(limit, 4)}, {bare.brief(limit, 8)}} {
		for n := bare.most(limit); n > 0; n-- {
			for _, x := range tries {
				if len(x.first(n)) <= limit {
					return x.filled(n, limit, h.summary)
				}
			}
		}
	}
	last := bare.brief(limit, 8)
	last.texts = append([]string{shorten(last.texts[0], max(limit-len(last.first(1))+len(last.texts[0]), leastReason))}, last.texts[1:]...)
	return shorten(last.first(1), limit)
}

// filled is the headline naming n findings, with as much of the summary as has
// room.
func (h headline) filled(n, limit int, summary []string) string {
	for k := range summary {
		more := h
		more.summary = summary[:len(summary)-k]
		if text := more.first(n); len(text) <= limit {
			return text
		}
	}
	return h.first(n)
}

// well is the headline when all is well: of what was looked at as much as has
// room beside the notes. Empty when that is nothing.
func (h headline) well(limit int) string {
	if !h.allRight {
		return ""
	}
	for k := range len(h.notes) + 1 {
		x := h
		x.notes = h.notes[:len(h.notes)-k]
		for n := x.most(limit); n > 0; n-- {
			if text := x.first(n); len(text) <= limit {
				return text
			}
		}
	}
	return ""
}

// leastReason is what is left of the worst finding at least, in bytes.
const leastReason = 40

// most is more than the findings that have room, so that thousands are not
// joined to be cut again.
func (h headline) most(limit int) int {
	n, size := 0, 0
	for n < len(h.texts) && size <= limit {
		size += len(h.texts[n])
		n++
	}
	return n
}

// brief has a part of the line for the other statuses, and another for the
// notes. Those that do not fit stand below.
func (h headline) brief(limit, parts int) headline {
	share := limit / parts
	others := make([]other, len(h.others))
	for i, o := range h.others {
		o.text = shorten(o.text, max(share/len(h.others), 3*share/4))
		others[i] = o
	}
	h.others = others
	kept, size := h.notes[:0:0], 0
	for _, n := range h.notes {
		if size += len(n); size > share {
			break
		}
		kept = append(kept, n)
	}
	h.notes = kept
	return h
}
