package locale

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ca"
	"github.com/go-playground/locales/da"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/it"
	"github.com/go-playground/locales/nl"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/pt_PT"
	"github.com/go-playground/locales/sv"
)

// format is how a language writes dates and numbers. The dates are CLDR's by
// go-playground/locales, compared with CLDR 48; thousands are not, which that
// library groups where Spanish and Portuguese do not.
type format struct {
	tag   string
	dates func() locales.Translator
	// decimal and group are the marks in numbers. Numbers of fewer digits than
	// grouped have no group.
	decimal, group string
	grouped        int
	// percent stands between a number and its sign.
	percent string
	// colon stands before a colon.
	colon string
}

const (
	nbsp  = "\u00a0"
	nnbsp = "\u202f"
)

// formats are those of the languages there are texts in, and of some that may
// come.
var formats = map[string]format{
	"ca": {"ca", ca.New, ",", ".", 4, nbsp, ""},
	"da": {"da", da.New, ",", ".", 4, nbsp, ""},
	"de": {"de", de.New, ",", ".", 4, nbsp, ""},
	"en": {"en-GB", en_GB.New, ".", ",", 4, "", ""},
	"es": {"es", es.New, ",", ".", 5, nbsp, ""},
	"fr": {"fr", fr.New, ",", nnbsp, 4, nbsp, nbsp},
	"it": {"it", it.New, ",", ".", 5, "", ""},
	"nl": {"nl", nl.New, ",", ".", 4, "", ""},
	"pl": {"pl", pl.New, ",", nbsp, 5, "", ""},
	"pt": {"pt-PT", pt_PT.New, ",", nbsp, 5, "", ""},
	"sv": {"sv", sv.New, ",", nbsp, 4, nbsp, ""},
}

// Date is a day in full: Donnerstag, 13. August 2026.
func (f format) Date(t time.Time) string { return f.dates().FmtDateFull(t) }

// Day is a day without its weekday: 13. August 2026.
func (f format) Day(t time.Time) string { return f.dates().FmtDateLong(t) }

// Time is a time of day, to the minute.
func (f format) Time(t time.Time) string { return f.dates().FmtTimeShort(t) }

// Clock is a time of day, to the second.
func (f format) Clock(t time.Time) string {
	return f.Time(t) + t.Format(":05")
}

// Moment is day, time to the minute, and offset: 13. August 2026, 15:00 (UTC+2).
func (f format) Moment(t time.Time) string {
	return f.Day(t) + ", " + f.Time(t) + " (" + Offset(t) + ")"
}

// Span is from when to when. The second day is named when it is another, and
// both offsets when the clocks change in between.
func (f format) Span(from, until time.Time) string {
	until = until.In(from.Location())
	same := func(layout string) bool { return from.Format(layout) == until.Format(layout) }
	zone := " (" + Offset(until) + ")"
	first := f.Day(from) + ", " + f.Time(from)
	if !same("-0700") {
		first += " (" + Offset(from) + ")"
	}
	if same(time.DateOnly) {
		return first + "–" + f.Time(until) + zone
	}
	return first + " – " + f.Day(until) + ", " + f.Time(until) + zone
}

// Offset of a time's zone: UTC+2, UTC+5:30, UTC.
func Offset(t time.Time) string {
	_, seconds := t.Zone()
	if seconds == 0 {
		return "UTC"
	}
	sign := "+"
	if seconds < 0 {
		sign, seconds = "−", -seconds
	}
	text := "UTC" + sign + strconv.Itoa(seconds/3600)
	if minutes := seconds % 3600 / 60; minutes > 0 {
		text += fmt.Sprintf(":%02d", minutes)
	}
	return text
}

// Number is a whole number with its groups.
func (f format) Number(n int) string {
	text := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, text = "−", text[1:]
	}
	if len(text) < f.grouped {
		return sign + text
	}
	var groups []string
	for len(text) > 3 {
		groups = append([]string{text[len(text)-3:]}, groups...)
		text = text[:len(text)-3]
	}
	return sign + strings.Join(append([]string{text}, groups...), f.group)
}

// Decimal is a number with so many digits behind the mark.
func (f format) Decimal(v float64, digits int) string {
	whole, rest, _ := strings.Cut(strconv.FormatFloat(math.Abs(v), 'f', digits, 64), ".")
	n, err := strconv.Atoi(whole)
	if err != nil {
		n = math.MaxInt
	}
	text := f.Number(n)
	if v < 0 {
		text = "−" + text
	}
	if rest != "" {
		text += f.decimal + rest
	}
	return text
}

// Percent is a share of a hundred.
func (f format) Percent(v float64, digits int) string { return f.Decimal(v, digits) + f.percent + "%" }

// Duration is a length of time with the symbols that all six languages share,
// rounded to what matters: 324 ms, 2,4 s, 42 s, 12 min, 3 h 5 min, 2 d 4 h.
func (f format) Duration(d time.Duration) string {
	of := func(n time.Duration, unit string) string { return f.Number(int(n)) + nbsp + unit }
	two := func(big, small time.Duration, units [2]string) string {
		d := d.Round(small)
		text := of(d/big, units[0])
		if rest := d % big / small; rest > 0 {
			text += " " + of(rest, units[1])
		}
		return text
	}
	d = d.Abs()
	switch {
	case d < time.Second:
		return of(d.Round(time.Millisecond)/time.Millisecond, "ms")
	case d < 10*time.Second-50*time.Millisecond:
		return f.Decimal(d.Seconds(), 1) + nbsp + "s"
	case d < 2*time.Minute-500*time.Millisecond:
		return of(d.Round(time.Second)/time.Second, "s")
	case d < 10*time.Minute-500*time.Millisecond:
		return two(time.Minute, time.Second, [2]string{"min", "s"})
	case d < 2*time.Hour-30*time.Second:
		return of(d.Round(time.Minute)/time.Minute, "min")
	case d < 48*time.Hour-30*time.Minute:
		return two(time.Hour, time.Minute, [2]string{"h", "min"})
	}
	return two(24*time.Hour, time.Hour, [2]string{"d", "h"})
}

// Colon stands between a name and what is said of it.
func (f format) Colon() string { return f.colon + ":" }
