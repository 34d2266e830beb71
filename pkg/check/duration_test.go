package check

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "8": 8 * time.Second, "0.5": 500 * time.Millisecond, ".5": 500 * time.Millisecond,
		"90s": 90 * time.Second, "4h": 4 * time.Hour, "7d": 7 * day, "1d12h": 36 * time.Hour, "1d1s": day + time.Second,
		"80ms": 80 * time.Millisecond, "20us": 20 * time.Microsecond, "1s500ms": 1500 * time.Millisecond,
		"1.5h": 90 * time.Minute, "2h0.5m": 2*time.Hour + 30*time.Second, "5m": 5 * time.Minute,
		"3650d": 3650 * day, "007s": 7 * time.Second,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "-", "-1h", "-90", "--1", "--1h", "+1h", "h", "1 h", " 1h", "1h ", "1h\n", "1hour", "1w", "1y", "1H", "1h1h", "1m1h", "1s1d",
		"1.", "1.s", ".s", "1..5h", "1e3", "1e3s", "0x1s", "1_000s", "nan", "inf", "1,5h", "1h30", "1d-1h", "٣h", "1ns", "1µs",
		"3651d", "3650d1s", "99999999999999999999s", "87601h", strings.Repeat("9", 400),
	} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		} else if !strings.HasPrefix(err.Error(), "expected a duration ") {
			t.Errorf("%q: the error does not say what was expected: %v", text, err)
		}
	}
}

func TestDurationText(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "90s": 90 * time.Second, "4h": 4 * time.Hour, "7d": 7 * day, "8s": 8 * time.Second, "24h": day, "2d": 2 * day, "36h": 36 * time.Hour,
		"90m": 90 * time.Minute, "3h25m": 3*time.Hour + 25*time.Minute + 17*time.Second, "2d1h": 2*day + time.Hour + time.Minute,
		"2m1s": 121 * time.Second, "12.5s": 12500 * time.Millisecond, "80ms": 80 * time.Millisecond, "1.234ms": 1234567 * time.Nanosecond,
		"20us": 20 * time.Microsecond, "0.5us": 500 * time.Nanosecond, "-1h": -time.Hour, "3m": 3*time.Minute + 5*time.Millisecond,
	} {
		if got := DurationText(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	if got := DurationText(math.MinInt64); !strings.HasPrefix(got, "-") {
		t.Errorf("the least duration is %q", got)
	}
}

// What is printed can be typed, and means the same up to what was cut.
func TestDurationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour, day}).Draw(t, "unit")
		d := min(time.Duration(rapid.Int64Range(0, 1000).Draw(t, "n"))*unit+time.Duration(rapid.Int64Range(0, int64(unit)).Draw(t, "rest")), longestDuration)
		text := DurationText(d)
		back, err := ParseDuration(text)
		if err != nil {
			t.Fatalf("%v is printed %q: %v", d, text, err)
		}
		if back > d || d-back >= max(d/24, time.Microsecond) { // 1d and less than an hour
			t.Errorf("%v is printed %q, which is %v", d, text, back)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{"90s", "1d12h", "80ms", "1.5h", "-1h", "", "1e3", "99999999999999999999d", "1h1h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			return
		}
		if d > longestDuration || d < 0 {
			t.Errorf("%q is %v", text, d)
		}
		if strings.Trim(text, ".0123456789dhmsu") != "" {
			t.Errorf("%q is taken for %v", text, d)
		}
	})
}
