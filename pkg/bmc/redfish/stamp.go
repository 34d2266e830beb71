package redfish

import (
	"strings"
	"time"
)

// stamps are the ways controllers write times: RFC 3339, Dell events without a
// colon in the zone, Supermicro's SEL text.
var stamps = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05 MST",
}

// zoneless are those that do not say in which zone: Cisco CIMC "2022-06-13
// 12:17:54 ".
var zoneless = []string{
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006/01/02 15:04:05",
}

// stamp parses a time, by the controller's clock; one without a zone as if it
// were UTC. It is zero when there is no date in it: 0000-00-00 (iLO), 9999-12-31
// (OpenBMC).
func stamp(s string) time.Time {
	t := parse(s, stamps)
	if t.IsZero() {
		t = parse(s, zoneless)
	}
	return t
}

// withoutZone says that a stamp has a date but does not say in which zone.
func withoutZone(s string) bool { return parse(s, stamps).IsZero() && !parse(s, zoneless).IsZero() }

func parse(s string, layouts []string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// firstYear is before the first controller with Redfish was made.
const firstYear = 2013

// calendar is what dates the entries of a log.
type calendar struct {
	now  time.Time     // by the controller's clock
	zone time.Duration // what stamps without a zone are ahead of UTC
}

// dated is stamp for a log entry. Clocks start at 1970, or at 2001 (iLO), until
// somebody sets them: what was stamped then is no date unless the clock still
// runs from there.
func (c calendar) dated(s string) time.Time {
	t := c.own(s)
	if t.Year() < firstYear && (c.now.IsZero() || c.now.Year() >= firstYear) {
		return time.Time{}
	}
	return t
}
