package journal

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// quick reads lines of the kinds of which there are most, exactly as they are
// written here, many times as fast as any line can be read. Of every other line it
// says that it is none of those.
type quick struct {
	// same holds each name once, guests each guest: a month has a hundred thousand
	// lines, and few names.
	same   map[string]string
	guests map[string]*Guest
}

// parse reads any line, fast where that can be.
func (q *quick) parse(line []byte) (Entry, error) {
	if e, is := q.entry(line); is {
		return e, nil
	}
	return parse(line)
}

func (q *quick) entry(line []byte) (Entry, bool) {
	c := cursor{rest: line, ok: true}
	var e Entry
	c.skip(`{"v":1,"id":`)
	e.ID = string(c.text())
	c.skip(`,"at":`)
	e.At = c.time()
	if c.is(`,"since":`) {
		e.Since = c.time()
	}
	c.skip(`,"seen":`)
	e.Seen = c.time()
	c.skip(`,"by":`)
	e.By = q.name(c.text())
	if c.is(`,"cluster":`) {
		e.Cluster = q.name(c.text())
	}
	if c.is(`,"node":`) {
		e.Node = q.name(c.text())
	}
	if c.is(`,"guest":`) {
		e.Guest = q.guest(&c)
	}
	c.skip(`,"kind":`)
	if e.ID == "" || !c.ok {
		return Entry{}, false
	}
	e.Fact = q.fact(&c, Kind(q.name(c.text())))
	c.skip("}\n")
	return e, c.ok && len(c.rest) == 0
}

// fact of one of the kinds, or none.
func (q *quick) fact(c *cursor, kind Kind) Fact {
	switch kind {
	case KindObserved:
		f := &Observed{From: c.timeOf("from"), Until: c.timeOf("until"), Polls: int(c.numberOf("polls"))}
		f.PauseS = c.numberOf("pause_s")
		return f
	case KindGuestMoved:
		f := &GuestMoved{From: q.name(c.textOf("from")), To: q.name(c.textOf("to"))}
		if c.has("started") {
			f.Started = c.time()
		}
		if c.has("ended") {
			f.Ended = c.time()
		}
		if c.has("live") {
			yes := c.is("true")
			if f.Live = &yes; !yes {
				c.skip("false")
			}
		}
		if c.has("task") {
			f.Task = string(c.text())
		}
		return f
	case KindGap:
		f := &Gap{MS: c.numberOf("ms"), LeastMS: c.numberOf("least_ms"), MostMS: c.numberOf("most_ms"), Open: c.is(`,"open":true`)}
		f.From, f.Until, f.EveryMS = c.timeOf("from"), c.timeOf("until"), c.numberOf("every_ms")
		f.Moving = c.is(`,"moving":true`)
		return f
	case KindGuestSilent:
		f := &GuestSilent{Class: q.name(c.textOf("class"))}
		f.Again = c.is(`,"again":true`)
		return f
	case KindGuestAnswers:
		return &GuestAnswers{Again: c.is(`,"again":true`)}
	}
	c.ok = false
	return nil
}

// guest reads one, each the first time. Whatever stands in its text, a quote, a
// comma and no escape in front of them end it.
func (q *quick) guest(c *cursor) *Guest {
	end := bytes.Index(c.rest, []byte(`},"kind":"`))
	if !c.ok || end < 0 {
		c.ok = false
		return nil
	}
	text := c.rest[:end+1]
	c.rest = c.rest[end+1:]
	if known := q.guests[string(text)]; known != nil {
		return known
	}
	var g Guest
	if err := json.Unmarshal(text, &g); err != nil {
		c.ok = false // the slow way says what is wrong
		return nil
	}
	if q.guests == nil {
		q.guests = map[string]*Guest{}
	}
	q.guests[string(text)] = &g
	return &g
}

func (q *quick) name(text []byte) string {
	if known, is := q.same[string(text)]; is {
		return known
	}
	if q.same == nil {
		q.same = map[string]string{}
	}
	name := string(text)
	q.same[name] = name
	return name
}

// cursor goes along a line until something is not as expected.
type cursor struct {
	rest []byte
	ok   bool
}

func (c *cursor) is(text string) bool {
	if !c.ok || len(c.rest) < len(text) || string(c.rest[:len(text)]) != text {
		return false
	}
	c.rest = c.rest[len(text):]
	return true
}

func (c *cursor) skip(text string) { c.ok = c.is(text) && c.ok }

// has says whether a field follows, and goes to its value.
func (c *cursor) has(field string) bool {
	before := *c
	if c.is(`,"`) && c.is(field) && c.is(`":`) {
		return true
	}
	*c = before
	return false
}

func (c *cursor) of(field string) { c.ok = c.has(field) && c.ok }

func (c *cursor) textOf(field string) []byte { c.of(field); return c.text() }

func (c *cursor) timeOf(field string) time.Time { c.of(field); return c.time() }

func (c *cursor) numberOf(field string) float64 { c.of(field); return c.number() }

// text is a JSON string in which nothing is escaped.
func (c *cursor) text() []byte {
	if c.skip(`"`); !c.ok {
		return nil
	}
	end := bytes.IndexByte(c.rest, '"')
	if end < 0 || bytes.IndexByte(c.rest[:end], '\\') >= 0 {
		c.ok = false
		return nil
	}
	for _, b := range c.rest[:end] {
		if b < ' ' || b > '~' {
			c.ok = false
			return nil
		}
	}
	text := c.rest[:end]
	c.rest = c.rest[end+1:]
	return text
}

func (c *cursor) time() time.Time {
	text := c.text()
	if !c.ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil || t.IsZero() || text[len(text)-1] != 'Z' {
		c.ok = false
	}
	return t
}

func (c *cursor) number() float64 {
	end := bytes.IndexFunc(c.rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if !c.ok || end <= 0 || end > 1 && c.rest[0] == '0' && c.rest[1] != '.' || c.rest[0] == '.' || c.rest[end-1] == '.' {
		c.ok = false
		return 0
	}
	v, err := strconv.ParseFloat(string(c.rest[:end]), 64)
	c.ok = err == nil
	c.rest = c.rest[end:]
	return v
}
