package check

import (
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

// parseDuration reads 90s, 4h, 7d, 1d12h, 80ms, 1.5h, or a bare number of
// seconds as the guidelines have it for -t.
func parseDuration(s string) (time.Duration, error) {
	refused := fmt.Errorf("expected %s, got %s", expectedDuration, quote(s))
	digits, negative := strings.CutPrefix(s, "-")
	if decimal(digits) && !strings.HasPrefix(digits, "-") {
		digits += "s"
	}
	var sum time.Duration
	for next := 0; digits != ""; {
		unit, length, part, rest := component(digits, next)
		if unit < 0 {
			return 0, refused
		}
		// the product of two numbers this far from the limits of float64 is exact enough
		if value := part * float64(length); value > float64(longestDuration) {
			return 0, fmt.Errorf("expected a duration of at most %s, got %s", DurationText(longestDuration), quote(s))
		}
		sum += time.Duration(part * float64(length))
		next, digits = unit+1, rest
	}
	switch {
	case strings.TrimPrefix(s, "-") == "":
		return 0, refused
	case sum > longestDuration:
		return 0, fmt.Errorf("expected a duration of at most %s, got %s", DurationText(longestDuration), quote(s))
	case negative:
		return -sum, nil
	}
	return sum, nil
}

// component reads one number with its unit, which must be shorter than those
// before: the index of the unit is at least from. It is -1 when there is none.
func component(s string, from int) (unit int, length time.Duration, value float64, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 1 || !decimal(s[:end]) {
		return -1, 0, 0, ""
	}
	value, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return -1, 0, 0, ""
	}
	name := s[end:]
	if stop := strings.IndexAny(name, "0123456789."); stop >= 0 {
		name, rest = name[:stop], name[stop:]
	}
	for i := from; i < len(units); i++ {
		if units[i].name == name {
			return i, units[i].length, value, rest
		}
	}
	return -1, 0, 0, ""
}

// DurationText prints a duration as the options take it: 90s, 4h, 7d. What no
// single unit holds is cut to two: 3h25m, 1d12h.
func DurationText(d time.Duration) string {
	if d < 0 {
		if d == -d { // the least duration has no opposite
			d++
		}
		return "-" + DurationText(-d)
	}
	if d == 0 {
		return "0s"
	}
	for i, u := range units {
		// 90s reads better than 1m30s, 36h better than 1d12h: a unit holds up
		// to twice the next longer one
		if d%u.length == 0 && (i == 0 || d < 2*units[i-1].length) {
			return fmt.Sprintf("%d%s", d/u.length, u.name)
		}
	}
	return twoUnits(d)
}

func twoUnits(d time.Duration) string {
	for i, u := range units[:len(units)-1] {
		if d < u.length {
			continue
		}
		below := units[i+1]
		text := fmt.Sprintf("%d%s", d/u.length, u.name)
		if rest := d % u.length / below.length; rest > 0 {
			text += fmt.Sprintf("%d%s", rest, below.name)
		}
		return text
	}
	return fmt.Sprintf("%dus", d/time.Microsecond)
}
