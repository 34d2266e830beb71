package check

import (
	"slices"

	"github.com/olorin/nagiosplugin"
)

// Status is a plugin's exit code.
type Status int

// The four statuses of the plugin guidelines. No other number may leave the
// process: Nagios makes CRITICAL of it, Icinga UNKNOWN.
const (
	OK Status = iota
	WARNING
	CRITICAL
	UNKNOWN
)

// String is the word in front of the answer. A status that is none of the four
// is UNKNOWN.
func (s Status) String() string { return nagiosplugin.Status(s.orUnknown()).String() }

func (s Status) legal() bool { return s >= OK && s <= UNKNOWN }

func (s Status) orUnknown() Status {
	if s.legal() {
		return s
	}
	return UNKNOWN
}

// Policy orders statuses when many findings become one answer.
type Policy int

const (
	// Monitor: CRITICAL > WARNING > UNKNOWN > OK. Missing evidence never hides a finding.
	Monitor Policy = iota
	// Gate: CRITICAL > UNKNOWN > WARNING > OK. Missing evidence is never a "yes, but".
	Gate
)

// Statuses from the least to the most severe.
var (
	atMonitor = []Status{OK, UNKNOWN, WARNING, CRITICAL}
	atGate    = []Status{OK, WARNING, UNKNOWN, CRITICAL}
)

// rank of a status, the most severe highest.
func (p Policy) rank(s Status) int {
	if p == Gate {
		return slices.Index(atGate, s)
	}
	return slices.Index(atMonitor, s)
}

// line renders the first line. The library gets one result only: with several it
// would print those of the worst status alone and order them by a policy of its own.
func (s Status) line(text string) string {
	c := nagiosplugin.NewCheck()
	c.AddResult(nagiosplugin.Status(s), text)
	return c.String()
}
