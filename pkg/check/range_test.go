package check

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseRange(t *testing.T) {
	// the common ground of the parsers in use, and what we decided beside it
	tests := []struct {
		text         string
		quiet, alert []float64
	}{
		{"5", []float64{0, 5, 2.5}, []float64{-0.1, 5.1}},
		{":5", []float64{0, 5}, []float64{-0.1, 5.1}},
		{"0:5", []float64{0, 5}, []float64{-0.1, 5.1}},
		{"0", []float64{0, math.Copysign(0, -1)}, []float64{-1, 1}},
		{"10:", []float64{10, 1e9, math.Inf(1)}, []float64{9.9, -10}},
		{"-10:", []float64{-10, 0}, []float64{-10.1}},
		{"~:5", []float64{-1e9, 5, math.Inf(-1)}, []float64{5.1}},
		{"~:-5", []float64{-6, -5}, []float64{-4.9, 0}},
		{"~:", []float64{-1e9, 0, 1e9}, nil},
		{"10:20", []float64{10, 15, 20}, []float64{9.9, 20.1}},
		{"-5.5:.5", []float64{-5.5, 0, 0.5}, []float64{-5.6, 0.6}},
		{"@10:20", []float64{9.9, 20.1}, []float64{10, 15, 20}},
		{"@5", []float64{-0.1, 5.1}, []float64{0, 5}},
		{"@:5", []float64{-0.1, 5.1}, []float64{0, 5}},
		{"@10:", []float64{9.9}, []float64{10, 1e9}},
		{"@~:0", []float64{0.1}, []float64{0, -1e9}},
		{"@~:", nil, []float64{-1e9, 0, 1e9}},
		{"5:5", []float64{5}, []float64{4.9, 5.1}},
		{"1.50:2.0", []float64{1.5, 2}, []float64{1.4, 2.1}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			r, err := ParseRange(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if r.String() != test.text || !r.IsSet() {
				t.Errorf("String is %q, IsSet %t", r, r.IsSet())
			}
			for _, v := range test.quiet {
				if r.Alert(v) {
					t.Errorf("alerts for %v", v)
				}
			}
			for _, v := range append(test.alert, math.NaN()) {
				if !r.Alert(v) {
					t.Errorf("does not alert for %v", v)
				}
			}
		})
	}
}

func TestParseRangeRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", ":", "@", "@:", "~", "@~", "::", "5::", ":5:", "1:2:3", "10:5", "-5", "@10:5", "0:-1",
		"nan", "NaN", "nan:nan", "inf", "Infinity", "~:inf", "-inf:", "0x10", "0x1p4", "1_000", "1e3", "1E3:",
		"+5", "--5", "-", "-:", ".", "5.", "5.:", "1..5", "1.2.3", "1,5", "5ms", "5%", "5 ", " 5", "5\n", "\t5", "5 :10", "1 :2",
		"~5", "~5:10", "~abc:10", "5:~", "~:~", "@@5", "5@", "foo", "5\x00", "٥", "⁵", "−5:", strings.Repeat("9", 400),
	} {
		r, err := ParseRange(text)
		if err == nil {
			t.Errorf("%q: want an error, got %+v", text, r)
			continue
		}
		if r.IsSet() || r.Alert(1) {
			t.Errorf("%q: an error comes with a range that is set", text)
		}
		if !strings.HasPrefix(err.Error(), "expected a range ") || len(err.Error()) > 250 {
			t.Errorf("%q: the error does not say what was expected: %v", text, err)
		}
	}
}

func TestRangeNotSet(t *testing.T) {
	var r Range
	for _, v := range []float64{0, 1, -1, math.Inf(1), math.NaN()} {
		if r.Alert(v) {
			t.Errorf("a range that is not set alerts for %v", v)
		}
	}
	if r.IsSet() || r.String() != "" {
		t.Errorf("the zero range is set to %q", r)
	}
}

// oracle reads and evaluates a range in another way: one expression for the
// grammar of the guidelines, and exact rational numbers.
var oracle = regexp.MustCompile(`\A(@?)(?:(~|-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))?(:))?(-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))?\z`)

var errRefused = errors.New("refused")

// inside reports whether v lies between the ends, and whether that alerts.
func inside(text string, v float64) (within, alertsInside bool, err error) {
	part := oracle.FindStringSubmatch(text)
	if part == nil || part[2] == "" && part[4] == "" {
		return false, false, errRefused
	}
	low, lowErr := strconv.ParseFloat(zeroFor(strings.Trim(part[2], "~")), 64)
	high, highErr := strconv.ParseFloat(zeroFor(part[4]), 64)
	if lowErr != nil || highErr != nil {
		return false, false, errRefused
	}
	below := part[2] == "~" // no lower end
	above := part[4] == ""  // no upper end
	if !below && !above && rational(low).Cmp(rational(high)) > 0 {
		return false, false, errRefused
	}
	within = (below || rational(v).Cmp(rational(low)) >= 0) && (above || rational(v).Cmp(rational(high)) <= 0)
	return within, part[1] == "@", nil
}

func zeroFor(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

func rational(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }

type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

func compareWithOracle(t reporter, text string, v float64) {
	t.Helper()
	within, alertsInside, wantErr := inside(text, v)
	r, err := ParseRange(text)
	if (err != nil) != (wantErr != nil) {
		t.Errorf("%q: error %v, the oracle says %v", text, err, wantErr)
		return
	}
	if err == nil && r.Alert(v) != (within == alertsInside) {
		t.Errorf("%q: alert for %v is %t, the oracle says %t", text, v, r.Alert(v), within == alertsInside)
	}
}

func TestRangeAgainstOracle(t *testing.T) {
	part := rapid.SampledFrom([]string{"", "@", "~", ":", "-", ".", "0", "1", "5", "10", "20", "007", "0.5", "-3", "e", " ", "x"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(part, 0, 7).Draw(t, "parts"), "")
		v := rapid.OneOf(rapid.Float64Range(-30, 30), rapid.Map(rapid.IntRange(-25, 25), func(i int) float64 { return float64(i) })).Draw(t, "value")
		compareWithOracle(t, text, v)
	})
}

func FuzzParseRange(f *testing.F) {
	for _, text := range []string{"5", ":5", "~:5", "10:", "@10:20", "10:5", "nan", "0x1", "1_0", "1e3", "@", "", "-.5:+.5"} {
		f.Add(text, 5.0)
	}
	f.Fuzz(func(t *testing.T, text string, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = 0
		}
		compareWithOracle(t, text, v)
	})
}
