package main

import (
	"time"

	"github.com/noout-monitoring/noout/pkg/locale"
)

// sentence is what is said, with the entries it comes from.
type sentence struct {
	Text string
	refs []string
}

// voice says things in a language and a time zone. It remembers the first mistake,
// which keeps the whole report from being shown.
type voice struct {
	*locale.Locale
	zone *time.Location
	err  error
	// words, days and moments are those that were said, by their id, day and minute:
	// in a month the same come again and again.
	words   map[string]string
	days    map[int]string
	moments map[int64]string
}

func newVoice(l *locale.Locale, zone *time.Location) *voice {
	return &voice{Locale: l, zone: zone, words: map[string]string{}, days: map[int]string{}, moments: map[int64]string{}}
}

// data are the parameters of a message.
type data = map[string]string

func (v *voice) word(id string) string {
	text, said := v.words[id]
	if !said {
		text = v.text(id, nil)
		v.words[id] = text
	}
	return text
}

func (v *voice) text(id string, d data) string {
	text, err := v.Text(id, d)
	v.fail(err)
	return text
}

func (v *voice) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// say is a sentence of a message.
func (v *voice) say(id string, d data, refs ...string) sentence {
	return sentence{v.text(id, d), refs}
}

// count is a sentence about n of something.
func (v *voice) count(id string, n int, d data, refs ...string) sentence {
	text, err := v.Count(id, n, d)
	v.fail(err)
	return sentence{text, refs}
}

func (v *voice) moment(t time.Time) string {
	minute := t.Truncate(time.Minute).Unix()
	text, said := v.moments[minute]
	if !said {
		text = v.Moment(t.In(v.zone))
		v.moments[minute] = text
	}
	return text
}

// day is one of those that come again and again; t is in the zone.
func (v *voice) day(t time.Time) string {
	day := t.Year()*1000 + t.YearDay()
	text, said := v.days[day]
	if !said {
		text = v.Day(t)
		v.days[day] = text
	}
	return text
}

func (v *voice) span(from, until time.Time) string { return v.Span(from.In(v.zone), until.In(v.zone)) }

func (v *voice) seconds(s float64) string {
	return v.Duration(time.Duration(s * float64(time.Second)))
}

func (v *voice) millis(ms float64) string {
	return v.Duration(time.Duration(ms * float64(time.Millisecond)))
}
