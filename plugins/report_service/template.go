package main

import (
	"bytes"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	"text/template"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/locale"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// own is the hoster's template: blocks named intro and closing, each with or
// without a language behind it (intro.es), in Go's text/template.
type own struct {
	path string
	set  *template.Template
	// page is ours, around it.
	page *htmltemplate.Template
}

// fields are what a template may name. They are the customer's own numbers.
type fields struct {
	Customer string // empty in the hoster's own report
	Period   string
	Servers  int // that are known to be his
	Moved    int // of them
	Works    int
	// LongestGap is a text such as "324 ms", empty when none was measured or one was
	// not over when the measurement ended.
	LongestGap string
}

// readOwn reads a template and tries it, so that a mistake shows when it is made
// and not with the first customer.
func readOwn(path string) (own, error) {
	text, err := secret.Guarded(path, 1<<20)
	if err != nil {
		return own{}, err
	}
	o := own{path: path}
	if o.set, err = template.New("template").Option("missingkey=error").Parse(string(text)); err != nil {
		return own{}, fmt.Errorf("%s: %w", path, err)
	}
	found := false
	for _, t := range o.set.Templates() {
		if t.Name() == "template" {
			continue
		}
		block, lang, named := strings.Cut(t.Name(), ".")
		if block != "intro" && block != "closing" || named && !slices.Contains(locale.Languages(), lang) {
			return own{}, fmt.Errorf("%s: a block that nobody shows, expected intro or closing, or one with a language such as intro.es", path)
		}
		found = true
		if _, err := o.fill(t, fields{"Acme", "13 August 2026", 3, 2, 1, "324 ms"}); err != nil {
			return own{}, err
		}
	}
	if !found {
		return own{}, fmt.Errorf("%s: no block in it, expected one that is called intro or closing (docs/report_service.md shows one)", path)
	}
	return o, nil
}

// of are the words for a report in a language.
func (o own) of(lang string, f fields) (words, error) {
	var w words
	for block, to := range map[string]*[]string{"intro": &w.intro, "closing": &w.closing} {
		t := o.lookup(block+"."+lang, block)
		if t == nil {
			continue
		}
		text, err := o.fill(t, f)
		if err != nil {
			return words{}, err
		}
		*to = text
	}
	return w, nil
}

func (o own) lookup(names ...string) *template.Template {
	if o.set == nil {
		return nil
	}
	for _, name := range names {
		if t := o.set.Lookup(name); t != nil {
			return t
		}
	}
	return nil
}

// longestOwn bounds what a block says, in bytes.
const longestOwn = 16 << 10

var errLong = errors.New("more than 16 KiB")

// bounded ends a template that would write for ever.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > longestOwn {
		return 0, errLong
	}
	return b.Buffer.Write(p)
}

// fill gives the paragraphs of a block: blank lines part them.
func (o own) fill(t *template.Template, f fields) ([]string, error) {
	var b bounded
	if err := t.Execute(&b, f); err != nil {
		return nil, fmt.Errorf("%s: %w", o.path, err)
	}
	var out []string
	for p := range strings.SplitSeq(strings.ReplaceAll(b.String(), "\r", ""), "\n\n") {
		if p = customer.Clean(p, longestOwn); p != "" {
			out = append(out, p)
		}
	}
	return out, nil
}

// fieldsOf are the numbers of a report for the template.
func fieldsOf(v *voice, r report) fields {
	f := fields{Customer: r.Customer, Period: v.Span(r.From, r.Until), Servers: len(r.Servers), Works: len(r.Works)}
	longest, open := -1.0, false
	for _, x := range r.Servers {
		if len(x.Moves) > 0 {
			f.Moved++
		}
		if x.Gap != nil {
			longest, open = max(longest, x.Gap.MS), open || x.Gap.Open
		}
	}
	if longest >= 0 && !open {
		f.LongestGap = v.millis(longest)
	}
	return f
}
