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

// voice says things in a language and a time zone. A mistake keeps the whole report
// from being shown.
type voice struct {
	locale.Voice
	// words, days and moments are those that were said, by their id, day and minute:
	// in a month the same come again and again.
	words   map[string]string
	days    map[int]string
	moments map[int64]string
}

func newVoice(l *locale.Locale, zone *time.Location) *voice {
	return &voice{Voice: locale.Voice{Locale: l, Zone: zone}, words: map[string]string{}, days: map[int]string{}, moments: map[int64]string{}}
}

// data are the parameters of a message.
type data = map[string]string

func (v *voice) word(id string) string {
	text, said := v.words[id]
	if !said {
		text = v.Say(id, nil)
		v.words[id] = text
	}
	return text
}

// say is a sentence of a message.
func (v *voice) say(id string, d data, refs ...string) sentence {
	return sentence{v.Say(id, d), refs}
}

// count is a sentence about n of something.
func (v *voice) count(id string, n int, d data, refs ...string) sentence {
	return sentence{v.SayCount(id, n, d), refs}
}

func (v *voice) moment(t time.Time) string {
	minute := t.Truncate(time.Minute).Unix()
	text, said := v.moments[minute]
	if !said {
		text = v.Moment(t)
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

func (v *voice) seconds(s float64) string {
	return v.Duration(time.Duration(s * float64(time.Second)))
}

func (v *voice) millis(ms float64) string {
	return v.Duration(time.Duration(ms * float64(time.Millisecond)))
}
