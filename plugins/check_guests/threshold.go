package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
)

// threshold is a limit for round-trip time and for loss, as check_ping and
// check_icmp spell it. A part that is not given keeps its default.
type threshold struct {
	rta     time.Duration // 0 when not given
	loss    float64       // in percent
	hasLoss bool
	text    string
}

const expectedThreshold = "expected RTA,LOSS% such as 200,40% or 0.5s,20% (milliseconds unless a unit is given)"

// UnmarshalText reads 100,20% and 100.0:20%, 200ms,40%, and one part alone.
func (t *threshold) UnmarshalText(b []byte) error {
	*t = threshold{text: string(b)}
	first, second, both := strings.Cut(t.text, ",")
	if !both {
		first, second, both = strings.Cut(t.text, ":")
	}
	ok := false
	switch {
	case both:
		ok = t.readRTA(first) && t.readLoss(second)
	case strings.HasSuffix(first, "%"):
		ok = t.readLoss(first)
	default:
		ok = t.readRTA(first)
	}
	if !ok {
		return fmt.Errorf("%s, got %q", expectedThreshold, shorten(t.text, 60))
	}
	return nil
}

// MarshalText is the threshold as it was given.
func (t threshold) MarshalText() ([]byte, error) { return []byte(t.text), nil }

func (t *threshold) readRTA(s string) bool {
	unit := time.Millisecond
	number := strings.TrimRight(s, "mus")
	switch strings.TrimPrefix(s, number) {
	case "", "ms":
	case "us":
		unit = time.Microsecond
	case "s":
		unit = time.Second
	default:
		return false
	}
	v, ok := plain(number)
	t.rta = time.Duration(v * float64(unit))
	return ok && t.rta > 0 && t.rta <= time.Hour
}

func (t *threshold) readLoss(s string) bool {
	s, percent := strings.CutSuffix(s, "%")
	v, ok := plain(s)
	t.loss, t.hasLoss = v, true
	return percent && ok && v <= 100
}

// plain reads a decimal without sign, exponent or anything else.
func plain(s string) (float64, bool) {
	if strings.Trim(s, "0123456789.") != "" || strings.Count(s, ".") > 1 || strings.Trim(s, ".") == "" || strings.HasSuffix(s, ".") || len(s) > 12 {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// or fills what is not given.
func (t threshold) or(d threshold) threshold {
	if t.rta == 0 {
		t.rta = d.rta
	}
	if !t.hasLoss {
		t.loss, t.hasLoss = d.loss, true
	}
	return t
}

// Defaults, also those of a part that is left out.
var (
	defaultWarning  = threshold{rta: 200 * time.Millisecond, loss: 40, hasLoss: true}
	defaultCritical = threshold{rta: 500 * time.Millisecond, loss: 80, hasLoss: true}
)

// exceeded says whether a value reaches the limit: a limit that is met is not
// kept, as with check_ping. A limit of 0% is met by any loss, not by none.
func (t threshold) exceeded(rta time.Duration, loss float64) bool {
	return rta >= t.rta || loss >= t.loss && loss > 0
}

// ranges are the limits as performance data has them.
func (t threshold) ranges() (rta, loss *check.Range) {
	of := func(v float64) *check.Range {
		r, err := check.ParseRange(strconv.FormatFloat(v, 'f', -1, 64))
		if err != nil {
			return nil
		}
		return &r
	}
	return of(millis(t.rta)), of(t.loss)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
