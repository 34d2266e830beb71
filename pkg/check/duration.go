package check

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// expectedDuration is what an option that takes a duration asks for.
const expectedDuration = "a duration such as 90s, 4h, 7d"

const day = 24 * time.Hour

// longestDuration an option takes. Nothing here lasts longer, and what is
// computed with it cannot overflow.
const longestDuration = 3650 * day

// units from the longest to the shortest, as they must follow each other.
var units = []struct {
	name   string
	length time.Duration
}{
	{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond},
}

// ParseDuration reads a duration as options do: 90s, 4h, 7d, 1d12h, 80ms, 1.5h,
// or a bare number of seconds as the guidelines have it for -t.
func ParseDuration(s string) (time.Duration, error) {
	if strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("expected %s, not a negative one, got %s", expectedDuration, quote(s))
	}
	text := s
	if decimal(s) {
		text += "s"
	}
	sum, err := component(text, 0)
	switch {
	case errors.Is(err, errTooLong):
		return 0, fmt.Errorf("expected a duration of at most %s, got %s", DurationText(longestDuration), quote(s))
	case err != nil:
		return 0, fmt.Errorf("expected %s, got %s", expectedDuration, quote(s))
	}
	return sum, nil
}

var (
	errNoDuration = errors.New("no duration")
	errTooLong    = errors.New("too long a duration")
)

// component reads a number with its unit, one of those from the given one on,
// and the shorter ones that follow.
func component(s string, from int) (time.Duration, error) {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 1 || !decimal(s[:end]) {
		return 0, errNoDuration
	}
	number, name, rest := s[:end], s[end:], ""
	if stop := strings.IndexAny(name, "0123456789."); stop >= 0 {
		name, rest = name[:stop], name[stop:]
	}
	for i := from; i < len(units); i++ {
		if units[i].name != name {
			continue
		}
		length, err := times(number, units[i].length)
		if err != nil || rest == "" {
			return length, err
		}
		shorter, err := component(rest, i+1)
		if length+shorter > longestDuration {
			return 0, errTooLong
		}
		return length + shorter, err
	}
	return 0, errNoDuration
}

// times multiplies a unit with a decimal, exactly but for the fraction.
func times(number string, unit time.Duration) (time.Duration, error) {
	whole, fraction, _ := strings.Cut(number, ".")
	n, err := strconv.ParseInt("0"+whole, 10, 64)
	if err != nil || n > int64(longestDuration/unit) {
		return 0, errTooLong
	}
	part, _ := strconv.ParseFloat("0."+fraction+"0", 64) // of digits, as decimal says
	return time.Duration(n)*unit + time.Duration(part*float64(unit)), nil
}

// ParseTime reads a time as options that take one do: in the poller's zone unless
// an offset stands behind it, a day's is its first moment.
func ParseTime(s string) (t time.Time, ok bool) {
	for _, layout := range []string{
		time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04Z07:00", time.RFC3339,
	} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// DurationText prints a duration as the options take it: 90s, 4h, 7d. What no
// single unit holds is cut to two: 3h25m, 1d12h. Below a minute there are up to
// three decimals: 12.5s, 0.3ms.
func DurationText(d time.Duration) string {
	if d < 0 {
		return "-" + DurationText(-max(d, -1<<62))
	}
	for i, u := range units {
		if u.length == day && d < 2*day {
			continue // a day is 24h to those who set a window
		}
		// 90s reads better than 1m30s, 36h better than 1d12h: a unit holds up
		// to twice the next longer one
		if d >= time.Minute && d%u.length == 0 && (i == 0 || d < 2*units[i-1].length) {
			return fmt.Sprintf("%d%s", d/u.length, u.name)
		}
	}
	switch {
	case d >= time.Minute:
		return twoUnits(d)
	case d >= time.Second || d == 0:
		return decimals(d, time.Second) + "s"
	case d >= time.Millisecond:
		return decimals(d, time.Millisecond) + "ms"
	}
	return decimals(d, time.Microsecond) + "us"
}

// decimals cuts after the third.
func decimals(d, unit time.Duration) string {
	text := fmt.Sprintf("%d.%03d", d/unit, d%unit*1000/unit)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// twoUnits is for a minute and more.
func twoUnits(d time.Duration) string {
	i := 0
	for d < units[i].length {
		i++
	}
	long, short := units[i], units[i+1]
	text := fmt.Sprintf("%d%s", d/long.length, long.name)
	if rest := d % long.length / short.length; rest > 0 {
		text += fmt.Sprintf("%d%s", rest, short.name)
	}
	return text
}

// ClockText says that our clock was set between two runs, negative when back.
func ClockText(by time.Duration) string {
	word, unit := "forward", time.Minute
	if by < 0 {
		word = "back"
	}
	if by.Abs() < unit {
		unit = time.Second
	}
	return "clock set " + word + " by " + DurationText(by.Abs().Round(unit)) + " since the last run"
}
