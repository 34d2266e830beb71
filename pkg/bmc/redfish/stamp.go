package redfish

import (
	"strings"
	"time"
)

// stamps are the ways controllers write times: RFC 3339; Dell events without a
// colon in the zone; Cisco CIMC "2022-06-13 12:17:54 " without a zone, which is
// taken as UTC; Supermicro's SEL text.
var stamps = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05 MST",
	"2006-01-02 15:04:05",
	"2006/01/02 15:04:05",
}

// stamp parses a time, by the controller's clock. It is zero when there is no
// date in it: 0000-00-00 (iLO), 9999-12-31 (OpenBMC).
func stamp(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range stamps {
		t, err := time.Parse(layout, s)
		if err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// firstYear is before the first controller with Redfish was made.
const firstYear = 2013

// dated is stamp for a log entry, when the controller's clock shows now. Clocks
// start at 1970, or at 2001 (iLO), until somebody sets them: what was stamped
// then is no date unless the clock still runs from there.
func dated(s string, now time.Time) time.Time {
	t := stamp(s)
	if t.Year() < firstYear && (now.IsZero() || now.Year() >= firstYear) {
		return time.Time{}
	}
	return t
}
