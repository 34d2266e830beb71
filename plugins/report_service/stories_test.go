package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

var stories = flag.Int("stories", 300, "random stories to tell")

// TestStories: in random stories every number of the report is what the world
// knows, every sentence has its entry, and customers read nothing of others.
func TestStories(t *testing.T) {
	told := 0
	page, err := pageTemplate()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(*stories) {
		w := newWorld(seed)
		w.page = page
		sources, err := journal.Sources([]string{w.journal(t)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		o := &options{Node: w.node, now: func() time.Time { return w.back.Add(time.Hour) }}
		wanted, err := o.asked(o.now())
		if err != nil {
			t.Fatal(err)
		}
		s := newStory(wanted.period)
		h, err := journal.Each(sources, wanted.read, o.now(), s.take)
		if err != nil || h.Torn+h.Newer+h.Ahead > 0 {
			t.Fatalf("seed %d: %v, %+v", seed, err, h)
		}
		s.tell()
		works, found := o.works(s, wanted)
		done := !w.off.IsZero() || slices.ContainsFunc(w.guests, func(g *resident) bool { return len(g.moves) > 0 })
		if found != done {
			t.Fatalf("seed %d: a maintenance was found: %v, there was one: %v", seed, found, done)
		}
		if !found {
			continue
		}
		all := w.customers(t)
		for _, c := range all {
			a := audience{who: &c, customers: all, book: customer.BookOf(all)}
			r := reportOf(s, a, works)
			w.compare(t, seed, r, c)
			w.read(t, seed, r, s, a)
			told++
		}
	}
	if told < *stories/2 {
		t.Errorf("%d reports of %d stories", told, *stories)
	}
}

// compare holds the facts against the world.
func (w *world) compare(t *testing.T, seed uint64, r report, c customer.Customer) {
	t.Helper()
	wrong := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("seed %d, %s: %s", seed, c.Key, fmt.Sprintf(format, args...))
	}
	var mine []*resident
	touched := false
	for _, g := range w.guests {
		if g.owner == c.Key {
			mine = append(mine, g)
			touched = touched || len(g.moves) > 0 || len(g.silent) > 0
		}
	}
	if len(r.Servers) != len(mine) || touched != (len(r.Works) == 1) {
		wrong("%d servers of %d, %d works, touched %v", len(r.Servers), len(mine), len(r.Works), touched)
	}
	left := 0
	for i, g := range mine {
		x := r.Servers[i]
		if x.ID != g.id || len(x.Moves) != len(g.moves) || len(x.Silences) != len(g.silent) || x.Answers != g.answers {
			wrong("%+v is %+v", x, g)
		}
		for k, j := range g.moves {
			m := x.Moves[k]
			live := map[string]*bool{"": nil, "true": ptr(true), "false": ptr(false)}[j.live]
			if !m.Ended.Equal(j.ended) || m.Started == nil || !m.Started.Equal(j.started) || (m.Live == nil) != (live == nil) || live != nil && *live != *m.Live || m.Measured != j.measured {
				wrong("move %+v is %+v", m, j)
			}
		}
		switch {
		case (x.Gap == nil) != (g.gap < 0):
			wrong("gap %+v is %v", x.Gap, g.gap)
		case x.Gap != nil && (x.Gap.MS != g.gap || x.Gap.LeastMS > g.gap || x.Gap.MostMS < g.gap):
			wrong("gap %+v is %v", *x.Gap, g.gap)
		}
		for k, length := range g.silent {
			if o := x.Silences[k]; o.MostS == nil || *o.MostS < length.Seconds() || o.LeastS > length.Seconds() {
				wrong("silence %+v is %s", o, length)
			}
		}
		if g.left {
			left++
		}
	}
	if len(r.Works) == 1 {
		w.compareWork(r.Works[0], left, wrong)
	}
	if (r.Watched.Polls > 0) != w.watched || (r.Data.Polls > 0) != w.watchedData {
		wrong("watched %+v, data %+v", r.Watched, r.Data)
	}
}

func (w *world) compareWork(x service, left int, wrong func(string, ...any)) {
	if !x.Begun.At.Equal(w.begun) || x.Back == nil || !x.Back.At.Equal(w.back) || x.Asked != w.asked || x.Refused != w.refused || x.Conditions != w.conditions {
		wrong("work %+v", x)
	}
	length := w.on.Sub(w.off)
	if w.off.IsZero() != (len(x.Off) == 0) {
		wrong("off %+v, was off at %s", x.Off, w.off)
	}
	for _, o := range x.Off {
		least, most := w.seenOn[0].Sub(w.seenOff[1]).Seconds(), w.seenOn[1].Sub(w.seenOff[0]).Seconds()
		if o.LeastS > length.Seconds() || *o.MostS < length.Seconds() || math.Abs(o.LeastS-max(least, 0)) > 1e-6 || math.Abs(*o.MostS-most) > 1e-6 {
			wrong("off for %v to %v s, was %s", o.LeastS, *o.MostS, length)
		}
	}
	switch {
	case (x.Else != nil) != (left > 0 && !w.off.IsZero() && w.seenOn[0].Sub(w.seenOff[1]) >= time.Second):
		wrong("otherwise %+v, %d left", x.Else, left)
	case x.Else != nil && (x.Else.Servers != left || x.Else.LeastS > length.Seconds()):
		wrong("otherwise %+v, %d left for %s", *x.Else, left, length)
	case (x.Copies != nil) != (w.fewer && w.of > 0):
		wrong("copies %+v, were %d of %d", x.Copies, w.least, w.of)
	case x.Copies != nil && (x.Copies.Least != w.least || x.Copies.Of != w.of):
		wrong("copies %+v, were %d of %d", *x.Copies, w.least, w.of)
	case (x.Fault != nil) != !w.fault.IsZero():
		wrong("fault %+v, was %s", x.Fault, w.fault)
	case x.Fault != nil && (!x.Fault.At.Equal(w.fault) || x.Fault.LeadS != w.noticed.Sub(w.fault).Seconds()):
		wrong("fault %+v, was %s", *x.Fault, w.fault)
	}
}

func ptr[T any](v T) *T { return &v }

// unproven sentences say what is not known, so no entry can.
var unproven = []string{"chapter_not", "section_not_measured"}

// read reads the report in all forms as a customer does.
func (w *world) read(t *testing.T, seed uint64, r report, s *story, a audience) {
	t.Helper()
	v, err := (&options{}).voice(a)
	if err != nil {
		t.Fatal(err)
	}
	d := documentOf(v, r, s, words{})
	if v.Err != nil {
		t.Fatalf("seed %d: %v", seed, v.Err)
	}
	for _, x := range d.Sections {
		for _, l := range x.Lines {
			if len(l.Numbers) == 0 && !slices.Contains(unproven, x.ID) {
				t.Errorf("seed %d: nothing says %q", seed, l.Text)
			}
		}
	}
	page, err := d.html(w.page)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	facts, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"text": d.plain(), "html": page, "json": string(facts)} {
		for _, secret := range append(w.secrets, w.strangers(a.who.Key)...) {
			if secret != r.Customer && strings.Contains(text, secret) {
				t.Fatalf("seed %d: the %s for %s says %q", seed, form, a.who.Key, secret)
			}
		}
		if form != "json" && strings.ContainsAny(text, "\x00\x1b\u202e\u200b") {
			t.Fatalf("seed %d: control characters in the %s", seed, form)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "<no value>") || strings.Contains(page, "onload=x ") {
		t.Fatalf("seed %d: markup got through", seed)
	}
}

// strangers are the names of other customers' servers.
func (w *world) strangers(key string) []string {
	mine := map[string]bool{}
	for _, g := range w.guests {
		if g.owner == key {
			mine[g.name] = true
		}
	}
	var out []string
	for _, g := range w.guests {
		if strings.HasPrefix(g.name, "server") && !mine[g.name] {
			out = append(out, g.name)
		}
	}
	return out
}

// TestOwnReport: the hoster reads all of it.
func TestOwnReport(t *testing.T) {
	for seed := range uint64(50) {
		w := newWorld(seed)
		sources, err := journal.Sources([]string{w.journal(t)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		h, err := journal.Read(sources, journal.Period{From: start.AddDate(0, 0, -9), Until: w.back.Add(time.Hour)}, w.back.Add(time.Hour), nil)
		if err != nil {
			t.Fatal(err)
		}
		s := tell(h.Entries, journal.Period{From: w.begun, Until: w.back.Add(time.Second)})
		a := audience{customers: w.customers(t), book: customer.BookOf(w.customers(t))}
		r := reportOf(s, a, s.works)
		nobodys := 0
		for _, g := range w.guests {
			if g.owner == "" {
				nobodys++
			}
		}
		if len(r.Servers) != len(w.guests) || len(r.Nobodys) != nobodys || len(r.Shared) != 0 {
			t.Errorf("seed %d: %d servers of %d, %d nobody's of %d", seed, len(r.Servers), len(w.guests), len(r.Nobodys), nobodys)
		}
		v, err := (&options{Lang: "de"}).voice(a)
		if err != nil {
			t.Fatal(err)
		}
		if text := documentOf(v, r, s, words{}).plain(); len(r.Works) > 0 && !strings.Contains(text, w.node) || v.Err != nil {
			t.Errorf("seed %d: %v\n%s", seed, v.Err, text)
		}
	}
}
