package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/locale"
)

// asked is the time a report is to be about, and what has to be read for it.
type asked struct {
	period journal.Period
	// last says that it is about the last maintenance in the period.
	last bool
	read journal.Period
}

// lookBack is how far back the last maintenance of a node is looked for.
const lookBack = 35 * 24 * time.Hour

func (o *options) asked(now time.Time) (asked, error) {
	var a asked
	option := "--from"
	switch {
	case o.Month != "":
		option = "--month"
		begin, err := time.ParseInLocation("2006-01", o.Month, time.Local)
		if err != nil {
			return asked{}, errors.New("--month: expected a month such as 2026-11")
		}
		a.period = journal.Period{From: begin, Until: begin.AddDate(0, 1, 0)}
	case o.From != "":
		var err error
		if a.period.From, err = moments(o.From, now); err != nil {
			return asked{}, fmt.Errorf("--from: %w", err)
		}
		a.period.Until = now
		if o.Until != "" {
			if a.period.Until, err = moments(o.Until, now); err != nil {
				return asked{}, fmt.Errorf("--until: %w", err)
			}
		}
	default:
		a.last, a.period = true, journal.Period{From: now.Add(-lookBack), Until: now}
	}
	if a.period.From.After(now) {
		return asked{}, errors.New(option + ": expected a time that has begun, this one is to come")
	}
	a.period.Until = earlier(a.period.Until, now)
	if !a.period.From.Before(a.period.Until) {
		return asked{}, errors.New("--until: expected a time after --from")
	}
	// The month's list of guests and a fault may be older, a work may end later.
	y, m, _ := a.period.From.UTC().Date()
	listed := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	a.read = journal.Period{From: earlier(listed, a.period.From.Add(-before)), Until: later(a.period.Until, earlier(now, a.period.Until.Add(lookBack))).Add(time.Second)}
	return a, nil
}

// moments reads a time, or so long ago.
func moments(text string, now time.Time) (time.Time, error) {
	if ago, err := check.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	if t, ok := check.ParseTime(text); ok {
		return t, nil
	}
	return time.Time{}, errors.New("expected a time such as 2026-11-28, 2026-11-28T14:00, 2026-11-28T14:00:00+01:00, or 7d for so long ago")
}

// works are those of the time that was asked for. With --node it is the maintenance
// of that node, and its time is the story's.
func (o *options) works(s *story, a asked) (works []*work, found bool) {
	works = slices.DeleteFunc(slices.Clone(s.works), func(w *work) bool {
		span := w.span()
		return o.Node != "" && w.name != o.Node || !span.From.Before(a.period.Until) || span.Until.Before(a.period.From)
	})
	if !a.last || len(works) == 0 {
		return works, len(works) > 0
	}
	last := works[len(works)-1]
	// To the second: a line that is written in the same second belongs to it.
	s.period = last.span()
	s.period.Until = s.period.Until.Add(time.Second)
	return []*work{last}, true
}

// made is what was written.
type made struct {
	page  string
	files []string
}

// write makes the report in all forms.
func (o *options) write(r report, s *story, a audience, own own) (made, error) {
	v, err := o.voice(a)
	if err != nil {
		return made{}, err
	}
	words, err := own.of(v.Name(), fieldsOf(v, r))
	if err != nil {
		return made{}, fmt.Errorf("--template %w", err)
	}
	d := documentOf(v, r, s, words)
	if v.Err != nil {
		return made{}, v.Err
	}
	var m made
	var to *shelf
	if o.Out != "" {
		if to, err = openShelf(o.Out); err != nil {
			return made{}, err
		}
		defer to.close()
	}
	for _, format := range o.Format {
		text, ending, err := form(d, r, format, own.page)
		if err != nil {
			return made{}, err
		}
		if to == nil {
			m.page = text
			continue
		}
		path, err := to.put(fileName(r, a, v)+ending, text)
		if err != nil {
			return made{}, err
		}
		m.files = append(m.files, path)
	}
	return m, nil
}

func (o *options) voice(a audience) (*voice, error) {
	lang, zone := locale.Default, time.Local
	if a.who != nil {
		lang, zone = a.who.Language, a.who.Zone
	}
	if o.Lang != "" {
		lang = o.Lang
	}
	l, err := locale.Open(lang)
	if err != nil {
		return nil, err
	}
	return newVoice(l, zone), nil
}

func form(d document, r report, format string, page *template.Template) (text, ending string, err error) {
	switch format {
	case "html":
		text, err = d.html(page)
		return text, ".html", err
	case "json":
		raw, err := json.MarshalIndent(r, "", "  ")
		return string(raw) + "\n", ".json", err
	}
	return d.plain(), ".txt", nil
}

// fileName says whose report it is, of what time and in what language, and
// nothing of the node.
func fileName(r report, a audience, v *voice) string {
	who := "internal"
	if a.who != nil {
		who = a.who.Key
	}
	return "service-" + r.From.In(v.Zone).Format("2006-01-02T1504") + "-" + who + "." + v.Name()
}
