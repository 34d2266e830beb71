package check

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/olorin/nagiosplugin"
)

// Range is a threshold range of the plugin guidelines, [@][start:]end with
// inclusive ends. It is also the type of an option that takes one. The zero
// Range is not set and never alerts.
type Range struct {
	text   string
	bounds nagiosplugin.Range
}

// expectedRange is what an option that takes a range asks for.
const expectedRange = "a range such as 5, 10:, ~:5, 10:20 or @10:20"

// ParseRange reads the guidelines' grammar and nothing beyond it:
//
//	5       alert below 0 or above 5
//	:5      the same
//	10:     alert below 10
//	~:5     alert above 5
//	10:20   alert outside of 10 to 20
//	@10:20  alert inside, 10 and 20 included
//
// Numbers are plain decimals. The parsers in use disagree on nearly everything
// else (blanks, exponents, hexadecimal, NaN, a missing number), so all of that
// is an error, which says what was expected.
func ParseRange(s string) (Range, error) {
	rest, inside := strings.CutPrefix(s, "@")
	start, end, colon := strings.Cut(rest, ":")
	if !colon {
		start, end = "", rest
	}
	if start == "" && end == "" {
		return Range{}, fmt.Errorf("expected %s, got %s", expectedRange, quote(s))
	}
	low, okLow := bound(start, "~", math.Inf(-1), 0)
	high, okHigh := bound(end, "", 0, math.Inf(1))
	if !okLow || !okHigh {
		return Range{}, fmt.Errorf("expected %s, got %s", expectedRange, quote(s))
	}
	if low > high {
		return Range{}, fmt.Errorf("expected a range that does not start above its end, such as 5:10 or ~:-5, got %s", quote(s))
	}
	return Range{text: s, bounds: nagiosplugin.Range{Start: low, End: high, AlertOnInside: inside}}, nil
}

// bound reads one end of a range: the mark for the infinite end, nothing, or a
// plain decimal.
func bound(s, mark string, infinite, missing float64) (value float64, ok bool) {
	switch {
	case s == "":
		return missing, true
	case s == mark:
		return infinite, true
	case !decimal(s):
		return 0, false
	}
	value, err := strconv.ParseFloat(s, 64)
	return value, err == nil
}

// decimal reports whether s is a plain decimal number: 5, -5, 0.5 or .5.
func decimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, point := strings.Cut(s, ".")
	if point && fraction == "" || !point && whole == "" {
		return false
	}
	return strings.Trim(whole+fraction, "0123456789") == ""
}

// IsSet reports whether the range was given.
func (r Range) IsSet() bool { return r.text != "" }

// Alert says whether v raises the alarm. What is not a number is in no good
// range, so it alerts.
func (r Range) Alert(v float64) bool {
	if !r.IsSet() {
		return false
	}
	return math.IsNaN(v) || r.bounds.Check(v)
}

// String is the range as it was given.
func (r Range) String() string { return r.text }

// Equal reports whether both ranges were given alike.
func (r Range) Equal(other Range) bool { return r.text == other.text }

// UnmarshalText reads what [ParseRange] reads.
func (r *Range) UnmarshalText(text []byte) error {
	parsed, err := ParseRange(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}
