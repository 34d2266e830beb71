package check

import "github.com/olorin/nagiosplugin"

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

// ascending lists the statuses from the least to the most severe.
func (p Policy) ascending() []nagiosplugin.Status {
	if p == Gate {
		return []nagiosplugin.Status{nagiosplugin.OK, nagiosplugin.WARNING, nagiosplugin.UNKNOWN, nagiosplugin.CRITICAL}
	}
	return []nagiosplugin.Status{nagiosplugin.OK, nagiosplugin.UNKNOWN, nagiosplugin.WARNING, nagiosplugin.CRITICAL}
}

// severity ranks the statuses, the most severe highest.
func (p Policy) severity() map[Status]int {
	rank := map[Status]int{}
	severity, err := nagiosplugin.NewStatusPolicy(p.ascending())
	if err != nil { // ascending lacks a status
		return rank
	}
	for status, weight := range *severity {
		rank[Status(status)] = int(weight)
	}
	return rank
}

// firstLine renders the first line. The library gets one result only: with
// several it would print those of the worst status alone and order them by a
// policy of its own.
func (p Policy) firstLine(s Status, text string) string {
	var options nagiosplugin.CheckOptions
	if severity, err := nagiosplugin.NewStatusPolicy(p.ascending()); err == nil {
		options.StatusPolicy = severity
	}
	c := nagiosplugin.NewCheckWithOptions(options)
	c.AddResult(nagiosplugin.Status(s), text)
	return c.String()
}
