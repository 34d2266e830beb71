package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// folding makes times of entries that say that something began and ended. Two
// pollers see the same: while it lasts, a second beginning is no news, nor is a
// second end once it is over.
type folding map[place][]*trouble

// begin takes a beginning. What its poller tells anew began when it says, by its clock
// as it is now; for how long it may have gone on before stays as it was seen.
func (f folding) begin(at place, e journal.Entry) *trouble {
	perhaps := f.last(at).perhaps()
	t := f.begun(at, e)
	if e.Again() && !e.Since.IsZero() && t.source == sourceOf(e) {
		t.from, t.since = e.Since, e.Since.Add(-perhaps)
	}
	return t
}

// sourceOf is the journal that an entry was found in first.
func sourceOf(e journal.Entry) string {
	if len(e.Sources) == 0 {
		return "" // it was not read
	}
	return e.Sources[0]
}

func (f folding) begun(at place, e journal.Entry) *trouble {
	if t := f.last(at); t != nil && t.open() {
		t.refs = append(t.refs, e.ID)
		if e.Since.After(t.since) && !t.since.IsZero() && e.Since.Before(t.from) {
			t.since = e.Since // it was seen otherwise until then
		}
		return t
	}
	t := &trouble{place: at, guest: e.Guest, since: e.Since, from: e.At, refs: []string{e.ID}, source: sourceOf(e)}
	f[at] = append(f[at], t)
	return t
}

// perhaps is for how long something that goes on may have gone on before it was seen.
func (t *trouble) perhaps() time.Duration {
	if t == nil || !t.open() {
		return 0
	}
	return max(t.from.Sub(t.begin()), 0)
}

func (f folding) end(at place, e journal.Entry) {
	if t := f.last(at); t != nil && t.open() {
		t.ending, t.until = e.Since, e.At
		t.refs = append(t.refs, e.ID)
	}
}

// fewer keeps the least number of copies that is certain while there are few;
// once a number is not known, none is certain.
func (f folding) fewer(at place, e journal.Entry, c *journal.CopiesFew) {
	known := f.last(at) == nil || !f.last(at).open() || f.last(at).of > 0
	t := f.begin(at, e)
	switch {
	case c.Of == 0 || !known:
		t.least, t.of = 0, 0
	case t.of == 0 || c.Least < t.least:
		t.least, t.of = c.Least, c.Of
	}
}

func (f folding) last(at place) *trouble {
	if n := len(f[at]); n > 0 {
		return f[at][n-1]
	}
	return nil
}

func (f folding) all() []trouble {
	var out []trouble
	for _, list := range f {
		for _, t := range list {
			out = append(out, *t)
		}
	}
	slices.SortFunc(out, func(a, b trouble) int {
		return cmp.Or(a.from.Compare(b.from), strings.Compare(a.cluster, b.cluster), strings.Compare(a.name, b.name))
	})
	return out
}
