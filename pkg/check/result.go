package check

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is one thing a judge has to say.
type Finding struct {
	Status   Status
	Text     string
	Evidence []string // -vv: which request said what
	Raw      []string // -vvv
}

// Result is what a judge returns.
type Result struct {
	Policy Policy
	// Lead opens the first line ("NO, pve3 must stay on"), optional.
	Lead string
	// Summary says in a few words what was looked at; the first line when all is well, its end otherwise.
	Summary string
	// Notes end the first line whatever the status ("no memory").
	Notes    []string
	Findings []Finding
	Perfdata []Perfdatum
	// Evidence and Raw belong to no single finding.
	Evidence []string
	Raw      []string
	// Facts is encoded by --output json.
	Facts any
}

// Status of the whole: the worst of the findings under the result's policy;
// UNKNOWN without any finding, because then nothing was judged.
func (r Result) Status() Status {
	if len(r.Findings) == 0 {
		return UNKNOWN
	}
	return r.worst()
}

func (r Result) worst() Status {
	worst, rank := OK, r.Policy.severity()
	for _, f := range r.Findings {
		if !f.Status.legal() {
			f.Status = UNKNOWN
		}
		if rank[f.Status] > rank[worst] {
			worst = f.Status
		}
	}
	return worst
}

// judged is the result as it is rendered: findings sorted with the worst first,
// statuses legal, and never without a finding.
func (r Result) judged() Result {
	findings := make([]Finding, 0, len(r.Findings)+1)
	for _, f := range r.Findings {
		if !f.Status.legal() {
			f.Text = fmt.Sprintf("%s (status %d is none of 0 to 3)", f.Text, int(f.Status))
			f.Status = UNKNOWN
		}
		if Text(f.Text) == "" {
			f.Text = "no text"
		}
		findings = append(findings, f)
	}
	if len(findings) == 0 {
		findings = append(findings, Finding{Status: UNKNOWN, Text: "nothing was judged"})
	}
	rank := r.Policy.severity()
	slices.SortStableFunc(findings, func(a, b Finding) int { return rank[b.Status] - rank[a.Status] })
	r.Findings = findings
	return r
}

// and returns the result with one more finding.
func (r Result) and(f Finding) Result {
	r.Findings = append(slices.Clip(r.Findings), f)
	return r
}

// headline is the text of the first line in parts, so that it can be shortened
// where it hurts least.
type headline struct {
	lead     string
	texts    []string // of the findings of the worst status
	also     string   // problems of other statuses
	summary  string
	notes    string
	allRight bool
}

// headline expects a judged result.
func (r Result) headline() headline {
	worst := r.worst()
	h := headline{lead: Text(r.Lead), summary: Text(r.Summary), allRight: worst == OK}
	count := map[Status]int{}
	for _, f := range r.Findings {
		count[f.Status]++
		if f.Status == worst {
			h.texts = append(h.texts, Text(f.Text))
		}
	}
	var also []string
	for _, f := range r.Findings {
		if n := count[f.Status]; n > 0 && f.Status != worst && f.Status != OK {
			also = append(also, fmt.Sprintf("%d %s", n, f.Status))
			count[f.Status] = 0
		}
	}
	h.also = strings.Join(also, ", ")
	notes := make([]string, 0, len(r.Notes))
	for _, n := range r.Notes {
		if n = Text(n); n != "" {
			notes = append(notes, n)
		}
	}
	h.notes = strings.Join(notes, ", ")
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
	if h.allRight && h.summary != "" {
		b.WriteString(h.summary)
	} else {
		b.WriteString(strings.Join(h.texts[:n], ", "))
		if left := len(h.texts) - n; left > 0 {
			fmt.Fprintf(&b, " and %d more", left)
		}
	}
	if h.also != "" {
		b.WriteString(", also " + h.also)
	}
	if !h.allRight && h.summary != "" {
		b.WriteString(" - " + h.summary)
	}
	if h.notes != "" {
		b.WriteString(" (" + h.notes + ")")
	}
	return b.String()
}

// within is the headline in at most limit bytes: first the list of findings is
// cut between two of them, then the summary goes, then the text is cut.
func (h headline) within(limit int) string {
	short := h
	short.summary = ""
	for _, h := range []headline{h, short} {
		n, size := 0, 0
		for n < len(h.texts) && size <= limit { // no more can fit, notes aside
			size += len(h.texts[n])
			n++
		}
		for ; n > 0; n-- {
			if text := h.first(n); len(text) <= limit {
				return text
			}
		}
	}
	return shorten(short.first(1), limit)
}
