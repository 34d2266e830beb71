// Package locale says things to customers in their language: texts, plurals,
// dates, times, numbers and durations.
//
// The texts are in messages/THEME.LANGUAGE.json, which a translator edits: an id
// with a text, or with its plural forms (by CLDR: one, many, other). {{.Name}}
// stands for what is filled in. A further language is a further file of each
// theme, as long as formats.go has its dates and numbers. All languages have the
// same messages with the same parameters, which a test holds.
//
// It brings text/template, which keeps the linker from leaving out what nobody
// calls: only report_service and notify_customers may import it.
package locale

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-playground/locales"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages/*.json
var messages embed.FS

// Default is the language of whoever did not choose.
const Default = "en"

// Locale speaks one language. It is not changed after Open.
type Locale struct {
	name string
	format
	localizer *i18n.Localizer
}

// Languages are those there are, sorted.
func Languages() []string { return languages(messages) }

func languages(from fs.FS) []string {
	var out []string
	files, err := fs.Glob(from, "messages/*.json")
	if err != nil { // the pattern is ours
		panic(err)
	}
	for _, path := range files {
		if _, name, is := themeOf(path); is && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// themeOf takes messages/report.es.json apart.
func themeOf(path string) (theme, name string, is bool) {
	parts := strings.Split(strings.TrimPrefix(path, "messages/"), ".")
	if len(parts) != 3 {
		return "", "", false
	}
	return parts[0], parts[1], true
}

// Open loads a language: es, nl, fr, en (British), de, pt (of Portugal); a region
// behind it, as in pt-BR or de_AT, changes nothing. The error names those there
// are.
func Open(name string) (*Locale, error) { return open(messages, name) }

// Known is the name under which a language is opened, without opening it: that
// takes milliseconds.
func Known(name string) (string, error) { return known(messages, name) }

func known(from fs.FS, name string) (string, error) {
	all := languages(from)
	short, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(name), "_", "-"), "-")
	if !slices.Contains(all, short) {
		return "", fmt.Errorf("no such language, expected one of %s", strings.Join(all, ", "))
	}
	return short, nil
}

func open(from fs.FS, name string) (*Locale, error) {
	short, err := known(from, name)
	if err != nil {
		return nil, err
	}
	formats, known := formats[short]
	if !known {
		return nil, fmt.Errorf("the dates and numbers of %s are not known, see formats.go", short)
	}
	dates := formats.dates() // once: it is a language's whole calendar
	formats.dates = func() locales.Translator { return dates }
	l := &Locale{name: short, format: formats}
	tag, err := language.Parse(formats.tag)
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(tag)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := fs.Glob(from, "messages/*."+short+".json")
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return nil, err
		}
		// Under the name of the whole tag, by which plurals go.
		if _, err := bundle.ParseMessageFileBytes(text, formats.tag+".json"); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	l.localizer = i18n.NewLocalizer(bundle, formats.tag)
	return l, nil
}

// Name is the language as it was asked for, without a region.
func (l *Locale) Name() string { return l.name }

// Tag is the language by BCP 47: es, nl, fr, en-GB, de, pt-PT.
func (l *Locale) Tag() string { return l.tag }

// Text is a message, filled in. An error means that it must not be shown: a
// message that does not exist, or a parameter that was not given.
func (l *Locale) Text(id string, data map[string]string) (string, error) {
	return l.say(i18n.LocalizeConfig{MessageID: id, TemplateData: filling(data)})
}

// Count is a message in the plural form of n, which is its parameter Count.
// Nothing of something is a sentence of its own and no plural: n is 1 or more.
func (l *Locale) Count(id string, n int, data map[string]string) (string, error) {
	if n < 1 {
		return "", fmt.Errorf("message %s: %d of something, expected 1 or more", id, n)
	}
	all := map[string]string{"Count": l.Number(n)}
	for k, v := range data {
		all[k] = v
	}
	return l.say(i18n.LocalizeConfig{MessageID: id, TemplateData: filling(all), PluralCount: n})
}

func (l *Locale) say(c i18n.LocalizeConfig) (string, error) {
	c.TemplateParser = parser{}
	text, err := l.localizer.Localize(&c)
	if err != nil {
		return "", fmt.Errorf("message %s in %s: %w", c.MessageID, l.tag, err)
	}
	if text == "" {
		return "", fmt.Errorf("message %s in %s: %w", c.MessageID, l.tag, errEmpty)
	}
	return text, nil
}

var errEmpty = errors.New("no text")

// Voice says things in a language to somebody in a time zone. It remembers the first
// mistake: nothing of what was said may be shown then.
type Voice struct {
	*Locale
	Zone *time.Location
	Err  error
}

// Say is a message, filled in.
func (v *Voice) Say(id string, data map[string]string) string {
	return v.noting(v.Text(id, data))
}

// SayCount is a message in the plural form of n.
func (v *Voice) SayCount(id string, n int, data map[string]string) string {
	return v.noting(v.Count(id, n, data))
}

func (v *Voice) noting(text string, err error) string {
	if v.Err == nil {
		v.Err = err
	}
	return text
}

// Moment is a time in the zone.
func (v *Voice) Moment(t time.Time) string { return v.Locale.Moment(t.In(v.Zone)) }

// Span is from when to when, in the zone.
func (v *Voice) Span(from, until time.Time) string {
	return v.Locale.Span(from.In(v.Zone), until.In(v.Zone))
}

// rightToLeft scripts turn what stands around them.
var rightToLeft = []*unicode.RangeTable{unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko}

// Isolated keeps a text that is written from right to left from turning what
// stands around it.
func Isolated(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, rightToLeft...) }) {
		return "\u2068" + text + "\u2069"
	}
	return text
}
